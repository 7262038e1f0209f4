"""Receipts, members and packs by chance, for the kernel's laws."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from uuid import UUID

from hypothesis import strategies as st

from shared.basket import Flag, Goods, Line
from shared.member import DayCount, History, LotView, MemberView, NamedDay, Use
from shared.receipt import BudgetLeft, Receipt, Redeem, Take, TenderKind
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment
from tests.shared.rules.any_pack import pack_docs, text_of
from tests.shared.rules.builders import (
    EARN,
    HEAD,
    LONG_AGO,
    TITLE,
    compiled,
    discount_rule,
    earn_rule,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
    wine_text,
)

MODES = ("best", "worst", "first", "all_on_base", "all_on_rest")
GROUPS = ("wine/red", "wine/sparkling", "delicacy/cheese", "spirits/collection", "wine", "")


def _rule(rule: str, effect: str, condition: str = "") -> str:
    test = f"if: {condition}, " if condition else ""
    return f"  - {{id: {rule}, {TITLE}, {test}then: [{{{effect}}}]}}\n"


ZONES = ("Europe/Kaliningrad", "Europe/Moscow", "Asia/Vladivostok", "Asia/Kamchatka")

POINTS = EARN.replace("percent: 5 %", "points: 7.00")
_HEAD = HEAD.replace("wallets:", "wallets:\n  fine: {title: {ru: Т, en: F}, earning_unit: 0.01}")
_SECTIONS = """
price_lists:
  members: {prices: {"1": 90.00, "2": 1500.00}}
floors:
  - {goods: [bottles], price: 299.00}
lists:
  bottles: {groups: [spirits]}
tables:
  steps:
    by: eligible_sum
    columns: [bottles, rest]
    rows:
      - {from: 100.00, percents: [3 %, 5 %]}
      - {from: 5000.00, percents: [0 %, 12.5 %]}
"""
CODES = """
codes:
  spring: {title: {ru: В, en: S}, words: [SPRING], receipt_sum_from: 500.00}
"""
CAPS = ("", "caps: {line: 45 %, points: counted}\n", "caps: {receipt: 20 %, line_amount: 900.00}\n")
POLICIES = "policies: {small_change: 10.00, line_pays_at_least: 0.05}\n"
_RULES = (
    discount_rule("a", "7.5 %"),
    discount_rule("b", "33.33 %", "{group_in: [wine]}"),
    discount_rule("c", "90 %", "{any: [{brand_in: [x]}, {flag_in: [sale]}]}"),
    discount_rule("d", "100 %", "{all: [{member: known}, {receipt_sum_from: 5000.00}]}"),
    _rule("price", "effect: price, list: members", "{member: known}"),
    _rule("steps", "effect: discount, table: steps"),
    _rule("three", "effect: bundle, parts: [{pieces: 3}], cheapest: 1", "{group_in: [wine]}"),
    _rule("next", "effect: coupon, campaign: spring, expiry: 14 days"),
    _rule("code", "effect: discount, percent: 22 %", "{code_in: [spring]}"),
    _rule("off", "effect: discount, amount: 333.33"),
    _rule("points", "effect: add_percent_points, percent: 11 %", "{flag_in: [sale, alcohol]}"),
    _rule(
        "benefit",
        "effect: entitlement, percent: 4.5 %, wallet: fine, activation: at once, expiry: never",
        "{receipt_sum_from: 1000.00}",
    ),
    redeem_rule("pay", "percent: 70 %, complement_of: b, complement_by: discount_given"),
    earn_rule("earn"),
    earn_rule("earn_more", EARN, "{group_in: [wine/red]}"),
    earn_rule("earn_points", POINTS, "{brand_in: [x]}"),
    earn_rule("earn_each", POINTS.replace("points: 7.00", "points_each: 1.50, kind: each")),
    earn_rule("earn_little", EARN.replace("}", ", kind: little, at_most: 3.00}")),
    earn_rule("twice", "{effect: earn_times, wallet: bonus, times: 1.5}", "{group_in: [wine]}"),
    earn_rule("earn_fast", EARN.replace("6 months", "3 days").replace("}", ", kind: fast}")),
)


def zoo_text(outer: str, inner: str, cap: str = "", caps: str = "") -> str:
    """Write a pack of overlapping rules whose discounts stack in these two modes."""
    capped = f", cap: {cap}" if cap else ""
    tail = (
        "stacking:\n"
        f"  - {{group: outer, mode: {outer}, children: [a, inner, d], "
        f"modifiers: [points]{capped}}}\n"
        f"  - {{group: inner, mode: {inner}, children: [b, c, code]}}\n"
        f"  - {{group: whole, mode: {inner}, scope: receipt, "
        f"children: [lines, three, off]{capped}}}\n"
        f"  - {{group: lines, mode: {outer}, children: [steps]}}\n"
    )
    return pack_text(*_RULES, tail=_SECTIONS + CODES + caps + POLICIES + tail, head=_HEAD)


@cache
def pack_of(text: str) -> CompiledPack:
    """Compile a pack once."""
    return compiled(text)


def texts() -> st.SearchStrategy[str]:
    """Give the shipped pack or one of the zoo."""
    zoo = st.builds(
        zoo_text,
        st.sampled_from(MODES),
        st.sampled_from(MODES),
        st.sampled_from(["", "41 %"]),
        st.sampled_from(CAPS),
    )
    return st.one_of(st.just(wine_text()), zoo)


def packs() -> st.SearchStrategy[CompiledPack]:
    """Give compiled packs: the shipped one, the zoo's, and any of the whole grammar."""
    return st.one_of(texts().map(pack_of), any_packs(), any_packs())


