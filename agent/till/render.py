"""Put values of the stages into the words of the till API.

What a sale waits for is put into plain data and encoded at once: a hundred models of `answers`,
built and checked, would cost as much as the price in them. A test compares the two.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
from fastapi import Response
from pydantic import BaseModel

from agent.bearers.certificates import CertificateStanding
from agent.commit.service import Committed
from agent.leases.lots import LotStanding, Reach
from agent.members.service import Found, Registered
from agent.packs import NoPackError
from agent.quote.service import (
    NoSettingsError,
    Quote,
    effective_pack,
    pack_of,
    store_settings,
)
from agent.quote.shortage import refusal
from agent.reserve.store import Claim
from agent.station import Station
from agent.till import answers as view
from agent.till.models import MemberRef
from agent.till.receipts import Priced, explained
from shared.basket import piece_rows
from shared.bearer import Bearer
from shared.certificate import tail_in
from shared.errors import LoyaltyError
from shared.ledger.leases import is_live
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment, UnknownZoneError
from shared.rules.result import Evaluation, Need, Sentence
from shared.rules.tiers import tier_of
from shared.wire.passes import Pass
from shared.wire.rows import GoodsRow
from shared.wire.slips import SlipSale
from shared.wire.taken_back import Exchange

OFFLINE = view.SentenceView(
    code="offline",
    ru="Нет связи с центром: данные о других магазинах могут устареть.",
    en="The centre is out of reach: data about other stores may be old.",
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


def quoted(station: Station, priced: Quote) -> Response:
    """Return a quote as `answers.QuoteAnswer` describes it."""
    return _encoded(quote_fields(station, priced))


def quote_fields(station: Station, priced: Quote) -> dict[str, Any]:
    """Return the content of a quote's answer."""
    fields = evaluation_fields(priced.receipt, priced.evaluation, priced.digest)
    top = frame(station, priced.moment.instant, pack=priced.pack)
    if priced.reach is Reach.STORE:
        for short in (priced.shortage, priced.headroom):
            if short is not None:
                why = said(refusal(short))
                top["warnings"] = [*top["warnings"], why]
                fields["redemption"]["limits"].append(why)
                break
        held = [said(one.refusal) for one in priced.short if one.refusal is not None]
        top["warnings"] = [*top["warnings"], *held]
    unknown = [line.goods.sku for line in priced.receipt.lines if not line.goods.known]
    if unknown:
        top["warnings"] = [*top["warnings"], _unknown_goods(unknown)]
    return {"authority": view.AUTHORITY, **top, **fields}


def reserved(station: Station, claim: Claim, at: datetime) -> Response:
    """Return a claim as `answers.ReservedAnswer` describes it."""
    return _encoded(
        {
            "authority": view.AUTHORITY,
            **priced_frame(station, at, claim.evaluation.pack_hash),
            **evaluation_fields(claim.receipt, claim.evaluation, claim.digest),
            "state": "reserved",
        }
    )


def _encoded(content: dict[str, Any]) -> Response:
    body = msgspec.json.encode(content, enc_hook=_of_model)
    return Response(body, media_type="application/json")


def _of_model(found: BaseModel) -> dict[str, Any]:
    return found.model_dump(mode="json")


def evaluation_fields(receipt: Receipt, evaluation: Evaluation, digest: str) -> dict[str, Any]:
    """Return lines, totals, effects and reasons of an evaluation."""
    redemption = evaluation.redemption
    return {
        "receipt": receipt.uid,
        "digest": digest,
        "lines": lines(receipt, evaluation),
        "totals": totals(evaluation),
        "effects": [
            {
                "no": effect.no,
                "kind": effect.kind,
                "rule": effect.rule,
                "amount": effect.amount,
                "allocations": effect.allocations,
            }
            for effect in evaluation.effects
        ],
        "redemption": {
            "requested": redemption.requested,
            "redeemable": redemption.maximum,
            "redeemed": redemption.redeemed,
            "limits": list(redemption.limits),
        },
        "earned": [
            {
                "rule": grant.rule,
                "amount": grant.amount,
                "activates_at": grant.activates_at,
                "expires_on": grant.expires_on,
            }
            for grant in evaluation.grants
        ],
        **_extras(evaluation),
        "tier": evaluation.tier,
        "tier_after": evaluation.tier_after,
        "applied": evaluation.applied,
        "rejected": [{"rule": rule.rule, "reason": rule.reason} for rule in evaluation.rejected],
        "hints": evaluation.hints,
    }


def _extras(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "entitlements": [
            {
                "rule": told.rule,
                "amount_minor": told.amount,
                "discount_minor": told.discount,
                "bonus_minor": told.bonus,
                "allocations": told.allocations,
            }
            for told in evaluation.entitlements
        ],
        "codes": [
            {
                "code": code.code,
                "campaign": code.campaign,
                "kind": code.kind,
                "reason": code.reason,
            }
            for code in evaluation.codes
        ],
        "certificates": [
            {
                "tail": tail_in(paid.code),
                "amount_minor": paid.amount,
                "left_minor": paid.left,
                "state": paid.state,
                "reason": paid.reason,
            }
            for paid in evaluation.certificates
        ],
        "coupons": [
            {
                "rule": coupon.rule,
                "campaign": coupon.campaign,
                "first_day": coupon.first_day,
                "last_day": coupon.last_day,
            }
            for coupon in evaluation.coupons
        ],
    }


