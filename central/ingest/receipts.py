"""Receipts on the desk: sales as printed, returns on their sales, lots activated early."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from central.bearers import posting as bearers
from central.ingest import clocks, findings
from central.ingest.desk import UNKNOWN_LOT, Desk, RefusedError
from central.ingest.envelopes import post_moves
from central.ingest.moved import (
    Amounts,
    brought_by,
    drawn_by,
    left_to_move,
    restored_by,
    still_granted,
    still_reached,
    taken_by,
)
from central.ingest.overdrawn import overdrawn
from central.ingest.promises import recheck
from central.ingest.reading import Reading
from central.ingest.twice import without_the_same
from shared.bearer import Bearer
from shared.ledger.books import Account, Lot
from shared.ledger.entries import Document
from shared.ledger.history import with_uses
from shared.ledger.postings import (
    activate,
    count_turnover,
    grant,
    grant_again,
    remember_once,
    restore,
    take,
)
from shared.member import DayCount, Use
from shared.rules.result import Draw
from shared.wire.facts import Granted, Issued, LotActivated, ReceiptCommitted
from shared.wire.taken_back import ReceiptReturned, TakenBack

CERTIFICATE_GRACE = timedelta(days=14)
"""So long pays what comes back on a certificate that has expired, where points would be lost: it
was bought, and the refund in money is less by it."""


def check_new(desk: Desk, reading: Reading) -> None:
    """Raise RefusedError for a document that another fact has brought already."""
    if reading.document in desk.documents:
        raise RefusedError("document_known")


def check_sale(desk: Desk, reading: Reading, sale: ReceiptCommitted) -> None:
    """Raise RefusedError for a sale that is there, or that pays with an account of another sort."""
    check_new(desk, reading)
    ofs = {draw.account: False for draw in sale.evaluation.redemption.draws}
    ofs |= {draw.account: True for draw in sale.bearers}
    for account, is_bearer in ofs.items():
        found = desk.books.accounts.get(account)
        if found is not None and found.is_bearer is not is_bearer:
            raise RefusedError("lot_of_another")


def post_sale(desk: Desk, reading: Reading, sale: ReceiptCommitted) -> list[str]:
    """Post a sale; return what was adjusted: a grant that was there, a draw that became debt."""
    document = Document(sale.receipt.uid, sale.at, sale.day)
    desk.file(reading)
    desk.sales[sale.receipt.uid] = sale
    desk.sales_heard[sale.receipt.uid] = heard_at = desk.heard_at(reading)
    notes = _draw(desk, reading, document, sale)
    if sale.member is None:
        return notes + _issue(desk, reading, document, sale, None)
    account = desk.open_account(sale.member.account, sale.member.id)
    notes += _issue(desk, reading, document, sale, account)
    notes += recheck(desk, reading, sale, account)
    notes += post_grants(desk, reading, document, account, sale.granted)
    totals = sale.evaluation.totals
    day = clocks.counted_on(sale.evaluation.counted_on or sale.day, heard_at)
    counted = DayCount(day, totals.turnover_minor, totals.earned_points, visits=1)
    count_turnover(desk.books, account.id, counted, document)
    used_on = clocks.counted_on(sale.day, heard_at)
    uses = [Use(use.rule, used_on, 1, use.points) for use in sale.evaluation.uses]
    account.history = with_uses(account.history, uses)
    desk.visits.note(account.id, reading.store, sale.at, totals.redeemed_points)
    desk.to_size.add(account.id)
    return notes


def awaited_sale(desk: Desk, returned: TakenBack) -> UUID | None:
    """Check a return against its sale; return what it must wait for: the sale's uid if that has not
    been posted, or the fact that brings a lot which the return reaches.

    Raises RefusedError for points of lots that the sale did not draw or grant, or of another
    member.
    """
    sale = desk.sales.get(returned.sale)
    if sale is None:
        return returned.sale
    drawn = {(draw.lot, draw.account) for draw in drawn_by(sale)}
    earned = {(lot.lot, lot.account) for lot in brought_by(sale)}
    restored = {(draw.lot, draw.account) for draw in restored_by(returned)}
    moved = (*taken_by(returned), *returned.withheld, *returned.kept)
    if not restored <= drawn or not {(draw.lot, draw.account) for draw in moved} <= earned:
        raise RefusedError("not_of_its_sale")
    if any(lot not in desk.books.lots for lot, _ in restored):
        raise RefusedError(UNKNOWN_LOT)
    return _awaited_reach(desk, sale, returned.reached)


def _awaited_reach(desk: Desk, sale: ReceiptCommitted, reached: Iterable[Draw]) -> UUID | None:
    """Check that lots which a return reaches beyond its sale are those of a member's accounts."""
    accounts = desk.books.accounts
    buyer = accounts.get(sale.member.account) if sale.member else None
    for draw in reached:
        owner = accounts.get(draw.account)
        if buyer is None or owner is None or owner.is_bearer:
            raise RefusedError("not_of_its_member")
        lot = desk.books.lots.get(draw.lot)
        if lot is None and draw.lot in desk.births:
            return desk.births[draw.lot]
        if lot is None or lot.account != draw.account:
            raise RefusedError(UNKNOWN_LOT)
    return None


