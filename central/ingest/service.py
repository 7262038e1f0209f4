"""Facts come up: a batch of one journal is posted, and every fact in it gets its outcome.

One transaction a batch. The watermark moves last: what is interrupted is done again, and what is
sent again is answered as before.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.agents import roster
from central.agents.service import (
    AgentIdentity,
    FencedAgentError,
    RevokedAgentError,
    UnknownAgentError,
    admitted,
    checked_proof,
    remember,
)
from central.agents.store import Agent
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import conflict_id
from central.conflicts.values import ConflictKind
from central.counted import FACTS_ANSWERED
from central.ingest import gap_store, letters, looking, personal_store, store
from central.ingest.chain import Arrival, Known, Standing, arrivals, first_seq, reach
from central.ingest.desk import UNKNOWN_LOT
from central.ingest.gaps import Part, answered_upto, begins_behind, fill, filled_by
from central.ingest.loading import kept, lots_needed
from central.ingest.parcel import Missing, Parcel
from central.ingest.planning import publish, work, write
from central.ingest.values import Watermark
from central.leases import service as leases
from central.ledger import figures
from shared.crypto import keys
from shared.crypto.chain import GENESIS
from shared.crypto.requests import Proof, SignedRequest
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.ledger.books import Holder
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import unpack
from shared.wire.push import (
    BATCH_MAX,
    OutcomeKind,
    PushAnswer,
    PushBatch,
    decode_batch,
    head_bytes,
)

SEQ_MAX = 1 << 62
NOWHERE = Watermark(SEQ_MAX)
"""Of a journal that nothing continues."""

log = structlog.get_logger()


class ForgedHeadError(LoyaltyError):
    """A head that the agent's key has not signed, or of another agent's journal."""

    kind = Kind.UNAUTHENTICATED
    code = "forged_head"
    ru = "Подпись под концом журнала неверна: пачка не принята."
    en = "The signature of the journal's head is wrong: the batch is not taken."


class CentreRestoredError(LoyaltyError):
    """A batch for another life of the centre: the agent is to open a session first."""

    kind = Kind.CONFLICT
    code = "centre_restored"
    ru = "Центр был восстановлен: сначала нужна новая сессия."
    en = "The centre was restored: a new session is needed first."


class BrokenBatchError(LoyaltyError):
    """A batch that does not fit in front of its head, or has too many facts."""

    kind = Kind.INVALID
    code = "broken_batch"
    ru = "Пачка из {facts} фактов до номера {seq} невозможна."
    en = "A batch of {facts} facts up to number {seq} cannot be."


@retried
def push(centre: Centre, signed: SignedRequest) -> PushAnswer:
    """Post a batch of facts; sending it again, whole or in part, changes nothing.

    A batch that begins beyond the next number is answered with that number alone, unless its agent
    says that nothing before it is left: then the journal goes on behind the gap. A fenced agent's
    sales have happened too: its facts are taken in, but for one that was revoked. Raises
    ForgedHeadError, BrokenBatchError, CentreRestoredError, RevokedAgentError, MalformedError, and
    as `authenticate` does.
    """
    proof = checked_proof(centre, signed)
    batch = decode_batch(unpack(signed.body))
    if batch.incarnation not in (None, centre.incarnation):
        raise CentreRestoredError
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        sender = _sender(connection, proof, at)
        leases.keep_roster(connection)
        parcel = Parcel(batch, _check(connection, sender, batch))
        answer = _take(connection, centre, sender, parcel)
    counts = {kind.value: 0 for kind in OutcomeKind}
    for outcome in answer.outcomes:
        counts[outcome.kind] += 1
        centre.counts.add(FACTS_ANSWERED, outcome.kind.value)
    log.info("facts.taken", store=sender.store, expects=answer.expects, **counts)
    return answer


@retried
def take_in(
    centre: Centre,
    batch: PushBatch,
    run: Mapping[int, bytes] | None = None,
    missing: Missing = Missing.AWAITED,
) -> PushAnswer:
    """Post a batch that came as a file, from a store's mirror or its export; repeating is safe.

    Its head is signed by its agent, so that nobody can make one up. The `run` is the places of the
    batches of the file that hang together with it. Raises ForgedHeadError, BrokenBatchError,
    UnknownAgentError, FencedAgentError.
    """
    with transaction(centre.engine) as connection:
        sender = roster.by_ids(connection, [batch.head.agent]).get(batch.head.agent)
        if sender is None:
            raise UnknownAgentError
        leases.keep_roster(connection)
        parcel = Parcel(batch, _check(connection, sender, batch), run, missing)
        answer = _take(connection, centre, sender, parcel)
    log.info("facts.imported", store=sender.store, facts=len(answer.outcomes))
    return answer


def known(connection: Connection, identity: AgentIdentity) -> Watermark:
    """Return up to which place an agent's journal is known: its next batch begins behind it.

    Where facts before that are missing which the agent may have, no journal has the hash that is
    told: to a restored centre it sends everything again.
    """
    holder = Holder(identity.agent, identity.epoch)
    last = store.watermark(connection, holder)
    is_lacking = any(not gap.let_go for gap in gap_store.gaps(connection, holder))
    return replace(last, hash=GENESIS) if is_lacking else last


def barred(connection: Connection, identity: AgentIdentity) -> str:
    """Return why an agent's epoch gets no leases any more; empty if it does."""
    return leases.bar_of(connection, Holder(identity.agent, identity.epoch))


