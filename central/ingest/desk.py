"""The working state of one transaction of ingest: books, members, documents, and what is decided.

Facts are planned on it in memory, one after the other; it is written as sets when all are.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from central.agents.roster import EndTold
from central.bearers.posting import Shelf
from central.campaigns.posting import CodeBook
from central.conflicts.service import conflict_of
from central.conflicts.values import Conflict, Finding
from central.ingest.concerned import concerned, people
from central.ingest.reading import Reading
from central.ingest.values import Document
from central.leases.service import Visits
from central.leases.store import Ask
from central.members.roll import Roll
from central.passes.posting import PassBook
from central.passes.store import StoredUse
from shared.ledger.books import Account, Books, Lot
from shared.rules.pack import Pack
from shared.wire.facts import LeasesReported, ReceiptCommitted
from shared.wire.push import OutcomeKind
from shared.wire.taken_back import ReceiptReturned, TakenBack

UNKNOWN_LOT = "unknown_lot"
"""Why a fact is refused that names a lot which nobody brings."""


class RefusedError(Exception):
    """Why a fact is quarantined; never leaves ingest."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a fact; `waits_for` is the id of a fact, or the uid of a sale."""

    kind: OutcomeKind
    reason: str = ""
    waits_for: UUID | None = None


@dataclass(slots=True)
class Desk:
    """Everything that the facts of a transaction may touch, and everything that they bring."""

    at: datetime
    incarnation: UUID
    index_key: bytes = field(repr=False)
    books: Books
    roll: Roll
    visits: Visits
    documents: dict[UUID, Document]
    sales: dict[UUID, ReceiptCommitted]
    sales_heard: dict[UUID, datetime]
    """When the centre heard of them."""
    returns: dict[UUID, list[TakenBack]]
    births: dict[UUID, UUID]
    """Lots that are not born yet, and the facts that will bring them."""
    once: dict[UUID, UUID]
    """What stands for what a person gets once, and the accounts that got it."""
    shelf: Shelf
    codes: CodeBook
    passes: PassBook
    packs: dict[str, Pack]
    """By which members' receipts were priced, and those that used a certificate, code or budget."""
    ends_told: dict[UUID, EndTold] = field(default_factory=dict)
    """Where journals ended when their agents were in contact before."""
    planned: dict[UUID, tuple[Reading, Verdict]] = field(default_factory=dict)
    """What became of each fact, by its id."""
    new_documents: list[Document] = field(default_factory=list)
    of_erased: list[UUID] = field(default_factory=list)
    """Facts that tell of a person who was erased meanwhile."""
    new_births: dict[UUID, UUID] = field(default_factory=dict)
    done_births: set[UUID] = field(default_factory=set)
    new_once: dict[UUID, UUID] = field(default_factory=dict)
    done_once: set[UUID] = field(default_factory=set)
    """Of that, what a void gives back: the person may get it again."""
    asks: list[Ask] = field(default_factory=list)
    ends: dict[UUID, UUID] = field(default_factory=dict)
    reports: list[tuple[Reading, LeasesReported]] = field(default_factory=list)
    """What stores hold, told to this life of the centre."""
    resolved: dict[UUID, ReceiptReturned] = field(default_factory=dict)
    """What returns by slip came to, by their uids."""
    conflicts: list[Conflict] = field(default_factory=list)
    owed: Counter[UUID] = field(default_factory=Counter)
    """Points (hundredths) that became debt, by fact."""
    after_write_off: Counter[UUID] = field(default_factory=Counter)
    """Points (hundredths) that facts have spent of leases that were written off."""
    passed_again: dict[UUID, tuple[StoredUse, ...]] = field(default_factory=dict)
    """Facts that have drawn by a pass which others had drawn by, with those others."""
    to_size: set[UUID] = field(default_factory=set)
    """Accounts whose points or places of shopping have changed."""

    def open_account(self, account: UUID, member: UUID) -> Account:
        """Return an account; one of nobody yet is opened for a member who may be provisional."""
        if account not in self.books.accounts:
            self.roll.provisional(member, self.at)
            self.roll.give(self.books, self.books.open(account, member, self.at))
        return self.books.accounts[account]

    def heard_at(self, reading: Reading) -> datetime:
        """Return when the centre heard of a fact."""
        return reading.heard_at or self.at

    def file(self, reading: Reading, sale: UUID | None = None) -> None:
        """Enter a posted document under its uid."""
        assert reading.document is not None
        fact = reading.fact
        document = Document(reading.document, fact.id, fact.kind, sale, reading.store)
        self.documents[document.uid] = document
        self.new_documents.append(document)

    def give_once(self, once: UUID, account: UUID) -> None:
        """Note that a person got what he gets once."""
        self.once[once] = self.new_once[once] = account

    def give_once_back(self, once: UUID) -> None:
        """Note that a person has not got what he gets once after all."""
        self.once.pop(once, None)
        if self.new_once.pop(once, None) is None:
            self.done_once.add(once)

    def born(self, reading: Reading) -> None:
        """Note that nothing waits for the lots of a posted fact any more."""
        for birth in reading.envelope.births:
            if self.births.pop(birth.lot, None) is not None:
                self.new_births.pop(birth.lot, None)
                self.done_births.add(birth.lot)

    def owes(self, reading: Reading, lot: Lot, debt: int) -> int:
        """Count what of a member's lot became debt by a fact; return it."""
        if debt and not self.books.accounts[lot.account].is_bearer:
            self.owed[reading.fact.id] += debt
        return debt

    def report(self, reading: Reading, finding: Finding) -> None:
        """Leave a record for people, with all whom the fact concerns."""
        whole = None if reading.document is None else self.resolved.get(reading.document)
        about = (*concerned(reading), *people(whole))
        self.conflicts.append(conflict_of(finding, reading.fact.id, about, self.at))
