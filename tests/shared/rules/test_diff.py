"""Differences of packs as a marketer reads them, and that none is missed."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_model import Condition
from shared.rules.diff import diff
from shared.rules.label_words import word_of
from shared.rules.labels import LABELS, PARTS
from shared.rules.model import Policies
from shared.rules.pack import Pack, canonical, read_pack
from shared.rules.sentences import Lang
from tests.shared.rules.builders import HEAD, TITLE, discount_rule, pack_text, wine_text
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

    assert told(one, two) == [
        "Правило «Правило»: убрано",
        "Правило «Правило»: добавлено: скидка процент 5 %",
    ]


BARE = HEAD[: HEAD.index("tiers:")]
TIERS = (
    "tiers:\n  metric: METRIC\n  window: rolling 90 days\n  steps:\n"
    f"    - {{id: a, {TITLE}, from: 0.00}}\n    - {{id: b, {TITLE}, from: 3.00}}\n"
)
CODES = "codes:\n  c: {title: {ru: К, en: C}, words: [C]}\n"
VISITS = "{counted: {of: purchases, window: rolling 90 days, at_least: 2}}"
TIMES = "effect: earn_times, wallet: bonus, times"
EARN = "effect: earn, wallet: bonus, percent: 5 %, activation: after 24 h, expiry: 6 months"


@pytest.mark.parametrize(
    ("old", "new", "russian", "english"),
    [
        (
            pack_text(head=BARE, tail=TIERS.replace("METRIC", "visits")),
            pack_text(head=BARE, tail=TIERS.replace("METRIC", "visits").replace("3.00", "5.00")),
            ["Уровень «Правило»: порог 3 покупки → 5 покупок"],
            ["Tier «Rule»: threshold 3 purchases → 5 purchases"],
        ),
        (
            pack_text(head=BARE, tail=TIERS.replace("METRIC", "points")),
            pack_text(head=BARE, tail=TIERS.replace("METRIC", "points").replace("90", "30")),
            ["уровни период за последние 90 дн. → за последние 30 дн."],
            ["tiers period of the last 90 days → of the last 30 days"],
        ),
        (
            pack_text(f"  - {{id: r, {TITLE}, then: [{{{EARN}, at_most: 300.00}}]}}\n"),
            pack_text(
                f"  - {{id: r, {TITLE}, then: [{{{EARN}, at_most: 500.00}}]}}\n".replace(
                    "after 24 h", "next day"
                )
            ),
            [
                "Правило «Правило»: начисление не больше 300 → 500",
                "Правило «Правило»: начисление активация через 24 ч → на следующий день",
            ],
            [
                "Rule «Rule»: earning at most 300 → 500",
                "Rule «Rule»: earning activation after 24 h → the next day",
            ],
        ),
        (
            pack_text(f"  - {{id: r, {TITLE}, then: [{{{TIMES}: 2}}]}}\n"),
            pack_text(f"  - {{id: r, {TITLE}, then: [{{{TIMES}: 3.5}}]}}\n"),
            ["Правило «Правило»: множитель во столько раз 2 → 3,50"],
            ["Rule «Rule»: multiplier times 2 → 3,50"],
        ),
        (
            pack_text(tail="policies: {claw_back: own_lots}\n"),
            pack_text(tail="policies: {claw_back: within_balance}\n"),
            [
                "политика: возврат забирает бонусы самой покупки → "
                "возврат забирает и другие бонусы, пока они есть"
            ],
            [
                "policy: a return takes the purchase's own points → "
                "a return takes other points too, as long as there are any"
            ],
        ),
        (
            pack_text(discount_rule("r", "5 %", "{member: known}")),
            pack_text(discount_rule("r", "5 %", VISITS)),
            ["Правило «Правило»: условие покупатель назван → покупки (за последние 90 дн.) от 2"],
            ["Rule «Rule»: condition member known → purchases (of the last 90 days) from 2"],
        ),
        (
            pack_text(tail=CODES),
            pack_text(tail=CODES.replace("words: [C]", "words: [C], regions: [ural]")),
            ["Промокод «К»: регионы нет → ural"],
            ["Promo code «C»: regions none → ural"],
        ),
    ],
    ids=["visits", "period", "points", "times", "policy", "counted", "code"],
)
def test_a_difference_is_said_in_words_and_units(
    old: str, new: str, russian: list[str], english: list[str]
) -> None:
    assert sorted(told(old, new)) == sorted(russian)
    assert sorted(told(old, new, "en")) == sorted(english)


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_no_key_and_no_closed_word_of_a_pack_is_told_as_it_is_written(lang: Lang) -> None:
    """Every shipped pack against every other: no key of the file, no value of a program."""
    shipped = [path.read_text(encoding="utf-8") for path in EXAMPLES]
    sentences = [said for one in shipped for other in shipped for said in told(one, other, lang)]

    assert len(sentences) > 100
    keys, words = _keys_and_words()
    names = {name for text in shipped for name in _names(read_pack(text))}
    written = {word for word in keys | {word for _, word in words} if "_" in word} - names
    assert len(written) > 50
    for sentence in sentences:
        assert not set("=[{") & set(sentence)
        assert not written & set(re.findall(r"[a-z_]+", sentence))


def test_every_key_and_every_closed_word_has_a_name() -> None:
    keys, words = _keys_and_words()

    told_otherwise = {"then", "when", "steps"}
    assert {key for key in keys if key not in LABELS | PARTS} <= told_otherwise
    policies = set(Policies.model_fields)
    unnamed = {(key, word) for key, word in words if word_of(key, word) is None}
    assert {key for key, _ in unnamed} <= policies | {"effect", "flag_in"}


def _keys_and_words() -> tuple[set[str], set[tuple[str, str]]]:
    keys: set[str] = set()
    words: set[tuple[str, str]] = set()
    seen: set[type[BaseModel]] = {Condition}
    waiting: list[type[BaseModel]] = [Pack]
    while waiting:
        model = waiting.pop()
        for name, field in model.model_fields.items():
            key = field.alias or name
            if model is not Policies:
                keys.add(key)
            for found in _leaves(field.annotation):
                if isinstance(found, str):
                    words.add((key, found))
                elif found not in seen:
                    seen.add(found)
                    waiting.append(found)
    return keys, words


def _leaves(annotation: object) -> Iterator[str | type[BaseModel]]:
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (str(member.value) for member in annotation)
    else:
        for inner in get_args(annotation):
            yield from _leaves(inner)


def _names(pack: Pack) -> Iterator[str]:
    """Yield what a pack calls its own parts: these are told as they are."""
    yield from (rule.id for rule in pack.conditional)
    yield from (node.group for node in pack.stacking)
    for named in (pack.wallets, pack.lists, pack.tables, pack.price_lists, pack.counters):
        yield from named
    yield from pack.codes


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
