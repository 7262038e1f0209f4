"""Limits of a rule for one member: by day, week, month and campaign, and what is left of them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.member import History, MemberView, Use
from shared.receipt import BudgetLeft
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import PackError, read_pack
from shared.rules.result import BudgetUse, Evaluation, RuleUse
from tests.shared.rules.builders import (
    compiled,
    discount_rule,
    earn_rule,
    line,
    member,
    pack_text,
    receipt,
)

TERMS = "activation: at once, expiry: 6 months"


def limited(rule: str, limits: str) -> str:
    return rule.replace("then:", f"limits: [{limits}], then:", 1)


def run(rule: str, day: str, *uses: Use, zone: str = "Europe/Moscow") -> Evaluation:
    who = replace(member(), history=History(uses=uses))
    moment = Moment(datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC), zone)
    return evaluate(compiled(pack_text(rule)), who, receipt(line(1, 1000_00)), moment)


def use(day: str, times: int = 1, points: int = 0, rule: str = "a") -> Use:
    return Use(rule, date.fromisoformat(day), times, points)


@pytest.mark.parametrize(
    ("window", "last", "first"),
    [
        ("day", "2026-04-10", "2026-04-11"),
        ("week", "2026-04-12", "2026-04-13"),
        ("month", "2026-04-30", "2026-05-01"),
        ("quarter", "2026-06-30", "2026-07-01"),
        ("year", "2026-12-31", "2027-01-01"),
        ("campaign", "2030-01-01", None),
    ],
)
def test_a_rule_serves_a_member_so_often_in_a_window(
    window: str, last: str, first: str | None
) -> None:
    """10 April 2026 is a Friday."""
    rule = limited(discount_rule("a", "10 %"), f"{{uses: 2, window: {window}}}")

    assert run(rule, "2026-04-10", use("2026-04-10")).totals.discount_minor == 100_00
    used = run(rule, last, use("2026-04-10", times=2))
    assert used.totals.discount_minor == 0
    assert [(one.rule, one.reason.code) for one in used.rejected] == [("a", "used_up")]
    other = use("2026-04-10", times=9, rule="b")
    assert run(rule, "2026-04-10", other).totals.discount_minor == 100_00
    if first is not None:
        assert run(rule, first, use("2026-04-10", times=2)).totals.discount_minor == 100_00


def test_of_several_windows_that_are_used_up_the_longest_is_told() -> None:
    limits = "{uses: 1, window: day}, {uses: 2, window: month}, {uses: 9, window: year}"
    rule = limited(discount_rule("a", "10 %"), limits)

    (today,) = run(rule, "2026-04-10", use("2026-04-10")).rejected
    (month,) = run(rule, "2026-04-10", use("2026-04-09"), use("2026-04-10")).rejected

    assert (today.reason.ru, today.reason.en) == (
        "Лимит покупателя исчерпан на сегодня",
        "Used up by the member today",
    )
    assert month.reason.ru == "Лимит покупателя исчерпан в этом месяце"


@pytest.mark.parametrize(("had", "given"), [(0, 100_00), (20_00, 80_00), (99_00, 1_00)])
def test_a_limit_of_points_that_runs_short_gives_what_is_left(had: int, given: int) -> None:
    rule = earn_rule("a", f"{{effect: earn, wallet: bonus, percent: 20 %, {TERMS}}}")
    rule = limited(rule, "{points: 100.00, window: month}")

    found = run(rule, "2026-04-10", use("2026-04-01", points=had))

    assert [grant.amount for grant in found.grants] == [given]
    assert found.uses == (RuleUse("a", given),)
    assert run(rule, "2026-04-10", use("2026-04-01", points=100_00)).grants == ()
    assert run(rule, "2026-05-01", use("2026-04-30", points=100_00)).grants != ()


def test_only_limited_rules_that_served_a_member_are_counted() -> None:
    text = pack_text(
        limited(discount_rule("a", "10 %"), "{uses: 2, window: day}"),
        limited(discount_rule("b", "5 %"), "{uses: 2, window: day}"),
        earn_rule("c", f"{{effect: earn, wallet: bonus, percent: 5 %, {TERMS}}}"),
    )
    pack, bought = compiled(text), receipt(line(1, 1000_00))
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")

    known: MemberView = member()
    assert [one.rule for one in evaluate(pack, known, bought, moment).uses] == ["a"]
    assert evaluate(pack, None, bought, moment).uses == ()


def test_a_limit_is_of_one_number() -> None:
    for limits in (
        "{window: day}",
        "{uses: 1, points: 1.00, window: day}",
        "{uses: 0, window: day}",
        "{uses: 1, discount: 1.00, per: campaign, window: day}",
    ):
        with pytest.raises(PackError) as refused:
            read_pack(pack_text(limited(discount_rule("a", "10 %"), limits)))
        assert refused.value.path.startswith("rules.0.limits.0")


@pytest.mark.parametrize(("had", "given"), [(0, 100_00), (60_00, 40_00), (99_00, 1_00)])
def test_a_limit_of_discount_that_runs_short_takes_off_what_is_left(had: int, given: int) -> None:
    rule = limited(discount_rule("a", "10 %"), "{discount: 100.00, window: month}")

    found = run(rule, "2026-04-10", use("2026-04-01", points=had, rule="off.a"))

    assert found.totals.discount_minor == given
    assert found.uses == (RuleUse("a", 0), RuleUse("off.a", given))
    spent = run(rule, "2026-04-10", use("2026-04-01", points=100_00, rule="off.a"))
    assert [(one.rule, one.reason.code) for one in spent.rejected] == [("a", "used_up")]


def at_store(rule: str, *budgets: BudgetLeft, who: MemberView | None = None) -> Evaluation:
    """Price three lines of 1000, 500 and 0.10."""
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")
    bought = receipt(line(1, 1000_00), line(2, 500_00), line(3, 10))
    return evaluate(compiled(pack_text(rule)), who, replace(bought, budgets=budgets), moment)


@pytest.mark.parametrize(
    ("left", "allocations"),
    [
        (10_000_00, ((1, 100_00), (2, 50_00), (3, 1))),
        (150_01, ((1, 100_00), (2, 50_00), (3, 1))),
        (150_00, ((1, 100_00), (2, 49_99), (3, 1))),
        (75_00, ((1, 50_00), (2, 25_00))),
        (1, ((1, 1),)),
    ],
)
def test_a_budget_of_discount_is_shared_by_the_lines(
    left: int, allocations: tuple[tuple[int, int], ...]
) -> None:
    """Whoever buys; the parts add up to what is left, to the kopeck."""
    rule = limited(discount_rule("a", "10 %"), "{discount: 999.00, per: campaign, window: year}")

    found = at_store(rule, BudgetLeft("a", "discount", "year", left))

    taken = min(left, 150_01)
    assert found.totals.discount_minor == taken
    assert sum(amount for _, amount in found.effects[0].allocations) == taken
    assert found.budgets == (BudgetUse("a", "discount", "year", taken),)
    if taken in (150_01, 75_00):
        assert found.effects[0].allocations == allocations


@pytest.mark.parametrize("limit", ["uses: 5", "discount: 5.00"])
def test_a_spent_budget_closes_its_rule(limit: str) -> None:
    rule = limited(discount_rule("a", "10 %"), f"{{{limit}, per: campaign, window: day}}")
    what = limit.partition(":")[0]

    found = at_store(rule, BudgetLeft("a", what, "day", 0))

    assert [(one.rule, one.reason.code) for one in found.rejected] == [("a", "budget_spent")]
    assert (found.budgets, found.totals.discount_minor) == ((), 0)


def test_uses_of_a_budget_are_receipts_and_no_member_counts_them() -> None:
    rule = limited(discount_rule("a", "10 %"), "{uses: 5, per: campaign, window: day}")

    found = at_store(rule, BudgetLeft("a", "uses", "day", 1), who=member())

    assert found.budgets == (BudgetUse("a", "uses", "day", 1),)
    assert found.uses == ()
    assert found.totals.discount_minor == 150_01


def test_what_is_told_of_no_budget_is_not_limited() -> None:
    rule = limited(discount_rule("a", "10 %"), "{discount: 1.00, per: campaign, window: day}")

    assert at_store(rule).totals.discount_minor == 150_01


def test_limits_of_an_older_kernel_are_told_apart() -> None:
    text = pack_text(
        limited(discount_rule("a", "10 %"), "{discount: 1.00, per: campaign, window: year}")
    )

    assert {"limits.campaign", "limits.discount", "limits.long"} <= set(read_pack(text).requires)


def test_a_cap_on_the_line_comes_after_the_budget() -> None:
    rule = limited(discount_rule("a", "50 %"), "{discount: 100.00, per: campaign, window: day}")
    text = pack_text(rule, tail="caps: {line: 5 %}")
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")
    bought = replace(
        receipt(line(1, 1000_00)), budgets=(BudgetLeft("a", "discount", "day", 60_00),)
    )

    found = evaluate(compiled(text), None, bought, moment)

    assert found.totals.discount_minor == 50_00
    assert found.budgets == (BudgetUse("a", "discount", "day", 50_00),)
