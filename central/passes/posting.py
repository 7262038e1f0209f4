"""Passes by which sales have drawn: each use is noted once, and ends the pass for all stores."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection

from central.passes import store
from central.passes.store import StoredUse
from shared.ledger.books import Books


@dataclass(slots=True)
class PassBook:
    """What was drawn by the passes that the facts of a transaction name."""

    uses: dict[tuple[UUID, int], list[StoredUse]]
    new: list[StoredUse] = field(default_factory=list)

    def use(self, books: Books, use: StoredUse) -> tuple[StoredUse, ...]:
        """Note a sale's use of a pass, and end it; return the uses that other facts have made.

        None again for what is noted already, so that a fact may be planned twice.
        """
        known = self.uses.setdefault(use.of, [])
        if any(one.fact == use.fact for one in known):
            return ()
        others = tuple(known)
        known.append(use)
        self.new.append(use)
        end(books, use.account, use.counter)
        return others


def end(books: Books, account: UUID, counter: int) -> None:
    """End the passes of an account up to a counter, wherever its row comes."""
    owner = books.accounts[account]
    if owner.passes_over < counter:
        owner.passes_over = counter
        books.touched.add(account)


def load(connection: Connection, passes: Iterable[tuple[UUID, int]]) -> PassBook:
    """Read what was drawn by passes; their accounts are locked."""
    found: dict[tuple[UUID, int], list[StoredUse]] = {}
    for one in store.uses(connection, passes):
        found.setdefault(one.of, []).append(one)
    return PassBook(found)


def save(connection: Connection, book: PassBook) -> None:
    """Write what is new."""
    store.insert_uses(connection, book.new)
