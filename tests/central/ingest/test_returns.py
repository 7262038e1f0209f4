"""Returns: after their sale in whatever order they come, and points of one line move once."""

from dataclasses import replace as replaced
from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Role
from central.ingest import service as ingest
from central.leases import expiry
from central.leases.writeoff import write_off_store
from central.settling.people import merge_members, unmerge_member
from shared.ledger.entries import graced_lot
from shared.member import DayCount
from shared.rules.result import Draw
from shared.runtime.sqlite import transaction
from shared.wire.facts import FactKind, body_of
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import AccountRow, MemberRow, OutcomeRow
from shared.wire.taken_back import ReceiptReturned
from tests.central.bearers.kit import issued, on_sale
from tests.central.chain_kit import balance, books, conflicts, kinds, rows
from tests.central.journal_builder import PIECE, Journal, Person, Sold, make_journal


@pytest.mark.edge("E50")
def test_a_return_before_its_sale_waits_for_it_and_is_posted_with_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[30_00], kept=0)
    back = other.take_back(sold, taken=[(sold.lots[0], 10_00)], turnover=30_00)
    (waiting,) = other.push().outcomes
    assert (waiting.kind, waiting.waits_for) == ("waiting", sold.uid)

    journal.push()

    assert kinds(other.push().outcomes) == ["accepted"]
    assert balance(centre, person.account) == 20_00
    (member,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)]
    assert member.turnover_minor == 70_00
    (account,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert account.history.days == (DayCount(journal.day, 70_00, -10_00, 1),)
    (word,) = [
        row for row in rows(centre, store_stream("102")).values() if isinstance(row, OutcomeRow)
    ]
    assert (word.fact, word.kind) == (back.id, "accepted")
    assert [cover.stream for cover in word.covers] == [GLOBAL]


def test_the_covers_of_a_late_word_are_the_numbers_of_its_effects(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[30_00], kept=0)
    other.take_back(sold, taken=[(sold.lots[0], 10_00)])
    other.push()
    answer = journal.push()

    (word,) = [
        row for row in rows(centre, store_stream("102")).values() if isinstance(row, OutcomeRow)
    ]
    in_chain = [cover for cover in answer.outcomes[-1].covers if cover.stream == GLOBAL]
    assert list(word.covers) == in_chain
    assert [one for one in other.push().outcomes[0].covers if one.stream == GLOBAL] == in_chain


def test_a_waiting_return_gives_back_at_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """What the returning store gives back must not wait: it has counted it off already."""
    person, _ = journal.register()
    first = journal.sell(person, earn=[100_00], kept=0)
    other.sell(person)
    journal.push()
    other.push()
    late = journal.sell(person, earn=[10_00], kept=0)
    lot = first.lots[0]
    held = books(centre, person.account).lot(lot)
    assert held.free < 100_00
    other.gone[lot] = 0
    back = other.take_back(late, taken=[(lot, 0)], given=[(lot, 5_00)])

    outcome = other.push().outcomes[-1]

    assert (outcome.id, outcome.kind) == (back.id, "waiting")
    assert books(centre, person.account).lot(lot).free == held.free + 5_00


def test_paid_points_go_back_before_earned_ones_are_taken(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00])
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)], earn=[20_00])
    journal.take_back(
        sold,
        restored=[(old.lots[0], 40_00)],
        taken=[(sold.lots[0], 20_00)],
        given=[(sold.lots[0], 20_00)],
        turnover=100_00,
        quantity=3 * PIECE,
    )

    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    assert balance(centre, person.account) == 100_00
    assert books(centre, person.account).accounts[person.account].turnover_minor == 100_00


