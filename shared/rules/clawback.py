"""How far a return reaches for points that the goods had earned, and what becomes of the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from shared.points import worth
from shared.rules.result import Draw
from shared.rules.return_terms import ReturnPolicies
from shared.rules.returns import withhold, without


@dataclass(frozen=True, slots=True)
class OwnLot:
    """A lot that the buyer has: hundredths of a point that are left in it."""

    id: UUID
    account: UUID
    wallet: str
    amount: int
    activates_at: datetime
    expires_on: date | None

    @property
    def spending_order(self) -> tuple[date, datetime, UUID]:
        """Earliest expiry first, then earliest activation, then id."""
        return (self.expires_on or date.max, self.activates_at, self.id)


@dataclass(frozen=True, slots=True)
class EarnedTerms:
    """What the sale says of a lot that it earned: kopecks of a point, and when it becomes active.

    Without the rules of the sale nobody knows what a point is worth.
    """

    wallet: str
    activates_at: datetime
    point_value_minor: int | None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as far as a claw-back may reach: his accounts and their lots, at an instant."""

    accounts: frozenset[UUID]
    lots: tuple[OwnLot, ...]
    at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class ClawedBack:
    """Where the earned points of returned goods go; the parts sum to what they had earned.

    `taken` leave the lots of the sale, `reached` other lots of the buyer; the refund pays for
    `withheld`; `kept` were active already and stay. Of `taken` the lots lack `missing_points`.
    """

    taken: tuple[Draw, ...]
    reached: tuple[Draw, ...]
    kept: tuple[Draw, ...]
    withheld: tuple[Draw, ...]
    withheld_minor: int
    missing_points: int


def claw_back(
    earned: Sequence[Draw],
    terms: Mapping[UUID, EarnedTerms],
    buyer: Buyer,
    policies: ReturnPolicies,
    refund_minor: int,
) -> ClawedBack:
    """Share out what a return takes: pending lots, active ones, other lots, and then the rest.

    Only the buyer's own lots are asked further: those of who brought him are taken as they are.
    """
    kept: tuple[Draw, ...] = ()
    if policies.claw_back == "only_pending":
        kept = tuple(draw for draw in earned if not _is_pending(draw, terms, buyer))
    rest = without(earned, kept)
    missing = _missing(rest, buyer)
    reached: tuple[Draw, ...] = ()
    if policies.claw_back in ("within_balance", "unlimited"):
        reached, missing = _reach(missing, earned, terms, buyer)
    withheld: tuple[Draw, ...] = ()
    values = {lot: one.point_value_minor for lot, one in terms.items()}
    known = {lot: value for lot, value in values.items() if value is not None}
    if policies.spent_points == "take_from_refund" and not policies.lets_go:
        priced = [draw for draw in missing if draw.lot in known]
        withheld = withhold(refund_minor, priced, known)
    elsewhere = _found(rest, buyer, missing)
    return ClawedBack(
        taken=without(rest, (*elsewhere, *withheld)),
        reached=reached,
        kept=kept,
        withheld=withheld,
        withheld_minor=sum(worth(draw.amount, known[draw.lot]) for draw in withheld),
        missing_points=_sum(missing) - _sum(withheld),
    )


def _is_pending(draw: Draw, terms: Mapping[UUID, EarnedTerms], buyer: Buyer) -> bool:
    own = next((lot for lot in buyer.lots if lot.id == draw.lot), None)
    activates_at = terms[draw.lot].activates_at if own is None else own.activates_at
    return activates_at > buyer.at


def _missing(draws: Sequence[Draw], buyer: Buyer) -> list[Draw]:
    """Return what the buyer's own lots no longer have of what a return takes."""
    left = {lot.id: lot.amount for lot in buyer.lots}
    own = [draw for draw in draws if draw.account in buyer.accounts]
    short = [replace(one, amount=one.amount - max(0, left.get(one.lot, 0))) for one in own]
    return [draw for draw in short if draw.amount > 0]


def _found(draws: Sequence[Draw], buyer: Buyer, still_missing: Sequence[Draw]) -> tuple[Draw, ...]:
    """Return what was missing in its own lots and found in others."""
    return without(_missing(draws, buyer), still_missing)


def _reach(
    missing: Sequence[Draw],
    earned: Sequence[Draw],
    terms: Mapping[UUID, EarnedTerms],
    buyer: Buyer,
) -> tuple[tuple[Draw, ...], list[Draw]]:
    """Take missing points out of other active lots of the same wallet, those that end soonest.

    Returns these draws, and what is missing still.
    """
    own = {draw.lot for draw in earned}
    live = sorted(
        (lot for lot in buyer.lots if lot.id not in own and _is_live(lot, buyer)),
        key=lambda lot: lot.spending_order,
    )
    left = {lot.id: lot.amount for lot in live}
    reached: dict[UUID, Draw] = {}
    still = []
    for draw in missing:
        amount = draw.amount
        for lot in live:
            part = min(amount, left[lot.id]) if lot.wallet == terms[draw.lot].wallet else 0
            if part:
                left[lot.id] -= part
                amount -= part
                before = reached.get(lot.id, Draw(lot.id, lot.account, 0))
                reached[lot.id] = replace(before, amount=before.amount + part)
        if amount:
            still.append(replace(draw, amount=amount))
    return tuple(reached.values()), still


def _is_live(lot: OwnLot, buyer: Buyer) -> bool:
    in_time = lot.expires_on is None or buyer.day <= lot.expires_on
    return lot.amount > 0 and lot.activates_at <= buyer.at and in_time


def _sum(draws: Sequence[Draw]) -> int:
    return sum(draw.amount for draw in draws)
