"""The inbox: which facts of a batch are new, what is kept of them, and what their agent is told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from msgspec.structs import replace as changed
from sqlalchemy import Connection

from central.ingest import personal_store, store
from central.ingest.chain import Arrival, Known, Standing
from central.ingest.desk import Desk
from central.ingest.reading import HLC_MAX, Reading, content_of, read
from central.ingest.values import WRECK, KeptFact, Letter
from central.ledger.rows import storable
from shared.ids import derived
from shared.ledger.books import Holder
from shared.wire.codec import encode
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.push import Cover, Outcome


@dataclass(frozen=True, slots=True)
class SortedOut:
    """New facts to be planned, and facts told at another place before, which change nothing."""

    holder: Holder
    store: str
    new: list[tuple[Arrival, Reading]] = field(default_factory=list)
    repeated: list[Arrival] = field(default_factory=list)

    @property
    def readings(self) -> list[Reading]:
        """The new facts, in order."""
        return [reading for _, reading in self.new]


def sort_out(
    connection: Connection, found: Sequence[Arrival], holder: Holder, at_store: str
) -> SortedOut:
    """Read the facts that were not told before, at this place or at another."""
    unknown = [one for one in found if one.standing is not Standing.KNOWN]
    contents = store.contents(connection, {one.fact.id for one in unknown})
    sorted_out = SortedOut(holder, at_store)
    for one in unknown:
        is_repeated = _is_repeated(one, contents)
        if is_repeated:
            sorted_out.repeated.append(one)
        else:
            sorted_out.new.append((one, _read(one, holder, at_store, contents)))
    return sorted_out


def write(connection: Connection, sorted_out: SortedOut, desk: Desk, posting: UUID) -> list[Letter]:
    """Keep new facts and what became of each place; return the inbox's new rows."""
    letters = [
        _letter(sorted_out.holder, one, reading, desk, posting) for one, reading in sorted_out.new
    ]
    letters += _repeated(connection, sorted_out, letters)
    mended = {
        (one.seq, one.hash)
        for one in (*(one for one, _ in sorted_out.new), *sorted_out.repeated)
        if one.standing is Standing.MENDED
    }
    store.delete_letters(connection, [one for one in letters if (one.seq, one.hash) in mended])
    store.insert_letters(connection, letters)
    store.insert_facts(connection, [_kept(one, reading, desk) for one, reading in sorted_out.new])
    known = [one for one in sorted_out.readings if one.fact.id not in desk.of_erased]
    personal_store.insert_personal(connection, list(_personal(known)))
    return letters


def known_as(sorted_out: SortedOut, known: Known) -> dict[UUID, UUID]:
    """Return under which other ids facts that are whole now were known when they were damaged."""
    were = ((known.get((one.seq, one.hash)), reading) for one, reading in sorted_out.new)
    return {
        former.id: reading.fact.id
        for former, reading in were
        if former is not None and former.id != reading.fact.id
    }


def were_damaged(found: Sequence[Arrival], known: Known) -> list[UUID]:
    """Return the ids under which facts that are whole now were damaged."""
    mended = [one for one in found if one.standing is Standing.MENDED]
    return [known[place].id for one in mended if (place := (one.seq, one.hash)) in known]


def covers(
    connection: Connection, found: Sequence[Arrival], known: Known
) -> dict[UUID, tuple[Cover, ...]]:
    """Return from which numbers the rows contain what earlier transactions have posted of these."""
    return store.covers_of(connection, {known[(one.seq, one.hash)].posting for one in found})


def answers(
    found: Sequence[Arrival],
    known: Known,
    covers: Mapping[UUID, tuple[Cover, ...]],
    at_store: str,
) -> tuple[Outcome, ...]:
    """Return what the agent is told of each fact, the same whenever it asks."""
    letters = [(one.fact.id, known[(one.seq, one.hash)]) for one in found]
    return outcomes(letters, covers, at_store)


