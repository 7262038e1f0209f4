"""A sale that this store's disk had lost, entered again as it was: found, returned, explained."""

from uuid import UUID

from sqlalchemy import Connection

from agent.bearers import used
from agent.commit import slip as slips
from agent.commit import store
from agent.commit.store import Sold
from agent.journal import changes, once
from agent.journal import coupons as own_coupons
from agent.journal.store import Change
from agent.leases import passes
from agent.leases import store as holds
from agent.printing import store as spool
from agent.quote.paper import paper_by
from agent.quote.service import store_settings
from agent.reserve import store as claims
from agent.reserve.store import ClaimState
from agent.station import Station
from shared.ids import derived
from shared.wire.facts import Fact, ReceiptCommitted, decode_envelope


def recall(
    connection: Connection, station: Station, fact: Fact, sold: ReceiptCommitted
) -> list[Change]:
    """Enter a sale from its fact and tell what it changed; one that is known stays.

    Its slip was printed long ago: a further paper is a copy, without the balance of that day.
    Raises NoSettingsError.
    """
    receipt, member = sold.receipt.uid, sold.member
    if store.find(connection, receipt) is not None:
        return []
    if claims.find(connection, receipt) in (None, ClaimState.CANCELLED):
        used.take(connection, sold.receipt, sold.evaluation.budgets, sold.day)
    claims.commit(connection, receipt, sold.at)
    holds.release(connection, receipt)
    holds.end_asks(connection, receipt)
    if member is not None:
        once.add(connection, member.account, once.of_facts((*sold.granted, *sold.issued)))
    own_coupons.add(connection, sold.issued)
    recall_pass(connection, fact, receipt)
    paper = paper_by(station, store_settings(station), sold.evaluation.pack_hash)
    slip = slips.recalled_slip(paper, sold, derived("slip", fact.id))
    spool.enter_printed(connection, slip, sold.at)
    store.add(connection, receipt, Sold(fact.id, slip.id), sold.at)
    return changes.of_sale(sold)


def recall_pass(connection: Connection, fact: Fact, receipt: UUID) -> None:
    """Remember the pass by which a sale has drawn: it serves no other receipt here."""
    use = decode_envelope(fact.envelope).by_pass
    if use is not None:
        passes.note(connection, use, receipt)
