"""What the centre has, as files that an import reads."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.estate import service as estate
from central.estate import store as estates
from central.exports import families, members, receipts
from central.exports.members import decimal
from central.exports.writers import table_file
from central.imports.fields import ImportKind
from shared.runtime.sqlite import reading

TOLD_EVERY = 1000

log = structlog.get_logger()
Heard = Callable[[int], None]
Rows = Iterator[Sequence[str]]


def export(centre: Centre, kind: ImportKind, path: Path, heard: Heard) -> int:
    """Write everything of a kind into a file, as it stands at one moment; return how many rows.

    Raises BadTargetError, NoLibraryError.
    """
    count = 0
    with reading(centre.engine) as connection:
        columns, rows = _table(connection, kind)
        with table_file(path, columns) as write:
            for row in rows:
                write(row)
                count += 1
                if count % TOLD_EVERY == 0:
                    heard(count)
    log.info("export.done", kind=kind.value, rows=count)
    return count


def _table(connection: Connection, kind: ImportKind) -> tuple[Sequence[str], Rows]:
    if kind is ImportKind.MEMBERS:
        header = members.header(connection)
        return header, members.rows(connection, header)
    if kind is ImportKind.FAMILIES:
        return families.COLUMNS, families.rows(connection)
    if kind is ImportKind.RECEIPTS:
        return receipts.COLUMNS, receipts.rows(connection)
    tables: dict[ImportKind, tuple[Sequence[str], Callable[[Connection], Rows]]] = {
        ImportKind.STORES: (estate.STORE_COLUMNS, _stores),
        ImportKind.GOODS: (estate.GOODS_COLUMNS, _goods),
        ImportKind.CASHIERS: (estate.CASHIER_COLUMNS[:-1], _cashiers),
    }
    columns, rows = tables[kind]
    return columns, rows(connection)


def _stores(connection: Connection) -> Rows:
    for one in estates.stores(connection):
        about = (one.code, one.name, one.address, one.region, one.zone)
        yield (*about, one.legal_name, one.tax_number, ";".join(one.tills))


def _cashiers(connection: Connection) -> Rows:
    """Yield cashiers without their PINs, which nobody knows here."""
    for one in sorted(estates.cashiers(connection), key=lambda one: (one.store, one.no)):
        yield (one.store, one.no, one.name, one.role)


def _goods(connection: Connection) -> Rows:
    for one in estates.all_goods(connection):
        about = (one.region, one.sku, one.name, one.group, one.brand, ";".join(one.flags))
        yield (*about, decimal(one.price_minor), decimal(one.floor_minor), ";".join(one.barcodes))
