"""`kopilka central keys`: 0 done, 1 refused with one sentence, 2 misused."""

from pathlib import Path

import pytest
from typer.testing import Result

from central.cli import app
from tests.central.app.kit import STORES_CSV
from tests.commands import run_command
from tests.databases import Databases


@pytest.fixture
def folder(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    url = databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    assert kopilka(tmp_path, "init").exit_code == 0
    stores = tmp_path / "stores.csv"
    stores.write_text(STORES_CSV)
    assert kopilka(tmp_path, "stores", "import", stores).exit_code == 0
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    centre = folder / "centre"
    return run_command(app, ["--data-dir", str(centre), *(str(word) for word in words)])


def listed(folder: Path, word: str) -> list[str]:
    lines = kopilka(folder, "keys", "list").output.splitlines()
    return [line.removeprefix(word).strip() for line in lines if line.startswith(word)]


def test_a_key_is_renewed_and_the_former_one_revoked(folder: Path) -> None:
    (former,) = listed(folder, "packs")

    renewed = kopilka(folder, "keys", "renew", "packs")

    told = next(line for line in renewed.output.splitlines() if line.startswith("packs "))
    new = told.split()[1]
    assert (renewed.exit_code, former) == (0, f"{former.split()[0]} signs now")
    assert listed(folder, "packs") == [f"{new} signs now", former.split()[0]]
    assert listed(folder, "list version") == ["2"]
    refused = kopilka(folder, "keys", "revoke", "packs", new)
    assert (refused.exit_code, "keys renew packs" in refused.output) == (1, True)
    assert kopilka(folder, "keys", "revoke", "packs", former.split()[0]).exit_code == 0
    assert listed(folder, "packs") == [f"{new} signs now"]


def test_of_each_use_one_key_signs_now(folder: Path) -> None:
    for use in ("packs", "passes"):
        assert kopilka(folder, "keys", "renew", use).exit_code == 0

    for use in ("packs", "passes"):
        assert [line.endswith(" signs now") for line in listed(folder, use)].count(True) == 1


def test_what_is_no_key_is_misuse(folder: Path) -> None:
    assert kopilka(folder, "keys", "revoke", "packs", "xyz").exit_code == 2
    assert kopilka(folder, "keys", "renew", "root").exit_code == 2


def test_an_agent_is_not_revoked_without_saying_so(folder: Path) -> None:
    asked = kopilka(folder, "keys", "revoke-agent", "--store", "101")
    nobody = kopilka(folder, "keys", "revoke-agent", "--store", "101", "--yes")

    assert (asked.exit_code, nobody.exit_code) == (0, 1)
    assert "no present agent" in nobody.output


def test_a_centre_without_the_secret_of_rows_says_what_to_do(folder: Path) -> None:
    (folder / "centre" / "keys" / "stream.key").unlink()

    told = kopilka(folder, "keys", "list")

    assert (told.exit_code, "kopilka central init" in told.output) == (1, True)
    assert kopilka(folder, "init").exit_code == 0
    assert kopilka(folder, "keys", "list").exit_code == 0
