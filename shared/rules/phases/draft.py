"""The work sheet of one evaluation: lines as they are lowered, effects, reasons and the trace."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from msgspec import Struct

from shared.basket import Line
from shared.member import DayCount
from shared.rules.codes import Judged
from shared.rules.facts import Facts
from shared.rules.index import Asked, LineRule
from shared.rules.result import (
    CertificatePayment,
    Coupon,
    Effect,
    EffectKind,
    Entitlement,
    Grant,
    OnceGrant,
    Redemption,
    Sentence,
    TraceStep,
)

Span = tuple[int, int]


class Phase(StrEnum):
    """The phases of an evaluation, in their order."""

    NORMALISE = "normalise"
    PRICE = "price"
    DISCOUNT = "discount"
    CHOICE = "choice"
    CAP = "cap"
    REDEEM = "redeem"
    TENDER = "tender"
    EARN = "earn"
    AFTER = "after"


class Benefit(StrEnum):
    """What a line may be closed to."""

    DISCOUNT = "discount"
    REDEEM = "redeem"
    EARN = "earn"
    TURNOVER = "turnover"


_DISCOUNT: Final = Benefit.DISCOUNT
_REDEEM: Final = Benefit.REDEEM


@dataclass(frozen=True, slots=True)
class Choice:
    """A benefit to choose, by place of the line: all of it, and its part that becomes points."""

    rule: LineRule
    amounts: dict[int, int]
    bonuses: dict[int, int]


class Item(Struct, eq=False):
    """A line at work, in kopecks and hundredths of a point; only its methods lower its sum."""

    line: Line
    base_minor: int
    floor_minor: int
    closed: frozenset[Benefit]
    sum_minor: int
    """What is left to pay."""
    discount_minor: int = 0
    redeemed_points: int = 0
    redeemed_minor: int = 0
    certificate_minor: int = 0
    """What certificates pay of the sum."""
    earnless_minor: int = 0
    """The part of it that earns nothing, by the pack's policy."""
    earned_points: int = 0
    turnover_minor: int = 0
    points_left_minor: int | None = None
    """What a cap on the line leaves for points; None without one."""

    @property
    def room_minor(self) -> int:
        """How much the sum may still be lowered."""
        return self.sum_minor - self.floor_minor

    @property
    def money_minor(self) -> int:
        """What is left to pay in money."""
        return self.sum_minor - self.certificate_minor

    @property
    def points_room_minor(self) -> int:
        """How much of the sum points may pay."""
        room, left = self.sum_minor - self.floor_minor, self.points_left_minor
        return room if left is None else min(room, left)

    def cut(self, amount_minor: int) -> None:
        """Take a discount off."""
        assert _DISCOUNT not in self.closed, "a discount on a line that is closed to it"
        assert 0 <= amount_minor <= self.sum_minor - self.floor_minor, "a discount below the floor"
        self.discount_minor += amount_minor
        self.sum_minor -= amount_minor

    def give_back(self, amount_minor: int) -> None:
        """Return a part of the discounts."""
        assert 0 <= amount_minor <= self.discount_minor, "more than was taken"
        self.discount_minor -= amount_minor
        self.sum_minor += amount_minor

    def pay(self, points: int, amount_minor: int) -> None:
        """Pay a part with points: a price reduction like a discount."""
        assert _REDEEM not in self.closed, "points on a line that is closed to them"
        assert 0 <= amount_minor <= self.sum_minor - self.floor_minor, "points below the floor"
        self.redeemed_points += points
        self.redeemed_minor += amount_minor
        self.sum_minor -= amount_minor


NO_REDEMPTION = Redemption(requested=0, maximum=0, redeemed=0, limits=(), draws=())


class Draft(Struct, eq=False):
    """Everything found so far; each phase adds to it and takes nothing back."""

    facts: Facts
    items: list[Item]
    judged: tuple[Judged, ...] = ()
    """The promo codes presented."""
    effects: list[Effect] = []
    cuts: dict[str, dict[int, int]] = {}
    """Discounts by rule and line number."""
    lowering: dict[int, LineRule] = {}
    """The rules of these discounts, by place in the pack."""
    choices: list[Choice] = []
    entitlements: list[Entitlement] = []
    coupons: list[Coupon] = []
    certificates: list[CertificatePayment] = []
    points_left_minor: int | None = None
    """What a cap on the receipt leaves for points; None without one."""
    points_left_by: str = "points_capped"
    """The code of what is said where that is all that points may pay."""
    least_minor: int = 0
    """The least that is paid for the receipt."""
    redemption: Redemption = NO_REDEMPTION
    grants: list[Grant] = []
    once: list[OnceGrant] = []
    earned: dict[str, int] = {}
    """Points (hundredths) by earning rule, before they are rounded together."""
    counted: DayCount | None = None
    """What the receipt adds to what the member has done."""
    tier_after: str | None = None
    hints: list[Sentence] = []
    applied: dict[int, str] = {}
    """Rules that did something, by place in the pack."""
    reasons: dict[int, tuple[Asked, Sentence]] = {}
    """Rules that did not, and the first reason found."""
    trace: list[TraceStep] = []
    _open: dict[int, bool] = {}

    def fits(self, rule: LineRule, item: Item) -> bool:
        """Tell whether a rule is open to the receipt and fits the line."""
        return self.open(rule) and rule.matches(self.facts, item.line)

    def open(self, rule: LineRule) -> bool:
        """Tell whether a rule is open to the receipt; the reason is kept if it is not."""
        known = self._open.get(rule.place)
        if known is not None:
            return known
        closed = rule.gate(self.facts)
        if closed is not None:
            self.reasons[rule.place] = (rule, closed)
        self._open[rule.place] = closed is None
        return closed is None

    def did_nothing(self, rule: LineRule, reason: Sentence) -> None:
        """Keep why a rule did nothing, unless a reason is known."""
        self.reasons.setdefault(rule.place, (rule, reason))

    def gave_way(self, rule: LineRule, reason: Sentence) -> None:
        """Keep that a rule fitted but lost, which says more than any other reason."""
        self.reasons[rule.place] = (rule, reason)

    def take(self, rule: LineRule, item: Item, amount_minor: int) -> None:
        """Take a rule's discount off a line."""
        item.cut(amount_minor)
        no, cuts = item.line.no, self.cuts.get(rule.id)
        if cuts is None:
            cuts = self.cuts[rule.id] = {}
            self.lowering[rule.place] = rule
        cuts[no] = cuts.get(no, 0) + amount_minor

    def add_effect(
        self, kind: EffectKind, rule: LineRule, allocations: list[tuple[int, int]]
    ) -> Effect:
        """Add a rule's effect of the sum of its allocations, those of nothing left out."""
        self.applied[rule.place] = rule.id
        return self.add_plain_effect(kind, allocations, rule.id)

    def add_plain_effect(
        self, kind: EffectKind, allocations: list[tuple[int, int]], rule: str = ""
    ) -> Effect:
        """Add an effect that no rule has, such as the cashier's discount."""
        kept = tuple([pair for pair in allocations if pair[1]])
        amount = sum([amount for _, amount in kept])
        effect = Effect(len(self.effects) + 1, kind, rule, amount, kept)
        self.effects.append(effect)
        return effect

    def note(
        self, phase: Phase, reason: Sentence, *, rule: str = "", line: int = 0, span: Span = (0, 0)
    ) -> None:
        """Add a step to the trace; the span is the number before and after it."""
        self.trace.append(TraceStep(phase, rule, line, span[0], span[1], reason))
