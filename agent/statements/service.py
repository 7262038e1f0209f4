"""Slips on request: a member's balance, what of it expires soon, a coupon."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.bearers.codes import CodeStanding, look_up_codes
from agent.journal import answers
from agent.leases.lots import Reach
from agent.leases.standing import Standing, standing
from agent.packs import NoPackError
from agent.printing import parts
from agent.printing import store as spool
from agent.printing.parts import Paper, Points
from agent.printing.service import reprint
from agent.quote.paper import present_paper
from agent.quote.service import effective_pack, store_settings
from agent.statements import store
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.points import format_points
from shared.receipt import CodeState
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment
from shared.rules.sentences import spoken
from shared.rules.slip_fill import Told, Values
from shared.rules.tiers import tier_of
from shared.runtime.sqlite import reading, transaction
from shared.slip import Slip
from shared.tokens import grouped, is_token, plain_token
from shared.wire.codec import decoder, encode

MEMBER, COUPON = "member_slip", "coupon_slip"
BURNS_MAX = 10
EXPIRING_DAYS = 31
"""Of a programme that says nothing of it."""

StatementKind = Literal["balance", "expiring"]
Compose = Callable[[Connection, UUID], tuple[Slip, bytes]]
"""Returns a slip with an id, and what the answer tells besides."""

log = structlog.get_logger()


class UnknownCouponError(LoyaltyError):
    """A code that nobody has given out, as far as this store knows."""

    kind = Kind.NOT_FOUND
    code = "unknown_coupon"
    ru = "Такого купона здесь не знают. Проверьте код."
    en = "This coupon is not known here. Check the code."


class CouponEndedError(LoyaltyError):
    """A code that is worth nothing any more: a slip of it would mislead."""

    kind = Kind.CONFLICT
    code = "coupon_ended"
    ru = "Купон уже использован, отозван или истёк: слип не напечатан."
    en = "The coupon is used, revoked or expired: no slip is printed."


@dataclass(frozen=True, slots=True)
class StatementOrder:
    """What the till asks to be printed for a member; `account` limits it to a card's account."""

    uid: UUID
    content: bytes
    member: UUID
    kind: StatementKind
    account: UUID | None = None
    card_tail: str = ""


class Printed(Struct, frozen=True):
    """A slip in the spool; a further paper of it is a copy with its number."""

    slip: UUID
    copy_no: int = 0
    told: bytes = b""


_decode = decoder(Printed)


def print_statement(station: Station, order: StatementOrder, at: datetime) -> Printed:
    """Spool a member's balance or what of it expires soon; repeating a uid prints nothing more.

    Raises UnknownMemberError, NoSettingsError, UidReusedError.
    """
    settings = store_settings(station)
    moment = station.time.moment(at, settings.zone)
    paper = present_paper(station, settings, at)

    def compose(connection: Connection, slip_id: UUID) -> tuple[Slip, bytes]:
        who = standing(station, connection, order.member)
        return _statement(station, paper, who, order, moment).slip(slip_id), b""

    return print_once(station, (order.uid, MEMBER, order.content), compose, at)


def print_coupon(station: Station, uid: UUID, content: bytes, code: str, at: datetime) -> Printed:
    """Spool a coupon with its code; every further paper of the same coupon is a copy.

    Repeating a uid prints nothing more. Raises UnknownCouponError, CouponEndedError, NoPackError,
    NoSettingsError, UidReusedError.
    """
    operation = (uid, COUPON, content)
    with reading(station.journal) as connection:
        done = answers.recall(connection, *operation)
    if done is not None:
        return _decode(done)
    settings, pack = effective_pack(station, at)
    moment = station.time.moment(at, settings.zone)
    plain = plain_token(code)
    with reading(station.journal) as connection:
        known = look_up_codes(station, connection, [code], pack) if is_token(plain) else []
    if not known:
        raise UnknownCouponError
    _check_good(known[0], moment)
    told = _coupon(station, present_paper(station, settings, at), pack, known[0], moment)
    slip_id = derived("coupon_slip", known[0].account)
    return print_once(station, operation, lambda _journal, _id: (told.slip(slip_id), b""), at)


