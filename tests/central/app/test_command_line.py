"""What an operator types: done is 0, refused is 1 with one sentence, misused is 2."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

import shared.rules
from central.cli import app
from tests.central.app.kit import STORES_CSV

WINE = Path(shared.rules.__file__).parent / "examples" / "wine.yaml"


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert kopilka(tmp_path, "init").exit_code == 0
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return CliRunner().invoke(app, arguments)


def stores_file(folder: Path, content: str = STORES_CSV) -> Path:
    file = folder / "stores.csv"
    file.write_text(content)
    return file


def test_init_may_be_repeated(folder: Path) -> None:
    secret = (folder / "centre" / "keys" / "root.key").read_text()

    again = kopilka(folder, "init")

    assert again.exit_code == 0
    assert (folder / "centre" / "keys" / "root.key").read_text() == secret
    assert (folder / "centre" / "keys").stat().st_mode & 0o777 == 0o700
    modes = {path.stat().st_mode & 0o777 for path in (folder / "centre" / "keys").iterdir()}
    assert modes == {0o600}


def test_without_init_everything_else_is_refused(tmp_path: Path) -> None:
    answer = kopilka(tmp_path, "status")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "kopilka central init" in answer.stderr
    assert not (tmp_path / "centre" / "central.db").exists()


def test_an_import_reports_what_it_did(folder: Path) -> None:
    file = stores_file(folder)

    dry = kopilka(folder, "stores", "import", file, "--dry-run")
    done = kopilka(folder, "stores", "import", file)
    again = kopilka(folder, "stores", "import", file)

    assert dry.stdout.startswith("2 read: 2 added, 0 changed, 0 unchanged (dry run")
    assert done.stdout.startswith("2 read: 2 added")
    assert again.stdout.startswith("2 read: 0 added, 0 changed, 2 unchanged")


def test_a_bad_file_is_refused_in_one_message(folder: Path) -> None:
    answer = kopilka(
        folder, "stores", "import", stores_file(folder, STORES_CSV.replace("msk", "мск"))
    )

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "строка 2: region" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_file_that_is_not_there_is_misuse(folder: Path) -> None:
    assert kopilka(folder, "stores", "import", folder / "none.csv").exit_code == 2
    assert kopilka(folder, "enrol-code").exit_code == 2


def test_a_code_is_printed_for_a_known_store(folder: Path) -> None:
    kopilka(folder, "stores", "import", stores_file(folder))

    code = kopilka(folder, "enrol-code", "--store", "101")
    unknown = kopilka(folder, "enrol-code", "--store", "999")

    assert len(code.stdout.strip().replace("-", "")) == 8
    assert (unknown.exit_code, unknown.stdout) == (1, "")


def test_a_pack_is_published(folder: Path) -> None:
    first, again = kopilka(folder, "publish", WINE), kopilka(folder, "publish", WINE)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "published:" in first.stdout
    assert "already" in again.stdout


def test_a_malformed_pack_is_refused_with_the_path(folder: Path) -> None:
    bad = folder / "bad.yaml"
    bad.write_text(WINE.read_text() + "\nrulez: []\n")

    answer = kopilka(folder, "publish", bad)

    assert answer.exit_code == 1
    assert "rulez" in answer.stderr


def test_an_audit_names_the_lot_whose_balance_is_not_its_parts(folder: Path) -> None:
    whole = kopilka(folder, "audit")
    lot = "01a205e5-7c15-773d-a986-54973e8d7aeb".replace("-", "")
    with closing(sqlite3.connect(folder / "centre" / "central.db")) as database:
        database.execute(
            "INSERT INTO lot (account, lot, wallet, kind, rule, document, granted, balance, free,"
            " held, activates_at, expires_on) VALUES"
            " (?, ?, 'bonus', 'import', '', ?, 500, 500, 400, 0, '2026-01-01 00:00:00', NULL)",
            (lot, lot, lot),
        )
        database.commit()

    broken = kopilka(folder, "audit")

    assert (whole.exit_code, broken.exit_code) == (0, 1)
    assert "500" in broken.stderr


def test_status_is_json(folder: Path) -> None:
    answer = json.loads(kopilka(folder, "status").stdout)

    assert answer["streams"] == {"global": 1}
    assert answer["agents"] == []


def test_a_setting_that_is_not_known_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder / "central.toml"
    config.write_text("prot = 1\n")
    from_file = kopilka(folder, "--config", config, "status")
    monkeypatch.setenv("KOPILKA_CENTRAL_PROT", "1")
    from_environment = kopilka(folder, "status")

    assert (from_file.exit_code, from_environment.exit_code) == (1, 1)
    assert "prot" in from_file.stderr
    assert "KOPILKA_CENTRAL_PROT" in from_environment.stderr
