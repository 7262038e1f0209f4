"""What a statement may not do, so that the ledger can be spread over servers by account.

A statement of the ledger is about its own tables; if about several, row by row of one account. What
changes rows names their accounts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ClauseElement, Delete, Engine, Table, Update, event
from sqlalchemy.engine import Compiled, ExecutionContext
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression

from central.ledger.store import (
    AccountTable,
    EntryTable,
    HeldTable,
    LeaseTable,
    LotTable,
    TurnoverTable,
)
from central.passes.store import PassTable, PassUseTable
from central.schema import table_of

SHARD_KEY = "account"
LEDGER = (
    AccountTable,
    LotTable,
    EntryTable,
    LeaseTable,
    HeldTable,
    TurnoverTable,
    PassTable,
    PassUseTable,
)
TABLES = frozenset(table_of(model) for model in LEDGER)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a statement is about the ledger, and whether it could not be spread."""

    of_ledger: bool
    broken: bool


_verdicts: WeakKeyDictionary[Compiled, Verdict] = WeakKeyDictionary()
"""Of statements that are compiled: the same one is run by many tests."""


class Watch:
    """Looks at every statement of an engine; `broken` are those that could not be spread."""

    def __init__(self, engine: Engine) -> None:
        self.broken: list[str] = []
        self.looked_at = 0
        event.listen(engine, "before_cursor_execute", self._look)

    def _look(self, *told: Any) -> None:
        _connection, _cursor, text, _parameters, context, _many = told
        verdict = _of(context)
        self.looked_at += verdict.of_ledger
        if verdict.broken:
            self.broken.append(text)


def _of(context: ExecutionContext) -> Verdict:
    compiled = context.compiled
    if compiled is None or compiled.statement is None:
        return Verdict(of_ledger=False, broken=False)
    if (known := _verdicts.get(compiled)) is None:
        statement = compiled.statement
        of_ledger = not _tables(statement).isdisjoint(TABLES)
        known = Verdict(of_ledger, of_ledger and not can_be_spread(statement))
        _verdicts[compiled] = known
    return known


def can_be_spread(statement: ClauseElement) -> bool:
    """Tell whether a statement of the ledger keeps to the rule."""
    tables = _tables(statement)
    if not tables <= TABLES:
        return False
    if len(tables) > 1 and len(_same_account(statement)) < len(tables) - 1:
        return False
    if isinstance(statement, Update | Delete):
        return SHARD_KEY in _named_in_where(statement)
    return True


def _tables(statement: ClauseElement) -> set[Table]:
    return {one for one in visitors.iterate(statement) if isinstance(one, Table)}


def _same_account(statement: ClauseElement) -> set[frozenset[str]]:
    """Return the pairs of things whose accounts a statement sets equal."""
    pairs = set()
    for one in _equalities(statement):
        sides = (one.left, one.right)
        if all(getattr(side, "name", "") == SHARD_KEY for side in sides):
            pairs.add(frozenset(str(getattr(side, "table", side)) for side in sides))
    return {pair for pair in pairs if len(pair) > 1}


def _named_in_where(statement: Update | Delete) -> set[str]:
    where = statement.whereclause
    found = () if where is None else _equalities(where)
    return {str(getattr(one.left, "name", "")) for one in found}


def _equalities(clause: ClauseElement) -> Iterator[BinaryExpression[Any]]:
    for one in visitors.iterate(clause):
        if isinstance(one, BinaryExpression) and one.operator in (operators.eq, operators.in_op):
            yield one
