"""A priced receipt as text for people: the slip's lines, rules, points and hints."""

from collections.abc import Iterable, Iterator
from typing import Final

from shared.bearer import Bearer
from shared.money import format_money
from shared.points import format_points
from shared.receipt import Receipt
from shared.rules.basket_words import basket_words
from shared.rules.compile import CompiledPack
from shared.rules.explain import told_of_code
from shared.rules.lint import Opinion
from shared.rules.model import Pack
from shared.rules.paper import priced_lines
from shared.rules.result import EffectKind, Evaluation, Grant, OnceGrant
from shared.rules.sentences import Lang, spoken
from shared.rules.wording import Wording
from shared.slip import Block, Divider, Row, Text

COLUMNS: Final = 48
_POINTS: Final = frozenset({EffectKind.REDEEM, EffectKind.EARN})
_EFFECTS: Final = Wording("Правила", "Rules")
_LOTS: Final = Wording("Партии бонусов", "Lots of points")
_TIER: Final = Wording("Уровень", "Tier")
_CERTIFICATE: Final = Wording("Сертификат", "Certificate")
_COUPON: Final = Wording("Купон", "Coupon")
_NO_RULE: Final = {
    EffectKind.CASHIER: Wording("Скидка кассира", "The cashier's discount"),
    EffectKind.CHANGE: Wording("Без мелочи", "Small change let off"),
}
"""Effects that no rule has."""
_NEVER: Final = Wording("бессрочно", "for ever")
_MAY: Final = Wording("Бонусами можно оплатить", "Points may pay")

_WORST_DISCOUNT: Final = Wording("Самая большая скидка", "Largest discount")
_WORST: Final = Wording("Самая большая выгода с бонусами", "Largest benefit with points")
_ALL: Final = Wording("Проверены все границы условий: {tried}", "All borders tried: {tried}")
_SOME: Final = Wording("Проверено чеков: {tried}, не все", "Receipts tried: {tried}, not all")


def quotation(pack: CompiledPack, receipt: Receipt, found: Evaluation, lang: Lang) -> str:
    """Return the slip's lines and sums, then what rules gave, points and the cashier's hints."""
    return "".join(
        f"{line}\n"
        for line in [
            *_on_paper(priced_lines(receipt, found)),
            *_rules(pack, found, lang),
            *_codes(found, lang),
            *_points(pack, found, lang),
            *(f"* {spoken(hint, lang)}" for hint in found.hints),
        ]
    )


def opinion(pack: Pack, found: Opinion, lang: Lang) -> str:
    """Return the doubts about a pack, a line each, and the baskets that cost it the most."""
    tried = found.survey
    lines = [f"{doubt.path}: {spoken(doubt.words, lang)}" for doubt in found.doubts]
    for title, probe in ((_WORST_DISCOUNT, tried.worst_discount), (_WORST, tried.worst)):
        if probe is not None:
            lines.append(f"{spoken(title, lang)}: {spoken(basket_words(pack, probe), lang)}")
    lines.append(spoken(_ALL if tried.complete else _SOME, lang).format(tried=tried.tried))
    return "".join(f"{line}\n" for line in lines)


def _on_paper(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Row):
            yield f"{block.left} {block.right.rjust(COLUMNS - len(block.left) - 1)}"
        elif isinstance(block, Text):
            yield block.text
        elif isinstance(block, Divider):
            yield "─" * COLUMNS


def _rules(pack: CompiledPack, found: Evaluation, lang: Lang) -> Iterator[str]:
    titles = {rule.id: spoken(rule.title, lang) for rule in pack.source.conditional}
    if found.effects:
        yield f"\n{spoken(_EFFECTS, lang)}:"
    for effect in found.effects:
        write = format_points if effect.kind in _POINTS else format_money
        shares = ", ".join(f"{no}: {write(amount)}" for no, amount in effect.allocations)
        title = titles.get(effect.rule) or spoken(_NO_RULE[effect.kind], lang)
        yield f"  {title}: {write(effect.amount)} ({shares})"


def _codes(found: Evaluation, lang: Lang) -> Iterator[str]:
    """Tell what became of promo codes and certificates, and what codes the receipt gives."""
    for outcome in found.codes:
        yield spoken(told_of_code(outcome), lang)
    for paid in found.certificates:
        yield f"{spoken(_CERTIFICATE, lang)} {paid.code}: {spoken(paid.reason, lang)}"
    for coupon in found.coupons:
        until = coupon.last_day.isoformat() if coupon.last_day else spoken(_NEVER, lang)
        yield f"{spoken(_COUPON, lang)} {coupon.campaign}: {coupon.first_day} — {until}"


def _points(pack: CompiledPack, found: Evaluation, lang: Lang) -> Iterator[str]:
    yield f"{spoken(_MAY, lang)}: {format_points(found.redemption.maximum)}"
    yield from (f"  {spoken(limit, lang)}" for limit in found.redemption.limits)
    if found.grants or found.once:
        yield f"{spoken(_LOTS, lang)}:"
    for grant in found.grants:
        yield f"  {format_points(grant.amount)}: {_life(grant, lang)}"
    for once in found.once:
        yield f"  {spoken(once.applied, lang)}: {_gift(once, lang)}: {_life(once, lang)}"
    if found.tier is not None:
        yield f"{spoken(_TIER, lang)}: {_tier(pack, found.tier, lang)} → " + _tier(
            pack, found.tier_after, lang
        )


def _gift(once: OnceGrant, lang: Lang) -> str:
    if not once.is_code:
        return format_points(once.amount)
    if once.wallet == Bearer.CERTIFICATE:
        return f"{spoken(_CERTIFICATE, lang)} {format_money(once.amount)}"
    return f"{spoken(_COUPON, lang)} {once.campaign}"


def _life(grant: Grant | OnceGrant, lang: Lang) -> str:
    until = grant.expires_on.isoformat() if grant.expires_on else spoken(_NEVER, lang)
    return f"{grant.activates_at:%Y-%m-%d %H:%M}Z — {until}"


def _tier(pack: CompiledPack, tier: str | None, lang: Lang) -> str:
    steps = pack.source.tiers.steps if pack.source.tiers is not None else ()
    return next((spoken(step.title, lang) for step in steps if step.id == tier), str(tier))
