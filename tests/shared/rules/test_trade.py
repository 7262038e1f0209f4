"""Mechanics of trade: for every so much, at most so many, by quantity, bans, words, named days."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.basket import Flag, Goods, Line
from shared.member import DayCount, History, MemberView, NamedDay, Use
from shared.receipt import Receipt, Redeem
from shared.rules.evaluate import evaluate
from shared.rules.lint import lint
from shared.rules.moment import Moment
from shared.rules.pack import PackError, canonical, load_canonical, read_pack
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    MOMENT,
    TITLE,
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
from tests.shared.rules.test_receipt_stacking import effect_rule, stacking

GIVEN = "activation: at once, expiry: never"


def priced(text: str, *lines: Line, who: MemberView | None = None) -> Evaluation:
    return evaluate(compiled(text), who, receipt(*lines), MOMENT)


def discounts(text: str, *lines: Line, who: MemberView | None = None) -> list[int]:
    return [row.discount_minor for row in priced(text, *lines, who=who).lines]


def earned(effect: str, *lines: Line, tail: str = "") -> int:
    rule = earn_rule("e", f"{{effect: earn, wallet: bonus, {GIVEN}, {effect}}}")
    return priced(pack_text(rule, tail=tail), *lines, who=member()).totals.earned_points


@pytest.mark.parametrize(("sum_minor", "points"), [(99_99, 0), (100_00, 5), (299_99, 10)])
def test_points_for_every_full_sum_of_the_receipt(sum_minor: int, points: int) -> None:
    """5 points for each 100.00: 299.99 has two of them, over its lines together."""
    half = sum_minor // 2
    lines = (line(1, half), line(2, sum_minor - half))

    assert earned("points: 5.00, every: 100.00", *lines) == points * 100


def test_points_for_every_three_units_and_for_each_litre_of_a_list() -> None:
    """7 units are twice three; 40.5 litres of premium at 2 points and 10 of others at 1."""
    tail = (
        "lists:\n  premium: {groups: [fuel/100]}\n"
        "tables:\n  litres: {by: receipt_sum, columns: [premium, rest], rows: "
        "[{from: 0.00, amounts: [2.00, 1.00]}]}\n"
    )
    fuel = (
        line(1, 60_00, goods("fuel/100"), quantity=40_500),
        line(2, 50_00, goods("fuel/95"), quantity=10_000),
    )

    assert earned("points: 10.00, every_pieces: 3", line(1, 50_00, quantity=7000)) == 20_00
    assert earned("table: litres", *fuel, tail=tail) == 81_00 + 10_00


def test_an_amount_off_for_every_full_sum_by_line_or_by_receipt() -> None:
    """100.00 off each 1 000.00: lines of 1 900.00 and 1 100.00 have one each, together three."""
    rule = effect_rule("a", "discount, amount: 100.00, every: 1000.00")
    tree = stacking("group: top, mode: best, scope: receipt, children: [a]")
    lines = (line(1, 1900_00), line(2, 1100_00))

    assert discounts(pack_text(rule), *lines) == [100_00, 100_00]
    assert discounts(pack_text(rule, tail=tree), *lines) == [190_00, 110_00]
    assert discounts(pack_text(rule, tail=tree), line(1, 999_99)) == [0]


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("percent: 50 %", [100_00, 50_00, 0]),
        ("price: 60.00", [80_00, 40_00, 0]),
        ("amount: 30.00", [60_00, 30_00, 0]),
    ],
)
def test_a_discount_of_at_most_so_many_units_takes_the_first_lines(
    effect: str, expected: list[int]
) -> None:
    """Three at 100.00 of five: two of the first line, one of the two on the second."""
    text = pack_text(effect_rule("a", f"discount, {effect}, pieces_max: 3"))
    lines = (line(1, 100_00, quantity=2000), line(2, 100_00, quantity=2000), line(3, 100_00))

    assert discounts(text, *lines) == expected


@pytest.mark.parametrize(
    ("by", "first", "expected"),
    [
        ("eligible_quantity", "3", [10_00, 20_00]),
        ("line_quantity", "2", [0, 20_00]),
        ("line_price", "100.00", [0, 0]),
        ("line_price", "50.00", [10_00, 20_00]),
        ("eligible_sum", "150.00", [10_00, 20_00]),
    ],
)
def test_a_table_is_by_quantity_or_by_each_line(by: str, first: str, expected: list[int]) -> None:
    """One piece and two of 50.00 with 20 % from the band on."""
    tail = f"tables:\n  t: {{by: {by}, rows: [{{from: {first}, percents: [20 %]}}]}}\n"
    text = pack_text(effect_rule("a", "discount, table: t"), tail=tail)

    assert discounts(text, line(1, 50_00), line(2, 50_00, quantity=2000)) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("by: turnover, window: calendar month", 20_00),
        ("by: turnover, window: calendar week", 10_00),
        ("by: turnover", 30_00),
        ("by: purchases, window: calendar month", 10_00),
        ("by: counter, counter: cups, window: calendar month", 20_00),
        ("by: counter, counter: cups", 30_00),
    ],
)
def test_a_table_is_by_what_the_member_did_in_a_period(options: str, expected: int) -> None:
    """3 000.00 in March, 200.00 on 2 April; so it is of cups, 30 and 2."""
    counters = "counters:\n  cups: {title: {ru: Ч, en: C}}\n"
    rows = (
        "[{from: 0.00, percents: [10 %]}, {from: 2.00, percents: [20 %]}, "
        "{from: 300.00, percents: [30 %]}]"
    )
    if "turnover" in options:
        rows = rows.replace("2.00", "200.00").replace("300.00", "3000.00")
    text = pack_text(
        effect_rule("a", "discount, table: t"),
        tail=f"{counters}tables:\n  t: {{{options}, rows: {rows}}}\n",
    )
    march, april = date(2026, 3, 20), date(2026, 4, 2)
    who = replace(
        member(turnover_minor=3200_00),
        receipts=2,
        history=History(
            days=(DayCount(march, 3000_00, 0, 1), DayCount(april, 200_00, 0, 1)),
            uses=(Use("count.cups", march, 1, 300_00), Use("count.cups", april, 1, 2_00)),
        ),
    )

    assert discounts(text, line(1, 100_00), who=who) == [expected]
    assert discounts(text, line(1, 100_00)) == [0]


BANS = """
lists:
  medicine: {groups: [rx]}
