"""Receipts as the till API answers them: priced, reserved, committed, explained.

What a sale waits for is put into plain data and encoded at once: a hundred models of
`receipt_answers`, built and checked, would cost as much as the price in them. A test compares the
two.
"""

from datetime import datetime
from typing import Any

import msgspec
from fastapi import Response
from pydantic import BaseModel

from agent.commit.service import Committed
from agent.leases.lots import Reach
from agent.quote.service import (
    Quote,
)
from agent.quote.shortage import refusal
from agent.receipts import Priced, explained
from agent.reserve.store import Claim
from agent.station import Station
from agent.till import answers as view
from agent.till import receipt_answers as receipts_view
from agent.till.render import frame, priced_frame, said, sentence
from shared.basket import piece_rows
from shared.bearer import Bearer
from shared.certificate import tail_in
from shared.receipt import Receipt
from shared.rules.result import Evaluation, Need
from shared.wire.taken_back import Exchange


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


def exchange(found: Exchange | None) -> receipts_view.ExchangeAnswer | None:
    """Return the exchange that a receipt is of."""
    if found is None:
        return None
    credit_minor = found.credit_minor
    return receipts_view.ExchangeAnswer(uid=found.uid, other=found.other, credit_minor=credit_minor)


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


def _need(need: Need) -> receipts_view.NeedAnswer:
    return receipts_view.NeedAnswer(condition=need.condition, needed=need.needed, has=need.has)


def trace(station: Station, priced: Priced, at: datetime) -> receipts_view.TraceAnswer:
    """Return why a receipt was priced so, as data and in words."""
    evaluation, found = priced.evaluation, explained(station, priced)
    return receipts_view.TraceAnswer(
        **priced_frame(station, at, evaluation.pack_hash),
        receipt=priced.receipt.uid,
        applied=list(evaluation.applied),
        rejected=[
            receipts_view.ExplainedAnswer(
                rule=rule.rule,
                reason=sentence(rule.reason),
                ways=[[_need(need) for need in way] for way in rule.ways],
            )
            for rule in found.rejected
        ],
        steps=_steps(evaluation),
        explanation=receipts_view.ExplanationAnswer(**found.words),
    )


def _steps(evaluation: Evaluation) -> list[receipts_view.TraceStepAnswer]:
    return [
        receipts_view.TraceStepAnswer(
            phase=step.phase,
            rule=step.rule,
            line_no=step.line_no,
            before=step.before,
            after=step.after,
            reason=sentence(step.reason),
        )
        for step in evaluation.trace
    ]


def committed(station: Station, done: Committed, at: datetime) -> receipts_view.CommittedAnswer:
    """Return a sale."""
    return receipts_view.CommittedAnswer(
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
            receipts_view.GiftAnswer(
                kind="certificate" if gift.bearer == Bearer.CERTIFICATE else "promo_code",
                code=gift.code,
                amount_minor=gift.amount if gift.bearer == Bearer.CERTIFICATE else 0,
                last_day=gift.last_day,
            )
            for gift in done.gifts
        ],
    )


def _unknown_goods(skus: list[str]) -> view.SentenceView:
    shown = ", ".join(skus[:5])
    return view.SentenceView(
        code="unknown_goods",
        ru=f"Товаров нет в справочнике: {shown}. Бонусами их оплатить нельзя.",
        en=f"Goods are not in the directory: {shown}. Points cannot pay for them.",
    )
