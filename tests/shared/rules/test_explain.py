"""Explanations: nothing that a pack holds is left without a word, on any receipt."""

from pathlib import Path

import pytest
from hypothesis import given

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.condition_words import condition_words
from shared.rules.evaluate import evaluate
from shared.rules.explain import RECEIPT, Finding, findings, from_trace
from shared.rules.moment import Moment
from shared.rules.needs import NOT
from shared.rules.operators import NAMES
from shared.rules.phases.normalise import normalise
from shared.rules.result import Need
from shared.rules.retell import retell, say_need
from tests.shared.rules.builders import (
    MOMENT,
    compiled,
    discount_rule,
    earn_rule,
    goods,
    line,
    member,
    pack_text,
    receipt,
    wine,
)
from tests.shared.rules.strategies import members, moments, packs, receipts
from tests.shared.rules.test_conditions import CODES, LISTS, OPERATORS

EXAMPLES = sorted((Path(__file__).parents[3] / "shared/rules/examples").glob("*.yaml"))
BOUGHT = receipt(line(1, 2000_00), line(2, 800_00, goods("delicacy/cheese")))


def explained(pack: CompiledPack, who: MemberView | None, bought: Receipt) -> list[Finding]:
    facts = normalise(pack, who, bought, MOMENT).facts
    return list(findings(pack.source, facts, evaluate(pack, who, bought, MOMENT)))


def test_a_rule_that_no_line_met_is_explained_too() -> None:
    pack = compiled(pack_text(discount_rule("a", "5 %", "{sku_in: [other]}")))

    (only,) = explained(pack, None, BOUGHT)

    assert (only.line_no, only.reason.code) == (RECEIPT, "no_goods")
    assert only.ways == ((Need("sku_in", ("other",), ()),),)


def test_the_lines_that_a_rule_passed_by_say_what_they_have() -> None:
    found = explained(wine(), member(), BOUGHT)

    cheese = next(f for f in found if f.rule == "tier_discount" and f.line_no == 2)
    assert cheese.reason.code == "not_this_line"
    assert cheese.ways == ((Need("not goods_in", ("no_card_discount",), ()),),)


def test_points_need_somebody() -> None:
    pack = compiled(pack_text(earn_rule("a")))

    (only,) = explained(pack, None, BOUGHT)

    assert only.reason.code == "nobody"


def test_without_the_pack_the_trace_speaks_for_itself() -> None:
    found = from_trace(evaluate(wine(), None, BOUGHT, MOMENT))

    told = retell(None, BOUGHT.lines, found, "en")

    assert "tier_discount" in told
    assert "  receipt: Condition 'member' does not hold" in told


@pytest.mark.parametrize(
    ("need", "russian", "english"),
    [
        (Need("receipt_sum_from", 500_00, 380_00), "ещё 120 ₽ в чеке", "120 ₽ more on the receipt"),
        (Need("tier_in", ("gold",), ("start",)), "уровень «Золотой»", "tier «Gold»"),
        (Need("weekday_in", ("sat",), ("mon",)), "день недели суббота", "weekday Saturday"),
        (
            Need("day_from", ("2026-05-01",), ("2026-04-01",)),
            "не раньше 1 мая 2026",
            "not before 1 May 2026",
        ),
        (Need(NOT + "store_in", ("9",), ("9",)), "не магазин 9", "not store 9"),
        (Need("every_nth_purchase", 5, 3), "каждая 5-я покупка", "every purchase no. 5"),
        (Need("of_tomorrow", ("x", "y"), ()), "of_tomorrow: x, y", "of_tomorrow: x, y"),
    ],
)
def test_a_need_is_said_in_words(need: Need, russian: str, english: str) -> None:
    said = [say_need(need, wine().source, lang).replace("\u00a0", " ") for lang in ("ru", "en")]

    assert said == [russian, english]


@pytest.mark.parametrize(("holds", "fails"), OPERATORS.values(), ids=OPERATORS.keys())
def test_every_operator_is_said_in_both_languages(holds: str, fails: str) -> None:
    """A condition that fails is told in words; the name of its operator is in none of them."""
    tail = LISTS + "  other: {skus: [s9]}\n" + CODES
    for condition in (holds, fails, f"{{not: {holds}}}", f"{{not: {fails}}}"):
        pack = compiled(pack_text(discount_rule("a", "5 %", condition), tail=tail))
        written = pack.source.rules[0].condition
        assert written is not None
        found = explained(pack, None, BOUGHT) + explained(pack, member(), BOUGHT)
        lines = [
            said
            for lang in ("ru", "en")
            for said in (
                *retell(pack.source, BOUGHT.lines, found, lang),
                condition_words(written, pack.source, lang),
            )
        ]
        assert len(lines) > 2
        assert not any(f"{name}_" in said for said in lines for name in NAMES)
        assert not any(name in said for said in lines for name in NAMES if "_" in name)


def test_every_operator_has_a_name() -> None:
    assert NAMES.keys() == OPERATORS.keys()


@given(packs(), members(), receipts(), moments())
def test_every_rule_is_explained_in_both_languages(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    answer = evaluate(pack, who, bought, moment)

    found = findings(pack.source, normalise(pack, who, bought, moment).facts, answer)

    assert {finding.rule for finding in found} >= {rule.id for rule in pack.source.conditional}
    told = [retell(pack.source, bought.lines, found, lang) for lang in ("ru", "en")]
    assert len(told[0]) == len(told[1])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_shipped_pack_is_explained(path: Path) -> None:
    pack = compiled(path.read_text(encoding="utf-8"))

    for who in (None, member()):
        found = explained(pack, who, BOUGHT)
        assert {finding.rule for finding in found} >= {rule.id for rule in pack.source.conditional}
        assert retell(pack.source, BOUGHT.lines, found, "ru")