def post_return(desk: Desk, reading: Reading, returned: ReceiptReturned) -> list[str]:
    """Post a return, restoring before taking; points of one line move once, however often it
    came back.

    Returns what was adjusted: a second return of the same goods, points that became debt.
    """
    sale, before = desk.sales[returned.sale], desk.returns.get(returned.sale, [])
    document = Document(returned.uid, returned.at)
    notes = ["returned_twice"] if findings.returned_twice(desk, reading, sale, returned) else []
    if notes and returned.uid not in desk.resolved:
        returned = desk.resolved[returned.uid] = without_the_same(sale, before, returned)
    moved = left_to_move(sale, before, returned)
    due = due_of(desk, sale, before, moved.taken)
    beyond = still_reached(sale, before, moved, desk.books.lots)
    gone = _sum(due, _reached(desk, sale, beyond))
    desk.file(reading, sale=returned.sale)
    desk.returns.setdefault(returned.sale, []).append(returned)
    post_moves(desk, reading, document)
    heard_at = desk.heard_at(reading)
    day = clocks.counted_on(returned.day, heard_at)
    grace = None if returned.grace_days is None else timedelta(days=returned.grace_days)
    for lot, amount in moved.restored.items():
        there = desk.books.lot(lot)
        is_lost = grace is None and there.wallet == Bearer.CERTIFICATE
        lives = CERTIFICATE_GRACE if is_lost else grace
        restore(desk.books, there, amount, document, day=day, grace=lives)
    debt = _take(desk, reading, sale, returned, gone)
    end_bearers(desk, reading, sale, returned)
    if sale.member is not None:
        account = desk.open_account(sale.member.account, sale.member.id)
        counts_on = clocks.counted_on(returned.counted_on or returned.day, heard_at)
        counted = DayCount(counts_on, -moved.turnover_minor, -moved.earned_of(account.id, sale))
        count_turnover(desk.books, account.id, counted, document)
        desk.to_size.add(account.id)
    return [*notes, "debt"] if debt else notes


def _take(
    desk: Desk,
    reading: Reading,
    sale: ReceiptCommitted,
    returned: ReceiptReturned,
    gone: Amounts,
) -> int:
    """Take what a return takes; return what became debt.

    Points that are spent it may forgive, but not what a certificate has paid: that was money.
    """
    document = Document(returned.uid, returned.at)
    revoked = {draw.lot for draw in returned.revoked}
    debt = 0
    for lot in known_lots(desk, gone):
        is_ended = lot.id in revoked
        if not is_ended or is_of(desk, sale, lot.id):
            forgives = returned.forgives and not is_ended
            owed = take(desk.books, lot, gone[lot.id], document, forgives=forgives)
            debt += desk.owes(reading, lot, owed)
    return debt


def _reached(desk: Desk, sale: ReceiptCommitted, reached: Amounts) -> Amounts:
    """Return what a return takes beyond the sale's lots.

    A lot that is not the buyer's gives nothing, as when two members were parted since the store has
    heard of them: then the sale's own lot lacks it, and he owes it.
    """
    if not reached or sale.member is None:
        return {}
    accounts, lots = desk.books.accounts, desk.books.lots
    buyer = accounts[sale.member.account].member
    own = [lot.lot for lot in sale.granted if lot.account == sale.member.account]
    owing = next((lot for lot in own if lot in lots), None)
    found: Amounts = {}
    for lot, amount in reached.items():
        place = lot if accounts[lots[lot].account].member == buyer else owing
        if place is not None:
            found[place] = found.get(place, 0) + amount
    return found


def _sum(left: Amounts, right: Amounts) -> Amounts:
    return {lot: left.get(lot, 0) + right.get(lot, 0) for lot in {**left, **right}}


def end_bearers(desk: Desk, reading: Reading, sale: ReceiptCommitted, returned: TakenBack) -> None:
    """End certificates and coupons that the sale had brought to life; used coupons are told."""
    revoked = {draw.lot for draw in returned.revoked}
    ended = [one for one in sale.issued if one.lot in revoked and is_of(desk, sale, one.lot)]
    used = [one for one in ended if not _end(desk, reading, one)]
    if used:
        findings.used_before(desk, reading, sale, used)


def _end(desk: Desk, reading: Reading, issued: Issued) -> bool:
    """End a certificate or a coupon; False if it was used before."""
    if issued.bearer == Bearer.CERTIFICATE:
        return bearers.take_back(desk.shelf, desk.books, issued, reading.store)
    return desk.codes.revoke(issued)


def is_of(desk: Desk, sale: ReceiptCommitted, lot: UUID) -> bool:
    """Tell whether a lot is this sale's: a certificate that was sold before is another's."""
    there = desk.books.lots.get(lot)
    return there is not None and there.document == sale.receipt.uid


