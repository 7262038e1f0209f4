"""Differences of packs as a marketer reads them, and that none is missed."""

from collections.abc import Iterator
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
from tests.shared.rules.builders import discount_rule, pack_text, wine_text
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
            "Скидка по карте: Золотой 10 % → 12,5 %",
            "Card discount: Gold 10 % → 12,5 %",
        ),
        (
            "from: 150000.00",
            "from: 200000.50",
            "Уровень «Золотой»: порог 150 000 ₽ → 200 000,50 ₽",
            "Tier «Gold»: threshold 150 000 ₽ → 200 000,50 ₽",
        ),
        (
            "percent: 15 %",
            "percent: 20 %",
            "Правило «Игристая весна»: скидка процент 15 % → 20 %",
            "Rule «Sparkling spring»: discount percent 15 % → 20 %",
        ),
        (
            "to: 2026-05-31",
            "to: 2026-06-30",
            "Правило «Игристая весна»: по 31 мая 2026 → 30 июня 2026",
            "Rule «Sparkling spring»: to 31 May 2026 → 30 June 2026",
        ),
        (
            "if: {group_in: [wine/sparkling]}",
            "if: {any: [{group_in: [wine]}, {not: {receipt_sum_from: 1500.00}}]}",
            "Правило «Игристая весна»: условие группа wine/sparkling"
            " → группа wine или не (чек от 1 500 ₽)",
            "Rule «Sparkling spring»: condition group wine/sparkling"
            " → group wine or not (receipt from 1 500 ₽)",
        ),
        (
            "groups: [delicacy, accessories,",
            "groups: [delicacy, glass,",
            "Список товаров «no_card_discount»: группы товаров добавлено glass",
            "List of goods «no_card_discount»: groups of goods added glass",
        ),
        (
            "mode: best",
            "mode: worst",
            "Группа скидок «card_vs_promo»: способ лучшая для покупателя → наименьшая",
            "Group of discounts «card_vs_promo»: mode best for the customer → the smallest",
        ),
    ],
)
def test_a_difference_is_a_sentence(was: str, is_now: str, russian: str, english: str) -> None:
    changed = wine_text().replace(was, is_now)

    assert told(wine_text(), changed)[0] == russian
    assert told(wine_text(), changed, "en")[0] == english


def test_rules_come_and_go() -> None:
    one, two = pack_text(discount_rule("a", "5 %")), pack_text(discount_rule("b", "5 %"))

    assert told(one, two) == ["Правило «Правило»: убрано", "Правило «Правило»: добавлено"]


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
