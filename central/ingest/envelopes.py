"""Envelopes on the desk: what a fact takes from its store's leases, posted or kept aside."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from central.ingest.chain import Standing
from central.ingest.desk import UNKNOWN_LOT, Desk, RefusedError
from central.ingest.reading import Reading
from central.passes.store import StoredUse
from shared.ids import derived
from shared.ledger.books import Books, Held, HeldKey, Lease, Lot
from shared.ledger.entries import Document
from shared.ledger.held import free_given_back, release_held, tell_apart
from shared.ledger.postings import Drawing, check_count, draw, give_back
from shared.wire.facts import LeaseMove


def awaited_lot(desk: Desk, reading: Reading) -> UUID | None:
    """Check a fact's moves; return the fact that it must wait for because a lot is not born yet.

    Raises RefusedError for a lot that nobody brings or of another account, BrokenCountError for a
    count that does not go on from the one before.
    """
    awaited = None
    for move in reading.moves:
        lot = desk.books.lots.get(move.lot)
        if lot is None:
            if move.lot not in desk.births:
                raise RefusedError(UNKNOWN_LOT)
            awaited = desk.births[move.lot]
        elif lot.account != move.account:
            raise RefusedError("lot_of_another")
        elif not _is_branch(reading):
            _check_count(desk.books, reading, lot, move)
    return awaited


def _check_count(books: Books, reading: Reading, lot: Lot, move: LeaseMove) -> None:
    """Raise BrokenCountError while the count of a move lacks others before it."""
    before = move.gone - move.drawn - move.given_back
    lacking = books.held.get((_gap(reading, move), lot.id))
    if lacking is not None:
        check_count(lot.id, lacking.since, before)
    elif (reading.fact.id, lot.id) not in books.held:
        check_count(lot.id, books.lease(lot, reading.holder).gone, before)


def post_moves(desk: Desk, reading: Reading, document: Document) -> dict[UUID, int]:
    """Post a fact's moves, which are checked; what was set aside before is released now.

    Returns what became debt by account: a branch has leases of what was born in it only.
    """
    books, debts = desk.books, Counter[UUID]()
    for move in reading.moves:
        lot = books.lot(move.lot)
        held = books.held.get((reading.fact.id, move.lot))
        if held is not None:
            _note_given_up(desk, reading, lot, held.amount if held.closed else 0)
            debts[lot.account] += release_held(books, held, document)
            continue
        lease = books.lease(lot, reading.holder)
        if move.given_back:
            give_back(books, lot, lease, move.given_back, document)
        if move.drawn:
            _note_given_up(desk, reading, lot, move.drawn if lease.closed else 0)
            debts[lot.account] += draw(books, lot, lease, move.drawn, document, Drawing.POSTED)
    return +debts


def _note_given_up(desk: Desk, reading: Reading, lot: Lot, amount: int) -> None:
    """Note what a fact has spent of a member's lease that was written off before it came."""
    if amount and not desk.books.accounts[lot.account].is_bearer:
        desk.after_write_off[reading.fact.id] += amount


def set_aside(desk: Desk, reading: Reading) -> None:
    """Keep what a fact drew from being spent again while it cannot be posted.

    Its lots are awaited by whatever draws them later. Doing it again changes nothing.
    """
    for birth in reading.envelope.births:
        if birth.lot not in desk.books.lots and birth.lot not in desk.births:
            desk.births[birth.lot] = desk.new_births[birth.lot] = reading.fact.id
    for move in reading.moves:
        lot = desk.books.lots.get(move.lot)
        is_held = (reading.fact.id, move.lot) in desk.books.held
        if lot is not None and lot.account == move.account and not is_held:
            _hold(desk.books, reading, lot, move)


