"""What a programme does where no rule says otherwise: named, told in words, and obeyed."""

import pytest

from shared.basket import Flag
from shared.receipt import Redeem
from shared.rules.evaluate import evaluate
from shared.rules.model import Policies
from shared.rules.pack import PackError, read_pack
from shared.rules.policies import FIXED, policies_of, policy_lines
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    MOMENT,
    compiled,
    discount_rule,
    earn_rule,
    goods,
    line,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
)
from tests.shared.rules.test_receipt_stacking import stacking

PAY = redeem_rule("pay", "percent: 50 %")


def priced(text: str, points: int = 0) -> Evaluation:
    bought = receipt(
        line(1, 199_00),
        line(2, 100_00, goods("delivery", flags=[Flag.SERVICE])),
        redeem=Redeem.EXACT,
        points=points,
    )
    return evaluate(compiled(text), member(lot(1, 900_00)), bought, MOMENT)


def with_policy(policy: str, *rules: str) -> str:
    return pack_text(*rules, tail=f"policies: {{{policy}}}\n")


@pytest.mark.parametrize(("policy", "points"), [("down", 9_00), ("half_up", 10_00)])
def test_what_is_earned_is_rounded_by_policy(policy: str, points: int) -> None:
    """5 % of 199.00 = 9.95."""
    found = priced(with_policy(f"points_rounding: {policy}", earn_rule("e")))

    assert found.totals.earned_points == points


@pytest.mark.parametrize(("policy", "points"), [("largest", 29_00), ("product", 59_00)])
def test_multipliers_by_policy(policy: str, points: int) -> None:
    """9.95 times 3 = 29.85; times 2 as well = 59.70."""
    times = [
        earn_rule(f"x{by}", f"{{effect: earn_times, wallet: bonus, times: {by}}}") for by in (2, 3)
    ]

    found = priced(with_policy(f"multipliers: {policy}", earn_rule("e"), *times))

    assert found.totals.earned_points == points
    assert found.applied == (("e", "x2", "x3") if policy == "product" else ("e", "x3"))


def test_multipliers_multiply_up_to_a_hundred() -> None:
    times = [
        earn_rule(f"x{no}", "{effect: earn_times, wallet: bonus, times: 100}") for no in range(50)
    ]

    found = priced(with_policy("multipliers: product", earn_rule("e"), *times))

    assert found.totals.earned_points == 995_00


@pytest.mark.parametrize(("policy", "paid"), [("clamp", 99_00), ("refuse", 0)])
def test_a_request_for_too_many_points_by_policy(policy: str, paid: int) -> None:
    text = with_policy(f"redeem_over_maximum: {policy}", PAY)

    found = priced(text, points=100_00)

    assert (found.redemption.redeemed, found.redemption.maximum) == (paid, 99_00)
    assert found.redemption.requested == 100_00
    reason = "clamped" if policy == "clamp" else "refused"
    assert found.redemption.limits[0].code == reason
    assert priced(text, points=99_00).redemption.redeemed == 99_00


@pytest.mark.parametrize(
    ("policy", "turnover"),
    [
        ("turnover: paid_in_money", 100_00),
        ("turnover: after_discounts", 199_00),
        ("services: turnover", 200_00),
    ],
)
def test_what_counts_as_turnover_by_policy(policy: str, turnover: int) -> None:
    found = priced(with_policy(policy, PAY), points=99_00)

    assert found.totals.turnover_minor == turnover


@pytest.mark.edge("E09")
@pytest.mark.parametrize("scope", ["line", "receipt"])
@pytest.mark.parametrize(
    ("over", "percents", "expected"),
    [
        ("clamp", (40, 70), 0),
        ("best", (40, 70), 300_00),
        ("best", (40, 60), 0),
        ("best", (40, 59), 10_00),
    ],
)
def test_percents_over_the_whole_are_clamped_unless_the_pack_forbids_the_pair(
    scope: str, over: str, percents: tuple[int, int], expected: int
) -> None:
    rules = [discount_rule(f"r{no}", f"{percent} %") for no, percent in enumerate(percents)]
    group = f"group: g, mode: all_on_base, scope: {scope}, over_whole: {over}, children: [r0, r1]"
    pack = compiled(pack_text(*rules, tail=stacking(group)))

    found = evaluate(pack, None, receipt(line(1, 1000_00)), MOMENT)

    assert found.totals.payable_minor == expected


def test_only_sums_of_percents_can_be_over_the_whole() -> None:
    group = "group: g, mode: best, over_whole: best, children: [a]"

    with pytest.raises(PackError) as refused:
        read_pack(pack_text(discount_rule("a", "5 %"), tail=stacking(group)))

    assert refused.value.fault == "over_whole"


def test_every_policy_is_named_and_told_in_both_languages() -> None:
    pack = read_pack(pack_text(tail="policies: {small_change: 1.00, services: turnover}\n"))

    told = {policy.name: policy for policy in policies_of(pack)}

    fields = {name.removesuffix("_minor") for name in Policies.model_fields}
    assert fields | FIXED.keys() <= told.keys()
    assert told["services"].value == "turnover"
    assert told["small_change"].words.en.replace("\u00a0", " ") == "cash is rounded down to 1 ₽"
    russian, english = policy_lines(pack, "ru"), policy_lines(pack, "en")
    assert len(russian) == len(english) == len(told) + 1
    assert not set(russian) & set(english)