def lines(receipt: Receipt, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the lines with what was done to them."""
    return [
        {
            "no": line.no,
            "sku": line.goods.sku,
            "name": line.goods.name,
            "quantity": line.quantity,
            "price_minor": line.price_minor,
            "base_minor": priced.base_minor,
            "discount_minor": priced.discount_minor,
            "redeemed_points": priced.redeemed_points,
            "redeemed_minor": priced.redeemed_minor,
            "payable_minor": priced.payable_minor,
            "certificate_minor": priced.certificate_minor,
            "earned_points": priced.earned_points,
            "rows": piece_rows(priced.payable_minor, line.quantity),
        }
        for line, priced in zip(receipt.lines, evaluation.lines, strict=True)
    ]


def exchange(found: Exchange | None) -> view.ExchangeAnswer | None:
    """Return the exchange that a receipt is of."""
    if found is None:
        return None
    credit_minor = found.credit_minor
    return view.ExchangeAnswer(uid=found.uid, other=found.other, credit_minor=credit_minor)


def totals(evaluation: Evaluation) -> dict[str, int]:
    """Return the sums."""
    found = evaluation.totals
    return {
        "base_minor": found.base_minor,
        "discount_minor": found.discount_minor,
        "redeemed_points": found.redeemed_points,
        "redeemed_minor": found.redeemed_minor,
        "payable_minor": found.payable_minor,
        "certificate_minor": found.certificate_minor,
        "money_minor": found.money_minor,
        "earned_points": found.earned_points,
    }


def _need(need: Need) -> view.NeedAnswer:
    return view.NeedAnswer(condition=need.condition, needed=need.needed, has=need.has)


def trace(station: Station, priced: Priced, at: datetime) -> view.TraceAnswer:
    """Return why a receipt was priced so, as data and in words."""
    evaluation, found = priced.evaluation, explained(station, priced)
    return view.TraceAnswer(
        **priced_frame(station, at, evaluation.pack_hash),
        receipt=priced.receipt.uid,
        applied=list(evaluation.applied),
        rejected=[
            view.ExplainedAnswer(
                rule=rule.rule,
                reason=sentence(rule.reason),
                ways=[[_need(need) for need in way] for way in rule.ways],
            )
            for rule in found.rejected
        ],
        steps=_steps(evaluation),
        explanation=view.ExplanationAnswer(**found.words),
    )


def _steps(evaluation: Evaluation) -> list[view.TraceStepAnswer]:
    return [
        view.TraceStepAnswer(
            phase=step.phase,
            rule=step.rule,
            line_no=step.line_no,
            before=step.before,
            after=step.after,
            reason=sentence(step.reason),
        )
        for step in evaluation.trace
    ]


def member(station: Station, found: Found, at: datetime) -> view.MemberAnswer:
    """Return a member's card for the cashier: masked, with tier and points."""
    who = found.standing
    lots = [lot for lot in who.lots if found.account in (None, lot.account) and lot.amount > 0]
    try:
        settings, pack = effective_pack(station, at)
        moment = Moment(at, settings.zone)
        tier = tier_of(pack, who.view(Reach.CHAIN), pack.counting_day(moment))
    except (NoPackError, NoSettingsError):
        tier, moment = None, Moment(at, "UTC")
    shown = [_lot(lot, moment) for lot in lots]
    active = [lot for lot in shown if lot.state == "active"]
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
        balance_points=sum(lot.amount for lot in active),
        pending_points=sum(lot.amount for lot in shown if lot.state == "pending"),
        available_here_points=sum(lot.here for lot in active),
        debt_points=who.debt,
        turnover_minor=who.turnover_minor,
        lots=shown,
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
    moment = Moment(at, store_settings(station).zone)
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


def committed(station: Station, done: Committed, at: datetime) -> view.CommittedAnswer:
    """Return a sale."""
    return view.CommittedAnswer(
        **frame(station, at),
        receipt=done.receipt,
        state="committed",
        fact=done.fact,
        seq=done.seq,
        slip=done.slip,
        digest=done.digest,
        balance_points=done.balance_points,
        pending_points=done.pending_points,
        coupons=list(done.coupons),
        gifts=[
            view.GiftAnswer(
                kind="certificate" if gift.bearer == Bearer.CERTIFICATE else "promo_code",
                code=gift.code,
                amount_minor=gift.amount if gift.bearer == Bearer.CERTIFICATE else 0,
                last_day=gift.last_day,
            )
            for gift in done.gifts
        ],
    )


def _lot(lot: LotStanding, moment: Moment) -> view.LotAnswer:
    if lot.activates_at > moment.instant:
        state = "pending"
    else:
        live = is_live(lot.activates_at, lot.expires_on, moment.instant, moment.day)
        state = "active" if live else "expired"
    return view.LotAnswer(
        id=lot.id,
        amount=lot.amount,
        here=lot.here,
        state=state,
        activates_at=lot.activates_at,
        expires_on=lot.expires_on,
    )


def _unknown_goods(skus: list[str]) -> view.SentenceView:
    shown = ", ".join(skus[:5])
    return view.SentenceView(
        code="unknown_goods",
        ru=f"Товаров нет в справочнике: {shown}. Бонусами их оплатить нельзя.",
        en=f"Goods are not in the directory: {shown}. Points cannot pay for them.",
    )