def any_packs() -> st.SearchStrategy[CompiledPack]:
    """Give compiled packs of the whole grammar."""
    return pack_docs().map(lambda doc: compiled(text_of(doc)))


def goods() -> st.SearchStrategy[Goods]:
    """Give goods of any flags and floor, known or not."""
    return st.builds(
        Goods,
        sku=st.sampled_from(["1", "2", "3"]),
        group=st.sampled_from(GROUPS),
        brand=st.sampled_from(["", "x"]),
        flags=st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(Flag), max_size=2)),
        floor_minor=st.one_of(st.just(0), st.integers(0, 300_000)),
        known=st.sampled_from([True, True, True, False]),
    )


def lines() -> st.SearchStrategy[tuple[Line, ...]]:
    """Give up to eight lines with their own numbers, some of them of nothing."""
    quantities = st.one_of(st.just(1000), st.integers(-1, 5000))
    cashier = st.one_of(st.just(0), st.integers(-1, 300_000))
    parts = st.tuples(goods(), quantities, st.integers(0, 500_000), cashier)
    return st.lists(parts, max_size=8).map(
        lambda rows: tuple(Line(no, *row) for no, row in enumerate(rows, start=1))
    )


def receipts() -> st.SearchStrategy[Receipt]:
    """Give receipts that pay with no, some or as many points as may be."""
    often = [Redeem.MAXIMUM, Redeem.MAXIMUM, Redeem.EXACT, Redeem.NONE]
    asked = st.tuples(st.sampled_from(often), st.integers(-1, 1_000_000))
    split = st.tuples(st.sampled_from(Take), st.integers(-1, 600_000))
    codes = st.sampled_from([(), ("spring",), ("SPRING", "nonsense")])
    return st.builds(
        lambda found, ask, take, paid_in, presented, marks, budgets: replace(
            receipt(*found, redeem=ask[0], points=ask[1]),
            marks=marks,
            region="north",
            take=take[0],
            take_value=take[1],
            paid_in=paid_in,
            promo_codes=presented,
            budgets=budgets,
        ),
        lines(),
        asked,
        split,
        st.sampled_from([None, TenderKind.CASH, TenderKind.CARD]),
        codes,
        st.sampled_from([(), ("pickup",), ("instalment", "pickup")]),
        st.lists(_budgets(), max_size=2).map(tuple),
    )


def _budgets() -> st.SearchStrategy[BudgetLeft]:
    """Give what is left of rules by chance, often too little."""
    return st.builds(
        BudgetLeft,
        st.sampled_from([f"r{no}" for no in range(3)]),
        st.sampled_from(["uses", "points", "discount"]),
        st.just("month"),
        st.integers(-1, 20_000),
        st.sampled_from(["campaign", "store", "till"]),
    )


def lots() -> st.SearchStrategy[LotView]:
    """Give lots that are active, pending or expired, near the moments."""
    return st.builds(
        lambda no, amount, day, at, wallet: lot(
            no, amount, expires_on=day, activates_at=at, wallet=wallet
        ),
        st.integers(1, 10**6),
        st.integers(0, 300_000),
        st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 12, 31))),
        st.one_of(st.just(LONG_AGO), _instants()),
        st.sampled_from(["bonus", "bonus", "fine", "other"]),
    )


def members() -> st.SearchStrategy[MemberView | None]:
    """Give nobody, or a member of any tier with a few lots."""
    known = st.builds(
        lambda found, turnover, floor, life: replace(
            member(*found, turnover_minor=turnover, tier_floor=floor), **life
        ),
        st.lists(lots(), max_size=6, unique_by=lambda found: found.id),
        st.integers(-1000, 20_000_000),
        st.sampled_from([None, "gold", "high", "nonsense"]),
        _lives(),
    )
    return st.one_of(known, known, st.none())


def _lives() -> st.SearchStrategy[dict[str, object]]:
    """Give what else is known of a member: dates, segments, who brought him, what he did."""
    day = st.dates(date(2025, 1, 1), date(2026, 12, 31))
    born = st.dates(date(1930, 1, 1), date(2026, 1, 1))
    counted = st.builds(
        DayCount, day, st.integers(-1000, 5_000_000), st.integers(0, 50_000), st.integers(0, 3)
    )
    used = st.builds(
        Use,
        st.sampled_from(["count.cups", "count.spent", "r0", "r1", "code.spring"]),
        day,
        st.integers(0, 3),
        st.integers(0, 2_000),
    )
    by_day = st.lists(counted, max_size=5, unique_by=lambda one: one.day)
    return st.fixed_dictionaries(
        {},
        optional={
            "receipts": st.integers(0, 12),
            "registered_on": st.dates(date(2020, 1, 1), date(2026, 12, 31)),
            "birthday": born,
            "segments": st.frozensets(st.sampled_from(["vip", "old", "nobody"])),
            "referrer": st.just(UUID(int=77)),
            "person": st.just(b"p" * 16),
            "dates": st.lists(
                st.builds(NamedDay, st.sampled_from(["wedding", "child"]), born), max_size=3
            ).map(tuple),
            "history": st.builds(
                lambda days, uses: History(
                    days=tuple(sorted(days, key=lambda one: one.day)), uses=tuple(uses)
                ),
                by_day,
                st.lists(used, max_size=4),
            ),
        },
    )


def moments() -> st.SearchStrategy[Moment]:
    """Give instants of 2026 in stores of any zone."""
    return st.builds(Moment, _instants(), st.sampled_from(ZONES))


def _instants() -> st.SearchStrategy[datetime]:
    first, last = datetime(2026, 1, 1), datetime(2026, 12, 31)  # noqa: DTZ001
    return st.datetimes(first, last, timezones=st.just(UTC))
