"""What a replay found, as text for people: members per tier, costs, moves, differences."""

from collections.abc import Iterator
from typing import Final

from shared.money import WHOLE_BP, round_half_up
from shared.packs.backtest import NO_TIER, Replayed, changes
from shared.rules.compile import CompiledPack
from shared.rules.sentences import Lang, percent, rubles, shorten, spoken
from shared.rules.wording import Wording

DIFFERENCES_SHOWN: Final = 20
_SUMS: Final = Wording(
    "Чеков {receipts} на {base}; скидки {discount} ({share}), "
    "начислено {points} бонусов на {worth}",
    "{receipts} receipts of {base}; discounts {discount} ({share}), {points} points worth {worth}",
)
_TIER: Final = Wording(
    "{tier}: участников {members}, чеков {receipts} на {base}, скидки {discount}, бонусы {points}",
    "{tier}: {members} members, {receipts} receipts of {base}, discounts {discount}, "
    "points {points}",
)
_LIST: Final = Wording(
    "Список {name}: оплачено {paid}, доля {share}", "List {name}: {paid} paid, a share of {share}"
)
_MOVES: Final = Wording("Переходы", "Moves")
_CHANGES: Final = Wording("Было и стало бы", "Was and would be")
_PAIR: Final = Wording("{before} → {after}: {count}", "{before} → {after}: {count}")
_PARITY: Final = Wording(
    "Сверено строк {compared}, расходятся {differing}",
    "{compared} lines compared, {differing} differ",
)
_DIFFERENCE: Final = Wording(
    "  чек {receipt}, строка {line}: было {was}, стало бы {now}",
    "  receipt {receipt}, line {line}: was {was}, would be {now}",
)
_NOBODY: Final = Wording("без уровня", "no tier")


def replayed(
    pack: CompiledPack, found: Replayed, lang: Lang, against: Replayed | None = None
) -> str:
    """Return the text of a replay, and beside another one of the same receipts who would move."""
    return "".join(f"{line}\n" for line in _lines(pack, found, lang, against))


def _lines(
    pack: CompiledPack, found: Replayed, lang: Lang, against: Replayed | None
) -> Iterator[str]:
    share = round_half_up(found.discount_minor * WHOLE_BP, found.base_minor or 1)
    yield spoken(_SUMS, lang).format(
        receipts=found.receipts,
        base=rubles(found.base_minor),
        discount=rubles(found.discount_minor),
        share=percent(share),
        points=shorten(found.points),
        worth=rubles(found.points_minor),
    )
    yield from _of_tiers(pack, found, lang)
    paid_minor = found.base_minor - found.discount_minor
    for name, of_list in sorted(found.by_list.items()):
        part = percent(round_half_up(of_list * WHOLE_BP, paid_minor or 1))
        yield spoken(_LIST, lang).format(name=name, paid=rubles(of_list), share=part)
    if found.moves:
        yield f"{spoken(_MOVES, lang)}:"
        yield from _pairs(pack, dict(found.moves), lang)
    if against is not None:
        yield f"{spoken(_CHANGES, lang)}:"
        yield from _pairs(pack, dict(changes(against, found)), lang)
    if found.compared:
        yield spoken(_PARITY, lang).format(compared=found.compared, differing=found.differing)
    for one in found.differences[:DIFFERENCES_SHOWN]:
        yield spoken(_DIFFERENCE, lang).format(
            receipt=one.receipt,
            line=one.line_no,
            was=rubles(one.was_minor),
            now=rubles(one.is_minor),
        )


def _of_tiers(pack: CompiledPack, found: Replayed, lang: Lang) -> Iterator[str]:
    members = found.tiers()
    for tier in pack.ladder.tiers:
        got = found.by_tier.get(tier.id)
        yield spoken(_TIER, lang).format(
            tier=spoken(tier.title, lang),
            members=members.get(tier.id, 0),
            receipts=got.receipts if got else 0,
            base=rubles(got.base_minor if got else 0),
            discount=rubles(got.discount_minor if got else 0),
            points=rubles(got.points_minor if got else 0),
        )


def _pairs(pack: CompiledPack, pairs: dict[tuple[str, str], int], lang: Lang) -> Iterator[str]:
    titles = {tier.id: spoken(tier.title, lang) for tier in pack.ladder.tiers}
    titles[NO_TIER] = spoken(_NOBODY, lang)
    for (before, after), count in sorted(pairs.items()):
        names = (titles.get(before, before), titles.get(after, after))
        yield "  " + spoken(_PAIR, lang).format(before=names[0], after=names[1], count=count)
