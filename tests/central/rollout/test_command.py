"""`kopilka central packs`: from a draft to the board, each step with a name, refusals with 1."""

import re
from pathlib import Path

import pytest
from typer.testing import Result

from central.cli import app
from tests.builders import wine_text
from tests.central.app.kit import STORES_CSV
from tests.commands import run_command
from tests.databases import Databases

OLGA = ("--by", "Ольга")


@pytest.fixture
def folder(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A centre of two stores with the wine pack."""
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", databases.fresh(tmp_path / "central.db"))
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    (tmp_path / "stores.csv").write_text(STORES_CSV)
    (tmp_path / "wine.yaml").write_text(wine_text())
    (tmp_path / "next.yaml").write_text(
        wine_text().replace("version: 1\n", "version: 2\n").replace("15 %\n", "12 %\n")
    )
    for words in (
        ("init",),
        ("stores", "import", tmp_path / "stores.csv"),
        ("publish", tmp_path / "wine.yaml"),
    ):
        assert kopilka(tmp_path, *words).exit_code == 0
    return tmp_path


def kopilka(folder: Path, *words: object) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *map(str, words)]
    return run_command(app, arguments)


def packs(folder: Path, *words: object) -> str:
    done = kopilka(folder, "packs", *words)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_day_that_is_none_is_told_in_a_sentence(folder: Path) -> None:
    done = kopilka(folder, "packs", "preview", "1", "--on", "завтра")

    assert done.exit_code == 2
    assert "%Y-%m-%d" in done.stderr


def refused(folder: Path, *words: object) -> str:
    done = kopilka(folder, "packs", *words)
    assert done.exit_code == 1, done.output
    return done.output


def test_a_pack_from_its_draft_to_its_end(folder: Path) -> None:
    assert "draft 1: wine:2 draft" in packs(folder, "draft", folder / "next.yaml", "--by", "Анна")
    assert packs(folder, "diff", 1).splitlines() == [
        "Rule pack: version — was 1, now 2",
        "Rule «Sparkling spring»: discount — was 15\u00a0%, now 12\u00a0%",
    ]
    packs(folder, "submit", 1, "--by", "Анна")
    assert "another person" in refused(folder, "approve", 1, "--by", "Анна")
    assert "approve by Борис" in packs(folder, "approve", 1, "--by", "Борис", "--note", "good")

    packs(folder, "publish", 1, *OLGA, "--store", "101", "--from", "now")
    assert "0 of 2 loaded, due in 1 (no_agent 2)" in packs(folder, "board", "wine:2")
    packs(folder, "rollout", "wine:2", *OLGA, "--region", "kzn")
    assert "due in 2" in packs(folder, "board", "wine:2")
    packs(folder, "halt", "wine:2", *OLGA, "--campaign", "sparkling_spring")
    assert "due in 2" in packs(folder, "board", "wine:3")
    packs(folder, "rollback", "wine:3", *OLGA, "--to", "wine:1")

    assert "due in 2" in packs(folder, "board", "wine:1")
    acts = [line.partition(":")[0] for line in packs(folder, "list").splitlines()[1:]]
    assert acts == [
        "act 1 publish",
        "act 2 publish by Ольга",
        "act 3 rollout by Ольга",
        "act 4 halt_rule by Ольга",
        "act 5 rollback by Ольга",
    ]


def test_russian_is_told_in_the_words_of_the_console(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "ru")
    (folder / "lists.csv").write_text(packs(folder, "table", "wine:1", "lists"))

    drafted = packs(folder, "draft", folder / "next.yaml", "--by", "Анна")
    changed = packs(folder, "change", "wine:1", "lists", folder / "lists.csv", "--by", "Анна")
    packs(folder, "submit", 1, "--by", "Анна")
    approved = packs(folder, "approve", 1, "--by", "Борис", "--note", "годится")
    published = packs(folder, "publish", 1, *OLGA, "--store", "101", "--from", "now")
    widened = packs(folder, "rollout", "wine:2", *OLGA, "--region", "kzn")
    halted = packs(folder, "halt", "wine:2", *OLGA, "--campaign", "sparkling_spring")

    assert re.fullmatch("черновик 1: wine:2 черновик .{12}, откуда: next.yaml\n", drafted)
    assert ", откуда: «Списки товаров» правил wine:1, файл lists.csv\n" in changed
    assert "черновик 1: wine:2 одобрен " in approved
    assert re.search(r" UTC Борис: одобрен, хеш .{12}: годится\n", approved)
    assert published.startswith("wine 2 опубликован: ")
    assert re.search("действие 3, расширен, Ольга: .{12} сразу, .* UTC, регион kzn\n", widened)
    assert "акция sparkling_spring остановлена версией wine 3: " in halted
    board = packs(folder, "board", "wine:3").splitlines()
    assert board[0] == "wine 3: загружен в 0 из 2, должен быть в силе в 2 (нет агента 2)"
    assert board[1:] == ["  101 нет агента", "  102 нет агента"]
    assert "вместо wine:2 сразу, " in packs(folder, "list")


def test_what_is_not_there_is_refused_by_name(folder: Path) -> None:
    assert "no draft 9" in refused(folder, "show", 9)
    assert "wine:9" in refused(folder, "board", "wine:9")
    assert "999" in refused(folder, "rollout", "wine:1", *OLGA, "--store", "999")
    assert "soon" in refused(folder, "rollout", "wine:1", *OLGA, "--from", "soon")
    assert "no campaign nothing" in refused(
        folder, "halt", "wine:1", *OLGA, "--campaign", "nothing"
    )
    assert "101, 102" in refused(folder, "halt", "wine:1", *OLGA)


def test_a_pack_that_is_nowhere_in_force_cannot_be_halted(folder: Path) -> None:
    packs(folder, "halt", "wine:1", *OLGA, "--campaign", "sparkling_spring")

    assert "in force nowhere" in refused(folder, "halt", "wine:1", *OLGA)


def test_a_second_pack_from_a_file_needs_a_review(folder: Path) -> None:
    done = kopilka(folder, "publish", folder / "next.yaml")

    assert done.exit_code == 1
    assert "packs draft" in done.output
