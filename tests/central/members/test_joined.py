"""Who joined a member is seen with him as one person, and no tier falls by it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.members.joined import whole
from central.members.store import Member, MemberState
from shared.ids import derived
from shared.member import MemberView
from shared.rules.tiers import tier_of
from tests.shared.rules.builders import compiled, wine_text

WINE = compiled(wine_text())
LADDER = tuple(tier.id for tier in WINE.ladder.tiers)
DAY = date(2026, 5, 1)
KNOWN = datetime(2026, 1, 1, tzinfo=UTC)

members = st.builds(
    Member,
    id=st.uuids(),
    state=st.just(MemberState.ACTIVE),
    known_at=st.integers(0, 300).map(lambda days: KNOWN + timedelta(days=days)),
    registered_on=st.none() | st.dates(date(2025, 1, 1), DAY),
    birthday=st.none() | st.dates(date(1950, 1, 1), date(2005, 1, 1)),
    segments=st.sampled_from(("", "staff", "staff lapsed")),
    tier_floor=st.none() | st.sampled_from(LADDER),
    tier_until=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    person=st.sampled_from((b"", b"p" * 16, b"q" * 16)),
)
turnovers = st.integers(0, 300_000_00)


def place(member: Member, turnover_minor: int) -> int:
    view = MemberView(
        id=member.id,
        account=member.id,
        turnover_minor=turnover_minor,
        tier_floor=member.tier_floor,
        tier_until=member.tier_until,
    )
    tier = tier_of(WINE, view, DAY)
    assert tier is not None
    return LADDER.index(tier.id)


@pytest.mark.edge("E66")
@given(people=st.lists(st.tuples(members, turnovers), min_size=2, max_size=4))
def test_a_merge_lowers_nobodys_tier(people: list[tuple[Member, int]]) -> None:
    """By turnover, which adds, or by hand, of which the highest that is valid stays."""
    valid = [(replace(one, tier_until=None), turnover) for one, turnover in people]
    (survivor, _), *others = valid
    both = whole(survivor, [one for one, _ in others], lambda: LADDER)

    before = [place(one, turnover) for one, turnover in valid]
    after = place(both, sum(turnover for _, turnover in valid))

    assert after >= max(before)


@given(survivor=members, joined=st.lists(members, max_size=3))
def test_what_the_survivor_says_himself_stays_and_what_he_lacks_comes_from_the_others(
    survivor: Member, joined: list[Member]
) -> None:
    both = whole(survivor, joined, lambda: LADDER)

    everyone = [survivor, *joined]
    assert both.birthday == (survivor.birthday or both.birthday)
    assert (both.birthday is None) == all(one.birthday is None for one in everyone)
    assert both.person in {one.person for one in everyone}
    assert set(both.segments.split()) == {word for one in everyone for word in one.segments.split()}
    days = [one.registered_on for one in everyone if one.registered_on]
    assert both.registered_on == (min(days) if days else None)
    assert (both.id, both.known_at, both.state) == (
        survivor.id,
        survivor.known_at,
        survivor.state,
    )


def test_alone_a_member_is_as_he_is() -> None:
    one = Member(derived("one"), MemberState.ACTIVE, KNOWN, tier_floor="gone")

    assert whole(one, [], _no_ladder) is one


def test_the_ladder_is_not_asked_for_where_there_is_no_choice() -> None:
    one = Member(derived("one"), MemberState.ACTIVE, KNOWN)
    two = replace(one, id=derived("two"), tier_floor=LADDER[-1], tier_until=DAY)

    both = whole(one, [two], _no_ladder)

    assert (both.tier_floor, both.tier_until) == (LADDER[-1], DAY)


def test_of_two_equal_tiers_the_one_that_lasts_longer_counts() -> None:
    one = Member(derived("one"), MemberState.ACTIVE, KNOWN, tier_floor=LADDER[1], tier_until=DAY)
    two = replace(one, id=derived("two"), tier_until=None)

    assert whole(one, [two], _no_ladder).tier_until is None


def _no_ladder() -> tuple[str, ...]:
    raise AssertionError("the ladder was asked for")


def test_children_of_one_stay_and_days_that_he_lacks_come_from_the_others() -> None:
    first, second = (
        Member(derived(name), MemberState.ACTIVE, KNOWN, dates=dates)
        for name, dates in (
            ("first", "child:2015-04-11 child:2018-01-02"),
            ("second", "child:2015-04-12 wedding:2010-07-01"),
        )
    )

    assert whole(first, [second], lambda: LADDER).dates == (
        "child:2015-04-11 child:2018-01-02 wedding:2010-07-01"
    )
