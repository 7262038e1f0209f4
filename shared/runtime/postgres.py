"""PostgreSQL: connections on which every wait is bounded, and what its failures mean."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import NullPool

CONNECTIONS_MAX = 20
"""Of one process; the server's own limit is for all of them together."""
CONNECTION_WAIT_S = 5
"""For a free connection of the process."""
CONNECT_S_MAX = 5
LOCK_S_MAX = 5
"""For a row that another transaction has locked."""
STATEMENT_S_MAX = 30
IDLE_IN_TRANSACTION_S_MAX = 60
"""Of a process that stands still: what it has locked is free again then."""
SILENCE_S_MAX = 20
"""Of a line that is cut without a word: noticed by both ends."""
_PROBES = 3
_PROBE_EVERY_S = SILENCE_S_MAX // (_PROBES + 1)
MS = 1000

_READ_ONLY = "25006"
"""A standby, or a primary that has become one."""
_TRANSIENT = frozenset({"40001", "40P01", "23505"})
"""Serialization failure; deadlock; unique violation: another transaction was faster."""
_BUSY = frozenset({"55P03", "57014", "25P03", "53300"})
"""Lock not available; cancelled by a time-out; idle in transaction; too many connections."""
_FULL = "53100"


def open_pool(url: URL, connections_max: int = CONNECTIONS_MAX) -> Engine:
    """Return an engine whose connections are tried before use, so that it survives outages."""
    engine = create_engine(
        url,
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT_S,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_arguments(),
    )

    @event.listens_for(engine, "connect")
    def _send_sets_in_binary(connection: Any, _record: object) -> None:
        """Let arrays travel as they are kept: written out as text they cost several times more."""
        from psycopg.types.array import ListBinaryDumper

        connection.adapters.register_dumper(list, ListBinaryDumper)

    @event.listens_for(engine, "handle_error")
    def _leave_standby(context: ExceptionContext) -> None:
        """Drop connections to a server that has stopped taking writes."""
        if sqlstate(context.original_exception) == _READ_ONLY:
            context.is_disconnect = True

    return engine


def open_single(url: URL) -> Engine:
    """Return an engine for a session that is kept; its statements stand alone."""
    return create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_arguments()
    )


def sqlstate(error: BaseException | None) -> str | None:
    """Return the code of a failure; empty for one of the line, None if it is not PostgreSQL's."""
    if not type(error).__module__.startswith("psycopg"):
        return None
    return getattr(error, "sqlstate", None) or ""


def is_transient(error: BaseException | None) -> bool:
    """Tell whether the same transaction may succeed when it is run again at once."""
    return sqlstate(error) in _TRANSIENT


def is_busy(state: str) -> bool:
    """Tell whether a failure ended the transaction for lack of time or place among others."""
    return state in _BUSY or state in _TRANSIENT


def is_full(state: str) -> bool:
    """Tell whether the server's disk is full."""
    return state == _FULL


def is_gone(state: str) -> bool:
    """Tell whether the server could not be reached, went away or takes no writes now."""
    return not state or state == _READ_ONLY or state.startswith(("08", "57P"))


def _arguments() -> dict[str, Any]:
    bounds = {
        "lock_timeout": LOCK_S_MAX * MS,
        "statement_timeout": STATEMENT_S_MAX * MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_S_MAX * MS,
        "tcp_keepalives_idle": _PROBE_EVERY_S,
        "tcp_keepalives_interval": _PROBE_EVERY_S,
        "tcp_keepalives_count": _PROBES,
    }
    return {
        "application_name": "kopilka",
        "connect_timeout": CONNECT_S_MAX,
        "target_session_attrs": "read-write",  # a standby is no server yet
        "keepalives_idle": _PROBE_EVERY_S,
        "keepalives_interval": _PROBE_EVERY_S,
        "keepalives_count": _PROBES,
        "tcp_user_timeout": SILENCE_S_MAX * MS,
        "options": " ".join(f"-c {name}={value}" for name, value in bounds.items()),
    }
