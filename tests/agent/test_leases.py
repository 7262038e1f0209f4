"""Leases: asked for on shortage, given back through the journal alone, spent once."""

from collections.abc import Callable, Iterator
from contextlib import closing
from sqlite3 import Connection
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from agent.commit.service import commit
from agent.journal import store as journal
from agent.leases import service as leases
from agent.leases import store as holds
from agent.leases.service import Want
from agent.link import LinkDownError, RefusedByCentreError
from agent.operations import cancel_receipt
from agent.quote.shortage import OverLeaseError
from agent.replica import store as rows
from agent.reserve import service as reserving
from agent.reserve.service import ReceiptEndedError
from agent.reserve.store import Claim
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LeaseAnswer, LeaseAsk, LeaseRaise
from shared.wire.facts import LeaseAsked, body_of, decode_envelope
from shared.wire.feed import store_stream
from tests.agent.kit import (
    asks_open,
    claim,
    drawn,
    facts,
    kinds,
    last_envelope,
    lot_seen,
    paid,
    sell,
)
from tests.builders import STORE, Person, PersonLot, Shop, basket, lease_row

WANTED = 50_000
OTHERS = 400
"""A piece of a stream has no more rows."""


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("leases")).open()
    made.link.up = False
    yield made
    made.close()


@pytest.fixture
def lot() -> PersonLot:
    return PersonLot(WANTED, leased=20_000)


@pytest.fixture
def anna(shop: Shop, lot: PersonLot) -> Person:
    person = Person(lot)
    shop.member(person)
    return person


def given_by_centre(
    who: Person, lot: PersonLot, granted: int, given: int
) -> Callable[[LeaseAsk], LeaseAnswer]:
    raised = LeaseRaise(lot.row.id, who.account, granted, given)
    return lambda _ask: LeaseAnswer((raised,), 0, 0)


def nothing(_ask: LeaseAsk) -> LeaseAnswer:
    return LeaseAnswer((), 0, 0)


def cut(_ask: LeaseAsk) -> LeaseAnswer:
    raise LinkDownError(reason="cut")


def refuse(_ask: LeaseAsk) -> LeaseAnswer:
    raise RefusedByCentreError(status=403, refusal="fenced", reason="Fenced.")


def cancel(shop: Shop, held: Claim) -> None:
    with transaction(shop.station.journal) as connection:
        reserving.cancel(connection, shop.station, held.receipt.uid, shop.clock.now())


def test_what_the_store_has_needs_no_ask(shop: Shop, anna: Person) -> None:
    claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))

    assert shop.link.asked == []
    assert kinds(shop) == []


def test_an_ask_is_a_durable_fact_before_it_is_sent(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    known: list[LeaseAsked] = []

    def answer(ask: LeaseAsk) -> LeaseAnswer:
        body = body_of(facts(shop)[-1])
        assert isinstance(body, LeaseAsked)
        known.append(body)
        return given_by_centre(anna, lot, WANTED, 30_000)(ask)

    shop.link.answer_ask = answer
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))

    (asked,) = shop.link.asked
    assert [(body.ask, body.receipt, body.amount) for body in known] == [
        (asked.ask, held.receipt.uid, 30_000)
    ]


def test_an_answer_raises_what_may_be_spent_before_the_rows_come(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.answer_ask = given_by_centre(anna, lot, WANTED, 30_000)

    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))
    commit(shop.station, paid(shop, held), shop.clock.now())

    assert drawn(shop, [lot]) == WANTED
    assert kinds(shop) == ["lease.asked", "receipt.committed"]
    assert last_envelope(shop).ends == (shop.link.asked[0].ask,)
    assert asks_open(shop) == []


@pytest.mark.parametrize("answer", [nothing, cut, refuse])
def test_an_ask_that_brings_nothing_falls_back_to_what_the_store_has(
    shop: Shop, anna: Person, lot: PersonLot, answer: Callable[[LeaseAsk], LeaseAnswer]
) -> None:
    shop.link.answer_ask = answer
    wanted = basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED)

    with pytest.raises(OverLeaseError) as refused:
        claim(shop, wanted)

    assert refused.value.details["available_points"] == 20_000
    rest = "когда они освободятся." if shop.link.up else "когда появится связь."
    assert refused.value.sentence("ru").endswith(rest)
    assert kinds(shop) == ["lease.asked", "receipt.cancelled"]
    assert asks_open(shop) == []
    assert lot_seen(shop, anna, lot).here == 20_000


