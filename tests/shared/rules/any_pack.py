"""Packs by chance over the whole grammar: every operator, effect, mode, table, policy and option.

A pack is a document as a file has it, so that a test may change it before it is read.
"""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from shared.rules.once_terms import OCCASIONS
from shared.rules.price_model import Table

Doc = dict[str, Any]
SKUS, GROUPS, BRANDS = ("1", "2", "3"), ("wine", "wine/red", "delicacy", "spirits"), ("x", "y")
FLAGS = ("sale", "alcohol", "tobacco", "service", "certificate", "exclude_turnover")
LISTS, CODES, COUNTERS, TIERS = (
    ("a_list", "b_list"),
    ("spring",),
    ("cups", "spent"),
    ("base", "high"),
)
SEGMENTS, MARKS, DATES = ("vip", "old"), ("pickup", "instalment"), ("wedding", "child")
WINDOWS = (
    "lifetime",
    "rolling 30 days",
    "rolling 2 months",
    "calendar day",
    "calendar week",
    "calendar month",
    "calendar quarter",
    "calendar year",
    "anniversary year",
)
COUNTED_WINDOWS = ("lifetime", "calendar day", "calendar week", "calendar month")
TITLE = {"ru": "Правило", "en": "Rule"}


def money(least: int = 0, most: int = 600_000) -> st.SearchStrategy[str]:
    """Give amounts as a file writes them."""
    return st.integers(least, most).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")


def percents() -> st.SearchStrategy[str]:
    """Give percents, often whole ones and the borders."""
    common = st.sampled_from(["0 %", "100 %", "5 %", "33.33 %", "0.01 %"])
    return st.one_of(common, st.integers(0, 10_000).map(lambda bp: f"{bp // 100}.{bp % 100:02d} %"))


def counts(least: int, most: int) -> st.SearchStrategy[str]:
    """Give whole numbers as texts."""
    return st.integers(least, most).map(str)


def some(*words: str) -> st.SearchStrategy[list[str]]:
    """Give one or more of some words."""
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True)


def days() -> st.SearchStrategy[str]:
    """Give days of 2026."""
    return st.tuples(st.integers(1, 12), st.integers(1, 28)).map(
        lambda day: f"2026-{day[0]:02d}-{day[1]:02d}"
    )


def windows() -> st.SearchStrategy[Doc]:
    """Give windows that begin before they end."""
    return st.tuples(days(), days()).map(lambda pair: {"from": min(pair), "to": max(pair)})


def hours() -> st.SearchStrategy[Doc]:
    """Give spans of hours, also over midnight."""
    clock = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
    return (
        st.tuples(clock, clock)
        .filter(lambda pair: pair[0] != pair[1])
        .map(lambda pair: {"from": pair[0], "to": pair[1]})
    )


def quantities() -> st.SearchStrategy[str]:
    """Give quantities in thousandths as texts."""
    return st.integers(0, 6000).map(lambda found: f"{found // 1000}.{found % 1000:03d}")


