"""A void undoes its sale at the centre: points, turnover, visit, uses, what a person gets once."""

from dataclasses import replace as with_fields
from uuid import UUID

import pytest
from msgspec.structs import replace

from central.centre import Centre
from central.conflicts.values import ConflictState, Role
from shared.member import History, Use
from shared.rules.result import Draw, RuleUse
from shared.wire.facts import FactKind, body_of, decode_envelope
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, MemberRow
from shared.wire.taken_back import ReceiptVoided
from tests.central.chain_kit import balance, books, conflicts, kinds, rows
from tests.central.journal_builder import PIECE, Journal, Person, Sold


def history(centre: Centre, person: Person) -> History:
    found = rows(centre, GLOBAL)[b"account" + person.account.bytes]
    assert isinstance(found, AccountRow)
    days = tuple(
        day for day in found.history.days if any((day.turnover_minor, day.points, day.visits))
    )
    uses = tuple(use for use in found.history.uses if use.times or use.points)
    return replace(found.history, days=days, uses=uses)


def member_row(centre: Centre) -> MemberRow:
    (found,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)]
    return found


@pytest.mark.edge("E56")
def test_a_void_takes_everything_back_that_its_sale_has_done(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00])
    journal.push()
    before = (balance(centre, person.account), history(centre, person), member_row(centre))
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)], earn=[20_00, 5_00])

    journal.void(sold, given=[(sold.lots[0], 20_00), (sold.lots[1], 5_00)])

    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    after = (balance(centre, person.account), history(centre, person), member_row(centre))
    assert after == before
    account = books(centre, person.account).accounts[person.account]
    assert (account.turnover_minor, account.receipts, account.debt) == (100_00, 1, 0)


@pytest.mark.edge("E56")
def test_a_void_counts_on_the_day_of_its_sale_and_gives_uses_back(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = with_uses(journal, journal.sell(person, earn=[20_00]))
    bought_on = journal.day
    journal.push()
    assert history(centre, person).uses == (Use("daily", bought_on, 1, 7_00),)
    journal.clock.go(days=1)

    journal.void(sold, given=[(sold.lots[0], 20_00)])
    journal.push()

    assert history(centre, person).uses == ()
    assert history(centre, person).days == ()


def with_uses(journal: Journal, sold: Sold) -> Sold:
    """Let a sale have been served by a limited rule."""
    served = with_fields(sold.body.evaluation, uses=(RuleUse("daily", 7_00),))
    body = replace(sold.body, evaluation=served)
    journal.facts.pop()
    envelope = decode_envelope(sold.fact.envelope)
    fact = journal.append(FactKind.RECEIPT_COMMITTED, body, envelope)
    return Sold(fact, sold.uid, sold.lots, body)


@pytest.mark.edge("E56")
def test_what_a_person_got_once_can_be_got_again_after_a_void(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """What was leased meanwhile is debt until it is back, and the next grant pays it."""
    person, _ = journal.register()
    lot = journal.welcome(person)
    first = journal.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])
    journal.push()
    journal.void(first)
    journal.push()
    assert (net(centre, person), history(centre, person).once) == (0, ())

    second = other.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])
    assert kinds(other.push().outcomes) == ["accepted"]

    assert (net(centre, person), history(centre, person).once) == (300_00, (journal.once(person),))
    assert books(centre, person.account).accounts[person.account].debt == 0
    assert books(centre, person.account).lot(lot).document == second.uid
    journal.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])
    outcome = journal.push().outcomes[-1]
    assert (outcome.kind, outcome.reason) == ("adjusted", "granted_before")
    assert net(centre, person) == 300_00


def test_what_a_void_has_taken_may_go_to_another_member_of_the_same_phone(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Both are one person for what he gets once, each has a lot of his own, and they meet in a
    push: what a store still holds of the first one's stays his debt, and is never the other's."""
    anna, _ = journal.register(name="Анна Петрова")
    boris, _ = other.register(name="Борис Сидоров")
    first, second = journal.welcome(anna), other.welcome(boris)
    sold = journal.sell(anna, earn=[300_00], kept=0, kind="welcome", lots=[first])
    journal.push()
    leased = left(centre, anna, first)
    journal.void(sold)
    journal.push()
    other.push()
    assert (leased > 0, balance(centre, anna.account)) == (True, leased)
    assert net(centre, anna) == 0

    other.sell(boris, earn=[300_00], kept=0, kind="welcome", lots=[second])
    assert kinds(other.push(2).outcomes) == ["accepted"]
    journal.sell(anna, earn=[300_00], kept=0, kind="welcome", lots=[first])
    journal.sell(boris, earn=[10_00])
    journal.sell(anna, spend=[(first, leased)])
    outcomes = journal.push().outcomes

    assert [one.reason for one in outcomes[-3:]] == ["granted_before", "", ""]
    assert (balance(centre, anna.account), net(centre, anna)) == (0, -leased)
    assert (balance(centre, boris.account), net(centre, boris)) == (310_00, 310_00)
    assert history(centre, boris).once == (journal.once(anna),)


def left(centre: Centre, person: Person, lot: UUID) -> int:
    """What stores hold of a lot."""
    return sum(lease.left for lease in books(centre, person.account).leases_of(lot))


def test_an_agent_of_the_version_before_calls_the_lot_by_what_stands_for_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Whoever was faster: a person gets it once by both."""
    anna, _ = journal.register()
    old = journal.sell(anna, earn=[300_00], kept=0, kind="welcome", lots=[journal.once(anna)])
    assert kinds(journal.push().outcomes) == ["accepted"] * 2

    new = other.sell(anna, earn=[300_00], kept=0, kind="welcome", lots=[other.welcome(anna)])
    assert other.push().outcomes[-1].reason == "granted_before"
    journal.void(old)
    journal.push()
    other.void(new)
    again = other.sell(anna, earn=[300_00], kept=0, kind="welcome", lots=[other.welcome(anna)])

    assert kinds(other.push().outcomes)[-2:] == ["accepted", "accepted"]
    assert (net(centre, anna), history(centre, anna).once) == (300_00, (journal.once(anna),))
    assert books(centre, anna.account).lot(again.lots[0]).granted == 300_00


def net(centre: Centre, person: Person) -> int:
    """What the member has, less what he owes."""
    debt = books(centre, person.account).accounts[person.account].debt
    return balance(centre, person.account) - debt


def test_a_sale_its_void_and_another_sale_in_one_batch_leave_one_grant(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    lot = journal.welcome(person)
    for _ in range(3):
        sold = journal.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])
        journal.void(sold)
    journal.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])

    assert kinds(journal.push().outcomes) == ["accepted"] * 8
    assert (balance(centre, person.account), history(centre, person).once) == (
        300_00,
        (journal.once(person),),
    )


