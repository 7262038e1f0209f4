"""The demo's own ledger: what tills were told, and nothing that the system keeps.

Points in hundredths, money in kopecks, as in the till API.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Kind(StrEnum):
    """What a till was told is durable."""

    REGISTRATION = "registration"
    SALE = "sale"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Moved:
    """The points that a document moves, as the till was told."""

    redeemed: int = 0
    earned: int = 0
    restored: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A registration, sale or return that a till got a yes for.

    `uid` names it: the member, the receipt, the return. `mark` is what its slip is known by: the
    card, the receipt of the QR code, the fiscal number of the sale. An answer to a registration
    names no fact.
    """

    kind: Kind
    shop: str
    uid: str
    mark: str
    person: str = ""
    fact: str = ""
    seq: int = 0
    moved: Moved = Moved()


@dataclass(slots=True)
class Notebook:
    """What should be true everywhere once the lines are whole."""

    documents: list[Document] = field(default_factory=list)
    evaluations: list[Json] = field(default_factory=list)
    """Every answer that priced a receipt."""
    receipts: list[tuple[Json, int]] = field(default_factory=list)
    """Reserved answers of committed receipts, each with what was paid in money."""
    imported: dict[str, int] = field(default_factory=dict)
    """Points that persons have brought along."""

    def add(self, document: Document) -> Document:
        """Enter what a till got a yes for."""
        self.documents.append(document)
        return document

    def of(self, *, shop: str = "", person: str = "", kind: Kind | None = None) -> list[Document]:
        """Return the documents of a store, a person, a kind."""
        return [
            document
            for document in self.documents
            if (not shop or document.shop == shop)
            and (not person or document.person == person)
            and (kind is None or document.kind is kind)
        ]

    def balance(self, person: str) -> int:
        """Return the points that a person can spend: what was brought, less spends, plus returns.

        Points for purchases become active after 24 hours, later than any demo ends.
        """
        moves = [document.moved for document in self.of(person=person)]
        back = sum(moved.restored for moved in moves)
        return self.imported.get(person, 0) - sum(moved.redeemed for moved in moves) + back

    def pending(self, person: str) -> int:
        """Return the points that become active later."""
        moves = [document.moved for document in self.of(person=person)]
        return sum(moved.earned - moved.taken for moved in moves)
