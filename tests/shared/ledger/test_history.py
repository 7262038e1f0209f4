"""What is remembered of an account does not depend on the order in which it is told."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.history import DAYS_KEPT, ONCE_MAX, joined, with_days, with_once, with_uses
from shared.member import NO_HISTORY, DayCount, History, Use

TODAY = date(2026, 4, 10)


def counts() -> st.SearchStrategy[list[DayCount]]:
    """Days of four years, with purchases and returns."""
    amount = st.integers(-1000, 1000)
    days = st.integers(0, 1400).map(lambda ago: TODAY - timedelta(days=ago))
    return st.lists(st.builds(DayCount, days, amount, amount, st.integers(0, 3)), max_size=30)


def totals(history: History) -> list[int]:
    return [
        sum(getattr(day, name) for day in history.days)
        for name in ("turnover_minor", "points", "visits")
    ]


@given(counts(), st.randoms(use_true_random=False))
def test_days_add_up_whatever_their_order_and_are_kept_apart_for_two_years(
    days: list[DayCount], chance: object
) -> None:
    shuffled = list(days)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = with_days(NO_HISTORY, days), NO_HISTORY
    for day in shuffled:
        other = with_days(other, [day])

    assert one == other
    assert totals(one) == totals(History(days=tuple(days)))
    kept = [day.day for day in one.days]
    assert kept == sorted(set(kept))
    if days:
        newest = max(day.day for day in days)
        assert sum(day < newest - DAYS_KEPT for day in kept) <= 1
        recent = {day.day for day in days if day.day >= newest - DAYS_KEPT}
        assert recent <= set(kept)


@given(counts(), counts())
def test_a_merge_adds_what_both_have_done(here: list[DayCount], there: list[DayCount]) -> None:
    together = joined([with_days(NO_HISTORY, here), with_days(NO_HISTORY, there)])

    assert totals(together) == totals(History(days=tuple(here + there)))


def test_uses_of_a_limited_rule_add_up_and_are_told_apart_for_two_months() -> None:
    """What is older is gathered by month, so that a quarter and a year can be counted."""
    days = [TODAY - timedelta(days=ago) for ago in (205, 200, 100, 61, 0, 0)]
    history = NO_HISTORY
    for day in days:
        history = with_uses(history, [Use("a", day, 1, 5_00)])

    assert history.uses == (
        Use("a", TODAY - timedelta(days=200), 2, 10_00),
        Use("a", TODAY - timedelta(days=100), 1, 5_00),
        Use("a", TODAY - timedelta(days=61), 1, 5_00),
        Use("a", TODAY, 2, 10_00),
    )
    assert joined([history, history]).uses[0].times == 4


def test_the_latest_once_only_lots_are_remembered() -> None:
    history = NO_HISTORY
    for number in range(ONCE_MAX + 1):
        history = with_once(with_once(history, UUID(int=number)), UUID(int=number))

    assert [lot.int for lot in history.once] == list(range(1, ONCE_MAX + 1))
