"""Differences of packs as a marketer reads them, and that none is missed."""

import re
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_model import Condition
from shared.rules.diff import diff
from shared.rules.pack import Pack, canonical, read_pack
from shared.rules.sentences import Lang
from tests.shared.rules.builders import EARN, discount_rule, earn_rule, pack_text, wine_text
from tests.shared.rules.strategies import texts

EXAMPLES = sorted((Path(__file__).parents[3] / "shared/rules/examples").glob("*.yaml"))


def told(old: str, new: str, lang: Lang = "ru") -> list[str]:
    found = diff(read_pack(old), read_pack(new), lang)
    return [sentence.replace(NO_BREAK_SPACE, " ") for sentence in found]


@pytest.mark.parametrize(
    ("was", "is_now", "russian", "english"),
    [
        (
            "{discount: 10 %, bonus: 7 %}",
            "{discount: 12.5 %, bonus: 7 %}",
            "Уровень «Золотой»: «Скидка по карте» — было 10 %, стало 12,5 %",
            "Tier «Gold»: «Card discount» — was 10 %, now 12,5 %",
        ),
        (
            "from: 150000.00",
            "from: 200000.50",
            "Уровень «Золотой»: порог — было 150 000 ₽, стало 200 000,50 ₽",
            "Tier «Gold»: threshold — was 150 000 ₽, now 200 000,50 ₽",
        ),
        (
            "percent: 15 %",
            "percent: 20 %",
            "Правило «Игристая весна»: скидка — было 15 %, стало 20 %",
            "Rule «Sparkling spring»: discount — was 15 %, now 20 %",
        ),
        (
            "percent: 15 %",
            "price: 499.00",
            "Правило «Игристая весна»: было «скидка 15 %», стало «цена за единицу 499 ₽»",
            "Rule «Sparkling spring»: was «discount 15 %», now «price of a unit 499 ₽»",
        ),
        (
            "to: 2026-05-31",
            "to: 2026-06-30",
            "Правило «Игристая весна»: идёт — было с 1 марта 2026 по 31 мая 2026, "
            "стало с 1 марта 2026 по 30 июня 2026",
            "Rule «Sparkling spring»: runs — was from 1 March 2026 to 31 May 2026, "
            "now from 1 March 2026 to 30 June 2026",
        ),
        (
            "if: {group_in: [wine/sparkling]}",
            "if: {all: [{group_in: [wine]}, {not: {receipt_sum_from: 1500.00}}]}",
            "Правило «Игристая весна»: условие — было группа wine/sparkling, стало группа wine; "
            "добавлено условие: не (чек от 1 500 ₽)",
            "Rule «Sparkling spring»: condition — was group wine/sparkling, now group wine; "
            "added condition: not (receipt from 1 500 ₽)",
        ),
        (
            "groups: [delicacy, accessories,",
            "groups: [delicacy, glass,",
            "Список товаров «no_card_discount»: группы товаров — добавлено: glass, "
            "убрано: accessories",
            "List of goods «no_card_discount»: groups of goods — added: glass, "
            "removed: accessories",
        ),
        (
            "mode: best",
            "mode: worst",
            "Группа скидок «card_vs_promo»: из скидок действует — было лучшая для покупателя, "
            "стало наименьшая",
            "Group of discounts «card_vs_promo»: of the discounts counts — was the best for the "
            "customer, now the smallest",
        ),
        (
            "children: [tier_discount, old_card_discount,",
            "children: [old_card_discount, tier_discount,",
            "Группа скидок «card_vs_promo»: состав — порядок был «Скидка по карте», "
            "«Скидка прежней карты», «Игристая весна», «Промокод на первую покупку», "
            "«Промокод с дегустации», стал «Скидка прежней карты», «Скидка по карте», "
            "«Игристая весна», «Промокод на первую покупку», «Промокод с дегустации»",
            "Group of discounts «card_vs_promo»: members — order was «Card discount», "
            "«Discount of the old card», «Sparkling spring», «Promo code of the first purchase», "
            "«Promo code of a tasting», now «Discount of the old card», «Card discount», "
            "«Sparkling spring», «Promo code of the first purchase», «Promo code of a tasting»",
        ),
        (
            "expiry_hint_days: 31",
            "claw_back: unlimited",
            "Политики программы: было «возврат забирает бонусы самой покупки», стало «возврат "
            "забирает и другие бонусы, чего не хватит, считается потраченным»",
            "Policies of the programme: was «a return takes the purchase's own points», now "
            "«a return takes other points too, what is missing is held for spent»",
        ),
    ],
)
def test_a_difference_is_a_sentence(was: str, is_now: str, russian: str, english: str) -> None:
    changed = wine_text().replace(was, is_now)

    assert told(wine_text(), changed)[0] == russian
    assert told(wine_text(), changed, "en")[0] == english


