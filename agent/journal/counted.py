"""What own facts have counted for accounts, added up where it stands.

It is shown like what they changed of lots (`store.uncovered`), until the rows cover it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from shared.runtime.sqlite import listed, run

_COUNTED = """
SELECT counted_on, rule, sum(turnover_minor), sum(receipts), sum(earned),
    sum(CASE WHEN amount < 0 THEN -1 ELSE 1 END)
FROM change WHERE account IN (?*) AND lot IS NULL AND (cover IS NULL OR cover > ?)
GROUP BY counted_on, rule
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What own facts have counted for accounts on a day: of a limited rule, or of all purchases."""

    day: date | None
    rule: str
    turnover_minor: int
    receipts: int
    earned: int
    times: int


def of(connection: Connection, accounts: Collection[UUID], cursor: int) -> list[Counted]:
    """Return what own facts have counted for accounts and rows up to a cursor lack, added up."""
    keys = [account.bytes for account in accounts]
    found = run(connection, listed(_COUNTED, len(keys)), (*keys, cursor))
    return [Counted(_day(row[0]), *row[1:]) for row in found]


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)
