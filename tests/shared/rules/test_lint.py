"""The linter: doubts that are there and none that are not, and the worst basket of all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import combinations, product
from time import process_time
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.basket import Flag, Goods, Line
from shared.member import DayCount, History, MemberView, Use
from shared.receipt import Receipt, Redeem, TenderKind
from shared.rules.basket_words import basket_words
from shared.rules.dates import add_months
from shared.rules.evaluate import evaluate
from shared.rules.lint import Opinion, lint
from shared.rules.moment import Moment
from shared.rules.worst import PROBES_MAX, survey
from tests.shared.rules.builders import (
    ACCOUNT,
    MEMBER,
    TITLE,
    compiled,
    discount_rule,
    lot,
    pack_text,
    redeem_rule,
    wine_text,
)

SECONDS_MAX = 60
"""Of processor time for a pack that is too large to try everything; it takes 5."""


def opinion(*rules: str, tail: str = "") -> Opinion:
    return lint(compiled(pack_text(*rules, tail=tail)))


def codes(found: Opinion) -> list[tuple[str, str]]:
    return [(doubt.code, doubt.path) for doubt in found.doubts]


def test_the_shipped_pack_leaves_no_doubt() -> None:
    """An old card of 15 % on 299.99 gives 44.9985, rounded to 45.00: a trifle more than 15 %."""
    found = lint(compiled(wine_text()))

    assert codes(found) == []
    worst = found.survey.worst_discount
    assert worst is not None
    assert worst.trial.segments == {"card_15"}
    assert (worst.benefit_minor, worst.base_minor) == (45_00, 299_99)


def test_a_rule_whose_conditions_exclude_each_other_is_dead() -> None:
    never = "{all: [{member: unknown}, {tier_in: [high]}]}"

    assert codes(opinion(discount_rule("a", "5 %", never))) == [("dead", "rules.0")]


def test_a_discount_that_always_gives_way_is_shadowed() -> None:
    found = opinion(discount_rule("a", "5 %", "{group_in: [wine/red]}"), discount_rule("b", "7 %"))

    assert codes(found) == [("shadowed", "rules.0")]
    assert found.doubts[0].words.en == "'Rule' always gives way to 'Rule'"


def test_a_discount_that_wins_once_is_not_shadowed() -> None:
    condition = "{not: {receipt_sum_from: 300.00}}"

    assert codes(opinion(discount_rule("a", "5 %"), discount_rule("b", "7 %", condition))) == []


def test_a_window_that_is_over_before_the_pack_begins() -> None:
    then = "then: [{effect: discount, percent: 5}]"
    rule = f"  - {{id: a, {TITLE}, when: {{to: 2025-12-31}}, {then}}}\n"

    assert codes(opinion(rule)) == [("never_opens", "rules.0"), ("dead", "rules.0")]


@pytest.mark.parametrize(
    ("was", "is_now", "expected"),
    [
        ("from: 150000.00", "from: 5000000000.00", ("tier_out_of_reach", "tiers.steps.2.from")),
        ("bonus: 7 %", "bonus: 4 %", ("tier_worse", "tiers.steps.2.percents.bonus")),
    ],
)
def test_tiers_out_of_reach_or_in_the_wrong_order(
    was: str, is_now: str, expected: tuple[str, str]
) -> None:
    assert codes(lint(compiled(wine_text().replace(was, is_now)))) == [expected]


def test_a_price_below_the_floor_of_the_same_goods() -> None:
    then = "then: [{effect: discount, price: 300.00}]"
    rule = f"  - {{id: a, {TITLE}, if: {{sku_in: [vodka]}}, {then}}}\n"
    tail = "lists:\n  strong: {skus: [vodka]}\nfloors:\n  - {goods: [strong], price: 349.00}\n"

    found = opinion(rule, tail=tail)

    assert codes(found) == [("below_floor", "rules.0")]
    assert "349" in found.doubts[0].words.ru


FLOORS = (
    "lists:\n  strong: {groups: [spirits]}\n  vodka: {groups: [spirits/vodka]}\n"
    "  one: {skus: [v1]}\nfloors:\n  - {goods: [strong, one], price: 349.00}\n"
    "price_lists:\n  cheap: {prices: {v1: 348.99, v2: 1.00}}\n"
)
PRICE = "effect: discount, price: 348.99"


@pytest.mark.parametrize(
    "rule",
    [
        f"  - {{id: a, {TITLE}, if: {{goods_in: [vodka]}}, then: [{{{PRICE}}}]}}\n",
        f"  - {{id: a, {TITLE}, if: {{group_in: [spirits/vodka/rye]}}, then: [{{{PRICE}}}]}}\n",
        f"  - {{id: a, {TITLE}, then: [{{effect: price, list: cheap}}]}}\n",
        f"  - {{id: a, {TITLE}, then: [{{effect: bundle, "
        "parts: [{goods: [vodka], pieces: 2}], price: 697.00}]}\n",
    ],
    ids=["list", "group", "prices", "bundle"],
)
def test_a_floor_is_of_the_same_goods_however_they_are_named(rule: str) -> None:
    assert ("below_floor", "rules.0") in codes(opinion(rule, tail=FLOORS))


def test_a_price_at_the_floor_is_no_conflict() -> None:
    rule = f"  - {{id: a, {TITLE}, if: {{goods_in: [vodka]}}, then: [{{{PRICE}}}]}}\n"

    assert codes(opinion(rule.replace("348.99", "349.00"), tail=FLOORS)) == []


EARN = "effect: earn, wallet: bonus, percent: 5"
CODE = "codes:\n  c: {title: {ru: К, en: C}, words: [C]WINDOW}\n"


@pytest.mark.parametrize(
    ("rule", "tail", "expected"),
    [
        (
            f"then: [{{{EARN}, activation: after 30 days, expiry: 29 days}}]",
            "",
            ("dead_lot", "rules.0.then.0.expiry"),
        ),
        (
            f"then: [{{{EARN}, activation: at once, expiry: 2025-12-31}}]",
            "",
            ("dead_lot", "rules.0.then.0.expiry"),
        ),
        (
            "limits: [{points: 5.00, window: day}], then: [{effect: discount, percent: 5}]",
            "",
            ("idle_limit", "rules.0.limits.0"),
        ),
        (
            f"limits: [{{discount: 5.00, window: day}}], "
            f"then: [{{{EARN}, activation: at once, expiry: never}}]",
            "",
            ("idle_limit", "rules.0.limits.0"),
        ),
        ("then: [{effect: discount, percent: 5}]", CODE, ("idle_code", "codes.c")),
        (
            "if: {code_in: [c]}, then: [{effect: discount, percent: 5}]",
            CODE.replace("WINDOW", ", when: {to: 2025-12-31}"),
            ("never_opens", "codes.c"),
        ),
        (
            "if: {day_in: [{to: 2025-12-31}]}, then: [{effect: discount, percent: 5}]",
            "",
            ("never_opens", "rules.0"),
        ),
    ],
)
def test_what_can_never_be_of_use_is_named(rule: str, tail: str, expected: tuple[str, str]) -> None:
    found = opinion(f"  - {{id: a, {TITLE}, {rule}}}\n", tail=tail.replace("WINDOW", ""))

    assert expected in codes(found)


def test_a_payment_whose_least_is_over_its_most_is_dead() -> None:
    rule = redeem_rule("pay", "percent: 50 %, at_least: 100.00, at_most: 50.00")

    assert codes(opinion(rule)) == [("dead", "rules.0")]


def test_points_that_live_as_long_as_they_wait_are_no_doubt() -> None:
    then = f"then: [{{{EARN}, activation: after 30 days, expiry: 30 days}}]"

    assert codes(opinion(f"  - {{id: a, {TITLE}, {then}}}\n")) == []


@pytest.mark.parametrize(
    ("metric", "window", "reach", "is_out"),
    [
        ("points", "lifetime", "5.00", True),
        ("visits", "calendar week", "141.00", True),
        ("visits", "calendar week", "140.00", False),
        ("turnover", "calendar week", "141.00", False),
    ],
)
def test_a_tier_is_out_of_reach_by_what_it_counts(
    metric: str, window: str, reach: str, is_out: bool
) -> None:
    text = pack_text(discount_rule("a", "5 %")).replace("from: 1000.00", f"from: {reach}")
    text = text.replace("tiers:\n", f"tiers:\n  metric: {metric}\n  window: {window}\n")

    found = codes(lint(compiled(text)))

    assert (("tier_out_of_reach", "tiers.steps.1.from") in found) == is_out


@pytest.mark.capability("FASHION-02")
def test_discounts_that_add_up_are_shown_with_their_basket() -> None:
    tail = "stacking:\n  - {group: g, mode: all_on_base, children: [card, promo]}\n"
    rules = (
        discount_rule("card", "20 %", "{tier_in: [high]}"),
        discount_rule("promo", "30 %", "{all: [{flag_in: [sale]}, {receipt_sum_from: 500.00}]}"),
    )

    pack = compiled(pack_text(*rules, tail=tail))
    worst = lint(pack).survey.worst_discount

    assert worst is not None
    assert (worst.trial.tier, worst.trial.flags) == ("high", ("sale",))
    assert worst.share == Fraction(1, 2)
    words = basket_words(pack.source, worst).ru.replace("\u00a0", " ")
    assert words.endswith("выгода 5 000 ₽ (50 %), из них скидка 5 000 ₽, бонусами 0 ₽")


NAMED = "lists:\n  a: {groups: [a]}\n  b: {groups: [b]}\n"
ADD_UP = "stacking:\n  - {group: g, mode: all_on_base, children: [x, y]}\n"
MONTH = "window: calendar month"


def rule_of(effect: str, rule: str = "x") -> str:
    return f"  - {{id: {rule}, {TITLE}, then: [{{{effect}}}]}}\n"


@pytest.mark.parametrize(
    ("rules", "tail", "share"),
    [
        # a of 10 000 and two b of 10 000 for 100 together: 29 900 of 30 000
        (
            rule_of(
                "effect: bundle, parts: [{goods: [a], pieces: 1}, {goods: [b], pieces: 2}], "
                "price: 100.00"
            ),
            NAMED,
            Fraction(29_900, 30_000),
        ),
        # a gift of 10 000 beside two a of a kopeck
        (
            rule_of(
                "effect: bundle, parts: [{goods: [a], pieces: 2}], gift: {goods: [b], pieces: 1}"
            ),
            NAMED,
            Fraction(10_000_00, 10_000_02),
        ),
        # the sixth cup of all, bought alone
        (
            rule_of("effect: discount, percent: 100 %, nth: 6, counter: cups"),
            "counters:\n  cups: {title: {ru: Ч, en: C}}\n",
            Fraction(1),
        ),
        # 20 % for the money of a month and 10 % for its purchases
        (
            rule_of("effect: discount, table: t") + rule_of("effect: discount, table: u", "y"),
            "tables:\n"
            f"  t: {{by: turnover, {MONTH}, rows: [{{from: 2000.00, percents: [20 %]}}]}}\n"
            f"  u: {{by: purchases, {MONTH}, rows: [{{from: 3.00, percents: [10 %]}}]}}\n{ADD_UP}",
            Fraction(3, 10),
        ),
        # four pieces together
        (
            rule_of("effect: discount, table: t"),
            "tables:\n  t: {by: eligible_quantity, rows: [{from: 4.00, percents: [9 %]}]}\n",
            Fraction(9, 100),
        ),
        # every second purchase and every third: the sixth is both
        (
            discount_rule("x", "10 %", "{every_nth_purchase: 2}")
            + discount_rule("y", "20 %", "{every_nth_purchase: 3}"),
            ADD_UP,
            Fraction(3, 10),
        ),
        # a code of one region and one segment
        (
            discount_rule("x", "15 %", "{code_in: [c]}"),
            "codes:\n  c: {title: {ru: К, en: C}, words: [C], regions: [msk], segments: [vip]}\n",
            Fraction(15, 100),
        ),
    ],
    ids=["bundle", "gift", "counter", "month", "pieces", "purchases", "code"],
)
def test_what_takes_more_than_one_line_or_receipt_is_found(
    rules: str, tail: str, share: Fraction
) -> None:
    found = opinion(rules, tail=tail)

    assert codes(found) == []
    assert found.survey.complete
    assert found.survey.worst_discount is not None
    assert found.survey.worst_discount.share == share


def test_what_is_counted_in_two_windows_is_not_called_complete() -> None:
    conditions = [
        f"{{counted: {{of: turnover, window: {window}, at_least: {least}.00}}}}"
        for window, least in (("lifetime", 9_000), ("calendar month", 2_000))
    ]
    rules = [discount_rule(f"r{no}", "5 %", one) for no, one in enumerate(conditions)]

    assert not opinion(*rules).survey.complete


MANY = [
    discount_rule(
        f"o{no}",
        "3 %",
        f"{{any: [{{store_in: [s{no}]}}, {{region_in: [g{no}]}}, {{sku_in: [k{no}]}}]}}",
    )
    for no in range(20)
]


def test_a_dead_rule_among_many_is_found() -> None:
    never = "{all: [{member: unknown}, {away_days_from: 45}]}"

    found = opinion(*MANY, discount_rule("never", "9 %", never))

    assert not found.survey.complete
    assert codes(found) == [("dead", "rules.20")]


def test_a_rule_that_always_gives_way_among_many_is_found() -> None:
    goods = "{group_in: [wine]}"

    found = opinion(*MANY, discount_rule("less", "7 %", goods), discount_rule("more", "9 %", goods))

    assert not found.survey.complete
    assert codes(found) == [("shadowed", "rules.20")]


def test_the_dearest_basket_of_many_rules_is_found_where_it_takes_several_things_at_once() -> None:
    four = "[{segment_in: [vip]}, {weekday_in: [sun]}, {mark_in: [pickup]}, {brand_in: [best]}]"

    worst = opinion(*MANY, discount_rule("four", "80 %", f"{{all: {four}}}")).survey.worst_discount

    assert worst is not None
    assert worst.share == Fraction(4, 5)


def test_of_very_many_rules_each_is_tried_where_it_does_something() -> None:
    """A few trials for each: every one needs a store, a region and goods of its own."""
    rules = [
        discount_rule(
            f"r{no}",
            f"{no % 50} %",
            f"{{all: [{{store_in: [s{no}]}}, {{region_in: [g{no}]}}, {{sku_in: [k{no}]}}]}}",
        )
        for no in range(600)
    ]

    worst = survey(compiled(pack_text(*rules)), 6_000).worst_discount

    assert worst is not None
    assert worst.share == Fraction(49, 100)


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar_are_no_trouble(at: str) -> None:
    days = "{any: [{day_in: [{to: 0001-01-02}]}, {day_in: [{from: 9999-12-31}]}]}"
    life = "{any: [{age: {from: 150}}, {member_days_from: 1000000}]}"
    text = pack_text(discount_rule("a", "5 %", days), discount_rule("b", "6 %", life))

    found = lint(compiled(text.replace("2026-01-01T00:00", at)))

    assert ("dead", "rules.0") in codes(found)


def test_a_pack_too_large_to_try_out_is_climbed_in_bounded_time() -> None:
    rules = [
        discount_rule(
            f"r{no}",
            f"{1 + no % 40} %",
            f"{{all: [{{store_in: [s{no}]}}, {{sku_in: [k{no}]}}, {{region_in: [g{no % 7}]}}]}}",
        )
        for no in range(60)
    ]
    start = process_time()

    found = survey(compiled(pack_text(*rules)))

    assert process_time() - start < SECONDS_MAX
    assert not found.complete
    assert found.tried <= PROBES_MAX


def test_climbing_finds_what_takes_two_at_once() -> None:
    """Neither the mark nor the sum alone gives anything, and other discounts lie on the way."""
    others = [discount_rule(f"o{no}", "3 %", f"{{store_in: [s{no}]}}") for no in range(40)]
    two = "{all: [{flag_in: [sale]}, {receipt_sum_from: 50000.00}]}"
    groups = "{any: [{group_in: [a]}, {group_in: [b]}, {group_in: [c]}, {sku_in: [d]}]}"
    pack = compiled(
        pack_text(
            discount_rule("two", "50 %", two),
            discount_rule("goods", "1 %", groups),
            *others,
        )
    )

    found = survey(pack, probes_max=10_000)

    assert not found.complete
    assert found.worst_discount is not None
    assert found.worst_discount.trial.price_minor == 50_000_00
    assert found.worst_discount.share == Fraction(1, 2)


# The same by brute force: every raw border of every condition, none merged with another.

TODAY = date(2026, 1, 1)
SUMS = (100_00, 5_000_00, 20_000_00)
COUNTS = {2000: "{quantity_from: 2}", 1500: "{quantity_from: 1.500}"}
BESIDE = (6_99, 7_00)
"""Prices at the border of what other goods must come to: a share is rounded at the sum of both."""
ROUNDED = Fraction(2, BESIDE[0])
"""Two kopecks of the smallest receipt: other goods may cost what is not tried here. A rule that was
missed is at least a whole percent."""
LEAST = {"mugs": (2000, 3_50), "tea": (1000, 1)}
"""The least of other goods that conditions ask for: quantity and price."""
OPERATORS = {
    "tier": ["{tier_in: [base]}", "{tier_in: [high]}", "{member: known}", "{member: unknown}"],
    "segments": [
        "{segment_in: [a]}",
        "{segment_in: [b]}",
        "{segment_in: [b, c]}",
        "{segment_in: [a, c]}",
    ],
    "region": ["{region_in: [north]}", "{region_in: [north, south]}"],
    "day": ["{weekday_in: [mon, tue]}", "{weekday_in: [tue, sun]}"],
    "price": [f"{{receipt_sum_from: {minor // 100}.00}}" for minor in SUMS],
    "group": ["{group_in: [wine]}", "{group_in: [wine/red, beer]}", "{goods_in: [some]}"],
    "sku": ["{sku_in: [s1]}", "{sku_in: [s1, s2]}", "{goods_in: [some]}"],
    "flags": ["{flag_in: [sale]}", "{flag_in: [alcohol]}", "{flag_in: [sale, alcohol]}"],
    "codes": ["{code_in: [c1]}", "{code_in: [c2]}", "{code_in: [c1, c2]}"],
    "clock": [
        "{time_in: [{from: 09:00, to: 18:00}]}",
        "{time_in: [{from: 22:00, to: 02:00}, {from: 17:00, to: 18:00}]}",
    ],
    "ago": [
        "{near: {before_days: 3, after_days: 1}}",
        "{age: {from: 18, to: 59}}",
        "{age: {from: 60}}",
    ],
    "cups": ["{counted: {of: cups, at_least: 5}}", "{counted: {of: cups, at_least: 2}}"],
    "away": ["{away_days_from: 30}"],
    "marks": ["{mark_in: [pickup]}", "{mark_in: [gift]}", "{mark_in: [pickup, gift]}"],
    "paid_in": ["{paid_in: [cash]}", "{paid_in: [cash, card]}"],
    "referred": ["{referred: yes}"],
    "quantity": [*COUNTS.values()],
    "beside": [
        "{basket_has: {goods: [mugs], quantity: 2, sum: 7.00}}",
        "{basket_has: {goods: [tea]}}",
    ],
}
RAW: dict[str, list[Any]] = {
    "tier": [None, "base", "high"],
    "segments": [frozenset(s) for n in range(4) for s in combinations("abc", n)],
    "region": ["north", "south", "east"],
    "day": [date(2026, 1, 1) + timedelta(days=no) for no in range(7)],
    "price": [10_000_00],
    "group": ["wine", "wine/red", "wine/white", "beer", "bread"],
    "sku": ["s1", "s2", "s3"],
    "flags": [frozenset(s) for n in range(3) for s in combinations([Flag.SALE, Flag.ALCOHOL], n)],
    "codes": [(), ("C1",), ("C2",), ("C1", "C2")],
    "clock": [
        "00:00",
        "01:59",
        "02:00",
        "08:59",
        "09:00",
        "12:00",
        "17:00",
        "17:59",
        "18:00",
        "22:00",
    ],
    "ago": [
        None,
        *(
            (TODAY - add_months(TODAY + timedelta(days=shift), -12 * years)).days
            for years in (1, 17, 18, 30, 59, 60)
            for shift in range(-3, 6)
        ),
    ],
    "cups": [0, 1_00, 1_99, 2_00, 4_99, 5_00, 9_00],
    "away": [None, 0, 29, 30, 31, 400],
    "marks": [(), ("pickup",), ("gift",), ("pickup", "gift"), ("other",)],
    "paid_in": [None, *TenderKind],
    "referred": [False, True],
    "quantity": [1000],
    "beside": [(), ("mugs",), ("tea",), ("mugs", "tea")],
}
PLAIN = {name: values[0] for name, values in RAW.items()} | {
    "tier": "base",
    "clock": "12:00",
    "away": 0,
    "day": TODAY,
}
TAIL = (
    "lists:\n  some: {skus: [s1], groups: [wine/white]}\n"
    "  mugs: {groups: [mugs]}\n  tea: {groups: [tea]}\n"
    "codes:\n  c1: {title: {ru: 1, en: 1}, words: [C1]}\n"
    "  c2: {title: {ru: 2, en: 2}, words: [C2]}\n"
    "counters:\n  cups: {title: {ru: Ч, en: C}}\n"
)


@st.composite
def small_packs(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Give packs of up to six rules over three fields, and the fields' names."""
    names = draw(st.lists(st.sampled_from(sorted(OPERATORS)), min_size=1, max_size=3, unique=True))
    single = st.sampled_from([text for name in names for text in OPERATORS[name]])
    conditions = st.one_of(
        single,
        single.map(lambda one: f"{{not: {one}}}"),
        st.tuples(st.sampled_from(["all", "any"]), single, single).map(
            lambda found: f"{{{found[0]}: [{found[1]}, {found[2]}]}}"
        ),
    )
    percents = [f"{draw(st.integers(1, 60))} %" for _ in range(draw(st.integers(1, 5)))]
    ids = [f"r{no}" for no in range(len(percents))]
    rules = [
        discount_rule(rule, percent, draw(conditions))
        for rule, percent in zip(ids, percents, strict=True)
    ]
    if draw(st.booleans()):
        rules.append(redeem_rule("pay", "percent: 30 %", draw(conditions)))
    mode = draw(st.sampled_from(["best", "worst", "first", "all_on_base", "all_on_rest"]))
    tree = f"stacking:\n  - {{group: g, mode: {mode}, children: [{', '.join(ids)}]}}\n"
    asked = {
        name for name in names if any(one in rule for rule in rules for one in OPERATORS[name])
    }
    fields = {"group", "sku"} if {"group", "sku"} & asked else set()
    return pack_text(*rules, tail=TAIL + tree), sorted({*asked, *fields, "tier"})


