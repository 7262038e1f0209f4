"""Many rows in one statement: as sets on PostgreSQL, as one prepared statement on SQLite.

PostgreSQL would read a list of parameters anew for each length, and a row at a time costs it more
than the row: keys travel as an array, rows as arrays of their columns or by COPY.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeGuard

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Select,
    TableValuedAlias,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from central.schema import Table, table_of, upsert
from shared.runtime.copying import copy_in

Names = Sequence[str]
Rows = Sequence[tuple[Any, ...]]
"""Values in the order of the names of their columns."""


def one_of(
    connection: Connection, of: ColumnElement[Any], keys: Collection[Any]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of these values."""
    if connection.dialect.name == "sqlite":
        return of.in_(keys)
    return of == any_(literal(list(keys), ARRAY(of.type)))


def in_order(
    query: Select[Any],
    wanted: str,
    columns: Mapping[str, ColumnElement[Any]],
    usual: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """Order a query by one of these columns by its name, `-name` the other way round, then as
    usual; a name that is none of them changes nothing."""
    column = columns.get(wanted.removeprefix("-"))
    if column is None:
        return query.order_by(*usual)
    return query.order_by(column.desc() if wanted.startswith("-") else column, *usual)


def insert_rows(connection: Connection, table: SqlTable, names: Names, rows: Rows) -> None:
    """Insert rows whose keys are not there; if one is, all fail."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), _named(names, rows))
    else:
        copy_in(connection, table, names, _dumped(connection, table, names, rows))


def update_rows(
    connection: Connection, table: SqlTable, keys: Names, names: Names, rows: Rows
) -> None:
    """Overwrite the other columns of the rows that have these keys, which are among the names."""
    if not rows:
        return
    others = [name for name in names if name not in keys]
    if connection.dialect.name == "sqlite":
        this = (table.c[name] == bindparam(_given(name)) for name in keys)
        values: dict[str, Any] = {name: bindparam(_given(name)) for name in others}
        statement = update(table).where(*this).values(values)
        connection.execute(statement, _named(list(map(_given, names)), rows))
        return
    given = _unnested(table, names)
    same = (table.c[name] == given.c[name] for name in keys)
    statement = update(table).where(*same).values({name: given.c[name] for name in others})
    connection.execute(statement, _arrays(names, rows))


def upsert_rows(connection: Connection, model: type[Table], names: Names, rows: Rows) -> None:
    """Insert rows, or overwrite the other columns where the primary key is there; each key once."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(upsert(connection, model), _named(names, rows))
        return
    table = table_of(model)
    given = _unnested(table, names)
    keys = [one.name for one in table.primary_key]
    new = postgresql.insert(table).from_select(names, select(*(given.c[name] for name in names)))
    others = {name: new.excluded[name] for name in names if name not in keys}
    statement = new.on_conflict_do_update(index_elements=keys, set_=others)
    connection.execute(statement, _arrays(names, rows))


def learn(connection: Connection, models: Iterable[type[Table]]) -> None:
    """Let PostgreSQL look how many rows tables have: it goes through new ones row by row until it
    has. SQLite looks every time."""
    if connection.dialect.name != "sqlite":
        names = ", ".join(table_of(model).name for model in models)
        connection.exec_driver_sql(f"ANALYZE {names}")


def columns_of(table: SqlTable, of: type) -> list[ColumnElement[Any]]:
    """Return a table's columns in the order of a value class's fields: a row is its arguments."""
    return [table.c[field.name] for field in fields(of)]


def rows_of(of: type, things: Collection[Any]) -> tuple[Names, Rows]:
    """Return the names of a value class's fields, and its values as rows of them."""
    names = [field.name for field in fields(of)]
    return names, [*map(attrgetter(*names), things)]


def plain(value: object) -> object:
    """Return a word of a closed list as a text: drivers know no enumerations."""
    return str(value) if isinstance(value, StrEnum) else value


def _named(names: Names, rows: Rows) -> list[dict[str, object]]:
    return [dict(zip(names, map(plain, row), strict=True)) for row in rows]


def _given(name: str) -> str:
    return f"given_{name}"


def _unnested(table: SqlTable, names: Names) -> TableValuedAlias:
    types = {name: table.c[name].type for name in names}
    arrays = (bindparam(_given(name), type_=ARRAY(type_)) for name, type_ in types.items())
    columns = (column(name, type_) for name, type_ in types.items())
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def _arrays(names: Names, rows: Rows) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True)
    return {_given(name): list(values) for name, values in zip(names, columns, strict=True)}


def _dumped(
    connection: Connection, table: SqlTable, names: Names, rows: Rows
) -> Iterable[Sequence[Any]]:
    """Return the rows as the driver takes them: our own types write themselves."""
    types = ((place, table.c[name].type) for place, name in enumerate(names))
    own = [(place, type_) for place, type_ in types if _writes_itself(type_)]
    if not own:
        return rows
    written = [list(row) for row in rows]
    for place, type_ in own:
        for row in written:
            row[place] = type_.process_bind_param(row[place], connection.dialect)
    return written


def _writes_itself(type_: object) -> TypeGuard[TypeDecorator[Any]]:
    return (
        isinstance(type_, TypeDecorator)
        and type(type_).process_bind_param is not TypeDecorator.process_bind_param
    )
