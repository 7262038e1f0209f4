"""An epoch that lost its place spends no lease, sells on, and is followed by the next one."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DatabaseError

from agent import epochs
from agent import identity as identities
from agent.commit.service import commit
from agent.jobs import Jobs
from agent.leases import service as leases
from agent.leases.service import Want
from agent.link import LinkDownError, RefusedByCentreError
from agent.meeting import meet
from agent.push import Pushed, push
from agent.quote.shortage import OverLeaseError
from agent.station import FENCED
from shared.crypto.keys import verify
from shared.receipt import Redeem
from shared.runtime.sqlite import transaction
from shared.wire.agents import EpochAnswer, EpochRequest, LeaseAnswer, LeaseRaise
from shared.wire.facts import decode_envelope
from shared.wire.push import Outcome, OutcomeKind, PushAnswer, PushBatch, head_bytes
from shared.wire.reports import AgentReport
from tests.agent.kit import claim, facts, last_envelope, lot_seen, paid, sell
from tests.builders import INCARNATION, Person, PersonLot, Shop, basket, lease_row
from tests.fakes import NOON, FakeClock, refusal

LEASED = 50_000
BLOCK = 77

pytestmark = pytest.mark.usefixtures("_enrolled")


@pytest.fixture
def _enrolled(shop: Shop) -> None:
    identities.save(shop.station.data_dir, shop.station.identity)
    shop.link.answer_epoch = begin
    shop.link.answer_push = accept


@pytest.fixture
def lot() -> PersonLot:
    return PersonLot(LEASED, leased=LEASED)


@pytest.fixture
def anna(shop: Shop, lot: PersonLot) -> Person:
    person = Person(lot)
    shop.member(person)
    return person


def begin(request: EpochRequest) -> EpochAnswer:
    return EpochAnswer(request.epoch + 1, BLOCK)


def accept(batch: PushBatch) -> PushAnswer:
    """Take a batch as a centre does that knows nothing of a bar."""
    outcomes = tuple(
        Outcome(fact.seq, fact.id, OutcomeKind.ACCEPTED, "", None, ()) for fact in batch.facts
    )
    return PushAnswer(INCARNATION, batch.head.seq + 1, outcomes)


def bar(shop: Shop, reason: str = "restored") -> None:
    epochs.bar(shop.station, reason, shop.clock.now())


def test_a_journal_that_is_shorter_than_the_centre_knows_is_barred(shop: Shop) -> None:
    sell(shop, basket(shop))
    shop.link.expects = 2
    meet(shop.station)
    as_long = shop.station.barred

    shop.link.expects = 3
    meet(shop.station)

    assert (as_long, shop.station.barred) == ("", epochs.BEHIND)


@pytest.mark.parametrize("reason", ["forked", "written_off"])
def test_a_session_that_names_a_bar_is_obeyed(shop: Shop, reason: str) -> None:
    shop.link.barred = reason

    meet(shop.station)

    assert shop.station.barred == reason


def test_an_answer_to_a_push_that_names_a_bar_is_obeyed(shop: Shop) -> None:
    sell(shop, basket(shop))
    shop.link.answer_push = lambda batch: PushAnswer(INCARNATION, 2, accept(batch).outcomes, "fork")

    push(shop.station)

    assert shop.station.barred == "fork"


def test_what_is_said_of_another_epoch_bars_nothing(shop: Shop) -> None:
    epochs.heed(shop.station, 2, expects=9, barred="forked")

    assert not shop.station.barred


def test_a_fenced_agent_is_barred_and_asks_for_no_epoch(shop: Shop) -> None:
    sell(shop, basket(shop))
    push(shop.station)
    shop.link.refuses = FENCED
    with pytest.raises(RefusedByCentreError):
        meet(shop.station)

    push(shop.station)
    push(shop.station)

    assert shop.station.barred == FENCED
    assert shop.link.begun == []
    assert [batch.head.seq for batch in shop.link.pushed] == [1, 1]


def test_a_barred_agent_quotes_what_it_may_draw_itself(shop: Shop, lot: PersonLot) -> None:
    """It gets no leases: a quote over all points of the chain could never be paid."""
    anna = Person(lot)
    shop.member(anna)
    bar(shop, FENCED)

    held = claim(shop, basket(shop, member=anna, redeem=Redeem.MAXIMUM))

    assert held.evaluation.redemption.redeemed == 0
    assert shop.link.asked == []


class AnHour(FakeClock):
    """A clock that counts the waits of a loop and ends it after an hour."""

    waits = 0
    jobs: Jobs

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.waits += 1
        if super().now() + timedelta(seconds=timeout_s) > NOON + timedelta(hours=1):
            self.jobs.stopping.set()
        return super().wait(event, timeout_s)


@pytest.mark.parametrize(("reason", "least", "most"), [(FENCED, 60, 240), ("busy", 600, 3600)])
def test_a_fenced_agent_asks_ever_less_often(
    shop: Shop, reason: str, least: int, most: int
) -> None:
    sell(shop, basket(shop))
    push(shop.station)
    clock = AnHour()
    shop.station = replace(shop.station, clock=clock)
    clock.jobs = Jobs(shop.station)
    shop.link.refuses = reason

    clock.jobs._pull()

    assert least < clock.waits < most


def test_a_fenced_agent_tells_ever_less_often_how_it_is(shop: Shop) -> None:
    clock, tries = AnHour(), list[AgentReport]()
    shop.station = replace(shop.station, clock=clock)
    clock.jobs = Jobs(shop.station)
    bar(shop, FENCED)

    def refused(report: AgentReport) -> None:
        tries.append(report)
        raise refusal(FENCED)

    shop.link.tell = refused  # type: ignore[method-assign]
    clock.jobs._report()

    assert 60 < len(tries) < 240


def test_being_fenced_outweighs_an_earlier_bar_and_no_other_does(shop: Shop) -> None:
    bar(shop, "restored")
    bar(shop, "forked")
    first = shop.station.barred
    bar(shop, FENCED)
    bar(shop, "restored")

    assert (first, shop.station.barred) == ("restored", FENCED)


@pytest.mark.parametrize("reason", ["restored", FENCED])
def test_a_bar_that_the_disk_did_not_take_counts_and_is_written_when_it_is_told_again(
    shop: Shop, reason: str
) -> None:
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON bar BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(DatabaseError):
        bar(shop, reason)
    counts = shop.station.barred
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql("DROP TRIGGER full")

    bar(shop, "behind")
    shop.restart()

    assert counts == reason
    assert shop.station.barred == (FENCED if reason == FENCED else "behind")


@pytest.mark.parametrize("reason", ["restored", FENCED])
def test_a_bar_outlives_the_process(shop: Shop, reason: str) -> None:
    bar(shop, reason)

    shop.restart()

    assert shop.station.barred == reason


def test_a_barred_epoch_spends_no_lease_and_asks_for_none_but_sells(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    bar(shop)

    with pytest.raises(OverLeaseError):
        claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=1_00))
    sell(shop, basket(shop, member=anna))

    assert (lot_seen(shop, anna, lot).amount, lot_seen(shop, anna, lot).here) == (LEASED, 0)
    assert shop.link.asked == []
    assert last_envelope(shop).moves == ()


def test_births_of_a_barred_epoch_keep_nothing_though_the_line_is_out(
    shop: Shop, anna: Person
) -> None:
    shop.link.up = False
    sell(shop, basket(shop, member=anna))
    free = [birth.kept for birth in last_envelope(shop).births]
    bar(shop)

    sell(shop, basket(shop, member=anna))

    born = last_envelope(shop).births
    assert all(free)
    assert born
    assert not any(birth.kept for birth in born)


def test_the_next_epoch_begins_under_a_new_key_without_leases(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    old = shop.station.identity
    bar(shop)

    push(shop.station)

    who = shop.station.identity
    ((request, signed_by),) = shop.link.begun
    assert request == EpochRequest(old.agent, 1, who.keys.public, "restored")
    assert signed_by == old.keys
    assert who.keys.public != old.keys.public
    assert (who.epoch, who.card_block, who.former) == (2, BLOCK, {1: old.keys})
    assert shop.link.speaks_for == (2, who.keys)
    assert not shop.station.barred
    assert lot_seen(shop, anna, lot).here == 0


def test_what_the_centre_leases_to_the_new_epoch_is_spent(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    bar(shop)
    push(shop.station)

    shop.feed("store:101", lease_row(shop, anna, lot, 30_000, epoch=2))

    assert lot_seen(shop, anna, lot).here == 30_000


def test_an_epoch_that_is_not_barred_goes_on(shop: Shop) -> None:
    push(shop.station)

    assert not epochs.renew(shop.station)
    assert shop.station.identity.epoch == 1
    assert shop.link.begun == []


def test_the_next_epoch_waits_for_open_receipts_that_hold_points(shop: Shop, anna: Person) -> None:
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=10_000))
    bar(shop)
    waited = epochs.renew(shop.station)

    commit(shop.station, paid(shop, held), shop.clock.now())

    assert (waited, epochs.renew(shop.station)) == (False, True)
    assert [move.drawn for move in last_envelope(shop).moves] == [10_000]


def test_everything_of_the_old_epoch_is_sent_before_the_next_begins(shop: Shop) -> None:
    sell(shop, basket(shop))
    bar(shop)
    push(shop.station)
    asked = len(shop.link.begun)

    push(shop.station)

    assert (asked, len(shop.link.begun)) == (0, 1)


def test_facts_of_the_old_epoch_are_signed_by_its_own_key(shop: Shop) -> None:
    old = shop.station.identity.keys
    sell(shop, basket(shop))
    bar(shop)
    epochs.renew(shop.station)
    sell(shop, basket(shop))

    push(shop.station)
    push(shop.station)

    first, second = shop.link.pushed
    assert (first.head.epoch, second.head.epoch) == (1, 2)
    assert verify(old.public, head_bytes(first.head), first.signature)
    assert verify(shop.station.identity.keys.public, head_bytes(second.head), second.signature)


def test_the_clock_goes_on_over_epochs_though_the_machines_went_back(shop: Shop) -> None:
    sell(shop, basket(shop))
    bar(shop)
    epochs.renew(shop.station)
    shop.clock.move(hours=-5)

    sell(shop, basket(shop))

    (old,), (new,) = facts(shop, 1), facts(shop, 2)
    assert new.seq == 1
    assert new.hlc > old.hlc


def test_an_ask_of_an_ended_epoch_is_ended_and_gives_nothing_back(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.link.answer_ask = lambda _ask: LeaseAnswer(
        (LeaseRaise(lot.row.id, anna.account, LEASED + 1_000, 1_000),), 0, 0
    )
    leases.ask(shop.station, shop.uid(), [Want(anna.account, 1_000)], shop.clock.now())
    bar(shop)
    epochs.renew(shop.station)

    leases.cancel_orphans(shop.station, set(), shop.clock.now())

    (fact,) = facts(shop, 2)
    envelope = decode_envelope(fact.envelope)
    assert envelope.ends == (shop.link.asked[0].ask,)
    assert envelope.moves == ()


def test_an_ended_epoch_gives_back_nothing_that_is_wanted_of_it(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.lease(anna, lot, LEASED, wanted_back=10_000)
    bar(shop)
    epochs.renew(shop.station)

    assert leases.give_back(shop.station, shop.clock.now()) == 0
    assert facts(shop, 2) == []


def heard_but_lost(_request: EpochRequest) -> EpochAnswer:
    raise LinkDownError(reason="cut")


def test_after_a_lost_answer_the_same_key_is_asked_for_again(shop: Shop) -> None:
    bar(shop)
    shop.link.answer_epoch = heard_but_lost
    with pytest.raises(LinkDownError):
        epochs.renew(shop.station)
    before = shop.station.identity.epoch
    shop.restart()
    shop.link.answer_epoch = begin

    assert epochs.renew(shop.station)

    (first, _), (second, _) = shop.link.begun
    assert (before, shop.station.identity.epoch) == (1, 2)
    assert first == second


class DiedError(Exception):
    """The process ends here."""


def die_asking(_request: EpochRequest) -> EpochAnswer:
    raise DiedError


def die_after_the_centre(shop: Shop) -> None:
    """The centre has answered; the identity's file cannot be written."""
    shop.station.data_dir.joinpath("identity.new").mkdir()
    with pytest.raises(OSError, match=r"identity\.new"):
        epochs.renew(shop.station)
    shop.station.data_dir.joinpath("identity.new").rmdir()


