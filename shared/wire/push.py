"""Facts go up: a batch of one chain, and the outcome of each fact."""

from contextlib import suppress
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from shared.wire.codec import PACKED, MalformedError, decoder, encode, pack, unpack
from shared.wire.facts import Fact

BATCH_MAX = 200
BATCH_BYTES_MAX = 4 * 1024 * 1024
FRAME_PREFIX_BYTES = 4
LANE_HEADER = "Kopilka-Lane"
BACKLOG = "backlog"
"""In this header: the batch is full, and more will follow; it may stand behind others."""
BUSY = "busy"
"""The centre's word for a request that it had no place for: nobody has heard it."""


class OutcomeKind(StrEnum):
    """What became of a fact, the same words everywhere."""

    ACCEPTED = "accepted"
    ADJUSTED = "adjusted"
    WAITING = "waiting"
    QUARANTINED = "quarantined"
    DAMAGED = "damaged"


class Cover(Struct, array_like=True, frozen=True):
    """A stream's number at which the effects of a fact are in the rows."""

    stream: str
    number: int


class Outcome(Struct, array_like=True, frozen=True):
    """The centre's word on one fact; `waits_for` is the id of the fact that it lacks."""

    seq: int
    id: UUID
    kind: OutcomeKind
    reason: str
    waits_for: UUID | None
    covers: tuple[Cover, ...]


class Head(Struct, array_like=True, frozen=True):
    """The end of a batch as its agent signs it: up to here my journal says exactly this."""

    agent: UUID
    epoch: int
    seq: int
    hash: bytes


class PushBatch(Struct, frozen=True):
    """Facts of one agent in the order of their numbers, with the signed head of the last one.

    `incarnation` is the life of the centre that the agent has met last: another one takes nothing
    before it was met, since its numbers mean something else.
    """

    head: Head
    signature: bytes
    facts: tuple[Fact, ...]
    incarnation: UUID | None = None
    lacks_from: int = 0
    """From this number up to the first fact the journal has nothing any more: a centre that was
    restored from a backup older than a confirmed one does not wait for it. 0: it lacks nothing."""


class PushAnswer(Struct, frozen=True):
    """Outcomes of a batch; `expects` is the number that the next batch should begin with.

    `barred` says why the batch's epoch gets no leases any more, if so.
    """

    incarnation: UUID
    expects: int
    outcomes: tuple[Outcome, ...]
    barred: str = ""


class PushedFacts(Struct, frozen=True):
    """A page of an agent's ended epoch behind a place, as the centre has it, and its word on each.

    Of two branches it is the one that the centre follows: `hash` is that of its fact at the place,
    empty if it does not reach so far. `upto` is the last place of the page; facts that came damaged
    are left out.
    """

    hash: bytes
    upto: int
    facts: tuple[Fact, ...]
    outcomes: tuple[Outcome, ...]


def frame(batch: PushBatch) -> bytes:
    """Return a batch as it stands in a file of batches: its length in four bytes, then itself."""
    body = pack(batch)
    return len(body).to_bytes(FRAME_PREFIX_BYTES, "big") + body


def frames(content: bytes) -> tuple[list[PushBatch], int, int]:
    """Return the batches of a file that can be read, how many pieces of it cannot, and how many
    bytes all take.

    What is damaged does not hold up the rest, be it a batch or its length. What follows the last
    whole frame was torn by a stop while it was written.
    """
    batches: list[PushBatch] = []
    damaged = at = 0
    while at + FRAME_PREFIX_BYTES <= len(content):
        batch, end = _batch_at(content, at)
        if batch is not None:
            batches.append(batch)
        elif following := _next_frame(content, at):
            damaged, end = damaged + 1, following
        elif end <= len(content):
            damaged, end = damaged + 1, len(content)
        else:
            break
        at = end
    return batches, damaged, at


def _batch_at(content: bytes, at: int) -> tuple[PushBatch | None, int]:
    """Return the batch at a place of a file, None if it cannot be read, and where it would end."""
    start = at + FRAME_PREFIX_BYTES
    end = start + int.from_bytes(content[at:start], "big")
    if end <= len(content):
        with suppress(MalformedError):
            return decode_batch(unpack(content[start:end])), end
    return None, end


def _next_frame(content: bytes, at: int) -> int:
    """Return where the next batch that can be read begins behind a place; 0 if there is none."""
    while (found := content.find(PACKED, at + FRAME_PREFIX_BYTES + 1)) >= 0:
        at = found - FRAME_PREFIX_BYTES
        if _batch_at(content, at)[0] is not None:
            return at
    return 0


def head_bytes(head: Head, lacks_from: int = 0) -> bytes:
    """Return the bytes of a head that its agent signs, with what the journal lacks before it."""
    if lacks_from:
        return b"kopilka/head/2" + encode((head, lacks_from))
    return b"kopilka/head/1" + encode(head)


decode_batch = decoder(PushBatch)
decode_answer = decoder(PushAnswer)
decode_pushed = decoder(PushedFacts)
