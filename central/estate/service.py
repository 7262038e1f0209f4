"""Stores, cashiers and goods, imported from files and sent down to the stores that need them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum, auto
from typing import Generic, TypeVar

import structlog
from sqlalchemy import Connection

from central.agents import streams
from central.agents.enrolment import issue_code
from central.centre import Centre
from central.estate import store
from central.estate.rows import (
    BadCellError,
    Cashier,
    CsvRow,
    RegionGoods,
    Store,
    cashier_parser,
    parse_all,
    parse_goods,
    parse_store,
    read_csv,
)
from central.feed import service as feed
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import region_stream, store_stream
from shared.wire.rows import CashierRow, GoodsRow, SettingsRow

STORE_COLUMNS = ("code", "name", "address", "region", "zone", "legal_name", "tax_number", "tills")
CASHIER_COLUMNS = ("store", "no", "name", "role", "pin")
GOODS_COLUMNS = (
    "region",
    "sku",
    "name",
    "group",
    "brand",
    "flags",
    "price",
    "floor",
    "barcodes",
)

ROWS_PER_TRANSACTION = 2000
_ANY_PIN = "000000"
"""For reading the other cells of somebody who keeps his own."""

_T = TypeVar("_T")
log = structlog.get_logger()


class How(Enum):
    """Whether an import writes, or only says what it would do."""

    APPLY = auto()
    DRY_RUN = auto()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, in rows."""

    read: int
    added: int
    changed: int

    @property
    def unchanged(self) -> int:
        """Rows that said nothing new."""
        return self.read - self.added - self.changed


class UnknownStoreError(LoyaltyError):
    """A store code that no import has brought."""

    kind = Kind.NOT_FOUND
    code = "unknown_store"
    ru = "Магазина {store} нет: загрузите его командой stores import."
    en = "There is no store {store}: bring it with stores import."


@dataclass(frozen=True, slots=True)
class Sort(Generic[_T]):
    """One sort of things that files bring: how it is read, kept, and sent down."""

    columns: Sequence[str]
    parse: Callable[[CsvRow], _T]
    key: Callable[[_T], object]
    known: Callable[[Connection, Sequence[_T]], Sequence[_T]]
    write: Callable[[Connection, Sequence[_T]], None]
    change: Callable[[_T], feed.NewChange]


def import_stores(centre: Centre, content: bytes, how: How) -> Imported:
    """Take stores from a file; only what differs is written and sent. Raises BadFileError."""
    return _import(centre, content, how, STORES)


def import_goods(centre: Centre, content: bytes, how: How) -> Imported:
    """Take goods from a file; only what differs is written and sent. Raises BadFileError."""
    return _import(centre, content, how, GOODS)


def import_cashiers(centre: Centre, content: bytes, how: How) -> Imported:
    """Take cashiers from a file; only what differs is written and sent. Raises BadFileError."""
    return _import(centre, content, how, cashiers_of(centre))


def cashiers_of(centre: Centre) -> Sort[Cashier]:
    """Return how cashiers of the present stores are read, kept and sent down."""
    with reading(centre.engine) as connection:
        codes = {item.code for item in store.stores(connection)}
    parse = cashier_parser(centre.keys.pin_pepper)

    def parse_known(cells: CsvRow) -> Cashier:
        if cells["store"] not in codes:
            raise BadCellError(
                column="store",
                value=cells["store"][:60],
                wants_ru="код загруженного магазина",
                wants_en="the code of an imported store",
            )
        return parse(cells)

    return Sort(
        CASHIER_COLUMNS,
        parse_known,
        lambda item: (item.store, item.no),
        lambda connection, _items: store.cashiers(connection),
        store.upsert_cashiers,
        _cashier_change,
    )


def save_store(centre: Centre, cells: CsvRow) -> Store:
    """Write one store, new or known, as a person has typed it; raises BadCellError."""
    item = parse_store(cells)
    _take(centre, [item], How.APPLY, STORES)
    log.info("store.saved", store=item.code)
    return item


@retried
def save_cashier(centre: Centre, cells: CsvRow) -> None:
    """Write one cashier; with an empty PIN he keeps the one that he has.

    Raises BadCellError, UnknownStoreError.
    """
    code, no = cells["store"], cells["no"].strip()
    with transaction(centre.engine) as connection:
        if all(item.code != code for item in store.stores(connection)):
            raise UnknownStoreError(store=code)
        known = {item.no: item for item in store.cashiers_of(connection, code)}
        parse = cashier_parser(centre.keys.pin_pepper)
        if not cells["pin"] and no in known:
            item = replace(parse({**cells, "pin": _ANY_PIN}), pin_hash=known[no].pin_hash)
        else:
            item = parse(cells)
        store.upsert_cashiers(connection, [item])
        feed.append(connection, [_cashier_change(item)])
    log.info("cashier.saved", store=code, cashier=no)


