"""Limits of a rule per store and per till: of receipts, of points and of discount."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.member import MemberView
from shared.receipt import BudgetLeft
from shared.rules.canonical import result_hash
from shared.rules.diff import diff
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import PackError, read_pack
from shared.rules.result import BudgetUse, Evaluation
from tests.shared.rules.builders import (
    compiled,
    discount_rule,
    earn_rule,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.test_limits import limited

MOMENT = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")
EARN = "{effect: earn, wallet: bonus, percent: 20 %, activation: at once, expiry: 6 months}"


def priced(
    rule: str,
    *budgets: BudgetLeft,
    minor: int = 1000_00,
    till: str = "1",
    who: MemberView | None = None,
) -> Evaluation:
    bought = replace(receipt(line(1, minor)), budgets=budgets, till=till)
    return evaluate(compiled(pack_text(rule)), who, bought, MOMENT)


@given(st.integers(1, 5), st.lists(st.sampled_from(["1", "2", "3"]), max_size=12))
def test_a_limit_of_uses_serves_so_many_receipts_and_no_more_whichever_tills_they_are_of(
    most: int, tills: list[str]
) -> None:
    of_store = limited(discount_rule("a", "10 %"), f"{{uses: {most}, per: store, window: day}}")
    of_till = limited(discount_rule("a", "10 %"), f"{{uses: {most}, per: till, window: day}}")
    used, by_till = 0, Counter[str]()
    for till in tills:
        told = BudgetLeft("a", "uses", "day", most - used, "store")
        used += sum(one.amount for one in priced(of_store, told, till=till).budgets)
        told = BudgetLeft("a", "uses", "day", most - by_till[till], "till")
        by_till[till] += sum(one.amount for one in priced(of_till, told, till=till).budgets)

    assert used == min(most, len(tills))
    assert by_till == {till: min(most, times) for till, times in Counter(tills).items()}


@pytest.mark.parametrize("per", ["store", "till"])
@given(st.integers(1, 300_00), st.lists(st.integers(1, 2000_00), max_size=8))
def test_a_limit_of_discount_is_given_out_to_the_kopeck_and_no_further(
    per: str, most: int, prices: list[int]
) -> None:
    limit = f"{{discount: {most / 100:.2f}, per: {per}, window: month}}"
    rule, plain = limited(discount_rule("a", "10 %"), limit), discount_rule("a", "10 %")
    given_minor = 0
    for minor in prices:
        told = BudgetLeft("a", "discount", "month", most - given_minor, per)
        given_minor += priced(rule, told, minor=minor).totals.discount_minor

    wanted = sum(priced(plain, minor=minor).totals.discount_minor for minor in prices)
    assert given_minor == min(most, wanted)


@pytest.mark.parametrize(
    ("left", "taken", "steps"),
    [(100_00, 100_00, []), (30_00, 30_00, ["{}_short"]), (0, 0, []), (-1, 0, [])],
)
@pytest.mark.parametrize("per", ["store", "till"])
def test_a_limit_of_discount_that_runs_short_takes_off_what_is_left(
    per: str, left: int, taken: int, steps: list[str]
) -> None:
    """10 % of 1000 roubles are 100."""
    rule = limited(discount_rule("a", "10 %"), f"{{discount: 500.00, per: {per}, window: week}}")

    found = priced(rule, BudgetLeft("a", "discount", "week", left, per))

    assert found.totals.discount_minor == taken
    assert [use.amount for use in found.budgets] == ([taken] if taken else [])
    assert {use.per for use in found.budgets} <= {per}
    short = [step.reason.code for step in found.trace if step.reason.code.endswith("_short")]
    assert short == [step.format(per) for step in steps]


@pytest.mark.parametrize(("left", "points"), [(500_00, 200_00), (50_00, 50_00), (0, 0)])
@pytest.mark.parametrize("per", ["store", "till"])
def test_a_limit_of_points_gives_what_is_left_of_it(per: str, left: int, points: int) -> None:
    """20 % of 1000 roubles are 200 points; nobody's history counts them."""
    rule = limited(earn_rule("a", EARN), f"{{points: 500.00, per: {per}, window: quarter}}")

    found = priced(rule, BudgetLeft("a", "points", "quarter", left, per), who=member())

    assert sum(grant.amount for grant in found.grants) == points
    uses = (BudgetUse("a", "points", "quarter", points, per),) if points else ()
    assert (found.budgets, found.uses) == (uses, ())
    told = [step.reason.code for step in found.trace if step.reason.code == f"earn_{per}"]
    assert told == ([f"earn_{per}"] if points == 50_00 else [])


@pytest.mark.parametrize(
    ("per", "window", "ru", "en"),
    [
        ("store", "day", "Лимит магазина исчерпан на сегодня", "Used up in this store today"),
        ("till", "year", "Лимит кассы исчерпан в этом году", "Used up at this till this year"),
    ],
)
def test_a_rule_that_is_used_up_says_where_and_for_how_long(
    per: str, window: str, ru: str, en: str
) -> None:
    rule = limited(discount_rule("a", "10 %"), f"{{uses: 3, per: {per}, window: {window}}}")

    (refused,) = priced(rule, BudgetLeft("a", "uses", window, 0, per)).rejected

    assert (refused.rule, refused.reason.ru, refused.reason.en) == ("a", ru, en)


def test_of_several_limits_the_least_counts_and_all_are_used() -> None:
    limits = ", ".join(
        f"{{discount: 90.00, per: {per}, window: day}}" for per in ("store", "till", "campaign")
    )
    rule = limited(discount_rule("a", "10 %"), limits)

    found = priced(
        rule,
        BudgetLeft("a", "discount", "day", 50_00),
        BudgetLeft("a", "discount", "day", 20_00, "store"),
        BudgetLeft("a", "discount", "day", 30_00, "till"),
    )

    assert found.totals.discount_minor == 20_00
    assert {(use.per, use.amount) for use in found.budgets} == {
        ("store", 20_00),
        ("till", 20_00),
        ("campaign", 20_00),
    }


def test_a_use_of_a_till_is_another_answer_than_one_of_the_chain() -> None:
    rule = limited(discount_rule("a", "10 %"), "{uses: 3, per: till, window: day}")
    found = priced(rule)
    (use,) = found.budgets

    other = replace(found, budgets=(replace(use, per="campaign"),))

    assert result_hash(found) != result_hash(other)


def test_a_pack_says_what_it_needs_and_how_a_limit_has_changed() -> None:
    packs = {
        per: read_pack(
            pack_text(limited(discount_rule("a", "10 %"), f"{{uses: 3, per: {per}, window: day}}"))
        )
        for per in ("store", "till")
    }

    assert "limits.store" in packs["store"].requires
    assert "limits.till" in packs["till"].requires
    (change,) = diff(packs["store"], packs["till"], "en")
    assert "for a store" in str(change)
    assert "for a till" in str(change)


@pytest.mark.parametrize("per", ["region", "shop", "Store", "''"])
def test_a_limit_is_of_no_other_entity(per: str) -> None:
    rule = limited(discount_rule("a", "10 %"), f"{{uses: 3, per: {per}, window: day}}")

    with pytest.raises(PackError) as refused:
        read_pack(pack_text(rule))

    assert refused.value.path == "rules.0.limits.0.per"
