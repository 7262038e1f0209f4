"""What a step of the audit works on: the facts that come next, and those that it puts into another
light."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from central.auditor import store
from central.auditor.bench import Bench, body_of, facts_of
from central.auditor.store import Audited
from central.ingest import looking
from central.ingest.values import KeptFact
from shared.ledger.books import Holder
from shared.wire.facts import FactKind, ReceiptCommitted

STEP_FACTS_MAX = 200
MISSING_MAX = 1_000
"""Of the places of one gap in a journal: those before are not looked at when their facts come."""


@dataclass(frozen=True, slots=True)
class Task:
    """Facts to be looked at, and what is noted of their places when that is done."""

    facts: tuple[KeptFact, ...] = ()
    marks: Mapping[Holder, int] = field(default_factory=dict)
    gaps: tuple[tuple[Holder, int], ...] = ()
    """Places that are passed over, their facts are not posted."""
    closed: tuple[tuple[Holder, int], ...] = ()
    """Places that were passed over before."""

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not (self.facts or self.marks or self.closed)


def next_task(connection: Connection, packs: Collection[str]) -> Task:
    """Return what is to be looked at next, at most `STEP_FACTS_MAX` facts.

    First what was passed over and is posted now, what stands on branches, and what is to be looked
    at again; then journals, those first that are least behind.
    """
    settled = store.gaps_among(connection, looking.posted_places(), STEP_FACTS_MAX)
    if settled:
        places = looking.places_at(connection, settled)
        kept = tuple(place.fact for place in places if place.fact is not None)
        return Task(facts=kept, closed=tuple(settled))
    branches = looking.posted_branches(FactKind.RECEIPT_COMMITTED)
    again = store.unseen(connection, branches, STEP_FACTS_MAX)
    again = again or store.due(connection, packs, STEP_FACTS_MAX)
    if again:
        return Task(facts=tuple(looking.facts(connection, again)))
    return _from_journals(connection)


def lag(connection: Connection) -> dict[Holder, int]:
    """Return by how many facts the audit is behind each journal."""
    marks = store.marks(connection)
    known = looking.journals(connection)
    behind = {holder: seq - marks.get(holder, 0) for holder, seq in known.items()}
    return {holder: facts for holder, facts in behind.items() if facts > 0}


def row_of(fact: KeptFact, sale: ReceiptCommitted) -> Audited:
    """Return the row of a receipt at which nothing was found."""
    pack = sale.evaluation.pack_hash
    return Audited(fact.id, sale.receipt.uid, fact.store, sale.day, pack)


def relooked(connection: Connection, task: Task, bench: Bench) -> list[Audited]:
    """Return audited receipts that a late document of this task puts into another light.

    Of those that are not audited yet it is known by the time they are.
    """
    uids = {uid for body in bench.bodies.values() for uid in bench.later_receipts(body)}
    kept = [fact for fact in facts_of(connection, uids) if fact.id not in bench.bodies]
    if not kept:
        return []
    marks = {**store.marks(connection), **task.marks}
    open_places = store.gaps_of(connection, [(_holder(fact), fact.seq) for fact in kept])
    known = store.audited(connection, [fact.id for fact in kept])
    found = []
    for fact in kept:
        place = (_holder(fact), fact.seq)
        passed = fact.seq <= marks.get(place[0], 0) and place not in open_places
        is_audited = fact.id in known or (passed and not fact.branch)
        sale = body_of(fact)
        if isinstance(sale, ReceiptCommitted) and is_audited:
            found.append(known.get(fact.id) or row_of(fact, sale))
    return found


def _from_journals(connection: Connection) -> Task:
    found: list[KeptFact] = []
    gaps: list[tuple[Holder, int]] = []
    moved: dict[Holder, int] = {}
    marks = store.marks(connection)
    room = STEP_FACTS_MAX
    for holder, _ in sorted(lag(connection).items(), key=lambda item: (item[1], str(item[0]))):
        if not room:
            break
        places = looking.places_after(connection, holder, marks.get(holder, 0), room)
        room -= len(places)
        last = marks.get(holder, 0)
        for place in places:
            missing = range(max(last + 1, place.seq - MISSING_MAX), place.seq)
            gaps += [(holder, seq) for seq in missing]
            moved[holder] = last = place.seq
            if not place.is_posted:
                gaps.append((holder, place.seq))
            elif place.fact is not None:
                found.append(place.fact)
    return Task(tuple(found), moved, tuple(gaps))


def _holder(fact: KeptFact) -> Holder:
    return Holder(fact.agent, fact.epoch)