LINE_OPERATORS: dict[str, st.SearchStrategy[Any]] = {
    "sku_in": some(*SKUS),
    "group_in": some(*GROUPS),
    "brand_in": some(*BRANDS),
    "flag_in": some(*FLAGS),
    "goods_in": some(*LISTS),
    "quantity_from": quantities(),
    "price_from": money(),
}
RECEIPT_OPERATORS: dict[str, st.SearchStrategy[Any]] = {
    "member": st.sampled_from(["known", "known", "unknown"]),
    "tier_in": some(*TIERS),
    "segment_in": some(*SEGMENTS),
    "store_in": some("1", "2"),
    "region_in": some("north", "south"),
    "channel_in": some("till", "web"),
    "code_in": some(*CODES),
    "paid_in": some("cash", "card", "other"),
    "mark_in": some(*MARKS),
    "first_purchase": st.sampled_from(["yes", "no"]),
    "every_nth_purchase": counts(1, 5),
    "referred": st.sampled_from(["yes", "no"]),
    "member_days_from": counts(0, 400),
    "away_days_from": counts(0, 120),
    "near": st.fixed_dictionaries(
        {
            "of": st.sampled_from(["birthday", "registration", *DATES]),
            "before_days": counts(0, 20),
            "after_days": counts(0, 20),
            "leap_day": st.sampled_from(["02-28", "03-01"]),
        }
    ),
    "age": st.fixed_dictionaries(
        {
            "of": st.sampled_from(["birthday", "registration", *DATES]),
            "from": counts(0, 30),
            "in": st.sampled_from(["years", "months"]),
        }
    ),
    "counted": st.one_of(
        st.fixed_dictionaries(
            {
                "of": st.sampled_from(["purchases", "turnover", "points"]),
                "window": st.sampled_from(WINDOWS),
                "at_least": money(0, 50_000),
            }
        ),
        st.fixed_dictionaries(
            {
                "of": st.sampled_from(COUNTERS),
                "window": st.sampled_from(COUNTED_WINDOWS),
                "at_least": money(0, 2_000),
            }
        ),
    ),
    "weekday_in": some("mon", "wed", "fri", "sun"),
    "month_in": some("jan", "apr", "dec"),
    "day_of_month_in": some("1", "10", "31"),
    "day_in": st.lists(windows(), min_size=1, max_size=2),
    "time_in": st.lists(hours(), min_size=1, max_size=2),
    "receipt_sum_from": money(),
    "basket_has": st.fixed_dictionaries(
        {"goods": some(*LISTS), "quantity": quantities(), "sum": money(0, 100_000)}
    ),
}


def conditions(*, goods: str = "any") -> st.SearchStrategy[Doc]:
    """Give conditions; with `goods="none"` they ask of no line."""
    operators = RECEIPT_OPERATORS | (LINE_OPERATORS if goods == "any" else {})
    single = st.sampled_from(sorted(operators)).flatmap(
        lambda name: operators[name].map(lambda operand: {name: operand})
    )
    return st.recursive(
        single,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(
                lambda found: {found[0]: found[1]}
            ),
            inner.map(lambda one: {"not": one}),
        ),
        max_leaves=4,
    )


TERMS = {
    "activation": st.sampled_from(["at once", "next day", "after 24 h", "after 3 days"]),
    "expiry": st.sampled_from(
        ["never", "6 months", "3 days", "end of month", "end of quarter", "2026-06-30"]
    ),
}


def _coin(draw: st.DrawFn) -> bool:
    return draw(st.booleans())


def _one(draw: st.DrawFn, forms: dict[str, st.SearchStrategy[Any]]) -> Doc:
    name = draw(st.sampled_from(sorted(forms)))
    return {name: draw(forms[name])}


def _rate(draw: st.DrawFn, tables: list[str]) -> Doc:
    forms = {"percent": percents(), "tier_percent": st.just("rate")}
    return _one(draw, forms | ({"table": st.sampled_from(tables)} if tables else {}))


def _discount(draw: st.DrawFn, doc: Doc) -> Doc:
    every = sorted(doc["tables"])
    forms: dict[str, st.SearchStrategy[Any]] = {
        "percent": percents(),
        "tier_percent": st.just("rate"),
        "amount": money(0, 100_000),
        "price": money(0, 300_000),
    }
    if every:
        forms["table"] = st.sampled_from(every)
    effect: Doc = {"effect": "discount", **_one(draw, forms)}
    if {"percent", "tier_percent"} & effect.keys() and _coin(draw):
        effect["nth"] = draw(counts(2, 6))
        if _coin(draw):
            effect["counter"] = "cups"
    if "amount" in effect and draw(st.booleans()):
        effect["every"] = draw(money(1, 200_000))
    if draw(st.integers(0, 3)) == 0:
        effect["pieces_max"] = draw(counts(1, 4))
    return effect


def _bundle(draw: st.DrawFn, _doc: Doc) -> Doc:
    part: st.SearchStrategy[Doc] = st.fixed_dictionaries(
        {"pieces": counts(1, 3)}, optional={"goods": some(*LISTS)}
    )
    parts = draw(st.lists(part, min_size=1, max_size=2))
    whole = sum(int(one["pieces"]) for one in parts)
    form = _one(
        draw,
        {"cheapest": counts(1, whole), "gift": part, "price": money(0, 200_000)},
    )
    effect = {"effect": "bundle", "parts": parts, **form, "percent": draw(percents())}
    return effect | ({"times_max": draw(counts(1, 3))} if draw(st.booleans()) else {})


