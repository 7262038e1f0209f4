"""The journal goes up: oldest first, again until answered, and what it changed stays on show."""

from uuid import UUID

import pytest

from agent.journal import service
from agent.journal import store as journal
from agent.journal.service import NewFact
from agent.link import CentreBusyError, LinkDownError, RefusedByCentreError
from agent.push import Pushed, hear, push
from agent.replica import service as replica
from agent.replica.service import InDoubtError
from shared.crypto.keys import verify
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import FactKind, LeaseGivenBack
from shared.wire.feed import GLOBAL, store_stream, write_segment
from shared.wire.push import (
    BATCH_MAX,
    Cover,
    Outcome,
    OutcomeKind,
    PushAnswer,
    PushBatch,
    head_bytes,
)
from shared.wire.rows import OutcomeRow
from tests.agent.kit import facts, lot_seen, seen, sell
from tests.builders import INCARNATION, Person, PersonLot, Shop, basket, member_row

HERE = store_stream("101")


def answer(
    batch: PushBatch, kind: OutcomeKind = OutcomeKind.ACCEPTED, cover: int | None = None
) -> PushAnswer:
    """The centre's word on every fact of a batch, whose effects are in the rows at `cover`."""
    covers = () if cover is None else (Cover(GLOBAL, cover),)
    outcomes = tuple(Outcome(fact.seq, fact.id, kind, "", None, covers) for fact in batch.facts)
    return PushAnswer(INCARNATION, batch.head.seq + 1, outcomes)


def queue(shop: Shop) -> journal.Queue:
    with reading(shop.station.journal) as connection:
        return journal.queue(connection, [1])


def push_all(shop: Shop) -> None:
    while push(shop.station) is Pushed.SOME:
        pass


def spend_all(shop: Shop) -> tuple[Person, PersonLot]:
    """Let a member spend his whole lease with the line out, then mend it."""
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    shop.member(anna)
    shop.link.up = False
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))
    shop.link.up = True
    return anna, lot


def test_an_empty_journal_sends_nothing(shop: Shop) -> None:
    assert push(shop.station) is Pushed.NOTHING
    assert shop.link.pushed == []


def test_a_batch_ends_in_a_head_that_the_agent_signs(shop: Shop) -> None:
    shop.link.answer_push = answer
    for _ in range(3):
        sell(shop, basket(shop))

    push(shop.station)

    (batch,) = shop.link.pushed
    last = facts(shop)[-1]
    assert (batch.head.seq, batch.head.hash) == (3, last.hash)
    assert verify(shop.station.identity.keys.public, head_bytes(batch.head), batch.signature)
    assert list(batch.facts) == facts(shop)


def test_a_long_journal_goes_in_batches_oldest_first(shop: Shop) -> None:
    shop.link.answer_push = answer
    fill(shop, BATCH_MAX + 3)

    push_all(shop)

    assert [len(batch.facts) for batch in shop.link.pushed] == [BATCH_MAX, 3]
    sent = [fact.seq for batch in shop.link.pushed for fact in batch.facts]
    assert sent == list(range(1, BATCH_MAX + 4))
    assert queue(shop).depth == 0


def test_facts_behind_one_that_is_missing_are_a_batch_of_their_own(shop: Shop) -> None:
    """A head vouches for places in a row; of its past a disk may not have one back whole."""
    shop.link.answer_push = answer
    fill(shop, 5)
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql("DELETE FROM fact WHERE seq = 3")

    push_all(shop)

    assert [[fact.seq for fact in one.facts] for one in shop.link.pushed] == [[1, 2], [4, 5]]
    assert [one.head.seq for one in shop.link.pushed] == [2, 5]


def fill(shop: Shop, count: int) -> None:
    """Write many small facts."""
    now = shop.clock.now()
    with transaction(shop.station.journal) as connection:
        for _ in range(count):
            new = NewFact(FactKind.LEASE_GIVEN_BACK, LeaseGivenBack("test", now))
            service.append(connection, shop.station, new, now)


def test_a_lost_answer_is_sent_again_byte_for_byte(shop: Shop) -> None:
    sell(shop, basket(shop))

    def hear_and_die(batch: PushBatch) -> PushAnswer:
        raise LinkDownError(reason=f"cut after {len(batch.facts)}")

    shop.link.answer_push = hear_and_die
    with pytest.raises(LinkDownError):
        push(shop.station)
    depth = queue(shop).depth
    shop.link.answer_push = answer
    push_all(shop)

    first, second = shop.link.pushed
    assert (depth, first, queue(shop).depth) == (1, second, 0)


