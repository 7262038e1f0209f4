"""Conditions on hours, dates of life, counts, and on what else is on the receipt."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.basket import Flag, Line
from shared.member import DayCount, History, MemberView, NamedDay, Use
from shared.receipt import Receipt
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.operators import FORMS, NAMES
from shared.rules.pack import PackError, canonical, load_canonical, read_pack
from tests.shared.rules.builders import (
    MOMENT,
    TITLE,
    compiled,
    discount_rule,
    goods,
    line,
    member,
    pack_text,
    receipt,
)

LISTS = "lists:\n  coffee: {groups: [coffee]}\n  beans: {brands: [bean], flags: [sale]}\n"
MOSCOW = timedelta(hours=3)


def holds(
    condition: str,
    who: MemberView | None = None,
    moment: Moment = MOMENT,
    bought: Receipt | None = None,
    tail: str = LISTS,
) -> bool:
    pack = compiled(pack_text(discount_rule("a", "10 %", condition), tail=tail))
    found = evaluate(pack, who, bought or receipt(line(1, 100_00)), moment)
    return found.totals.discount_minor > 0


def at(text: str) -> Moment:
    """A moment by the clock of Moscow."""
    return Moment(datetime.fromisoformat(text).replace(tzinfo=UTC) - MOSCOW, "Europe/Moscow")


@pytest.mark.parametrize(
    ("hours", "clock", "expected"),
    [
        ("{from: 10:00, to: 14:00}", "09:59", False),
        ("{from: 10:00, to: 14:00}", "10:00", True),
        ("{from: 10:00, to: 14:00}", "13:59", True),
        ("{from: 10:00, to: 14:00}", "14:00", False),
        ("{from: 22:00, to: 02:00}", "23:00", True),
        ("{from: 22:00, to: 02:00}", "01:59", True),
        ("{from: 22:00, to: 02:00}", "02:00", False),
        ("{from: 22:00}", "23:59", True),
        ("{to: 10:00}", "00:00", True),
    ],
)
def test_hours_are_of_the_store_s_clock_and_may_cross_midnight(
    hours: str, clock: str, expected: bool
) -> None:
    assert holds(f"{{time_in: [{hours}]}}", moment=at(f"2026-04-10T{clock}")) is expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [("2026-12-31", False), ("2027-01-01", True), ("2027-01-03", True), ("2027-01-07", False)],
)
def test_days_around_a_birthday_cross_the_new_year(today: str, expected: bool) -> None:
    who = replace(member(), birthday=date(1990, 1, 2))
    condition = "{near: {before_days: 1, after_days: 4}}"

    assert holds(condition, who, at(f"{today}T12:00")) is expected
    assert not holds(condition, member(), at(f"{today}T12:00"))


def test_the_day_of_the_registration_is_no_anniversary_of_it() -> None:
    who = replace(member(), registered_on=date(2026, 4, 10))
    condition = "{near: {of: registration}}"

    assert not holds(condition, who, at("2026-04-10T12:00"))
    assert holds(condition, who, at("2027-04-10T12:00"))


@pytest.mark.parametrize(
    ("today", "expected"),
    [("2027-02-27", 2), ("2027-02-28", 3), ("2028-02-28", 3), ("2028-02-29", 4)],
)
def test_an_age_of_29_february_comes_on_the_28th_of_other_years(today: str, expected: int) -> None:
    who = replace(member(), birthday=date(2024, 2, 29))

    found = [
        years
        for years in range(6)
        if holds(f"{{age: {{from: {years}, to: {years}}}}}", who, at(f"{today}T12:00"))
    ]

    assert found == [expected]


def test_one_child_of_the_age_suffices_and_months_are_counted_too() -> None:
    who = replace(
        member(),
        dates=(NamedDay("child", date(2025, 12, 11)), NamedDay("child", date(2016, 5, 1))),
    )

    assert holds("{age: {of: child, from: 3, to: 3, in: months}}", who)
    assert holds("{age: {of: child, from: 9, to: 9}}", who)
    assert not holds("{age: {of: child, from: 4, to: 100, in: months}}", who)
    assert not holds("{age: {of: husband}}", who)


@pytest.mark.parametrize(
    ("window", "at_least", "expected"),
    [
        ("calendar day", 1, False),
        ("calendar week", 1, True),
        ("calendar week", 2, False),
        ("calendar month", 2, True),
        ("calendar month", 3, False),
        ("rolling 30 days", 3, True),
        ("lifetime", 7, True),
        ("lifetime", 8, False),
    ],
)
def test_purchases_are_counted_in_a_period_before_this_receipt(
    window: str, at_least: int, expected: bool
) -> None:
    """10 April 2026 is a Friday: the week began on the 6th."""
    days = [("2026-03-20", 1), ("2026-04-02", 1), ("2026-04-06", 1)]
    counts = tuple(DayCount(date.fromisoformat(day), visits=visits) for day, visits in days)
    who = replace(member(), receipts=7, history=History(days=counts))

    condition = f"{{counted: {{of: purchases, window: {window}, at_least: {at_least}}}}}"

    assert holds(condition, who) is expected


def test_what_is_counted_of_money_is_counted_to_the_kopeck() -> None:
    who = replace(
        member(turnover_minor=999_99),
        history=History(days=(DayCount(date(2026, 4, 1), 999_99, visits=1),)),
    )
    terms = "of: turnover, window: calendar month"

    assert holds(f"{{counted: {{{terms}, at_least: 999.99}}}}", who)
    assert not holds(f"{{counted: {{{terms}, at_least: 1000.00}}}}", who)


COUNTER = (
    "counters:\n"
    "  cups: {title: {ru: Чашки, en: Cups}, if: {group_in: [coffee]}}\n"
    "  spent: {title: {ru: Потрачено, en: Spent}, of: money}\n"
    "  often: {title: {ru: Чеки, en: Receipts}, of: receipts, if: {weekday_in: [fri]}}\n"
)
SIXTH = (
    f"  - {{id: sixth, {TITLE}, if: {{group_in: [coffee]}}, then: "
    "[{effect: discount, percent: 100 %, nth: 6, counter: cups}]}\n"
)


def cups(*lines: Line, had: int, rules: str = SIXTH) -> tuple[list[int], Mapping[str, int]]:
    """Return what is off each line and what is counted, of a member who had so many cups."""
    use = Use("count.cups", date(2026, 3, 1), 1, had * 100)
    who = replace(member(), history=History(uses=(use,)))
    found = evaluate(compiled(pack_text(rules, tail=COUNTER)), who, receipt(*lines), MOMENT)
    return [row.discount_minor for row in found.lines], {u.rule: u.points for u in found.uses}


@pytest.mark.parametrize(("had", "off"), [(0, 0), (4, 0), (5, 150_00), (11, 150_00), (12, 0)])
def test_every_sixth_cup_over_all_receipts_is_free(had: int, off: int) -> None:
    discounts, counted = cups(line(1, 150_00, goods("coffee")), had=had)

    assert discounts == [off]
    assert counted["count.cups"] == 100


def test_the_cheapest_of_the_receipt_is_free_and_two_of_many() -> None:
    """Four cups before and nine now: numbers 6 and 12 are among them, the two of 120.00."""
    latte = line(1, 200_00, goods("coffee/latte"), quantity=6000)
    espresso = line(2, 120_00, goods("coffee/espresso"), quantity=3000)
    bun = line(3, 80_00, goods("bakery"))

    discounts, counted = cups(latte, espresso, bun, had=4)

    assert discounts == [0, 240_00, 0]
    assert counted == {
        "count.cups": 9_00,
        "count.often": 1_00,
        "count.spent": 1200_00 + 120_00 + 80_00,
    }


def test_nobody_and_weighed_goods_have_no_sixth_and_tobacco_counts_nowhere() -> None:
    beans = line(1, 1000_00, goods("coffee"), quantity=6500)
    cigarettes = line(2, 200_00, goods("coffee", flags=[Flag.TOBACCO]))
    pack = compiled(pack_text(SIXTH, tail=COUNTER))

    nobody = evaluate(pack, None, receipt(line(1, 100_00, goods("coffee"), 6000)), MOMENT)

    assert nobody.totals.discount_minor == 0
    assert nobody.uses == ()
    discounts, counted = cups(beans, cigarettes, had=5)
    assert discounts == [0, 0]
    assert counted["count.cups"] == 6_50


def test_a_counter_is_asked_by_its_period() -> None:
    uses = (Use("count.cups", date(2026, 3, 31), 1, 5_00), Use("count.cups", MOMENT.day, 1, 2_00))
    who = replace(member(), history=History(uses=uses))

    def asked(window: str, at_least: int) -> bool:
        terms = f"{{of: cups, window: {window}, at_least: {at_least}}}"
        return holds(f"{{counted: {terms}}}", who, tail=COUNTER)

    assert [asked("lifetime", 7), asked("lifetime", 8)] == [True, False]
    assert [asked("calendar month", 2), asked("calendar month", 3)] == [True, False]
    assert [asked("calendar day", 2), asked("calendar week", 3)] == [True, False]


def test_goods_on_another_line_open_a_rule_and_tobacco_does_not() -> None:
    """Coffee for 300.00 in two pieces: 10 % off the bread beside it."""
    bread = line(1, 50_00, goods("bread"))
    two = "{all: [{group_in: [bread]}, {basket_has: {goods: [coffee], quantity: 2, sum: 300.00}}]}"

    def off(*others: Line) -> bool:
        return holds(two, bought=receipt(bread, *others))

    coffee = goods("coffee/beans")
    assert off(line(2, 150_00, coffee, quantity=2000))
    assert off(line(2, 150_00, coffee), line(3, 150_00, coffee))
    assert not off(line(2, 300_00, coffee))
    assert not off(line(2, 149_99, coffee, quantity=2000))
    assert not off(line(2, 150_00, goods("coffee", flags=[Flag.TOBACCO]), quantity=2000))


def test_a_list_of_goods_may_name_brands_and_flags() -> None:
    brand = replace(goods("tea"), brand="bean")

    assert holds("{goods_in: [beans]}", bought=receipt(line(1, 100_00, brand)))
    sale = line(1, 100_00, goods("tea", flags=[Flag.SALE]))
    assert holds("{goods_in: [beans]}", bought=receipt(sale))
    assert not holds("{goods_in: [beans]}", bought=receipt(line(1, 100_00, goods("tea"))))


def test_a_floor_may_be_of_a_brand_or_a_flag() -> None:
    tail = LISTS + "floors:\n  - {goods: [beans], price: 95.00}\n"
    brand = replace(goods("tea"), brand="bean")
    pack = compiled(pack_text(discount_rule("a", "10 %"), tail=tail))

    for what in (brand, goods("tea", flags=[Flag.SALE])):
        found = evaluate(pack, None, receipt(line(1, 100_00, what)), MOMENT)
        assert found.totals.payable_minor == 95_00


@pytest.mark.parametrize(
    ("condition", "path", "fault"),
    [
        ("{time_in: [{from: 25:00}]}", "rules.0.if.time_in.0.from", "bad_clock"),
        ("{time_in: [{from: 9:00}]}", "rules.0.if.time_in.0.from", "bad_clock"),
        ("{time_in: [{from: 10:00, to: 10:00}]}", "rules.0.if.time_in.0", "no_hours"),
        ("{time_in: [{from: 24:00, to: 00:00}]}", "rules.0.if.time_in.0", "no_hours"),
        ("{day_in: [{from: 2026-02-01, to: 2026-01-01}]}", "rules.0.if.day_in", "window"),
        ("{day_of_month_in: [32]}", "rules.0.if.day_of_month_in.0", "bad_number"),
        ("{month_in: [smarch]}", "rules.0.if.month_in.0", "unknown_word"),
        ("{near: {before_days: 181}}", "rules.0.if.near.before_days", "too_long_window"),
        ("{age: {from: 5, to: 4}}", "rules.0.if.age", "window"),
        ("{age: {from: 2000}}", "rules.0.if.age.from", "too_old"),
        ("{counted: {of: nothing, at_least: 1}}", "rules.0.if.counted.of", "unknown_name"),
        (
            "{counted: {of: cups, window: calendar year, at_least: 1}}",
            "rules.0.if.counted.window",
            "not_for_counters",
        ),
        ("{counted: {of: cups, window: weekly, at_least: 1}}", "rules.0.if.counted.window", ""),
        ("{basket_has: {goods: [nothing]}}", "rules.0.if.basket_has.goods", "unknown_name"),
        ("{quantity_from: 1.0001}", "rules.0.if.quantity_from", "bad_number"),
        ("{paid_in: [gold]}", "rules.0.if.paid_in.0", "unknown_word"),
    ],
)
def test_an_operand_that_makes_no_sense_is_refused_with_its_place(
    condition: str, path: str, fault: str
) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_text(discount_rule("a", "5 %", condition), tail=LISTS + COUNTER))

    assert refused.value.path == path
    assert refused.value.fault == (fault or "bad_period")


@pytest.mark.parametrize(
    ("effect", "fault"),
    [
        ("percent: 5 %, counter: cups", "counter_nth"),
        ("percent: 5 %, nth: 6, counter: mugs", "unknown_name"),
        ("percent: 5 %, nth: 6, counter: spent", "not_pieces"),
    ],
)
def test_a_counter_that_counts_no_pieces_makes_no_nth(effect: str, fault: str) -> None:
    rule = f"  - {{id: a, {TITLE}, then: [{{effect: discount, {effect}}}]}}\n"

    with pytest.raises(PackError) as refused:
        read_pack(pack_text(rule, tail=COUNTER))

    assert refused.value.fault == fault


def test_what_is_used_is_required_and_reads_back() -> None:
    condition = "{all: [{time_in: [{to: 10:00}]}, {counted: {of: cups, at_least: 5}}]}"
    pack = read_pack(pack_text(SIXTH, discount_rule("a", "5 %", condition), tail=LISTS + COUNTER))

    assert load_canonical(canonical(pack)) == pack
    used = {"if.time_in", "if.counted", "counters", "discount.counter", "lists.brands"}
    assert used | {"lists.flags"} <= set(pack.requires)


def test_every_form_of_a_condition_is_of_an_operator() -> None:
    assert FORMS.keys() <= NAMES.keys()
