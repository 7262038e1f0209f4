"""What an answer tells by itself: its trace, refused rules, codes, certificates and lots.

It is all there is of a receipt whose pack is gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from shared.bearer import Bearer
from shared.rules.codes import APPLIED
from shared.rules.finding import RECEIPT, Finding, Unit, of_step
from shared.rules.grammar import Title
from shared.rules.phases.draft import Phase
from shared.rules.result import Effect, EffectKind, Evaluation, Sentence
from shared.rules.sentences import rubles, say
from shared.rules.wording import Wording

CODES: Final = "codes"
"""Where findings of promo codes belong; they are judged before the phases."""
_TAIL: Final = 4
"""So much of a certificate's code is told."""
_LONGER: Final = {"outweighed": "outweighed_price", "no_effect": "no_effect_line"}
"""Reasons of the receipt that steps of lines tell with more words."""


def from_trace(
    evaluation: Evaluation, titles: Mapping[str, Title] | None = None
) -> tuple[Finding, ...]:
    """Return what an answer alone tells; without titles, rules are called by their ids."""
    steps = list(_steps(evaluation))
    said = {(step.rule, step.reason.code) for step in steps}
    refused = [
        Finding(rejected.rule, RECEIPT, rejected.reason, ways=rejected.ways)
        for rejected in evaluation.rejected
        if not _is_said(rejected.rule, rejected.reason, said)
    ]
    earned = list(_earned(evaluation, titles or {}))
    return (*steps, *refused, *earned, *_codes(evaluation), *_certificates(evaluation))


def _is_said(rule: str, reason: Sentence, said: set[tuple[str, str]]) -> bool:
    codes = (reason.code, _LONGER.get(reason.code, ""), f"{reason.code}_benefit")
    return any((rule, code) in said for code in codes)


def _steps(evaluation: Evaluation) -> Iterator[Finding]:
    paid = {
        (effect.rule, no): points
        for effect in evaluation.effects
        if effect.kind is EffectKind.REDEEM
        for no, points in effect.allocations
    }
    wallets = {grant.rule: grant.wallet for grant in evaluation.once}
    for step in evaluation.trace:
        if step.phase == Phase.TENDER:
            continue
        found = of_step(step)
        if step.phase == Phase.REDEEM and step.line_no:
            yield replace(found, points=paid.get((step.rule, step.line_no), 0))
        elif found.unit is Unit.GIVEN:
            yield replace(found, unit=_unit_of(wallets.get(step.rule)))
        else:
            yield found


def _unit_of(wallet: str | None) -> Unit:
    """Return what is granted once: points, kopecks of a certificate, or a code."""
    if wallet is None or wallet == Bearer.CODE:
        return Unit.NONE
    return Unit.MONEY if wallet == Bearer.CERTIFICATE else Unit.GIVEN


def _earned(evaluation: Evaluation, titles: Mapping[str, Title]) -> Iterator[Finding]:
    """Yield the points of each line, but for lots of several rules: there the trace tells."""
    parted = {
        step.rule for step in evaluation.trace if step.reason.code in ("earned", "earned_other")
    }
    others = {grant.effect_no for grant in evaluation.grants if grant.account is not None}
    chosen = {entitlement.rule for entitlement in evaluation.entitlements}
    for effect in evaluation.effects:
        if effect.kind is not EffectKind.EARN or effect.rule in parted:
            continue
        code = "earned_benefit" if effect.rule in chosen else "earned"
        code = "earned_other" if effect.no in others else code
        yield from _of_lot(effect, code, titles)


def _of_lot(effect: Effect, code: str, titles: Mapping[str, Title]) -> Iterator[Finding]:
    title = titles.get(effect.rule)
    words = Wording(effect.rule, effect.rule) if title is None else Wording(title.ru, title.en)
    reason = say(code, title=words)
    for no, points in effect.allocations:
        yield Finding(effect.rule, no, reason, after=points, phase=Phase.EARN, unit=Unit.GIVEN)


def _codes(evaluation: Evaluation) -> Iterator[Finding]:
    for code in evaluation.codes:
        reason = code.reason
        if code.kind == APPLIED:
            reason = say("code_taken", title=Wording(reason.ru, reason.en))
        yield Finding("", RECEIPT, reason, phase=CODES, subject=code.code)


def _certificates(evaluation: Evaluation) -> Iterator[Finding]:
    for paid in evaluation.certificates:
        tail = f"…{paid.code[-_TAIL:]}"
        yield Finding("", RECEIPT, paid.reason, phase=Phase.TENDER, subject=tail)
        for no, amount in paid.allocations:
            reason = say("certificate_pays", amount=rubles(amount))
            yield Finding("", no, reason, phase=Phase.TENDER, subject=tail)
