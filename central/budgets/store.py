"""The table of budgets: what each is of, and how much a person or the pack lets be used up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, select, update
from sqlmodel import Field

from central.schema import Instant, Table, locked, table_of
from central.sets import insert_rows, rows_of


class BudgetTable(Table, table=True):
    """A budget by its account; its lot and leases are the ledger's."""

    __tablename__ = "budget"
    account: UUID = Field(primary_key=True)
    pack: str
    name: str = Field(index=True)
    what: str
    amount: int = Field(sa_type=BigInteger)
    first: date | None
    last: date | None
    by_hand: bool
    opened_at: datetime = Field(sa_type=Instant)


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """A budget as the centre keeps it; one whose amount was set by hand no pack changes."""

    account: UUID
    pack: str
    name: str
    what: str
    amount: int
    first: date | None
    last: date | None
    by_hand: bool
    opened_at: datetime

    @property
    def of(self) -> tuple[str, str, str]:
        """What its windows have in common."""
        return self.pack, self.name, self.what


_budget = table_of(BudgetTable)


def budgets(connection: Connection) -> list[StoredBudget]:
    """Return all budgets in the order of their names and windows."""
    query = select(_budget).order_by(_budget.c.pack, _budget.c.name, _budget.c.what)
    rows = connection.execute(query.order_by(_budget.c.first, _budget.c.account))
    return [StoredBudget(**row._mapping) for row in rows]


def named(connection: Connection, name: str) -> list[StoredBudget]:
    """Return the budgets of a name, locked to the end of the transaction."""
    query = select(_budget).where(_budget.c.name == name).order_by(_budget.c.account)
    rows = connection.execute(locked(connection, query))
    return [StoredBudget(**row._mapping) for row in rows]


def insert_budgets(connection: Connection, new: Collection[StoredBudget]) -> None:
    """Write new budgets."""
    insert_rows(connection, _budget, *rows_of(StoredBudget, new))


def put(connection: Connection, budget: StoredBudget) -> None:
    """Write the amount and the last day of a budget."""
    statement = update(_budget).where(_budget.c.account == budget.account)
    values = {"amount": budget.amount, "by_hand": budget.by_hand, "last": budget.last}
    connection.execute(statement.values(values))
