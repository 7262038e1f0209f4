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

        Together no more than the sale did.
        """
        for receipt, told in self._by_sale(known).items():
            sale = self.sold[receipt]
            restored = by_lot(one for back in told for one in back.restored)
            taken = by_lot(one for back in told for one in back.taken)
            for one in sale.drawn:
                yield one.account, min(one.amount, restored[one.lot]), 0, 0
            for one in sale.granted:
                yield one.account, -min(one.amount, taken[one.lot]), 0, 0
            turnover = min(sale.turnover_minor, sum(back.turnover_minor for back in told))
            yield sale.account, 0, -turnover, -any(back.void for back in told)

    def _again(self, known: Collection[str]) -> Iterator[tuple[str, int, int, int]]:
        """Return by account how many points fewer and more there are at most than `moved` says, and
        how much more turnover, of sales of which some line came back again but not everything.

        Such a line has moved once, whatever the others have left: at least what one return has.
        """
        for receipt, told in self._by_sale(known).items():
            sale = self.sold[receipt]
            if any(back.is_all or back.void for back in told) or not _is_over(sale, told):
                continue
            restored = [by_lot(back.restored) for back in told]
            taken = [by_lot(back.taken) for back in told]
            for one in sale.drawn:
                yield one.account, _spread(one, restored), 0, 0
            for one in sale.granted:
                yield one.account, 0, _spread(one, taken), 0
            turnovers = [back.turnover_minor for back in told]
            most = min(sale.turnover_minor, sum(turnovers))
            yield sale.account, 0, 0, most - min(most, max(turnovers))

    def again_by_account(self, known: Collection[str]) -> dict[str, list[int]]:
        """Return of accounts by how much there may be fewer points, more points and more turnover
        than `moved` says."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for account, *more in self._again(known):
            sums[account] = [a + b for a, b in zip(sums[account], more, strict=True)]
        return sums

    def _by_sale(self, known: Collection[str]) -> dict[str, list[Returned]]:
        backs: dict[str, list[Returned]] = defaultdict(list)
        for fact in self._told.keys() & known:
            backs[self._told[fact].sale].append(self._told[fact])
        return backs


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


def _is_over(sale: Bought, told: Iterable[Returned]) -> bool:
    back = Counter[int]()
    for no, quantity in (line for one in told for line in one.lines):
        back[no] += quantity
    return any(back[no] > quantity for no, quantity in sale.quantities)


def _spread(one: Points, told: Iterable[Counter[str]]) -> int:
    """Return what of a lot moves once more if returns are summed up, not taken as one."""
    amounts = [by[one.lot] for by in told]
    most = min(one.amount, sum(amounts))
    return most - min(most, max(amounts))


def is_within(there: tuple[int, ...], should: tuple[int, ...], again: list[int]) -> bool:
    """Tell whether points and turnover are what they may be when a line came back again."""
    (points, turnover, *others), (expected, counted, *same) = there, should
    fewer, more, more_turnover = again
    return (
        expected - fewer <= points <= expected + more
        and counted <= turnover <= counted + more_turnover
        and others == same
    )
