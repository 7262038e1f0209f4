"""A receipt evaluated a second time, twice: over what the fact says, and over the centre's view.

Pure. The first must give the same bytes, or agent and centre do not calculate alike. The second may
differ, because a store that is offline does not know everything: the difference is what that costs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from central.auditor.store import Verdict
from shared.bearer import Bearer
from shared.clock import instant_of
from shared.receipt import Receipt, Redeem
from shared.rules.canonical import result_hash
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Trust
from shared.rules.result import Evaluation, Grant, Redemption
from shared.wire.facts import ReceiptCommitted

CLOCK_OFF_MAX = timedelta(minutes=5)
"""By as much a clock may be wrong before its receipts count as untimed."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What the kernel finds over exactly what a fact says, in hex; empty if it fails."""

    verdict: Verdict
    found: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the centre's view would have given beyond the store's: kopecks, hundredths of a point.

    `more` are grants of the centre's evaluation that are higher, by how much, the largest first.
    """

    discount_minor: int = 0
    points: int = 0
    more: tuple[Grant, ...] = ()


NO_DIFFERENCE = Difference()


def recheck(pack: CompiledPack, sale: ReceiptCommitted) -> Rechecked:
    """Evaluate exactly what a fact says, and compare all that it states of the result."""
    found = result_hash(evaluate(pack, sale.member, sale.receipt, sale.moment))
    if found != sale.result_hash:
        return Rechecked(Verdict.RESULT, found)
    if result_hash(sale.evaluation) != sale.result_hash:
        return Rechecked(Verdict.STATED, found)
    agrees = _grants_agree(sale) and _codes_agree(sale)
    return Rechecked(Verdict.SAME if agrees else Verdict.GRANTS, found)


def pinned(receipt: Receipt, redemption: Redemption) -> Receipt:
    """Return the receipt as it was paid: the points that it drew stay drawn, and no more."""
    redeem = Redeem.EXACT if redemption.redeemed else Redeem.NONE
    return replace(receipt, redeem=redeem, redeem_points=redemption.redeemed)


def difference(printed: Evaluation, ours: Evaluation, own: UUID | None) -> Difference:
    """Return by how much the centre's evaluation gives more (or less) than the printed one.

    `own` is the account of grants that name none. What a person gets once is decided by its id.
    """
    had = _by_wallet(printed.grants, own)
    should = _by_wallet(ours.grants, own)
    gaps = {key: should.get(key, 0) - had.get(key, 0) for key in {*had, *should}}
    more = []
    for (account, wallet), gap in sorted(gaps.items(), key=lambda item: (-item[1], str(item[0]))):
        if gap > 0:
            model = max(
                (one for one in ours.grants if _key(one, own) == (account, wallet)),
                key=lambda one: one.amount,
            )
            more.append(replace(model, amount=gap, account=account))
    discount = ours.totals.discount_minor - printed.totals.discount_minor
    return Difference(discount, sum(gaps.values()), tuple(more))


def is_timed(sale: ReceiptCommitted, hlc: int, received_at: datetime) -> bool:
    """Tell whether a receipt's instant can be believed.

    It cannot when the agent says so, when it lies in the future, and when an earlier fact of the
    same journal was later: then the clock was set back, or had been ahead.
    """
    if sale.moment.trusted is Trust.UNTRUSTED:
        return False
    ahead = max(sale.at, sale.moment.instant) - received_at
    back = instant_of(hlc) - sale.at
    return max(ahead, back, sale.moment.instant - sale.at) <= CLOCK_OFF_MAX


def due_points(found: Difference, returned_bp: int) -> int:
    """Return how many points a receipt is due, less the share of it that came back."""
    return max(0, found.points) * (WHOLE - returned_bp) // WHOLE


def split(more: Iterable[Grant], points: int) -> list[Grant]:
    """Return grants of so many points in all, from the largest differences on."""
    found = []
    for grant in more:
        amount = min(points, grant.amount)
        if amount:
            found.append(replace(grant, amount=amount))
            points -= amount
    return found


WHOLE = 10_000


def _grants_agree(sale: ReceiptCommitted) -> bool:
    """Tell whether a fact grants what its evaluation gives; what a person had may be left out."""
    own = None if sale.member is None else sale.member.account
    earned = sorted(
        (lot.effect_no, str(lot.account), lot.wallet, lot.amount)
        for lot in sale.granted
        if not lot.person
    )
    given = sorted(
        (grant.effect_no, str(grant.account or own), grant.wallet, grant.amount)
        for grant in sale.evaluation.grants
    )
    once: dict[UUID | None, int] = {grant.lot: grant.amount for grant in sale.evaluation.once}
    return earned == given and all(
        once.get(lot.once) == lot.amount for lot in sale.granted if lot.person
    )


def _codes_agree(sale: ReceiptCommitted) -> bool:
    """Tell whether a fact brings the coupons of its evaluation, and no other gifts than those."""
    printed = sorted(
        (one.rule, one.campaign, str(one.owner), str(one.first_day), str(one.expires_on))
        for one in sale.issued
        if one.bearer == Bearer.CODE and one.once is None
    )
    given = sorted(
        (one.rule, one.campaign, str(one.owner), str(one.first_day), str(one.last_day))
        for one in sale.evaluation.coupons
    )
    once: dict[UUID | None, int] = {
        grant.lot: grant.amount for grant in sale.evaluation.once if grant.is_code
    }
    gifts = [one for one in sale.issued if one.once is not None]
    return printed == given and all(once.get(one.once) == one.amount for one in gifts)


def _key(grant: Grant, own: UUID | None) -> tuple[UUID | None, str]:
    return (grant.account or own, grant.wallet)


def _by_wallet(grants: Iterable[Grant], own: UUID | None) -> dict[tuple[UUID | None, str], int]:
    sums: dict[tuple[UUID | None, str], int] = {}
    for grant in grants:
        key = _key(grant, own)
        sums[key] = sums.get(key, 0) + grant.amount
    return sums
