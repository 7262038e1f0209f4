"""The entries of documents, for people who look at what one has moved."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, select

from central.ledger.rows import chunks
from central.ledger.store import EntryTable
from central.schema import table_of
from central.sets import one_of
from shared.ledger.entries import Entry, EntryKind

_entry = table_of(EntryTable)
DRAWS_MAX = 20
_FIELDS = ("id", "account", "lot", "kind", "amount", "document", "at")


def entries_of_documents(
    connection: Connection, account: UUID, documents: Iterable[UUID]
) -> list[Entry]:
    """Return the entries of an account that documents have brought, oldest first."""
    found: list[Entry] = []
    for few in chunks(documents):
        query = select(*(_entry.c[name] for name in _FIELDS)).where(
            _entry.c.account == account, one_of(connection, _entry.c.document, few)
        )
        for row in connection.execute(query):
            found.append(Entry(**{**row._mapping, "kind": EntryKind(row.kind)}))
    return sorted(found, key=lambda entry: (entry.at, entry.id))


def draws_of(connection: Connection, account: UUID) -> list[Entry]:
    """Return the last spends of an account and what of them became debt, oldest first."""
    kinds = [EntryKind.REDEEM.value, EntryKind.DEBT.value]
    query = select(*(_entry.c[name] for name in _FIELDS)).where(
        _entry.c.account == account, _entry.c.kind.in_(kinds)
    )
    newest = query.order_by(_entry.c.at.desc(), _entry.c.id.desc()).limit(DRAWS_MAX)
    rows = connection.execute(newest)
    found = [Entry(**{**row._mapping, "kind": EntryKind(row.kind)}) for row in rows]
    return found[::-1]
