"""Conditions compiled to closures: a closed set of operators, nothing of a pack is executed.

An operator of the receipt is what it reads, so that an explanation can show it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, get_args

from shared.basket import Goods, Line
from shared.rules.condition_model import Condition, Month
from shared.rules.facts import Facts
from shared.rules.features import nodes
from shared.rules.goods_tests import LineTest, Lists, goods_test, groups_test
from shared.rules.questions import FIELDS_ASKED, NEEDED, QUESTIONS, question

ReceiptTest = Callable[[Facts], bool]

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = get_args(Month)
_NEVER: Final = -1
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "segment_in": frozenset({"segments"}),
    "first_purchase": frozenset({"receipts"}),
    "every_nth_purchase": frozenset({"receipts"}),
    "referred": frozenset({"referrer"}),
    "member_days_from": frozenset({"registered_on"}),
    "away_days_from": frozenset({"history"}),
    **FIELDS_ASKED,
}


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
    return not any(reads_receipt(node) for node in nodes(condition))


def reads_receipt(condition: Condition) -> bool:
    """Tell whether a condition is a single operator that asks of the receipt."""
    return any(
        condition.operator in operators for operators in (_WORDS, _NUMBERS, _EVERY, QUESTIONS)
    )


def operand_words(condition: Condition) -> tuple[str, ...]:
    """Return the words of an operator that names some, in declared order."""
    operand = condition.operand
    if condition.operator in QUESTIONS:
        return ()
    if isinstance(operand, str):
        return (operand,)
    return tuple(str(word) for word in operand) if isinstance(operand, tuple) else ()


def needed(condition: Condition) -> int | tuple[str, ...]:
    """Return what an operator asks for: a number, or words in declared order."""
    if condition.operator in NEEDED:
        return NEEDED[condition.operator](condition.operand)
    return condition.operand if isinstance(condition.operand, int) else operand_words(condition)


def found(condition: Condition, lists: Lists, facts: Facts) -> int | tuple[str, ...]:
    """Return what an operator of the receipt reads; plain words are sorted."""
    operator = condition.operator
    if operator in QUESTIONS:
        return question(condition, lists).has(facts)
    if operator in _EVERY:
        return _EVERY[operator](facts)
    if operator in _NUMBERS:
        return _NUMBERS[operator](facts)
    return tuple(sorted(_WORDS[operator](facts)))


def found_on(operator: str, line: Line) -> int | tuple[str, ...]:
    """Return what an operator reads of a line, words sorted; nothing where it reads lists."""
    if operator in _LINE_NUMBERS:
        return _LINE_NUMBERS[operator](line)
    return tuple(sorted(_GOODS[operator](line.goods))) if operator in _GOODS else ()


def member_fields(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return the names of the member's fields that conditions read, but for the tier's."""
    operators = {node.operator for condition in conditions for node in nodes(condition)}
    return frozenset(name for operator in operators & _FIELDS.keys() for name in _FIELDS[operator])


def receipt_test(condition: Condition, lists: Lists) -> ReceiptTest:
    """Compile a condition that reads no line."""
    if condition.all_ is not None:
        parts = [receipt_test(inner, lists) for inner in condition.all_]
        return lambda facts: all(part(facts) for part in parts)
    if condition.any_ is not None:
        parts = [receipt_test(inner, lists) for inner in condition.any_]
        return lambda facts: any(part(facts) for part in parts)
    if condition.not_ is not None:
        inner_test = receipt_test(condition.not_, lists)
        return lambda facts: not inner_test(facts)
    return _operand_test(condition, lists)


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
    if condition.operator in _LINE:
        return _LINE[condition.operator](condition, lists)
    of_receipt = _operand_test(condition, lists)
    return lambda facts, _line: of_receipt(facts)


def _operand_test(condition: Condition, lists: Lists) -> ReceiptTest:
    if condition.operator in QUESTIONS:
        return question(condition, lists).holds
    if condition.operator in _EVERY:
        counts, every = _EVERY[condition.operator], condition.every_nth_purchase or 1
        return lambda facts: counts(facts) > 0 and counts(facts) % every == 0
    if condition.operator in _NUMBERS:
        reads, least = _NUMBERS[condition.operator], condition.operand
        assert isinstance(least, int), "an operator of numbers has a number"
        return lambda facts: reads(facts) >= least
    words, wanted = _WORDS[condition.operator], frozenset(operand_words(condition))
    return lambda facts: not wanted.isdisjoint(words(facts))


