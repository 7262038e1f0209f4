"""Grants that a person gets once: when they are due, and that no store makes a second one."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.ids import once_lot
from shared.member import DayCount, History, MemberView
from shared.rules.compile import CompiledPack
from shared.rules.dates import anniversary
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import PackError, canonical, load_canonical, read_pack
from shared.rules.phases.once import grants_due
from shared.rules.result import OnceGrant
from tests.shared.rules.builders import (
    ACCOUNT,
    MOMENT,
    TITLE,
    compiled,
    line,
    lot,
    member,
    pack_text,
    receipt,
)

PHONE = b"p" * 16
FRIEND = UUID(int=77)


def grant_text(rule: str, on: str, more: str = "") -> str:
    """Write a grant of 300 points for 30 days."""
    tail = f", {more}" if more else ""
    points = "points: 300.00, wallet: bonus, expiry: 30 days"
    return f"  - {{id: {rule}, {TITLE}, on: {on}, {points}{tail}}}\n"


def pack_of(*grants: str) -> str:
    return pack_text(tail="grants:\n" + "".join(grants))


def on_day(text: str, zone: str = "Europe/Moscow") -> Moment:
    return Moment(datetime.fromisoformat(f"{text}T09:00").replace(tzinfo=UTC), zone)


def at_receipt(text: str, who: MemberView, moment: Moment = MOMENT) -> tuple[OnceGrant, ...]:
    return evaluate(compiled(text), who, receipt(line(1, 100_00)), moment).once


def test_a_registration_grants_a_welcome_of_the_person() -> None:
    pack = compiled(pack_of(grant_text("welcome", "registration")))
    who = replace(member(), person=PHONE)

    (grant,) = grants_due(pack, who, receipt(), MOMENT, "registration")

    assert (grant.kind, grant.amount, grant.account) == ("welcome", 300_00, ACCOUNT)
    assert (grant.activates_at, grant.expires_on) == (MOMENT.instant, date(2026, 5, 10))
    assert grant.lot == once_lot("welcome", PHONE.hex(), "")


@pytest.mark.edge("E70")
def test_two_members_of_one_own_phone_are_one_person_and_others_are_not() -> None:
    pack = compiled(pack_of(grant_text("welcome", "registration")))
    here = replace(member(), person=PHONE)
    there = replace(here, id=UUID(int=8), account=UUID(int=9))

    lots = [
        grants_due(pack, who, receipt(), MOMENT, "registration")[0].lot
        for who in (here, there, replace(here, person=b""), replace(there, person=b""))
    ]

    assert lots[0] == lots[1]
    assert len(set(lots)) == 3


def test_a_receipt_makes_no_registration_and_a_registration_no_purchase() -> None:
    text = pack_of(grant_text("welcome", "registration"), grant_text("first", "first_purchase"))

    assert [grant.rule for grant in at_receipt(text, member())] == ["first"]
    found = grants_due(compiled(text), member(), receipt(), MOMENT, "registration")
    assert [grant.rule for grant in found] == ["welcome"]


def test_the_first_purchase_is_the_first_and_not_of_nothing() -> None:
    text = pack_of(grant_text("first", "first_purchase"))
    pack = compiled(text)

    assert len(at_receipt(text, member())) == 1
    assert at_receipt(text, replace(member(), receipts=1)) == ()
    assert evaluate(pack, member(), receipt(line(1, 100, quantity=0)), MOMENT).once == ()
    assert evaluate(pack, None, receipt(line(1, 100)), MOMENT).once == ()


@pytest.mark.capability("PLUMB-28")
@pytest.mark.edge("E36")
@pytest.mark.parametrize(
    ("today", "period"),
    [
        ("2025-12-28", None),
        ("2025-12-29", "2026"),
        ("2026-01-01", "2026"),
        ("2026-01-08", "2026"),
        ("2026-01-09", None),
        ("2026-12-29", "2027"),
    ],
)
def test_a_birthday_window_crosses_the_new_year(today: str, period: str | None) -> None:
    """Three days before 1 January to seven after; the year is that of the birthday."""
    text = pack_of(grant_text("gift", "birthday", "before_days: 3, after_days: 7"))
    who = replace(member(), birthday=date(1990, 1, 1))

    found = [grant.period for grant in at_receipt(text, who, on_day(today))]

    assert found == ([period] if period else [])


@pytest.mark.capability("PLUMB-28")
def test_a_birthday_may_be_for_segments_only_and_widened_by_words_alone() -> None:
    partners = grant_text("gift", "birthday", "if: {segment_in: [partner, designer]}")
    wider = partners.replace("designer]", "designer, retail]")
    born = replace(member(), birthday=MOMENT.day.replace(year=1990))

    def granted(text: str, segment: str) -> bool:
        return bool(at_receipt(pack_of(text), replace(born, segments=frozenset({segment}))))

    assert [granted(partners, one) for one in ("partner", "designer", "retail")] == [1, 1, 0]
    assert granted(wider, "retail")


@pytest.mark.edge("E36")
@pytest.mark.parametrize(
    ("leap_day", "year", "expected"),
    [
        ("02-28", 2027, date(2027, 2, 28)),
        ("03-01", 2027, date(2027, 3, 1)),
        ("02-28", 2028, date(2028, 2, 29)),
        ("03-01", 2100, date(2100, 3, 1)),
    ],
)
def test_a_birthday_of_29_february_has_a_day_every_year(
    leap_day: str, year: int, expected: date
) -> None:
    assert anniversary(date(2000, 2, 29), year, leap_day) == expected


@pytest.mark.edge("E36")
def test_a_birthday_of_29_february_is_due_on_the_28th() -> None:
    text = pack_of(grant_text("gift", "birthday"))
    who = replace(member(), birthday=date(2000, 2, 29))

    assert len(at_receipt(text, who, on_day("2027-02-28"))) == 1
    assert at_receipt(text, who, on_day("2027-03-01")) == ()
    assert at_receipt(text, who, on_day("2028-02-28")) == ()


def test_what_the_person_had_in_this_period_is_not_due_again_but_next_year() -> None:
    text = pack_of(grant_text("gift", "birthday"))
    born = replace(member(), birthday=date(1990, 4, 10))
    (granted,) = at_receipt(text, born)

    spent = replace(born, history=History(once=(granted.lot,)))
    still = replace(born, lots=(replace(lot(1, 5), id=granted.lot),))

    assert at_receipt(text, spent) == at_receipt(text, still) == ()
    assert len(at_receipt(text, spent, on_day("2027-04-10"))) == 1


def test_an_anniversary_is_of_the_registration_and_not_its_own_day() -> None:
    text = pack_of(grant_text("years", "anniversary"))

    def periods(registered_on: date | None) -> list[str]:
        who = replace(member(), registered_on=registered_on)
        return [grant.period for grant in at_receipt(text, who)]

    assert periods(date(2025, 4, 10)) == ["2026"]
    assert periods(date(2026, 4, 10)) == []
    assert periods(None) == []


def test_a_referral_goes_to_who_brought_the_member_and_to_nobody_if_nobody_did() -> None:
    text = pack_of(grant_text("friend", "first_purchase", "to: referrer"))

    (grant,) = at_receipt(text, replace(member(), referrer=FRIEND))

    assert (grant.account, grant.kind) == (FRIEND, "referral")
    assert at_receipt(text, member()) == ()


@pytest.mark.capability("WINE-32")
@settings(max_examples=10, deadline=None)
@given(st.integers(1, 99))
def test_a_share_of_all_persons_is_always_the_same_persons(percent: int) -> None:
    """Of a thousand persons, within five deviations; who gets it at 10 % gets it at 20 %."""
    narrow = compiled(pack_of(grant_text("welcome", "registration", f"share: {percent} %")))
    wide = compiled(pack_of(grant_text("welcome", "registration", f"share: {percent + 1} %")))
    people = [replace(member(), person=number.to_bytes(16, "big")) for number in range(1000)]

    def chosen(pack: CompiledPack) -> set[bytes]:
        return {
            who.person for who in people if grants_due(pack, who, receipt(), MOMENT, "registration")
        }

    got = chosen(narrow)
    assert got == chosen(narrow)
    assert got <= chosen(wide)
    assert abs(len(got) - 10 * percent) <= 5 * 16


def test_every_grant_that_is_not_given_says_why() -> None:
    text = pack_of(
        grant_text("first", "first_purchase"),
        grant_text("friend", "first_purchase", "to: referrer"),
        grant_text("gift", "birthday"),
        grant_text("years", "anniversary"),
        grant_text("late", "birthday", "when: {from: 2026-05-01}"),
        grant_text("closed", "birthday", "if: {segment_in: [partner]}"),
        grant_text("dead", "first_purchase", "").replace("30 days", "2026-04-09"),
    )
    pack = compiled(text)
    who = replace(member(), birthday=date(1990, 5, 10))

    found = evaluate(pack, who, receipt(line(1, 100_00)), MOMENT)

    assert [grant.rule for grant in found.once] == ["first"]
    assert found.applied == ("first",)
    assert {one.rule: one.reason.code for one in found.rejected} == {
        "friend": "no_referrer",
        "gift": "not_these_days",
        "years": "no_day",
        "late": "not_yet",
        "closed": "condition",
        "dead": "dead_lot",
    }
    assert [(step.phase, step.rule, step.after) for step in found.trace if step.rule] == [
        ("after", "first", 300_00)
    ]


@pytest.mark.parametrize(
    ("grant", "path", "fault"),
    [
        (grant_text("g", "holiday"), "grants.0.on", "unknown_word"),
        (
            grant_text("g", "birthday", "before_days: 181"),
            "grants.0.before_days",
            "too_long_window",
        ),
        (grant_text("g", "birthday", "if: {group_in: [wine]}"), "grants.0.if", "no_goods"),
        (grant_text("g", "birthday").replace("300.00", "0.00"), "grants.0.points", "not_units"),
        (grant_text("g", "birthday").replace("300.00", "0.50"), "grants.0.points", "not_units"),
        (grant_text("g", "birthday").replace("bonus", "gold"), "grants.0.wallet", "unknown_name"),
        (grant_text("g", "birthday").replace("30 days", "soon"), "grants.0.expiry", "bad_expiry"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_with_its_path(
    grant: str, path: str, fault: str
) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_of(grant))

    assert (refused.value.path, refused.value.fault) == (path, fault)


def test_a_pack_with_grants_reads_back_and_names_what_it_requires() -> None:
    pack = read_pack(pack_of(grant_text("gift", "birthday", "to: referrer")))

    assert load_canonical(canonical(pack)) == pack
    assert {"grant.birthday", "grant.to.referrer"} <= set(pack.requires)


@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.integers(0, 180), st.integers(0, 180))
def test_a_birthday_is_due_on_each_day_of_its_window_and_once(
    born: date, before: int, after: int
) -> None:
    """Over any two years of days every period occurs on one run of before + 1 + after days."""
    text = pack_of(grant_text("gift", "birthday", f"before_days: {before}, after_days: {after}"))
    pack = compiled(text)
    who = replace(member(), birthday=born)
    first = date(2027, 1, 1).toordinal()

    days: dict[str, list[int]] = {}
    for ordinal in range(first, first + 730, 7):
        moment = on_day(date.fromordinal(ordinal).isoformat())
        for grant in evaluate(pack, who, receipt(line(1, 100)), moment).once:
            days.setdefault(grant.period, []).append(ordinal)

    for period, found in days.items():
        celebrated = anniversary(born, int(period), "02-28").toordinal()
        assert all(-before <= day - celebrated <= after for day in found)
    if before + after >= 7:
        assert {"2027", "2028"} & days.keys()


GOAL = "goal: {window: calendar quarter, reach: 1000.00}"


@pytest.mark.parametrize(("before", "granted"), [(899_99, False), (900_00, True), (950_00, True)])
def test_a_goal_is_reached_by_the_receipt_that_crosses_it(before: int, granted: bool) -> None:
    text = pack_of(grant_text("autumn", "goal", GOAL))
    who = replace(
        member(turnover_minor=5000_00 + before),
        history=History(days=(DayCount(date(2026, 4, 1), before),)),
    )

    found = [grant.period for grant in at_receipt(text, who)]

    assert found == (["2026-04-01"] if granted else [])


def test_a_goal_crossed_twice_in_a_period_grants_once_and_again_in_the_next() -> None:
    """A return takes the member below, the next purchase above it once more."""
    text = pack_of(grant_text("autumn", "goal", GOAL))
    days = (DayCount(date(2026, 4, 1), 900_00),)
    who = replace(member(turnover_minor=900_00), history=History(days=days))
    (first,) = at_receipt(text, who)

    again = replace(who, history=History(once=(first.lot,), days=days))
    more = (*days, DayCount(date(2026, 7, 1), 900_00))
    july = replace(again, history=History(once=(first.lot,), days=more))

    assert at_receipt(text, again) == ()
    (later,) = at_receipt(text, july, on_day("2026-07-02"))
    assert (later.period, later.kind) == ("2026-07-01", "goal")
    assert later.lot != first.lot


def test_a_goal_of_visits_says_how_far_it_is() -> None:
    text = pack_of(grant_text("often", "goal", "goal: {metric: visits, reach: 3}"))
    pack = compiled(text)

    first = evaluate(pack, member(), receipt(line(1, 100)), MOMENT)
    third = evaluate(pack, replace(member(), receipts=2), receipt(line(1, 100)), MOMENT)

    assert [one.reason.en for one in first.rejected] == ["2\u00a0purchases to the goal"]
    assert [grant.period for grant in third.once] == [""]


def test_a_goal_needs_a_period_that_begins_and_goes_with_its_occasion() -> None:
    for grant in (
        grant_text("g", "goal", "goal: {window: rolling 30 days, reach: 1.00}"),
        grant_text("g", "goal"),
        grant_text("g", "birthday", GOAL),
    ):
        with pytest.raises(PackError) as refused:
            read_pack(pack_of(grant))
        assert refused.value.fault in {"rolling_goal", "goal"}
