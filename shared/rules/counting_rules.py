"""Counters compiled: how much of a receipt each of them counts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.basket import Line
from shared.rules.conditions import conjuncts, line_test, reads_lines, receipt_test
from shared.rules.counters import ONE, pieces
from shared.rules.facts import Facts
from shared.rules.goods_tests import LineTest
from shared.rules.model import Pack

Tests = Sequence[Callable[[Facts], bool]]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCounter:
    """A counter ready to be asked of a receipt that is priced."""

    name: str
    of: str
    opens: Tests
    fits: Sequence[LineTest]

    def amount(self, facts: Facts, paid: Iterable[tuple[Line, int]]) -> int:
        """Return what lines add, each with what money pays for it: hundredths, or kopecks."""
        if not all(test(facts) for test in self.opens):
            return 0
        found = [pair for pair in paid if all(test(facts, pair[0]) for test in self.fits)]
        return _SUMS[self.of](found)


def compile_counters(pack: Pack) -> tuple[CompiledCounter, ...]:
    """Compile the counters of a pack that was checked, in the order of their names."""
    found = []
    for name, counter in sorted(pack.counters.items()):
        must_hold = conjuncts(counter.condition)
        opens = [receipt_test(one, pack.lists) for one in must_hold if not reads_lines(one)]
        fits = [line_test(one, pack.lists) for one in must_hold if reads_lines(one)]
        found.append(CompiledCounter(name, counter.of, opens, fits))
    return tuple(found)


_SUMS: Final[dict[str, Callable[[Sequence[tuple[Line, int]]], int]]] = {
    "pieces": lambda found: sum(pieces(line.quantity) for line, _ in found),
    "money": lambda found: sum(paid_minor for _, paid_minor in found),
    "receipts": lambda found: ONE if found else 0,
}
