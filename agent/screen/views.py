"""What the panels show, as values: a priced sale with reasons by line, and a previewed return."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.leases.lots import Reach
from agent.leases.standing import UnknownMemberError, standing
from agent.members.card import Card, card_of
from agent.members.service import Found
from agent.quote.lines import lines_of
from agent.quote.service import Quote, pack_of, quote
from agent.quote.shortage import refusal
from agent.returns.exchange import Seen, preview
from agent.screen.desk import Desk
from agent.screen.exchanging import wish_of
from agent.screen.words import WORDS
from agent.station import Station
from shared.basket import Flag, Line
from shared.certificate import tail_in
from shared.errors import LoyaltyError
from shared.money import format_money
from shared.points import format_points
from shared.rules.model import Pack
from shared.rules.result import (
    CertificatePayment,
    Effect,
    EffectKind,
    Evaluation,
    PricedLine,
)
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading
from shared.tokens import plain_token, tail_of

SHOWN_MAX = 12
"""Rejected rules and reasons beyond that are left out."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with what was done to it and why; unpriced while the receipt has no price."""

    line: Line
    priced: PricedLine | None
    why: tuple[Wording, ...] = ()
    sells: str = ""
    """The code of the certificate that it sells."""

    @property
    def is_certificate(self) -> bool:
        """Whether the goods are a certificate."""
        return Flag.CERTIFICATE in self.line.goods.flags


@dataclass(frozen=True, slots=True)
class SaleView:
    """A sale as it stands: quoted, or held by a claim; without a price `refused` says why."""

    lines: tuple[ShownLine, ...]
    evaluation: Evaluation | None
    digest: str
    card: Card | None
    limits: tuple[Wording, ...]
    """Why not more points pay."""
    hints: tuple[Wording, ...]
    rejected: tuple[tuple[Wording, Wording], ...]
    """Rules that did not apply, and why."""
    certificates: tuple[tuple[str, CertificatePayment], ...] = ()
    """What certificates pay, by the codes that were typed."""
    refused: Wording | None = None
    swap: Seen | None = None
    """What comes back for these goods, and the difference."""
    codes: tuple[str, ...] = ()
    """Codes that nothing is known of yet, because there is no price."""


def sale_view(station: Station, desk: Desk, at: datetime) -> SaleView:
    """Price what is open, or show what was reserved; a receipt that has no price is shown too."""
    sale = desk.sale
    card = card_in(station, desk, at)
    codes = (*sale.promo_codes, *(one.code for one in sale.certificates))
    empty = SaleView((), None, "", card, (), (), (), codes=codes)
    if sale.claim is not None:
        claim = sale.claim
        pack = pack_of(station, claim.evaluation.pack_hash)
        source = pack.source if pack else None
        lines = _lines(claim.receipt.lines, claim.evaluation, source)
        return replace(empty, lines=lines, evaluation=claim.evaluation, digest=claim.digest)
    if not sale.items:
        return empty
    swap: Seen | None = None
    try:
        if sale.swap is not None:
            swap = preview(station, wish_of(desk, sale.swap), at)
        priced = swap.sold if swap else quote(station, sale.basket(desk.till), at)
    except LoyaltyError as error:
        return replace(empty, lines=_unpriced(station, desk), refused=said(error))
    evaluation, source = priced.evaluation, priced.pack.source
    return SaleView(
        lines=_selling(_lines(priced.receipt.lines, evaluation, source), desk),
        evaluation=evaluation,
        digest=priced.digest,
        card=card,
        limits=tuple(_limits(priced)),
        hints=tuple(Wording(hint.ru, hint.en) for hint in evaluation.hints),
        rejected=tuple(_rejected(evaluation, source))[:SHOWN_MAX],
        certificates=tuple(_certificates(desk, evaluation)),
        swap=swap,
    )


