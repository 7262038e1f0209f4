"""What an operator types: done is 0, refused is 1 with one sentence, misused is 2."""

import json
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from msgspec import structs
from sqlalchemy import insert
from typer.testing import Result

import shared.rules
from central.cli import app
from central.ledger.store import LotTable
from central.opening import open_centre
from central.schema import table_of
from central.settings import Settings
from shared.runtime.sqlite import open_engine, transaction
from shared.wire.push import frame
from tests.central.app.kit import NOON, STORES_CSV, SetClock
from tests.central.journal_builder import make_journal
from tests.commands import run_command
from tests.databases import Databases

WINE = Path(shared.rules.__file__).parent / "examples" / "wine.yaml"


@pytest.fixture(autouse=True)
def database(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that the settings name, with tables as `init` makes them."""
    url = databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    return url


@pytest.fixture
def untouched(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder before `init`, and settings that name a database without tables."""
    empty = tmp_path / "untouched"
    empty.mkdir()
    url = databases.bare(empty / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    return empty


@pytest.fixture
def folder(tmp_path: Path, database: str) -> Path:
    assert database
    assert kopilka(tmp_path, "init").exit_code == 0
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments)


def stores_file(folder: Path, content: str = STORES_CSV) -> Path:
    file = folder / "stores.csv"
    file.write_text(content)
    return file


def test_init_may_be_repeated(untouched: Path) -> None:
    folder = untouched
    assert kopilka(folder, "init").exit_code == 0
    secret = (folder / "centre" / "keys" / "root.key").read_text()

    again = kopilka(folder, "init")

    assert again.exit_code == 0
    assert (folder / "centre" / "keys" / "root.key").read_text() == secret
    assert (folder / "centre" / "keys").stat().st_mode & 0o777 == 0o700
    secrets = [one for one in (folder / "centre" / "keys").iterdir() if one.name != "root.pub"]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_without_init_everything_else_is_refused(untouched: Path) -> None:
    answer = kopilka(untouched, "status")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "kopilka central init" in answer.stderr
    assert not list(untouched.rglob("*.db"))


def test_an_import_reports_what_it_did(folder: Path) -> None:
    file = stores_file(folder)

    dry = kopilka(folder, "stores", "import", file, "--dry-run")
    done = kopilka(folder, "stores", "import", file)
    again = kopilka(folder, "stores", "import", file)

    assert dry.stdout.startswith("прочитано 2: добавлено 2, изменено 0, без изменений 0 (проба")
    assert done.stdout.startswith("прочитано 2: добавлено 2")
    assert again.stdout.startswith("прочитано 2: добавлено 0, изменено 0, без изменений 2")


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
    assert " опубликован: " in first.stdout
    assert " был опубликован раньше: " in again.stdout


def test_a_malformed_pack_is_refused_with_the_path(folder: Path) -> None:
    bad = folder / "bad.yaml"
    bad.write_text(WINE.read_text() + "\nrulez: []\n")

    answer = kopilka(folder, "publish", bad)

    assert answer.exit_code == 1
    assert "rulez" in answer.stderr


def test_a_check_names_the_lot_whose_balance_is_not_its_parts(folder: Path, database: str) -> None:
    whole = kopilka(folder, "check")
    lot = UUID("01a205e5-7c15-773d-a986-54973e8d7aeb")
    engine = open_engine(database)
    with transaction(engine) as connection:
        connection.execute(
            insert(table_of(LotTable)),
            {
                **dict.fromkeys(("account", "lot", "document"), lot),
                **dict.fromkeys(("wallet", "kind", "rule"), ""),
                "granted": 500,
                "balance": 500,
                "free": 400,
                "held": 0,
                "activates_at": NOON,
            },
        )
    engine.dispose()

    broken = kopilka(folder, "check")

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


@pytest.fixture
def holding(folder: Path, database: str) -> Path:
    """A centre whose store 101 holds 80 of a member's 100 points."""
    kopilka(folder, "stores", "import", stores_file(folder))
    settings = Settings(data_dir=folder / "centre", database_url=database, first_need=0)
    centre = open_centre(settings, clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    person, _ = journal.register()
    journal.sell(person, earn=[100_00], kept=80_00)
    journal.push()
    centre.engine.dispose()
    return folder


def test_leases_are_listed_by_store_and_epoch(holding: Path) -> None:
    listed = kopilka(holding, "leases", "list")

    assert listed.stdout == (
        "101 эпоха 1: бонусов 80,00, партий 1, на связи 2026-03-01 12:00 UTC, действует\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("backup", "confirm"),
        ("certificates", "release"),
        ("codes", "revoke", "--reason", "x", "--batch"),
        ("conflicts", "list", "--page"),
        ("packs", "diff"),
    ],
)
def test_a_number_that_no_database_keeps_is_misused(tmp_path: Path, words: tuple[str, ...]) -> None:
    misused = kopilka(tmp_path, *words, str(2**63))

    assert (misused.exit_code, misused.stdout) == (2, "")
    assert "Invalid value" in misused.stderr


def test_a_write_off_states_its_risk_and_needs_a_yes(holding: Path) -> None:
    asked = kopilka(holding, "leases", "write-off", "--store", "101")
    before = kopilka(holding, "leases", "list").stdout
    done = kopilka(holding, "leases", "write-off", "--store", "101", "--yes")
    again = kopilka(holding, "leases", "write-off", "--store", "101", "--yes")

    risk = "за магазином 101 закреплено бонусов 80,00, не больше чем на 80,00 ₽: что он из этого"
    assert asked.stdout.startswith(risk)
    assert asked.stdout.endswith("ничего не изменено; спишет --yes\n")
    assert "бонусов 80,00" in before
    assert done.stdout.startswith(risk)
    assert done.stdout.endswith("списано: бонусов 80,00, партий 1\n")
    assert again.stdout.endswith("списано: бонусов 0,00, партий 0\n")
    nothing = "ни за одним магазином ничего не закреплено\n"
    assert kopilka(holding, "leases", "list").stdout == nothing


def test_a_write_off_of_ended_epochs_risks_nothing_of_the_present_one(holding: Path) -> None:
    done = kopilka(holding, "leases", "write-off", "--store", "101", "--only-ended", "--yes")

    assert done.stdout.startswith("за магазином 101 закреплено бонусов 0,00")
    assert "бонусов 80,00" in kopilka(holding, "leases", "list").stdout


def test_a_write_off_of_a_store_without_an_agent_is_refused(holding: Path) -> None:
    refused = kopilka(holding, "leases", "write-off", "--store", "102", "--yes")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "102" in refused.stderr


def test_a_restored_centre_says_who_is_missing_and_what_it_risks_to_go_on(holding: Path) -> None:
    idle = kopilka(holding, "restored")
    begun = kopilka(holding, "restored", "--yes")
    looked = kopilka(holding, "restored")
    accepted = kopilka(holding, "restored", "--accept")

    missing = (
        "магазинов сообщило: 0, не сообщило: 1: 101\n"
        "закреплять без них — рисковать не больше чем бонусами 20,00\n"
    )
    assert idle.stdout == "центр не восстанавливается; после возврата из копии начинает --yes\n"
    assert begun.stdout.startswith("новая жизнь центра ")
    assert begun.stdout.endswith(f": теперь запустите его\n{missing}")
    assert looked.stdout == missing
    assert accepted.stdout == (
        "отчётов больше не ждём: 1\n"
        "все отчёты здесь: работающий центр снова закрепляет бонусы не позже чем через минуту\n"
    )
    assert {one.exit_code for one in (idle, begun, looked, accepted)} == {0}


def test_the_audit_tells_how_far_it_is_and_refuses_a_receipt_that_is_not_here(folder: Path) -> None:
    status = kopilka(folder, "audit", "status", "--by", "pack")
    listed = kopilka(folder, "audit", "list", "--stale")
    shown = kopilka(folder, "audit", "show", str(UUID(int=7)))
    misused = kopilka(folder, "audit", "status", "--by", "moon")

    assert (status.exit_code, listed.exit_code) == (0, 0)
    assert "ещё не просмотрено фактов: 0 (журналов: 0)" in status.stdout
    assert (shown.exit_code, misused.exit_code) == (1, 2)
    assert str(UUID(int=7)) in shown.stderr


def test_a_file_of_facts_is_taken_in_as_often_as_somebody_likes(folder: Path) -> None:
    kopilka(folder, "stores", "import", stores_file(folder))
    centre = open_centre(Settings(data_dir=folder / "centre"), clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    person, _ = journal.register()
    journal.sell(person, earn=[100_00])
    centre.engine.dispose()
    file = folder / "store.facts"
    file.write_bytes(frame(journal.batch(1, 1)) + frame(journal.batch(2, 2)) + b"torn")

    told = [kopilka(folder, "import-facts", file) for _ in range(2)]

    assert [one.exit_code for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout == "пачек: 2: accepted 2\n"
    assert "4 байт в конце" in told[0].stderr
    status = json.loads(kopilka(folder, "status").stdout)
    assert status["outcomes"] == {"accepted": 2}


def test_a_damaged_batch_of_a_file_does_not_hold_up_the_others(folder: Path) -> None:
    kopilka(folder, "stores", "import", stores_file(folder))
    centre = open_centre(Settings(data_dir=folder / "centre"), clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    for _ in range(3):
        journal.sell(None)
    centre.engine.dispose()
    batches = [bytearray(frame(journal.batch(no, no))) for no in (1, 2, 3)]
    batches[1][4:8] = bytes(4)
    file = folder / "store.facts"
    file.write_bytes(b"".join(batches))

    told = kopilka(folder, "import-facts", file)

    assert told.exit_code == 1
    assert told.stdout == "пачек: 2: accepted 1, не хватает перед ними 1\n"
    assert "повреждено пачек: 1" in told.stderr
    assert json.loads(kopilka(folder, "status").stdout)["outcomes"] == {"accepted": 1}


def test_a_file_without_a_whole_batch_of_facts_is_refused(folder: Path) -> None:
    (other := folder / "stores.csv").write_text("code,name\n" * 10)
    (nothing := folder / "nothing.facts").write_bytes(b"")

    refused = kopilka(folder, "import-facts", other)

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"В файле {other} нет ни одной целой пачки фактов" in refused.stderr
    assert kopilka(folder, "import-facts", nothing).stdout == "пачек: 0: фактов нет\n"


def test_facts_that_do_not_continue_what_the_centre_has_are_named(folder: Path) -> None:
    kopilka(folder, "stores", "import", stores_file(folder))
    centre = open_centre(Settings(data_dir=folder / "centre"), clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    person, _ = journal.register()
    journal.sell(person, earn=[100_00])
    centre.engine.dispose()
    file = folder / "store.facts"
    file.write_bytes(frame(journal.batch(2, 2)))

    told = kopilka(folder, "import-facts", file)

    assert told.exit_code == 1
    assert "не хватает перед ними 1" in told.stdout


def test_a_file_that_nobody_has_signed_is_refused(folder: Path) -> None:
    kopilka(folder, "stores", "import", stores_file(folder))
    centre = open_centre(Settings(data_dir=folder / "centre"), clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    journal.register()
    centre.engine.dispose()
    batch = journal.batch(1, 1)
    file = folder / "store.facts"
    file.write_bytes(frame(structs.replace(batch, signature=bytes(64))))

    told = kopilka(folder, "import-facts", file)

    assert told.exit_code == 1
    assert json.loads(kopilka(folder, "status").stdout)["outcomes"] == {}
