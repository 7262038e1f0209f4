"""Send the journal to the centre: oldest first, and again until it answers."""

from collections.abc import Sequence
from enum import Enum, auto

import structlog
from msgspec import structs
from sqlalchemy import Connection

from agent import epochs, lives
from agent.journal import store
from agent.link import CentreBusyError, RefusedByCentreError
from agent.replica import store as replica
from agent.station import Identity, Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import Fact
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.push import (
    BATCH_BYTES_MAX,
    BATCH_MAX,
    Cover,
    Head,
    Outcome,
    OutcomeKind,
    PushAnswer,
    PushBatch,
    head_bytes,
)
from shared.wire.rows import OutcomeRow

LATER_WORDS_MAX = 10_000

log = structlog.get_logger()


class Pushed(Enum):
    """What one step of the push has done."""

    NOTHING = auto()
    """Every fact has the centre's word."""
    SOME = auto()
    """A batch was answered; there may be more."""


def push(station: Station) -> Pushed:
    """Send one batch and write down what the centre says of each fact.

    When everything is sent, a barred epoch is followed by the next. Raises LinkDownError when it is
    not known whether the centre has heard, RefusedByCentreError when it refused; the facts stay and
    are sent again, which is safe.
    """
    sent = _send_next(station)
    if sent is None:
        epochs.renew(station)
        return Pushed.NOTHING
    batch, answer = sent
    lives.hear_of(station, answer)
    epochs.heed(station, batch.head.epoch, answer.expects, answer.barred)
    _hear_of(station, answer)
    log.info("push.answered", facts=len(batch.facts), outcomes=len(answer.outcomes))
    station.events.publish("push.answered", facts=len(answer.outcomes))
    return Pushed.SOME


def _send_next(station: Station) -> tuple[PushBatch, PushAnswer] | None:
    with station.doubt.lock:
        found = _next_batch(station)
        if found is None:
            station.doubt.open = False
            return None
        line, batch = found
        was_open, station.doubt.open = station.doubt.open, True
        try:
            answer = station.link.push(batch)
        except (RefusedByCentreError, CentreBusyError):
            station.doubt.open = was_open  # nothing of it was taken, but maybe of one before
            raise
        _write_down(station, line, batch, answer)
        station.doubt.open = False
    return batch, answer


def _hear_of(station: Station, answer: PushAnswer) -> None:
    """Hear the later words on facts that an answer lets wait, if the rows have overtaken it."""
    later = [one.id.bytes for one in answer.outcomes if one.kind not in store.SETTLED]
    if not later:
        return
    own = store_stream(station.identity.store)
    with reading(station.replica) as connection:
        if replica.cursor(connection, own).incarnation != answer.incarnation:
            return
        rows = replica.many(connection, OutcomeRow, later)
    _take_over(station, rows)


def hear(station: Station) -> int:
    """Take over what the centre has said later of facts that waited; return how many changed.

    The rows are the replica's, which keeps all that there ever were: of many the newest are heard.
    Hearing them again changes nothing, and keeps no till waiting.
    """
    with reading(station.replica) as connection:
        rows = replica.newest(connection, OutcomeRow, LATER_WORDS_MAX)
    return _take_over(station, rows)


def _take_over(station: Station, rows: Sequence[OutcomeRow]) -> int:
    with reading(station.journal) as connection:
        said = store.words(connection, [row.fact for row in rows])
    new = [row for row in rows if said.get(row.fact, _word(row)) != _word(row)]
    if not new:
        return 0
    with transaction(station.journal) as connection:
        return sum(
            store.reword(connection, row.fact, row.kind, row.reason, _global(row.covers))
            for row in new
        )


def _word(row: OutcomeRow) -> tuple[str, int | None]:
    return row.kind.value, _global(row.covers)


def batch_from(connection: Connection, identity: Identity, line: int, seq: int) -> PushBatch | None:
    """Return the facts of a line of the journal from a number on as one signed batch, None if there
    are none. It says so if the first ones have left."""
    facts = store.facts_from(connection, identity.agent, line, seq, BATCH_MAX)
    if not facts:
        return None
    chosen = _bounded(facts)
    last = chosen[-1]
    head = Head(identity.agent, last.epoch, last.seq, last.hash)
    lacks_from = seq if chosen[0].seq > seq else 0
    signature = identity.keys_of(last.epoch).sign(head_bytes(head, lacks_from))
    return PushBatch(head, signature, tuple(chosen), lacks_from=lacks_from)


def _next_batch(station: Station) -> tuple[int, PushBatch] | None:
    """Return the next batch and the line of the journal that it is of."""
    identity = station.identity
    with reading(station.journal) as connection:
        unsent = store.next_unsent(connection, identity.lines)
        if unsent is None:
            return None
        line, seq = unsent
        batch = batch_from(connection, identity, line, seq)
        met = lives.last(connection)
    if batch is None:
        return None
    if met is None or station.is_fenced:
        return line, batch
    return line, structs.replace(batch, incarnation=met.incarnation)


def _bounded(facts: list[Fact]) -> list[Fact]:
    """Keep a batch under its limit of bytes, but never empty, and its facts in a row.

    What a disk had lost comes back without a fact that the centre has damaged only.
    """
    size, chosen = 0, list[Fact]()
    for fact in facts:
        size += len(fact.body) + len(fact.envelope) + len(fact.personal)
        if chosen and (size > BATCH_BYTES_MAX or fact.seq != chosen[-1].seq + 1):
            break
        chosen.append(fact)
    return chosen


def _write_down(station: Station, line: int, batch: PushBatch, answer: PushAnswer) -> None:
    """Keep the outcomes; if the centre expects an older number, send from there again."""
    with transaction(station.journal) as connection:
        if not answer.outcomes and answer.expects < batch.facts[0].seq:
            store.forget_words(connection, batch.head.epoch, answer.expects)
        for outcome in answer.outcomes:
            store.acknowledge(connection, line, outcome, cover_of(outcome))


def cover_of(outcome: Outcome) -> int | None:
    """Return the global number from which the rows hold the fact's effects."""
    if outcome.kind is OutcomeKind.WAITING:
        return None
    return _global(outcome.covers)


def _global(covers: tuple[Cover, ...]) -> int | None:
    return next((cover.number for cover in covers if cover.stream == GLOBAL), None)
