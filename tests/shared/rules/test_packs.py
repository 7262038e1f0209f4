"""Packs as files: what is refused and why, canonical bytes, hashes and features."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Flag
from shared.rules.document import BYTES_MAX
from shared.rules.evaluate import evaluate
from shared.rules.pack import (
    FEATURES,
    PackError,
    canonical,
    load_canonical,
    missing_features,
    pack_hash,
    read_pack,
    required_features,
)
from shared.rules.scalars import parse_amount, parse_percent
from tests.shared.rules.builders import (
    EARN,
    HEAD,
    MOMENT,
    TITLE,
    compiled,
    discount_rule,
    earn_rule,
    line,
    member,
    pack_text,
    receipt,
    redeem_rule,
    wine_text,
)

AB = (discount_rule("a", "5 %"), discount_rule("b", "10 %"))
DEEP = "{not: " * 40 + "{member: known}" + "}" * 40
WIDE = "{any: [" + ", ".join(["{member: known}"] * 70) + "]}"
CHAIN = "".join(f"  - {{group: g{n}, mode: best, children: [g{n + 1}]}}\n" for n in range(20))
LAST = "  - {group: g20, mode: best, children: [a]}\n"


def _stacking(*groups: str) -> str:
    return "stacking:\n" + "".join(f"  - {group}\n" for group in groups)


def _discount(percent: str) -> str:
    return pack_text(discount_rule("a", percent))


BAD = {
    "unknown key": (HEAD + "colour: red\n", "colour", "unknown_key"),
    "unknown key inside": (
        pack_text(f"  - {{id: a, {TITLE}, then: [{{effect: discount, percent: 5, per: 6}}]}}\n"),
        "rules.0.then.0.discount.per",
        "unknown_key",
    ),
    "missing key": (HEAD.replace("version: 1\n", ""), "version", "missing_key"),
    "not a mapping": ("just text", "pack", "not_mapping"),
    "empty": ("", "pack", "empty"),
    "two documents": (HEAD + "---\na: b\n", "pack", "several"),
    "not yaml": ("name: [1, 2\nversion: {", "line 2", "bad_yaml"),
    "control character": ("name: \x00", "pack", "bad_yaml"),
    "lone surrogate": ("name: \ud800", "pack", "bad_text"),
    "anchor": ("a: &x [1]\nb: *x\n", "a", "anchor"),
    "alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "a", "anchor"),
    "repeated key": (HEAD + "version: 2\n", "version", "repeated_key"),
    "key that is a list": ("[a, b]: c\n", "pack", "bad_key"),
    "deep nesting": (pack_text(discount_rule("a", "5", DEEP)), None, "too_deep"),
    "deep list": ("[" * 900 + "]" * 900, None, "too_deep"),
    "huge document": ("#" * (BYTES_MAX + 1), "pack", "too_large"),
    "100,000 rules": (pack_text(*["  - {id: a}\n"] * 100_000), "rules", "too_many"),
    "percent above 100": (_discount("101 %"), "rules.0.then.0.discount.percent", "bad_number"),
    "absurd percent": (_discount("999999999 %"), "rules.0.then.0.discount.percent", "bad_number"),
    "negative percent": (_discount("-5 %"), "rules.0.then.0.discount.percent", "bad_number"),
    "percent as 5e1": (_discount("5e1"), "rules.0.then.0.discount.percent", "bad_number"),
    "percent nan": (_discount("nan"), "rules.0.then.0.discount.percent", "bad_number"),
    "percent .inf": (_discount(".inf"), "rules.0.then.0.discount.percent", "bad_number"),
    "percent of thirds": (_discount("33.333 %"), "rules.0.then.0.discount.percent", "bad_number"),
    "percent with comma": (_discount('"5,5 %"'), "rules.0.then.0.discount.percent", "bad_number"),
    "percent in Arabic": (_discount("٥ %"), "rules.0.then.0.discount.percent", "bad_number"),
    "percent a list": (_discount("[5]"), "rules.0.then.0.discount.percent", "bad_number"),
    "no percent": (
        pack_text(f"  - {{id: a, {TITLE}, then: [{{effect: discount}}]}}\n"),
        "rules.0.then.0.discount",
        "one_percent",
    ),
    "negative threshold": (HEAD.replace("1000.00", "-1000.00"), "tiers.steps.1.from", "bad_number"),
    "threshold twice": (HEAD.replace("1000.00", "0.00"), "tiers.steps.1.from", "tier_order"),
    "first tier above zero": (HEAD.replace(" 0.00", " 1.00"), "tiers.steps.0.from", "first_tier"),
    "operator of python": (
        pack_text(discount_rule("a", "5", "{python: 'import os'}")),
        "rules.0.if.python",
        "unknown_key",
    ),
    "two operators": (
        pack_text(discount_rule("a", "5", "{member: known, tier_in: [base]}")),
        "rules.0.if",
        "one_operator",
    ),
    "no operator": (pack_text(discount_rule("a", "5", "{}")), "rules.0.if", "one_operator"),
    "unknown operand": (
        pack_text(discount_rule("a", "5", "{member: maybe}")),
        "rules.0.if.member",
        "unknown_word",
    ),
    "unknown flag": (
        pack_text(discount_rule("a", "5", "{flag_in: [weapon]}")),
        "rules.0.if.flag_in.0",
        "unknown_word",
    ),
    "costly condition": (pack_text(discount_rule("a", "5", WIDE)), "rules.0.if", "too_many"),
    "unknown tier": (
        pack_text(discount_rule("a", "5", "{tier_in: [none]}")),
        "rules.0.if",
        "unknown_name",
    ),
    "unknown list": (
        pack_text(discount_rule("a", "5", "{goods_in: [none]}")),
        "rules.0.if",
        "unknown_name",
    ),
    "unknown effect": (
        pack_text(f"  - {{id: a, {TITLE}, then: [{{effect: give_all}}]}}\n"),
        "rules.0.then.0",
        "unknown_effect",
    ),
    "effect twice": (
        pack_text(
            f"  - {{id: a, {TITLE}, then: [{{effect: discount, percent: 5}},"
            " {effect: discount, percent: 6}]}\n"
        ),
        "rules.0.then.1.effect",
        "repeated",
    ),
    "unknown wallet": (
        pack_text(earn_rule("a", EARN.replace("bonus", "gold"))),
        "rules.0.then.0.wallet",
        "unknown_name",
    ),
    "unknown tier percent": (
        pack_text(earn_rule("a", EARN.replace("percent: 5 %", "tier_percent: x"))),
        "rules.0.then.0.tier_percent",
        "unknown_name",
    ),
    "complement of nothing": (
        pack_text(redeem_rule("a", "percent: 5, complement_of: b")),
        "rules.0.then.0.complement_of",
        "unknown_name",
    ),
    "bad activation": (
        pack_text(earn_rule("a", EARN.replace("after 24 h", "soon"))),
        "rules.0.then.0.earn.activation",
        "bad_activation",
    ),
    "bad expiry": (
        pack_text(earn_rule("a", EARN.replace("6 months", "0 months"))),
        "rules.0.then.0.earn.expiry",
        "bad_expiry",
    ),
    "expiry on no day": (
        pack_text(earn_rule("a", EARN.replace("6 months", "2026-02-30"))),
        "rules.0.then.0.earn.expiry",
        "bad_expiry",
    ),
    "expiry beyond a hundred years": (
        pack_text(earn_rule("a", EARN.replace("6 months", "99999 months"))),
        "rules.0.then.0.earn.expiry",
        "too_long_term",
    ),
    "rule twice": (pack_text(AB[0], AB[0]), "rules.1.id", "repeated"),
    "window backwards": (
        _discount("5").replace("then", "when: {from: 2026-02-01, to: 2026-01-01}, then"),
        "rules.0.when.to",
        "window",
    ),
    "no such day": (
        _discount("5").replace("then", "when: {from: 2026-02-30}, then"),
        "rules.0.when.from",
        "bad_day",
    ),
    "effective at no time": (HEAD.replace("T00:00", "T25:00"), "effective_from", "bad_time"),
    "effective as a number": (
        HEAD.replace("2026-01-01T00:00", "1767225600"),
        "effective_from",
        "bad_time",
    ),
    "name with a capital": (HEAD.replace("name: test", "name: Test"), "name", "bad_name"),
    "name with a new line": (HEAD.replace("name: test", 'name: "test\\n"'), "name", "unseen"),
    "unit of zero": (
        HEAD.replace("bonus: {", "bonus: {earning_unit: 0, "),
        "wallets.bonus.earning_unit",
        "zero",
    ),
    "unit of half a kopeck": (
        HEAD.replace("bonus: {", "bonus: {point_value: 0.50, redeeming_unit: 0.01, "),
        "wallets.bonus.redeeming_unit",
        "fraction",
    ),
    "cycle of groups": (
        pack_text(
            *AB,
            tail=_stacking(
                "{group: top, mode: best, children: [a, b]}",
                "{group: x, mode: best, children: [y]}",
                "{group: y, mode: best, children: [x]}",
            ),
        ),
        "stacking.1",
        "cycle",
    ),
    "group in itself": (
        pack_text(*AB, tail=_stacking("{group: top, mode: best, children: [a, b, top]}")),
        "stacking.0",
        "cycle",
    ),
    "groups too deep": (
        pack_text(AB[0], tail="stacking:\n" + CHAIN + LAST),
        "stacking.16",
        "too_deep",
    ),
    "two roots": (
        pack_text(
            *AB,
            tail=_stacking(
                "{group: x, mode: best, children: [a]}", "{group: y, mode: best, children: [b]}"
            ),
        ),
        "stacking",
        "several_roots",
    ),
    "child twice": (
        pack_text(*AB, tail=_stacking("{group: x, mode: best, children: [a, b, a]}")),
        "stacking.0.children.2",
        "twice",
    ),
    "child unknown": (
        pack_text(*AB, tail=_stacking("{group: x, mode: best, children: [a, b, c]}")),
        "stacking.0.children.2",
        "unknown_name",
    ),
    "discount left out": (
        pack_text(*AB, tail=_stacking("{group: x, mode: best, children: [a]}")),
        "stacking",
        "left_out",
    ),
    "group named as a rule": (
        pack_text(*AB, tail=_stacking("{group: a, mode: best, children: [b]}")),
        "stacking.0.group",
        "repeated",
    ),
    "unknown mode": (
        pack_text(*AB, tail=_stacking("{group: x, mode: sum, children: [a, b]}")),
        "stacking.0.mode",
        "unknown_word",
    ),
}


TIMES = "{effect: earn_times, wallet: bonus, times: 101}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            discount_rule("a", "5 %, nth: 1"),
            "rules.0.then.0.discount.nth: at least 2 is expected.",
        ),
        (
            discount_rule("a", "5 %", "{every_nth_purchase: 1001}"),
            "rules.0.if.every_nth_purchase: at most 1000 is expected.",
        ),
        (
            f"  - {{id: a, {TITLE}, limits: [{{uses: 0, window: day}}], then: [{TIMES}]}}\n",
            "rules.0.limits.0.uses: at least 1 is expected.",
        ),
        (
            f"  - {{id: a, {TITLE}, then: [{TIMES}]}}\n",
            "rules.0.then.0.earn_times.times: at most 100 is expected.",
        ),
    ],
)
def test_a_number_out_of_its_bounds_is_told_the_bound(text: str, reason: str) -> None:
    with pytest.raises(PackError) as caught:
        read_pack(pack_text(text))

    assert caught.value.sentence("en") == f"Rule pack, {reason}"
    assert caught.value.sentence("ru") != caught.value.sentence("en")


@pytest.mark.parametrize(("text", "path", "fault"), BAD.values(), ids=BAD.keys())
def test_a_malformed_pack_is_refused_with_a_path_and_a_sentence(
    text: str, path: str | None, fault: str
) -> None:
    with pytest.raises(PackError) as refusal:
        read_pack(text)

    error = refusal.value
    assert error.fault == fault
    assert path is None or error.path == path
    assert error.sentence("ru").startswith(f"Пакет правил, {error.path}: ")
    assert error.sentence("en") != error.sentence("ru")


KNOWN = {
    "a key of the pack": (HEAD + "colour: red\n", "name, version, title, effective_from"),
    "a key of a tier": (HEAD.replace("id: base", "idd: base", 1), "id, title, reach, from"),
    "a key of an effect": (
        pack_text(f"  - {{id: a, {TITLE}, then: [{{effect: discount, percent: 5, per: 6}}]}}\n"),
        "effect, percent, tier_percent",
    ),
    "a key of a part": (
        pack_text(f"  - {{id: a, {TITLE}, then: [{{effect: bundle, parts: [{{good: [x]}}]}}]}}\n"),
        "goods, pieces",
    ),
    "a key of a nested condition": (
        pack_text(discount_rule("a", "5", "{all: [{not: {python: 'import os'}}]}")),
        "all, any, not, member, tier_in",
    ),
    "a word": (
        pack_text(discount_rule("a", "5", "{weekday_in: [mo]}")),
        "mon, tue, wed, thu, fri, sat, sun",
    ),
    "a word of a list of the code": (
        pack_text(discount_rule("a", "5", "{flag_in: [weapon]}")),
        ", ".join(Flag),
    ),
    "an effect": (
        pack_text(f"  - {{id: a, {TITLE}, then: [{{effect: give_all}}]}}\n"),
        "price, discount, add_percent_points",
    ),
}


@pytest.mark.parametrize(("text", "names"), KNOWN.values(), ids=KNOWN.keys())
def test_a_name_that_is_not_known_is_answered_with_those_that_are(text: str, names: str) -> None:
    with pytest.raises(PackError) as refusal:
        read_pack(text)

    assert f", есть {names}" in refusal.value.sentence("ru")
    assert f"; known are {names}" in refusal.value.sentence("en")


@given(st.text(alphabet="abc:-[]{}&*!|>'\"#%@`, \n\t0159.", max_size=60))
def test_any_text_is_a_pack_or_a_pack_error(text: str) -> None:
    try:
        read_pack(text)
    except PackError as error:
        _ = error.path, error.sentence("ru")


@given(st.one_of(st.binary(max_size=60), st.just(b"[" * 100_000), st.just(b"1" * 100_000)))
def test_any_bytes_are_a_pack_or_a_pack_error(content: bytes) -> None:
    with pytest.raises(PackError):
        load_canonical(content)
    with pytest.raises(PackError):
        required_features(b"x" + content)


def test_scalars_are_read_as_text() -> None:
    """Plain loading would make a float of 11.11, an octal of 0012345 and False of NO."""
    rule = discount_rule("a", "11.11 %", "{all: [{sku_in: [0012345]}, {brand_in: [NO]}]}")

    pack = read_pack(pack_text(rule))

    condition = pack.rules[0].condition
    assert condition is not None
    assert condition.all_ is not None
    assert condition.all_[0].sku_in == ("0012345",)
    assert condition.all_[1].brand_in == ("NO",)
    assert canonical(pack).count(b'"percent":1111') == 1


@given(st.integers(0, 10**10 - 1), st.integers(0, 99))
def test_an_amount_is_read_to_the_kopeck(rubles: int, kopecks: int) -> None:
    assert parse_amount(f"{rubles}.{kopecks:02d}") == rubles * 100 + kopecks


@pytest.mark.parametrize(
    ("text", "rate_bp"),
    [("5 %", 500), ("5%", 500), ("5", 500), ("12.5 %", 1250), ("0.07", 7), ("100 %", 10_000)],
)
def test_a_percent_is_read_to_the_basis_point(text: str, rate_bp: int) -> None:
    assert parse_percent(text) == rate_bp


@pytest.mark.parametrize("text", [wine_text(), pack_text(*AB), HEAD])
def test_canonical_bytes_read_back_to_the_same_pack_and_bytes(text: str) -> None:
    pack = read_pack(text)

    again = load_canonical(canonical(pack))

    assert again == pack
    assert canonical(again) == canonical(pack)
    assert pack_hash(canonical(again)) == pack_hash(canonical(pack))


def test_comments_order_of_keys_and_spelled_out_defaults_do_not_change_the_bytes() -> None:
    spelled = HEAD.replace("tiers:\n", "tiers:\n  metric: turnover\n", 1)
    turned = "# a comment\npolicies: {tobacco_earning: off}\n" + spelled

    assert canonical(read_pack(turned)) == canonical(read_pack(HEAD))


def test_a_pack_requires_what_it_uses() -> None:
    pack = read_pack(wine_text())

    assert {"then.redeem", "stack.best", "tiers.turnover.lifetime"} <= set(pack.requires)
    assert set(pack.requires) <= FEATURES
    assert missing_features(pack) == frozenset()


@pytest.mark.edge("E82")
def test_what_a_newer_pack_requires_is_known_without_understanding_it() -> None:
    content: dict[str, Any] = json.loads(canonical(read_pack(HEAD)))
    content["requires"] = ["then.gift"]
    content["gifts"] = {"mug": 1}
    newer = json.dumps(content).encode()

    assert required_features(newer) - FEATURES == {"then.gift"}
    with pytest.raises(PackError):
        load_canonical(newer)


def test_a_feature_that_a_person_requires_is_kept() -> None:
    pack = read_pack(HEAD + "requires: [then.gift]\n")

    assert missing_features(pack) == {"then.gift"}


@pytest.mark.parametrize(("percent", "expected"), [("5 %", 950_00), ("20 %", 800_00)])
def test_a_mechanic_is_a_change_of_data(percent: str, expected: int) -> None:
    text = wine_text().replace("discount: 3 %", f"discount: {percent}")

    found = evaluate(compiled(text), member(), receipt(line(1, 1000_00)), MOMENT)

    assert found.totals.payable_minor == expected
