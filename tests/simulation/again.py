"""Lines of a sale that come back in two stores, of which one is cut off meanwhile."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

from tests.simulation.carried import LINE_SHARE

AGAIN = 0.04
"""Of all sales."""

Sale = tuple[int, int, str]
"""Second, store, receipt."""
Line = tuple[int, int, str]
"""Second, store, what its line is from then on."""


def plan(
    seed: int, stores: int, sales: Iterable[Sale], lines: Sequence[Line]
) -> list[tuple[int, str, int, dict[str, Any]]]:
    """Return second, what is done, where, and with what.

    A line is cut for this only where it is up, and would have been all the while.
    """
    chance = random.Random(f"again/{seed}")
    made: list[tuple[int, str, int, dict[str, Any]]] = []
    for at_s, store, name in sales:
        if stores == 1 or chance.random() >= AGAIN:
            continue
        elsewhere = (store + chance.randrange(1, stores)) % stores
        down_s = at_s + chance.randrange(1200, 6 * 3600)
        up_s = down_s + chance.randrange(900, 7200)
        if _is_up([line for line in lines if line[1] == store], down_s, up_s):
            back = {"receipt": name, "share": LINE_SHARE}
            made += [
                (down_s, "line", store, {"mode": "down"}),
                (down_s + chance.randrange(60, 600), "return", store, back),
                (down_s + chance.randrange(60, 600), "return", elsewhere, back),
                (up_s, "line", store, {"mode": "up"}),
            ]
    return made


def _is_up(lines: Iterable[Line], from_s: int, to_s: int) -> bool:
    mode = "up"
    for at_s, _, told in sorted(lines):
        if from_s <= at_s <= to_s:
            return False
        mode = told if at_s < from_s else mode
    return mode == "up"
