"""Certificates that facts name: sold ones come to life, once, and taken back ones end."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import Connection

from central.bearers import store
from central.bearers.certificates import row_change
from central.bearers.records import record
from central.bearers.store import StoredCertificate
from central.centre import Centre
from central.feed.service import NewChange
from central.leases import service as leases
from shared.bearer import Bearer
from shared.certificate import CertificateState
from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import grant
from shared.money import format_money
from shared.wire.facts import Issued

SELLABLE = (CertificateState.CREATED, CertificateState.FOR_SALE)
GIFT = "certificate"
"""The kind of the lot of a certificate that was sold."""


@dataclass(slots=True)
class Shelf:
    """What a transaction of ingest knows of certificates, and what it changes."""

    certificates: dict[bytes, StoredCertificate]
    changed: set[bytes] = field(default_factory=set)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    """Subject, step and words of a record."""
    home: dict[UUID, str] = field(default_factory=dict)
    """Lots that are to be leased to a store."""

    def move(self, card: StoredCertificate, step: str, what: str) -> None:
        """Note a certificate's new state, with a record."""
        self.certificates[card.index] = card
        self.changed.add(card.index)
        self.told.append((card.index.hex(), step, what))


def load(connection: Connection, indexes: Iterable[bytes]) -> Shelf:
    """Read and lock the certificates of these indexes."""
    return Shelf(store.certificates(connection, indexes))


def save(connection: Connection, centre: Centre, shelf: Shelf) -> list[NewChange]:
    """Write what has changed; return the rows for the feed."""
    moved = [shelf.certificates[index] for index in sorted(shelf.changed)]
    store.put_certificates(connection, moved)
    for subject, step, what in shelf.told:
        record(connection, centre, subject, step, what)
    return [row_change(card) for card in moved]


def lease_home(connection: Connection, shelf: Shelf, books: Books) -> None:
    """Lease certificates that were sold to the stores that they are bound to."""
    leases.lease_to(connection, books, shelf.home)


def sell(shelf: Shelf, books: Books, issued: Issued, document: Document, at_store: str) -> str:
    """Bring a certificate to life; return why not, empty if it is done.

    The money was taken: one that was sold before, or that this centre does not know, is a matter
    for people.
    """
    card = shelf.certificates.get(issued.index)
    if card is None:
        return "unknown_certificate"
    if card.state not in SELLABLE or issued.lot in books.lots:
        return "sold_before"
    _bring(books, issued, document)
    if card.store:
        shelf.home[issued.lot] = card.store
    sold = replace(
        card,
        state=CertificateState.ACTIVE,
        nominal_minor=issued.amount,
        expires_on=issued.expires_on,
    )
    shelf.move(sold, "sold", f"{format_money(issued.amount)} at store {at_store}")
    return ""


def give(shelf: Shelf, books: Books, issued: Issued, document: Document, at_store: str) -> str:
    """Bring a certificate to life that a till has made; return why not, empty if it is done."""
    if issued.index in shelf.certificates or issued.lot in books.lots:
        return "code_taken"
    _bring(books, issued, document)
    card = StoredCertificate(
        index=issued.index,
        account=issued.account,
        batch=0,
        serial=0,
        tail=issued.tail,
        state=CertificateState.ACTIVE,
        nominal_minor=issued.amount,
        expires_on=issued.expires_on,
        valid_days=0,
        pin_hash="",
        store="",
    )
    what = f"{format_money(issued.amount)} by {issued.rule} at store {at_store}"
    shelf.move(card, "given", what)
    return ""


def _bring(books: Books, issued: Issued, document: Document) -> None:
    books.open_bearer(issued.account, document.at)
    lot = Lot(
        id=issued.lot,
        account=issued.account,
        wallet=Bearer.CERTIFICATE,
        kind=GIFT,
        rule="",
        document=document.uid,
        granted=issued.amount,
        balance=0,
        free=0,
        held=0,
        activates_at=issued.activates_at,
        expires_on=issued.expires_on,
    )
    grant(books, lot, document, holder=None, kept=0)


def take_back(shelf: Shelf, books: Books, issued: Issued, at_store: str) -> bool:
    """End a certificate whose sale was returned; False if something of it is spent already."""
    if books.accounts[issued.account].debt:
        return False
    card = shelf.certificates.get(issued.index)
    if card is not None and card.state is CertificateState.ACTIVE:
        back = replace(card, state=CertificateState.REFUNDED)
        shelf.move(back, "taken back", f"{format_money(issued.amount)} at store {at_store}")
    return True