def outcomes(
    letters: Sequence[tuple[UUID, Letter]],
    covers: Mapping[UUID, tuple[Cover, ...]],
    at_store: str,
) -> tuple[Outcome, ...]:
    """Return what an agent is told of facts by their ids and what became of their places."""
    streams = (GLOBAL, store_stream(at_store))
    return tuple(
        Outcome(
            seq=letter.seq,
            id=fact,
            kind=letter.outcome,
            reason=letter.reason,
            waits_for=letter.waits_for,
            covers=tuple(
                cover for cover in covers.get(letter.posting, ()) if cover.stream in streams
            ),
        )
        for fact, letter in letters
    )


def _is_repeated(one: Arrival, contents: dict[UUID, bytes]) -> bool:
    """Tell whether a sound fact was told before; notes it for the rest of the batch if not."""
    if one.standing is Standing.DAMAGED:
        return False
    content = content_of(one.fact)
    if one.fact.id in contents:
        return contents[one.fact.id] == content
    contents[one.fact.id] = content
    return False


def _read(one: Arrival, holder: Holder, at_store: str, contents: Mapping[UUID, bytes]) -> Reading:
    """Read a fact under its id, or under an id of its own if that one says something else."""
    apart = derived("apart", holder.agent, holder.epoch, one.seq, one.hash.hex())
    if one.standing is Standing.DAMAGED:
        own_id = apart if one.fact.id in contents else one.fact.id
        fact = changed(
            one.fact, agent=holder.agent, epoch=holder.epoch, seq=one.seq, hash=one.hash, id=own_id
        )
        return replace(read(fact, at_store, one.standing), is_unproved=one.branch)
    if contents[one.fact.id] != content_of(one.fact):
        fault = "same_id_other_bytes"
        return read(changed(one.fact, id=apart), at_store, one.standing, fault)
    return read(one.fact, at_store, one.standing)


def _letter(holder: Holder, one: Arrival, reading: Reading, desk: Desk, posting: UUID) -> Letter:
    _, verdict = desk.planned[reading.fact.id]
    return Letter(
        agent=holder.agent,
        epoch=holder.epoch,
        seq=one.seq,
        hash=one.hash,
        id=reading.fact.id,
        branch=one.branch,
        outcome=verdict.kind,
        reason=verdict.reason,
        waits_for=verdict.waits_for,
        posting=posting,
    )


def _repeated(
    connection: Connection, sorted_out: SortedOut, new: Collection[Letter]
) -> list[Letter]:
    """Answer a fact at a second place as at its first."""
    told = store.letters_of(connection, {one.fact.id for one in sorted_out.repeated})
    first = {letter.id: letter for letter in (*reversed(told), *new)}
    return [
        replace(
            first[one.fact.id],
            agent=sorted_out.holder.agent,
            epoch=sorted_out.holder.epoch,
            seq=one.seq,
            hash=one.hash,
            branch=one.branch,
        )
        for one in sorted_out.repeated
    ]


def _kept(one: Arrival, reading: Reading, desk: Desk) -> KeptFact:
    fact = reading.fact
    is_wreck = one.standing is Standing.DAMAGED
    return KeptFact(
        id=wreck_id(fact.id, one.hash) if is_wreck else fact.id,
        agent=fact.agent,
        epoch=fact.epoch,
        seq=fact.seq,
        hlc=min(max(0, fact.hlc), HLC_MAX),
        kind=WRECK if is_wreck else storable(fact.kind),
        prev_hash=fact.prev_hash,
        hash=fact.hash,
        envelope=b"" if is_wreck else fact.envelope,
        body=encode(one.fact) if is_wreck else fact.body,
        personal_digest=fact.personal_digest,
        store=reading.store,
        branch=one.branch,
        content=content_of(one.fact),
        received_at=desk.at,
    )


def wreck_id(fact: UUID, chain_hash: bytes) -> UUID:
    """Return the id under which the bytes of a damaged fact are kept."""
    return derived("wreck", fact, chain_hash.hex())


def _personal(readings: Sequence[Reading]) -> Iterator[tuple[UUID, bytes, UUID | None]]:
    for reading in readings:
        if reading.fact.personal and reading.standing is not Standing.DAMAGED:
            yield reading.fact.id, reading.fact.personal, reading.whose
