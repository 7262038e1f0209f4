"""Put values of the stages into the words of the till API."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from agent.bearers.certificates import CertificateStanding
from agent.leases.lots import Reach
from agent.members.card import card_of
from agent.members.service import Found, Registered
from agent.packs import NoPackError
from agent.quote.service import (
    NoSettingsError,
    effective_pack,
    pack_of,
    store_settings,
)
from agent.station import Station
from agent.till import answers as view
from agent.till.models import MemberRef
from shared.errors import LoyaltyError
from shared.rules.compile import CompiledPack
from shared.rules.moment import Trust, UnknownZoneError
from shared.rules.result import Sentence
from shared.wire.passes import Pass
from shared.wire.rows import GoodsRow
from shared.wire.slips import SlipSale

OFFLINE = view.SentenceView(
    code="offline",
    ru="Нет связи с центром: данные о других магазинах могут устареть.",
    en="The centre is out of reach: data about other stores may be old.",
)


FENCED = view.SentenceView(
    code="agent_fenced",
    ru="Центр не признаёт этот компьютер: за магазин работает другой, или его отозвали. Бонусы, "
    "закреплённые за магазином, не списываются. Позовите инженера.",
    en="The centre does not know this machine: another one works for the store, or it was revoked. "
    "Points that the store held are not redeemed. Call the engineer.",
)
UNTRUSTED = view.SentenceView(
    code="time_untrusted",
    ru="Время не подтверждено: новые правила не вступят в силу, чеки отмечены. Нужна связь или "
    "время фискального накопителя.",
    en="The time is not confirmed: no new rules come into force, receipts are marked. It needs the "
    "line or the time of the fiscal device.",
)


def frame(station: Station, at: datetime, *, pack: CompiledPack | None = None) -> dict[str, Any]:
    """Return what every answer begins with."""
    line = station.link.state()
    if pack is None:
        try:
            _, pack = effective_pack(station, at)
        except (NoPackError, NoSettingsError) as error:
            return {"as_of": line.last_contact_at, "warnings": [said(error)]}
    warnings = [] if line.up else [OFFLINE]
    if station.is_fenced:
        warnings.append(FENCED)
    if station.time.trust(at) is Trust.UNTRUSTED:
        warnings.append(UNTRUSTED)
    if zone := station.premises.refused_zone:
        warnings.append(said(UnknownZoneError(zone=zone)))
    if scarce := station.disk.warning:
        warnings.append(said(scarce))
    return {"as_of": line.last_contact_at, "pack": pack_view(pack), "warnings": warnings}


def priced_frame(station: Station, at: datetime, pack_hash: str) -> dict[str, Any]:
    """Return what an answer about a priced receipt begins with: it names the receipt's own pack.

    A pack that has left the replica is named by its hash alone.
    """
    pack = pack_of(station, pack_hash)
    gone = view.PackView(name="", version="", hash=pack_hash)
    return {**frame(station, at, pack=pack), "pack": pack_view(pack) if pack else gone}


def pack_view(pack: CompiledPack) -> view.PackView:
    """Name a pack."""
    source = pack.source
    return view.PackView(name=source.name, version=str(source.version), hash=pack.pack_hash)


def sentence(told: Sentence) -> view.SentenceView:
    """Put a sentence into the answer's form."""
    return view.SentenceView(code=told.code, ru=told.ru, en=told.en)


def said(error: LoyaltyError) -> view.SentenceView:
    """Put a failure into the answer's form."""
    return view.SentenceView(code=error.code, ru=error.sentence("ru"), en=error.sentence("en"))


def member(station: Station, found: Found, at: datetime) -> view.MemberAnswer:
    """Return a member's card for the cashier: masked, with tier and points."""
    who, card = found.standing, card_of(station, found, at)
    tier = card.tier
    return view.MemberAnswer(
        ref=MemberRef(id=who.member, account=found.account, card_tail=found.tail),
        name=who.display_name,
        tier=tier.id if tier else None,
        tier_title=view.SentenceView(code=tier.id, ru=tier.title.ru, en=tier.title.en)
        if tier
        else None,
        privileges=[
            view.SentenceView(code="privilege", ru=one.ru, en=one.en)
            for one in (tier.privileges if tier else ())
        ],
        balance_points=card.balance,
        pending_points=sum(lot.amount for lot in card.pending),
        available_here_points=card.here,
        debt_points=who.debt,
        turnover_minor=who.turnover_minor,
        lots=[view.LotAnswer(**asdict(lot)) for lot in card.lots],
    )


def goods(row: GoodsRow) -> view.GoodsAnswer:
    """Return goods of the directory."""
    return view.GoodsAnswer(
        sku=row.sku,
        name=row.name,
        group=row.group,
        price_minor=row.price_minor,
        flags=list(row.flags),
    )


def slip_lines(sale: SlipSale | None) -> list[view.SlipLineAnswer]:
    """Return what a slip tells of its receipt."""
    return [view.SlipLineAnswer(**asdict(line)) for line in (sale.lines if sale else ())]


def certificate(
    station: Station, found: CertificateStanding, at: datetime
) -> view.FoundCertificateAnswer:
    """Return a certificate for the cashier."""
    moment = station.time.moment(at, store_settings(station).zone)
    shown = found.offered(None, Reach.CHAIN, moment).certificate
    return view.FoundCertificateAnswer(
        **frame(station, at),
        tail=found.tail,
        state=shown.state.value,
        balance_minor=found.balance_minor(moment),
        available_here_minor=found.here_minor(moment),
        nominal_minor=found.nominal_minor,
        last_day=found.last_day(),
        held_by=list(found.holders(moment)),
    )


def granted(found: Pass | None) -> view.PassAnswer | None:
    """Return what a pass says."""
    return None if found is None else view.PassAnswer(**asdict(found))


def registered(station: Station, done: Registered, at: datetime) -> view.RegisteredAnswer:
    """Return a registration."""
    return view.RegisteredAnswer(
        **frame(station, at),
        member=MemberRef(id=done.member, account=done.account, card_tail=done.card[-4:]),
        name=done.display_name,
        card=done.card,
        state=done.state,
    )
