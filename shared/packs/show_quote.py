"""A priced receipt as text for people: the slip's lines, then what gave what, and what for."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from shared.bearer import Bearer
from shared.packs.receipts import Case
from shared.rules.codes import APPLIED
from shared.rules.compile import CompiledPack
from shared.rules.condition_words import full_day
from shared.rules.counting import count_points
from shared.rules.paper import priced_lines
from shared.rules.plain.voice import Voice, voice_of
from shared.rules.result import (
    CertificatePayment,
    CodeOutcome,
    Effect,
    EffectKind,
    Evaluation,
    Grant,
    OnceGrant,
)
from shared.rules.sentences import Lang, rubles, shorten, spoken
from shared.rules.wording import Wording
from shared.slip import Block, Divider, Row, Text

COLUMNS: Final = 48
_POINTS: Final = frozenset({EffectKind.REDEEM, EffectKind.EARN})
_UNRULED: Final = {
    EffectKind.CASHIER: Wording("Скидка кассира", "The cashier's discount"),
    EffectKind.CHANGE: Wording("Без мелочи", "Small change let off"),
}
"""Effects that are no rule's."""

_EFFECTS: Final = Wording("Правила", "Rules")
_LINES: Final = Wording("по строкам", "by lines")
_CODES: Final = Wording("Промокоды", "Promo codes")
_APPLIED: Final = Wording("применён, акция {campaign}", "applied, of {campaign}")
_CERTIFICATES: Final = Wording("Сертификаты", "Certificates")
_LEFT: Final = Wording("{reason}; останется {left}", "{reason}; {left} will be left")
_MONEY: Final = Wording("Остаётся заплатить {amount}", "Left to pay {amount}")
_MAY: Final = Wording("Бонусами можно оплатить", "Points may pay")
_GRANTS: Final = Wording("Начисляется", "Granted")
_WALLET: Final = Wording("кошелёк {name}", "wallet {name}")
_GIVEN: Final = Wording("{title}: {what}, {life}", "{title}: {what}, {life}")
_CERTIFICATE: Final = Wording("сертификат на {amount}", "a certificate of {amount}")
_COUPON: Final = Wording("код акции {campaign}", "a code of {campaign}")
_LIFE: Final = Wording("с {first} по {last}", "from {first} to {last}")
_FOR_EVER: Final = Wording("с {first} бессрочно", "from {first} for ever")
_TIER: Final = Wording("Уровень: {tier}", "Tier: {tier}")
_TIER_AFTER: Final = Wording(
    "Уровень: {tier}, после покупки {after}", "Tier: {tier}, after the purchase {after}"
)


def quotation(pack: CompiledPack, case: Case, found: Evaluation, lang: Lang) -> str:
    """Return the slip's lines and sums, then what gave what, and the cashier's hints."""
    voice = voice_of(pack.source, pack.source, lang)
    lines = [
        *_on_paper(priced_lines(case.receipt, found, lang)),
        *_under(voice, _EFFECTS, (_effect(voice, effect) for effect in found.effects)),
        *_under(voice, _CODES, (_code(voice, one) for one in found.codes)),
        *_certificates(voice, found),
        *_points(voice, found),
        *_under(voice, _GRANTS, _grants(voice, case, found)),
        *_tier(voice, found),
        *(f"* {spoken(hint, voice.lang)}" for hint in found.hints),
    ]
    return "".join(f"{line}\n" for line in lines)


def _under(voice: Voice, heading: Wording, words: Iterable[str]) -> Iterator[str]:
    """Write lines under a heading, and nothing if there is none."""
    lines = list(words)
    if lines:
        yield f"\n{voice.say(heading)}:"
        yield from (f"  {line}" for line in lines)


def _on_paper(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Row):
            yield block.left + block.right.rjust(COLUMNS - len(block.left))
        elif isinstance(block, Text):
            yield block.text
        elif isinstance(block, Divider):
            yield "─" * COLUMNS


