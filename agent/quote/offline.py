"""What a receipt may redeem here now: the store's leases, and what the programme adds offline.

Online, or where the programme says `lease`, it is the leases alone. `limit` goes beyond them up to
three caps, `signed_pass` up to what the member's pass says; both by the balance that the rows tell,
of which what the member owes already is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from agent.bearers.brought import Brought
from agent.leases import beyond
from agent.leases.lots import LotStanding, Reach
from agent.leases.standing import Standing
from agent.quote.shortage import Because
from agent.station import Station
from shared.ledger.leases import is_live
from shared.member import MemberView
from shared.receipt import Receipt, Redeem
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Evaluation
from shared.wire.passes import Pass

BEYOND: Final = frozenset({"limit", "signed_pass"})
"""The policies that let a store redeem beyond its leases."""


@dataclass(frozen=True, slots=True)
class Question:
    """A receipt that is to be priced; `only` of the member's accounts may pay, if it is set."""

    receipt: Receipt
    who: Standing | None
    only: UUID | None
    moment: Moment
    pack: CompiledPack
    brought: Brought
    granted: Pass | None = None
    """What the customer's pass says, if he shows one."""
    since: date | None = None
    """The day on which what a day allows began to count, if it is not the moment's own: none
    begins on untrusted time."""

    @property
    def policy(self) -> str:
        """How the programme lets points be redeemed offline."""
        return self.pack.source.policies.offline_redemption

    @property
    def because(self) -> Because:
        """What keeps the receipt from more points when the leases do not suffice offline."""
        if self.policy == "limit":
            return Because.LIMIT
        return Because.NO_PASS if self.granted is None else Because.PASS


@dataclass(frozen=True, slots=True)
class Here:
    """A price by what the store may draw and take, and what keeps it from more points."""

    member: MemberView | None
    receipt: Receipt
    evaluation: Evaluation
    because: Because = Because.LEASE

    def beyond(self, who: Standing | None) -> int:
        """Return the hundredths of a point that the price redeems beyond the leases."""
        here = {lot.id: max(0, lot.here) for lot in who.lots} if who else {}
        draws = self.evaluation.redemption.draws
        return sum(max(0, draw.amount - here.get(draw.lot, 0)) for draw in draws)


def price_here(station: Station, journal: Connection, asked: Question, full: Evaluation) -> Here:
    """Price a receipt by what the store may draw now; `full` is its price over all points."""
    who, only, policy = asked.who, asked.only, asked.policy
    is_offline = not station.link.state().up
    if who is not None and is_offline and policy == "forbid":
        return _priced(asked, who.view(Reach.NOTHING, only), Because.FORBIDDEN)
    view = None if who is None else who.view(Reach.STORE, only)
    points_here = who is None or all(lot.here >= lot.amount for lot in who.lots)
    if points_here and asked.brought.is_here(full):
        return Here(view, asked.receipt, full)
    leased = _priced(asked, view, Because.LEASE if is_offline else Because.HELD)
    keeps_to_leases = policy not in BEYOND or station.barred != ""
    if who is None or points_here or not is_offline or keeps_to_leases:
        return leased
    return _beyond(journal, asked, who, leased)


def _beyond(journal: Connection, asked: Question, who: Standing, leased: Here) -> Here:
    """Open so much beyond the leases as the receipt lacks of the member's points and caps allow."""
    whole = _priced(asked, who.view(Reach.CHAIN, asked.only), Because.LEASE)
    missing = _missing(asked, whole.evaluation, leased.evaluation)
    if missing <= 0:
        return leased
    more = dict(_spread(asked, who, min(missing, allowance(journal, asked, who))))
    return _priced(asked, who.view(Reach.STORE, asked.only, more=more), asked.because)


def allowance(journal: Connection, asked: Question, who: Standing) -> int:
    """Return the hundredths of a point that a receipt may redeem beyond the leases now."""
    not_leased = sum(gap for _, gap in _gaps(asked, who))
    allowed = by_limit(journal, asked, who) if asked.policy == "limit" else by_pass(asked)
    return max(0, min(allowed, not_leased - who.debt))


def by_limit(journal: Connection, asked: Question, who: Standing) -> int:
    """Return what is left of the narrowest of a programme's three caps."""
    of_receipt, of_member, of_store = asked.pack.source.policies.offline_caps
    used = beyond.counted(journal, who.accounts, asked.since or asked.moment.day, who.as_of)
    return min(of_receipt, of_member - used.member - who.debt, of_store - used.store)


def by_pass(asked: Question) -> int:
    """Return what the customer's pass, which is good and unused here, lets a store redeem."""
    return 0 if asked.granted is None else asked.granted.points


def _priced(asked: Question, view: MemberView | None, because: Because) -> Here:
    """Price with what this store may take: a code that it may not take gives way to others, which
    it may have to leave out too."""
    held: set[str] = set()
    for _ in range(len(asked.brought.codes) + 1):
        receipt = asked.brought.on(asked.receipt, Reach.STORE, held)
        evaluation = evaluate(asked.pack, view, receipt, asked.moment)
        untaken = asked.brought.beyond(evaluation)
        if not untaken:
            return Here(view, receipt, evaluation, because)
        held |= untaken
    raise AssertionError("a code that is held was used up")


def _missing(asked: Question, full: Evaluation, leased: Evaluation) -> int:
    """Return what a receipt lacks of the points that it asks for, or could ask for."""
    if asked.receipt.redeem is Redeem.NONE:
        return full.redemption.maximum - leased.redemption.maximum
    return full.redemption.redeemed - leased.redemption.redeemed


def _spread(asked: Question, who: Standing, amount: int) -> Iterator[tuple[UUID, int]]:
    """Open so much beyond the leases, in the order in which lots are spent."""
    for lot, gap in _gaps(asked, who):
        more = min(gap, amount)
        amount -= more
        if more:
            yield lot.id, more


def _gaps(asked: Question, who: Standing) -> list[tuple[LotStanding, int]]:
    """Return the lots that the receipt may draw, with what the store may not draw of each.

    What was born here and the rows do not tell is left out: the centre may not accept it. A pass
    opens lots of its own account.
    """
    instant, day = asked.moment.instant, asked.moment.day
    of_pass = asked.granted.account if asked.granted and asked.policy == "signed_pass" else None
    return [
        (lot, lot.amount - max(0, lot.here))
        for lot in sorted(who.lots, key=lambda lot: lot.spending_order)
        if lot.is_told
        and is_live(lot.activates_at, lot.expires_on, instant, day)
        and asked.only in (None, lot.account)
        and of_pass in (None, lot.account)
        and lot.amount > max(0, lot.here)
    ]
