"""Whoever is merged has the turnover, days and tier of one who has always been one; parted again,
each has his own as if nothing had been."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.members.roll import Roll
from central.members.store import Member, MemberState
from shared.ids import derived
from shared.ledger.books import Account, Books
from shared.ledger.entries import Document
from shared.ledger.history import joined, with_uses
from shared.ledger.postings import count_turnover
from shared.member import DayCount, History, MemberView, Use
from shared.rules.compile import CompiledPack
from shared.rules.tiers import tier_of
from tests.shared.rules.builders import compiled

FIRST = date(2025, 1, 1)
DAYS = 700
"""Fewer than are told apart."""
AT = datetime(2025, 1, 1, tzinfo=UTC)
PEOPLE = tuple(derived("member", name) for name in "abc")
EXAMPLES = files("shared.rules") / "examples"
PACKS = tuple(
    compiled((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
    for name in ("wine", "fashion", "spirits", "plumbing")
)

counts = st.builds(
    DayCount,
    day=st.integers(0, DAYS).map(lambda days: FIRST + timedelta(days=days)),
    turnover_minor=st.integers(-20_000_00, 90_000_00),
    points=st.integers(-100_00, 900_00),
    visits=st.sampled_from((0, 1)),
)
Bought = tuple[int, DayCount]
"""Whose card, and what counted."""
purchases = st.lists(st.tuples(st.integers(0, 2), counts), max_size=30)


def estate() -> tuple[Roll, Books]:
    """Everybody with an account of his own."""
    roll, books = Roll(), Books()
    for no, person in enumerate(PEOPLE):
        known = Member(person, MemberState.ACTIVE, AT, registered_on=FIRST)
        roll.enter([known], (), ())
        books.open(derived("account", person), person, AT + timedelta(days=no))
    return roll, books


def buy(books: Books, bought: Sequence[Bought], first: int = 0) -> None:
    for no, (who, counted) in enumerate(bought, first):
        account = derived("account", PEOPLE[who])
        count_turnover(books, account, counted, Document(derived("sale", no), AT))
        owner = books.accounts[account]
        owner.history = with_uses(owner.history, [Use("R1", counted.day, 1, counted.points)])


def seen(accounts: Sequence[Account]) -> tuple[int, int, History]:
    """What a store makes of a member's accounts."""
    history = joined(one.history for one in accounts)
    days = tuple(one for one in history.days if one != DayCount(one.day))
    uses = tuple(sorted(history.uses, key=lambda use: (use.day, use.rule)))
    return (
        sum(one.turnover_minor for one in accounts),
        sum(one.receipts for one in accounts),
        History(history.once, days, uses),
    )


def tier(pack: CompiledPack, view: tuple[int, int, History], day: date) -> str:
    turnover, receipts, history = view
    person = PEOPLE[0]
    member = MemberView(person, person, turnover_minor=turnover, receipts=receipts, history=history)
    found = tier_of(pack, member, day)
    return found.id if found else ""


@pytest.mark.edge("E66")
@given(before=purchases, after=purchases, chain=st.booleans(), late=st.integers(0, 60))
def test_a_merged_member_is_as_one_who_has_always_been_one(
    before: list[Bought], after: list[Bought], chain: bool, late: int
) -> None:
    """Whether both joined one, or one joined another who then joined the third."""
    roll, books = estate()
    buy(books, before)
    a, b, c = PEOPLE
    roll.join(books, c, b if chain else a)
    roll.join(books, b, a)
    buy(books, after, len(before))
    _, always = estate()
    buy(always, [(0, counted) for _, counted in (*before, *after)])

    merged, one = seen(books.accounts_of(a)), seen(always.accounts_of(a))

    assert merged == one
    assert (books.accounts_of(b), books.accounts_of(c)) == ([], [])
    day = FIRST + timedelta(days=DAYS + late)
    for pack in PACKS:
        assert tier(pack, merged, day) == tier(pack, one, day)


@pytest.mark.edge("E75")
@given(before=purchases, between=purchases, after=purchases, chain=st.booleans())
def test_who_is_parted_again_has_his_own_as_if_nothing_had_been(
    before: list[Bought], between: list[Bought], after: list[Bought], chain: bool
) -> None:
    """Also what was bought with his card while they were one."""
    roll, books = estate()
    buy(books, before)
    a, b, c = PEOPLE
    roll.join(books, c, b if chain else a)
    roll.join(books, b, a)
    buy(books, between, len(before))
    roll.part(books, b)
    roll.part(books, c)
    buy(books, after, len(before) + len(between))
    _, apart = estate()
    buy(apart, [*before, *between, *after])

    for person in PEOPLE:
        assert seen(books.accounts_of(person)) == seen(apart.accounts_of(person))
        assert roll.members[person].state is MemberState.ACTIVE