def fill_gaps(desk: Desk, reading: Reading, behind: Iterable[Reading]) -> list[Reading]:
    """Let a fact that comes whole tell of what was held for it by the counts of facts behind it;
    return those of them whose counts lack nothing any more."""
    if reading.standing is not Standing.MENDED:
        return []
    books, filled = desk.books, []
    for later in behind:
        if later.holder != reading.holder or later.fact.seq < reading.fact.seq:
            continue
        gaps = {move.lot: (_gap(later, move), move.lot) for move in later.moves}
        upto = {one.lot: one.gone - one.drawn - one.given_back for one in later.moves}
        found = [
            move
            for move in reading.moves
            if move.gone <= upto.get(move.lot, 0) and _is_told(books, reading, move, gaps[move.lot])
        ]
        for move in found:
            lease = books.lease(books.lot(move.lot), reading.holder)
            held, document = books.held[gaps[move.lot]], Document(reading.fact.id, reading.at)
            tell_apart(books, held, lease, move.drawn, move.given_back, document)
            _free_own(books, later, books.held.get(gaps[move.lot]))
        if found and not any(gap in books.held for gap in gaps.values()):
            filled.append(later)
    return filled


def _free_own(books: Books, later: Reading, rest: Held | None) -> None:
    """Free what a fact gave back itself, if nothing else is left of what was held before it: it
    was held too as long as its count proved nothing."""
    for move in later.moves:
        if rest is not None and (move.lot, move.given_back) == (rest.lot, rest.amount):
            lease = books.lease(books.lot(move.lot), later.holder)
            free_given_back(books, rest, lease, Document(later.fact.id, later.at))


def _is_told(books: Books, reading: Reading, move: LeaseMove, gap: HeldKey) -> bool:
    """Tell whether a move that is not held yet is one of those that a gap in a count lacks."""
    held, amount = books.held.get(gap), move.drawn + move.given_back
    return (
        held is not None
        and (reading.fact.id, move.lot) not in books.held
        and held.account == move.account
        and held.since <= move.gone - amount
        and amount <= held.amount
    )


def _gap(reading: Reading, move: LeaseMove) -> UUID:
    """Return under what is held of a lot what the count of a fact lacks."""
    return derived("gap", reading.fact.id, move.lot)


def note_pass(desk: Desk, reading: Reading) -> None:
    """Note the pass by which a fact draws, whatever becomes of the fact; doing it again is safe."""
    use = reading.by_pass
    account = None if use is None else desk.books.accounts.get(use.account)
    if use is None or account is None or account.is_bearer:
        return
    fact, at = reading.fact.id, reading.at
    stored = StoredUse(use.account, use.counter, fact, reading.store, use.points, at)
    others = desk.passes.use(desk.books, stored)
    if others:
        desk.passed_again[fact] = others


def _is_branch(reading: Reading) -> bool:
    return reading.standing is Standing.BRANCH


def _hold(books: Books, reading: Reading, lot: Lot, move: LeaseMove) -> None:
    """Hold a draw; take what is given back, if the count proves that nothing is missing.

    What is missing by the count no fact tells of: it is held apart, until a person finds out. A
    branch's count is not the lease's: what it spent was its twin's lease too. Damaged bytes are
    believed only where the count proves them, on no branch; the next sound fact of the lot tells
    what is missing. What the lease has counted before leaves it no second time.
    """
    document = Document(reading.fact.id, reading.at)
    lease = books.lease(lot, reading.holder)
    if _is_branch(reading):
        draw(books, lot, lease, move.drawn, document, Drawing.HELD)
        return
    missing = move.gone - lease.gone - move.drawn - move.given_back
    if reading.standing is Standing.DAMAGED and (missing or reading.is_unproved):
        return
    if move.gone <= lease.gone:
        nothing = Lease(lot.id, lot.account, lease.agent, lease.epoch)
        draw(books, lot, nothing, move.drawn, document, Drawing.HELD)
        return
    counted = lease.gone
    if not missing and move.given_back:
        give_back(books, lot, lease, move.given_back, document)
    draw(books, lot, lease, move.drawn, document, Drawing.HELD)
    if missing:
        gap = Document(_gap(reading, move), document.at)
        draw(books, lot, lease, max(0, missing) + move.given_back, gap, Drawing.HELD)
        books.held[(gap.uid, lot.id)] = replace(books.held[(gap.uid, lot.id)], since=counted)