def test_facts_written_meanwhile_go_with_the_next_batch(shop: Shop) -> None:
    sell(shop, basket(shop))

    def sell_another(batch: PushBatch) -> PushAnswer:
        shop.link.answer_push = answer
        sell(shop, basket(shop))
        return answer(batch)

    shop.link.answer_push = sell_another
    push_all(shop)

    assert [[fact.seq for fact in batch.facts] for batch in shop.link.pushed] == [[1], [2]]


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_the_centres_word_on_each_fact_is_kept(shop: Shop, kind: OutcomeKind) -> None:
    sell(shop, basket(shop))
    shop.link.answer_push = lambda batch: answer(batch, kind)

    push_all(shop)

    assert queue(shop).outcomes == {kind.value: 1}
    with reading(shop.station.journal) as connection:
        assert journal.outcome_of(connection, facts(shop)[0].id) == (kind.value, "")


def test_a_fact_that_waits_does_not_hold_the_others_up(shop: Shop) -> None:
    shop.link.answer_push = lambda batch: answer(batch, OutcomeKind.WAITING)
    sell(shop, basket(shop))
    push_all(shop)
    shop.link.answer_push = answer
    sell(shop, basket(shop))

    push_all(shop)

    assert queue(shop).outcomes == {"accepted": 1, "waiting": 1}


def test_a_centre_that_was_restored_is_sent_what_it_lacks(shop: Shop) -> None:
    shop.link.answer_push = answer
    for _ in range(3):
        sell(shop, basket(shop))
    push_all(shop)
    sell(shop, basket(shop))
    shop.link.answer_push = lambda batch: (
        answer(batch) if batch.facts[0].seq == 2 else PushAnswer(UUID(int=9), 2, ())
    )

    push_all(shop)

    assert [fact.seq for fact in shop.link.pushed[-1].facts] == [2, 3, 4]
    assert queue(shop).depth == 0


def test_a_spend_stays_on_show_after_the_acknowledgement_until_the_rows_cover_it(
    shop: Shop,
) -> None:
    anna, lot = spend_all(shop)
    cover = shop.numbers[GLOBAL] + 1
    shop.link.answer_push = lambda batch: answer(batch, cover=cover)

    push_all(shop)
    acknowledged = lot_seen(shop, anna, lot).amount
    shop.feed(GLOBAL, member_row(anna))
    covered = lot_seen(shop, anna, lot).amount

    assert shop.numbers[GLOBAL] == cover
    assert (acknowledged, covered) == (0, 50_000)
    assert lot_seen(shop, anna, lot).here == 0


def test_what_a_fact_changed_shows_again_when_the_replica_goes_back(shop: Shop) -> None:
    anna, lot = spend_all(shop)
    cover = shop.numbers[GLOBAL]
    shop.link.answer_push = lambda batch: answer(batch, cover=cover)
    push_all(shop)
    covered = lot_seen(shop, anna, lot).amount

    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql("UPDATE cursor SET number = number - 1 WHERE stream = 'global'")

    assert (covered, lot_seen(shop, anna, lot).amount) == (50_000, 0)


@pytest.mark.parametrize(
    "kind", [OutcomeKind.WAITING, OutcomeKind.QUARANTINED, OutcomeKind.DAMAGED]
)
def test_what_the_centre_has_not_posted_stays_on_show(shop: Shop, kind: OutcomeKind) -> None:
    anna, lot = spend_all(shop)
    shop.link.answer_push = lambda batch: answer(batch, kind, cover=1)

    push_all(shop)
    shop.feed(GLOBAL, member_row(anna))

    assert lot_seen(shop, anna, lot).amount == 0
    assert seen(shop, anna).receipts == 1


def test_what_a_restored_centre_has_lost_shows_again(shop: Shop) -> None:
    anna, lot = spend_all(shop)
    shop.link.answer_push = lambda batch: answer(batch, cover=1)
    push_all(shop)
    covered = lot_seen(shop, anna, lot).amount
    sell(shop, basket(shop))
    shop.link.answer_push = lambda batch: (
        PushAnswer(UUID(int=9), 1, ()) if batch.facts[0].seq == 2 else answer(batch, cover=10**6)
    )

    push_all(shop)

    assert (covered, lot_seen(shop, anna, lot).amount) == (50_000, 0)


def test_while_a_push_is_in_doubt_the_global_stream_is_not_applied(shop: Shop) -> None:
    anna, lot = spend_all(shop)
    number = shop.numbers[GLOBAL]

    def cut(_batch: PushBatch) -> PushAnswer:
        raise LinkDownError(reason="cut")

    shop.link.answer_push = cut
    with pytest.raises(LinkDownError):
        push(shop.station)
    piece = write_segment(GLOBAL, INCARNATION, number + 1, number + 1, [])
    with pytest.raises(InDoubtError):
        replica.apply(shop.station, piece)
    shop.lease(anna, lot, 60_000)
    shop.link.answer_push = answer
    push_all(shop)

    assert replica.apply(shop.station, piece) == number + 1


