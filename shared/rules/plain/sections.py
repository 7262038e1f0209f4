"""The sections of a pack: what their parts are called, and which there are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.rules.grammar import Document
from shared.rules.model import Pack
from shared.rules.plain.voice import Voice
from shared.rules.price_model import Ban, Caps, Floor
from shared.rules.wording import Wording


@dataclass(frozen=True, slots=True)
class Part:
    """A part, and to whom it belongs: the name of a table, what a tier counts."""

    model: Document
    owner: str = ""


Parts = Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Section:
    """Parts of one sort: the words for one that changed, is new, is gone, and for their order."""

    changed: Wording
    new: Wording
    gone: Wording
    parts: Callable[[Pack], Parts]
    kind: str = ""
    order: Wording | None = None

    def name(self, voice: Voice, name: str) -> str:
        """Write what people call a part; goods by which a part is known are lists."""
        kind = self.kind or "lists"
        return ", ".join(voice.called(kind, one) for one in name.split(_AND)) if name else ""


_AND: Final = "+"


def _by_id(found: Iterable[Document], name: str = "id") -> Parts:
    return {getattr(part, name): Part(part) for part in found}


def _mapped(found: Mapping[str, Document]) -> Parts:
    return {name: Part(part) for name, part in found.items()}


def _by_goods(found: Iterable[Ban | Floor]) -> Parts:
    """Name parts by their goods; the second of the same goods has its number as well."""
    parts: dict[str, Part] = {}
    for part in found:
        goods = name = _AND.join(part.goods)
        number = 1
        while name in parts:
            number += 1
            name = f"{goods} {number}"
        parts[name] = Part(part)
    return parts


def _track(pack: Pack) -> Parts:
    """Return the track without its levels, which are parts of their own."""
    track = pack.tiers
    return {} if track is None else {"": Part(track.model_copy(update={"steps": ()}))}


def _caps(pack: Pack) -> Parts:
    """Return the caps without what they count, which is a policy."""
    return {"": Part(pack.caps.model_copy(update={"points": Caps().points}))}


def _steps(pack: Pack) -> Parts:
    track = pack.tiers
    return {} if track is None else {one.id: Part(one, track.metric) for one in track.steps}


SECTIONS: Final = (
    Section(
        Wording("Кошелёк {name}", "Wallet {name}"),
        Wording("Новый кошелёк {name}", "New wallet {name}"),
        Wording("Убран кошелёк {name}", "Wallet {name} removed"),
        lambda pack: _mapped(pack.wallets),
        "wallets",
    ),
    Section(
        Wording("Шкала уровней", "Tiers"),
        Wording("Новая шкала уровней", "New tiers"),
        Wording("Убрана шкала уровней", "Tiers removed"),
        _track,
    ),
    Section(
        Wording("Уровень {name}", "Tier {name}"),
        Wording("Новый уровень {name}", "New tier {name}"),
        Wording("Убран уровень {name}", "Tier {name} removed"),
        _steps,
        "tiers",
        Wording("Порядок уровней", "Order of tiers"),
    ),
    Section(
        Wording("Список товаров {name}", "List of goods {name}"),
        Wording("Новый список товаров {name}", "New list of goods {name}"),
        Wording("Убран список товаров {name}", "List of goods {name} removed"),
        lambda pack: _mapped(pack.lists),
        "lists",
    ),
    Section(
        Wording("Таблица {name}", "Table {name}"),
        Wording("Новая таблица {name}", "New table {name}"),
        Wording("Убрана таблица {name}", "Table {name} removed"),
        lambda pack: {name: Part(table, name) for name, table in pack.tables.items()},
        "tables",
    ),
    Section(
        Wording("Прайс-лист {name}", "Price list {name}"),
        Wording("Новый прайс-лист {name}", "New price list {name}"),
        Wording("Убран прайс-лист {name}", "Price list {name} removed"),
        lambda pack: _mapped(pack.price_lists),
        "price_lists",
    ),
    Section(
        Wording("Счётчик {name}", "Counter {name}"),
        Wording("Новый счётчик {name}", "New counter {name}"),
        Wording("Убран счётчик {name}", "Counter {name} removed"),
        lambda pack: _mapped(pack.counters),
        "counters",
    ),
    Section(
        Wording("Промокод {name}", "Promo code {name}"),
        Wording("Новый промокод {name}", "New promo code {name}"),
        Wording("Убран промокод {name}", "Promo code {name} removed"),
        lambda pack: _mapped(pack.codes),
        "codes",
    ),
    Section(
        Wording("Запреты для товаров из списка {name}", "Bans of goods of the list {name}"),
        Wording(
            "Новые запреты для товаров из списка {name}", "New bans of goods of the list {name}"
        ),
        Wording(
            "Сняты запреты для товаров из списка {name}", "Bans of goods of the list {name} lifted"
        ),
        lambda pack: _by_goods(pack.bans),
        order=Wording("Порядок запретов", "Order of bans"),
    ),
    Section(
        Wording("Минимальная цена товаров из списка {name}", "Floor of goods of the list {name}"),
        Wording(
            "Новая минимальная цена товаров из списка {name}",
            "New floor of goods of the list {name}",
        ),
        Wording(
            "Снята минимальная цена товаров из списка {name}",
            "Floor of goods of the list {name} lifted",
        ),
        lambda pack: _by_goods(pack.floors),
        order=Wording("Порядок минимальных цен", "Order of floors"),
    ),
    Section(
        Wording("Предел выгоды", "Largest benefit"),
        Wording("Предел выгоды", "Largest benefit"),
        Wording("Предел выгоды", "Largest benefit"),
        _caps,
    ),
    Section(
        Wording("Правило {name}", "Rule {name}"),
        Wording("Новое правило {name}", "New rule {name}"),
        Wording("Убрано правило {name}", "Rule {name} removed"),
        lambda pack: _by_id(pack.rules),
        "rules",
        Wording("Порядок правил", "Order of rules"),
    ),
    Section(
        Wording("Подарок {name}", "Gift {name}"),
        Wording("Новый подарок {name}", "New gift {name}"),
        Wording("Убран подарок {name}", "Gift {name} removed"),
        lambda pack: _by_id(pack.grants),
        "grants",
        Wording("Порядок подарков", "Order of gifts"),
    ),
    Section(
        Wording("Группа скидок {name}", "Group of discounts {name}"),
        Wording("Новая группа скидок {name}", "New group of discounts {name}"),
        Wording("Убрана группа скидок {name}", "Group of discounts {name} removed"),
        lambda pack: _by_id(pack.stacking, "group"),
        "groups",
        Wording("Порядок групп скидок", "Order of the groups of discounts"),
    ),
    Section(
        Wording("Слип {name}", "Slip {name}"),
        Wording("Свой слип {name}", "Own slip {name}"),
        Wording("Слип {name} снова обычный, был", "Slip {name} is the usual one again, was"),
        lambda pack: {name: Part(slip, name) for name, slip in pack.slips.items()},
        "slips",
    ),
)
"""In the order of the pack file."""