def _earn(draw: st.DrawFn, doc: Doc) -> Doc:
    forms: dict[str, st.SearchStrategy[Any]] = {
        "percent": percents(),
        "tier_percent": st.just("rate"),
        "points": money(0, 50_000),
        "points_each": money(0, 5_000),
    }
    if doc["tables"]:
        forms["table"] = st.sampled_from(sorted(doc["tables"]))
    effect: Doc = {"effect": "earn", "wallet": draw(st.sampled_from(["bonus", "fine"]))}
    effect |= _one(draw, forms)
    effect |= {name: draw(found) for name, found in TERMS.items()}
    if "points" in effect and draw(st.integers(0, 3)):
        effect |= _one(draw, {"every": money(1, 100_000), "every_pieces": counts(1, 4)})
    more = {"at_most": money(0, 20_000), "kind": st.sampled_from(["fast", "gift"])}
    if draw(st.booleans()):
        effect |= _one(draw, more)
    effect["base"] = draw(st.sampled_from(["paid_in_money", "after_discounts"]))
    effect["to"] = draw(st.sampled_from(["member", "member", "referrer"]))
    return effect


def _redeem(draw: st.DrawFn, doc: Doc) -> Doc:
    of_percents = [name for name, table in doc["tables"].items() if "percents" in table["rows"][0]]
    effect: Doc = {"effect": "redeem", "wallet": draw(st.sampled_from(["bonus", "fine"]))}
    effect |= _rate(draw, of_percents)
    bases = ["each_line"] if "table" in effect else ["eligible_lines", "whole_receipt", "each_line"]
    effect["share_base"] = draw(st.sampled_from(bases))
    for limit in ("at_most", "at_least"):
        if draw(st.integers(0, 3)) == 0:
            effect[limit] = draw(money(0, 30_000))
    return effect


def _entitlement(draw: st.DrawFn, doc: Doc) -> Doc:
    of_percents = [name for name, table in doc["tables"].items() if "percents" in table["rows"][0]]
    return {
        "effect": "entitlement",
        "wallet": "fine",
        **_rate(draw, of_percents),
        **{name: draw(found) for name, found in TERMS.items()},
        "unless_asked": draw(st.sampled_from(["discount", "bonus"])),
    }


EFFECTS: dict[str, Callable[[st.DrawFn, Doc], Doc]] = {
    "discount": _discount,
    "add_percent_points": lambda draw, _doc: {
        "effect": "add_percent_points",
        "percent": draw(percents()),
        "only_if_discounted": draw(st.sampled_from(["yes", "no"])),
    },
    "bundle": _bundle,
    "price": lambda _draw, _doc: {"effect": "price", "list": "members"},
    "entitlement": _entitlement,
    "coupon": lambda draw, _doc: {
        "effect": "coupon",
        "campaign": "spring",
        "expiry": draw(TERMS["expiry"]),
    },
    "hint": lambda _draw, _doc: {"effect": "hint", "words": {"ru": "Скажите", "en": "Say"}},
    "redeem": _redeem,
    "earn": _earn,
    "earn_times": lambda draw, _doc: {
        "effect": "earn_times",
        "wallet": "bonus",
        "times": draw(money(1, 10_000)),
    },
}
IN_TREE = ("discount", "add_percent_points", "bundle")


@st.composite
def tables(draw: st.DrawFn) -> Doc:
    """Give a table by anything, with or without columns."""
    by = draw(st.sampled_from(sorted(Table.model_fields["by"].annotation.__args__)))  # type: ignore[union-attr]
    columns = draw(st.sampled_from([[], ["a_list", "rest"], ["b_list"], ["a_list", "b_list"]]))
    values, kind = draw(st.sampled_from([(percents(), "percents"), (money(0, 50_000), "amounts")]))
    width = max(1, len(columns))
    if by in ("tier", "segment"):
        bands: list[Doc] = [{by: word} for word in (TIERS if by == "tier" else SEGMENTS)]
    else:
        starts = draw(st.lists(st.integers(0, 400_000), min_size=1, max_size=3, unique=True))
        bands = [{"from": f"{minor // 100}.{minor % 100:02d}"} for minor in sorted(starts)]
    rows = [band | {kind: draw(st.lists(values, min_size=width, max_size=width))} for band in bands]
    table: Doc = {"by": by, "columns": columns, "rows": rows}
    if by in ("turnover", "purchases"):
        table["window"] = draw(st.sampled_from(WINDOWS))
    if by == "counter":
        table |= {"counter": draw(st.sampled_from(COUNTERS))}
        table["window"] = draw(st.sampled_from(COUNTED_WINDOWS))
    return table


