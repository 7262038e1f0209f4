"""Tables of alerts: what is amiss and since when, how far each channel was told, thresholds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Select, delete, func, or_, select, update
from sqlmodel import Field

from central.schema import Instant, Table, insert_new, table_of, upsert
from shared.clock import EPOCH


class AlertTable(Table, table=True):
    """Something amiss with a store, from when it was first seen to when it was seen no more."""

    __tablename__ = "alert"
    id: UUID = Field(primary_key=True)
    kind: str
    store: str = Field(index=True)
    began_at: datetime = Field(sa_type=Instant, index=True)
    ended_at: datetime | None = Field(sa_type=Instant, nullable=True, index=True)
    ru: str
    en: str


class ChannelTable(Table, table=True):
    """Up to which instant a channel was told, and when it may be tried again."""

    __tablename__ = "alert_channel"
    name: str = Field(primary_key=True)
    told_to: datetime = Field(sa_type=Instant)
    next_at: datetime = Field(sa_type=Instant)
    failures: int
    last_error: str


class ThresholdTable(Table, table=True):
    """A number that people have put in the place of a setting."""

    __tablename__ = "alert_threshold"
    name: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something amiss, in words; it has not ended while `ended_at` is None."""

    id: UUID
    kind: str
    store: str
    began_at: datetime
    ended_at: datetime | None
    ru: str
    en: str


@dataclass(frozen=True, slots=True)
class Channel:
    """How far somebody was told of alerts."""

    name: str
    told_to: datetime
    next_at: datetime
    failures: int = 0
    last_error: str = ""


_alert = table_of(AlertTable)
_channel = table_of(ChannelTable)
_threshold = table_of(ThresholdTable)


def open_alerts(connection: Connection) -> list[Alert]:
    """Return what is amiss now."""
    return _read(connection, select(_alert).where(_alert.c.ended_at.is_(None)))


def changed(connection: Connection, after: datetime, limit: int) -> list[Alert]:
    """Return alerts that began or ended after an instant, in order, at most so many."""
    is_new = or_(_alert.c.began_at > after, _alert.c.ended_at > after)
    return _read(
        connection,
        select(_alert).where(is_new).order_by(_alert.c.began_at, _alert.c.id).limit(limit),
    )


def newest(connection: Connection) -> datetime:
    """Return when an alert began or ended last, the start of all time before the first."""
    began = connection.scalar(select(func.max(_alert.c.began_at))) or EPOCH
    ended = connection.scalar(select(func.max(_alert.c.ended_at))) or EPOCH
    return max(began, ended)


def latest(connection: Connection, limit: int) -> list[Alert]:
    """Return alerts: those that have not ended first, then the latest."""
    order = (_alert.c.ended_at.is_not(None), _alert.c.began_at.desc(), _alert.c.id)
    return _read(connection, select(_alert).order_by(*order).limit(limit))


def add(connection: Connection, alerts: list[Alert]) -> None:
    """Write new alerts."""
    if alerts:
        connection.execute(insert_new(connection, AlertTable), [asdict(one) for one in alerts])


def end(connection: Connection, alerts: list[Alert], at: datetime) -> None:
    """Write that alerts are over."""
    for one in alerts:
        connection.execute(update(_alert).where(_alert.c.id == one.id).values(ended_at=at))


def channel(connection: Connection, name: str) -> Channel | None:
    """Return how far a channel was told."""
    row = connection.execute(select(_channel).where(_channel.c.name == name)).one_or_none()
    return None if row is None else Channel(**row._mapping)


def channels(connection: Connection) -> list[Channel]:
    """Return how far every channel was told."""
    return [Channel(**row._mapping) for row in connection.execute(select(_channel))]


def keep_channel(connection: Connection, one: Channel) -> None:
    """Write how far a channel was told."""
    connection.execute(upsert(connection, ChannelTable), asdict(one))


def thresholds(connection: Connection) -> dict[str, int]:
    """Return the numbers that people have chosen, by their names."""
    return {row.name: row.number for row in connection.execute(select(_threshold))}


def keep_thresholds(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Write the numbers that people have chosen, and no others."""
    connection.execute(delete(_threshold).where(_threshold.c.name.not_in(numbers)))
    rows = [{"name": name, "number": number} for name, number in sorted(numbers.items())]
    if rows:
        connection.execute(upsert(connection, ThresholdTable), rows)


def _read(connection: Connection, query: Select[Any]) -> list[Alert]:
    return [Alert(**row._mapping) for row in connection.execute(query)]