def die_after_the_key(shop: Shop) -> None:
    shop.link.answer_epoch = die_asking
    with pytest.raises(DiedError):
        epochs.renew(shop.station)
    shop.link.answer_epoch = begin


def die_before_the_switch(shop: Shop) -> None:
    """The identity is on disk; the process that wrote it has never worked with it."""
    old = shop.station.identity
    epochs.renew(shop.station)
    shop.station.identity = old


@pytest.mark.parametrize("die", [die_after_the_key, die_after_the_centre, die_before_the_switch])
def test_a_process_that_dies_between_the_steps_is_taken_up(
    shop: Shop, die: Callable[[Shop], None]
) -> None:
    first = shop.station.identity.keys
    sell(shop, basket(shop))
    bar(shop)
    die(shop)

    shop.restart()
    push(shop.station)
    push(shop.station)

    who = shop.station.identity
    assert (who.epoch, who.card_block, who.former, shop.station.barred) == (
        2,
        BLOCK,
        {1: first},
        "",
    )
    assert {request.public_key for request, _ in shop.link.begun} == {who.keys.public}
    (batch,) = shop.link.pushed
    assert (batch.head.epoch, batch.head.seq) == (1, 1)


def refusing(code: str) -> Callable[[EpochRequest], EpochAnswer]:
    def refuse(_request: EpochRequest) -> EpochAnswer:
        raise refusal(code)

    return refuse