def test_while_holders_give_back_the_same_ask_is_sent_again_for_a_bounded_time(
    shop: Shop, anna: Person
) -> None:
    shop.link.answer_ask = lambda _ask: LeaseAnswer((), 30_000, 30_000)
    begun = shop.clock.now()

    with pytest.raises(OverLeaseError):
        claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))

    waited_s = (shop.clock.now() - begun).total_seconds()
    assert len({asked.ask for asked in shop.link.asked}) == 1
    assert len(shop.link.asked) > 5
    assert waited_s <= shop.station.settings.recall_timeout_s + leases.RECALL_POLL_S
    assert kinds(shop).count("lease.asked") == 1


def test_a_recall_that_succeeds_serves_the_receipt(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    answers = iter([LeaseAnswer((), 30_000, 30_000)] * 3)

    def answer(ask: LeaseAsk) -> LeaseAnswer:
        return next(answers, None) or given_by_centre(anna, lot, WANTED, 30_000)(ask)

    shop.link.answer_ask = answer
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))

    assert held.evaluation.redemption.redeemed == WANTED


def test_a_cancelled_receipt_gives_back_what_its_ask_brought(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.answer_ask = given_by_centre(anna, lot, WANTED, 30_000)
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))

    cancel(shop, held)

    envelope = last_envelope(shop)
    assert kinds(shop) == ["lease.asked", "receipt.cancelled"]
    assert [(move.drawn, move.given_back) for move in envelope.moves] == [(0, 30_000)]
    assert envelope.ends == (shop.link.asked[0].ask,)
    assert lot_seen(shop, anna, lot).here == 20_000
    assert asks_open(shop) == []


def test_a_cancelled_receipt_that_never_asked_is_no_fact(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))

    cancel(shop, held)

    assert kinds(shop) == []
    assert lot_seen(shop, anna, lot).here == 20_000


def test_a_receipt_that_is_cancelled_while_it_asks_is_not_reserved_after_all(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    """The till has waited for long enough, and gives up before the centre has answered."""
    wanted = basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED)
    give = given_by_centre(anna, lot, WANTED, 30_000)

    def answer(asked: LeaseAsk) -> LeaseAnswer:
        cancel_receipt(shop.station, wanted.uid, shop.uid(), b"content", shop.clock.now())
        return give(asked)

    shop.link.answer_ask = answer

    with pytest.raises(ReceiptEndedError):
        claim(shop, wanted)

    assert asks_open(shop) == []
    assert lot_seen(shop, anna, lot).held == 0
    with pytest.raises(ReceiptEndedError):
        claim(shop, wanted)


def test_cancelling_does_not_give_back_what_another_receipt_has_spent(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.answer_ask = given_by_centre(anna, lot, WANTED, 30_000)
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))
    with transaction(shop.station.journal) as connection:
        holds.release(connection, held.receipt.uid)
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=45_000))

    cancel(shop, held)

    assert [move.given_back for move in last_envelope(shop).moves] == [5_000]
    assert lot_seen(shop, anna, lot).here == 0


def test_an_ask_whose_receipt_was_never_reserved_ends_at_the_next_start(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.answer_ask = given_by_centre(anna, lot, WANTED, 30_000)
    receipt = shop.uid()
    leases.ask(shop.station, receipt, [Want(anna.account, 30_000)], shop.clock.now())
    shop.restart()

    ended = leases.cancel_orphans(shop.station, set(), shop.clock.now())

    assert ended == 1
    assert [move.given_back for move in last_envelope(shop).moves] == [30_000]
    assert leases.cancel_orphans(shop.station, set(), shop.clock.now()) == 0


def test_the_ask_of_a_reserved_receipt_stays_open_over_a_restart(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.answer_ask = given_by_centre(anna, lot, WANTED, 30_000)
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=WANTED))
    shop.restart()

    ended = leases.cancel_orphans(shop.station, {held.receipt.uid}, shop.clock.now())

    assert ended == 0
    assert asks_open(shop) == [held.receipt.uid]


def test_what_the_centre_wants_back_is_given_once(shop: Shop, anna: Person, lot: PersonLot) -> None:
    shop.lease(anna, lot, 20_000, wanted_back=15_000)

    given = [leases.give_back(shop.station, shop.clock.now()) for _ in range(2)]

    assert given == [15_000, 0]
    assert kinds(shop) == ["lease.given_back"]
    assert lot_seen(shop, anna, lot).here == 5_000


def test_no_more_is_given_back_than_is_left(shop: Shop, anna: Person, lot: PersonLot) -> None:
    shop.link.up = False
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=18_000))
    shop.lease(anna, lot, 20_000, wanted_back=15_000)

    given = leases.give_back(shop.station, shop.clock.now())

    assert given == 2_000
    assert lot_seen(shop, anna, lot).here == 0


