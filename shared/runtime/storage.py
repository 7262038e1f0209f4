"""What a database's failures mean to those who asked."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from shared.errors import Kind, LoyaltyError
from shared.runtime import postgres


class StorageBusyError(LoyaltyError):
    """The database did not become free in time; nothing was written."""

    kind = Kind.UNAVAILABLE
    code = "storage_busy"
    ru = "База данных занята, ничего не записано. Повторите через секунду."
    en = "The database is busy, nothing was written. Repeat in a second."


class StorageGoneError(LoyaltyError):
    """The database's server cannot be reached, or went away: what it was doing may be done."""

    kind = Kind.UNAVAILABLE
    code = "storage_gone"
    ru = "База данных недоступна, исход операции неизвестен. Повторите её через секунду."
    en = "The database cannot be reached, how the operation ends is not known. Repeat in a second."


class StorageFullError(LoyaltyError):
    """The disk is full; nothing was written."""

    kind = Kind.STORAGE
    code = "storage_full"
    ru = "На диске нет места, ничего не записано. Освободите место и повторите."
    en = "The disk is full, nothing was written. Free some space and repeat."


class StorageFailedError(LoyaltyError):
    """The database refused; nothing was written."""

    kind = Kind.STORAGE
    code = "storage_failed"
    ru = "База данных не отвечает, ничего не записано. Позовите инженера: {reason}."
    en = "The database does not answer, nothing was written. Call an engineer: {reason}."


def storage_failure(error: DBAPIError) -> LoyaltyError:
    """Return the sentence for what a database said."""
    cause = error.orig
    if (state := postgres.sqlstate(cause)) is not None:
        return _server_failure(error, state)
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageBusyError()
    if code is not None and code & 0xFF == sqlite3.SQLITE_FULL:
        return StorageFullError()
    if isinstance(error, OperationalError):
        return StorageFailedError(reason=type(cause).__name__)
    raise error


def _server_failure(error: DBAPIError, state: str) -> LoyaltyError:
    if postgres.is_busy(state):
        return StorageBusyError()
    if postgres.is_full(state):
        return StorageFullError()
    if postgres.is_gone(state):
        return StorageGoneError()
    raise error
