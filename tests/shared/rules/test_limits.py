"""Limits of a rule for one member: by day, week, month and campaign, and what is left of them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.member import History, MemberView, Use
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import PackError, read_pack
from shared.rules.result import Evaluation, RuleUse
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
    ):
        with pytest.raises(PackError) as refused:
            read_pack(pack_text(limited(discount_rule("a", "10 %"), limits)))
        assert refused.value.path.startswith("rules.0.limits.0")
