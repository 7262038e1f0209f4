"""What is kept aside for facts that cannot be posted: posted, freed, or told apart once they can.

A spend that could not be posted has left its lease all the same; `postings.draw` keeps it.
"""

from dataclasses import replace
from uuid import UUID

from shared.ledger.books import Books, Held, Lease
from shared.ledger.debts import settle
from shared.ledger.entries import Document
from shared.ledger.postings import forget_recall, spend


def release_held(books: Books, held: Held, document: Document) -> int:
    """Post a spend that was held while its fact could not be; return what became debt."""
    lot = books.lot(held.lot)
    books.released.append(books.held.pop((held.fact, held.lot)))
    lot.held -= held.covered
    return spend(books, lot, held.amount, held.covered, document)


def hold_as(books: Books, former: UUID, now: UUID) -> None:
    """Keep aside for a fact what was kept for it under another id."""
    for held in [one for one in books.held.values() if one.fact == former]:
        books.released.append(books.held.pop((former, held.lot)))
        books.held[(now, held.lot)] = replace(held, fact=now)


def free_held(books: Books, held: Held, document: Document) -> None:
    """Free a spend that was held and has not been one after all; it pays debt first."""
    lot = books.lot(held.lot)
    books.released.append(books.held.pop((held.fact, held.lot)))
    lot.held -= held.covered
    lot.free += held.covered
    books.touched.add(lot.account)
    settle(books, lot, document)


def tell_apart(
    books: Books, held: Held, lease: Lease, drawn: int, given_back: int, document: Document
) -> None:
    """Let a fact, named by the document, tell of a part of what was held for missing ones.

    What it drew is held as its own now, what it gave back is free; it pays debt first. The lease
    has counted all of it before.
    """
    lot, of_draw = books.lot(held.lot), min(held.covered, drawn)
    of_back = min(held.covered - of_draw, given_back)
    rest = replace(
        held,
        amount=held.amount - drawn - given_back,
        covered=held.covered - of_draw - of_back,
    )
    assert rest.amount >= 0, f"fact {document.uid} tells of more than is missing of lot {lot.id}"
    if rest.amount:
        books.held[(held.fact, lot.id)] = rest
    else:
        books.released.append(books.held.pop((held.fact, lot.id)))
    own = (document.uid, lot.id, lot.account, drawn, of_draw)
    books.held[(document.uid, lot.id)] = Held(*own, closed=held.closed)
    lease.given_back += given_back
    forget_recall(lease)
    lot.held -= of_back
    lot.free += of_back
    books.touched.add(lot.account)
    settle(books, lot, document)


def free_given_back(books: Books, held: Held, lease: Lease, document: Document) -> None:
    """Free what was held for missing facts and has turned out to be a fact's own give-back.

    The lease has counted it before.
    """
    lease.given_back += held.amount
    forget_recall(lease)
    free_held(books, held, document)
