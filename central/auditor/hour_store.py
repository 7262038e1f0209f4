"""The table of sales by the hour: each receipt counted once, as the audit comes to it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, delete, func, select, update
from sqlmodel import Field

from central.schema import Instant, Table, insert_new, table_of
from shared.wire.facts import ReceiptCommitted

KEPT = timedelta(days=40)


class SaleHourTable(Table, table=True):
    """What a store's receipts of an hour come to; what comes back later is not taken off."""

    __tablename__ = "sale_hour"
    hour: datetime = Field(primary_key=True, sa_type=Instant)
    store: str = Field(primary_key=True)
    receipts: int
    paid_minor: int = Field(sa_type=BigInteger)
    redeemed: int = Field(sa_type=BigInteger)
    earned: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class Sold:
    """Receipts, kopecks to pay, hundredths of a point redeemed and earned."""

    receipts: int = 0
    paid_minor: int = 0
    redeemed: int = 0
    earned: int = 0

    def plus(self, other: "Sold") -> "Sold":
        """Return both together."""
        return Sold(
            self.receipts + other.receipts,
            self.paid_minor + other.paid_minor,
            self.redeemed + other.redeemed,
            self.earned + other.earned,
        )


_hour = table_of(SaleHourTable)
_SUMS = ("receipts", "paid_minor", "redeemed", "earned")


def add(connection: Connection, sales: Iterable[ReceiptCommitted], at: datetime) -> None:
    """Add sales that nobody has added before; what is older than is kept is passed over."""
    sums: dict[tuple[datetime, str], Sold] = {}
    for sale in sales:
        hour = sale.at.replace(minute=0, second=0, microsecond=0)
        key, totals = (hour, sale.receipt.store), sale.evaluation.totals
        one = Sold(1, totals.payable_minor, totals.redeemed_points, totals.earned_points)
        sums[key] = sums.get(key, Sold()).plus(one)
    connection.execute(delete(_hour).where(_hour.c.hour < at - KEPT))
    _add(connection, {key: sold for key, sold in sums.items() if key[0] >= at - KEPT})


def by_hour(
    connection: Connection, first: datetime, last: datetime, store: str = ""
) -> dict[datetime, Sold]:
    """Return what was sold in each hour from an instant up to another; of one store if named."""
    sums = [func.sum(_hour.c[name]) for name in _SUMS]
    query = select(_hour.c.hour, *sums).where(_hour.c.hour >= first, _hour.c.hour < last)
    if store:
        query = query.where(_hour.c.store == store)
    rows = connection.execute(query.group_by(_hour.c.hour))
    return {row[0]: Sold(*map(int, row[1:])) for row in rows}


def _add(connection: Connection, sums: Mapping[tuple[datetime, str], Sold]) -> None:
    for (hour, store), more in sorted(sums.items()):
        new = {"hour": hour, "store": store, **asdict(Sold())}
        connection.execute(insert_new(connection, SaleHourTable), new)
        values = {name: _hour.c[name] + getattr(more, name) for name in _SUMS}
        this = (_hour.c.hour == hour, _hour.c.store == store)
        connection.execute(update(_hour).where(*this).values(values))
