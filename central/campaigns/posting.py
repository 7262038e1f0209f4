"""Unique promo codes that sales name: coupons come to life, used ones are counted by source."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.bearers import store as batches
from central.bearers.store import Batch, BatchState
from central.campaigns import store
from central.campaigns.rows import batch_change, code_change
from central.campaigns.store import StoredCode
from central.feed.service import NewChange
from shared.bearer import Bearer
from shared.ledger.books import Books, Holder, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import grant
from shared.receipt import CodeState
from shared.wire.facts import Issued, ReceiptCommitted

COUPON = "coupon"
"""The channel of codes that tills print, and the kind of their lots."""


@dataclass(slots=True)
class CodeBook:
    """Codes by their accounts, what a transaction of ingest does to them, and coupons it brings."""

    codes: dict[UUID, StoredCode]
    batches: dict[str, Batch]
    """Of coupons, by campaign."""
    changed: set[UUID] = field(default_factory=set)
    minted: dict[UUID, Issued] = field(default_factory=dict)

    def use(self, sale: ReceiptCommitted, at_store: str) -> list[StoredCode]:
        """Note the codes that a sale has used up; the first sale stays. Return those of them that
        were revoked before."""
        revoked = []
        for draw in sale.bearers:
            code = self.codes.get(draw.account)
            if code is not None and code.state is not CodeState.USED:
                revoked += [code] if code.state is CodeState.REVOKED else []
                self._put(_used(code, sale, at_store))
        return revoked

    def give_back(
        self,
        books: Books,
        sale: ReceiptCommitted,
        at_store: str,
        others: Iterable[ReceiptCommitted],
    ) -> None:
        """Let codes be used again whose sale was undone; what the sale drew is restored by then.

        One that one of the other sales has used is the first one's of them, and one that was
        revoked stays so.
        """
        in_order = sorted(others, key=lambda one: (one.at, one.receipt.uid))
        for draw in sale.bearers:
            code = self.codes.get(draw.account)
            if code is None or (code.used_at, code.used_in) != (sale.at, at_store):
                continue
            users = (one for one in in_order if any(by.lot == draw.lot for by in one.bearers))
            if (user := next(users, None)) is not None:
                self._put(_used(code, user, user.receipt.store))
                continue
            lives = any(lot.balance and not lot.frozen for lot in books.lots_of(code.account))
            state = CodeState.ACTIVE if lives else CodeState.REVOKED
            self._put(replace(code, state=state, used_at=None, used_in="", sum_minor=0))

    def mint(
        self, books: Books, issued: Issued, document: Document, holder: Holder, kept: int
    ) -> bool:
        """Bring a coupon to life, of which its store keeps so much; False if its code is taken."""
        if issued.account in self.codes or issued.lot in books.lots:
            return False
        books.open_bearer(issued.account, document.at)
        lot = Lot(
            id=issued.lot,
            account=issued.account,
            wallet=Bearer.CODE,
            kind=COUPON,
            rule=issued.rule,
            document=document.uid,
            granted=issued.amount,
            balance=0,
            free=0,
            held=0,
            activates_at=issued.activates_at,
            expires_on=None,
        )
        grant(books, lot, document, holder=holder, kept=kept)
        self.minted[issued.account] = issued
        self._put(
            StoredCode(
                index=issued.index,
                account=issued.account,
                batch=0,
                serial=0,
                tail=issued.tail,
                owner=issued.owner,
                first_day=issued.first_day,
                last_day=issued.expires_on,
            )
        )
        return True

    def revoke(self, issued: Issued) -> bool:
        """End a coupon whose purchase came back; False if it was used before."""
        code = self.codes.get(issued.account)
        if code is None or code.state is CodeState.USED:
            return code is None
        self._put(replace(code, state=CodeState.REVOKED))
        return True

    def _put(self, code: StoredCode) -> None:
        self.codes[code.account] = code
        self.changed.add(code.account)


def _used(code: StoredCode, sale: ReceiptCommitted, at_store: str) -> StoredCode:
    return replace(
        code,
        state=CodeState.USED,
        used_at=sale.at,
        used_in=at_store,
        sum_minor=sale.evaluation.totals.payable_minor,
    )


def load(connection: Connection, accounts: Iterable[UUID], campaigns: Iterable[str]) -> CodeBook:
    """Read the codes of accounts, and the batches of coupons of campaigns."""
    return CodeBook(
        store.by_accounts(connection, accounts), batches.till_batches(connection, campaigns)
    )


def save(connection: Connection, book: CodeBook, at: datetime) -> list[NewChange]:
    """Write what became of codes; return the rows for the feed: that one is used, its account
    tells."""
    changes = [batch_change(batch) for batch in _new_batches(connection, book, at)]
    new = []
    for account in sorted(book.minted):
        batch = book.batches[book.minted[account].campaign]
        new.append(replace(book.codes[account], batch=batch.no))
    store.insert_codes(connection, new)
    moved = [book.codes[account] for account in sorted(book.changed - book.minted.keys())]
    store.change(connection, moved)
    told = [code for code in moved if code.state is CodeState.REVOKED]
    return [*changes, *(code_change(code) for code in (*new, *told))]


def _new_batches(connection: Connection, book: CodeBook, at: datetime) -> list[Batch]:
    """Begin a batch for each campaign whose first coupons these are."""
    wanted = {issued.campaign for issued in book.minted.values()} - book.batches.keys()
    made = []
    for campaign in sorted(wanted):
        batch = Batch(
            no=batches.new_batch_no(connection),
            bearer=Bearer.CODE,
            title="",
            count=0,
            made=0,
            serial=0,
            seed=b"",
            state=BatchState.READY,
            created_at=at,
            campaign=campaign,
            channel=COUPON,
        )
        batches.insert_batch(connection, batch)
        book.batches[campaign] = batch
        made.append(batch)
    return made
