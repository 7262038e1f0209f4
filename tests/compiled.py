"""What statements are compiled to, kept as long as a worker lives.

A program opens an engine once and compiles each of its statements once. Every test opens engines
of its own, and compiling would cost it more than the statements do.
"""

from collections import UserDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event

STATEMENTS_MAX = 10_000
"""More than the product has; what is kept is forgotten when there are so many."""


class Compiled(UserDict[Any, Any]):
    """A cache for all engines of one kind of database: a key's first part is its engine's dialect,
    which is left out."""

    def get(self, key: Any, default: Any = None) -> Any:
        return self.data.get(key[1:], default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self.data) >= STATEMENTS_MAX:
            self.data.clear()
        self.data[key[1:]] = compiled


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let engines that are used inside share what they compile."""
    kept: dict[Any, Compiled] = {}

    def share(connection: Connection) -> None:
        cache = kept.setdefault(_kind(connection.dialect), Compiled())
        connection.execution_options(compiled_cache=cache)

    event.listen(Engine, "engine_connect", share)
    yield
    event.remove(Engine, "engine_connect", share)


def _kind(dialect: Dialect) -> tuple[object, ...]:
    return type(dialect), dialect.server_version_info
