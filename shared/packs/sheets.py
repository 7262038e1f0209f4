"""Tables of a pack as sheets, to be changed by people and brought back as they are."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from shared.packs.table_kinds import TableKind
from shared.packs.tables import COLUMNS, PERCENT, Sheet
from shared.rules.model import Pack

Cells = tuple[str, ...]


def sheet_of(pack: Pack, kind: TableKind) -> Sheet:
    """Return a table of a pack; brought back unchanged, it changes nothing."""
    heading = COLUMNS[kind]
    if kind is TableKind.TIERS:
        heading = (*heading, *(f"{PERCENT}{name}" for name in _percents(pack)))
    return Sheet(heading, tuple(_ROWS[kind](pack)))


def _lists(pack: Pack) -> Iterable[Cells]:
    for name, goods in pack.lists.items():
        values = {"sku": goods.skus, "group": goods.groups, "brand": goods.brands}
        for kind, several in values.items():
            yield from ((name, kind, str(value)) for value in several)
        yield from ((name, "flag", flag.value) for flag in goods.flags)


def _tiers(pack: Pack) -> Iterable[Cells]:
    for step in pack.tiers.steps if pack.tiers else ():
        percents = (_amount(step.percents.get(name, 0)) for name in _percents(pack))
        yield (step.id, _amount(step.from_minor), *percents)


def _percents(pack: Pack) -> list[str]:
    steps = pack.tiers.steps if pack.tiers else ()
    return list(dict.fromkeys(name for step in steps for name in step.percents))


def _prices(pack: Pack) -> Iterable[Cells]:
    for name, one in pack.price_lists.items():
        yield from ((name, sku, _amount(price)) for sku, price in one.prices.items())


def _floors(pack: Pack) -> Iterable[Cells]:
    for one in pack.floors:
        yield " ".join(one.goods), _amount(one.price_minor), _day(one.first), _day(one.last)


def _limits(pack: Pack) -> Iterable[Cells]:
    for rule in pack.rules:
        for one in rule.limits:
            amount = str(one.amount) if one.what == "uses" else _amount(one.amount)
            yield rule.id, one.what, amount, one.per, one.window


def _amount(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


_ROWS: Final[Mapping[TableKind, Callable[[Pack], Iterable[Cells]]]] = {
    TableKind.LISTS: _lists,
    TableKind.TIERS: _tiers,
    TableKind.PRICES: _prices,
    TableKind.FLOORS: _floors,
    TableKind.LIMITS: _limits,
}
