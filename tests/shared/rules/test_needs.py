"""What it would take: needs as data, beside the reason why a rule did nothing."""

from dataclasses import replace

from hypothesis import given

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.explain import with_ways
from shared.rules.moment import Moment
from shared.rules.needs import WAYS_MAX, WORDS_MAX
from shared.rules.phases.normalise import normalise
from shared.rules.result import Evaluation, Need, Rejected, Ways
from shared.wire.codec import decoder, encode
from tests.shared.rules.builders import (
    MOMENT,
    TITLE,
    compiled,
    discount_rule,
    goods,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import members, moments, packs, receipts

BOUGHT = receipt(line(1, 380_00, goods("wine/red")))
DEPEND_ON_CONDITIONS = {"condition", "not_yet", "ended", "no_goods"}


def refused(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment = MOMENT
) -> tuple[Rejected, ...]:
    """Return the rules that did not apply, with what they would have taken."""
    found = evaluate(pack, who, bought, moment)
    return with_ways(pack.source, normalise(pack, who, bought, moment).facts, found.rejected)


def ways(condition: str, who: MemberView | None = None, bought: Receipt = BOUGHT) -> Ways:
    found = refused(compiled(pack_text(discount_rule("a", "5", condition))), who, bought)
    return found[0].ways if found else ()


def test_an_amount_says_how_much_there_is() -> None:
    assert ways("{receipt_sum_from: 500.00}") == ((Need("receipt_sum_from", 500_00, 380_00),),)


def test_everything_that_is_missing_is_named_together() -> None:
    condition = "{all: [{tier_in: [high]}, {member: known}, {flag_in: [sale]}]}"

    found = ways(condition, member())

    assert found == (
        (
            Need("tier_in", ("high",), ("base",)),
            Need("flag_in", ("sale",), ()),
        ),
    )


def test_either_of_two_would_do() -> None:
    condition = "{any: [{all: [{member: known}, {store_in: [9]}]}, {receipt_sum_from: 500.00}]}"

    assert ways(condition) == (
        (Need("receipt_sum_from", 500_00, 380_00),),
        (Need("member", ("known",), ("unknown",)), Need("store_in", ("9",), ("1",))),
    )


def test_what_may_not_be_is_named_so() -> None:
    condition = "{not: {any: [{store_in: [1, 2]}, {group_in: [wine]}]}}"

    assert ways(condition) == (
        (Need("not store_in", ("1", "2"), ("1",)), Need("not group_in", ("wine",), ())),
    )


def test_one_line_has_to_meet_all_that_is_asked_of_goods() -> None:
    condition = "{all: [{group_in: [wine]}, {flag_in: [sale]}]}"

    assert ways(condition) == ((Need("flag_in", ("sale",), ()),),)


def test_a_window_names_its_day() -> None:
    then = "then: [{effect: discount, percent: 5}]"
    rule = f"  - {{id: a, {TITLE}, when: {{from: 2026-05-01}}, {then}}}\n"

    (rejected,) = refused(compiled(pack_text(rule)), None, BOUGHT)

    assert rejected.ways == ((Need("day_from", ("2026-05-01",), ("2026-04-10",)),),)


def test_ways_and_words_are_bounded() -> None:
    pair = "{any: [{region_in: [a]}, {region_in: [b]}]}"
    stores = ", ".join(str(no) for no in range(100, 200))

    many = ways(f"{{all: [{', '.join([pair] * 9)}]}}")
    (only,) = ways(f"{{store_in: [{stores}]}}")

    assert len(many) == WAYS_MAX
    assert only[0].needed == tuple(str(no) for no in range(100, 100 + WORDS_MAX))


def test_needs_that_a_fact_has_written_down_are_read() -> None:
    pack = compiled(pack_text(discount_rule("a", "5", "{receipt_sum_from: 500.00}")))
    found = evaluate(pack, None, BOUGHT, MOMENT)
    told = replace(found, rejected=refused(pack, None, BOUGHT))

    assert told.rejected[0].ways
    assert decoder(Evaluation)(encode(told)) == told


def test_nobody_pays_for_needs_that_nobody_asks_for() -> None:
    pack = compiled(pack_text(discount_rule("a", "5", "{receipt_sum_from: 500.00}")))

    (rejected,) = evaluate(pack, None, BOUGHT, MOMENT).rejected

    assert rejected.ways == ()


@given(packs(), members(), receipts(), moments())
def test_what_conditions_refused_names_what_they_need(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    for rejected in refused(pack, who, bought, moment):
        if rejected.reason.code in DEPEND_ON_CONDITIONS - {"no_goods"}:
            assert rejected.ways
            assert all(rejected.ways)


@given(members(), receipts())
def test_the_sum_that_is_named_is_the_sum_that_does(
    who: MemberView | None, bought: Receipt
) -> None:
    pack = compiled(pack_text(discount_rule("a", "5", "{receipt_sum_from: 20000.00}")))
    missing = [rejected.ways for rejected in refused(pack, who, bought) if rejected.ways]
    if not missing:
        return
    (need,) = missing[0][0]
    assert isinstance(need.needed, int)
    assert isinstance(need.has, int)

    more = line(99, need.needed - need.has, goods("bread"))
    found = evaluate(pack, who, replace(bought, lines=(*bought.lines, more)), MOMENT)

    assert "a" in found.applied