def test_a_new_process_is_in_doubt_until_the_centre_has_answered(shop: Shop) -> None:
    number = shop.numbers[GLOBAL]
    piece = write_segment(GLOBAL, INCARNATION, number + 1, number + 1, [])
    shop.restart()

    with pytest.raises(InDoubtError):
        replica.apply(shop.station, piece)
    push_all(shop)

    assert replica.apply(shop.station, piece) == number + 1


def test_a_centre_that_had_no_place_for_a_push_leaves_no_doubt(shop: Shop) -> None:
    sell(shop, basket(shop))

    def busy(_batch: PushBatch) -> PushAnswer:
        raise CentreBusyError(retry_after_s=1.0)

    shop.link.answer_push = busy
    with pytest.raises(CentreBusyError):
        push(shop.station)

    assert not shop.station.doubt.open
    assert queue(shop).depth == 1


def test_a_refusal_keeps_the_facts(shop: Shop) -> None:
    sell(shop, basket(shop))

    def refuse(_batch: PushBatch) -> PushAnswer:
        raise RefusedByCentreError(status=403, refusal="fenced", reason="Fenced.")

    shop.link.answer_push = refuse
    with pytest.raises(RefusedByCentreError):
        push(shop.station)

    assert queue(shop).depth == 1


def test_words_on_a_branch_stay_though_the_centre_expects_an_older_number(shop: Shop) -> None:
    """The centre follows another line: what it expects is that one's, and it has these facts."""
    sell(shop, basket(shop))
    shop.link.answer_push = answer
    push(shop.station)
    sell(shop, basket(shop))
    shop.link.answer_push = lambda batch: PushAnswer(INCARNATION, 1, answer(batch).outcomes)

    push(shop.station)

    assert queue(shop).depth == 0
    with reading(shop.station.journal) as connection:
        told = connection.exec_driver_sql("SELECT count(*) FROM ack").scalar_one()
    assert told == len(facts(shop))


# Later words


def open_facts(shop: Shop, count: int) -> list[UUID]:
    """Facts that the centre lets wait, the oldest first."""
    shop.link.answer_push = lambda batch: answer(batch, OutcomeKind.WAITING)
    for _ in range(count):
        shop.clock.move(seconds=1)
        sell(shop, basket(shop))
    push_all(shop)
    return [fact.id for fact in facts(shop)]


def word_on(shop: Shop, fact: UUID) -> str:
    with reading(shop.station.journal) as connection:
        found = journal.outcome_of(connection, fact)
    assert found is not None
    return found[0]


def test_a_later_word_is_heard_however_many_there_were_before(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    *old, new = open_facts(shop, 3)
    monkeypatch.setattr("agent.push.LATER_WORDS_MAX", 2)
    shop.feed(HERE, *(OutcomeRow(fact, OutcomeKind.QUARANTINED, "") for fact in old))
    hear(shop.station)

    shop.feed(HERE, OutcomeRow(new, OutcomeKind.ACCEPTED, ""))

    assert hear(shop.station) == 1
    assert word_on(shop, new) == "accepted"


def test_words_that_were_heard_keep_no_till_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fact,) = open_facts(shop, 1)
    shop.feed(HERE, OutcomeRow(fact, OutcomeKind.ACCEPTED, "", (Cover(GLOBAL, 7),)))
    assert hear(shop.station) == 1
    monkeypatch.setattr("agent.push.transaction", None)

    assert hear(shop.station) == 0


def test_a_later_word_that_overtakes_the_answer_to_its_push_is_heard(shop: Shop) -> None:
    """The rows come on a line of their own; after them nothing may come for hours."""
    sell(shop, basket(shop))
    (fact,) = facts(shop)

    def late(batch: PushBatch) -> PushAnswer:
        shop.feed(HERE, OutcomeRow(fact.id, OutcomeKind.ACCEPTED, "", (Cover(GLOBAL, 7),)))
        hear(shop.station)
        return answer(batch, OutcomeKind.WAITING)

    shop.link.answer_push = late
    push(shop.station)

    assert word_on(shop, fact.id) == "accepted"


def test_the_same_word_with_another_cover_is_heard(shop: Shop) -> None:
    """As when a restored centre posts a fact again."""
    (fact,) = open_facts(shop, 1)
    for number in (7, 9):
        shop.feed(HERE, OutcomeRow(fact, OutcomeKind.ACCEPTED, "", (Cover(GLOBAL, number),)))
        assert hear(shop.station) == 1
