"""Facts told to people: where each stands, what became of it, and the sums that it moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.conflicts.values import Sentence
from central.ingest import store
from central.ingest.loading import kept
from central.ingest.reading import Reading
from shared.money import format_money
from shared.points import format_points
from shared.wire.facts import MemberEdited, MemberRegistered, ReceiptCommitted
from shared.wire.push import OutcomeKind
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip


@dataclass(frozen=True, slots=True)
class ToldFact:
    """A fact as the centre has it; `at` is its agent's time, `sums` are named amounts in words."""

    fact: UUID
    kind: str
    store: str
    agent: UUID
    epoch: int
    seq: int
    at: datetime
    document: UUID | None
    outcome: OutcomeKind
    reason: str
    sums: tuple[tuple[Sentence, str], ...]


def tell(connection: Connection, facts: Iterable[UUID]) -> list[ToldFact]:
    """Return facts that were kept under these ids, in the order of their places.

    A damaged one has no readable content and is not among them.
    """
    wanted = sorted(set(facts))
    letters = {letter.id: letter for letter in reversed(store.letters_of(connection, wanted))}
    found = []
    readings = kept(connection, wanted)
    whole = store.resolved(connection, [one.document for one in readings if one.document])
    for reading in readings:
        letter = letters[reading.fact.id]
        fact = reading.fact
        told = ToldFact(
            fact=fact.id,
            kind=fact.kind,
            store=reading.store,
            agent=fact.agent,
            epoch=fact.epoch,
            seq=fact.seq,
            at=reading.at,
            document=reading.document,
            outcome=letter.outcome,
            reason=letter.reason,
            sums=tuple(_sums(reading, whole.get(reading.document or fact.id))),
        )
        found.append(told)
    return found


def _sums(reading: Reading, whole: ReceiptReturned | None) -> list[tuple[Sentence, str]]:
    """Return the sums of a fact; of a return by slip, what it came to when its sale was here."""
    body = whole or reading.body
    if isinstance(body, ReceiptCommitted):
        totals = body.evaluation.totals
        return [
            (_PAID, format_money(totals.payable_minor)),
            (_REDEEMED, format_points(totals.redeemed_points)),
            (_GRANTED, format_points(sum(lot.amount for lot in body.granted))),
        ]
    if isinstance(body, ReceiptReturned | ReceiptVoided):
        return [
            (_PAID_OUT, format_money(body.money_minor)),
            (_RESTORED, format_points(sum(draw.amount for draw in body.restored))),
            (_TAKEN, format_points(sum(draw.amount for draw in body.taken))),
        ]
    if isinstance(body, ReturnedBySlip):
        return [(_PAID_OUT, format_money(body.money_minor))]
    if isinstance(body, MemberRegistered):
        return [(_GRANTED, format_points(sum(lot.amount for lot in body.granted)))]
    if isinstance(body, MemberEdited):
        return [(_EDITED, " ".join(one.field for one in body.fields))]
    drawn = sum(move.drawn for move in reading.envelope.moves)
    back = sum(move.given_back for move in reading.envelope.moves)
    return [(_REDEEMED, format_points(drawn)), (_GIVEN_BACK, format_points(back))]


_EDITED = Sentence("правка", "edited")
_PAID = Sentence("оплачено", "paid")
_PAID_OUT = Sentence("выдано", "paid out")
_REDEEMED = Sentence("списано бонусов", "points redeemed")
_GRANTED = Sentence("начислено бонусов", "points granted")
_RESTORED = Sentence("возвращено бонусов", "points restored")
_TAKEN = Sentence("снято бонусов", "points taken")
_GIVEN_BACK = Sentence("отдано из лимита", "given back of the lease")
