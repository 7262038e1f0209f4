"""A registration and a sale come up, and every store hears of them."""

from datetime import timedelta

from sqlalchemy import select

from central.centre import Centre
from central.ingest.personal_store import PersonalTable
from central.ingest.store import DocumentTable
from central.schema import table_of
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import AccountRow, IdentifierRow, LeaseRow, MemberRow
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, books, kinds, rows
from tests.central.journal_builder import Journal


def _leases(centre: Centre, store: str) -> list[LeaseRow]:
    found = rows(centre, store_stream(store)).values()
    return [row for row in found if isinstance(row, LeaseRow)]


def test_a_sale_is_accepted_and_covered(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=0)

    answer = journal.push()

    assert kinds(answer.outcomes) == ["accepted", "accepted"]
    assert answer.expects == 3
    assert [cover.stream for cover in answer.outcomes[1].covers] == [GLOBAL, store_stream("101")]
    chain = rows(centre, GLOBAL).values()
    (account,) = [row for row in chain if isinstance(row, AccountRow)]
    assert [(lot.id, lot.amount) for lot in account.lots] == [(sold.lots[0], 100_00)]
    assert [(one.store, one.amount) for one in account.lots[0].holdings] == [("101", 60_00)]
    (member,) = [row for row in chain if isinstance(row, MemberRow)]
    assert (member.turnover_minor, member.receipts, member.home_store) == (100_00, 1, "101")
    assert len([row for row in chain if isinstance(row, IdentifierRow)]) == 2
    (lease,) = _leases(centre, "101")
    assert (lease.lot, lease.granted) == (sold.lots[0], 60_00)


def test_what_a_store_keeps_of_a_new_lot_is_its_lease_from_birth(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=80_00)
    journal.push()

    (lease,) = _leases(centre, "101")
    assert lease.granted == 80_00
    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.free) == (100_00, 20_00)

    journal.sell(person, spend=[(sold.lots[0], 80_00)])
    assert kinds(journal.push().outcomes) == ["accepted"] * 3


def test_a_spent_lot_leaves_the_stores_rows(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00])
    journal.push()
    assert len(_leases(centre, "101")) == 1

    journal.sell(person, spend=[(sold.lots[0], 100_00)])
    journal.push()

    assert _leases(centre, "101") == []
    (account,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert account.lots == ()


def test_a_receipt_without_a_member_is_a_document_and_moves_nothing(
    centre: Centre, journal: Journal
) -> None:
    sold = journal.sell(None)

    assert kinds(journal.push().outcomes) == ["accepted"]
    with reading(centre.engine) as connection:
        uids = list(connection.scalars(select(table_of(DocumentTable).c.uid)))
    assert uids == [sold.uid]


def test_a_sale_on_a_card_that_nobody_registered_makes_a_provisional_member(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = other.register()
    journal.sell(person, earn=[50_00])

    assert kinds(journal.push().outcomes) == ["accepted"]
    assert balance(centre, person.account) == 50_00
    assert kinds(other.push().outcomes) == ["accepted"]
    (member,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)]
    assert (member.display_name, member.turnover_minor) == ("Анна П.", 100_00)


def test_a_pending_lot_is_activated_on_request(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    person, _ = journal.register()
    later = clock.now() + timedelta(days=1)
    sold = journal.sell(person, earn=[100_00], kept=0, activates_at=later)
    journal.activate(person.account, sold.lots[0])

    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert books(centre, person.account).lot(sold.lots[0]).activates_at == clock.now()
    (lease,) = _leases(centre, "101")
    assert lease.activates_at == clock.now()


def test_a_lease_is_told_anew_when_nothing_but_its_lot_has_changed(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    person, _ = journal.register()
    later = clock.now() + timedelta(days=1)
    sold = journal.sell(person, earn=[100_00], activates_at=later)
    journal.push()
    (before,) = _leases(centre, "101")
    journal.activate(person.account, sold.lots[0])

    assert kinds(journal.push(3).outcomes) == ["accepted"]

    (lease,) = _leases(centre, "101")
    assert (before.activates_at, lease.activates_at) == (later, clock.now())
    assert before.granted == lease.granted == 100_00


def test_a_grant_that_a_person_gets_once_is_adjusted_the_second_time(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    welcome = journal.welcome(person)
    journal.sell(person, earn=[100_00], kept=0, kind="welcome", lots=[welcome])
    twin, _ = other.register()
    other.sell(twin, earn=[100_00], kept=0, kind="welcome", lots=[other.welcome(twin)])
    journal.push()

    outcomes = other.push().outcomes

    assert [(one.kind.value, one.reason) for one in outcomes] == [
        ("adjusted", "merged"),
        ("adjusted", "granted_before"),
    ]
    assert balance(centre, person.account) + balance(centre, twin.account) == 100_00


def test_spouses_on_one_phone_are_welcomed_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """The person of a welcome is the phone: one thing stands for the lots of both."""
    wife, _ = journal.register(name="Анна Петрова")
    husband, _ = other.register(name="Иван Петров")
    lots = journal.welcome(wife), other.welcome(husband)
    assert (lots[0] != lots[1], journal.once(wife)) == (True, other.once(husband))
    journal.sell(wife, earn=[100_00], kept=0, kind="welcome", lots=lots[:1])
    other.sell(husband, earn=[100_00], kept=0, kind="welcome", lots=lots[1:])
    journal.push()

    assert other.push().outcomes[-1].reason == "granted_before"
    assert balance(centre, husband.account) == 0


def test_what_waits_for_a_lot_that_never_comes_is_not_left_waiting(
    journal: Journal, other: Journal
) -> None:
    wife, _ = journal.register(name="Анна Петрова")
    husband, _ = other.register(name="Иван Петров")
    welcome = journal.welcome(wife)
    journal.sell(wife, earn=[100_00], kept=0, kind="welcome", lots=[welcome])
    journal.push()
    other.push()
    welcome = other.welcome(husband)
    whole = other.sell(husband, earn=[100_00], kept=0, kind="welcome", lots=[welcome])
    other.sell(husband, spend=[(welcome, 10_00)])
    other.rewrite(2, body=b"?")
    assert kinds(other.push().outcomes)[1:] == ["damaged", "waiting"]
    other.facts[1] = whole.fact

    other.push()
    other.sell(husband, spend=[(welcome, 10_00)])

    assert kinds(other.push().outcomes)[1:] == ["adjusted", "quarantined", "quarantined"]


def test_a_fact_of_last_month_is_posted_with_a_record(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    person, _ = journal.register()
    journal.sell(person, earn=[10_00])
    clock.go(days=31)

    assert kinds(journal.push().outcomes) == ["accepted"] * 2
    assert balance(centre, person.account) == 10_00


def test_the_personal_part_stands_apart(centre: Centre, journal: Journal) -> None:
    _, fact = journal.register(name="Анна Петрова")

    journal.push()

    with reading(centre.engine) as connection:
        rows_of = connection.execute(select(table_of(PersonalTable))).all()
    assert [(row.fact, row.personal) for row in rows_of] == [(fact.id, fact.personal)]
