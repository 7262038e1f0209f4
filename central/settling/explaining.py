"""A conflict explained: what happened, the facts behind it, their entries, what can be done."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.values import Conflict, ConflictState, Role, Sentence
from central.conflicts.words import UNDOINGS
from central.ingest import telling
from central.ingest.telling import ToldFact
from central.ledger.entries import entries_of_documents
from central.settling.service import correction_of
from shared.ledger.entries import Entry
from shared.runtime.sqlite import reading

NOT_UNDONE = Sentence(
    "отменить нечего: что произошло в магазине, остаётся; закройте с пояснением",
    "nothing can be undone: what happened in a shop stays; close it with words",
)


@dataclass(frozen=True, slots=True)
class Explained:
    """A conflict with its facts, the entries of its documents and corrections, and the way back.

    `undoing` is empty once the conflict is settled.
    """

    conflict: Conflict
    facts: tuple[ToldFact, ...]
    entries: tuple[Entry, ...]
    undoing: Sentence


def explain(centre: Centre, conflict: UUID) -> Explained:
    """Return what people need to judge a conflict; raises UnknownConflictError."""
    with reading(centre.engine) as connection:
        found = conflicts.find(connection, conflict)
        facts = tuple(telling.tell(connection, found.ids(Role.FACT)))
        entries = tuple(_entries(connection, found, facts))
    is_open = found.state is ConflictState.OPEN
    undoing = UNDOINGS.get(found.kind, NOT_UNDONE) if is_open else Sentence("", "")
    return Explained(found, facts, entries, undoing)


def _entries(connection: Connection, found: Conflict, facts: tuple[ToldFact, ...]) -> list[Entry]:
    """Return what the named documents and the correction have moved on the named accounts."""
    documents = {
        *found.ids(Role.DOCUMENT),
        *found.ids(Role.FACT),
        *(fact.document for fact in facts if fact.document is not None),
        correction_of(found),
    }
    entries = [
        entry
        for account in found.ids(Role.ACCOUNT)
        for entry in entries_of_documents(connection, account, documents)
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.account, entry.id))
