"""The two files of an agent: their tables' metadata and column types."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    TypeDecorator,
    func,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.clock import from_milliseconds, milliseconds

WITHOUT_ROWID = {"sqlite_with_rowid": False}
"""For tables of small rows found by their key alone: a new row touches one page instead of two.

Files made before have these tables with row numbers, and go on so.
"""


class JournalTable(SQLModel, registry=registry(metadata=MetaData())):
    """Base of the tables of journal.db: precious."""


class ReplicaTable(SQLModel, registry=registry(metadata=MetaData())):
    """Base of the tables of replica.db: can be thrown away."""


class IdColumn(TypeDecorator[UUID]):
    """An id as 16 bytes."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Write bytes."""
        return None if value is None else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:  # noqa: ARG002
        """Read bytes."""
        return None if value is None else UUID(bytes=value)


class InstantColumn(TypeDecorator[datetime]):
    """A UTC instant as milliseconds since 1970."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Write milliseconds."""
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read milliseconds."""
        return None if value is None else from_milliseconds(value)


class ClosedColumn(TypeDecorator[bytes]):
    """Bytes that lie closed in the agent's vault, bound to the column's name."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def bind_expression(self, bindvalue: Any) -> Any:
        """Close what is written."""
        return func.closed(self.context, bindvalue)

    def column_expression(self, column: Any) -> Any:
        """Open what is read."""
        return func.opened(self.context, column)


def closed_field(context: str, **options: Any) -> Any:
    """Declare a column of bytes that lie closed; plain statements name the context themselves."""
    return Field(sa_type=ClosedColumn(context), **options)


def id_field(**options: Any) -> Any:
    """Declare a column of ids."""
    return Field(sa_type=IdColumn, **options)


def instant_field(**options: Any) -> Any:
    """Declare a column of instants."""
    return Field(sa_type=InstantColumn, **options)


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a model, for Core statements."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]
