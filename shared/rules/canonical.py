"""The kernel's answer as bytes: to prove that two machines found the same, and to confirm a quote.

Wording and the trace are left out: a better sentence in a newer version is no divergence. Fields
are listed here, so that one that a later version adds to a type does not change old answers.
"""

import hashlib
from operator import attrgetter
from typing import Final

import msgspec

from shared.rules.limit_terms import CAMPAIGN
from shared.rules.result import BudgetUse, Evaluation

_ENCODER: Final = msgspec.json.Encoder()
_SUMS: Final = (
    "base_minor",
    "discount_minor",
    "redeemed_points",
    "redeemed_minor",
    "payable_minor",
    "earned_points",
    "turnover_minor",
)
_totals: Final = attrgetter(*_SUMS)
_line: Final = attrgetter("no", *_SUMS)
_effect: Final = attrgetter("no", "kind", "rule", "amount", "allocations")
_draw: Final = attrgetter("lot", "account", "amount")
_grant: Final = attrgetter(
    "effect_no", "rule", "wallet", "kind", "amount", "activates_at", "expires_on"
)
_once: Final = attrgetter(
    "rule", "lot", "account", "wallet", "kind", "amount", "activates_at", "expires_on"
)
_entitlement: Final = attrgetter("rule", "amount", "discount", "bonus", "allocations")
_code: Final = attrgetter("code", "campaign", "channel", "kind", "reason.code")
_certificate: Final = attrgetter("code", "amount", "left", "state", "allocations")
_coupon: Final = attrgetter("rule", "campaign", "code", "owner", "first_day", "last_day")
_redemption: Final = attrgetter("requested", "maximum", "programme_maximum", "redeemed")
_LIMITS: Final = {"points_capped": "floor", "points_least": "floor"}
"""Limits of points that were first called by one code: a better word is no divergence either."""


def evaluation_bytes(evaluation: Evaluation) -> bytes:
    """Return canonical JSON of everything that was decided; the same in every process."""
    redemption = evaluation.redemption
    return _ENCODER.encode(
        [
            evaluation.pack_hash,
            [_line(line) for line in evaluation.lines],
            _totals(evaluation.totals),
            [_effect(effect) for effect in evaluation.effects],
            _redemption(redemption),
            [_LIMITS.get(limit.code, limit.code) for limit in redemption.limits],
            [_draw(draw) for draw in redemption.draws],
            [_grant(grant) for grant in evaluation.grants],
            [evaluation.tier, evaluation.tier_after],
            evaluation.applied,
            [(rejected.rule, rejected.reason.code) for rejected in evaluation.rejected],
            [hint.code for hint in evaluation.hints],
            evaluation.lots_read,
            evaluation.fields_read,
            *_later(evaluation),
        ]
    )


def _later(evaluation: Evaluation) -> list[object]:
    """Return what a later version decides, nothing at all where there is none of it."""
    chosen = [_entitlement(entitlement) for entitlement in evaluation.entitlements]
    coupons = [_coupon(coupon) for coupon in evaluation.coupons]
    paid = [_certificate(payment) for payment in evaluation.certificates]
    codes = [_code(code) for code in evaluation.codes]
    once = [_once(grant) for grant in evaluation.once]
    others = [
        (grant.effect_no, grant.account) for grant in evaluation.grants if grant.account is not None
    ]
    found = {
        "once": once,
        "others": others,
        "uses": [(use.rule, use.points) for use in evaluation.uses],
        "entitlements": chosen,
        "codes": codes,
        "certificates": paid,
        "coupons": coupons,
        "budgets": [_budget(use) for use in evaluation.budgets],
    }
    return [[name, content] for name, content in found.items() if content]


def _budget(use: BudgetUse) -> tuple[object, ...]:
    """Return what is used; that of the whole chain in the form that older receipts have."""
    found = (use.rule, use.what, use.window, use.amount)
    return found if use.per == CAMPAIGN else (*found, use.per)


def result_hash(evaluation: Evaluation) -> str:
    """Return SHA-256 of the canonical bytes, in hex; it travels with the receipt."""
    return hashlib.sha256(evaluation_bytes(evaluation)).hexdigest()


def digest(evaluation: Evaluation) -> str:
    """Return SHA-256, in hex, of what the customer pays, and by what, redeems and earns.

    Lots, balance and instants may change between a quote and its confirmation; this may not.
    """
    totals = evaluation.totals
    content: list[object] = [
        [
            (line.no, line.payable_minor, line.redeemed_points, line.earned_points)
            for line in evaluation.lines
        ],
        [totals.payable_minor, totals.redeemed_points, totals.redeemed_minor, totals.earned_points],
    ]
    if evaluation.totals.certificate_minor:
        content.append([(paid.code, paid.amount) for paid in evaluation.certificates])
    return hashlib.sha256(_ENCODER.encode(content)).hexdigest()
