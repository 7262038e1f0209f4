"""The end of a recovery: what a person gets once goes to the account that had it before.

A restored centre hears of two accounts of a person in another order than its former life did, and
may give to the one what the other has spent. No store keeps anything of such a lot from birth: one
that draws it, or reports a lease of it, was leased it by the former life.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.ingest import born, looking, store
from central.ingest.desk import UNKNOWN_LOT
from central.ingest.loading import body_of, kept
from central.ingest.receipts import new_lot
from central.ingest.service import readmit
from central.leases import recovery
from central.leases import service as leases
from central.ledger import figures
from central.ledger import service as ledger
from shared.ids import account_lot, derived
from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import grant, grant_again, remember_once, take
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.facts import Granted, MemberRegistered, ReceiptCommitted
from shared.wire.push import BATCH_MAX

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MOVED, AGAIN = "once moved", "once again"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Gift:
    """What a person gets once, as a posted document grants it to an account."""

    document: Document
    granted: Granted
    once: UUID


def run(centre: Centre, at: datetime) -> int:
    """Take over what stores have reported once all are here, after what was given once is where it
    was; return how many leases there were. A job: interrupted, it goes on where it was."""
    if not recovery.is_complete(centre):
        return 0
    displaced: list[_Gift] = []
    while more := _move(centre, at):
        displaced += more
        readmit(centre, at)
    _give_again(centre, displaced, at)
    return recovery.run(centre, at)


@retried
def _move(centre: Centre, at: datetime) -> list[_Gift]:
    """Give lots that stores have leased, and this life has not, to their accounts; return what was
    taken for that from other accounts of the same persons.

    Nothing of those was leased meanwhile, so that all of it is there.
    """
    displaced = []
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        for account, lot in sorted(_leased_before(connection)):
            for gift in _gifts(connection, account):
                if gift.granted.lot == lot:
                    displaced += _give_instead(connection, gift, at)
    return displaced


def _leased_before(connection: Connection) -> set[tuple[UUID, UUID]]:
    """Return (account, lot) of lots that stores draw or hold, and this life has not granted.

    What a fact only names, as an early activation does, its store may have granted by itself.
    """
    found = recovery.unknown_lots(connection)
    for refused in looking.refused(connection, UNKNOWN_LOT, BATCH_MAX):
        readings = kept(connection, refused)
        named = {(move.account, move.lot) for reading in readings for move in reading.moves}
        found |= named - figures.known_lots(connection, named)
    return found


def _gifts(connection: Connection, account: UUID) -> list[_Gift]:
    """Return what posted documents grant once to an account."""
    owners = {one.owner for one in figures.accounts_of(connection, {account}).get(account, ())}
    counted = figures.turnover_since(connection, {account}, BEGINNING)
    return _granted_by(connection, {*owners, *(one.document for one in counted)}, account)


def _granted_by(connection: Connection, uids: set[UUID], account: UUID) -> list[_Gift]:
    documents = store.documents(connection, uids)
    facts = {fact.id: fact for fact in store.facts(connection, [one.fact for one in documents])}
    found = []
    for document in documents:
        body = body_of(facts[document.fact])
        if isinstance(body, ReceiptCommitted | MemberRegistered):
            told = Document(document.uid, body.at)
            mine = [one for one in body.granted if one.account == account]
            found += [_Gift(told, one, one.once) for one in mine if one.once is not None]
    return found


def _give_instead(connection: Connection, gift: _Gift, at: datetime) -> list[_Gift]:
    """Grant to an account what it had before; return what was taken from another one for it."""
    account, once = gift.granted.account, gift.once
    has = born.once(connection, {once}).get(once, account)
    theirs = {account_lot(once, has), once}
    books = ledger.load(connection, {account, has}, lots={gift.granted.lot, *theirs})
    if born.once(connection, {once}).get(once, account) != has:
        return []  # a push was faster: the next run sees what it has left
    displaced = []
    for lot in [one for one in books.lots_of(has) if has != account and one.id in theirs]:
        for other in _granted_by(connection, {lot.document}, has):
            if other.granted.lot == lot.id:
                take(books, lot, other.granted.amount, Document(derived(MOVED, lot.id, at), at))
                displaced.append(other)
    grant(books, new_lot(gift.granted, gift.document.uid), gift.document, holder=None, kept=0)
    remember_once(books, books.accounts[account], once)
    born.delete_once(connection, [once])
    born.insert_once(connection, [(once, account)])
    feed.append(connection, ledger.save(connection, books))
    log.warning("once.moved", lot=str(gift.granted.lot), taken=len(displaced))
    return displaced


@retried
def _give_again(centre: Centre, displaced: list[_Gift], at: datetime) -> None:
    """Give back what was taken for lots that a void has ended since."""
    with transaction(centre.engine) as connection:
        held = born.once(connection, {one.once for one in displaced})
        for gift in displaced:
            if gift.once not in held:
                lot, account = gift.granted.lot, gift.granted.account
                books = ledger.load(connection, {account}, lots={lot})
                _grant_again(books, books.lot(lot), gift, at)
                born.insert_once(connection, [(gift.once, account)])
                feed.append(connection, ledger.save(connection, books))


def _grant_again(books: Books, lot: Lot, gift: _Gift, at: datetime) -> None:
    again = Document(derived(AGAIN, lot.id, at), at)
    grant_again(books, lot, new_lot(gift.granted, gift.document.uid), again)
    remember_once(books, books.accounts[lot.account], gift.once)