def outcomes(connection: Connection) -> dict[str, int]:
    """Count facts by outcome."""
    return store.outcomes(connection)


def erase_personal(connection: Connection, facts: Iterable[UUID], members: Iterable[UUID]) -> None:
    """Erase the personal parts of facts, and of those that name these members; the chain stays."""
    personal_store.erase_personal(connection, facts, members)


@retried
def reconsider(centre: Centre, facts: Collection[UUID], at: datetime) -> dict[UUID, OutcomeKind]:
    """Plan quarantined facts once more, after what kept them out was mended; tell what became of
    them and of those that waited for them."""
    with transaction(centre.engine) as connection:
        return reconsidered(connection, centre, facts, at)


def reconsidered(
    connection: Connection, centre: Centre, facts: Collection[UUID], at: datetime
) -> dict[UUID, OutcomeKind]:
    """Do as `reconsider` in the caller's transaction."""
    return _again(connection, centre, (facts, OutcomeKind.QUARANTINED), at)


@retried
def wake(centre: Centre, at: datetime) -> dict[UUID, OutcomeKind]:
    """Plan facts once more that wait for what has been posted; for a job, every minute or so.

    Two transactions that run side by side may not see each other: one posts a sale, the other
    lets its return wait.
    """
    with transaction(centre.engine) as connection:
        facts = store.overslept(connection, BATCH_MAX)
        return _again(connection, centre, (facts, OutcomeKind.WAITING), at)


@retried
def readmit(centre: Centre, at: datetime) -> dict[UUID, OutcomeKind]:
    """Plan facts once more that were refused for a lot which is here now; for a job.

    A restored centre lacks lots that it gave after its backup, until it gives them again; stores
    have drawn them meanwhile.
    """
    facts: set[UUID] = set()
    with reading(centre.engine) as connection:  # they may be many: nobody waits for the look
        for refused in looking.refused(connection, UNKNOWN_LOT, BATCH_MAX):
            facts |= _with_their_lots(connection, refused)
            if len(facts) >= BATCH_MAX:
                break
    if not facts:
        return {}
    with transaction(centre.engine) as connection:
        return _again(connection, centre, (facts, OutcomeKind.QUARANTINED), at)


def _with_their_lots(connection: Connection, facts: Collection[UUID]) -> set[UUID]:
    """Return those of kept facts of which all lots are here."""
    lots = {reading.fact.id: lots_needed(reading) for reading in kept(connection, facts)}
    known = figures.known_lots(connection, {lot for several in lots.values() for lot in several})
    return {fact for fact, needed in lots.items() if needed <= known}


def _again(
    connection: Connection,
    centre: Centre,
    told: tuple[Collection[UUID], OutcomeKind],
    at: datetime,
) -> dict[UUID, OutcomeKind]:
    leases.keep_roster(connection)
    facts = store.lock_open(connection, *told)
    if not facts:
        return {}
    desk = work(connection, centre, kept(connection, facts), at)
    changes = write(connection, centre, desk)
    planned = list(desk.planned.values())
    publish(connection, changes, planned, uuid7(at, centre.chance), at)
    return {one.fact.id: verdict.kind for one, verdict in planned}