def test_who_comes_too_late_for_the_next_epoch_is_fenced(shop: Shop) -> None:
    bar(shop)
    shop.link.answer_epoch = refusing(FENCED)

    with pytest.raises(RefusedByCentreError):
        epochs.renew(shop.station)

    assert shop.station.barred == FENCED
    assert shop.station.identity.epoch == 1


def test_another_refusal_leaves_the_bar_as_it_is(shop: Shop) -> None:
    bar(shop)
    shop.link.answer_epoch = refusing("bad_key")

    with pytest.raises(RefusedByCentreError):
        epochs.renew(shop.station)

    assert shop.station.barred == "restored"


def test_a_restored_centre_that_forgot_the_epoch_is_asked_for_it_again(shop: Shop) -> None:
    old = shop.station.identity.keys
    bar(shop)
    epochs.renew(shop.station)
    shop.link.begun.clear()
    shop.link.refuses = epochs.UNKNOWN

    with pytest.raises(RefusedByCentreError):
        meet(shop.station)

    ((request, signed_by),) = shop.link.begun
    who = shop.station.identity
    assert (request.epoch, request.public_key, signed_by) == (1, who.keys.public, old)


def test_a_copy_whose_epoch_another_one_has_at_a_restored_centre_is_fenced_and_sends_all(
    shop: Shop,
) -> None:
    old = shop.station.identity.keys
    sell(shop, basket(shop))
    push(shop.station)
    bar(shop)
    epochs.renew(shop.station)
    sell(shop, basket(shop))
    shop.link.refuses, shop.link.answer_epoch = epochs.UNKNOWN, refusing(FENCED)

    with pytest.raises(RefusedByCentreError):
        meet(shop.station)

    assert (shop.station.is_fenced, shop.link.speaks_for) == (True, (2, old))
    shop.link.pushed.clear()
    while push(shop.station) is Pushed.SOME:
        pass
    heads = [(batch.head.epoch, batch.head.seq) for batch in shop.link.pushed]
    assert heads == [(1, 1), (2, 1)]
    last = shop.link.pushed[-1]
    assert verify(old.public, head_bytes(last.head), last.signature)


def test_an_agent_of_the_first_epoch_has_no_key_to_ask_again_with(shop: Shop) -> None:
    shop.link.refuses = epochs.UNKNOWN

    with pytest.raises(RefusedByCentreError):
        meet(shop.station)

    assert shop.link.begun == []
    assert not shop.station.barred