def _purchase_no(facts: Facts) -> int:
    """Return which purchase of the member this is, from 1; 0 when nobody is known."""
    return 0 if facts.member is None else facts.member.receipts + 1


def _days_away(facts: Facts) -> int:
    days = [] if facts.member is None else facts.member.history.days
    last = max((one.day for one in days if one.visits > 0), default=None)
    return _NEVER if last is None else (facts.counted_on - last).days


def _days_a_member(facts: Facts) -> int:
    since = None if facts.member is None else facts.member.registered_on
    return _NEVER if since is None else (facts.day - since).days


def _is_referred(facts: Facts) -> str:
    return "yes" if facts.member is not None and facts.member.referrer is not None else "no"


def _one_of(condition: Condition, _lists: Lists) -> LineTest:
    reads, wanted = _GOODS[condition.operator], frozenset(operand_words(condition))
    return lambda _facts, line: not wanted.isdisjoint(reads(line.goods))


def _group(condition: Condition, _lists: Lists) -> LineTest:
    return groups_test(condition.group_in or ())


def _goods(condition: Condition, lists: Lists) -> LineTest:
    return goods_test(condition.goods_in or (), lists)


def _enough(condition: Condition, _lists: Lists) -> LineTest:
    reads, least = _LINE_NUMBERS[condition.operator], condition.operand
    assert isinstance(least, int), "an operator of numbers has a number"
    return lambda _facts, line: reads(line) >= least


_WORDS: Final[dict[str, Callable[[Facts], Iterable[str]]]] = {
    "member": lambda facts: ("unknown" if facts.member is None else "known",),
    "tier_in": lambda facts: () if facts.tier is None else (facts.tier.id,),
    "segment_in": lambda facts: () if facts.member is None else facts.member.segments,
    "store_in": lambda facts: (facts.receipt.store,),
    "region_in": lambda facts: (facts.receipt.region,),
    "channel_in": lambda facts: (facts.receipt.channel,),
    "code_in": lambda facts: facts.codes,
    "first_purchase": lambda facts: ("yes" if _purchase_no(facts) == 1 else "no",),
    "referred": lambda facts: (_is_referred(facts),),
    "paid_in": lambda facts: () if facts.receipt.paid_in is None else (facts.receipt.paid_in,),
    "mark_in": lambda facts: facts.receipt.marks,
    "weekday_in": lambda facts: (_WEEKDAYS[facts.day.weekday()],),
    "month_in": lambda facts: (_MONTHS[facts.day.month - 1],),
    "day_of_month_in": lambda facts: (str(facts.day.day),),
}
"""Operators that hold when one of the words read is among those of the condition."""

_EVERY: Final[dict[str, Callable[[Facts], int]]] = {
    "every_nth_purchase": _purchase_no,
}
"""Operators that hold when the number read is a multiple of theirs, and not zero."""

_NUMBERS: Final[dict[str, Callable[[Facts], int]]] = {
    "receipt_sum_from": lambda facts: facts.sum_minor,
    "member_days_from": _days_a_member,
    "away_days_from": _days_away,
}
"""Operators that hold when the number read is enough."""

_GOODS: Final[dict[str, Callable[[Goods], Iterable[str]]]] = {
    "sku_in": lambda goods: (goods.sku,),
    "group_in": lambda goods: (goods.group,),
    "brand_in": lambda goods: (goods.brand,),
    "flag_in": lambda goods: goods.flags,
}
"""What operators read of a line's goods."""

_LINE_NUMBERS: Final[dict[str, Callable[[Line], int]]] = {
    "quantity_from": lambda line: line.quantity,
    "price_from": lambda line: line.price_minor,
}
"""Operators that hold when a number of the line is enough."""

_LINE: Final[dict[str, Callable[[Condition, Lists], LineTest]]] = {
    "sku_in": _one_of,
    "group_in": _group,
    "brand_in": _one_of,
    "flag_in": _one_of,
    "goods_in": _goods,
    "quantity_from": _enough,
    "price_from": _enough,
}
