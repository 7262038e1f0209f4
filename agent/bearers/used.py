"""What this store and its tills have given by rules that are limited there, day by day.

It is counted from the reserve on, in its transaction, so that two open receipts never share the
last of it; what is cancelled or voided goes out again, what is returned stays. Days are kept for
good: a limit may be for as long as the rule is there.
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection
from sqlmodel import Field

from agent.schema import WITHOUT_ROWID, JournalTable
from agent.station import Station
from shared.receipt import BudgetLeft, Receipt
from shared.rules.compile import CompiledPack
from shared.rules.limit_terms import STORE, TILL
from shared.rules.result import BudgetUse
from shared.runtime.sqlite import run


class UsedRecord(JournalTable, table=True):
    """Receipts, hundredths of a point or kopecks of a rule on a day of the store's calendar, by
    the code of the store or the number of a till."""

    __tablename__ = "limit_used"
    __table_args__ = WITHOUT_ROWID

    rule: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    per: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    amount: int


_ADD = """
INSERT INTO limit_used (rule, what, per, entity, day, amount) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (rule, what, per, entity, day) DO UPDATE SET amount = amount + excluded.amount
"""
_USED = """
SELECT coalesce(sum(amount), 0) FROM limit_used
WHERE rule = ? AND what = ? AND per = ? AND entity = ? AND day >= ?
"""


def left(
    station: Station, journal: Connection, pack: CompiledPack, till: str, day: date
) -> tuple[BudgetLeft, ...]:
    """Return what is left here, on a day, of the limits per store and per till of a pack's rules.

    What is counted on a later day counts too: a clock that was set back opens no window again.
    """
    entities = {STORE: station.identity.store, TILL: till}
    return tuple(
        BudgetLeft(rule, limit.what, limit.window, limit.amount - used, limit.per)
        for rule, limit in pack.budgeted
        if limit.per in entities
        for key in [(rule, limit.what, limit.per, entities[limit.per])]
        for used in [_used(journal, key, limit.span(day).first)]
    )


def take(connection: Connection, receipt: Receipt, uses: Iterable[BudgetUse], day: date) -> None:
    """Count what a receipt uses, once: repeating counts it again."""
    for key, amount in _counted(receipt, uses).items():
        run(connection, _ADD, (*key, day.isoformat(), amount))


def give_back(
    connection: Connection, receipt: Receipt, uses: Iterable[BudgetUse], day: date
) -> None:
    """Count no more what a receipt, which came to nothing, was counted with on that day."""
    for key, amount in _counted(receipt, uses).items():
        run(connection, _ADD, (*key, day.isoformat(), -amount))


def _counted(receipt: Receipt, uses: Iterable[BudgetUse]) -> dict[tuple[str, ...], int]:
    """Return the amounts by rule, what, per and entity: limits of several windows share a count."""
    entities = {STORE: receipt.store, TILL: receipt.till}
    return {
        (use.rule, use.what, use.per, entities[use.per]): use.amount
        for use in uses
        if use.per in entities
    }


def _used(journal: Connection, key: tuple[str, ...], first: date) -> int:
    (amount,) = run(journal, _USED, (*key, first.isoformat())).fetchone()
    return int(amount)