def test_what_is_new_or_gone_is_told_by_what_it_does() -> None:
    one = pack_text(discount_rule("a", "5 %", "{all: [{member: known}, {brand_in: [x]}]}"))
    two = pack_text(earn_rule("b", EARN.replace("percent: 5 %", "points: 300.00, every: 1000.00")))

    assert told(one, two) == [
        "Убрано правило «Правило (a)»: скидка 5 %; условие: покупатель назван и марка x",
        "Новое правило «Правило (b)»: начисляет 300 бонусов за каждые полные 1 000 ₽; "
        "считается от оплаченного деньгами; начало действия: через 24 часа; "
        "срок действия: 6 месяцев; кошелёк «Бонусы»",
    ]


def test_rules_in_another_order_are_told() -> None:
    rules = [discount_rule(name, "5 %") for name in ("a", "b", "c")]

    assert told(pack_text(*rules), pack_text(rules[1], rules[0], rules[2])) == [
        "Порядок правил: порядок был «Правило (a)», «Правило (b)», «Правило (c)», "
        "стал «Правило (b)», «Правило (a)», «Правило (c)»"
    ]


def test_what_only_looks_different_is_said_to_mean_the_same() -> None:
    one = pack_text(discount_rule("a", "5 %", "{all: [{member: known}, {brand_in: [x]}]}"))
    two = pack_text(discount_rule("a", "5 %", "{all: [{brand_in: [x]}, {member: known}]}"))

    assert told(one, two) == ["Правило «Правило»: записано иначе, смысл прежний"]


def test_of_much_that_is_new_the_beginning_is_told_and_how_much_more_there_is() -> None:
    skus = [f"s{number}" for number in range(35)]
    old, new = pack_text(), pack_text(tail=f"lists: {{many: {{skus: [{', '.join(skus)}]}}}}\n")

    assert told(old, new) == [
        f"Новый список товаров «many»: товары: {', '.join(skus[:30])}, и ещё 5"
    ]


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize(("old", "new"), list(permutations(EXAMPLES, 2)), ids=lambda one: one.stem)
def test_any_two_shipped_packs_are_compared_in_words(old: Path, new: Path, lang: Lang) -> None:
    packs = [read_pack(path.read_text(encoding="utf-8")) for path in (old, new)]

    for sentence in diff(packs[0], packs[1], lang):
        assert not re.search(r"[(\[{]'|=|None|<|→|_minor", sentence), sentence


def test_equal_packs_differ_in_nothing() -> None:
    assert told(wine_text(), wine_text()) == []


@given(texts(), texts())
def test_packs_differ_in_words_when_they_differ_in_bytes(one: str, other: str) -> None:
    old, new = read_pack(one), read_pack(other)

    assert bool(diff(old, new, "ru")) == (canonical(old) != canonical(new))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@given(st.data())
def test_no_changed_number_is_missed(path: Path, data: st.DataObject) -> None:
    pack = read_pack(path.read_text(encoding="utf-8"))
    holder, name = data.draw(st.sampled_from(list(_numbers(pack))))
    changed = _with(pack, holder, name)

    found = diff(pack, changed, "en")

    assert found
    assert found != diff(changed, pack, "en")


def _numbers(model: object) -> Iterator[tuple[BaseModel, str]]:
    if isinstance(model, BaseModel):
        for name in type(model).model_fields:
            if type(getattr(model, name)) is int:
                yield model, name
            yield from _numbers(getattr(model, name))
    elif isinstance(model, tuple | dict):
        for item in model.values() if isinstance(model, dict) else model:
            yield from _numbers(item)


def _with(pack: Pack, holder: BaseModel, name: str) -> Pack:
    def copied(found: object) -> object:
        if found is holder:
            return holder.model_copy(update={name: getattr(holder, name) + 100})
        if isinstance(found, BaseModel):
            is_condition = isinstance(found, Condition)  # its operator is the field that is set
            keys = found.model_fields_set if is_condition else type(found).model_fields
            return found.model_copy(update={key: copied(getattr(found, key)) for key in keys})
        if isinstance(found, dict):
            return {key: copied(value) for key, value in found.items()}
        return tuple(copied(item) for item in found) if isinstance(found, tuple) else found

    changed = copied(pack)
    assert isinstance(changed, Pack)
    return changed
