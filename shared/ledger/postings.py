"""The ledger's arithmetic: every way in which points are born, move, wait and go.

Each function keeps balance = free + held + Σ left of every lot, and posts before it moves, so that
what is posted already moves nothing.
"""

from datetime import date, timedelta
from enum import Enum, auto
from uuid import UUID

from shared.ledger.books import Account, Books, BrokenCountError, Held, Holder, Lease, Lot
from shared.ledger.debts import owe, settle
from shared.ledger.entries import Document, EntryKind, Turnover, entry_of, graced_lot
from shared.ledger.history import with_days, with_once, without_once
from shared.member import DayCount


class Drawing(Enum):
    """Whether a draw is posted, or kept aside because its fact cannot be posted yet."""

    POSTED = auto()
    HELD = auto()


def post(books: Books, lot: Lot, kind: EntryKind, amount: int, document: Document) -> bool:
    """Add an entry of a lot unless its id is posted already; return whether it was added."""
    return books.post(entry_of(lot.account, lot.id, kind, amount, document))


def grant(books: Books, lot: Lot, document: Document, *, holder: Holder | None, kept: int) -> bool:
    """Post a new lot; `kept` of it is the holder's lease from birth. False: it was there already.

    Debt is settled at once, from what is free of it.
    """
    if lot.id in books.lots:
        return False
    assert 0 <= kept <= lot.granted, f"lot {lot.id}: {kept} kept of {lot.granted}"
    assert holder is not None or not kept, f"lot {lot.id}: nobody keeps {kept}"
    if not post(books, lot, EntryKind.GRANT, lot.granted, document):
        return False
    lot.balance, lot.free, lot.held = lot.granted, lot.granted - kept, 0
    books.add_lot(lot)
    if holder is not None and kept:
        books.lease(lot, holder).granted += kept
    settle(books, lot, document)
    return True


def grant_again(books: Books, lot: Lot, again: Lot, document: Document) -> bool:
    """Post a once-only lot anew whose first grant a void has taken, into the same lot.

    Its dates are the new ones; nobody keeps any of it, and it pays debt first.
    """
    assert lot.id == again.id, f"lot {again.id} is granted again into {lot.id}"
    if not post(books, lot, EntryKind.GRANT, again.granted, document):
        return False
    lot.granted += again.granted
    lot.balance += again.granted
    lot.free += again.granted
    lot.document, lot.rule = again.document, again.rule
    lot.activates_at, lot.expires_on = again.activates_at, again.expires_on
    settle(books, lot, document)
    return True


def draw(
    books: Books, lot: Lot, lease: Lease, amount: int, document: Document, how: Drawing
) -> int:
    """Take a spend out of a lease; return what neither lease nor free rest covered: new debt.

    `lease.gone` grows here. A spend that the lease does not cover (a programme's limit, a written
    off, cloned or restored holder) is taken from the free rest; for what is missing other holders
    are asked, and what they give back pays the debt. HELD keeps the amount aside under the
    document's uid.
    """
    covered = _leave(books, lease, amount)
    forget_recall(lease)
    loose = min(amount - covered, lot.free)
    lot.free -= loose
    books.touched.add(lot.account)
    if how is Drawing.HELD:
        key = (document.uid, lot.id)
        assert key not in books.held, f"fact {document.uid} holds of lot {lot.id} twice"
        known = (document.uid, lot.id, lot.account, amount, covered + loose)
        books.held[key] = Held(*known, closed=lease.closed)
        lot.held += covered + loose
        return 0
    return spend(books, lot, amount, covered + loose, document)


def give_back(books: Books, lot: Lot, lease: Lease, amount: int, document: Document) -> None:
    """Return part of a lease to the free rest; it pays debt first. A closed lease gives nothing."""
    freed = _leave(books, lease, amount)
    lease.given_back += amount
    forget_recall(lease)
    lot.free += freed
    settle(books, lot, document)


def check_count(lot: UUID, counted: int, told: int) -> None:
    """Compare the journal's cumulative count with ours; raises BrokenCountError."""
    if counted != told:
        raise BrokenCountError(lot=lot, told=told, counted=counted)


