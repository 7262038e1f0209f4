"""A base of members comes in: who they are, what is theirs, and what of a file is not taken."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central.centre import Centre
from central.conflicts.service import Word
from central.estate.service import How
from central.imports.report import balanced, write_report
from central.imports.service import run
from central.imports.verdicts import Outcome
from central.ledger.store import LotTable
from central.members import service as members
from central.members import store as people
from central.packs.service import publish
from central.schema import table_of
from central.settling.erasing import erase_member
from central.settling.lookup import living
from shared.crypto.blind import IdentifierKind
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import AccountRow, IdentifierRow, LeaseRow, MemberRow
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.chain_kit import books, conflicts, dump, rows
from tests.central.imports.kit import counts, csv_file, order, planned, said, silent, take
from tests.central.journal_builder import Journal

FULL = (
    "№ карты;Тип карты;Телефон;Телефон подтвержден;ФИО;День рождения;Дата регистрации;E-mail;"
    "Магазин;Сегменты;Бонусы;Баллы до;Оборот;Чеков;date.wedding"
)
ANNA = (
    "7700000001;Золотая;8 (916) 123-45-67;да;Петрова Анна;17.05.1990;01.02.2020;anna@Example.ru;"
    "101;vip, shoes;1 234,50;31.12.2026;250 000,00;17;11.04.2015"
)


def test_points_of_a_wallet_that_no_pack_has_are_refused(centre: Centre, tmp_path: Path) -> None:
    publish(centre, wine_text())
    file = csv_file(
        tmp_path,
        "7700000001;10;bonus\n7700000002;10;bonuses\n7700000003;0;bonuses",
        heading="№ карты;Бонусы;Кошелёк",
    )

    done = run(centre, order(file), silent)

    assert counts(done.run) == (2, 0, 0, 1)
    assert said(centre, done.run, Outcome.REFUSED) == [(3, "unknown_wallet", "wallet")]


def _found(centre: Centre, kind: IdentifierKind, value: str) -> list[people.Member]:
    with reading(centre.engine) as connection:
        return members.find(connection, centre, kind, value)


@pytest.mark.capability("PLUMB-18")
def test_a_member_comes_with_card_tier_points_and_turnover(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    assert journal.epoch == 1  # store 101 has an agent
    plan = planned(
        tmp_path, "kind: members\nvalues: {tier: {Золотая: gold, '*': ''}}\ndates: ['%d.%m.%Y']\n"
    )

    done = run(centre, order(csv_file(tmp_path, ANNA, heading=FULL), plan=plan), silent)

    assert counts(done.run) == (1, 0, 0, 0)
    (anna,) = _found(centre, IdentifierKind.CARD, "7700000001")
    assert _found(centre, IdentifierKind.PHONE, "+79161234567") == [anna]
    assert (anna.display_name, anna.tier_floor) == ("Петрова А.", "gold")
    assert (anna.birthday, anna.registered_on) == (date(1990, 5, 17), date(2020, 2, 1))
    assert (anna.segments, anna.dates) == ("vip shoes", "wedding:2015-04-11")
    told = rows(centre, GLOBAL).values()
    (account,) = [row for row in told if isinstance(row, AccountRow)]
    (lot,) = account.lots
    assert (lot.amount, lot.kind, lot.expires_on) == (1234_50, "import", date(2026, 12, 31))
    (member,) = [row for row in told if isinstance(row, MemberRow)]
    assert (member.turnover_minor, member.receipts) == (250_000_00, 17)
    assert {version.field for version in member.versions} == {"phone", "email"}
    assert len([row for row in told if isinstance(row, IdentifierRow)]) == 2
    (lease,) = [
        row for row in rows(centre, store_stream("101")).values() if isinstance(row, LeaseRow)
    ]
    assert lease.granted == 740_70  # 60 % of 1234.50 at his home store


@pytest.mark.capability("PLUMB-18")
def test_the_same_file_again_changes_nothing(centre: Centre, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "7700000001;89161234567;Анна;10", "7700000002;;Иван;5,5")
    first = take(centre, path)
    before = dump(centre)

    again = take(centre, path)

    assert dump(centre) == before
    assert (again.run.tally, again.before) == (first.run.tally, 2)


def test_who_is_known_is_a_duplicate_and_gets_no_points_twice(
    centre: Centre, tmp_path: Path
) -> None:
    take(centre, csv_file(tmp_path, "7700000001;89161234567;Анна Петрова;10"))

    done = take(
        centre,
        csv_file(
            tmp_path,
            "7700000001;89161234567;Петрова Анна;10",
            ";8-916-123-45-67;А. Петрова;10",
            "7700000001;;Сидоров Иван;7",
        ),
    )

    assert counts(done.run) == (0, 0, 2, 1)
    assert done.run.tally.points == {"duplicate": 20_00, "refused": 7_00}
    assert said(centre, done.run, Outcome.REFUSED) == [(4, "card_of_another", "card")]


def test_two_cards_under_one_phone_and_name_are_one_member(centre: Centre, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "7700000001;89161234567;Анна Петрова;10",
        "7700000002;89161234567;Петрова А.;20",
        "7700000003;89161234567;Иван Сидоров;30",
    )

    done = take(centre, path)

    assert counts(done.run) == (3, 0, 0, 0)
    (anna,) = _found(centre, IdentifierKind.CARD, "7700000002")
    assert _found(centre, IdentifierKind.CARD, "7700000001") == [anna]
    (ivan,) = _found(centre, IdentifierKind.CARD, "7700000003")
    assert ivan != anna
    assert said(centre, done.run, Outcome.ACCEPTED) == [
        (3, "merged", ""),
        (4, "shared_phone", ""),
    ]
    assert sorted(one.kind.value for one in conflicts(centre)) == ["merged", "shared_phone"]


def test_what_can_be_left_out_is_and_what_decides_refuses_the_row(
    centre: Centre, tmp_path: Path
) -> None:
    heading = "Карта;Телефон;ФИО;Почта;Др;Магазин;Бонусы;Баллы до;Уровень"
    path = csv_file(
        tmp_path,
        "7700000001;12;12;нет;31.02.1990;999;1;;",
        "7700000002;8916 1234567, 8903 7654321;Анна\u200b Петрова;;;;;;",
        ";;Никто;;;;5;;",
        "7700000003;;;;;;много;;",
        "7700000004;;;;;;-5;;",
        "7700000005;;;;;;5;завтра;",
        "2200000000000004;;;;;;5;;",
        "карта;;;;;;5;;",
        "7700000006;;;;;;5",
        "7700000007;;=1+1;;;;0;;",
        heading=heading,
    )

    done = take(centre, path)

    assert counts(done.run) == (0, 3, 0, 7)
    assert said(centre, done.run, Outcome.REPAIRED) == [
        (2, "bad_phone", "phone"),
        (2, "bad_name", "name"),
        (2, "bad_email", "email"),
        (2, "bad_day", "birthday"),
        (2, "unknown_store", "store"),
        (3, "unseen", "name"),
        (3, "several_phones", "phone"),
        (11, "bad_name", "name"),
    ]
    assert said(centre, done.run, Outcome.REFUSED) == [
        (4, "no_identifier", ""),
        (5, "bad_number", "points"),
        (6, "bad_number", "points"),
        (7, "bad_day", "points_until"),
        (8, "payment_card", "card"),
        (9, "bad_card", "card"),
        (10, "fields", ""),
    ]
    assert done.run.tally.stated == 1_00 + 5_00 * 4


def test_what_was_turned_over_on_a_day_that_has_not_come_refuses_the_row(
    centre: Centre, tmp_path: Path
) -> None:
    """It would be in no period for years, and let all days before it be old."""
    today = centre.clock.now().date()
    path = csv_file(
        tmp_path,
        f"7700000001;100;{today:%d.%m.%Y}",
        f"7700000002;100;{today:%d.%m}.{today.year + 36}",
        heading="Карта;Оборот;Дата оборота",
    )

    done = take(centre, path)

    assert counts(done.run) == (1, 0, 0, 1)
    assert said(centre, done.run, Outcome.REFUSED) == [(3, "bad_day", "turnover_on")]


def test_a_day_that_has_come_in_a_store_has_come(
    centre: Centre, clock: SetClock, tmp_path: Path
) -> None:
    """In Moscow it is the second of March already."""
    clock.at = datetime(2026, 3, 1, 22, tzinfo=UTC)
    path = csv_file(
        tmp_path,
        "7700000001;100;02.03.2026;02.03.2026",
        "7700000002;100;03.03.2026;",
        heading="Карта;Оборот;Дата оборота;Дата регистрации",
    )

    done = take(centre, path)

    assert counts(done.run) == (1, 0, 0, 1)
    assert said(centre, done.run, Outcome.REFUSED) == [(3, "bad_day", "turnover_on")]


@pytest.mark.capability("PLUMB-18")
def test_a_dry_run_says_the_same_and_writes_nothing(centre: Centre, tmp_path: Path) -> None:
    lines = [f"77{no % 700:08};;Анна {'АБ'[no % 2]};1" for no in range(1200)]
    path = csv_file(tmp_path, *lines, "x;;;1")
    before = dump(centre)

    dry = take(centre, path, how=How.DRY_RUN)

    assert dump(centre) == before
    real = take(centre, path)
    assert dry.run.tally == real.run.tally
    assert [(one.row, one.reason) for one in dry.said if one.outcome is Outcome.REFUSED] == [
        (row, reason) for row, reason, _ in said(centre, real.run, Outcome.REFUSED)
    ]


def test_points_are_stated_as_they_are_read_and_as_a_mapping_means_them(
    centre: Centre, tmp_path: Path
) -> None:
    """With a character that nobody sees; by a word; by a word that means nothing."""
    plan = planned(tmp_path, "kind: members\nvalues: {points: {много: '100', нет: '0', 5: '5'}}\n")
    rows_ = [
        f"770000000{no};;Анна;{text}" for no, text in enumerate(("5\x1b", "много", "нет", "7"))
    ]

    plain = take(centre, csv_file(tmp_path, "7700000009;;Анна;3\u200b"))
    done = run(centre, order(csv_file(tmp_path, *rows_), plan=plan), silent)

    assert plain.run.tally.stated == plain.run.tally.granted == 3_00
    assert balanced(done.run.tally, done.run.rows_done)
    assert (done.run.tally.stated, done.run.tally.granted) == (112_00, 100_00)


@pytest.mark.capability("PLUMB-18")
def test_the_report_accounts_for_every_row_and_point(centre: Centre, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "7700000001;;Анна;10", "7700000001;;Анна;2", ";;;3", ";12;;4")
    told = tmp_path / "report.json"

    write_report(centre, take(centre, path), told)

    report = json.loads(told.read_text())
    assert report["rows"] == {
        "in": 4,
        "accepted": 1,
        "repaired": 0,
        "updated": 0,
        "duplicate": 1,
        "refused": 2,
    }
    assert report["points"] == {
        "in": 19_00,
        "accepted": 10_00,
        "repaired": 0,
        "updated": 0,
        "duplicate": 2_00,
        "refused": 7_00,
        "in_lots": 10_00,
        "lots": 1,
    }
    assert report["balanced"] is True
    assert [(one["row"], one["reason"]) for one in report["refused"]] == [
        (4, "no_identifier"),
        (5, "no_identifier"),
    ]
    with reading(centre.engine) as connection:
        granted = connection.scalar(select(func.sum(table_of(LotTable).c.granted)))
    assert granted == 10_00
    assert "8916" not in told.read_text()


def test_points_can_be_spent_and_the_newcomer_is_no_first_buyer(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    assert journal.epoch == 1  # store 101 has an agent
    path = csv_file(tmp_path, "7700000001;;Анна;10;100", heading="Карта;Телефон;ФИО;Бонусы;Оборот")

    take(centre, path)

    (row,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    account = books(centre, row.id).accounts[row.id]
    assert (account.turnover_minor, account.receipts) == (100_00, 1)


def test_who_was_erased_does_not_come_back_by_a_file(centre: Centre, tmp_path: Path) -> None:
    take(centre, csv_file(tmp_path, "7700000001;+79161234567;Анна;10"))
    erase_member(centre, living(centre, "7700000001"), Word("Пётр", "просьба 5"))
    before = dump(centre)

    done = take(centre, csv_file(tmp_path, "7700000001;+79161234567;Анна;99"))

    assert said(centre, done.run, Outcome.DUPLICATE) == [(2, "erased", "")]
    after = dump(centre)
    assert all(after[name] == before[name] for name in before if not name.startswith("import_"))