def test_earned_points_that_are_spent_become_debt_and_the_next_grant_pays(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.take_back(sold, taken=[(sold.lots[0], 20_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert books(centre, person.account).accounts[person.account].debt == 20_00

    journal.sell(person, earn=[50_00], kept=0)
    journal.push()

    assert books(centre, person.account).accounts[person.account].debt == 0
    assert balance(centre, person.account) == 30_00


def test_spent_points_that_a_return_forgives_are_no_debt(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 15_00)])
    lot = sold.lots[0]
    journal.take_back(sold, taken=[(lot, 20_00)], given=[(lot, 5_00)], forgives=True)

    outcome = journal.push().outcomes[-1]

    assert outcome.kind == "accepted"
    assert books(centre, person.account).accounts[person.account].debt == 0
    assert balance(centre, person.account) == 0


def test_spent_points_that_the_refund_paid_for_are_neither_debt_nor_taken_again(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    lot = sold.lots[0]
    journal.sell(person, spend=[(lot, 15_00)])
    journal.take_back(sold, taken=[(lot, 5_00)], withheld=[(lot, 15_00)], given=[(lot, 5_00)])
    outcome = journal.push().outcomes[-1]
    assert outcome.kind == "accepted"

    other.take_back(sold, taken=[(lot, 20_00)])
    other.push()

    assert books(centre, person.account).accounts[person.account].debt == 0
    assert balance(centre, person.account) == 0
    (account,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert [day.points for day in account.history.days] == [-20_00]


def test_the_refund_pays_for_no_points_of_another_sale(journal: Journal) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00])
    sold = journal.sell(person, earn=[10_00])
    journal.take_back(sold, withheld=[(old.lots[0], 50_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "not_of_its_sale")


def test_the_same_goods_returned_in_two_stores_move_points_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00])
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)], earn=[20_00], kept=0)
    for one in (journal, other):
        one.take_back(
            sold,
            restored=[(old.lots[0], 40_00)],
            taken=[(sold.lots[0], 20_00)],
            turnover=100_00,
            quantity=3 * PIECE,
        )
    journal.push()

    (outcome,) = other.push().outcomes

    assert (outcome.kind, outcome.reason) == ("adjusted", "returned_twice")
    assert balance(centre, person.account) == 100_00
    account = books(centre, person.account).accounts[person.account]
    assert (account.turnover_minor, account.debt) == (100_00, 0)
    (record,) = conflicts(centre)
    assert (record.kind, record.named(Role.STORE)) == ("returned_twice", ("101", "102"))
    assert record.named(Role.CASHIER) == ("101/of 101", "102/of 102")
    assert "101/of 101, 102/of 102" in record.sentence.ru


def test_parts_of_a_line_come_back_one_by_one(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=0)
    for part in (33_00, 34_00, 33_00):
        journal.take_back(sold, taken=[(sold.lots[0], part)])

    assert kinds(journal.push().outcomes) == ["accepted"] * 5
    assert balance(centre, person.account) == 0


@pytest.mark.edge("E43")
@pytest.mark.parametrize("days", [14, 30, 0])
def test_points_restored_into_an_expired_lot_have_the_grace_that_the_return_states(
    centre: Centre, journal: Journal, days: int
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00], expires_on=date(2026, 3, 5))
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)])
    journal.push()
    journal.clock.go(days=10)
    back = journal.take_back(sold, restored=[(old.lots[0], 40_00)], grace_days=days)

    assert kinds(journal.push().outcomes)[-1] == "accepted"
    body = body_of(back)
    assert isinstance(body, ReceiptReturned)
    graced = books(centre, person.account).lot(graced_lot(body.uid, old.lots[0]))
    assert (graced.balance, graced.expires_on) == (40_00, date(2026, 3, 11) + timedelta(days=days))


@pytest.mark.edge("E43")
def test_points_of_an_expired_lot_do_not_come_back_without_a_grace(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00], expires_on=date(2026, 3, 5))
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)])
    journal.push()
    journal.clock.go(days=10)
    journal.take_back(sold, restored=[(old.lots[0], 40_00)], grace_days=None)

    assert kinds(journal.push().outcomes)[-1] == "accepted"
    assert balance(centre, person.account) == 60_00
    assert len(books(centre, person.account).lots_of(person.account)) == 1


def test_a_return_on_the_last_day_of_a_lot_goes_into_it_however_late_it_arrives(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00], expires_on=journal.day)
    sold = journal.sell(person, spend=[(old.lots[0], 40_00)])
    journal.take_back(sold, restored=[(old.lots[0], 40_00)])
    journal.clock.go(days=10)

    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    assert books(centre, person.account).lot(old.lots[0]).balance == 100_00


