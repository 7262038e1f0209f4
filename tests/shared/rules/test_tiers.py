"""Tiers: thresholds to the kopeck, floors set by hand, and what the till may say."""

import pytest

from shared.money import NO_BREAK_SPACE
from shared.rules.evaluate import evaluate
from shared.rules.tiers import tier_of
from tests.shared.rules.builders import MOMENT, compiled, line, lot, member, receipt, wine
from tests.shared.rules.builders import pack_text as empty_text


@pytest.mark.capability("WINE-14")
@pytest.mark.parametrize(
    ("turnover_minor", "tier", "discount_minor", "earned"),
    [
        (49_999_99, "start", 30_00, 29_00),
        (50_000_00, "silver", 50_00, 47_00),
        (50_000_01, "silver", 50_00, 47_00),
        (149_999_99, "silver", 50_00, 47_00),
        (150_000_00, "gold", 100_00, 63_00),
    ],
)
def test_discount_and_bonus_grow_with_turnover_to_the_kopeck(
    turnover_minor: int, tier: str, discount_minor: int, earned: int
) -> None:
    """Of 1 000.00: 3 % of 970.00 is 29.10, 5 % of 950.00 is 47.50, 7 % of 900.00 is 63.00."""
    owner = member(turnover_minor=turnover_minor)

    found = evaluate(wine(), owner, receipt(line(1, 1000_00)), MOMENT)

    assert found.tier == tier
    assert found.totals.discount_minor == discount_minor
    assert found.totals.earned_points == earned


@pytest.mark.parametrize(("turnover_minor", "after"), [(49_029_99, "start"), (49_030_00, "silver")])
def test_a_threshold_crossed_by_a_receipt_counts_from_the_next_one(
    turnover_minor: int, after: str
) -> None:
    """1 000.00 less 3 % is 970.00 of turnover."""
    found = evaluate(
        wine(), member(turnover_minor=turnover_minor), receipt(line(1, 1000_00)), MOMENT
    )

    assert (found.tier, found.tier_after) == ("start", after)
    assert found.totals.discount_minor == 30_00


def test_a_tier_set_by_hand_is_a_floor_and_an_unknown_one_is_none() -> None:
    pack = wine()

    def tier(turnover_minor: int, floor: str) -> object:
        who = member(turnover_minor=turnover_minor, tier_floor=floor)
        return _id(tier_of(pack, who, MOMENT.day))

    assert tier(0, "silver") == "silver"
    assert tier(150_000_00, "silver") == "gold"
    assert tier(0, "platinum") == "start"


def test_a_turnover_below_zero_has_the_first_tier() -> None:
    assert _id(tier_of(wine(), member(turnover_minor=-1), MOMENT.day)) == "start"


def test_a_pack_without_tiers_has_none() -> None:
    head = empty_text().split("tiers:")[0]

    assert tier_of(compiled(head), member(turnover_minor=10**9), MOMENT.day) is None


@pytest.mark.capability("SPIRITS-34")
def test_the_till_names_the_distance_to_the_next_tier() -> None:
    found = evaluate(wine(), member(turnover_minor=148_000_00), receipt(line(1, 800_00)), MOMENT)

    assert [_plain(hint.ru) for hint in found.hints] == ["До Золотого 1 240 ₽"]
    assert [_plain(hint.en) for hint in found.hints] == ["1 240 ₽ to Gold"]


@pytest.mark.capability("SPIRITS-34")
@pytest.mark.capability("PLUMB-27")
@pytest.mark.parametrize(
    ("points", "ru", "en"),
    [
        (120_00, "120 бонусов сгорят 3 мая", "120 points expire on 3 May"),
        (1_00, "1 бонус сгорит 3 мая", "1 point expires on 3 May"),
        (22_00, "22 бонуса сгорят 3 мая", "22 points expire on 3 May"),
        (11_00, "11 бонусов сгорят 3 мая", "11 points expire on 3 May"),
        (5_50, "5,50 бонуса сгорят 3 мая", "5,50 points expire on 3 May"),
    ],
)
def test_the_till_names_the_nearest_expiry(points: int, ru: str, en: str) -> None:
    soon = lot(1, points, expires_on=MOMENT.day.replace(month=5, day=3))
    later = lot(2, 700_00, expires_on=MOMENT.day.replace(month=5, day=4))
    owner = member(later, soon, turnover_minor=150_000_00)

    found = evaluate(wine(), owner, receipt(line(1, 100_00)), MOMENT)

    assert [_plain(hint.ru) for hint in found.hints] == [ru]
    assert [_plain(hint.en) for hint in found.hints] == [en]


def _id(tier: object) -> object:
    return getattr(tier, "id", None)


def _plain(text: str) -> str:
    return text.replace(NO_BREAK_SPACE, " ")
