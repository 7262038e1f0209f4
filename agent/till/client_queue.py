"""What a till owes its agent: sales that were paid and that the agent has not answered, on disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import open_file, reading, run, transaction

OWED_MAX: Final = 10_000
"""Sales that a till keeps at most: weeks without an agent."""
REASON_CHARS_MAX: Final = 300
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS owed (no INTEGER PRIMARY KEY AUTOINCREMENT, uid BLOB UNIQUE"
    " NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,"
    " refused INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '')",
    "CREATE TABLE IF NOT EXISTS heard (one INTEGER PRIMARY KEY CHECK (one = 1), place TEXT)",
)
_FIELDS: Final = "no, uid, path, body, tries, refused, reason"
_WAITING: Final = f"SELECT {_FIELDS} FROM owed WHERE refused = 0 ORDER BY tries, no LIMIT ?"  # noqa: S608
_REFUSED: Final = f"SELECT {_FIELDS} FROM owed WHERE refused = 1 ORDER BY no LIMIT ?"  # noqa: S608


class QueueFullError(LoyaltyError):
    """More sales are owed than a till keeps."""

    kind = Kind.CONFLICT
    code = "till_queue_full"
    ru = "Касса хранит {most} чеков, которых агент не принял: больше не помещается."
    en = "The till keeps {most} sales that the agent has not taken: there is no room for more."


@dataclass(frozen=True, slots=True)
class Owed:
    """A request that is still to be answered, or that was refused with a reason."""

    no: int
    uid: UUID
    path: str
    body: Mapping[str, Any]
    tries: int
    is_refused: bool
    reason: str


class SaleQueue:
    """A small SQLite file of the till; whatever it has taken survives a power cut.

    Safe for several threads. One till has one file.
    """

    def __init__(self, file: Path, owed_max: int = OWED_MAX) -> None:
        file.touch(mode=0o600, exist_ok=True)
        self._engine = open_file(file)
        self._owed_max = owed_max
        with transaction(self._engine) as connection:
            for table in _TABLES:
                connection.exec_driver_sql(table)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def check_room(self) -> None:
        """Raise QueueFullError if no more may be owed: ask before the customer pays."""
        with reading(self._engine) as connection:
            if (
                int(run(connection, "SELECT count(*) FROM owed", ()).fetchone()[0])
                >= self._owed_max
            ):
                raise QueueFullError(most=self._owed_max)

    def put(self, uid: UUID, path: str, body: Mapping[str, Any]) -> Owed:
        """Keep a request, durable on return; the same uid again changes nothing."""
        text = json.dumps(body, ensure_ascii=False)
        with transaction(self._engine) as connection:
            values = (uid.bytes, path, text)
            run(connection, "INSERT OR IGNORE INTO owed (uid, path, body) VALUES (?, ?, ?)", values)
            row = run(connection, f"SELECT {_FIELDS} FROM owed WHERE uid = ?", (uid.bytes,))  # noqa: S608
            return _owed(row.fetchone())

    def waiting(self, most: int) -> list[Owed]:
        """Return what is to be sent next: what was tried least, then the oldest."""
        return self._read(_WAITING, most)

    def refused(self, most: int = OWED_MAX) -> list[Owed]:
        """Return what the agent has refused: a person decides."""
        return self._read(_REFUSED, most)

    def done(self, owed: Owed) -> None:
        """Forget what the agent has answered."""
        self._write("DELETE FROM owed WHERE no = ?", owed.no)

    def tried(self, owed: Owed, reason: str) -> None:
        """Note why it has to wait; it comes after what was tried less."""
        words = reason[:REASON_CHARS_MAX]
        self._write("UPDATE owed SET tries = tries + 1, reason = ? WHERE no = ?", words, owed.no)

    def refuse(self, owed: Owed, reason: str) -> None:
        """Set aside what the agent has refused; nothing is dropped."""
        words = reason[:REASON_CHARS_MAX]
        self._write("UPDATE owed SET refused = 1, reason = ? WHERE no = ?", words, owed.no)

    def try_again(self, uid: UUID) -> None:
        """Let what was refused wait again."""
        self._write("UPDATE owed SET refused = 0, tries = 0 WHERE uid = ?", uid.bytes)

    def place(self) -> str:
        """Return the last place of the agent's journal that this till has kept."""
        with reading(self._engine) as connection:
            row = run(connection, "SELECT place FROM heard WHERE one = 1", ()).fetchone()
        return row[0] if row else ""

    def keep_place(self, place: str) -> None:
        """Keep the place that an agent has told with an answer that counts."""
        self._write(
            "INSERT INTO heard (one, place) VALUES (1, ?1) ON CONFLICT DO UPDATE SET place = ?1",
            place,
        )

    def _read(self, query: str, most: int) -> list[Owed]:
        with reading(self._engine) as connection:
            return [_owed(row) for row in run(connection, query, (most,))]

    def _write(self, statement: str, *values: object) -> None:
        with transaction(self._engine) as connection:
            run(connection, statement, values)


def _owed(row: tuple[Any, ...]) -> Owed:
    no, uid, path, body, tries, refused, reason = row
    return Owed(no, UUID(bytes=uid), path, json.loads(body), tries, bool(refused), reason)
