"""`kopilka central keys root`: the ceremony as an operator types it."""

from pathlib import Path
from random import Random

import pytest
from typer.testing import Result

from central.agents import report_store
from central.centre import read_keys
from central.cli import app
from central.estate.service import How, import_stores
from central.opening import open_centre
from central.roots import read_root
from central.settings import Settings
from shared.clock import SystemClock
from shared.runtime.sqlite import transaction
from shared.wire.codec import encode
from shared.wire.reports import AgentReport
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.journal_builder import make_journal
from tests.commands import run_command
from tests.databases import SqliteFiles

TYPED = "twelve letters"
TWICE = f"{TYPED}\n{TYPED}\n"
ONCE = f"{TYPED}\n"


@pytest.fixture
def folder(tmp_path: Path, sqlite_databases: SqliteFiles, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A centre, prepared."""
    sqlite_databases.fresh(tmp_path / "centre" / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    assert kopilka(tmp_path, "init").exit_code == 0
    return tmp_path


def kopilka(folder: Path, *words: str | Path, typed: str = "") -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments, typed)


def root_of(folder: Path) -> str:
    return read_keys(folder / "centre" / "keys").root_key.hex()


def test_the_root_key_goes_into_a_safe_and_signs_from_there(folder: Path) -> None:
    root, safe = root_of(folder), folder / "safe"

    assert kopilka(folder, "keys", "root", "export", safe, typed=TWICE).exit_code == 0
    wrong = kopilka(folder, "keys", "root", "forget", "--root", safe, typed="another one\n")
    assert (wrong.exit_code, "does not open" in wrong.output) == (1, True)
    assert (folder / "centre" / "keys" / "root.key").exists()
    assert kopilka(folder, "keys", "root", "forget", "--root", safe, typed=ONCE).exit_code == 0

    assert not (folder / "centre" / "keys" / "root.key").exists()
    shown = kopilka(folder, "keys", "list").output
    assert f"root {root}; its secret lies elsewhere" in shown
    refused = kopilka(folder, "keys", "renew", "packs")
    assert (refused.exit_code, "--root FILE" in refused.output) == (1, True)
    renewed = kopilka(folder, "keys", "renew", "packs", "--root", safe, typed=ONCE)
    assert renewed.exit_code == 0, renewed.output
    assert "list version 2" in kopilka(folder, "keys", "list").output
    assert kopilka(folder, "keys", "root", "export", folder / "more", typed=TWICE).exit_code == 1


def test_the_root_key_is_renewed_from_file_to_file(folder: Path) -> None:
    former, safe, new = root_of(folder), folder / "safe", folder / "new"
    kopilka(folder, "keys", "root", "export", safe, typed=TWICE)
    assert kopilka(folder, "keys", "root", "make", new, typed=TWICE).exit_code == 0
    asked = ("keys", "root", "renew", "--root", safe, "--new", new)

    assert kopilka(folder, *asked, typed=ONCE * 2).exit_code == 0
    assert root_of(folder) == former
    done = kopilka(folder, *asked, "--yes", typed=ONCE * 2)

    assert done.exit_code == 0, done.output
    made = read_root(new, lambda: TYPED).public.hex()
    assert root_of(folder) == made
    shown = kopilka(folder, "keys", "list").output
    assert f"handed over 1: {former} → {made}" in shown
    assert "list version 2\n" in shown
    assert kopilka(folder, *asked, "--yes", typed=ONCE * 2).exit_code == 0
    assert "list version 2\n" in kopilka(folder, "keys", "list").output


def test_the_list_names_the_stores_that_have_not_told_of_it(folder: Path) -> None:
    """One has told of the list before, the other of nothing."""
    clock = SetClock(SystemClock().now())
    centre = open_centre(Settings(data_dir=folder / "centre"), clock, Random(5))
    import_stores(centre, STORES_CSV.encode(), How.APPLY)
    told, _ = (make_journal(centre, clock, store) for store in ("101", "102"))
    with transaction(centre.engine) as connection:
        body = encode(AgentReport(clock.now(), "0.2", keys_version=1))
        report_store.put(connection, told.agent, body, clock.now())
    centre.engine.dispose()

    assert "1 of 2 stores have not told of it: 102" in kopilka(folder, "keys", "list").output
    kopilka(folder, "keys", "renew", "passes")
    assert "2 of 2 stores have not told of it: 101 102" in kopilka(folder, "keys", "list").output


def test_a_lost_root_key_is_replaced_only_by_who_says_so(folder: Path) -> None:
    former, new = root_of(folder), folder / "new"
    kopilka(folder, "keys", "root", "make", new, typed=TWICE)
    asked = ("keys", "root", "replace", "--new", new)

    told = kopilka(folder, *asked, typed=ONCE)
    assert (told.exit_code, root_of(folder)) == (0, former)
    assert "kopilka agent trust" in told.output
    assert kopilka(folder, *asked, "--yes", typed=ONCE).exit_code == 0

    assert root_of(folder) == read_root(new, lambda: TYPED).public.hex()


def test_a_restored_centre_whose_root_lies_elsewhere_is_signed_for_later(folder: Path) -> None:
    safe = folder / "safe"
    kopilka(folder, "keys", "root", "export", safe, typed=TWICE)
    kopilka(folder, "keys", "root", "forget", "--root", safe, typed=ONCE)

    assert kopilka(folder, "restored", "--yes").exit_code == 0

    assert "list version 1: another is due" in kopilka(folder, "keys", "list").output
    assert kopilka(folder, "keys", "sign").exit_code == 1
    assert kopilka(folder, "keys", "sign", "--root", safe, typed=ONCE).exit_code == 0
    assert "is due" not in kopilka(folder, "keys", "list").output