@retried
def remove_cashier(centre: Centre, code: str, no: str) -> None:
    """Take a cashier from a store: he signs in there no more. Repeating changes nothing."""
    with transaction(centre.engine) as connection:
        gone = [item for item in store.cashiers_of(connection, code) if item.no == no]
        for item in gone:
            store.delete_cashier(connection, code, no)
            row = CashierRow(item.no, item.name, item.role, item.pin_hash)
            feed.append(connection, [feed.removed(store_stream(code), row)])
    log.info("cashier.removed", store=code, cashier=no)


def cashiers(centre: Centre, code: str) -> list[Cashier]:
    """Return a store's cashiers by number."""
    with reading(centre.engine) as connection:
        return store.cashiers_of(connection, code)


def every_cashier(centre: Centre) -> list[Cashier]:
    """Return the cashiers of all stores."""
    with reading(centre.engine) as connection:
        return store.cashiers(connection)


@retried
def issue_enrol_code(centre: Centre, store_code: str) -> str:
    """Make a one-time code for a store's agent; raises UnknownStoreError."""
    with transaction(centre.engine) as connection:
        if all(item.code != store_code for item in store.stores(connection)):
            raise UnknownStoreError(store=store_code)
        return issue_code(connection, centre, store_code)


def stores(centre: Centre) -> list[Store]:
    """Return all stores by code."""
    with reading(centre.engine) as connection:
        return store.stores(connection)


def _import(centre: Centre, content: bytes, how: How, sort: Sort[_T]) -> Imported:
    """Check the whole file, then take it in steps, so that agents' facts get their turn between.

    An import that was cut off is finished by repeating it.
    """
    items = parse_all(read_csv(content, sort.columns), sort.parse, sort.key)
    added = changed = 0
    for start in range(0, len(items), ROWS_PER_TRANSACTION):
        news = _take(centre, items[start : start + ROWS_PER_TRANSACTION], how, sort)
        added, changed = added + news[0], changed + news[1]
    done = Imported(len(items), added, changed)
    log.info("estate.imported", how=how.name.lower(), **asdict(done))
    return done


@retried
def _take(centre: Centre, items: Sequence[_T], how: How, sort: Sort[_T]) -> tuple[int, int]:
    with transaction(centre.engine) as connection:
        new, changed = take(connection, items, how, sort)
    return len(new), len(changed)


def take(
    connection: Connection, items: Sequence[_T], how: How, sort: Sort[_T]
) -> tuple[set[object], set[object]]:
    """Take things of different keys, those that differ from what is there; return the keys of those
    that are new, and of those that have changed."""
    known = {sort.key(item): item for item in sort.known(connection, items)}
    differing = [item for item in items if known.get(sort.key(item)) != item]
    if how is How.APPLY and differing:
        sort.write(connection, differing)
        feed.append(connection, [sort.change(item) for item in differing])
    keys = {sort.key(item) for item in differing}
    return keys - known.keys(), keys & known.keys()


def _write_stores(connection: Connection, items: Sequence[Store]) -> None:
    store.upsert_stores(connection, items)
    for item in items:
        names = [region_stream(item.region), store_stream(item.code)]
        streams.admit(connection, item.code, names)


def _store_change(item: Store) -> feed.NewChange:
    row = SettingsRow(
        item.code,
        item.name,
        item.address,
        item.region,
        item.zone,
        item.legal_name,
        item.tax_number,
        item.tills,
    )
    return feed.changed(store_stream(item.code), row)


def _cashier_change(item: Cashier) -> feed.NewChange:
    row = CashierRow(item.no, item.name, item.role, item.pin_hash)
    return feed.changed(store_stream(item.store), row)


def _goods_change(item: RegionGoods) -> feed.NewChange:
    row = GoodsRow(
        item.sku,
        item.name,
        item.group,
        item.brand,
        item.flags,
        item.price_minor,
        item.floor_minor,
        item.barcodes,
    )
    return feed.changed(region_stream(item.region), row)


STORES: Sort[Store] = Sort(
    STORE_COLUMNS,
    parse_store,
    lambda item: item.code,
    lambda connection, _items: store.stores(connection),
    _write_stores,
    _store_change,
)
GOODS: Sort[RegionGoods] = Sort(
    GOODS_COLUMNS,
    parse_goods,
    lambda item: (item.region, item.sku),
    lambda connection, items: store.goods(connection, [(one.region, one.sku) for one in items]),
    store.upsert_goods,
    _goods_change,
)
