"""Price a receipt for a member as this store sees both: no writes, a value with a digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from agent.counted import QUOTE_SECONDS
from agent.leases.standing import Reach, Standing, standing
from agent.replica import service as replica
from agent.replica import store as rows
from agent.station import Station
from shared.basket import Flag, Goods, Line
from shared.errors import Kind, LoyaltyError
from shared.ledger.leases import is_live
from shared.member import MemberView
from shared.points import format_points
from shared.receipt import Receipt, Redeem, Take, TenderKind
from shared.rules.canonical import digest
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Evaluation
from shared.runtime.sqlite import reading
from shared.wire.feed import GoodsRow, SettingsRow

_FLAGS = {flag.value: flag for flag in Flag}
CENTRE = "centre"
"""Who holds the points of a lot that no store has leased."""


class NoSettingsError(LoyaltyError):
    """The store's own settings have not arrived yet."""

    kind = Kind.UNAVAILABLE
    code = "no_settings"
    ru = "Настройки магазина ещё не загружены из центра. Проверьте связь."
    en = "The store's settings have not arrived from the centre yet. Check the line."


class NoPriceError(LoyaltyError):
    """A line without a price for goods that have none here."""

    kind = Kind.INVALID
    code = "no_price"
    ru = "Строка {no}: у товара «{sku}» здесь нет цены, укажите её в строке."
    en = "Line {no}: goods {sku} have no price here, state it in the line."


class UnknownBarcodeError(LoyaltyError):
    """A line that names only a barcode which no goods have."""

    kind = Kind.NOT_FOUND
    code = "unknown_barcode"
    ru = "Строка {no}: товара со штрихкодом {barcode} нет в справочнике."
    en = "Line {no}: no goods have barcode {barcode}."


class TillDiffersError(LoyaltyError):
    """A line sum of the till's that is further from ours than the programme tolerates."""

    kind = Kind.INVALID
    code = "till_differs"
    ru = "Строка {no}: касса насчитала {stated_minor} коп., по цене и количеству {base_minor} коп."
    en = "Line {no}: the till found {stated_minor} kopecks, price and quantity give {base_minor}."


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the till itself says of goods that the replica may lack."""

    name: str = ""
    group: str = ""
    brand: str = ""
    flags: frozenset[Flag] = frozenset()
    floor_minor: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A line as the till states it: `sku` or `barcode`, thousandths, kopecks a unit."""

    no: int
    quantity: int
    sku: str = ""
    barcode: str = ""
    price_minor: int | None = None
    attributes: Attributes | None = None
    cashier_discount_minor: int = 0
    stated_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    """A receipt as the till states it."""

    uid: UUID
    till: str
    items: tuple[Item, ...]
    member: UUID | None = None
    account: UUID | None = None
    """Set when the member was found by a card that may redeem from its own account only."""
    redeem: Redeem = Redeem.NONE
    redeem_points: int = 0
    promo_codes: tuple[str, ...] = ()
    take: Take = Take.UNSAID
    take_value: int = 0
    paid_in: TenderKind | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortage:
    """Points (hundredths) that the member has, but this store may not spend now."""

    requested: int
    available: int
    elsewhere: tuple[tuple[str, int], ...]
    """Store code, or `centre`, and what it holds."""


