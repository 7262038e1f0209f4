"""Conditions compiled to closures: a closed set of operators, nothing of a pack is executed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from shared.basket import Line
from shared.rules.facts import Facts
from shared.rules.features import nodes
from shared.rules.model import Condition, GoodsList

ReceiptTest = Callable[[Facts], bool]
LineTest = Callable[[Facts, Line], bool]
Lists = Mapping[str, GoodsList]

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS: Final = {"segment_in": "segments"}


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that must all hold, taken out of nested `all`."""
    if condition is None:
        return ()
    if condition.all_ is None:
        return (condition,)
    return tuple(part for inner in condition.all_ for part in conjuncts(inner))


def reads_lines(condition: Condition) -> bool:
    """Tell whether a condition asks anything of a line."""
    return any(node.operator in _LINE for node in nodes(condition))


def reads_lines_only(condition: Condition) -> bool:
    """Tell whether a condition asks of nothing but a line's goods."""
    return not any(node.operator in _RECEIPT for node in nodes(condition))


def member_fields(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return the names of the member's fields that conditions read, but for the tier's."""
    operators = {node.operator for condition in conditions for node in nodes(condition)}
    return frozenset(_FIELDS[operator] for operator in operators & _FIELDS.keys())


def receipt_test(condition: Condition) -> ReceiptTest:
    """Compile a condition that reads no line."""
    if condition.all_ is not None:
        parts = [receipt_test(inner) for inner in condition.all_]
        return lambda facts: all(part(facts) for part in parts)
    if condition.any_ is not None:
        parts = [receipt_test(inner) for inner in condition.any_]
        return lambda facts: any(part(facts) for part in parts)
    if condition.not_ is not None:
        inner_test = receipt_test(condition.not_)
        return lambda facts: not inner_test(facts)
    return _RECEIPT[condition.operator](condition)


def line_test(condition: Condition, lists: Lists) -> LineTest:
    """Compile a condition that is asked of a line."""
    if condition.all_ is not None:
        parts = [line_test(inner, lists) for inner in condition.all_]
        return lambda facts, line: all(part(facts, line) for part in parts)
    if condition.any_ is not None:
        parts = [line_test(inner, lists) for inner in condition.any_]
        return lambda facts, line: any(part(facts, line) for part in parts)
    if condition.not_ is not None:
        inner_test = line_test(condition.not_, lists)
        return lambda facts, line: not inner_test(facts, line)
    if condition.operator in _RECEIPT:
        of_receipt = _RECEIPT[condition.operator](condition)
        return lambda facts, _line: of_receipt(facts)
    return _LINE[condition.operator](condition, lists)


def _member(condition: Condition) -> ReceiptTest:
    wanted = condition.member == "known"
    return lambda facts: (facts.member is not None) is wanted


def _tier(condition: Condition) -> ReceiptTest:
    tiers = frozenset(condition.tier_in or ())
    return lambda facts: facts.tier is not None and facts.tier.id in tiers


def _segment(condition: Condition) -> ReceiptTest:
    segments = frozenset(condition.segment_in or ())
    return lambda facts: facts.member is not None and not segments.isdisjoint(facts.member.segments)


def _store(condition: Condition) -> ReceiptTest:
    stores = frozenset(condition.store_in or ())
    return lambda facts: facts.receipt.store in stores


def _region(condition: Condition) -> ReceiptTest:
    regions = frozenset(condition.region_in or ())
    return lambda facts: facts.receipt.region in regions


def _channel(condition: Condition) -> ReceiptTest:
    channels = frozenset(condition.channel_in or ())
    return lambda facts: facts.receipt.channel in channels


def _weekday(condition: Condition) -> ReceiptTest:
    days = frozenset(_WEEKDAYS.index(day) for day in condition.weekday_in or ())
    return lambda facts: facts.day.weekday() in days


def _receipt_sum(condition: Condition) -> ReceiptTest:
    least_minor = condition.receipt_sum_from or 0
    return lambda facts: facts.sum_minor >= least_minor


def _sku(condition: Condition, _lists: Lists) -> LineTest:
    skus = frozenset(condition.sku_in or ())
    return lambda _facts, line: line.goods.sku in skus


def _group(condition: Condition, _lists: Lists) -> LineTest:
    return _in_groups(condition.group_in or ())


def _brand(condition: Condition, _lists: Lists) -> LineTest:
    brands = frozenset(condition.brand_in or ())
    return lambda _facts, line: line.goods.brand in brands


def _flag(condition: Condition, _lists: Lists) -> LineTest:
    flags = frozenset(condition.flag_in or ())
    return lambda _facts, line: not flags.isdisjoint(line.goods.flags)


def _goods(condition: Condition, lists: Lists) -> LineTest:
    named = [lists[name] for name in condition.goods_in or ()]
    skus = frozenset(sku for goods in named for sku in goods.skus)
    in_groups = _in_groups([path for goods in named for path in goods.groups])
    return lambda facts, line: line.goods.sku in skus or in_groups(facts, line)


def _in_groups(paths: Iterable[str]) -> LineTest:
    prefixes = tuple(f"{path}/" for path in paths)
    return lambda _facts, line: f"{line.goods.group}/".startswith(prefixes)


_RECEIPT: Final[dict[str, Callable[[Condition], ReceiptTest]]] = {
    "member": _member,
    "tier_in": _tier,
    "segment_in": _segment,
    "store_in": _store,
    "region_in": _region,
    "channel_in": _channel,
    "weekday_in": _weekday,
    "receipt_sum_from": _receipt_sum,
}
_LINE: Final[dict[str, Callable[[Condition, Lists], LineTest]]] = {
    "sku_in": _sku,
    "group_in": _group,
    "brand_in": _brand,
    "flag_in": _flag,
    "goods_in": _goods,
}
