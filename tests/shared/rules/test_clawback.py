"""How far a return reaches for earned points: each reach, and the law that nothing is lost."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.rules.clawback import Buyer, ClawedBack, EarnedTerms, OwnLot, claw_back
from shared.rules.faults import PackError
from shared.rules.features import used_features
from shared.rules.pack import read_pack
from shared.rules.result import Draw
from shared.rules.return_terms import ReturnPolicies
from tests.shared.rules.builders import wine_text

AT = datetime(2026, 4, 10, 9, tzinfo=UTC)
DAY = date(2026, 4, 10)
MINE, OTHER = UUID(int=1), UUID(int=2)
PENDING, ACTIVE, OLD, NEW, BURNT, WAITING, GIFT, BROUGHT = (UUID(int=10 + n) for n in range(8))
REACHES = ("only_pending", "own_lots", "within_balance", "unlimited")
SETTLES = ("debt", "take_from_refund", "forgive")
LATER, BEFORE = AT + timedelta(days=1), AT - timedelta(days=1)
TERMS = {
    PENDING: EarnedTerms("bonus", LATER, 100),
    ACTIVE: EarnedTerms("bonus", BEFORE, 100),
    BROUGHT: EarnedTerms("bonus", BEFORE, 100),
}


def own(
    lot: UUID,
    amount: int,
    *,
    wallet: str = "bonus",
    activates_at: datetime = BEFORE,
    expires_on: date | None = None,
) -> OwnLot:
    return OwnLot(lot, MINE, wallet, amount, activates_at, expires_on)


def policies(reach: str, settle: str = "debt") -> ReturnPolicies:
    stated = {"claw_back": reach}
    if reach in ("own_lots", "unlimited"):
        stated["spent_points"] = settle
    return ReturnPolicies.model_validate(stated)


def took(
    earned: Sequence[Draw], lots: Sequence[OwnLot], chosen: ReturnPolicies, refund_minor: int = 0
) -> ClawedBack:
    buyer = Buyer(frozenset({MINE}), tuple(lots), AT, DAY)
    return claw_back(earned, TERMS, buyer, chosen, refund_minor)


def amounts(draws: Sequence[Draw]) -> dict[UUID, int]:
    return {draw.lot: draw.amount for draw in draws}


LOTS = (
    own(PENDING, 30_00, activates_at=LATER),
    own(ACTIVE, 5_00),
    own(NEW, 10_00, expires_on=date(2026, 12, 31)),
    own(OLD, 4_00, expires_on=DAY),
    own(BURNT, 100_00, expires_on=DAY - timedelta(days=1)),
    own(WAITING, 100_00, activates_at=LATER),
    own(GIFT, 100_00, wallet="gift"),
)
EARNED = (Draw(PENDING, MINE, 30_00), Draw(ACTIVE, MINE, 20_00))
"""Of the active lot 15.00 are spent; 14.00 could be taken from other lots of this wallet."""


@pytest.mark.edge("E44")
@pytest.mark.parametrize(
    ("reach", "taken", "reached", "kept", "missing"),
    [
        ("only_pending", {PENDING: 30_00}, {}, {ACTIVE: 20_00}, 0),
        ("own_lots", {PENDING: 30_00, ACTIVE: 20_00}, {}, {}, 15_00),
        ("within_balance", {PENDING: 30_00, ACTIVE: 6_00}, {OLD: 4_00, NEW: 10_00}, {}, 1_00),
        ("unlimited", {PENDING: 30_00, ACTIVE: 6_00}, {OLD: 4_00, NEW: 10_00}, {}, 1_00),
    ],
)
def test_a_return_reaches_as_far_as_the_programme_says(
    reach: str,
    taken: dict[UUID, int],
    reached: dict[UUID, int],
    kept: dict[UUID, int],
    missing: int,
) -> None:
    found = took(EARNED, LOTS, policies(reach))

    assert amounts(found.taken) == taken
    assert amounts(found.reached) == reached
    assert list(amounts(found.reached)) == list(reached)
    assert amounts(found.kept) == kept
    assert found.missing_points == missing


@pytest.mark.edge("E44")
def test_the_refund_pays_for_what_even_other_lots_lack() -> None:
    found = took(EARNED, LOTS, policies("unlimited", "take_from_refund"), refund_minor=500_00)

    assert (amounts(found.withheld), found.withheld_minor) == ({ACTIVE: 1_00}, 1_00)
    assert found.missing_points == 0
    assert amounts(found.taken) == {PENDING: 30_00, ACTIVE: 5_00}


def test_who_brought_the_buyer_is_not_asked_further() -> None:
    found = took([Draw(BROUGHT, OTHER, 9_00)], LOTS, policies("unlimited"))

    assert amounts(found.taken) == {BROUGHT: 9_00}
    assert (found.reached, found.missing_points) == ((), 0)


def test_without_the_price_of_a_point_the_refund_pays_for_none() -> None:
    nameless = {ACTIVE: EarnedTerms("bonus", BEFORE, None)}
    buyer = Buyer(frozenset({MINE}), (), AT, DAY)
    chosen = policies("own_lots", "take_from_refund")

    found = claw_back([Draw(ACTIVE, MINE, 5_00)], nameless, buyer, chosen, 100_00)

    assert (found.withheld, found.missing_points) == ((), 5_00)


@given(
    reach=some.sampled_from(REACHES),
    settle=some.sampled_from(SETTLES),
    earned=some.tuples(some.integers(1, 5000), some.integers(1, 5000)),
    left=some.lists(some.integers(0, 5000), min_size=7, max_size=7),
    refund_minor=some.integers(0, 5000),
)
def test_every_earned_point_goes_one_way_and_no_lot_gives_more_than_it_has(
    reach: str, settle: str, earned: tuple[int, int], left: list[int], refund_minor: int
) -> None:
    chosen = policies(reach, settle)
    draws = [Draw(PENDING, MINE, earned[0]), Draw(ACTIVE, MINE, earned[1])]
    names = (PENDING, ACTIVE, NEW, OLD, BURNT, WAITING, GIFT)
    lots = [
        OwnLot(lot, MINE, like.wallet, amount, like.activates_at, like.expires_on)
        for lot, like, amount in zip(names, LOTS, left, strict=True)
    ]

    found = took(draws, lots, chosen, refund_minor)

    parts = (*found.taken, *found.reached, *found.kept, *found.withheld)
    assert sum(draw.amount for draw in parts) == sum(earned)
    assert min(draw.amount for draw in parts) > 0
    assert found.withheld_minor <= refund_minor
    have = dict(zip(names, left, strict=True))
    assert all(draw.amount <= have[draw.lot] for draw in found.reached)
    short = sum(max(0, amounts(found.taken).get(lot, 0) - have[lot]) for lot in (PENDING, ACTIVE))
    assert short == found.missing_points


@pytest.mark.parametrize("reach", ["only_pending", "within_balance"])
def test_a_reach_that_lets_the_rest_go_leaves_nothing_to_spent_points(reach: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(f"{wine_text()}\n  claw_back: {reach}\n  spent_points: debt\n")

    assert (refused.value.path, refused.value.fault) == ("policies", "spent_points_unasked")


def test_a_cap_of_offline_returns_has_its_amount() -> None:
    with pytest.raises(PackError) as refused:
        read_pack(f"{wine_text()}\n  offline_return: cap\n")

    assert (refused.value.path, refused.value.fault) == ("policies", "cap_without_amount")


@pytest.mark.parametrize(
    ("stated", "feature"),
    [
        ("claw_back: unlimited", "claw_back"),
        ("restore_expired: never", "restore_expired"),
        ("restore_grace_days: 30", "restore_expired"),
        ("broken_threshold: reevaluate", "broken_threshold"),
        ("broken_bundle: charge", "broken_bundle"),
        ("offline_return: cap\n  offline_return_cap: 500.00", "offline_return"),
        ("exchange_price: promised", "exchange_price"),
        ("certificate_used_twice: forgive", "certificate_used_twice"),
        ("code_used_twice: take_points", "code_used_twice"),
    ],
)
def test_a_pack_asks_the_kernel_for_what_it_chooses_otherwise(stated: str, feature: str) -> None:
    assert feature not in used_features(read_pack(wine_text()))
    assert feature in used_features(read_pack(f"{wine_text()}\n  {stated}\n"))