def post_activation(desk: Desk, reading: Reading, activated: LotActivated) -> list[str]:
    """Make a pending lot spendable from the fact's instant on."""
    desk.file(reading)
    lot = desk.books.lot(activated.lot)
    activate(desk.books, lot, Document(activated.uid, activated.at))
    return []


def awaited_activation(desk: Desk, activated: LotActivated) -> UUID | None:
    """Return the fact that will bring the lot; raises RefusedError if none will."""
    lot = desk.books.lots.get(activated.lot)
    if lot is None and activated.lot not in desk.births:
        raise RefusedError(UNKNOWN_LOT)
    if lot is not None and lot.account != activated.account:
        raise RefusedError("lot_of_another")
    return desk.births[activated.lot] if lot is None else None


def post_grants(
    desk: Desk, reading: Reading, document: Document, account: Account, lots: Iterable[Granted]
) -> list[str]:
    """Post new lots, noting on the account what its person gets once; return what was adjusted."""
    kept = {birth.lot: birth.kept for birth in reading.envelope.births}
    notes = []
    for granted in lots:
        if granted.account not in desk.books.accounts:
            notes.append("unknown_account")
            continue
        if not _grant(desk, reading, document, granted, kept.get(granted.lot, 0)):
            notes.append("granted_before")
        if granted.once is not None:
            remember_once(desk.books, account, granted.once)
    return notes


def _grant(desk: Desk, reading: Reading, document: Document, granted: Granted, kept: int) -> bool:
    """Post a new lot; False if the person had it already, from whichever store."""
    if not granted.amount:
        return True
    there, once = desk.books.lots.get(granted.lot), granted.once
    if once in desk.once:
        return False
    if there is not None and (once is None or there.account != granted.account):
        return False
    if once is not None:
        desk.give_once(once, granted.account)
    activates_at, expires_on = clocks.in_favour(
        desk, reading, granted.activates_at, granted.expires_on
    )
    dated = replace(granted, activates_at=activates_at, expires_on=expires_on)
    lot = new_lot(dated, document.uid)
    if there is not None:
        return grant_again(desk.books, there, lot, document)
    return grant(desk.books, lot, document, holder=reading.holder, kept=kept)


def new_lot(granted: Granted, document: UUID) -> Lot:
    """Return a lot as a document grants it; nothing of it is there before it is posted."""
    return Lot(
        id=granted.lot,
        account=granted.account,
        wallet=granted.wallet,
        kind=granted.kind,
        rule=granted.rule,
        document=document,
        granted=granted.amount,
        balance=0,
        free=0,
        held=0,
        activates_at=granted.activates_at,
        expires_on=granted.expires_on,
    )


def _draw(desk: Desk, reading: Reading, document: Document, sale: ReceiptCommitted) -> list[str]:
    """Post what a sale draws; what a certificate did not have any more is told to people."""
    debts = post_moves(desk, reading, document)
    findings.used_after(desk, reading, desk.codes.use(sale, reading.store))
    accounts = desk.books.accounts
    over = {one: more for one, more in sorted(debts.items()) if accounts[one].is_bearer}
    overdrawn(desk, reading, sale, over)
    desk.owed[reading.fact.id] += sum(debts.values()) - sum(over.values())
    return ["debt"] if debts else []


def _issue(
    desk: Desk,
    reading: Reading,
    document: Document,
    sale: ReceiptCommitted,
    account: Account | None,
) -> list[str]:
    """Bring certificates and coupons to life; return why some were not: people settle it."""
    notes = []
    for issued in sale.issued:
        refusal = _bring(desk, reading, document, issued, account)
        if refusal:
            notes.append(refusal)
            findings.not_brought(desk, reading, sale, issued, refusal)
    return notes


def _bring(
    desk: Desk, reading: Reading, document: Document, issued: Issued, account: Account | None
) -> str:
    """Bring one to life; return why not, empty if it is done."""
    if issued.once is not None and account is not None:
        if issued.once in desk.once:
            return "given_before"
        desk.give_once(issued.once, account.id)
        remember_once(desk.books, account, issued.once)
        if issued.bearer == Bearer.CERTIFICATE:
            return bearers.give(desk.shelf, desk.books, issued, document, reading.store)
    if issued.bearer == Bearer.CERTIFICATE:
        return bearers.sell(desk.shelf, desk.books, issued, document, reading.store)
    kept = {birth.lot: birth.kept for birth in reading.envelope.births}
    done = desk.codes.mint(desk.books, issued, document, reading.holder, kept[issued.lot])
    return "" if done else "code_taken"


def due_of(
    desk: Desk, sale: ReceiptCommitted, before: Sequence[TakenBack], taken: Amounts
) -> Amounts:
    """Return what is due of each lot of a sale that is here."""
    lots = known_lots(desk, taken)
    return {lot.id: still_granted(sale, before, lot, taken[lot.id]) for lot in lots}


def known_lots(desk: Desk, lots: Iterable[UUID]) -> list[Lot]:
    """Return the lots that this sale's grants became; a second welcome never became one."""
    return [desk.books.lots[lot] for lot in lots if lot in desk.books.lots]