def test_what_an_open_receipt_holds_is_not_given_back(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=18_000))
    shop.lease(anna, lot, 20_000, wanted_back=15_000)

    given = leases.give_back(shop.station, shop.clock.now())
    commit(shop.station, paid(shop, held), shop.clock.now())

    assert given == 2_000
    assert drawn(shop, [lot]) == 18_000


def test_leases_of_another_epoch_are_not_spent(shop: Shop, lot: PersonLot) -> None:
    anna = Person(PersonLot(WANTED))
    shop.member(anna)
    shop.feed(store_stream(STORE), lease_row(shop, anna, lot, WANTED, epoch=2))

    assert lot_seen(shop, anna, lot).here == 0


def test_a_replica_that_goes_back_makes_nothing_spendable_twice(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.up = False
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))

    shop.lease(anna, lot, 10_000)

    assert lot_seen(shop, anna, lot).here == 0
    shop.lease(anna, lot, 20_000)
    assert lot_seen(shop, anna, lot).here == 0


class Play:
    """One lot in one store, and everything that can happen to its lease there."""

    def __init__(self, shop: Shop) -> None:
        number = shop.next_number()
        self.shop = shop
        self.begun = len(facts(shop)) + 1
        self.lot = PersonLot(1_000_000, number=number)
        self.who = Person(self.lot, number=number)
        self.granted = 0
        self.open: list[Claim] = []
        shop.member(self.who)
        self.grant(30_000)

    def grant(self, size: int) -> None:
        self.granted = max(self.granted, size)
        self.shop.lease(self.who, self.lot, self.granted)

    def replica_goes_back(self, size: int) -> None:
        self.shop.lease(self.who, self.lot, min(size, self.granted))

    def recall(self, size: int) -> None:
        self.shop.lease(self.who, self.lot, self.granted, wanted_back=size)
        leases.give_back(self.shop.station, self.shop.clock.now())

    def reserve(self, size: int) -> None:
        points = size // 100 * 100
        wanted = basket(self.shop, member=self.who, redeem=Redeem.MAXIMUM, points=points)
        self.open.append(claim(self.shop, wanted))

    def commit(self, _size: int) -> None:
        if self.open:
            commit(self.shop.station, paid(self.shop, self.open.pop()), self.shop.clock.now())

    def sell(self, size: int) -> None:
        self.reserve(size)
        self.commit(size)

    def cancel(self, _size: int) -> None:
        if self.open:
            cancel(self.shop, self.open.pop(0))

    def restart(self, _size: int) -> None:
        self.shop.restart()
        self.shop.station.doubt.open = False

    def close(self) -> None:
        """Cancel what is still open, or the store would run out of reserves."""
        while self.open:
            self.cancel(0)

    @property
    def taken(self) -> int:
        """What has left the lease, and what open receipts hold of it."""
        held = sum(one.evaluation.redemption.redeemed for one in self.open)
        with reading(self.shop.station.journal) as connection:
            agent = self.shop.station.identity.agent
            told = journal.facts_from(connection, agent, 1, self.begun, 100)
        moves = [move for fact in told for move in decode_envelope(fact.envelope).moves]
        gone = sum(move.drawn + move.given_back for move in moves if move.lot == self.lot.row.id)
        return gone + held


STEPS = some.sampled_from(
    ["grant", "replica_goes_back", "recall", "reserve", "commit", "sell", "cancel", "restart"]
)


@settings(max_examples=25, deadline=None)
@given(steps=some.lists(some.tuples(STEPS, some.integers(0, 80_000)), min_size=8, max_size=16))
def test_never_more_than_was_ever_granted_leaves_a_lease(
    lasting: Shop, steps: list[tuple[str, int]]
) -> None:
    play = Play(lasting)

    with closing(play):
        for step, size in steps:
            getattr(play, step)(size)

            assert play.taken <= play.granted


def test_leases_of_others_cost_a_sale_nothing(shop: Shop, anna: Person, lot: PersonLot) -> None:
    def steps() -> int:
        """Count what SQLite does for her leases."""
        taken = 0

        def count() -> None:
            nonlocal taken
            taken += 1

        with reading(shop.station.replica) as connection:
            driver = cast("Connection", connection.connection.dbapi_connection)
            driver.set_progress_handler(count, 1)
            found = rows.leases(connection, [anna.account])
            driver.set_progress_handler(None, 1)
        assert [row.lot for row in found] == [lot.row.id]
        return taken

    before = steps()
    others = [Person(number=number) for number in range(2, OTHERS + 2)]
    lots = [PersonLot(1_00, number=other.account.int) for other in others]
    told = [lease_row(shop, *one, granted=1_00) for one in zip(others, lots, strict=True)]
    shop.feed(store_stream(STORE), *told)

    assert steps() <= before * 2
