"""What conditions and percents may ask: the receipt, the member, his tier and the moment."""

from dataclasses import dataclass
from datetime import date

from shared.basket import Line
from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.moment import Moment
from shared.rules.tiers import Tier


@dataclass(frozen=True, slots=True)
class Facts:
    """The receipt before any effect; the sum is in kopecks, `day` and `weekday` the store's."""

    receipt: Receipt
    member: MemberView | None
    tier: Tier | None
    moment: Moment
    day: date
    counted_on: date
    """By the programme's zone."""
    sum_minor: int
    codes: frozenset[str] = frozenset()
    """Campaigns of the promo codes that are good."""
    open_lines: tuple[Line, ...] = ()
    """Lines that may have benefits: neither tobacco nor certificates nor services."""