@given(small_packs())
@settings(max_examples=40)
def test_the_worst_basket_is_that_of_brute_force(found: tuple[str, list[str]]) -> None:
    text, names = found

    tried = survey(compiled(text))

    assert tried.complete
    assert tried.worst is not None
    assert tried.worst_discount is not None
    shares = list(brute(text, names))
    rounded = ROUNDED if "basket_has" in text else 0
    worst = max(share for _, share in shares)
    assert abs(tried.worst.share - worst) <= rounded
    worst_discount = max(share for redeem, share in shares if redeem is Redeem.NONE)
    assert abs(tried.worst_discount.share - worst_discount) <= rounded


def brute(text: str, names: list[str]) -> Iterator[tuple[Redeem, Fraction]]:
    pack = compiled(text)
    named = [minor for minor in SUMS if f"receipt_sum_from: {minor // 100}.00" in text]
    prices = [10_000_00, *(minor - less for minor in named for less in (0, 1))]
    has_beside = "basket_has" in text
    if has_beside:
        prices += BESIDE
        names = sorted({*names, "price"})
    named_counts = [count for count, operator in COUNTS.items() if operator in text]
    counts = [1000, *(count - less for count in named_counts for less in (0, 1))]
    prices += [-(-minor * 1000 // count) for minor in prices[1:] for count in counts[1:]]
    beside = [some for some in RAW["beside"] if all(f"goods: [{one}]" in text for one in some)]
    raw = RAW | {"price": prices, "quantity": counts, "beside": beside}
    for values in product(*(raw[name] for name in names)):
        chosen = PLAIN | dict(zip(names, values, strict=True))
        for redeem in (Redeem.NONE, Redeem.MAXIMUM):
            totals = evaluate(pack, _buyer(chosen), _bought(chosen, redeem), _at(chosen)).totals
            given = totals.discount_minor + totals.redeemed_minor
            yield redeem, Fraction(given, totals.base_minor)


def _at(chosen: dict[str, Any]) -> Moment:
    clock = time.fromisoformat(chosen["clock"])
    return Moment(datetime.combine(chosen["day"], clock, UTC), "UTC")


def _bought(chosen: dict[str, Any], redeem: Redeem) -> Receipt:
    goods = Goods(sku=chosen["sku"], group=chosen["group"], flags=chosen["flags"])
    others = [
        Line(no, Goods(sku="other", group=group), *LEAST[group])
        for no, group in enumerate(chosen["beside"], start=2)
    ]
    lines = [Line(1, goods, chosen["quantity"], chosen["price"]), *others]
    return Receipt(
        uid=UUID(int=3),
        store="x",
        till="1",
        lines=tuple(lines),
        redeem=redeem,
        region=chosen["region"],
        marks=chosen["marks"],
        promo_codes=chosen["codes"],
        paid_in=chosen["paid_in"],
    )


def _buyer(chosen: dict[str, Any]) -> MemberView | None:
    if chosen["tier"] is None:
        return None
    ago, away, day = chosen["ago"], chosen["away"], chosen["day"]
    last = None if away is None else day - timedelta(days=away)
    use = () if last is None else (Use("count.cups", last, 1, chosen["cups"]),)
    days = () if last is None else (DayCount(last, visits=1),)
    return MemberView(
        MEMBER,
        ACCOUNT,
        segments=chosen["segments"],
        tier_floor=chosen["tier"],
        lots=(lot(1, 10**10),),
        birthday=None if ago is None else day - timedelta(days=ago),
        referrer=UUID(int=9) if chosen["referred"] else None,
        history=History(days=days, uses=use),
    )
