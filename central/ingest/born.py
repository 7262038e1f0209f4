"""Lots whose facts are not posted yet, and what was given once: the tables are the store's."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import (
    Connection,
    delete,
    insert,
)

from central.ingest.store import BirthTable, OnceTable, pairs
from central.ledger.rows import chunks
from central.schema import insert_new, table_of
from central.sets import one_of

_birth = table_of(BirthTable)
_once = table_of(OnceTable)


def insert_births(connection: Connection, births: Collection[tuple[UUID, UUID]]) -> None:
    """Note lots whose facts are not posted yet; the first fact stays."""
    if births:
        rows = [{"lot": lot, "fact": fact} for lot, fact in births]
        connection.execute(insert_new(connection, BirthTable), rows)


def delete_births(connection: Connection, lots: Collection[UUID]) -> None:
    """Forget lots whose facts have been posted."""
    for few in chunks(lots):
        connection.execute(delete(_birth).where(one_of(connection, _birth.c.lot, few)))


def births(connection: Connection, lots: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the facts that will bring lots."""
    return pairs(connection, _birth.c.lot, _birth.c.fact, lots)


def delete_once(connection: Connection, lots: Iterable[UUID]) -> None:
    """Forget what persons have not got after all."""
    for few in chunks(lots):
        connection.execute(delete(_once).where(_once.c.lot.in_(few)))


def insert_once(connection: Connection, lots: Collection[tuple[UUID, UUID]]) -> None:
    """Note what persons get once, with the accounts that got it.

    If another transaction was faster, this one fails, and the batch is sent again.
    """
    if lots:
        rows = [{"lot": lot, "account": account} for lot, account in lots]
        connection.execute(insert(_once), rows)


def once(connection: Connection, lots: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the accounts that got what a person gets once."""
    return pairs(connection, _once.c.lot, _once.c.account, lots)
