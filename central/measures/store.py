"""The table of levels as a job has measured them last; any process writes its page from it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select
from sqlmodel import Field

from central.schema import Instant, Table, table_of
from shared.runtime.metrics import Labels, Values

_BETWEEN = "\n"


class MeasureTable(Table, table=True):
    """A level; labels one a line."""

    __tablename__ = "measure"
    name: str = Field(primary_key=True)
    labels: str = Field(primary_key=True)
    value: float
    at: datetime = Field(sa_type=Instant)


_measure = table_of(MeasureTable)


def replace(connection: Connection, levels: Mapping[str, Values], at: datetime) -> None:
    """Write what was measured in the place of what was measured before."""
    connection.execute(delete(_measure))
    rows = [
        {"name": name, "labels": _BETWEEN.join(labels), "value": float(value), "at": at}
        for name, values in levels.items()
        for labels, value in values.items()
    ]
    if rows:
        connection.execute(insert(_measure), rows)


def every(connection: Connection) -> dict[str, dict[Labels, float]]:
    """Return what was measured last."""
    found: dict[str, dict[Labels, float]] = {}
    for row in connection.execute(select(_measure.c.name, _measure.c.labels, _measure.c.value)):
        labels = tuple(row.labels.split(_BETWEEN)) if row.labels else ()
        found.setdefault(row.name, {})[labels] = row.value
    return found


def measured_at(connection: Connection) -> datetime | None:
    """Return when it was measured last."""
    found: datetime | None = connection.scalars(select(func.max(_measure.c.at))).one()
    return found