def print_once(
    station: Station, operation: tuple[UUID, str, bytes], compose: Compose, at: datetime
) -> Printed:
    """Spool what is composed, in one transaction with the answer; what is there is copied."""
    uid, name, content = operation
    with transaction(station.journal) as connection:
        done = answers.recall(connection, uid, name, content)
        if done is not None:
            return _decode(done)
        slip, told = compose(connection, derived("slip", uid))
        copy_no = 0
        if spool.slip_and_copies(connection, slip.id) is None:
            spool.enqueue(connection, slip, at)
        else:
            copy_no = reprint(connection, slip.id, at).copy_no
        store.add(connection, slip.id, at)
        printed = Printed(slip.id, copy_no, told)
        answers.remember(connection, uid, name, content, encode(printed), at)
    station.wakes.print.set()
    log.info("slip.requested", slip=str(slip.id), kind=slip.kind.value, copy_no=copy_no)
    return printed


def known_as_of(station: Station) -> str:
    """Return of when the store's knowledge is, by its clock; empty while the line is up."""
    line = station.link.state()
    if line.up or line.last_contact_at is None:
        return ""
    return parts.when(line.last_contact_at, store_settings(station).zone)


@dataclass(frozen=True, slots=True)
class _Composed:
    """A slip but for its id."""

    paper: Paper
    name: Literal["balance", "expiring", "coupon"]
    told: Told

    def slip(self, slip_id: UUID) -> Slip:
        """Return the slip."""
        return self.paper.slip(self.name, self.told, slip_id)


def _statement(
    station: Station, paper: Paper, who: Standing, order: StatementOrder, moment: Moment
) -> _Composed:
    zone = paper.settings.zone
    found = parts.points_of(who.view(Reach.CHAIN, order.account).lots, moment)
    pack = _pack_now(station, moment.instant)
    values: dict[str, str] = {
        **parts.shop(paper),
        **parts.time_mark(paper, moment.trusted),
        "member": who.display_name or parts.HIDDEN,
        "card": parts.masked_card(order.card_tail) if order.card_tail else "",
        "at": parts.when(moment.instant, zone),
        "balance": format_points(found.active),
        "as_of": known_as_of(station),
        "pending_points": format_points(found.pending) if found.pending else "",
        "debt": format_points(who.debt) if who.debt else "",
        "tier": _tier(paper, pack, who, moment),
    }
    if order.kind == "balance":
        return _Composed(paper, "balance", Told(values, parts.lots(found, zone)))
    soon = _soon(found, moment, pack)
    total = sum(amount for _, amount in soon.burns)
    values["expiring_points"] = format_points(total) if total else ""
    return _Composed(paper, "expiring", Told(values, parts.lots(soon, zone, BURNS_MAX)))


def _soon(found: Points, moment: Moment, pack: CompiledPack | None) -> Points:
    """Leave what burns within the days of which the programme speaks."""
    days = EXPIRING_DAYS if pack is None else pack.source.policies.expiry_hint_days
    last = moment.day + timedelta(days=days)
    burns = tuple((day, amount) for day, amount in found.burns if day <= last)
    return Points(found.active, found.pending, found.comes, burns)


def _tier(paper: Paper, pack: CompiledPack | None, who: Standing, moment: Moment) -> str:
    if pack is None:
        return ""
    tier = tier_of(pack, who.view(Reach.CHAIN), pack.counting_day(moment))
    return "" if tier is None else spoken(tier.title, paper.lang)


def _pack_now(station: Station, at: datetime) -> CompiledPack | None:
    try:
        return effective_pack(station, at)[1]
    except NoPackError:
        return None


def _check_good(known: CodeStanding, moment: Moment) -> None:
    is_over = known.last_day is not None and known.last_day < moment.day
    if is_over or known.presented().state in (CodeState.USED, CodeState.REVOKED):
        raise CouponEndedError


def _coupon(
    station: Station, paper: Paper, pack: CompiledPack, known: CodeStanding, moment: Moment
) -> _Composed:
    campaign, plain = pack.source.codes.get(known.campaign), plain_token(known.text)
    values: Values = {
        **parts.shop(paper),
        **parts.time_mark(paper, moment.trusted),
        "at": parts.when(moment.instant, paper.settings.zone),
        "code": grouped(plain),
        "scan": grouped(plain),
        "title": "" if campaign is None else spoken(campaign.title, paper.lang),
        "since": parts.day(known.first_day),
        "until": parts.day(known.last_day),
        "as_of": known_as_of(station),
    }
    return _Composed(paper, "coupon", Told(values))