@st.composite
def groups(draw: st.DrawFn, name: str, children: list[str], scope: str) -> Doc:
    """Give a group of any mode."""
    mode = draw(st.sampled_from(["best", "worst", "first", "all_on_base", "all_on_rest"]))
    node: Doc = {"group": name, "mode": mode, "scope": scope, "children": children}
    if draw(st.integers(0, 3)) == 0:
        node["cap"] = draw(percents())
    if mode == "all_on_base":
        node["over_whole"] = draw(st.sampled_from(["clamp", "best"]))
    return node


@st.composite
def stackings(draw: st.DrawFn, rules: list[Doc]) -> list[Doc]:
    """Give a tree over the rules that lower prices: nested groups of lines and of the receipt."""
    of = {kind: [r["id"] for r in rules if r["then"][0]["effect"] == kind] for kind in IN_TREE}
    of_line = [one for one in of["discount"] if draw(st.booleans())]
    of_receipt = [one for one in of["discount"] if one not in of_line] + of["bundle"]
    found: list[Doc] = []
    for scope, leaves in (("line", of_line), ("receipt", of_receipt)):
        children = leaves
        if len(leaves) > 2 and draw(st.booleans()):
            found.append(draw(groups(f"{scope}_inner", leaves[:2], scope)))
            children = [f"{scope}_inner", *leaves[2:]]
        if children:
            found.append(draw(groups(f"{scope}_top", children, scope)))
    if of_line and of_receipt and _coin(draw):
        found[-1]["children"].append("line_top")
    if found and of["add_percent_points"]:
        draw(st.sampled_from(found))["modifiers"] = of["add_percent_points"]
    return found


@st.composite
def pack_docs(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(EFFECTS)) -> Doc:
    """Give the document of a pack whose rules have effects of these kinds."""
    doc: Doc = {
        "name": "any",
        "version": "1",
        "title": TITLE,
        "effective_from": "2026-01-01T00:00",
        "tz": "2025b",
        "wallets": {
            "bonus": {
                "title": TITLE,
                "earning_unit": draw(st.sampled_from(["1.00", "0.01", "10.00"])),
                "redeeming_unit": draw(st.sampled_from(["1.00", "0.01", "5.00"])),
            },
            "fine": {"title": TITLE, "earning_unit": "0.01", "redeeming_unit": "0.01"},
        },
        "tiers": {
            "metric": draw(st.sampled_from(["turnover", "points", "visits"])),
            "window": draw(st.sampled_from(WINDOWS)),
            "applies": draw(st.sampled_from(["next_receipt", "same_receipt"])),
            "steps": [
                {
                    "id": "base",
                    "title": TITLE,
                    "from": "0.00",
                    "percents": {"rate": draw(percents())},
                },
                {
                    "id": "high",
                    "title": TITLE,
                    "from": draw(money(1, 200_000)),
                    "percents": {"rate": draw(percents())},
                },
            ],
        },
        "lists": {
            "a_list": {"groups": draw(some(*GROUPS)), "skus": draw(some(*SKUS))},
            "b_list": {"brands": draw(some(*BRANDS)), "flags": draw(some(*FLAGS))},
        },
        "counters": {
            "cups": {"title": TITLE, "if": draw(conditions())},
            "spent": {"title": TITLE, "of": draw(st.sampled_from(["money", "receipts"]))},
        },
        "tables": {f"t{no}": draw(tables()) for no in range(draw(st.integers(0, 2)))},
        "price_lists": {"members": {"prices": {"1": draw(money()), "2": draw(money())}}},
        "codes": {
            "spring": {"title": TITLE, "words": ["SPRING"], "receipt_sum_from": "50.00"},
            "unique": {"title": TITLE},
        },
    }
    if draw(st.booleans()):
        doc["floors"] = [{"goods": ["a_list"], "price": draw(money())}]
    if draw(st.booleans()):
        closes = ("discounts", "payment_with_points", "earning", "turnover")
        doc["bans"] = [
            {"goods": ["b_list"], "closes": draw(some(*closes)), "time_in": [draw(hours())]}
        ]
    if draw(st.booleans()):
        doc["caps"] = draw(
            st.fixed_dictionaries(
                {"points": st.sampled_from(["counted", "not_counted"])},
                optional={
                    "line": percents(),
                    "line_amount": money(),
                    "receipt": percents(),
                    "receipt_amount": money(),
                },
            )
        )
    doc["policies"] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "tobacco_earning": st.sampled_from(["on", "off"]),
                "certificate_part": st.sampled_from(["earns", "earns_nothing"]),
                "points_rounding": st.sampled_from(["down", "half_up"]),
                "multipliers": st.sampled_from(["largest", "product"]),
                "redeem_over_maximum": st.sampled_from(["clamp", "refuse"]),
                "turnover": st.sampled_from(["paid_in_money", "after_discounts"]),
                "services": st.sampled_from(["no_turnover", "turnover"]),
                "small_change": st.sampled_from(["1.00", "10.00"]),
                "line_pays_at_least": money(0, 200),
                "receipt_pays_at_least": money(0, 20_000),
            },
        )
    )
    doc["rules"] = [_rule(draw, doc, no, kinds) for no in range(draw(st.integers(1, 7)))]
    if any(rule["then"][0]["effect"] in IN_TREE for rule in doc["rules"]) and draw(st.booleans()):
        doc["stacking"] = draw(stackings(doc["rules"]))
    doc["grants"] = [_grant(draw, no) for no in range(draw(st.integers(0, 2)))]
    return doc


