"""Points from a file: all rows or none, and the same file again grants nothing."""

from datetime import date

from central.centre import Centre
from central.members.imports import Report, Row, import_lots
from central.packs.service import publish
from shared.ids import card_number
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import AccountRow, LeaseRow
from tests.builders import wine_text
from tests.central.chain_kit import balance, books, dump, rows
from tests.central.journal_builder import Journal

CARD = card_number("29", 1, 1)


def _row(number: int, identifier: str, points: str = "100.00", day: str = "2026-12-31") -> Row:
    cells = {"identifier": identifier, "points": points, "wallet": "bonus", "expires_on": day}
    return Row(number, cells)


def test_points_come_to_who_has_the_card_or_the_phone(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register(card=CARD)
    journal.push()

    report = import_lots(
        centre,
        [_row(2, CARD), _row(3, "8 (916) 123-45-67", "50.50", "")],
        journal.clock.now(),
    )

    assert report == Report(granted=2, repeated=0, points=150_50)
    found = books(centre, person.account).lots_of(person.account)
    assert [(lot.kind, lot.balance, lot.expires_on) for lot in found] == [
        ("import", 100_00, date(2026, 12, 31)),
        ("import", 50_50, None),
    ]
    leases = [r for r in rows(centre, store_stream("101")).values() if isinstance(r, LeaseRow)]
    assert sorted(lease.granted for lease in leases) == [30_30, 60_00]
    (account,) = [r for r in rows(centre, GLOBAL).values() if isinstance(r, AccountRow)]
    assert sum(lot.amount for lot in account.lots) == 150_50


def test_a_file_that_comes_again_grants_what_is_new_in_it(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register(card=CARD)
    journal.push()
    at = journal.clock.now()
    import_lots(centre, [_row(2, CARD), _row(3, CARD)], at)
    before = dump(centre)

    assert import_lots(centre, [_row(2, CARD), _row(3, CARD)], at) == Report(repeated=2)
    assert dump(centre) == before
    assert import_lots(centre, [_row(n, CARD) for n in range(3)], at).granted == 1
    assert balance(centre, person.account) == 300_00


def test_a_lot_that_was_spent_is_not_granted_again(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register(card=CARD)
    journal.push()
    at = journal.clock.now()
    import_lots(centre, [_row(2, CARD)], at)
    (lot,) = books(centre, person.account).lots
    journal.ask(person.account, 40_00)
    journal.sell(person, spend=[(lot, 100_00)])
    journal.push()
    assert balance(centre, person.account) == 0

    assert import_lots(centre, [_row(2, CARD)], at).repeated == 1
    assert balance(centre, person.account) == 0


def test_with_one_bad_row_nothing_is_granted_and_each_bad_row_is_named(
    centre: Centre, journal: Journal
) -> None:
    journal.register(card=CARD)
    journal.register(name="Иван Сидоров", phone="+79160000000")
    journal.register(name="Мария Ким", phone="+79160000000")
    journal.push()
    before = dump(centre)

    report = import_lots(
        centre,
        [
            _row(2, CARD),
            _row(3, "nobody"),
            _row(4, "+79169999999"),
            _row(5, "+79160000000"),
            _row(6, CARD, "-5"),
            _row(7, CARD, "5", "31.12.2026"),
            Row(8, {"identifier": CARD, "points": "5"}),
        ],
        journal.clock.now(),
    )

    assert [(fault.number, fault.reason) for fault in report.faults] == [
        (3, "bad_identifier"),
        (4, "unknown_member"),
        (5, "ambiguous"),
        (6, "bad_points"),
        (7, "bad_day"),
        (8, "bad_wallet"),
    ]
    assert (report.granted, report.points) == (0, 0)
    assert dump(centre) == before


def test_a_wallet_that_the_rules_do_not_have_is_a_bad_row(centre: Centre, journal: Journal) -> None:
    journal.register(card=CARD)
    journal.push()
    publish(centre, wine_text())
    odd = Row(3, {**_row(3, CARD).cells, "wallet": "bonuses"})

    report = import_lots(centre, [_row(2, CARD), odd], journal.clock.now())

    assert [(fault.number, fault.reason) for fault in report.faults] == [(3, "unknown_wallet")]
    assert report.granted == 0


def test_a_card_that_is_limited_to_its_account_gets_the_points_there(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    journal.register()
    twin, _ = other.register(card=CARD)
    journal.push()
    other.push()

    import_lots(centre, [_row(2, CARD)], journal.clock.now())

    assert balance(centre, twin.account) == 100_00


def test_an_import_pays_a_debt_first(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register(card=CARD)
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.take_back(sold, taken=[(sold.lots[0], 20_00)])
    journal.push()

    import_lots(centre, [_row(2, CARD)], journal.clock.now())

    assert balance(centre, person.account) == 80_00
    assert books(centre, person.account).accounts[person.account].debt == 0
