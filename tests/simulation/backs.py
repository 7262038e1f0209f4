"""The judge's book of returns: what of each sale has come back, as each store knows that."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator

from tests.simulation.told import Bought, Points, Returned, ViolationError


class Backs:
    """Sales and what came back of them.

    One store pays and moves no more than the sale did. Two that do not hear of each other may, but
    the points of a sale move once.
    """

    def __init__(self) -> None:
        self.sold: dict[str, Bought] = {}
        self._told: dict[str, Returned] = {}
        """By the facts of the returns."""
        self._left: dict[tuple[str, str], Counter[str]] = {}
        self._restored: Counter[tuple[str, str]] = Counter()

    def note(self, returned: Returned) -> Counter[str]:
        """Note what came back; return by lot what may be spent once more."""
        sale = self.sold[returned.sale]
        left = self._left.setdefault((returned.sale, returned.store), _whole(sale))
        left["money"] -= returned.money_minor
        left["turnover"] -= returned.turnover_minor
        left.subtract({f"drawn {one.lot}": one.amount for one in returned.restored})
        left.subtract({f"granted {one.lot}": one.amount for one in returned.taken})
        used = set() if returned.void else {f"drawn {one.lot}" for one in sale.codes_used()}
        stays = any(amount for what, amount in left.items() if what not in used)
        if min(left.values()) < 0 or (returned.is_all and stays):
            raise ViolationError("returns", f"return {returned.fact} leaves {left}")
        self._told[returned.fact] = returned
        more = by_lot(returned.once)
        drawn, restored = by_lot(sale.drawn), by_lot(returned.restored)
        for lot in drawn:
            key = (returned.sale, lot)
            now = min(restored[lot], drawn[lot] - self._restored[key])
            self._restored[key] += now
            more[lot] += now
        return more

    def forget(self, store: str) -> None:
        """Note that a store does not know any more what came back there."""
        for key in [key for key in self._left if key[1] == store]:
            del self._left[key]

    def voids(self) -> set[str]:
        """Return the uids of all voids."""
        return {one.void for one in self._told.values() if one.void}

    def moved(self, known: Collection[str]) -> Iterator[tuple[str, int, int, int]]:
        """Return by account the points, turnover and receipts that known facts have moved back.

        Together no more than the sale did; of a line that came back again at most, see `_again`.
        """
        for sale, told in self._by_sale(known):
            for account, drawn, granted, turnover in _bounds(sale, told):
                yield account, drawn[1] - granted[1], -turnover[1], 0
            yield sale.account, 0, 0, -any(back.void for back in told)

    def _again(self, known: Collection[str]) -> Iterator[tuple[str, int, int, int]]:
        """Return by account how many points fewer and more there are at most than `moved` says, and
        how much more turnover: of sales of which a line came back again, but not everything."""
        for sale, told in self._by_sale(known):
            for account, drawn, granted, turnover in _bounds(sale, told):
                fewer, more, turned = (most - least for least, most in (drawn, granted, turnover))
                yield account, fewer, more, turned

    def again_by_account(self, known: Collection[str]) -> dict[str, list[int]]:
        """Return of accounts by how much there may be fewer points, more points and more turnover
        than `moved` says."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for account, *more in self._again(known):
            sums[account] = [a + b for a, b in zip(sums[account], more, strict=True)]
        return sums

    def _by_sale(self, known: Collection[str]) -> list[tuple[Bought, list[Returned]]]:
        backs: dict[str, list[Returned]] = defaultdict(list)
        for fact in self._told.keys() & known:
            backs[self._told[fact].sale].append(self._told[fact])
        return [(self.sold[sale], told) for sale, told in backs.items()]


def by_lot(points: Iterable[Points]) -> Counter[str]:
    """Sum up points by lot."""
    sums = Counter[str]()
    for one in points:
        sums[one.lot] += one.amount
    return sums


def _whole(sale: Bought) -> Counter[str]:
    by_certificate = sum(amount for _, amount, is_money in sale.by_bearer if is_money)
    left = {f"drawn {one.lot}": one.amount for one in sale.drawn}
    left |= {f"granted {one.lot}": one.amount for one in sale.granted}
    money_minor = sum(sale.tenders) - by_certificate
    return Counter({"money": money_minor, "turnover": sale.turnover_minor, **left})


_Bounds = tuple[int, int]
_NOTHING: _Bounds = (0, 0)


def _bounds(sale: Bought, told: list[Returned]) -> Iterator[tuple[str, _Bounds, _Bounds, _Bounds]]:
    """Return by account what returns of a sale move back at least and at most: points that had
    paid, points that were earned, turnover."""
    again = _again_of(sale, told)
    restored = [by_lot(back.restored) for back in told]
    taken = [by_lot(back.taken) for back in told]
    for one in sale.drawn:
        amounts = [by[one.lot] for by in restored]
        yield one.account, _within(one.amount, amounts, again), _NOTHING, _NOTHING
    for one in sale.granted:
        amounts = [by[one.lot] for by in taken]
        yield one.account, _NOTHING, _within(one.amount, amounts, again), _NOTHING
    amounts = [back.turnover_minor for back in told]
    yield sale.account, _NOTHING, _NOTHING, _within(sale.turnover_minor, amounts, again)


def _again_of(sale: Bought, told: Iterable[Returned]) -> tuple[int, int] | None:
    """Return what was sold of a line that came back again, and how much of it at once.

    None if none did, or everything came back: then the whole sale is what moves, and no more.
    """
    parts = [part for one in told for part in one.lines]
    if not parts or any(back.is_all or back.void for back in told):
        return None
    (no,) = {no for no, _ in parts}  # tills return everything, or of the line that has most
    sold, pieces = dict(sale.quantities)[no], [piece for _, piece in parts]
    return (sold, max(pieces)) if sum(pieces) > sold else None


def _within(whole: int, amounts: list[int], again: tuple[int, int] | None) -> _Bounds:
    """Return what moves at least and at most: each return what it says, together no more than the
    sale, and of a line that came back again no more than the line; a piece of it may be rounded."""
    most = min(whole, sum(amounts))
    if again is None:
        return most, most
    (sold, piece), once = again, max(amounts)
    of_line = once if sold == piece else once * sold // piece + 1
    return min(most, once), min(most, of_line)


def is_within(there: tuple[int, ...], should: tuple[int, ...], again: list[int]) -> bool:
    """Tell whether points and turnover are what they may be when a line came back again."""
    (points, turnover, *others), (expected, counted, *same) = there, should
    fewer, more, more_turnover = again
    return (
        expected - fewer <= points <= expected + more
        and counted <= turnover <= counted + more_turnover
        and others == same
    )
