"""Price a receipt for a member as this store sees both: no writes, a value with a digest."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from agent.bearers.brought import Brought, Named, Short, bring
from agent.bearers.certificates import Offer, look_up
from agent.bearers.pins import check_pins
from agent.counted import QUOTE_SECONDS
from agent.leases import passes
from agent.leases.lots import Reach
from agent.leases.standing import Standing, standing
from agent.packs import NoPackError
from agent.quote.lines import Item, check_sums, lines_of
from agent.quote.offline import Question, price_here
from agent.quote.shortage import CENTRE, Because, Shortage
from agent.replica import service as replica
from agent.station import Station
from shared.basket import Line
from shared.errors import Kind, LoyaltyError
from shared.ledger.leases import is_live
from shared.member import MemberView
from shared.receipt import Benefits, Receipt, Redeem, Take, TenderKind
from shared.rules.canonical import digest
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Draw, Evaluation
from shared.runtime.sqlite import reading
from shared.wire.facts import PassUse
from shared.wire.passes import Pass
from shared.wire.rows import SettingsRow


class NoSettingsError(LoyaltyError):
    """The store's own settings have not arrived yet."""

    kind = Kind.UNAVAILABLE
    code = "no_settings"
    ru = "Настройки магазина ещё не загружены из центра. Проверьте связь."
    en = "The store's settings have not arrived from the centre yet. Check the line."


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
    certificates: tuple[Offer, ...] = ()
    pass_code: str = ""
    """What the member shows to redeem offline."""
    benefits: Benefits = Benefits.ALL


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
    brought: Brought
    short: tuple[Short, ...] = ()
    """What certificates and codes it takes over what this store may take of them."""
    lacking: tuple[Draw, ...] = ()
    """What it draws of lots over what this store has of them, where that changes the price."""
    beyond: int = 0
    """Hundredths of a point of the redemption that no lease of the store covers."""
    granted: Pass | None = None
    """What the pass says that the member shows."""

    @property
    def by_pass(self) -> PassUse | None:
        """Return the pass that is shown and what is drawn by it: none with the line up."""
        if self.granted is None:
            return None
        serves = self.pack.source.policies.offline_redemption == "signed_pass"
        points = self.beyond if serves else 0
        return PassUse(self.granted.account, self.granted.counter, points)


def quote(station: Station, basket: Basket, at: datetime) -> Quote:
    """Price a basket with the points that this store may count on now.

    With the line up these are all that the centre may lease to it, otherwise, or when it gets no
    leases any more, what the programme allows offline: the store's own leases, unless it says
    otherwise. Raises NoSettingsError, NoPackError, NoPriceError, UnknownBarcodeError,
    UnknownMemberError, TillDiffersError, NotForSaleError, and as `check_pins` and `passes.good` do.
    """
    began_s = station.clock.monotonic()
    admit(station, basket, at)
    with reading(station.journal) as journal:
        can_ask = station.link.state().up and not station.barred
        priced = price(station, journal, basket, Reach.CHAIN if can_ask else Reach.STORE, at)
    station.counts.took(QUOTE_SECONDS, station.clock.monotonic() - began_s)
    return priced


def admit(station: Station, basket: Basket, at: datetime) -> None:
    """Check the PINs of certificates that are to pay; not within a transaction of the journal.

    Raises CertificatePinError, CertificateLockedError.
    """
    if basket.certificates:
        with reading(station.journal) as journal:
            standings = look_up(station, journal, [offer.code for offer in basket.certificates])
        check_pins(station, standings, basket.certificates, at)


def price(
    station: Station, journal: Connection, basket: Basket, reach: Reach, at: datetime
) -> Quote:
    """Price a basket for a reach; see `quote` for what it raises."""
    return prices(station, journal, basket, reach, at)[0]


def prices(
    station: Station, journal: Connection, basket: Basket, reach: Reach, at: datetime
) -> list[Quote]:
    """Return the prices of a basket by the days that it may be, the best for the customer first.

    On untrusted time it may still be the day on which it was trusted last: of the two days that
    counts which is better for him, and the receipt is marked. Raises what `quote` raises.
    """
    rules = effective_pack(station, at)
    priced = _price(station, journal, basket, reach, at, rules)
    earlier = station.time.settled(at)
    if priced.moment.day == priced.moment.day_of(earlier):
        return [priced]
    return sorted((priced, _price(station, journal, basket, reach, earlier, rules)), key=_cost)


def _cost(priced: Quote) -> tuple[int, int]:
    """Return what a receipt costs its customer, and less of what it brings him."""
    totals = priced.evaluation.totals
    return totals.payable_minor, -totals.earned_points


