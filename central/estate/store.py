"""Tables of the estate: stores, cashiers, and the goods of each region."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, delete, select, tuple_
from sqlmodel import Field

from central.estate.rows import Cashier, RegionGoods, Store
from central.schema import Table, table_of, upsert

_KEYS_PER_QUERY = 500


class StoreTable(Table, table=True):
    """A store; `tills` is the list of their codes."""

    __tablename__ = "store"
    code: str = Field(primary_key=True)
    name: str
    address: str
    region: str = Field(index=True)
    zone: str
    legal_name: str
    tax_number: str
    tills: list[str] = Field(sa_type=JSON)


class CashierTable(Table, table=True):
    """A cashier of a store."""

    __tablename__ = "cashier"
    store: str = Field(primary_key=True)
    no: str = Field(primary_key=True)
    name: str
    role: str
    pin_hash: str


class GoodsTable(Table, table=True):
    """Goods of a region; money in kopecks."""

    __tablename__ = "goods"
    region: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    name: str
    group: str
    brand: str
    flags: list[str] = Field(sa_type=JSON)
    price_minor: int = Field(sa_type=BigInteger)
    floor_minor: int = Field(sa_type=BigInteger)
    barcodes: list[str] = Field(sa_type=JSON)


_store = table_of(StoreTable)
_cashier = table_of(CashierTable)
_goods = table_of(GoodsTable)


def stores(connection: Connection) -> list[Store]:
    """Return all stores by code."""
    rows = connection.execute(select(_store).order_by(_store.c.code))
    return [Store(**{**row._mapping, "tills": tuple(row.tills)}) for row in rows]


def zone_of(connection: Connection, store: str) -> str | None:
    """Return the zone of a store."""
    zone: str | None = connection.scalar(select(_store.c.zone).where(_store.c.code == store))
    return zone


def region_of(connection: Connection, store: str) -> str | None:
    """Return the region of a store."""
    region: str | None = connection.scalar(select(_store.c.region).where(_store.c.code == store))
    return region


def zones(connection: Connection) -> list[str]:
    """Return the zones of the chain's stores, each once."""
    return list(connection.scalars(select(_store.c.zone).distinct().order_by(_store.c.zone)))


def upsert_stores(connection: Connection, items: Sequence[Store]) -> None:
    """Write stores."""
    connection.execute(upsert(connection, StoreTable), [asdict(item) for item in items])


def cashiers(connection: Connection) -> list[Cashier]:
    """Return all cashiers."""
    return [Cashier(**row._mapping) for row in connection.execute(select(_cashier))]


def upsert_cashiers(connection: Connection, items: Sequence[Cashier]) -> None:
    """Write cashiers."""
    connection.execute(upsert(connection, CashierTable), [asdict(item) for item in items])


def cashiers_of(connection: Connection, code: str) -> list[Cashier]:
    """Return a store's cashiers by number."""
    query = select(_cashier).where(_cashier.c.store == code).order_by(_cashier.c.no)
    return [Cashier(**row._mapping) for row in connection.execute(query)]


def delete_cashier(connection: Connection, code: str, no: str) -> None:
    """Forget a cashier."""
    this = (_cashier.c.store == code, _cashier.c.no == no)
    connection.execute(delete(_cashier).where(*this))


def goods(connection: Connection, keys: Collection[tuple[str, str]]) -> list[RegionGoods]:
    """Return the goods with these (region, sku), as far as they are there."""
    by_region: dict[str, list[str]] = {}
    for region, sku in keys:
        by_region.setdefault(region, []).append(sku)
    found: list[RegionGoods] = []
    for region, skus in by_region.items():
        for start in range(0, len(skus), _KEYS_PER_QUERY):
            some = _goods.c.sku.in_(skus[start : start + _KEYS_PER_QUERY])
            rows = connection.execute(select(_goods).where(_goods.c.region == region, some))
            found.extend(_goods_of(dict(row._mapping)) for row in rows)
    return found


def all_goods(connection: Connection) -> Iterator[RegionGoods]:
    """Yield all goods by region and SKU, a page of them at a time."""
    after: tuple[str, str] | None = None
    while True:
        query = select(_goods).order_by(_goods.c.region, _goods.c.sku).limit(_KEYS_PER_QUERY)
        if after is not None:
            query = query.where(tuple_(_goods.c.region, _goods.c.sku) > tuple_(*after))
        page = [_goods_of(dict(row._mapping)) for row in connection.execute(query)]
        yield from page
        if len(page) < _KEYS_PER_QUERY:
            return
        after = (page[-1].region, page[-1].sku)


def upsert_goods(connection: Connection, items: Sequence[RegionGoods]) -> None:
    """Write goods."""
    connection.execute(upsert(connection, GoodsTable), [asdict(item) for item in items])


def _goods_of(values: dict[str, Any]) -> RegionGoods:
    flags, barcodes = values.pop("flags"), values.pop("barcodes")
    return RegionGoods(**values, flags=tuple(flags), barcodes=tuple(barcodes))
