"""A member as of an instant: what came later is taken off again, whatever the order of arrival."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from central.auditor.view import Known, Later, as_of, is_like, later_than
from shared.ids import derived
from shared.ledger.books import Books
from shared.ledger.entries import Document
from shared.ledger.history import with_uses
from shared.ledger.postings import count_turnover
from shared.member import DayCount, MemberView, Use

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEMBER, ACCOUNT = derived("member"), derived("account")
HOURS = st.integers(0, 24 * 40)
Event = tuple[int, int, int, int]
"""Hour, kopecks, points, visits."""
EVENTS = st.lists(
    st.tuples(HOURS, st.integers(-9999, 9999), st.integers(-99, 99), st.sampled_from([0, 1])),
    max_size=8,
)


def books_of(events: list[tuple[int, Event]]) -> Books:
    books = Books()
    account = books.open(ACCOUNT, MEMBER, NOON)
    for no, (hour, minor, points, visits) in events:
        at = NOON + timedelta(hours=hour)
        counted = DayCount(at.date(), minor, points, visits)
        count_turnover(books, ACCOUNT, counted, Document(derived(no), at))
        if visits:
            used = [Use("rule", at.date(), 1, points)]
            account.history = with_uses(account.history, used)
    return books


@given(EVENTS, HOURS, st.randoms())
def test_a_view_of_the_past_is_what_the_documents_of_the_past_make(
    events: list[Event], hour: int, chance: object
) -> None:
    numbered = list(enumerate(events))
    chance.shuffle(numbered)  # type: ignore[attr-defined]
    books = books_of(numbered)
    at = NOON + timedelta(hours=hour)
    entries = later_than(books.turnovers, at, UUID(int=0)).get(ACCOUNT, ())
    uses = tuple(Use("rule", one.at.date(), 1, one.points) for one in entries if one.visits)
    known = Known(None, [books.accounts[ACCOUNT]], {ACCOUNT: Later(entries, uses)})

    seen = as_of(MemberView(MEMBER, ACCOUNT), known)

    past = books_of([one for one in numbered if one[1][0] <= hour]).accounts[ACCOUNT]
    then = MemberView(MEMBER, ACCOUNT, past.turnover_minor, past.receipts, history=past.history)
    assert is_like(seen, then)
    assert (seen.turnover_minor, seen.receipts) == (past.turnover_minor, past.receipts)


def test_a_document_itself_never_counts_before_its_own_receipt() -> None:
    books = books_of([(1, (5, 100, 1, 1)), (2, (5, 200, 2, 1))])

    later = later_than(books.turnovers, NOON + timedelta(hours=5), derived(2))

    assert [entry.document for entry in later[ACCOUNT]] == [derived(2)]