@pytest.mark.edge("E44")
def test_points_are_taken_out_of_other_lots_that_a_return_reaches(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    other = journal.sell(person, earn=[50_00], kept=0)
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 15_00)])
    journal.take_back(
        sold,
        taken=[(sold.lots[0], 5_00)],
        reached=[(other.lots[0], 15_00)],
        given=[(sold.lots[0], 5_00)],
        turnover=100_00,
    )

    assert kinds(journal.push().outcomes)[-1] == "accepted"
    account = books(centre, person.account)
    assert account.lot(other.lots[0]).balance == 35_00
    assert account.accounts[person.account].debt == 0
    (row,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert [day.points for day in row.history.days] == [-20_00]


@pytest.mark.edge("E44")
def test_what_reached_lots_lack_is_debt_or_let_go(centre: Centre, journal: Journal) -> None:
    """The store did not know that 50.00 of the other lot are spent elsewhere."""
    debts = []
    for forgives in (False, True):
        person, _ = journal.register(phone="")
        other = journal.sell(person, earn=[50_00])
        sold = journal.sell(person, earn=[20_00])
        journal.sell(person, spend=[(sold.lots[0], 20_00)])
        journal.sell(person, spend=[(other.lots[0], 45_00)])
        journal.take_back(
            sold, reached=[(other.lots[0], 20_00)], given=[(other.lots[0], 5_00)], forgives=forgives
        )
        journal.push()
        debts.append(books(centre, person.account).accounts[person.account].debt)

    assert debts == [15_00, 0]


def _reaching(store: Journal, sold: Sold, lot: UUID, owner: Person, amount: int) -> None:
    """A return that takes points out of another account than that of its sale."""
    body = body_of(store.take_back(sold))
    assert isinstance(body, ReceiptReturned)
    store.facts.pop()
    reached = (Draw(lot, owner.account, amount),)
    store.append(FactKind.RECEIPT_RETURNED, replace(body, reached=reached))


def test_a_return_reaches_no_lot_of_another_member(centre: Centre, journal: Journal) -> None:
    """What it should have given is owed by the buyer; his return is posted all the same."""
    person, _ = journal.register()
    stranger, _ = journal.register(name="Борис", phone="+79161234568")
    theirs = journal.sell(stranger, earn=[50_00], kept=0)
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    _reaching(journal, sold, theirs.lots[0], stranger, 20_00)

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert balance(centre, stranger.account) == 50_00
    assert books(centre, person.account).accounts[person.account].debt == 20_00


def test_a_return_reaches_no_lot_of_a_certificate(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    certificate = issued(centre, journal, code)
    person, _ = journal.register()
    journal.sell(None, issued=[certificate])
    sold = journal.sell(person, earn=[20_00])
    nobody = replaced(person, account=certificate.account)
    _reaching(journal, sold, certificate.lot, nobody, 20_00)

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "not_of_its_member")


def test_a_return_that_reached_into_the_lots_of_a_member_who_was_parted_since_is_posted(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """102 has not heard yet that the two are not one: what was paid with comes back, and each has
    his own."""
    person, _ = journal.register()
    journal.clock.go(hours=1)
    relative, _ = journal.register(name="Борис", phone="+79161234568")
    theirs = journal.sell(relative, earn=[50_00], kept=0)
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.push()
    word = Word("Ольга", "один человек")
    joined = merge_members(centre, person.member, relative.member, word)
    _reaching(other, sold, theirs.lots[0], relative, 20_00)
    unmerge_member(centre, joined.member, word)

    outcome = other.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert balance(centre, relative.account) == 50_00
    assert books(centre, person.account).accounts[person.account].debt == 20_00


def test_a_return_waits_for_the_fact_that_brings_a_lot_which_it_reaches(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.push()
    unborn = journal.sell(person, earn=[40_00])
    held_up = other.sell(person, earn=[30_00], kept=0, spend=[(unborn.lots[0], 1_00)])
    other.push()
    second = make_journal(centre, journal.clock, "103")
    second.take_back(sold, reached=[(held_up.lots[0], 20_00)])

    (outcome,) = second.push().outcomes

    assert (outcome.kind, outcome.waits_for) == ("waiting", held_up.fact.id)


def test_the_same_points_are_not_reached_for_twice(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    second = journal.sell(person, earn=[50_00], kept=0)
    sold = journal.sell(person, earn=[20_00])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    for one in (journal, other):
        one.take_back(sold, reached=[(second.lots[0], 20_00)], quantity=3 * PIECE)
        one.push()

    assert books(centre, person.account).lot(second.lots[0]).balance == 30_00


@pytest.mark.edge("E44")
def test_points_that_stay_with_the_member_count_as_earned_no_more(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00], kept=0)
    journal.take_back(sold, kept=[(sold.lots[0], 20_00)], forgives=True)
    journal.push()

    assert balance(centre, person.account) == 20_00
    (row,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert [day.points for day in row.history.days] == [-20_00]

    other.take_back(sold, taken=[(sold.lots[0], 20_00)])
    other.push()
    assert balance(centre, person.account) == 20_00


@pytest.mark.parametrize("first", ["return", "expiry"])
def test_points_that_burn_are_not_owed_whichever_comes_first(
    centre: Centre, journal: Journal, other: Journal, first: str
) -> None:
    """Of 100 points 30 are spent before they end: these are owed, and not those that nobody had."""
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], expires_on=journal.day)
    lot = sold.lots[0]
    journal.sell(person, spend=[(lot, 30_00)])
    journal.push()
    other.take_back(sold, taken=[(lot, 60_00)], quantity=PIECE)
    other.take_back(sold, taken=[(lot, 40_00)], quantity=2 * PIECE)
    over = journal.clock.now() + timedelta(days=3)

    for step in sorted(("return", "expiry"), key=lambda step: step != first):
        if step == "return":
            other.push()
        else:
            expiry.run(centre, over)
            journal.give_back(person.account, (lot, 70_00))
            journal.push_new()
            expiry.run(centre, over + timedelta(days=1))

    assert balance(centre, person.account) == 0
    assert books(centre, person.account).accounts[person.account].debt == 30_00


def test_points_that_burnt_and_came_back_with_their_goods_are_not_spent_later(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """A store that was written off tells late that it spent 30 of them on their last day."""
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], expires_on=journal.day)
    journal.push()
    journal.sell(person, spend=[(sold.lots[0], 30_00)])
    write_off_store(centre, "101")
    expiry.run(centre, journal.clock.now() + timedelta(days=3))
    other.take_back(sold, taken=[(sold.lots[0], 100_00)], quantity=3 * PIECE)
    other.push()
    assert books(centre, person.account).accounts[person.account].debt == 0

    journal.push_new()

    assert balance(centre, person.account) == 0
    assert books(centre, person.account).accounts[person.account].debt == 30_00


@pytest.mark.edge("E51")
def test_a_return_after_the_end_of_the_quarter_subtracts_on_its_own_day(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[20_00], kept=0)
    bought_on = journal.day
    journal.clock.go(days=60)
    journal.take_back(sold, taken=[(sold.lots[0], 20_00)], turnover=100_00)
    journal.push()

    (row,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert row.history.days == (
        DayCount(bought_on, 100_00, 0, 1),
        DayCount(journal.day, -100_00, -20_00, 0),
    )


def test_a_return_of_points_that_its_sale_never_moved_is_quarantined(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    old = journal.sell(person, earn=[100_00])
    sold = journal.sell(person, earn=[10_00])
    journal.take_back(sold, restored=[(old.lots[0], 50_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "not_of_its_sale")
    assert balance(centre, person.account) == 110_00


def test_a_return_that_missed_its_sale_is_woken(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """On PostgreSQL two transactions side by side may not see each other."""
    person, _ = journal.register()
    sold = journal.sell(person, earn=[30_00], kept=0)
    other.take_back(sold, taken=[(sold.lots[0], 10_00)])
    other.push()
    with transaction(centre.engine) as connection:
        connection.execute(text("UPDATE inbox SET outcome = 'asleep' WHERE outcome = 'waiting'"))
    journal.push()
    with transaction(centre.engine) as connection:
        connection.execute(text("UPDATE inbox SET outcome = 'waiting' WHERE outcome = 'asleep'"))

    assert list(ingest.wake(centre, journal.clock.now()).values()) == ["accepted"]

    assert ingest.wake(centre, journal.clock.now()) == {}
    assert kinds(other.push().outcomes) == ["accepted"]
    assert balance(centre, person.account) == 20_00
