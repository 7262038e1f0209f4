"""Where the facts of a batch stand in their agent's chain: known, next, damaged, or of a branch.

The signed head vouches for the hash of the last fact; each sound fact vouches for the one before.
So a damaged fact is known by its hash, and what follows it stays usable.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from central.ingest.values import Letter, Watermark
from shared.wire.facts import Fact, is_intact
from shared.wire.push import OutcomeKind, PushBatch

Known = Mapping[tuple[int, bytes], Letter]
"""What became of places (number, hash) before, those just before a batch among them."""


class Standing(Enum):
    """How a fact is taken."""

    KNOWN = auto()
    """Told before: answered as then."""
    NEXT = auto()
    """Continues the journal."""
    MENDED = auto()
    """Was damaged when it came before, or missing when its journal went on, and is whole now."""
    DAMAGED = auto()
    """Its bytes do not give its hash."""
    BRANCH = auto()
    """Of another journal of the same agent: a clone, or one restored and written on."""


_FOLLOWING = (Standing.NEXT, Standing.DAMAGED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A fact at its place; `hash` is the chain's, whatever the fact says of itself."""

    fact: Fact
    seq: int
    hash: bytes
    standing: Standing
    branch: bool
    """It is not on the journal that the watermark follows."""


def first_seq(batch: PushBatch) -> int:
    """Return the number of the batch's first place, counted back from its signed head."""
    return batch.head.seq - len(batch.facts) + 1


def places(batch: PushBatch) -> dict[int, bytes]:
    """Return the chain's hash at each place of a batch."""
    return dict(enumerate((chain_hash for chain_hash, _ in _hashes(batch)), first_seq(batch)))


def runs(batches: Sequence[PushBatch]) -> list[dict[int, bytes]]:
    """Return for each batch of a file the places of all that hang together with it: one batch goes
    on from the other."""
    found: list[dict[int, bytes]] = []
    for no, batch in enumerate(batches):
        run = found[-1] if no and _follows(batches[no - 1], batch) else {}
        run.update(places(batch))
        found.append(run)
    return found


def arrivals(
    batch: PushBatch, known: Known, watermark: Watermark, filled: Container[int] = ()
) -> list[Arrival]:
    """Return the facts of a batch at their places, in order; those at places that are `filled` were
    missing when the journal went on."""
    found: list[Arrival] = []
    for fact, seq, (chain_hash, whole) in zip(
        batch.facts, range(first_seq(batch), batch.head.seq + 1), _hashes(batch), strict=True
    ):
        before = known.get((seq, chain_hash))
        standing = _standing(whole, before, seq, watermark, filled)
        is_next = standing in _FOLLOWING and seq == watermark.seq + 1
        follows = is_next and not _is_beside(fact, found, known, watermark)
        if follows:
            watermark = Watermark(seq, chain_hash)
        branch = not (follows or seq in filled) if before is None else before.branch
        found.append(Arrival(fact, seq, chain_hash, standing, branch))
    return found


def reach(found: list[Arrival], watermark: Watermark) -> Watermark:
    """Return how far the journal is known after these arrivals."""
    for one in found:
        if one.standing in _FOLLOWING and not one.branch and one.seq > watermark.seq:
            watermark = Watermark(one.seq, one.hash)
    return watermark


def _is_beside(fact: Fact, found: list[Arrival], known: Known, last: Watermark) -> bool:
    """Tell whether a fact at the next place goes on from a branch that has come as far.

    The bytes of a damaged one are not believed against the journal: only a sound or known fact
    before it in its batch, or a branch that is known where it says, makes it one of a branch.
    """
    if found:
        return found[-1].branch and found[-1].standing is not Standing.DAMAGED
    before = known.get((last.seq, fact.prev_hash))
    return before is not None and before.branch


def _hashes(batch: PushBatch) -> list[tuple[bytes, Fact | None]]:
    """Return each place's hash, and the fact there if its bytes give that hash."""
    facts, vouched = batch.facts, batch.head.hash
    found = []
    for index in range(len(facts) - 1, -1, -1):
        fact = facts[index]
        seq = batch.head.seq - (len(facts) - 1 - index)
        at_place = (fact.agent, fact.epoch, fact.seq) == (batch.head.agent, batch.head.epoch, seq)
        sound = at_place and fact.hash == vouched and is_intact(fact)
        found.append((vouched, fact if sound else None))
        vouched = fact.prev_hash if sound or not index else facts[index - 1].hash
    return found[::-1]


def _follows(before: PushBatch, batch: PushBatch) -> bool:
    """Tell whether a batch goes on from another one, as its first fact's bytes prove."""
    ends, begins = before.head, (batch.head.agent, batch.head.epoch, first_seq(batch))
    if not batch.facts or begins != (ends.agent, ends.epoch, ends.seq + 1):
        return False
    _, first = _hashes(batch)[0]
    return first is not None and first.prev_hash == ends.hash


def _standing(
    whole: Fact | None,
    before: Letter | None,
    seq: int,
    last: Watermark,
    filled: Container[int],
) -> Standing:
    if before is not None:
        was_damaged = before.outcome is OutcomeKind.DAMAGED and not before.branch
        return Standing.MENDED if whole is not None and was_damaged else Standing.KNOWN
    if whole is None:
        return Standing.DAMAGED
    if seq in filled:
        return Standing.MENDED
    follows = seq == last.seq + 1 and whole.prev_hash == last.hash
    return Standing.NEXT if follows else Standing.BRANCH
