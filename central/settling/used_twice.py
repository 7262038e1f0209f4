"""What can be undone of a certificate or a unique code that was used twice.

Both receipts stand. A certificate is nobody's, so nobody owes what it has paid too much: the chain
bears it. Of a code the discount stays too, since no money is taken after a receipt is paid; points
that it has brought are the member's, and can be taken back.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.auditor.bench import returned_share
from central.auditor.judging import WHOLE, pinned
from central.bearers.minting import index_of
from central.centre import Centre
from central.feed import service as feed
from central.ingest.loading import kept
from central.ledger import service as ledger
from central.ledger.entries import entries_of_documents
from central.members import service as members
from central.packs.library import Library
from central.settling.adjusting import Forgiven
from shared.bearer import Bearer, bearer_account
from shared.errors import Kind, LoyaltyError
from shared.ledger.debts import forgive
from shared.ledger.entries import Document, EntryKind
from shared.ledger.postings import grow, shrink
from shared.money import format_money
from shared.receipt import Receipt
from shared.rules.evaluate import evaluate
from shared.rules.result import Draw, Evaluation
from shared.wire.facts import ReceiptCommitted


class NoPointsBroughtError(LoyaltyError):
    """A code that has brought its receipt a discount alone, or nothing that is there still."""

    kind = Kind.CONFLICT
    code = "no_points_brought"
    ru = (
        "Снимать нечего: бонусов промокод этому чеку не принёс, а скидка {amount} остаётся — чек "
        "оплачен. Закройте с пояснением."
    )
    en = (
        "There is nothing to take: the code has brought this receipt no points, and its discount "
        "of {amount} stays, for the receipt is paid. Close it with words."
    )


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Points (hundredths) that a code had brought and that are taken back, what of them became
    debt, and the discount in kopecks, which stays."""

    points: int
    debt: int
    discount_minor: int


def forgive_certificates(
    connection: Connection,
    accounts: Iterable[UUID],
    documents: Collection[UUID],
    correction: UUID,
    at: datetime,
) -> Forgiven:
    """Let the debt of certificates go that documents have left on them, in kopecks.

    What a refund has settled of it since goes back on them; the same correction does it once. What
    members owe by the same documents stays.
    """
    debts = [
        entry
        for account in sorted(set(accounts))
        for entry in entries_of_documents(connection, account, documents)
        if entry.kind is EntryKind.DEBT
    ]
    books = ledger.load(connection, {one.account for one in debts}, lots={one.lot for one in debts})
    document, done = Document(correction, at), Forgiven()
    for owed in debts:
        lot = books.lot(owed.lot)
        if lot.wallet != Bearer.CERTIFICATE:
            continue
        let_go = forgive(books, lot, owed.amount, document)
        grow(books, lot, owed.amount - let_go, document)
        done = Forgiven(done.let_go + let_go, done.granted + owed.amount - let_go)
    feed.append(connection, ledger.save(connection, books))
    return done


def take_back_brought(
    connection: Connection,
    centre: Centre,
    named: tuple[Collection[UUID], Collection[UUID]],
    correction: UUID,
    at: datetime,
) -> TakenBack:
    """Take back the points that codes have brought to the receipt of a fact.

    What is spent or leased is debt; what a return has taken already is left out, and a later one
    takes no more than the sale would have granted without them. `named` are the
    codes' accounts and the fact. Raises NoPointsBroughtError.
    """
    codes, facts = named
    sale = next(one.body for one in kept(connection, facts) if _is_sale(one.body))
    assert isinstance(sale, ReceiptCommitted)
    without = _priced_without(connection, centre, sale, codes)
    printed = sale.evaluation.totals.discount_minor
    discount_minor = 0 if without is None else printed - without.totals.discount_minor
    brought = [] if without is None else _brought(sale, without)
    share = returned_share(connection, sale, WHOLE)
    left = {one.lot: one.amount * (WHOLE - share) // WHOLE for one in brought}
    parts = [one for one in brought if left[one.lot]]
    if not parts:
        raise NoPointsBroughtError(amount=format_money(discount_minor))
    books = ledger.load(connection, {one.account for one in parts}, lots={one.lot for one in parts})
    roll = members.load(connection, {one.member for one in books.accounts.values()}, ())
    document = Document(correction, at)
    debt = sum(
        shrink(books, books.lot(one.lot), one.amount, left[one.lot], document) for one in parts
    )
    changes = ledger.save(connection, books)
    feed.append(connection, [*changes, *members.save(connection, roll, books)])
    return TakenBack(sum(left[one.lot] for one in parts), debt, discount_minor)


def _is_sale(body: object) -> bool:
    return isinstance(body, ReceiptCommitted)


def _priced_without(
    connection: Connection, centre: Centre, sale: ReceiptCommitted, codes: Collection[UUID]
) -> Evaluation | None:
    """Price a sale as it was, but for some codes; None if its pack is not here."""
    pack = Library().pack(connection, sale.evaluation.pack_hash)
    if pack is None:
        return None
    receipt = _without(centre, sale.receipt, codes)
    return evaluate(pack, sale.member, pinned(receipt, sale.evaluation.redemption), sale.moment)


def _without(centre: Centre, receipt: Receipt, codes: Collection[UUID]) -> Receipt:
    gone = {
        one
        for one in receipt.promo_codes
        if bearer_account(Bearer.CODE, index_of(centre, Bearer.CODE, one)) in codes
    }
    return replace(
        receipt,
        promo_codes=tuple(one for one in receipt.promo_codes if one not in gone),
        codes=tuple(one for one in receipt.codes if one.code not in gone),
    )


def _brought(sale: ReceiptCommitted, without: Evaluation) -> list[Draw]:
    """Return what of each lot of a sale another price would not have granted, the largest first."""
    own = None if sale.member is None else sale.member.account
    should = Counter[tuple[UUID | None, str]]()
    for grant in without.grants:
        should[grant.account or own, grant.wallet] += grant.amount
    for once in without.once:
        should[once.account, once.wallet] += 0 if once.is_code else once.amount
    more = Counter[tuple[UUID | None, str]]()
    for lot in sale.granted:
        more[lot.account, lot.wallet] += lot.amount
    more.subtract(should)
    found = []
    for lot in sorted(sale.granted, key=lambda lot: (-lot.amount, lot.lot)):
        part = max(0, min(lot.amount, more[lot.account, lot.wallet]))
        more[lot.account, lot.wallet] -= part
        if part:
            found.append(Draw(lot.lot, lot.account, part))
    return found
