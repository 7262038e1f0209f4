"""What the conditions of a pack ask for, and a walk over its parts."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

from shared.rules.condition_model import Condition
from shared.rules.conditions import operand_words
from shared.rules.features import nodes
from shared.rules.grammar import Document
from shared.rules.model import Pack

_V = TypeVar("_V")


class Asked:
    """The operands of what decides on a price, by operator: rules, counters and promo codes."""

    def __init__(self, pack: Pack) -> None:
        self._operands: dict[str, list[Any]] = {}
        conditions = [rule.condition for rule in pack.rules]
        conditions += [counter.condition for counter in pack.counters.values()]
        for condition in conditions:
            for node in nodes(condition) if condition is not None else ():
                self._add(node.operator, _operand(node))
        for campaign in pack.codes.values():
            self._add("store_in", campaign.stores)
            self._add("region_in", campaign.regions)
            self._add("segment_in", campaign.segments)

    def _add(self, operator: str, operand: object) -> None:
        if operand is not None:
            self._operands.setdefault(operator, []).append(operand)

    def of(self, operator: str) -> list[Any]:
        """Return the operands of an operator: its words where it has words."""
        return self._operands.get(operator, [])

    def classes(self, operator: str, plain: str) -> tuple[str, ...]:
        """Return a word, and one for each set of conditions that tell words apart."""
        wanted = [frozenset(one) for one in self.of(operator)]
        words = dict.fromkeys(word for one in wanted for word in sorted(one))
        return distinct([plain, *words], lambda word: tuple(word in one for one in wanted))


def _operand(node: Condition) -> object:
    """Return the words of an operator that has some, in declared order, or its operand."""
    words = operand_words(node)
    return words if words and node.operator != "paid_in" else node.operand


def distinct(values: Iterable[_V], told_apart: Callable[[_V], Hashable]) -> tuple[_V, ...]:
    """Keep the first of the values that nothing tells apart."""
    kept: dict[Hashable, _V] = {}
    for value in values:
        kept.setdefault(told_apart(value), value)
    return tuple(kept.values())


def documents(part: object) -> Iterator[Document]:
    """Walk a part of a pack and all parts in it."""
    if isinstance(part, Document):
        yield part
        for name in type(part).model_fields:
            yield from documents(getattr(part, name))
    elif isinstance(part, tuple | dict):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from documents(inner)
