"""Tier tracks: what counts in which period, who keeps a tier and who drops."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Flag
from shared.ledger.history import joined
from shared.member import DayCount, History, MemberView
from shared.money import NO_BREAK_SPACE
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import PackError, canonical, load_canonical, read_pack
from shared.rules.tiers import tier_of
from tests.shared.rules.builders import (
    HEAD,
    compiled,
    discount_rule,
    goods,
    line,
    lot,
    member,
    pack_text,
    receipt,
)

NAMES = ("base", "high", "top")


def track_text(options: str, *, zone: str = "") -> str:
    """Write a pack whose tiers begin at 0, 1 000 and 3 000."""
    steps = """
  steps:
    - {id: base, title: {ru: Б, en: B}, from: 0.00}
    - {id: high, title: {ru: В, en: H}, reach: {ru: до Высокого, en: to High}, from: 1000.00}
    - {id: top, title: {ru: П, en: T}, reach: {ru: до Первого, en: to Top}, from: 3000.00}
"""
    head, _ = HEAD.split("tiers:")
    return pack_text(head=f"{head}{zone}tiers:\n  {options}{steps}")


def who_did(turnover: Mapping[str, int], **more: object) -> MemberView:
    """A member with a turnover in rubles by day."""
    days = tuple(
        DayCount(date.fromisoformat(day), rubles * 100, visits=1)
        for day, rubles in sorted(turnover.items())
    )
    whole = sum(day.turnover_minor for day in days)
    found = member(turnover_minor=whole)
    return replace(found, receipts=len(days), history=History(days=days), **more)  # type: ignore[arg-type]


def tier_on(options: str, who: MemberView, day: str) -> str:
    found = tier_of(compiled(track_text(options)), who, date.fromisoformat(day))
    assert found is not None
    return found.id


@pytest.mark.capability("FASHION-11")
@pytest.mark.edge("E62")
@pytest.mark.parametrize("kopecks", [-1, 0, 1])
@pytest.mark.parametrize(
    ("options", "bought", "seen"),
    [
        ("window: lifetime", "2020-01-01", "2026-04-10"),
        ("window: rolling 12 months", "2025-04-11", "2026-04-10"),
        ("window: rolling 90 days", "2026-01-11", "2026-04-10"),
        ("{window: calendar quarter, band: running}", "2026-04-01", "2026-04-10"),
        ("window: calendar quarter", "2026-03-31", "2026-04-10"),
        ("{window: calendar year, band: running}", "2026-01-01", "2026-04-10"),
        ("window: calendar year", "2025-01-01", "2026-04-10"),
        ("{window: calendar month, band: running}", "2026-04-01", "2026-04-10"),
        ("{window: anniversary year, band: running}", "2025-11-20", "2026-04-10"),
    ],
)
def test_a_threshold_is_reached_to_the_kopeck_in_every_period(
    options: str, bought: str, seen: str, kopecks: int
) -> None:
    amount_minor = 1000_00 + kopecks
    day = DayCount(date.fromisoformat(bought), amount_minor)
    who = replace(
        member(turnover_minor=amount_minor),
        registered_on=date(2024, 11, 20),
        history=History(days=(day,)),
    )

    spelled = options.strip("{}").replace(", ", "\n  ")
    assert tier_on(spelled, who, seen) == ("base" if kopecks < 0 else "high")


@pytest.mark.capability("FASHION-11")
@pytest.mark.edge("E62")
@pytest.mark.parametrize(
    ("options", "bought", "last", "gone"),
    [
        ("window: rolling 12 months\n  drop: at_once", "2025-04-10", "2026-04-09", "2026-04-10"),
        ("window: rolling 12 months\n  drop: at_once", "2024-02-29", "2025-02-28", "2025-03-01"),
        ("window: rolling 90 days\n  drop: at_once", "2026-01-10", "2026-04-09", "2026-04-10"),
        ("window: calendar quarter\n  band: running", "2026-01-01", "2026-03-31", "2026-04-01"),
        ("window: calendar quarter", "2026-01-01", "2026-06-30", "2026-07-01"),
        ("window: calendar year\n  band: running", "2025-01-01", "2025-12-31", "2026-01-01"),
        ("window: anniversary year\n  band: running", "2026-02-28", "2026-11-19", "2026-11-20"),
        ("window: rolling 12 months", "2025-04-10", "2027-04-08", "2027-04-09"),
        ("window: rolling 90 days\n  grace_days: 5", "2026-01-01", "2026-07-03", "2026-07-04"),
    ],
)
def test_a_period_ends_and_takes_its_tier_with_it(
    options: str, bought: str, last: str, gone: str
) -> None:
    """A period that rolls has twelve months to the day; kept to its end, the tier has them again.

    1 January + 90 days is the last day that counts, 31 March; 89 more days and 5 of grace.
    """
    who = who_did({bought: 1000}, registered_on=date(2024, 11, 20))

    assert tier_on(options, who, last) == "high"
    assert tier_on(options, who, gone) == "base"


@pytest.mark.edge("E62")
def test_windows_run_in_the_programmes_zone_and_daylight_saving_moves_no_day() -> None:
    """At 23:30 UTC of 28 March it is the 29th in Berlin, whose clocks jump on that night."""
    night = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    pack = compiled(track_text("window: lifetime", zone="zone: Europe/Berlin\n"))

    for zone in ("Europe/Kaliningrad", "Asia/Kamchatka", "America/New_York"):
        found = evaluate(pack, member(), receipt(line(1, 100)), Moment(night, zone))
        assert found.counted_on == date(2026, 3, 29)
    own = compiled(track_text("window: lifetime"))
    found = evaluate(own, member(), receipt(line(1, 100)), Moment(night, "America/New_York"))
    assert found.counted_on == date(2026, 3, 28)


@pytest.mark.edge("E59")
@pytest.mark.parametrize(("spent", "after"), [(1, "base"), (2, "high")])
def test_a_running_band_rises_on_the_receipt_that_crosses_it(spent: int, after: str) -> None:
    pack = compiled(track_text("window: calendar quarter\n  band: running"))
    who = who_did({"2026-04-01": 998})
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")

    found = evaluate(pack, who, receipt(line(1, spent * 100)), moment)

    assert (found.tier, found.tier_after) == ("base", after)


@pytest.mark.capability("WINE-14")
@pytest.mark.edge("E59")
@pytest.mark.parametrize(
    ("spent_minor", "applies", "tier", "discount_minor"),
    [
        (99_99, "same_receipt", "base", 0),
        (100_00, "same_receipt", "high", 10_00),
        (100_01, "same_receipt", "high", 10_00),
        (100_00, "next_receipt", "base", 0),
    ],
)
def test_a_tier_counts_from_the_next_receipt_or_on_the_one_that_reaches_it(
    spent_minor: int, applies: str, tier: str, discount_minor: int
) -> None:
    """900.00 before; what is paid in money after 10 % is too little, so the preview is below."""
    rule = discount_rule("off", "10 %", "{tier_in: [high, top]}")
    text = track_text(f"applies: {applies}") + f"rules:\n{rule}"
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")

    who, bought = member(turnover_minor=900_00), receipt(line(1, spent_minor))
    found = evaluate(compiled(text), who, bought, moment)

    assert found.tier == tier
    assert found.totals.discount_minor == discount_minor
    assert [hint.code for hint in found.hints if hint.code == "tier_reached"] == (
        ["tier_reached"] if applies == "next_receipt" else []
    )


@pytest.mark.edge("E61")
def test_two_stores_each_below_are_above_together() -> None:
    here, there = {"2026-04-01": 600}, {"2026-04-02": 400}
    options = "window: calendar quarter\n  band: running"

    assert tier_on(options, who_did(here), "2026-04-03") == "base"
    assert tier_on(options, who_did(there), "2026-04-03") == "base"
    assert tier_on(options, who_did(here | there), "2026-04-03") == "high"


@pytest.mark.edge("E51")
@pytest.mark.edge("E52")
def test_a_return_subtracts_in_its_own_period_and_downgrades_at_its_end() -> None:
    """Bought in the first quarter, 600 of it back in the second: the first keeps its 1 000."""
    who = who_did({"2026-02-01": 1000, "2026-05-01": -600, "2026-06-01": 900})
    previous, running = "window: calendar quarter", "window: calendar quarter\n  band: running"

    assert tier_on(previous, who, "2026-06-30") == "high"
    assert tier_on(previous, who, "2026-07-01") == "base"
    assert tier_on(running, who, "2026-06-30") == "base"

    within = who_did({"2026-04-01": 1000, "2026-04-20": -600})
    assert tier_on(running, within, "2026-06-30") == "high"
    assert tier_on(f"{running}\n  drop: at_once", within, "2026-06-30") == "base"
    assert tier_on(running, within, "2026-07-01") == "base"


@pytest.mark.edge("E67")
def test_a_downgrade_is_full_or_by_one_step_a_period_and_may_have_grace() -> None:
    who = who_did({"2025-11-01": 3000})
    full, step = "window: calendar quarter", "window: calendar quarter\n  downgrade: one_step"

    def quarters(options: str) -> list[str]:
        days = ("2025-12-31", "2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01")
        return [tier_on(options, who, day) for day in days]

    assert quarters(full) == ["base", "top", "base", "base", "base"]
    assert quarters(step) == ["base", "top", "high", "base", "base"]
    grace = f"{full}\n  grace_days: 14"
    assert [tier_on(grace, who, day) for day in ("2026-04-14", "2026-04-15")] == ["top", "base"]
    both = f"{step}\n  grace_days: 14"
    days = ("2026-04-14", "2026-04-15", "2026-07-14", "2026-07-15")
    assert [tier_on(both, who, day) for day in days] == ["top", "high", "high", "base"]


@pytest.mark.edge("E64")
def test_a_tier_set_by_hand_has_its_last_day_and_the_highest_wins() -> None:
    who = replace(member(), tier_floor="high", tier_until=date(2026, 4, 10))

    assert tier_on("window: lifetime", who, "2026-04-10") == "high"
    assert tier_on("window: lifetime", who, "2026-04-11") == "base"
    assert tier_on("window: lifetime", replace(who, tier_until=None), "2036-01-01") == "high"
    assert tier_on("window: lifetime", replace(who, turnover_minor=3000_00), "2026-04-01") == "top"


EASED = "eased: [{segment: stuck, by: 30 %, until: 2026-04-10}]"


@pytest.mark.capability("WINE-20")
@pytest.mark.edge("E64")
@pytest.mark.parametrize("window", ["lifetime", "rolling 12 months"])
def test_a_segment_rises_at_eased_thresholds_and_keeps_the_tier_afterwards(window: str) -> None:
    """30 % less of 1 000 is 700, to the kopeck."""
    options = f"window: {window}\n  {EASED}"

    def tier(amount_minor: int, segment: str, day: str, bought: str = "2026-04-01") -> str:
        days = (DayCount(date.fromisoformat(bought), amount_minor),)
        who = member(turnover_minor=amount_minor)
        who = replace(who, segments=frozenset({segment}), history=History(days=days))
        return tier_on(options, who, day)

    assert tier(699_99, "stuck", "2026-04-10") == "base"
    assert tier(700_00, "stuck", "2026-04-10") == "high"
    assert tier(700_01, "stuck", "2026-04-10") == "high"
    assert tier(700_00, "other", "2026-04-10") == "base"
    assert tier(700_00, "stuck", "2026-04-11") == "high"
    assert tier(700_00, "stuck", "2026-04-12", bought="2026-04-11") == "base"


CHANGED = "changes: [{since: 2026-05-01, from: {high: 2000.00, top: 4000.00}, members: %s}]"


@pytest.mark.capability("WINE-19")
@pytest.mark.edge("E63")
def test_new_thresholds_keep_who_was_there_to_the_periods_end_or_recalculate_now() -> None:
    who = who_did({"2026-04-15": 1000})
    options = f"window: calendar quarter\n  band: running\n  {CHANGED}"
    keep, anew = options % "keep", options % "recalculate"

    assert [tier_on(keep, who, day) for day in ("2026-04-30", "2026-05-01", "2026-06-30")] == [
        "high",
        "high",
        "high",
    ]
    assert tier_on(keep, who, "2026-07-01") == "base"
    assert [tier_on(anew, who, day) for day in ("2026-04-30", "2026-05-01")] == ["high", "base"]


@pytest.mark.capability("WINE-19")
@pytest.mark.edge("E63")
def test_new_thresholds_of_a_lifetime_keep_for_good_who_was_there_and_nobody_later() -> None:
    options = "window: lifetime\n  " + CHANGED % "keep"
    before, late = who_did({"2026-04-30": 1000}), who_did({"2026-05-01": 1000})

    assert tier_on(options, before, "2030-01-01") == "high"
    assert tier_on(options, late, "2030-01-01") == "base"
    assert tier_on(options, who_did({"2026-05-01": 2000}), "2026-05-01") == "high"


@pytest.mark.parametrize(
    ("metric", "day", "expected"),
    [
        ("visits", DayCount(date(2026, 4, 1), visits=9), "base"),
        ("visits", DayCount(date(2026, 4, 1), visits=10), "high"),
        ("points", DayCount(date(2026, 4, 1), points=999_99), "base"),
        ("points", DayCount(date(2026, 4, 1), points=1000_00), "high"),
    ],
)
def test_points_and_visits_count_as_well(metric: str, day: DayCount, expected: str) -> None:
    text = track_text(f"metric: {metric}\n  window: rolling 90 days")
    if metric == "visits":
        text = text.replace("from: 1000.00", "from: 10").replace("from: 3000.00", "from: 30")
    who = replace(member(), receipts=day.visits, history=History(days=(day,)))

    found = tier_of(compiled(text), who, date(2026, 4, 10))

    assert found is not None
    assert found.id == expected


@pytest.mark.capability("SPIRITS-34")
@pytest.mark.parametrize(
    ("options", "thresholds", "ru", "en"),
    [
        ("metric: turnover", "1000.00", "До Высокого 998 ₽", "998 ₽ to High"),
        ("metric: visits", "3", "До Высокого 2 покупки", "2 purchases to High"),
        ("metric: visits", "2", "До Высокого 1 покупка", "1 purchase to High"),
        ("metric: visits", "12", "До Высокого 11 покупок", "11 purchases to High"),
    ],
)
def test_the_till_names_what_is_missing_in_its_own_words(
    options: str, thresholds: str, ru: str, en: str
) -> None:
    text = track_text(f"{options}\n  window: calendar quarter\n  band: running")
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")

    pack = compiled(text.replace("1000.00", thresholds))
    found = evaluate(pack, member(), receipt(line(1, 2_00)), moment)

    hints = [(hint.ru, hint.en) for hint in found.hints]
    assert [tuple(one.replace(NO_BREAK_SPACE, " ") for one in hint) for hint in hints] == [(ru, en)]


@pytest.mark.parametrize(
    ("options", "path", "fault"),
    [
        ("window: rolling 13 months", "tiers.window", "bad_period"),
        ("window: rolling 367 days", "tiers.window", "bad_period"),
        ("window: weekly", "tiers.window", "bad_period"),
        ("window: lifetime\n  band: running", "tiers.band", "not_for_this_period"),
        ("downgrade: one_step", "tiers.downgrade", "not_for_this_period"),
        ("grace_days: 3", "tiers.grace_days", "not_for_this_period"),
        ("window: calendar year\n  grace_days: 367", "tiers.grace_days", "too_long_grace"),
        (CHANGED.replace("high", "gold") % "keep", "tiers.changes.0.from", "unknown_name"),
    ],
)
def test_a_track_that_makes_no_sense_is_refused(options: str, path: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(track_text(options))

    assert (refused.value.path, refused.value.fault) == (path, fault)


def test_thresholds_must_ascend_in_every_era() -> None:
    with pytest.raises(PackError) as refused:
        read_pack(track_text("changes: [{since: 2026-05-01, from: {high: 3000.00}}]"))

    assert refused.value.path == "tiers.changes from 2026-05-01"


def test_a_track_reads_back_and_what_is_left_out_leaves_no_trace() -> None:
    plain = read_pack(track_text("window: lifetime"))
    rich = read_pack(track_text("window: calendar quarter\n  downgrade: one_step"))

    assert b"window" not in canonical(plain)
    assert "tiers.turnover.lifetime" in plain.requires
    assert load_canonical(canonical(rich)) == rich
    assert {"tiers.turnover.quarter", "tiers.downgrade"} <= set(rich.requires)


@given(
    st.dictionaries(
        st.dates(date(2025, 1, 1), date(2026, 6, 30)), st.integers(0, 2_000_00), max_size=30
    ),
    st.sampled_from(
        [
            "window: lifetime",
            "window: rolling 12 months",
            "window: rolling 30 days\n  drop: at_once",
            "window: calendar quarter\n  band: higher",
            "window: calendar year\n  band: running\n  downgrade: one_step",
            "window: anniversary year\n  grace_days: 20",
        ]
    ),
    st.integers(0, 5_000_00),
)
def test_tiers_are_monotone_in_what_was_bought(
    days: dict[date, int], options: str, more_minor: int
) -> None:
    """A kopeck more on any day never costs a tier on any later day."""
    pack = compiled(track_text(options))

    def levels(bought: Mapping[date, int]) -> list[int]:
        counts = tuple(DayCount(day, amount) for day, amount in sorted(bought.items()))
        who = replace(
            member(turnover_minor=sum(bought.values())),
            registered_on=date(2025, 3, 3),
            history=History(days=counts),
        )
        found = [tier_of(pack, who, date(2026, 1, 1) + timedelta(days=30 * n)) for n in range(8)]
        return [NAMES.index(one.id) for one in found if one is not None]

    before = levels(days)
    if days:
        some = sorted(days)[len(days) // 2]
        after = levels(days | {some: days[some] + more_minor})
        assert all(now >= then for now, then in zip(after, before, strict=True))


@pytest.mark.edge("E65")
def test_certificates_and_services_are_no_turnover_and_returns_take_theirs_away() -> None:
    pack = compiled(track_text("window: calendar quarter\n  band: running\n  drop: at_once"))
    moment = Moment(datetime(2026, 4, 10, 9, tzinfo=UTC), "Europe/Moscow")
    bought = receipt(
        line(1, 400_00),
        line(2, 900_00, goods("cards", flags=[Flag.CERTIFICATE])),
        line(3, 900_00, goods("delivery", flags=[Flag.SERVICE])),
    )

    short = evaluate(pack, who_did({"2026-04-01": 599}), bought, moment)
    enough = evaluate(pack, who_did({"2026-04-01": 600}), bought, moment)
    back = evaluate(pack, who_did({"2026-04-01": 600, "2026-04-02": -1}), bought, moment)

    assert short.totals.turnover_minor == 400_00
    assert [found.tier_after for found in (short, enough, back)] == ["base", "high", "base"]


@pytest.mark.edge("E35")
def test_pending_points_count_towards_no_turnover_and_a_tier_waits_for_none() -> None:
    options = "window: calendar quarter\n  band: running"
    later = datetime(2027, 1, 1, tzinfo=UTC)
    pending = lot(1, 9000_00, activates_at=later)

    for rubles, expected in ((1000, "high"), (999, "base")):
        who = replace(who_did({"2026-04-01": rubles}), lots=(pending,))
        assert tier_on(options, who, "2026-04-02") == expected


@pytest.mark.edge("E66")
def test_a_merge_adds_turnover_and_lowers_no_tier() -> None:
    here, there = who_did({"2026-04-01": 600, "2026-04-03": 100}), who_did({"2026-04-01": 400})
    history = joined([here.history, there.history])
    both = replace(here, turnover_minor=1100_00, receipts=3, history=history)

    for options in ("window: lifetime", "window: calendar quarter\n  band: running"):
        assert tier_on(options, here, "2026-04-10") == "base"
        assert tier_on(options, both, "2026-04-10") == "high"


def test_a_tier_has_privileges_for_the_cashier_to_say() -> None:
    text = track_text("window: lifetime").replace(
        "reach: {ru: до Высокого, en: to High},",
        "reach: {ru: до Высокого, en: to High}, privileges: [{ru: Чистка, en: Cleaning}],",
    )

    base = tier_of(compiled(text), member(), date(2026, 4, 10))
    high = tier_of(compiled(text), member(turnover_minor=1000_00), date(2026, 4, 10))

    assert base is not None
    assert high is not None
    assert base.privileges == ()
    assert [(one.ru, one.en) for one in high.privileges] == [("Чистка", "Cleaning")]


@pytest.mark.edge("E63")
def test_recalculating_ends_what_an_earlier_change_has_kept() -> None:
    may = "{since: 2026-05-01, from: {high: 2000.00, top: 4000.00}}"
    june = "{since: 2026-06-01, from: {high: 2500.00}, members: recalculate}"
    options = f"window: calendar quarter\n  band: running\n  changes: [{june}, {may}]"
    who = who_did({"2026-04-15": 1000})

    assert [tier_on(options, who, day) for day in ("2026-05-31", "2026-06-01")] == ["high", "base"]