def _price(
    station: Station,
    journal: Connection,
    basket: Basket,
    reach: Reach,
    at: datetime,
    rules: tuple[SettingsRow, CompiledPack],
) -> Quote:
    settings, pack = rules
    who = None if basket.member is None else standing(station, journal, basket.member)
    with reading(station.replica) as connection:
        lines = lines_of(connection, basket.items)
    check_sums(lines, pack.source.policies.till_tolerance_minor)
    moment = station.time.moment(at, settings.zone)
    thin = station.thin.now(station.clock.monotonic())
    shown = passes.Shown(basket.uid, basket.pass_code, moment)
    selling = [
        (line, item.certificate)
        for line, item in zip(lines, basket.items, strict=True)
        if item.certificate
    ]
    named = Named(basket.certificates, selling, basket.promo_codes, basket.till)
    brought = bring(station, journal, named, pack, moment)
    receipt = _receipt(station, basket, lines, who, settings)
    receipt = brought.on(receipt, Reach.CHAIN)
    view = None if who is None else who.view(Reach.CHAIN, basket.account, thin=thin)
    return _priced(
        station,
        journal,
        Quote(
            receipt=receipt,
            standing=who,
            member=view,
            moment=moment,
            evaluation=evaluate(pack, view, receipt, moment),
            digest="",
            reach=reach,
            shortage=None,
            headroom=None,
            settings=settings,
            pack=pack,
            brought=brought,
            granted=passes.good(station, journal, shown, who),
        ),
        basket.account,
    )


def _receipt(
    station: Station,
    basket: Basket,
    lines: tuple[Line, ...],
    who: Standing | None,
    settings: SettingsRow,
) -> Receipt:
    return Receipt(
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
        benefits=basket.benefits,
    )


def store_settings(station: Station) -> SettingsRow:
    """Return the store's requisites, region and zone; raises NoSettingsError."""
    settings = replica.premises(station).settings
    if settings is None:
        raise NoSettingsError
    return settings


def effective_pack(station: Station, at: datetime) -> tuple[SettingsRow, CompiledPack]:
    """Return the store's settings and the rules that are in force there.

    On untrusted time no later ones come into force. Raises NoSettingsError, NoPackError.
    """
    settings = store_settings(station)
    published = replica.premises(station).published(settings)
    try:
        return settings, station.packs.effective(published, station.time.settled(at))
    except (
        NoPackError
    ):  # none was in force yet when the time was trusted last: better one than none
        return settings, station.packs.effective(published, at)


def pack_of(station: Station, pack_hash: str) -> CompiledPack | None:
    """Return the pack of a hash, by which a receipt was priced; None when it is not here."""
    premises = replica.premises(station)
    row = next((row for row in premises.packs if row.hash == pack_hash), None)
    return None if row is None else station.packs.load(row, premises.keys)


def _priced(
    station: Station,
    journal: Connection,
    full: Quote,
    account: UUID | None,
) -> Quote:
    """Narrow a price over all points to what the store may draw, if only that counts."""
    who, evaluation = full.standing, full.evaluation
    since = full.moment.day_of(station.time.settled(full.moment.instant))
    terms = (full.receipt, who, account, full.moment, full.pack, full.brought, full.granted, since)
    asked = Question(*terms)
    here = price_here(station, journal, asked, evaluation)
    elsewhere = () if who is None else _elsewhere(full, who, account)
    wanted, drawn = evaluation.redemption, here.evaluation.redemption
    priced = replace(
        full,
        shortage=_shortage(wanted.redeemed, drawn.redeemed, elsewhere, here.because),
        headroom=_shortage(wanted.maximum, drawn.maximum, elsewhere, here.because),
        short=full.brought.short(evaluation, here.evaluation),
        lacking=() if who is None else _lacking(who, evaluation, here.evaluation),
    )
    if full.reach is Reach.STORE:
        priced = replace(
            priced,
            member=here.member,
            evaluation=here.evaluation,
            receipt=here.receipt,
            beyond=here.beyond(who),
        )
    return replace(priced, digest=digest(priced.evaluation))


def _lacking(who: Standing, whole: Evaluation, here: Evaluation) -> tuple[Draw, ...]:
    if here is whole or digest(whole) == digest(here):
        return ()
    held = {lot.id: lot.here for lot in who.lots}
    over = [replace(draw, amount=draw.amount - held[draw.lot]) for draw in whole.redemption.draws]
    return tuple(draw for draw in over if draw.amount > 0)


def _shortage(
    wanted: int, here: int, elsewhere: tuple[tuple[str, int], ...], because: Because
) -> Shortage | None:
    return Shortage(wanted, here, elsewhere, because) if here < wanted else None


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