def said(error: LoyaltyError) -> Wording:
    """Return a failure's sentence in both languages."""
    return Wording(error.sentence("ru"), error.sentence("en"))


def card_in(station: Station, desk: Desk, at: datetime) -> Card | None:
    """Return the buyer's card; None without one, or of one who is not known any more."""
    sale = desk.sale
    if sale.member is None:
        return None
    try:
        with reading(station.journal) as connection:
            who = standing(station, connection, sale.member)
    except UnknownMemberError:
        return None
    return card_of(station, Found(who, sale.card_tail, sale.account), at)


def _unpriced(station: Station, desk: Desk) -> tuple[ShownLine, ...]:
    """Return the lines as far as they can be told without a price."""
    items = tuple(replace(item, price_minor=item.price_minor or 0) for item in desk.sale.items)
    with reading(station.replica) as connection:
        shown = tuple(ShownLine(line, None) for line in lines_of(connection, items))
    return _selling(shown, desk)


def _selling(lines: tuple[ShownLine, ...], desk: Desk) -> tuple[ShownLine, ...]:
    """Return the lines with the certificates that they sell, as they were typed."""
    codes = {item.no: item.certificate for item in desk.sale.items if item.certificate}
    if not codes:
        return lines
    return tuple(replace(one, sells=codes.get(one.line.no, "")) for one in lines)


def _lines(
    lines: Sequence[Line], evaluation: Evaluation, pack: Pack | None
) -> tuple[ShownLine, ...]:
    titles = {rule.id: Wording(rule.title.ru, rule.title.en) for rule in pack.rules} if pack else {}
    why: dict[int, list[Wording]] = {}
    for effect in evaluation.effects:
        title = titles.get(effect.rule, Wording(effect.rule, effect.rule))
        if effect.kind is EffectKind.CASHIER:
            title = WORDS["cashier_discount"]
        for no, amount in effect.allocations:
            if amount:
                why.setdefault(no, []).append(_reason(effect, amount, title))
    return tuple(
        ShownLine(line, priced, tuple(why.get(line.no, ()))[:SHOWN_MAX])
        for line, priced in zip(lines, evaluation.lines, strict=True)
    )


def _reason(effect: Effect, amount: int, title: Wording) -> Wording:
    """Say what a rule did to a line: money off, points in, points on it."""
    if effect.kind is EffectKind.EARN:
        told, points = WORDS["earned_line"], format_points(amount)
        ru, en = told.ru.format(points=points), told.en.format(points=points)
    elif effect.kind is EffectKind.REDEEM:
        told, points = WORDS["redeemed_line"], format_points(amount)
        ru, en = told.ru.format(points=points), told.en.format(points=points)
    else:
        ru = en = f"{format_money(-amount)} ₽"
    return Wording(f"{ru} · {title.ru}", f"{en} · {title.en}")


def _limits(priced: Quote) -> Iterator[Wording]:
    for limit in priced.evaluation.redemption.limits:
        yield Wording(limit.ru, limit.en)
    if priced.reach is not Reach.STORE:
        return
    short = priced.shortage or priced.headroom
    if short is not None:
        yield said(refusal(short))
    for one in priced.short:
        if one.refusal is not None:
            yield said(one.refusal)


def _certificates(desk: Desk, evaluation: Evaluation) -> Iterator[tuple[str, CertificatePayment]]:
    typed = {tail_of(plain_token(one.code)): one.code for one in desk.sale.certificates}
    for paid in evaluation.certificates:
        tail = tail_in(paid.code)
        yield typed.get(tail, tail), paid


def _rejected(evaluation: Evaluation, pack: Pack) -> Iterator[tuple[Wording, Wording]]:
    titles = {rule.id: rule.title for rule in pack.rules}
    for rule in evaluation.rejected:
        title = titles.get(rule.rule)
        named = Wording(title.ru, title.en) if title else Wording(rule.rule, rule.rule)
        yield named, Wording(rule.reason.ru, rule.reason.en)