def restore(
    books: Books,
    lot: Lot,
    amount: int,
    document: Document,
    *,
    day: date | None,
    grace: timedelta | None,
) -> Lot | None:
    """Give points of a returned sale back; return the lot that has them, None if none has.

    They go into their lot, and pay debt first. One that has expired before `day` takes none in: a
    new lot does that lives for the grace, counted from that day, if there is one. Without a
    day they go into their lot whatever its last one, as if they had never left it.
    """
    if day is not None and lot.expires_on is not None and lot.expires_on < day:
        if grace is None:
            return None
        lot = _graced(books, lot, amount, document, max(lot.expires_on, day + grace))
    if amount and post(books, lot, EntryKind.RESTORE, amount, document):
        lot.balance += amount
        lot.free += amount
        settle(books, lot, document)
    return lot


def take(books: Books, lot: Lot, amount: int, document: Document, *, forgives: bool = False) -> int:
    """Claw back points that a returned sale had earned; return what became debt.

    Only the free rest can be taken; for what stores hold, they are asked, and it is debt at once.
    What is spent already is debt too, unless the return forgives it. What has burnt is neither: it
    is taken instead of having burnt, as if the return had come first.
    """
    taken = min(amount, lot.free)
    burnt = min(amount - taken, lot.burnt)
    if taken + burnt:
        if not post(books, lot, EntryKind.CLAWBACK, -(taken + burnt), document):
            return 0
        lot.free -= taken
        lot.balance -= taken
    if burnt:
        post(books, lot, EntryKind.EXPIRE, burnt, document)
        lot.burnt -= burnt
    owed = amount - taken - burnt
    want_back(books, lot, owed)
    if forgives:
        owed = min(owed, lot.balance - lot.free - lot.held)
    return owe(books, lot, owed, document)


def shrink(books: Books, lot: Lot, by: int, amount: int, document: Document) -> int:
    """Grant a lot less than it was granted, and take the `amount` of that which nobody has taken
    yet; return what became debt."""
    lot.granted -= by
    return take(books, lot, amount, document)


def want_back(books: Books, lot: Lot, amount: int, holders: frozenset[Holder] | None = None) -> int:
    """Ask holders (all of them by default) to give back; return how much more was asked for."""
    asked = 0
    for lease in books.leases_of(lot.id):
        if holders is not None and Holder(lease.agent, lease.epoch) not in holders:
            continue
        more = min(amount - asked, lease.left - lease.recalled)
        if more > 0:
            lease.wanted_back = max(lease.wanted_back, lease.given_back) + more
            books.touched.add(lot.account)
            asked += more
    return asked


def raise_lease(books: Books, lot: Lot, holder: Holder, amount: int) -> Lease:
    """Lease part of the free rest to a holder; the caller asks for no more than is free."""
    lease = books.lease(lot, holder)
    if amount > lot.free or lease.closed:
        raise AssertionError(f"lot {lot.id}: {amount} leased of {lot.free} free")
    lot.free -= amount
    lease.granted += amount
    books.touched.add(lot.account)
    return lease


def write_off(books: Books, lot: Lot, lease: Lease) -> int:
    """Close the lease of a store that will not come back; return what it still held.

    It becomes free again: a later give-back gives nothing, a later spend takes the free rest or
    is debt.
    """
    freed = lease.left
    lease.closed = True
    forget_recall(lease)
    lot.free += freed
    books.touched.add(lot.account)
    return freed


def grow(books: Books, lot: Lot, amount: int, document: Document) -> None:
    """Add to a lot what a person has decided; it pays debt first."""
    if amount and post(books, lot, EntryKind.ADJUST, amount, document):
        lot.granted += amount
        lot.balance += amount
        lot.free += amount
        settle(books, lot, document)


def expire(books: Books, lot: Lot, document: Document) -> int:
    """Burn the free rest of a lot whose last day is over everywhere; ask holders for the rest.

    A spend of its last day or before that is told later gets back what it needs of it.
    """
    burnt = lot.free
    if burnt and not post(books, lot, EntryKind.EXPIRE, -burnt, document):
        burnt = 0
    lot.free -= burnt
    lot.balance -= burnt
    lot.burnt += burnt
    want_back(books, lot, lot.balance)
    return burnt


