"""Voids on the desk: a sale of the same shift undone, as if it had not been."""

from uuid import UUID

from central.ingest import clocks, findings
from central.ingest.desk import Desk, RefusedError
from central.ingest.envelopes import post_moves
from central.ingest.moved import left_to_move
from central.ingest.reading import Reading
from central.ingest.receipts import (
    awaited_sale,
    check_new,
    due_of,
    end_bearers,
    is_of,
    known_lots,
)
from shared.ledger.entries import Document
from shared.ledger.history import with_uses
from shared.ledger.postings import count_turnover, forget_once, restore, take
from shared.member import DayCount, Use
from shared.wire.facts import ReceiptCommitted
from shared.wire.taken_back import ReceiptVoided


def check_void(desk: Desk, reading: Reading, voided: ReceiptVoided) -> UUID | None:
    """Check a void against its sale; return what it must wait for.

    Raises RefusedError for points that the sale did not move, and for another store's sale.
    """
    check_new(desk, reading)
    awaited = awaited_sale(desk, voided)
    if awaited is None and desk.documents[voided.sale].store != reading.store:
        raise RefusedError("not_of_this_store")
    return awaited


def post_void(desk: Desk, reading: Reading, voided: ReceiptVoided) -> list[str]:
    """Post a void: what the sale has moved and no return has moved back yet.

    Returns what was adjusted: goods that came back before, points that became debt.
    """
    sale = desk.sales[voided.sale]
    document = Document(voided.uid, voided.at)
    before = tuple(desk.returns.get(voided.sale, ()))
    notes = ["returned_twice"] if findings.returned_twice(desk, reading, sale, voided) else []
    moved = left_to_move(sale, before, voided)
    due = due_of(desk, sale, before, moved.taken)
    desk.file(reading, sale=voided.sale)
    desk.returns.setdefault(voided.sale, []).append(voided)
    post_moves(desk, reading, document)
    for lot, amount in moved.restored.items():
        there = desk.books.lot(lot)
        restore(desk.books, there, amount, document, day=None, grace=None)
    debt = sum(
        desk.owes(reading, lot, take(desk.books, lot, due[lot.id], document))
        for lot in known_lots(desk, due)
        if lot.document == voided.sale
    )
    end_bearers(desk, reading, sale, voided)
    at_store = desk.documents[voided.sale].store
    desk.codes.give_back(desk.books, sale, at_store, _others(desk, voided.sale))
    is_first = not any(isinstance(one, ReceiptVoided) for one in before)
    if sale.member is not None and is_first:
        totals, heard_at = sale.evaluation.totals, desk.sales_heard[voided.sale]
        day = clocks.counted_on(sale.evaluation.counted_on or sale.day, heard_at)
        earned = moved.earned_of(sale.member.account, sale) if before else totals.earned_points
        counted = DayCount(day, -moved.turnover_minor, -earned, visits=-1)
        _undo(desk, sale, voided, counted)
    return [*notes, "debt"] if debt else notes


def _others(desk: Desk, voided: UUID) -> list[ReceiptCommitted]:
    """Return the other sales on the desk that were not undone."""
    return [
        sale
        for uid, sale in desk.sales.items()
        if uid != voided
        and not any(isinstance(one, ReceiptVoided) for one in desk.returns.get(uid, ()))
    ]


def _undo(desk: Desk, sale: ReceiptCommitted, voided: ReceiptVoided, counted: DayCount) -> None:
    """Take a purchase out of what the member has had and done."""
    assert sale.member is not None
    account = desk.open_account(sale.member.account, sale.member.id)
    count_turnover(desk.books, account.id, counted, Document(voided.uid, voided.at))
    used_on = clocks.counted_on(sale.day, desk.sales_heard[voided.sale])
    uses = [Use(use.rule, used_on, -1, -use.points) for use in sale.evaluation.uses]
    account.history = with_uses(account.history, uses)
    for granted in sale.granted:
        lot = desk.books.lots.get(granted.lot)
        if granted.once is not None and lot is not None and lot.document == voided.sale:
            desk.give_once_back(granted.once)
            forget_once(desk.books, account, granted.once)
    for issued in sale.issued:
        if issued.once is not None and is_of(desk, sale, issued.lot):
            desk.give_once_back(issued.once)
            forget_once(desk.books, account, issued.once)
    desk.to_size.add(account.id)
