"""Laws of what members owe: accounts of one member pay for each other, those that stand alone do
not, and nothing is paid that was not there."""

from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.books import Books, Holder, Lot
from shared.ledger.debts import forgive, settle
from shared.ledger.entries import BESIDE_BALANCE, Document, EntryKind
from shared.ledger.postings import Drawing, draw, give_back, grant

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 3, 1)
MEMBER = UUID(int=1)
STORE = Holder(UUID(int=11), 1)
ACCOUNTS = [UUID(int=100 + no) for no in range(4)]
MOVE = st.tuples(
    st.sampled_from(["grant", "spend", "return_lease", "let_go", "part", "join", "limit", "free"]),
    st.integers(0, 3),
    st.integers(1, 100),
    st.integers(0, 100),
)


def document(no: int) -> Document:
    return Document(UUID(int=1000 + no), AT)


def granted(books: Books, account: UUID, amount: int, kept: int, no: int) -> Lot:
    lot = Lot(
        id=UUID(int=5000 + no),
        account=account,
        wallet="bonus",
        kind="purchase",
        rule="rule",
        document=document(no).uid,
        granted=amount,
        balance=0,
        free=0,
        held=0,
        activates_at=AT,
        expires_on=DAY,
    )
    grant(books, lot, document(no), holder=STORE, kept=kept)
    return lot


def move(books: Books, what: str, account: UUID, numbers: tuple[int, int, int]) -> None:
    no, amount, more = numbers
    found, lots = books.accounts[account], books.lots_of(account)
    if what == "grant":
        lot = granted(books, account, amount, min(amount, more), no)
        assert not lot.free or not any(one.debt for one in books.debtors(account))
    elif what in ("part", "join"):
        books.repoint(found, MEMBER if what == "join" else account)
    elif what in ("limit", "free"):
        books.limit(found, limited=what == "limit")
    elif lots:
        lot = lots[more % len(lots)]
        lease = books.lease(lot, STORE)
        if what == "spend":
            draw(books, lot, lease, amount, document(no), Drawing.POSTED)
        elif what == "return_lease" and lease.left:
            give_back(books, lot, lease, min(amount, lease.left), document(no))
            assert settle(books, lot, document(no)) == 0, "a document pays by a lot once"
        elif what == "let_go":
            forgive(books, lot, amount, document(no))


@given(moves=st.lists(MOVE, max_size=40))
def test_what_is_paid_is_what_was_owed_and_each_account_adds_up(
    moves: list[tuple[str, int, int, int]],
) -> None:
    books = Books()
    for account in ACCOUNTS:
        books.repoint(books.open(account, account, AT), MEMBER)

    for no, (what, place, amount, more) in enumerate(moves):
        before = {one.id: one.debt for one in books.accounts.values()}
        payable = {one.id for one in books.debtors(ACCOUNTS[place])}
        move(books, what, ACCOUNTS[place], (no, amount, more))
        less = {account for account, debt in before.items() if books.accounts[account].debt < debt}
        assert less <= payable

    debts, balances, paid = Counter[UUID](), Counter[UUID](), 0
    for entry in books.entries:
        if entry.kind in BESIDE_BALANCE:
            debts[entry.account] += entry.amount
        else:
            balances[entry.lot] += entry.amount
        if entry.kind is EntryKind.CLAWBACK:
            paid -= entry.amount
            assert entry.account == books.lots[entry.lot].account
    for one in books.accounts.values():
        assert one.debt == debts[one.id] >= 0
    for lot in books.lots.values():
        left = sum(lease.left for lease in books.leases_of(lot.id))
        assert lot.balance == balances[lot.id] == lot.free + left
        assert min(lot.balance, lot.free) >= 0
    assert len({entry.id for entry in books.entries}) == len(books.entries)
    forgiven = {document(no).uid for no, done in enumerate(moves) if done[0] == "let_go"}
    settled = [entry for entry in books.entries if entry.kind is EntryKind.DEBT_SETTLE]
    assert paid == -sum(entry.amount for entry in settled if entry.document not in forgiven)