def _sender(connection: Connection, proof: Proof, at: datetime) -> Agent:
    agent = roster.by_key(connection, proof.public)
    if agent is not None and agent.active_store is not None:
        admitted(connection, proof, at)
        return agent
    if agent is None:
        former = roster.by_former_key(connection, proof.public)
        if former is None:
            raise UnknownAgentError
        agent, _ = former
    if agent.revoked_after is not None:
        raise RevokedAgentError(store=agent.store)
    remember(connection, proof)
    return agent


def _check(connection: Connection, sender: Agent, batch: PushBatch) -> int:
    """Return the epoch whose key has signed the head: its own, or the one before.

    A copy of a disk may have begun the epoch in a former life of the centre, and another copy in
    this one: the key before is the only one of that copy which this centre knows.
    """
    head = batch.head
    if head.agent != sender.id:
        raise ForgedHeadError
    key = roster.key_of(connection, sender, head.epoch)
    if key is None:
        raise FencedAgentError(store=sender.store)
    before = roster.key_of(connection, sender, head.epoch - 1)
    known = {head.epoch: key} if before is None else {head.epoch: key, head.epoch - 1: before}
    said = head_bytes(head, batch.lacks_from)
    signed_in = [no for no, one in known.items() if keys.verify(one, said, batch.signature)]
    if not signed_in:
        raise ForgedHeadError
    if len(batch.facts) > BATCH_MAX or first_seq(batch) < 1 or head.seq > SEQ_MAX:
        raise BrokenBatchError(facts=len(batch.facts), seq=head.seq)
    return signed_in[0]


def _arrived(
    connection: Connection, parcel: Parcel, before: Watermark, known: Known
) -> tuple[list[Arrival], list[Part]]:
    """Return the facts of a batch that are taken in, and what they fill of gaps."""
    if not parcel.is_own:
        return arrivals(parcel.batch, known, NOWHERE), []
    gaps = gap_store.gaps(connection, parcel.holder) if parcel.first <= before.seq else []
    if not gaps:
        return arrivals(parcel.batch, known, before), []
    parts = filled_by(connection, parcel, gaps)
    filled = {place for part in parts for place in part.places}
    upto = answered_upto(parcel, known, gaps)
    found = arrivals(parcel.batch, known, before, filled)
    return [one for one in found if one.seq <= upto], parts


def _take(connection: Connection, centre: Centre, sender: Agent, parcel: Parcel) -> PushAnswer:
    at, batch, holder = centre.clock.now(), parcel.batch, parcel.holder
    last = store.locked_watermark(connection, holder)
    before = begins_behind(connection, sender, parcel, last, at)
    if before is None:
        return PushAnswer(centre.incarnation, last.seq + 1, (), leases.bar_of(connection, holder))
    told = store.letters_between(connection, holder, parcel.first - 1, batch.head.seq)
    known = {(letter.seq, letter.hash): letter for letter in told}
    found, parts = _arrived(connection, parcel, before, known)
    sorted_out = letters.sort_out(connection, found, holder, sender.store)
    if any(one.standing is Standing.BRANCH for one in found):
        leases.bar(connection, holder, "forked", at)
    desk = work(connection, centre, sorted_out.readings, at, letters.known_as(sorted_out, known))
    changes = write(connection, centre, desk)
    posting = uuid7(at, centre.chance)
    new = letters.write(connection, sorted_out, desk, posting)
    own = {reading.fact.id for reading in sorted_out.readings}
    later = [planned for fact, planned in desk.planned.items() if fact not in own]
    whole = letters.were_damaged(found, known)
    conflicts.mended(connection, (conflict_id(ConflictKind.DAMAGED, one) for one in whole), at)
    fill(connection, holder, parts, at)
    store.move_watermark(connection, holder, reach(found, before))
    barred = leases.bar_of(connection, holder)
    known.update(((letter.seq, letter.hash), letter) for letter in new)
    covers = letters.covers(connection, found, known)
    covers[posting] = publish(connection, changes, later, posting, at)
    outcomes = letters.answers(found, known, covers, sender.store)
    return PushAnswer(centre.incarnation, reach(found, before).seq + 1, outcomes, barred)
