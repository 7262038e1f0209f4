"""Returns and voids that this store's disk had lost, entered again: nothing comes back twice."""

from uuid import UUID

from sqlalchemy import Connection

from agent.bearers import used
from agent.journal import changes, once
from agent.journal.store import Change
from agent.returns import store
from agent.returns.sources import UnknownReceiptError, find_sale
from agent.returns.store import Document, DocumentKind
from agent.station import Station
from shared.ids import derived
from shared.wire.facts import Fact, ReceiptCommitted
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip


def recall_return(
    connection: Connection, station: Station, fact: Fact, returned: ReceiptReturned
) -> list[Change]:
    """Enter a return from its fact and tell what it changed; one that is known stays."""
    if store.find(connection, returned.uid) is None:
        slip, charged = derived("slip", fact.id), returned.recharged_minor
        kind = DocumentKind.RETURN
        document = Document(returned.uid, returned.sale, fact.id, slip, kind, charged)
        store.add(connection, document, returned.lines)
    sold = _sale(connection, station, returned.sale)
    return changes.of_return(returned, sold.member if sold else None)


def recall_by_slip(connection: Connection, fact: Fact, returned: ReturnedBySlip) -> None:
    """Enter a return by slip from its fact: the slip serves no second one here."""
    if store.find(connection, returned.uid) is None:
        slip = derived("slip", fact.id)
        document = Document(returned.uid, returned.sale, fact.id, slip, DocumentKind.BY_SLIP)
        store.add(connection, document, returned.lines)


def recall_void(
    connection: Connection, station: Station, fact: Fact, voided: ReceiptVoided
) -> list[Change]:
    """Enter a void from its fact and tell what it changed; one that is known stays."""
    sold = _sale(connection, station, voided.sale)
    if store.find(connection, voided.uid) is None:
        slip = derived("slip", fact.id)
        document = Document(voided.uid, voided.sale, fact.id, slip, DocumentKind.VOID)
        store.add(connection, document, voided.lines)
        if sold is not None:
            used.give_back(connection, sold.receipt, sold.evaluation.budgets, sold.day)
    if sold is None:
        return []
    once.remove(connection, once.of_facts((*sold.granted, *sold.issued)))
    return changes.of_void(voided, sold)


def _sale(connection: Connection, station: Station, sale: UUID) -> ReceiptCommitted | None:
    """Return a sale of this store, None for one of another, or one that the disk has damaged."""
    try:
        return find_sale(station, connection, sale)[1]
    except UnknownReceiptError:
        return None
