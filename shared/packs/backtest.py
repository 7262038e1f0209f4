"""Replay receipts of the past under a proposed pack: tiers, their moves, and what it would cost.

A pure function of the pack, the members as they began, and their receipts in the order of time.
Each receipt is priced with what the member had done before it, under this very pack; nobody pays
with points, so that what is granted is the whole cost.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from shared.ids import derived
from shared.ledger.history import with_days, with_once, with_uses
from shared.member import DayCount, MemberView, Use
from shared.points import worth
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Evaluation
from shared.rules.tiers import tier_of

DIFFERENCES_MAX: Final = 1_000
NO_TIER: Final = ""


@dataclass(frozen=True, slots=True)
class Sale:
    """A receipt of the past; `given` is the discount that each line had then, where it is known."""

    no: str
    member: str
    receipt: Receipt
    moment: Moment
    given: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A line whose discount (kopecks) is another than it was."""

    receipt: str
    line_no: int
    was_minor: int
    is_minor: int


@dataclass(slots=True)
class Replayed:
    """What a pack would have done; amounts in kopecks, points in hundredths."""

    receipts: int = 0
    base_minor: int = 0
    discount_minor: int = 0
    points: int = 0
    points_minor: int = 0
    """What these points are worth."""
    turnover_minor: int = 0
    compared: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)
    """The first of them."""
    members: dict[str, MemberView] = field(default_factory=dict)
    tier_at: dict[str, str] = field(default_factory=dict)
    """Each member's tier after the last receipt of all."""
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often a receipt found a member in another tier than the receipt before had left him."""
    by_tier: dict[str, "OfTier"] = field(default_factory=dict)
    by_list: dict[str, int] = field(default_factory=dict)
    """What money paid for the goods of each list of the pack."""

    def tiers(self) -> Mapping[str, int]:
        """Return how many members each tier has at the end."""
        return Counter(self.tier_at.values())


@dataclass(slots=True)
class OfTier:
    """What members got while they were in a tier."""

    receipts: int = 0
    base_minor: int = 0
    discount_minor: int = 0
    points_minor: int = 0


Heard = Callable[[Sale, MemberView | None, Evaluation], None]
"""Who hears of each receipt as it is priced, and of its member as he was before it."""


def replay(
    pack: CompiledPack,
    sales: Iterable[Sale],
    members: Mapping[str, MemberView],
    heard: Heard = lambda _sale, _member, _answer: None,
) -> Replayed:
    """Price receipts one after another; who is not among the members begins with nothing."""
    found = Replayed(members=dict(members))
    last: Moment | None = None
    for sale in sales:
        _replay_one(pack, sale, found, heard)
        last = sale.moment
    if last is not None:
        day = pack.counting_day(last)
        for key, member in found.members.items():
            tier = tier_of(pack, member, day)
            found.tier_at[key] = NO_TIER if tier is None else tier.id
    return found


def new_member(key: str) -> MemberView:
    """Return a member of a replay who has done nothing yet."""
    return MemberView(derived("replay", "member", key), derived("replay", "account", key))


def changes(before: Replayed, after: Replayed) -> Mapping[tuple[str, str], int]:
    """Return how many members two packs leave in each pair of tiers."""
    keys = before.tier_at.keys() & after.tier_at.keys()
    return Counter((before.tier_at[key], after.tier_at[key]) for key in keys)


def _replay_one(pack: CompiledPack, sale: Sale, found: Replayed, heard: Heard) -> None:
    member = None
    if sale.member:
        member = found.members.get(sale.member) or new_member(sale.member)
    answer = evaluate(pack, member, sale.receipt, sale.moment)
    heard(sale, member, answer)
    points_minor = points_worth(pack, answer)
    found.receipts += 1
    found.base_minor += answer.totals.base_minor
    found.discount_minor += answer.totals.discount_minor
    found.turnover_minor += answer.totals.turnover_minor
    found.points += answer.totals.earned_points + sum(one.amount for one in answer.once)
    found.points_minor += points_minor
    _compare(sale, answer, found)
    _share_out(pack, sale, answer, found)
    if member is None:
        return
    before, tier = found.tier_at.get(sale.member), answer.tier or NO_TIER
    if before is not None and before != tier:
        found.moves[before, tier] += 1
    of_tier = found.by_tier.setdefault(tier, OfTier())
    of_tier.receipts += 1
    of_tier.base_minor += answer.totals.base_minor
    of_tier.discount_minor += answer.totals.discount_minor
    of_tier.points_minor += points_minor
    found.members[sale.member] = _after(pack, member, answer, sale.moment)
    if answer.tier_after is not None and answer.tier_after != tier:
        found.moves[tier, answer.tier_after] += 1
    found.tier_at[sale.member] = answer.tier_after or tier


def _share_out(pack: CompiledPack, sale: Sale, answer: Evaluation, found: Replayed) -> None:
    """Add what was paid for each list's goods; goods may be on several."""
    paid = {line.no: line.payable_minor for line in answer.lines}
    for line in sale.receipt.lines:
        for name in set(pack.lists_of.of(line.goods)):
            found.by_list[name] = found.by_list.get(name, 0) + paid.get(line.no, 0)


def _after(
    pack: CompiledPack, member: MemberView, answer: Evaluation, moment: Moment
) -> MemberView:
    totals = answer.totals
    day = answer.counted_on or pack.counting_day(moment)
    counted = DayCount(day, totals.turnover_minor, totals.earned_points, visits=1)
    history = with_days(member.history, [counted])
    history = with_uses(history, [Use(use.rule, moment.day, 1, use.points) for use in answer.uses])
    for grant in answer.once:
        history = with_once(history, grant.lot)
    return replace(
        member,
        turnover_minor=member.turnover_minor + totals.turnover_minor,
        receipts=member.receipts + 1,
        history=history,
    )


def points_worth(pack: CompiledPack, answer: Evaluation) -> int:
    """Return what the points that a receipt grants are worth, in kopecks."""
    granted = [(one.wallet, one.amount) for one in answer.grants]
    granted += [(one.wallet, one.amount) for one in answer.once]
    return sum(worth(amount, pack.wallet(wallet).point_value_minor) for wallet, amount in granted)


def _compare(sale: Sale, answer: Evaluation, found: Replayed) -> None:
    for difference in _differences(sale, answer):
        found.differing += 1
        if len(found.differences) < DIFFERENCES_MAX:
            found.differences.append(difference)
    found.compared += len(sale.given)


def _differences(sale: Sale, answer: Evaluation) -> Iterator[Difference]:
    now = {line.no: line.discount_minor for line in answer.lines}
    for no, was_minor in sale.given.items():
        if now.get(no, 0) != was_minor:
            yield Difference(sale.no, no, was_minor, now.get(no, 0))
