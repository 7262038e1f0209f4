"""Slips as templates of a pack: known places, what is never left out, and how they are filled."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.compile import compile_pack
from shared.rules.diff import diff
from shared.rules.pack import PackError, canonical, load_canonical, pack_hash, read_pack
from shared.rules.slip_checks import PLACE
from shared.rules.slip_defaults import default_templates
from shared.rules.slip_fill import Told, usual_papers
from shared.rules.slip_words import VOCABULARY
from shared.slip import Qr, Row, Size, Text
from tests.shared.rules.builders import wine_text

_BALANCE: list[dict[str, Any]] = [
    {"block": "text", "words": "{shop}", "align": "center", "look": "large_bold"},
    {"block": "row", "left": {"ru": "Сейчас", "en": "Now"}, "right": "{at}"},
    {"block": "text", "if": "time_mark", "words": "{time_mark}"},
    {"block": "row", "left": {"ru": "Бонусов {balance}", "en": "Points {balance}"}},
    {"block": "text", "if": "as_of", "words": "{as_of}"},
    {"block": "text", "words": "{not_fiscal}"},
]


def with_slips(**slips: object) -> str:
    told = {name: {"blocks": blocks} for name, blocks in slips.items()}
    return f"{wine_text()}\n{yaml.safe_dump({'slips': told}, allow_unicode=True)}"


def refused(**slips: object) -> PackError:
    with pytest.raises(PackError) as caught:
        read_pack(with_slips(**slips))
    return caught.value


def _usual(name: str) -> list[dict[str, Any]]:
    """Return a built-in template as a pack would write it."""
    template = default_templates()[name]  # type: ignore[index]
    blocks: list[dict[str, Any]] = template.model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    )["blocks"]
    return blocks


def test_a_pack_without_slips_keeps_its_bytes_and_prints_the_usual_ones() -> None:
    pack = read_pack(wine_text())

    assert b"slips" not in canonical(pack)
    assert compile_pack(pack, pack_hash="").papers is usual_papers()


def test_slips_travel_in_the_canonical_bytes_and_old_agents_wait() -> None:
    pack = read_pack(with_slips(balance=_BALANCE))

    assert "slips" in pack.requires
    assert load_canonical(canonical(pack)) == pack
    assert pack_hash(canonical(pack)) != pack_hash(canonical(read_pack(wine_text())))


@pytest.mark.parametrize("name", VOCABULARY)
def test_a_built_in_slip_is_one_that_a_pack_may_have(name: str) -> None:
    usual = read_pack(with_slips(**{name: _usual(name)}))

    fills = compile_pack(usual, pack_hash="").papers
    for lang in ("ru", "en"):
        told = _everything(name)
        assert fills.blocks(name, told, lang) == usual_papers().blocks(name, told, lang)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", VOCABULARY)
def test_what_is_indispensable_cannot_be_left_out_or_hidden(name: str) -> None:
    blocks = _usual(name)
    shown = [no for no, block in enumerate(blocks) if _names(block) & set(_needed(name))]
    for number in shown:
        left_out = [block for no, block in enumerate(blocks) if no != number]
        error = refused(**{name: left_out})
        assert (error.path, error.fault) == (f"slips.{name}.blocks", "indispensable")
        other = next(one for one in VOCABULARY[name].fields if one not in _names(blocks[number]))  # type: ignore[index]
        if blocks[number]["block"] != "each":
            hidden = [*left_out, {**blocks[number], "unless": other}]
            assert refused(**{name: hidden}).fault == "indispensable"


def test_what_a_coupon_is_worth_nothing_without_cannot_be_left_out_of_its_list() -> None:
    blocks = [
        {**block, "blocks": [{"block": "rule"}]} if block.get("of") == "coupons" else block
        for block in _usual("sale")
    ]

    error = refused(sale=blocks)

    number = next(no for no, block in enumerate(blocks) if block.get("of") == "coupons")
    assert (error.path, error.fault) == (f"slips.sale.blocks.{number}.blocks", "indispensable")
    assert "code" in error.sentence("ru")


def test_an_unknown_place_is_refused_with_those_that_are_known() -> None:
    error = refused(balance=[{"block": "text", "words": "{balnce}"}, *_BALANCE])

    assert error.path == "slips.balance.blocks.0.words.ru"
    assert "balance" in error.sentence("ru")
    assert "no such value; known are" in error.sentence("en")


@pytest.mark.parametrize(
    ("block", "path", "fault"),
    [
        ({"block": "text", "words": "100 {%"}, "words.ru", "brace"),
        ({"block": "text", "words": "Да", "if": "discount"}, "if", "unknown_place"),
        ({"block": "qr", "of": "balance"}, "of", "unknown_place"),
        ({"block": "each", "of": "coupons", "blocks": [{"block": "rule"}]}, "of", "unknown_place"),
        ({"block": "text", "words": "Ж" * 201}, "text.words.ru", "too_long"),
        ({"block": "space", "lines": "6"}, "space.lines", "bad_number"),
        ({"block": "picture", "of": "cat"}, "", "unknown_block"),
        ({"block": "row", "left": "A", "align": "left"}, "row.align", "unknown_key"),
    ],
)
def test_a_block_that_will_not_do_is_named(block: object, path: str, fault: str) -> None:
    error = refused(balance=[block, *_BALANCE])

    assert error.path == ".".join(filter(None, ("slips.balance.blocks.0", path)))
    assert error.fault == fault


def test_too_many_blocks_are_refused() -> None:
    assert (
        refused(balance=[*_BALANCE, *[{"block": "rule"} for _ in range(120)]]).fault == "too_many"
    )


def test_a_slip_is_filled_in_either_language() -> None:
    papers = compile_pack(read_pack(with_slips(balance=_BALANCE)), pack_hash="").papers
    told = Told({"shop": "Лавка {at}", "at": "12:00", "balance": "1 085,50", "not_fiscal": "н"})

    assert papers.blocks("balance", told, "en")[:3] == (
        Text("Лавка {at}", *_large()),
        Row("Now", "12:00"),
        Row("Points 1 085,50", ""),
    )
    assert papers.blocks("balance", told, "ru")[2] == Row("Бонусов 1 085,50", "")


def test_a_change_of_a_slip_is_told_in_words() -> None:
    old = read_pack(with_slips(balance=_BALANCE))
    thanks = {"block": "text", "words": {"ru": "Спасибо!", "en": "Thank you!"}, "align": "center"}
    new = read_pack(with_slips(balance=[*_BALANCE, thanks]))

    assert diff(old, new, "ru") == [
        "Слип «Баланс»: на нём — добавлено: «Спасибо!» (по центру); "
        "на нём по-английски — добавлено: «Thank you!»"
    ]
    assert diff(read_pack(wine_text()), new, "en")[0].startswith("Own slip «Balance»: it says: ")
    assert diff(old, read_pack(wine_text()), "ru")[0].startswith("Слип «Баланс» снова обычный")


@given(st.text(max_size=80), st.sampled_from(sorted(VOCABULARY)), st.sampled_from(("ru", "en")))
def test_the_same_values_give_the_same_blocks_and_no_value_is_a_template(
    text: str, name: str, lang: str
) -> None:
    told = _everything(name, text or "x")

    blocks = usual_papers().blocks(name, told, lang)  # type: ignore[arg-type]

    assert blocks == usual_papers().blocks(name, told, lang)  # type: ignore[arg-type]
    for block in blocks:
        for written in _texts(block):
            assert not PLACE.search(written.replace(text, "")) or not text


def _texts(block: object) -> list[str]:
    if isinstance(block, Text):
        return [block.text]
    return [block.left, block.right] if isinstance(block, Row) else []


def _large() -> tuple[Any, ...]:
    sample = usual_papers().blocks("coupon", _everything("coupon"), "ru")
    found = next(one for one in sample if isinstance(one, Text) and one.size is Size.DOUBLE)
    return found.align, found.weight, found.size


def _everything(name: str, text: str = "Ж") -> Told:
    known = VOCABULARY[name]  # type: ignore[index]

    def some(fields: Mapping[str, object], codes: frozenset[str]) -> dict[str, str]:
        return {one: "2900000000018" if one in codes else text for one in fields}

    lists = {of: [some(listed.fields, listed.codes)] * 2 for of, listed in known.lists.items()}
    return Told(some(known.fields, known.codes), lists)


def _needed(name: str) -> tuple[str, ...]:
    return VOCABULARY[name].needed  # type: ignore[index]


def _names(block: dict[str, Any]) -> set[str]:
    if block["block"] == "each":
        return {block["of"]}
    words = [block.get(key) for key in ("words", "left", "right")]
    found = {place for one in words if one for place in PLACE.findall(str(one))}
    return found | ({block["of"]} if "of" in block else set())


def test_a_code_is_left_out_where_there_is_none() -> None:
    blocks = usual_papers().blocks("sale", Told({"total": "1,00"}), "ru")

    assert not [block for block in blocks if isinstance(block, Qr)]


def test_words_that_are_called_as_a_value_stay_words() -> None:
    blocks = [{"block": "text", "words": "shop {shop} shop"}, *_BALANCE]
    papers = compile_pack(read_pack(with_slips(balance=blocks)), pack_hash="").papers

    found = papers.blocks("balance", Told({"shop": "Лавка"}), "ru")

    assert found[0] == Text("shop Лавка shop")


@pytest.mark.parametrize(("values", "printed"), [({}, 0), ({"scan": "A"}, 0), ({"title": "t"}, 0)])
def test_a_code_is_printed_where_all_that_it_asks_for_is_there(
    values: dict[str, str], printed: int
) -> None:
    extra = [{"block": "qr", "of": "scan", "if": "title"}, *_usual("coupon")]
    papers = compile_pack(read_pack(with_slips(coupon=extra)), pack_hash="").papers

    def codes(told: dict[str, str]) -> int:
        return sum(isinstance(one, Qr) for one in papers.blocks("coupon", Told(told), "ru")[:1])

    assert codes(values) == printed
    assert codes({"scan": "A", "title": "t"}) == 1