def _rule(draw: st.DrawFn, doc: Doc, no: int, kinds: tuple[str, ...]) -> Doc:
    kind = draw(st.sampled_from(kinds))
    rule: Doc = {"id": f"r{no}", "title": TITLE, "then": [EFFECTS[kind](draw, doc)]}
    if draw(st.booleans()):
        rule["if"] = draw(conditions())
    if draw(st.integers(0, 3)) == 0:
        rule["when"] = draw(windows())
    if draw(st.integers(0, 3)) == 0:
        rule["limits"] = [draw(limits())]
    return rule


@st.composite
def limits(draw: st.DrawFn) -> Doc:
    """Give a limit of a rule: for a member, a store, a till or the whole chain."""
    amounts = {"uses": counts(1, 3), "points": money(1, 50_000), "discount": money(1, 20_000)}
    windows_of = ["day", "week", "month", "quarter", "year", "campaign"]
    return _one(draw, amounts) | {
        "window": draw(st.sampled_from(windows_of)),
        "per": draw(st.sampled_from(["member", "store", "till", "campaign"])),
    }


def _grant(draw: st.DrawFn, no: int) -> Doc:
    on = draw(st.sampled_from(OCCASIONS))
    grant: Doc = {
        "id": f"g{no}",
        "title": TITLE,
        "on": on,
        "points": f"{draw(st.integers(1, 30)) * 10}.00",
        "wallet": "bonus",
        "expiry": draw(TERMS["expiry"]),
        "to": draw(st.sampled_from(["member", "referrer"])),
        "share": draw(percents()),
    }
    if on == "date":
        grant["of"] = draw(st.sampled_from(DATES))
    if on == "goal":
        window = draw(st.sampled_from([one for one in WINDOWS if "rolling" not in one]))
        grant["goal"] = {"window": window, "reach": draw(money(1, 100_000))}
    if on in ("birthday", "anniversary", "date"):
        grant |= {"before_days": draw(counts(0, 9)), "after_days": draw(counts(0, 9))}
    if draw(st.booleans()):
        grant["if"] = draw(conditions(goods="none"))
    if on != "registration" and draw(st.integers(0, 2)) == 0:
        for name in ("points", "wallet", "to"):
            del grant[name]
        grant |= _one(draw, {"certificate": money(1, 100_000), "coupon": st.just("unique")})
    return grant


def text_of(doc: Doc) -> str:
    """Write a document as a file: JSON is YAML."""
    return json.dumps(doc, ensure_ascii=False)