class OverLeaseError(LoyaltyError):
    """More points than this store may spend without the centre, which did not lease them."""

    kind = Kind.CONFLICT
    code = "over_lease"
    ru = (
        "Здесь сейчас можно списать {available} из {requested} бонусов. Остальные закреплены: "
        "{elsewhere_ru}. Спишите не больше {available} или повторите, когда появится связь."
    )
    en = (
        "{available} of {requested} points can be redeemed here now. The rest is held: "
        "{elsewhere_en}. Redeem up to {available}, or try again when the line is back."
    )

    def __init__(self, shortage: Shortage) -> None:
        super().__init__(
            available=format_points(shortage.available),
            requested=format_points(shortage.requested),
            available_points=shortage.available,
            requested_points=shortage.requested,
            elsewhere_ru=_places(shortage, "в центре", "в магазине {}"),
            elsewhere_en=_places(shortage, "at the centre", "at store {}"),
            elsewhere=[{"store": who, "points": points} for who, points in shortage.elsewhere],
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced receipt; `member` is the view that the kernel was given."""

    receipt: Receipt
    standing: Standing | None
    member: MemberView | None
    moment: Moment
    evaluation: Evaluation
    digest: str
    reach: Reach
    shortage: Shortage | None
    """What the receipt redeems over what this store may draw."""
    headroom: Shortage | None
    """What it could redeem at most over what this store may draw."""
    settings: SettingsRow
    pack: CompiledPack


def quote(station: Station, basket: Basket, at: datetime) -> Quote:
    """Price a basket with the points that this store may count on now.

    With the line up these are all that the centre may lease to it, otherwise the store's own
    leases. Raises NoSettingsError, NoPackError, NoPriceError, UnknownBarcodeError,
    UnknownMemberError, TillDiffersError.
    """
    began_s = station.clock.monotonic()
    with reading(station.journal) as journal:
        reach = Reach.CHAIN if station.link.state().up else Reach.STORE
        priced = price(station, journal, basket, reach, at)
    station.counts.took(QUOTE_SECONDS, station.clock.monotonic() - began_s)
    return priced


def price(
    station: Station, journal: Connection, basket: Basket, reach: Reach, at: datetime
) -> Quote:
    """Price a basket for a reach; see `quote` for what it raises."""
    who = None if basket.member is None else standing(station, journal, basket.member)
    settings, pack = effective_pack(station, at)
    with reading(station.replica) as connection:
        lines = _lines(connection, basket.items)
    _check_sums(lines, pack.source.policies.till_tolerance_minor)
    receipt = Receipt(
        uid=basket.uid,
        store=station.identity.store,
        till=basket.till,
        lines=lines,
        member=None if who is None else who.member,
        redeem=basket.redeem if station.disk.may_redeem else Redeem.NONE,
        redeem_points=basket.redeem_points,
        promo_codes=basket.promo_codes,
        take=basket.take,
        take_value=basket.take_value,
        paid_in=basket.paid_in,
        marks=basket.marks,
        region=settings.region,
    )
    moment = Moment(at, settings.zone)
    return _priced(
        Quote(
            receipt=receipt,
            standing=who,
            member=None,
            moment=moment,
            evaluation=evaluate(
                pack,
                None if who is None else who.view(Reach.CHAIN, basket.account),
                receipt,
                moment,
            ),
            digest="",
            reach=reach,
            shortage=None,
            headroom=None,
            settings=settings,
            pack=pack,
        ),
        basket.account,
    )


def store_settings(station: Station) -> SettingsRow:
    """Return the store's requisites, region and zone; raises NoSettingsError."""
    settings = replica.premises(station).settings
    if settings is None:
        raise NoSettingsError
    return settings


def effective_pack(station: Station, at: datetime) -> tuple[SettingsRow, CompiledPack]:
    """Return the store's settings and the rules that are in force there.

    Raises NoSettingsError, NoPackError.
    """
    settings = store_settings(station)
    premises = replica.premises(station)
    return settings, station.packs.effective(premises.packs, premises.keys, settings.zone, at)


def pack_of(station: Station, pack_hash: str) -> CompiledPack | None:
    """Return the pack of a hash, by which a receipt was priced; None when it is not here."""
    premises = replica.premises(station)
    row = next((row for row in premises.packs if row.hash == pack_hash), None)
    return None if row is None else station.packs.load(row, premises.keys)


def _priced(full: Quote, account: UUID | None) -> Quote:
    """Narrow a price over all points to what the store may draw, if only that counts."""
    who = full.standing
    if who is None:
        return replace(full, digest=digest(full.evaluation))
    view, evaluation = who.view(Reach.CHAIN, account), full.evaluation
    store = evaluation
    if any(lot.here < lot.amount for lot in who.lots):
        store = evaluate(full.pack, who.view(Reach.STORE, account), full.receipt, full.moment)
    elsewhere = _elsewhere(full, who, account)
    wanted, here = evaluation.redemption, store.redemption
    shortage = _shortage(wanted.redeemed, here.redeemed, elsewhere)
    headroom = _shortage(wanted.maximum, here.maximum, elsewhere)
    if full.reach is Reach.STORE:
        view, evaluation = who.view(Reach.STORE, account), store
    return replace(
        full,
        member=view,
        evaluation=evaluation,
        digest=digest(evaluation),
        shortage=shortage,
        headroom=headroom,
    )


def _shortage(wanted: int, here: int, elsewhere: tuple[tuple[str, int], ...]) -> Shortage | None:
    return Shortage(wanted, here, elsewhere) if here < wanted else None


def _elsewhere(full: Quote, who: Standing, account: UUID | None) -> tuple[tuple[str, int], ...]:
    """Tell which stores, or the centre, hold what this store may not draw of live lots."""
    instant, day = full.moment.instant, full.moment.day
    held: dict[str, int] = {}
    for lot in who.lots:
        if not is_live(lot.activates_at, lot.expires_on, instant, day):
            continue
        if account not in (None, lot.account):
            continue
        others = [holding for holding in lot.holdings if holding.store != full.receipt.store]
        for holding in others:
            held[holding.store] = held.get(holding.store, 0) + holding.amount
        free = lot.amount - lot.here - sum(holding.amount for holding in others)
        if free > 0:
            held[CENTRE] = held.get(CENTRE, 0) + free
    return tuple(sorted(held.items()))


def _places(shortage: Shortage, centre: str, store: str) -> str:
    return ", ".join(
        f"{format_points(points)} {centre if who == CENTRE else store.format(who)}"
        for who, points in shortage.elsewhere
    )


def _lines(connection: Connection, items: Sequence[Item]) -> tuple[Line, ...]:
    wanted = {item.sku.encode() for item in items if item.sku}
    known = {row.sku: row for row in rows.many(connection, GoodsRow, wanted)}
    return tuple([_line(item, _goods_row(connection, item, known)) for item in items])


def _check_sums(lines: Sequence[Line], tolerance_minor: int) -> None:
    for line in lines:
        if line.stated_minor is not None and abs(line.difference_minor) > tolerance_minor:
            raise TillDiffersError(
                no=line.no, stated_minor=line.stated_minor, base_minor=line.base_minor
            )


def _line(item: Item, row: GoodsRow | None) -> Line:
    if row is None and not item.sku:
        raise UnknownBarcodeError(no=item.no, barcode=item.barcode)
    goods = _goods(item, row)
    price_minor = item.price_minor
    if price_minor is None:
        if row is None:
            raise NoPriceError(no=item.no, sku=goods.sku)
        price_minor = row.price_minor
    return Line(
        item.no, goods, item.quantity, price_minor, item.cashier_discount_minor, item.stated_minor
    )


def _goods_row(
    connection: Connection, item: Item, known: Mapping[str, GoodsRow]
) -> GoodsRow | None:
    if item.sku:
        return known.get(item.sku)
    return rows.goods_by_barcode(connection, item.barcode)


def _goods(item: Item, row: GoodsRow | None) -> Goods:
    """Take the replica's row for bans and floors; the line's own attributes serve what it lacks."""
    if row is not None:
        flags = frozenset([_FLAGS[name] for name in row.flags if name in _FLAGS])
        return Goods(row.sku, row.name, row.group, row.brand, flags, row.floor_minor)
    told = item.attributes
    if told is None:
        return Goods(item.sku, known=False)
    return Goods(item.sku, told.name, told.group, told.brand, told.flags, told.floor_minor)
