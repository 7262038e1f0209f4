"""Integer arithmetic of money: kopecks, basis points, rounding and exact allocation."""

from collections.abc import Sequence
from operator import le

PERCENT_BP = 100
WHOLE_BP = 10_000
_TWICE_BP = 2 * WHOLE_BP
NO_BREAK_SPACE = "\u00a0"


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide and round half away from zero; the denominator is positive."""
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def share_of(amount_minor: int, rate_bp: int) -> int:
    """Return a percentage (basis points) of an amount in kopecks, rounded half up."""
    share = amount_minor * rate_bp
    return (2 * share + WHOLE_BP) // _TWICE_BP if share >= 0 else round_half_up(share, WHOLE_BP)


def allocate(total: int, weights: Sequence[int], ceilings: Sequence[int]) -> list[int]:
    """Split a total over places by largest remainder, ties to the earlier place.

    No place gets more than its ceiling: what does not fit is spread over the others by the same
    weights. The parts sum to the total, or to the sum of the ceilings of the places that have a
    weight if that is less. All numbers are non-negative.
    """
    if any(weights) and all(ceilings):
        parts = _largest_remainder(total, weights)
        if all(map(le, parts, ceilings)):  # as nearly always: one round does
            return parts
    return _by_rounds(total, weights, ceilings)


def format_money(amount_minor: int) -> str:
    """Write kopecks as in Russia, with no-break spaces: `1 085,50`."""
    sign = "\u2212" if amount_minor < 0 else ""
    rubles, kopecks = divmod(abs(amount_minor), 100)
    whole = f"{rubles:,}".replace(",", NO_BREAK_SPACE) if rubles >= 1000 else rubles
    return f"{sign}{whole},{kopecks:02d}"


def _by_rounds(total: int, weights: Sequence[int], ceilings: Sequence[int]) -> list[int]:
    parts = [0] * len(weights)
    rest = total
    while rest:
        live = [i for i, w in enumerate(weights) if w > 0 and parts[i] < ceilings[i]]
        if not live:
            break
        wanted = _largest_remainder(rest, [weights[i] for i in live])
        for place, amount in zip(live, wanted, strict=True):
            taken = min(amount, ceilings[place] - parts[place])
            parts[place] += taken
            rest -= taken
    return parts


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    if missing := total - sum(parts):
        remainders = [total * weight % whole for weight in weights]
        # sorting keeps equal ones in their order, also in reverse
        for place in sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)[:missing]:
            parts[place] += 1
    return parts
