"""A receipt of this store as it stands: its state, the centre's word, its paper and its trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from agent.commit import store as sales
from agent.journal import store as facts
from agent.printing import store as spool
from agent.quote.service import pack_of
from agent.reserve import store as claims
from agent.reserve.store import Claim, ClaimState
from agent.returns import store as returns
from agent.returns.sources import UnknownReceiptError, find_sale
from agent.station import Station
from hardware.printers.layout import as_text
from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.in_words import Explained
from shared.rules.in_words import explained as in_words
from shared.rules.moment import Moment
from shared.rules.result import Evaluation
from shared.runtime.sqlite import reading
from shared.slip import copy_of
from shared.wire.taken_back import Exchange

SLIP_COLUMNS = 48
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Standing:
    """A receipt's state; quantities returned by line, in thousandths."""

    receipt: Receipt
    member: MemberView | None
    moment: Moment
    evaluation: Evaluation
    state: str
    sync: str = LOCAL
    sync_reason: str = ""
    print_state: str = ""
    returned: Mapping[int, int] | None = None
    slip_text: str = ""
    exchange: Exchange | None = None
    """Set when it was sold for goods that came back."""


class Priced(Protocol):
    """A receipt with its price: of a quote, a claim or a sale."""

    @property
    def receipt(self) -> Receipt:
        """What the till stated."""
        ...

    @property
    def member(self) -> MemberView | None:
        """Who buys."""
        ...

    @property
    def moment(self) -> Moment:
        """When."""
        ...

    @property
    def evaluation(self) -> Evaluation:
        """What the kernel answered."""
        ...


def look_up(station: Station, uid: UUID) -> Standing:
    """Return a receipt of this store; raises UnknownReceiptError."""
    with reading(station.journal) as connection:
        found = claims.find(connection, uid)
        if found is None:
            raise UnknownReceiptError(receipt=uid)
        if isinstance(found, Claim):
            return _claimed(found, "reserved")
        if (cancelled := claims.find_cancelled(connection, uid)) is not None:
            return _claimed(cancelled, ClaimState.CANCELLED)
        fact, sold = find_sale(station, connection, uid)
        place = sales.find(connection, uid)
        assert place is not None
        outcome, reason = facts.outcome_of(connection, fact.id) or (LOCAL, "")
        job = spool.job_state(connection, place.slip)
        paper = spool.slip_and_copies(connection, place.slip)
        done = returns.done(connection, uid)
        returned = done.before.quantities
        return Standing(
            receipt=sold.receipt,
            member=sold.member,
            moment=sold.moment,
            evaluation=sold.evaluation,
            state="voided" if done.is_voided else _state(sold.receipt, returned),
            sync=outcome,
            sync_reason=reason,
            print_state=job[0].value if job else "",
            returned=returned,
            slip_text=as_text(paper[0], SLIP_COLUMNS) if paper else "",
            exchange=sold.exchange,
        )


def slip_text(station: Station, uid: UUID) -> str:
    """Return the slip of a receipt, return or void as text; empty when this store has none."""
    with reading(station.journal) as connection:
        document = sales.find(connection, uid) or returns.find(connection, uid)
        paper = spool.slip_and_copies(connection, document.slip) if document else None
    return as_text(paper[0], SLIP_COLUMNS) if paper else ""


def text_of(station: Station, slip: UUID, copy_no: int = 0) -> str:
    """Return a slip, or a copy of it, as text; empty when it is not here any more."""
    with reading(station.journal) as connection:
        paper = spool.slip_and_copies(connection, slip)
    if paper is None:
        return ""
    return as_text(copy_of(paper[0], copy_no) if copy_no else paper[0], SLIP_COLUMNS)


def print_state(station: Station, uid: UUID) -> str:
    """Return how the paper of a receipt, return or void stands; empty when there is none."""
    with reading(station.journal) as connection:
        document = sales.find(connection, uid) or returns.find(connection, uid)
        job = spool.job_state(connection, document.slip) if document else None
    return job[0].value if job else ""


def explained(station: Station, priced: Priced) -> Explained:
    """Say of each rule and line why, why not, and what it would take; needs no line.

    Of a receipt whose pack has left the replica, only what its own trace tells.
    """
    pack = pack_of(station, priced.evaluation.pack_hash)
    return in_words(pack, priced.receipt, priced.member, priced.moment, priced.evaluation)


def _claimed(claim: Claim, state: str) -> Standing:
    return Standing(claim.receipt, claim.member, claim.moment, claim.evaluation, state)


def _state(receipt: Receipt, returned: Mapping[int, int]) -> str:
    if not returned:
        return "committed"
    whole = all(returned.get(line.no, 0) == line.quantity for line in receipt.lines)
    return "returned" if whole else "partially_returned"