def _effect(voice: Voice, effect: Effect) -> str:
    title = voice.called("rules", effect.rule) if effect.rule else voice.say(_UNRULED[effect.kind])
    is_points = effect.kind in _POINTS
    amount = spoken(count_points(effect.amount), voice.lang) if is_points else rubles(effect.amount)
    shares = ", ".join(f"{no}: {shorten(share)}" for no, share in effect.allocations)
    return f"{title}: {amount} ({voice.say(_LINES)} {shares})"


def _code(voice: Voice, outcome: CodeOutcome) -> str:
    if outcome.kind != APPLIED:
        return f"{outcome.code}: {spoken(outcome.reason, voice.lang)}"
    campaign = voice.called("codes", outcome.campaign)
    return f"{outcome.code}: {voice.say(_APPLIED, campaign=campaign)}"


def _certificates(voice: Voice, found: Evaluation) -> Iterator[str]:
    """Tell what each certificate pays, what it has left, and what money is to pay then."""
    yield from _under(voice, _CERTIFICATES, (_paid(voice, one) for one in found.certificates))
    if found.totals.certificate_minor:
        yield f"  {voice.say(_MONEY, amount=rubles(found.totals.money_minor))}"


def _paid(voice: Voice, payment: CertificatePayment) -> str:
    reason = spoken(payment.reason, voice.lang)
    if payment.amount:
        reason = voice.say(_LEFT, reason=reason, left=rubles(payment.left))
    return f"{payment.code}: {reason}"


def _points(voice: Voice, found: Evaluation) -> Iterator[str]:
    most = spoken(count_points(found.redemption.maximum), voice.lang)
    yield f"\n{voice.say(_MAY)}: {most}"
    limits = [step for step in found.trace if step.reason in found.redemption.limits]
    by_several = len({step.rule for step in limits}) > 1
    for step in limits:
        limit = spoken(step.reason, voice.lang)
        yield f"  {voice.called('rules', step.rule)}: {limit}" if by_several else f"  {limit}"


def _grants(voice: Voice, case: Case, found: Evaluation) -> Iterator[str]:
    """Tell the lots of points, what is given once, and codes for the next purchase."""
    clock = ZoneInfo(case.moment.zone)
    grants: tuple[Grant | OnceGrant, ...] = (*found.grants, *found.once)
    for grant in grants:
        first = _instant(voice, grant.activates_at.astimezone(clock))
        life = _life(voice, first, grant.expires_on)
        yield voice.say(
            _GIVEN, title=voice.called("rules", grant.rule), what=_gift(voice, grant), life=life
        )
    for coupon in found.coupons:
        what = voice.say(_COUPON, campaign=voice.called("codes", coupon.campaign))
        life = _life(voice, full_day(coupon.first_day, voice.lang), coupon.last_day)
        yield voice.say(_GIVEN, title=voice.called("rules", coupon.rule), what=what, life=life)


def _gift(voice: Voice, grant: Grant | OnceGrant) -> str:
    if isinstance(grant, OnceGrant) and grant.is_code:
        if grant.wallet == Bearer.CERTIFICATE:
            return voice.say(_CERTIFICATE, amount=rubles(grant.amount))
        return voice.say(_COUPON, campaign=voice.called("codes", grant.campaign))
    wallet = voice.say(_WALLET, name=voice.called("wallets", grant.wallet))
    return f"{spoken(count_points(grant.amount), voice.lang)}, {wallet}"


def _life(voice: Voice, first: str, last: date | None) -> str:
    if last is None:
        return voice.say(_FOR_EVER, first=first)
    return voice.say(_LIFE, first=first, last=full_day(last, voice.lang))


def _instant(voice: Voice, at: datetime) -> str:
    return f"{full_day(at.date(), voice.lang)} {at:%H:%M}"


def _tier(voice: Voice, found: Evaluation) -> Iterator[str]:
    if found.tier is None:
        return
    tier = voice.called("tiers", found.tier)
    if found.tier_after in (None, found.tier):
        yield f"\n{voice.say(_TIER, tier=tier)}"
    else:
        after = voice.called("tiers", str(found.tier_after))
        yield f"\n{voice.say(_TIER_AFTER, tier=tier, after=after)}"
