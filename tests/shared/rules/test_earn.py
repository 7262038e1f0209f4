"""Earning: its base, its rounding, when points become active and when they expire."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.member import LotView
from shared.receipt import Redeem
from shared.rules.dates import add_months, end_of_period
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Grant
from shared.rules.terms import activation, expiry, read_activation, read_expiry
from tests.shared.rules.builders import (
    ACCOUNT,
    EARN,
    MOMENT,
    NOON,
    compiled,
    earn_rule,
    goods,
    line,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
)


def _lot_of(grant: Grant) -> LotView:
    return LotView(
        UUID(int=9), ACCOUNT, grant.wallet, grant.amount, grant.activates_at, grant.expires_on
    )


@pytest.mark.edge("E25")
@pytest.mark.parametrize(
    ("base", "earned"), [("paid_in_money", 240_00), ("after_discounts", 300_00)]
)
def test_what_points_paid_earns_nothing_unless_the_pack_says_so(base: str, earned: int) -> None:
    """Of 6 000 points pay 1 200: 5 % of 4 800 is 240."""
    pack = compiled(
        pack_text(
            redeem_rule("pay", "percent: 20 %"),
            earn_rule("earn", EARN.replace("percent", f"base: {base}, percent", 1)),
        )
    )

    found = evaluate(
        pack, member(lot(1, 9000_00)), receipt(line(1, 6000_00), redeem=Redeem.MAXIMUM), MOMENT
    )

    assert found.totals.redeemed_points == 1200_00
    assert found.totals.earned_points == earned
    assert found.totals.turnover_minor == 4800_00


def test_rules_of_equal_terms_add_up_and_are_rounded_once() -> None:
    """5 % of 19.00 is 0.95 and 0 points; two rules of it give 1.90 and one whole point."""
    pack = compiled(pack_text(earn_rule("one"), earn_rule("two", EARN, "{group_in: [wine]}")))

    found = evaluate(pack, member(), receipt(line(1, 19_00)), MOMENT)

    assert [grant.amount for grant in found.grants] == [1_00]
    assert found.applied == ("one", "two")


def test_less_than_one_earning_unit_is_no_lot() -> None:
    found = evaluate(
        compiled(pack_text(earn_rule("earn"))), member(), receipt(line(1, 19_99)), MOMENT
    )

    assert found.grants == ()
    assert [(r.rule, r.reason.code) for r in found.rejected] == [("earn", "no_effect")]


def test_the_earning_unit_may_be_a_hundredth() -> None:
    text = pack_text(earn_rule("earn")).replace("bonus: {", "bonus: {earning_unit: 0.01, ")

    found = evaluate(compiled(text), member(), receipt(line(1, 19_99)), MOMENT)

    assert [grant.amount for grant in found.grants] == [99]


def test_a_percent_of_money_earns_points_by_their_value() -> None:
    text = pack_text(earn_rule("earn")).replace("bonus: {", "bonus: {point_value: 0.50, ")

    found = evaluate(compiled(text), member(), receipt(line(1, 1000_00)), MOMENT)

    assert [grant.amount for grant in found.grants] == [100_00]


def test_nobody_earns_nothing() -> None:
    found = evaluate(
        compiled(pack_text(earn_rule("earn"))), None, receipt(line(1, 1000_00)), MOMENT
    )

    assert found.totals.earned_points == 0


def test_a_lot_that_would_be_dead_at_birth_is_not_granted() -> None:
    pack = compiled(pack_text(earn_rule("earn", EARN.replace("6 months", "2026-01-31"))))

    found = evaluate(pack, member(), receipt(line(1, 1000_00)), MOMENT)

    assert found.grants == ()
    assert [r.reason.code for r in found.rejected] == ["dead_lot"]


def test_tobacco_earns_only_where_the_pack_says_so() -> None:
    from shared.basket import Flag

    cigarettes = receipt(line(1, 1000_00, goods("tobacco", flags=[Flag.TOBACCO])))
    text = pack_text(earn_rule("earn"))

    off = evaluate(compiled(text), member(), cigarettes, MOMENT)
    on = evaluate(
        compiled(text + "policies: {tobacco_earning: on}\n"), member(), cigarettes, MOMENT
    )

    assert (off.totals.earned_points, on.totals.earned_points) == (0, 50_00)


@pytest.mark.edge("E28")
@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Asia/Kamchatka"])
def test_points_are_spendable_24_hours_after_the_purchase_and_not_a_second_before(
    zone: str,
) -> None:
    pack = compiled(pack_text(redeem_rule("pay", "percent: 50 %"), earn_rule("earn")))
    sold = evaluate(pack, member(), receipt(line(1, 1000_00)), Moment(NOON, zone))
    owner = member(_lot_of(sold.grants[0]))
    asked = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)

    day = timedelta(hours=24)
    early = evaluate(pack, owner, asked, Moment(NOON + day - timedelta(seconds=1), zone))
    on_time = evaluate(pack, owner, asked, Moment(NOON + day, zone))

    assert (early.redemption.redeemed, on_time.redemption.redeemed) == (0, 50_00)


@pytest.mark.edge("E28")
def test_the_next_day_begins_at_the_store_s_midnight_which_24_hours_do_not() -> None:
    late = Moment(datetime(2026, 4, 10, 16, 30, tzinfo=UTC), "Asia/Novosibirsk")

    assert activation(read_activation("next day"), late) == datetime(2026, 4, 10, 17, tzinfo=UTC)
    assert activation(read_activation("after 24 h"), late) == late.instant + timedelta(hours=24)
    assert activation(read_activation("after 2 days"), late) == datetime(
        2026, 4, 11, 17, tzinfo=UTC
    )
    assert activation(read_activation("at once"), late) == late.instant


@pytest.mark.edge("E29")
@pytest.mark.capability("FASHION-26")
@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_months_end_on_the_last_day_of_a_shorter_month(
    day: date, months: int, expected: date
) -> None:
    evening = Moment(datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "Europe/Moscow")

    assert add_months(day, months) == expected
    assert expiry(read_expiry(f"{months} months"), evening) == expected


@pytest.mark.capability("FASHION-26")
def test_expiry_counts_from_the_day_of_the_store_that_sold() -> None:
    """At 21:30 UTC on 30 August it is already the 31st in Moscow, still the 30th in UTC."""
    moment = Moment(datetime(2026, 8, 30, 21, 30, tzinfo=UTC), "Europe/Moscow")
    found = evaluate(
        compiled(pack_text(earn_rule("earn"))), member(), receipt(line(1, 1000_00)), moment
    )

    assert found.grants[0].expires_on == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3 days", date(2026, 4, 13)), ("2026-12-31", date(2026, 12, 31)), ("never", None)],
)
def test_expiry_by_days_by_date_or_never(text: str, expected: date | None) -> None:
    assert expiry(read_expiry(text), MOMENT) == expected


def test_a_lot_is_spendable_through_its_last_day_by_the_store_s_calendar() -> None:
    """31 December, 18:30 UTC: 20:30 in Kaliningrad, and already 2027 in Vladivostok."""
    pack = compiled(pack_text(redeem_rule("pay", "percent: 50 %")))
    owner = member(lot(1, 100_00, expires_on=date(2026, 12, 31)))
    asked = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)
    instant = datetime(2026, 12, 31, 18, 30, tzinfo=UTC)

    west = evaluate(pack, owner, asked, Moment(instant, "Europe/Kaliningrad"))
    east = evaluate(pack, owner, asked, Moment(instant, "Asia/Vladivostok"))

    assert (west.redemption.redeemed, east.redemption.redeemed) == (100_00, 0)


@pytest.mark.capability("FASHION-27")
def test_fast_points_live_days_and_are_spent_first() -> None:
    fast = EARN.replace("6 months", "3 days").replace("}", ", kind: fast}")
    pack = compiled(
        pack_text(redeem_rule("pay", "percent: 50 %"), earn_rule("slow"), earn_rule("quick", fast))
    )
    sold = evaluate(pack, member(), receipt(line(1, 1000_00)), MOMENT)
    lots = [
        LotView(UUID(int=no), ACCOUNT, "bonus", g.amount, g.activates_at, g.expires_on)
        for no, g in enumerate(sold.grants)
    ]

    asked = receipt(line(1, 120_00), redeem=Redeem.MAXIMUM)
    later = Moment(NOON + timedelta(days=2), "Europe/Moscow")
    found = evaluate(pack, member(*lots), asked, later)

    assert [(g.kind, g.expires_on) for g in sold.grants] == [
        ("purchase", date(2026, 10, 10)),
        ("fast", date(2026, 4, 13)),
    ]
    assert [(draw.lot.int, draw.amount) for draw in found.redemption.draws] == [
        (1, 50_00),
        (0, 10_00),
    ]


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Vladivostok",
    "America/St_Johns",
    "Africa/Cairo",
)
INSTANTS = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001
    datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(INSTANTS, st.sampled_from(ZONES), st.integers(1, 200))
def test_hours_are_exact_and_days_begin_at_the_stores_midnight_in_any_zone(
    instant: datetime, zone: str, count: int
) -> None:
    """Also where clocks jump: a day may have 23 or 25 hours, 24 hours are 24 hours."""
    moment = Moment(instant, zone)

    after = activation(read_activation(f"after {count} h"), moment)
    assert after == instant + timedelta(hours=count)
    begins = Moment(activation(read_activation(f"after {count} days"), moment), zone)
    assert begins.day == moment.day + timedelta(days=count)
    assert Moment(begins.instant - timedelta(microseconds=1), zone).day < begins.day
    assert activation(read_activation("next day"), moment) == activation(
        read_activation("after 1 day"), moment
    )


@given(
    INSTANTS,
    st.sampled_from(ZONES),
    st.sampled_from(["1 month", "6 months", "12 months", "30 days", "end of month", "end of year"]),
)
def test_what_is_earned_later_never_expires_sooner(instant: datetime, zone: str, text: str) -> None:
    today, tomorrow = Moment(instant, zone), Moment(instant + timedelta(days=1), zone)
    term = read_expiry(text)

    first, second = expiry(term, today), expiry(term, tomorrow)

    assert first is not None
    assert second is not None
    assert today.day <= first <= second
    if text.endswith("months") or text == "1 month":
        assert first.day in (today.day.day, end_of_period(first, 1).day)