def activate(books: Books, lot: Lot, document: Document) -> bool:
    """Make a pending lot spendable from now on; False if it was active already."""
    if lot.activates_at <= document.at:
        return False
    if not post(books, lot, EntryKind.ACTIVATE_EARLY, 0, document):
        return False
    lot.activates_at = document.at
    return True


def count_turnover(books: Books, account: UUID, counted: DayCount, document: Document) -> None:
    """Add a purchase, or with negative amounts a return, to an account's turnover."""
    amount_minor = counted.turnover_minor
    counts = (amount_minor, counted.day, document.at, counted.points, counted.visits)
    books.turnovers.append(Turnover(account, document.uid, *counts))
    owner = books.accounts[account]
    owner.turnover_minor += amount_minor
    owner.receipts += counted.visits
    owner.history = with_days(owner.history, [counted])
    books.touched.add(account)


def remember_once(books: Books, account: Account, lot: UUID) -> None:
    """Note on an account that its person got a once-only lot."""
    account.history = with_once(account.history, lot)
    books.touched.add(account.id)


def forget_once(books: Books, account: Account, lot: UUID) -> None:
    """Note on an account that its person has not got a once-only lot after all."""
    account.history = without_once(account.history, lot)
    books.touched.add(account.id)


def _leave(books: Books, lease: Lease, amount: int) -> int:
    """Advance a lease's count; return how much of the amount it covered.

    A count that passes what was granted lifts `granted` with it: else a later raise would be
    swallowed, free rest gone and nothing left to spend. The holder's own count is as high, so
    that he may spend no more for it.
    """
    covered = min(amount, lease.left)
    lease.gone += amount
    lease.granted = max(lease.granted, lease.gone)
    books.touched.add(lease.account)
    return covered


def forget_recall(lease: Lease) -> None:
    """Stop asking for what the holder no longer has, or he would give back the next raise."""
    lease.wanted_back = min(lease.wanted_back, lease.given_back + lease.left)


def extend(books: Books, lot: Lot, until: date, document: Document) -> bool:
    """Let a lot live longer; False if it lives as long already, is over, or is empty.

    An entry of nothing stands for it, so that the ledger tells when it was done and by what.
    """
    if lot.expires_on is None or lot.expires_on >= until or not lot.balance:
        return False
    if document.day is not None and lot.expires_on < document.day:
        return False
    if not post(books, lot, EntryKind.ADJUST, 0, document):
        return False
    lot.expires_on = until
    return True


def _unburn(books: Books, lot: Lot, amount: int, document: Document) -> int:
    """Restore burnt points to a spend of their last day or before; return how many."""
    if document.day is None or lot.expires_on is None or document.day > lot.expires_on:
        return 0
    back = min(amount, lot.burnt)
    if not back or not post(books, lot, EntryKind.RESTORE, back, document):
        return 0
    lot.burnt -= back
    lot.balance += back
    return back


def spend(books: Books, lot: Lot, amount: int, covered: int, document: Document) -> int:
    """Post what left a lot, of which so much was there for it; return what became debt."""
    if covered < amount:
        covered += _unburn(books, lot, amount - covered, document)
    if covered:
        added = post(books, lot, EntryKind.REDEEM, -covered, document)
        assert added, f"document {document.uid} spends of lot {lot.id} twice"
        lot.balance -= covered
    want_back(books, lot, amount - covered)
    return owe(books, lot, amount - covered, document)


def _graced(books: Books, lot: Lot, amount: int, document: Document, expires_on: date) -> Lot:
    graced = Lot(
        id=graced_lot(document.uid, lot.id),
        account=lot.account,
        wallet=lot.wallet,
        kind=lot.kind,
        rule=lot.rule,
        document=document.uid,
        granted=amount,
        balance=0,
        free=0,
        held=0,
        activates_at=lot.activates_at,
        expires_on=expires_on,
        frozen=lot.frozen,
    )
    if graced.id not in books.lots:
        books.add_lot(graced)
    return books.lots[graced.id]
