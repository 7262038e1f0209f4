"""Trial baskets of a pack: one line, perhaps other goods beside it, one buyer, one moment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from shared.basket import QUANTITY_ONE, Flag, Goods, Line
from shared.member import DayCount, History, LotView, MemberView, NamedDay, Use
from shared.receipt import PresentedCode, Receipt, Redeem, Take, TenderKind
from shared.rules.counters import counter_use
from shared.rules.model import Pack
from shared.rules.moment import Moment
from shared.rules.question_terms import BIRTHDAY, METRICS, REGISTRATION, BasketHas
from shared.rules.tracks import VISIT

NOBODY: Final = ""
OTHER: Final = "other"
PRICE_MINOR: Final = 10_000_00
_POINTS: Final = 10**12
_ZONE: Final = "UTC"
_MEMBER: Final = UUID(int=1)
_ACCOUNT: Final = UUID(int=2)
_FRIEND: Final = UUID(int=4)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Beside:
    """Goods of a list that the receipt has as well: so many thousandths, kopecks for a unit."""

    goods: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A basket to try: goods at a price, and who buys when; quantities in thousandths."""

    day: date
    clock: str = "12:00"
    tier: str = NOBODY
    segments: frozenset[str] = frozenset()
    purchases: int = 2
    referred: str = "no"
    away_days: int = 0
    dates: tuple[tuple[str, int], ...] = ()
    """Dates of the member's life by name, so many days ago."""
    counted: tuple[tuple[str, int], ...] = ()
    """What he did before: metrics and counters."""
    store: str = OTHER
    region: str = OTHER
    channel: str = "till"
    paid_in: TenderKind | None = None
    marks: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    """Campaigns of promo codes, of each of which one code is presented."""
    sku: str = OTHER
    group: str = OTHER
    brand: str = OTHER
    flags: tuple[str, ...] = ()
    price_minor: int = PRICE_MINOR
    quantity: int = QUANTITY_ONE
    beside: tuple[Beside, ...] = ()
    redeem: Redeem = Redeem.NONE


def staged(pack: Pack, trial: Trial) -> tuple[MemberView | None, Receipt, Moment]:
    """Return what the kernel is given for a trial."""
    goods = Goods(
        sku=trial.sku,
        group=trial.group,
        brand=trial.brand,
        flags=frozenset(Flag(flag) for flag in trial.flags),
    )
    lines = [Line(1, goods, trial.quantity, trial.price_minor)]
    lines += [_line(pack, no, other) for no, other in enumerate(trial.beside, start=2)]
    receipt = Receipt(
        uid=UUID(int=3),
        store=trial.store,
        till="1",
        lines=tuple(lines),
        redeem=trial.redeem,
        promo_codes=trial.codes,
        codes=_codes(pack, trial),
        region=trial.region,
        channel=trial.channel,
        take=Take.DISCOUNT,
        paid_in=trial.paid_in,
        marks=trial.marks,
    )
    at = datetime.combine(trial.day, time.fromisoformat(trial.clock), UTC)
    return None if trial.tier == NOBODY else _member(pack, trial), receipt, Moment(at, _ZONE)


def asked_beside(terms: BasketHas) -> Beside:
    """Return goods that other goods of a receipt are asked to be: at the least that suffices."""
    quantity = terms.quantity if terms.quantity > 1 else QUANTITY_ONE
    return Beside(terms.goods[0], quantity, max(1, -(-terms.sum_minor * QUANTITY_ONE // quantity)))


def _line(pack: Pack, no: int, other: Beside) -> Line:
    listed = pack.lists[other.goods]
    goods = Goods(
        sku=next(iter(listed.skus), OTHER),
        group=OTHER if listed.skus else next(iter(listed.groups), OTHER),
        brand=OTHER if listed.skus or listed.groups else next(iter(listed.brands), OTHER),
        flags=frozenset(() if listed.skus or listed.groups or listed.brands else listed.flags[:1]),
    )
    return Line(no, goods, other.quantity, other.price_minor)


def _codes(pack: Pack, trial: Trial) -> tuple[PresentedCode, ...]:
    """Present a code of each campaign, his own where only its owner may use it."""
    return tuple(
        PresentedCode(name, name, owner=_MEMBER if pack.codes[name].personal == "yes" else None)
        for name in trial.codes
    )


def _member(pack: Pack, trial: Trial) -> MemberView:
    lots = tuple(
        LotView(UUID(int=100 + place), _ACCOUNT, wallet, _POINTS, _LONG_AGO, None)
        for place, wallet in enumerate(pack.wallets)
    )
    dates = {name: trial.day - timedelta(days=ago) for name, ago in trial.dates}
    counted = dict(trial.counted)
    visits = counted.get("purchases", 0) // VISIT
    return MemberView(
        _MEMBER,
        _ACCOUNT,
        turnover_minor=counted.get("turnover", 0),
        receipts=max(trial.purchases - 1, visits),
        registered_on=dates.get(REGISTRATION),
        birthday=dates.get(BIRTHDAY),
        segments=trial.segments,
        tier_floor=trial.tier,
        lots=lots,
        referrer=_FRIEND if trial.referred == "yes" else None,
        history=_history(trial, counted, visits),
        dates=tuple(
            NamedDay(name, day)
            for name, day in dates.items()
            if name not in (BIRTHDAY, REGISTRATION)
        ),
    )


def _history(trial: Trial, counted: dict[str, int], visits: int) -> History:
    if trial.away_days < 0:
        return History()
    last = trial.day - timedelta(days=trial.away_days)
    day = DayCount(last, counted.get("turnover", 0), counted.get("points", 0), max(1, visits))
    uses = [
        Use(counter_use(name), last, 1, amount)
        for name, amount in trial.counted
        if name not in METRICS
    ]
    return History(days=(day,), uses=tuple(uses))
