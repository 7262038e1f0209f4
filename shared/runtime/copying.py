"""PostgreSQL's COPY: many rows into a table at once, in the binary form of their columns."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError


def copy_in(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Add rows of the named columns in the transaction that the connection is in.

    What the driver raises is raised as Core's errors, so that callers know one kind of failure.
    """
    from psycopg import Error, sql

    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    words = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
    written = (table.c[name].type.compile(connection.dialect).lower() for name in names)
    types = [one.partition(" collate ")[0] for one in written]
    statement = words.format(sql.Identifier(table.name), columns)
    driver = cast("Any", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except Error as error:
        failed = DBAPIError.instance("COPY", None, error, Error, dialect=connection.dialect)
        raise cast("BaseException", failed) from error