bans:
  - {goods: [medicine], closes: [discounts, payment_with_points]}
  - {goods: [medicine], closes: [earning]}
"""


def test_no_rule_opens_what_the_programme_keeps_out() -> None:
    rules = (discount_rule("a", "50 %"), redeem_rule("r", "percent: 90 %"), earn_rule("e"))
    bought = receipt(line(1, 100_00, goods("rx/pills")), line(2, 100_00), redeem=Redeem.MAXIMUM)

    pack = compiled(pack_text(*rules, tail=BANS))
    found = evaluate(pack, member(lot(1, 900_00)), bought, MOMENT)

    assert [row.payable_minor for row in found.lines] == [100_00, 5_00]
    assert [row.earned_points for row in found.lines] == [0, 0]
    assert found.lines[0].turnover_minor == 100_00
    assert found.trace[0].reason.en == (
        "The programme leaves these goods out: discounts, payment with points, earning"
    )


NIGHT = """
lists:
  strong: {flags: [alcohol]}
bans:
  - {goods: [strong], closes: [discounts, earning], time_in: [{from: 23:00, to: 08:00}]}
"""


@pytest.mark.edge("E22")
@pytest.mark.parametrize(
    ("clock", "off"), [("22:59", 50_00), ("23:00", 25_00), ("07:59", 25_00), ("08:00", 50_00)]
)
def test_a_night_campaign_gives_nothing_for_alcohol_while_it_may_not_be_sold(
    clock: str, off: int
) -> None:
    """A quarter off the wine and the cheese; at night off the cheese alone."""
    rules = discount_rule("night", "25 %"), earn_rule("e")
    bottle = line(1, 100_00, goods("wine", flags=[Flag.ALCOHOL]))
    at = datetime.fromisoformat(f"2026-04-10T{clock}+03:00").astimezone(UTC)
    pack = compiled(pack_text(*rules, tail=NIGHT))

    found = evaluate(pack, member(), receipt(bottle, line(2, 100_00)), Moment(at, "Europe/Moscow"))

    assert found.totals.discount_minor == off
    assert (found.lines[0].earned_points > 0) is (off == 50_00)


@pytest.mark.edge("E22")
def test_a_night_campaign_for_alcohol_alone_is_found_to_promise_what_it_cannot() -> None:
    hours = "{time_in: [{from: 23:30, to: 02:00}]}"
    rule = discount_rule("night", "25 %", f"{{all: [{{flag_in: [alcohol]}}, {hours}]}}")

    assert [doubt.code for doubt in lint(compiled(pack_text(rule, tail=NIGHT))).doubts] == ["dead"]
    assert lint(compiled(pack_text(rule))).doubts == ()


@pytest.mark.edge("E65")
def test_lines_marked_so_and_banned_ones_are_no_turnover_but_earn() -> None:
    tail = "lists:\n  cards: {groups: [cards]}\nbans:\n  - {goods: [cards], closes: [turnover]}\n"
    lines = (
        line(1, 100_00),
        line(2, 100_00, goods("food", flags=[Flag.EXCLUDE_TURNOVER])),
        line(3, 100_00, goods("cards/gift")),
    )

    found = priced(pack_text(earn_rule("e"), tail=tail), *lines, who=member())

    assert [row.turnover_minor for row in found.lines] == [100_00, 0, 0]
    assert found.totals.earned_points == 15_00


@pytest.mark.parametrize(("asked", "paid"), [(9_00, 0), (10_00, 10_00), (50_00, 50_00)])
def test_fewer_points_than_the_least_do_not_pay(asked: int, paid: int) -> None:
    pack = compiled(pack_text(redeem_rule("r", "percent: 50 %, at_least: 10.00")))
    bought = receipt(line(1, 100_00), redeem=Redeem.EXACT, points=asked)

    found = evaluate(pack, member(lot(1, 100_00)), bought, MOMENT)
    poor = evaluate(pack, member(lot(1, 9_00)), bought, MOMENT)

    assert found.redemption.redeemed == paid
    assert poor.redemption.maximum == 0
    assert "redeem_least" in [limit.code for limit in poor.redemption.limits]


def test_a_rule_may_have_the_cashier_say_something() -> None:
    words = "words: {ru: Предложите фильтр, en: Offer a filter}"
    text = pack_text(effect_rule("h", f"hint, {words}", "{group_in: [coffee]}"))

    with_coffee = priced(text, line(1, 100_00, goods("coffee")))
    without = priced(text, line(1, 100_00, goods("tea")))

    assert [(hint.code, hint.ru) for hint in with_coffee.hints] == [("hint", "Предложите фильтр")]
    assert with_coffee.applied == ("h",)
    assert (without.hints, without.rejected[0].reason.code) == ((), "no_goods")


def test_each_date_of_a_name_is_celebrated_once_a_year() -> None:
    grant = (
        f"grants:\n  - {{id: child, {TITLE}, on: date, of: child, before_days: 3, after_days: 3, "
        "points: 100.00, wallet: bonus, expiry: 30 days}\n"
    )
    pack = compiled(pack_text(tail=grant))
    twins = (NamedDay("child", date(2020, 4, 10)), NamedDay("child", date(2022, 4, 12)))
    who = replace(member(), dates=(*twins, NamedDay("wedding", date(2015, 4, 10))))
    told: list[list[str]] = []
    for _ in range(3):
        found = evaluate(pack, who, receipt(line(1, 100_00)), MOMENT)
        told.append(
            [f"{one.kind} {one.period}" for one in found.once]
            or [refused.reason.code for refused in found.rejected]
        )
        lots = tuple(one.lot for one in found.once)
        who = replace(who, history=History(once=(*who.history.once, *lots)))

    assert told == [["child 2026 2020-04-10"], ["child 2026 2022-04-12"], ["had_once"]]
    assert "dates" in pack.fields_read


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (pack_text(effect_rule("a", "discount, percent: 5, every: 10.00")), "every_amount"),
        (
            pack_text(
                earn_rule("e", f"{{effect: earn, wallet: bonus, {GIVEN}, percent: 5, every: 1.00}}")
            ),
            "every_points",
        ),
        (
            pack_text(tail="tables:\n  t: {by: counter, rows: [{from: 0.00, percents: [1]}]}\n"),
            "counter",
        ),
        (
            pack_text(
                tail="tables:\n  t: {by: receipt_sum, window: calendar day, rows: "
                "[{from: 0.00, percents: [1]}]}\n"
            ),
            "window_of_member",
        ),
        (pack_text(tail="bans:\n  - {goods: [none], closes: [earning]}\n"), "unknown_name"),
        (pack_text(tail=BANS.replace("[earning]", "[all]")), "unknown_word"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(text)

    assert refused.value.fault == fault


def test_what_is_used_is_required_and_reads_back() -> None:
    rules = (
        effect_rule("a", "discount, amount: 100.00, every: 1000.00, pieces_max: 3"),
        effect_rule("h", "hint, words: {ru: Р, en: E}"),
        redeem_rule("r", "percent: 50 %, at_least: 10.00"),
    )
    pack = read_pack(pack_text(*rules, tail=BANS))

    assert load_canonical(canonical(pack)) == pack
    assert {"discount.every", "discount.pieces_max", "then.hint", "bans"} <= set(pack.requires)
    assert "then.redeem.at_least" in pack.requires


def sold_at(hour: int, minute: int = 0) -> tuple[Receipt, Moment]:
    bought = receipt(Line(1, Goods("t", group="tickets"), 1000, 500_00))
    return bought, Moment(datetime(2026, 4, 14, hour - 3, minute, tzinfo=UTC), "Europe/Moscow")


@pytest.mark.parametrize(("hour", "off"), [(9, 0), (10, 150_00), (13, 150_00), (14, 0)])
def test_happy_hours_of_a_weekday(hour: int, off: int) -> None:
    condition = "{all: [{weekday_in: [tue]}, {time_in: [{from: 10:00, to: 14:00}]}]}"
    pack = compiled(pack_text(discount_rule("a", "30 %", condition)))

    assert evaluate(pack, None, *sold_at(hour)).totals.discount_minor == off


def test_percent_points_without_any_discount_are_a_pack_and_give_by_their_word() -> None:
    """There is nothing to add to; `only_if_discounted: no` gives the points to all lines."""
    for only, expected in (("yes", 0), ("no", 11_00)):
        effect = f"add_percent_points, percent: 11 %, only_if_discounted: {only}"
        assert discounts(pack_text(effect_rule("code", effect)), line(1, 100_00)) == [expected]


def test_an_amount_off_the_receipt_has_no_pieces_to_limit() -> None:
    """30.00 off the receipt, however many pieces, on the lines that have the first two."""
    tree = stacking("group: top, mode: best, scope: receipt, children: [a, b]")
    text = pack_text(
        effect_rule("a", "discount, amount: 30.00, pieces_max: 2"),
        discount_rule("b", "1 %"),
        tail=tree,
    )

    assert discounts(text, line(1, 100_00, quantity=3000), line(2, 50_00)) == [30_00, 0]
