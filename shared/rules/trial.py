"""Trial baskets of a pack: one line, perhaps goods beside it, one buyer, one moment."""

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
class Trial:
    """A basket to try: goods at a price, and who buys when; quantities in thousandths."""

    day: date
    clock: str = "12:00"
    tier: str = NOBODY
    turnover_minor: int = 0
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
    mark: str = ""
    code: str = ""
    """A campaign of promo codes, of which one is presented."""
    sku: str = OTHER
    group: str = OTHER
    brand: str = OTHER
    flag: str = ""
    price_minor: int = PRICE_MINOR
    quantity: int = QUANTITY_ONE
    beside: BasketHas | None = None
    """Goods that the receipt has as well, at the least that is asked of them."""
    redeem: Redeem = Redeem.NONE


def staged(pack: Pack, trial: Trial) -> tuple[MemberView | None, Receipt, Moment]:
    """Return what the kernel is given for a trial."""
    goods = Goods(
        sku=trial.sku,
        group=trial.group,
        brand=trial.brand,
        flags=frozenset({Flag(trial.flag)} if trial.flag else ()),
    )
    lines = [Line(1, goods, trial.quantity, trial.price_minor)]
    if trial.beside is not None:
        lines.append(companion(pack, trial.beside))
    receipt = Receipt(
        uid=UUID(int=3),
        store=trial.store,
        till="1",
        lines=tuple(lines),
        redeem=trial.redeem,
        promo_codes=(trial.code,) if trial.code else (),
        codes=_codes(pack, trial),
        region=trial.region,
        channel=trial.channel,
        take=Take.DISCOUNT,
        paid_in=trial.paid_in,
        marks=(trial.mark,) if trial.mark else (),
    )
    at = datetime.combine(trial.day, time.fromisoformat(trial.clock), UTC)
    return None if trial.tier == NOBODY else _member(pack, trial), receipt, Moment(at, _ZONE)


def companion(pack: Pack, terms: BasketHas) -> Line:
    """Return a line of goods of a list: as many as asked, at the least price that suffices."""
    listed = pack.lists[terms.goods[0]]
    goods = Goods(
        sku=next(iter(listed.skus), OTHER),
        group=OTHER if listed.skus else next(iter(listed.groups), OTHER),
        brand=OTHER if listed.skus or listed.groups else next(iter(listed.brands), OTHER),
        flags=frozenset(() if listed.skus or listed.groups or listed.brands else listed.flags[:1]),
    )
    quantity = max(1, terms.quantity)
    price_minor = max(1, -(-terms.sum_minor * QUANTITY_ONE // quantity))
    return Line(2, goods, quantity, price_minor)


def _codes(pack: Pack, trial: Trial) -> tuple[PresentedCode, ...]:
    """Present a code of a campaign, his own where only its owner may use it."""
    if not trial.code:
        return ()
    personal = pack.codes[trial.code].personal == "yes"
    owner = _MEMBER if personal else None
    return (PresentedCode(trial.code, trial.code, owner=owner),)


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
        turnover_minor=max(trial.turnover_minor, counted.get("turnover", 0)),
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