def test_what_another_sale_has_granted_once_stays_when_this_one_is_voided(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    lot = journal.welcome(person)
    journal.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])
    journal.push()
    late = other.sell(person, earn=[300_00], kept=0, kind="welcome", lots=[lot])
    other.void(late)

    assert [one.reason for one in other.push().outcomes] == ["granted_before", ""]
    assert (balance(centre, person.account), history(centre, person).once) == (
        300_00,
        (journal.once(person),),
    )


def test_points_go_back_into_a_lot_that_is_over_by_the_day_of_the_void(
    centre: Centre, journal: Journal
) -> None:
    """A shift that goes past midnight, a clock that is ahead: they burn with their lot."""
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00], expires_on=journal.day)
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)])
    journal.clock.go(days=1)
    journal.void(sold)

    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    assert balance(centre, person.account) == 100_00


def test_points_of_a_voided_sale_that_are_spent_are_debt(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 15_00)])
    journal.void(sold, given=[(sold.lots[0], 5_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert books(centre, person.account).accounts[person.account].debt == 15_00


def test_a_void_waits_for_its_sale(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.void(sold, given=[(sold.lots[0], 20_00)])
    broken = replace(journal.facts[1], body=b"?")
    whole, journal.facts[1] = journal.facts[1], broken

    assert kinds(journal.push().outcomes) == ["accepted", "damaged", "waiting"]

    journal.facts[1] = whole
    assert kinds(journal.push().outcomes)[1] == "accepted"
    assert balance(centre, person.account) == 0


def test_a_void_sent_twice_moves_once(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.void(sold, given=[(sold.lots[0], 20_00)])
    journal.push()

    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert member_row(centre).receipts == 0


def test_two_voids_of_one_sale_move_once_and_are_reported(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.void(sold, given=[(sold.lots[0], 20_00)])
    journal.void(sold)

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "returned_twice")
    assert (member_row(centre).receipts, member_row(centre).turnover_minor) == (0, 0)
    assert balance(centre, person.account) == 0


@pytest.mark.parametrize("void_first", [True, False])
def test_a_void_and_a_return_in_another_store_move_points_once_and_are_a_case(
    centre: Centre, journal: Journal, other: Journal, void_first: bool
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00])
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)], earn=[20_00], kept=0)
    journal.void(sold)
    other.take_back(
        sold,
        restored=[(old.lots[0], 40_00)],
        taken=[(sold.lots[0], 20_00)],
        turnover=100_00,
        quantity=3 * PIECE,
    )
    first, second = (journal, other) if void_first else (other, journal)
    first.push()

    outcome = second.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "returned_twice")
    assert balance(centre, person.account) == 100_00
    account = books(centre, person.account).accounts[person.account]
    assert (account.turnover_minor, account.receipts, account.debt) == (100_00, 1, 0)
    (day,) = history(centre, person).days
    assert (day.day, day.turnover_minor, day.visits) == (journal.day, 100_00, 1)
    *early, record = sorted(conflicts(centre), key=lambda one: one.kind)
    assert [one.state for one in early] == [ConflictState.RESOLVED] * (not void_first)
    assert (record.kind, record.named(Role.STORE)) == ("returned_twice", ("101", "102"))


def test_only_the_store_that_sold_voids(centre: Centre, journal: Journal, other: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00], kept=0)
    journal.push()
    other.void(sold)

    (outcome,) = other.push().outcomes

    assert (outcome.kind, outcome.reason) == ("quarantined", "not_of_this_store")
    assert balance(centre, person.account) == 20_00


def test_a_void_moves_no_points_that_its_sale_did_not(journal: Journal) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00], kept=0)
    sold = journal.sell(person, earn=[20_00], kept=0)
    body = body_of(journal.void(sold))
    assert isinstance(body, ReceiptVoided)
    journal.facts.pop()
    stolen = (Draw(old.lots[0], person.account, 50_00),)
    journal.append(FactKind.RECEIPT_VOIDED, replace(body, restored=stolen))

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "not_of_its_sale")


def test_a_sale_to_nobody_is_voided_too(journal: Journal) -> None:
    sold = journal.sell(None)
    journal.void(sold)

    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]
    assert sold.uid != UUID(int=0)
