"""Whatever is merged, parted, sold and registered in whatever order, in families or not: the
figures of an account are what its slips add up to, and it belongs to whom its owner has become, or
to the head of his family."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central.centre import Centre
from central.conflicts.service import Word
from central.estate.service import How, import_stores
from central.ledger.audit import check
from central.ledger.store import AccountTable
from central.members.family import InFamilyError, NobodyYetError, NotInFamilyError
from central.members.merging import (
    BothInFamilyError,
    NoPhoneError,
    NotMergedError,
    SameMemberError,
    UnknownMemberError,
)
from central.members.store import IdentifierTable, MemberTable
from central.schema import table_of
from central.settling.families import give_family_role, join_family, leave_family
from central.settling.people import merge_members, unmerge_member, verify_phone
from shared.member import FamilyRole
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import IdentifierRow, MemberRow
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.chain_kit import balance, rows
from tests.central.journal_builder import NOON, Journal, Person, make_centre, make_journal
from tests.databases import Databases

WORD = Word("Ольга", "так верно")
NAMES = ("Анна Петрова", "Петрова А.", "Иван Сидоров")
STEP = st.one_of(
    st.tuples(st.just("register"), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("buy"), st.integers(0, 1), st.integers(0, 5), st.integers(1, 40_00)),
    st.tuples(st.just("spend"), st.integers(0, 1), st.integers(0, 5), st.integers(1, 30_00)),
    st.tuples(st.just("push"), st.integers(0, 1), st.just(0), st.just(0)),
    st.tuples(st.just("merge"), st.just(0), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("unmerge"), st.just(0), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("verify"), st.just(0), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("join"), st.integers(0, 1), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("leave"), st.just(0), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("play"), st.integers(0, 1), st.integers(0, 5), st.just(0)),
)
Steps = list[tuple[str, int, int, int]]
BEGIN: Steps = [("register", 0, 0, 0), ("register", 0, 2, 1), ("push", 0, 0, 0)]
"""Two who have nothing to do with each other, so that something can be done to them."""


@dataclass
class Estate:
    """Two stores and what their slips add up to, by account."""

    centre: Centre
    stores: tuple[Journal, Journal]
    people: list[Person] = field(default_factory=list)
    points: Counter[UUID] = field(default_factory=Counter)
    turnover: Counter[UUID] = field(default_factory=Counter)
    receipts: Counter[UUID] = field(default_factory=Counter)
    lots: dict[tuple[int, UUID], list[list[object]]] = field(default_factory=dict)
    """Lots of a store and account with what that store still holds of them."""

    def take(self, step: tuple[str, int, int, int]) -> None:
        what, store, first, second = step
        self.stores[0].clock.go(seconds=1)
        if what == "push":
            self.push(store)
        elif what == "register":
            journal = self.stores[store]
            self.people.append(journal.register(NAMES[first], f"+7916000000{second}")[0])
        elif self.people:
            one = self.people[first % len(self.people)]
            getattr(self, what)(store, one, second)

    def push(self, store: int) -> None:
        if self.stores[store].facts:
            self.stores[store].push()

    def buy(self, store: int, one: Person, points: int) -> None:
        sold = self.stores[store].sell(one, earn=[points], turnover=points)
        self.lots.setdefault((store, one.account), []).append([sold.lots[0], points])
        self._count(one, points, points)

    def spend(self, store: int, one: Person, points: int) -> None:
        for held in self.lots.get((store, one.account), []):
            lot, left = held
            assert isinstance(lot, UUID)
            assert isinstance(left, int)
            drawn = min(left, points)
            if drawn:
                self.stores[store].sell(one, spend=[(lot, drawn)], turnover=1)
                held[1] = left - drawn
                self._count(one, -drawn, 1)
                return

    def merge(self, _store: int, one: Person, other: int) -> None:
        pair = one.member, self.people[other % len(self.people)].member
        with suppress(SameMemberError, UnknownMemberError, BothInFamilyError):
            merge_members(self.centre, *pair, WORD)

    def unmerge(self, _store: int, one: Person, _other: int) -> None:
        with suppress(NotMergedError, UnknownMemberError):
            unmerge_member(self.centre, one.member, WORD)

    def verify(self, _store: int, one: Person, _other: int) -> None:
        with suppress(UnknownMemberError, NoPhoneError):
            verify_phone(self.centre, one.member, WORD)

    def join(self, role: int, one: Person, other: int) -> None:
        pair = one.member, self.people[other % len(self.people)].member
        with suppress(SameMemberError, UnknownMemberError, InFamilyError, NobodyYetError):
            join_family(self.centre, *pair, [*FamilyRole][role], WORD)

    def leave(self, _store: int, one: Person, _other: int) -> None:
        with suppress(UnknownMemberError, NotInFamilyError):
            leave_family(self.centre, one.member, WORD)

    def play(self, role: int, one: Person, _other: int) -> None:
        with suppress(UnknownMemberError, NotInFamilyError):
            give_family_role(self.centre, one.member, [*FamilyRole][role], WORD)

    def _count(self, one: Person, points: int, turnover: int) -> None:
        self.points[one.account] += points
        self.turnover[one.account] += turnover
        self.receipts[one.account] += 1


def lives_in(known: dict[UUID, MemberRow], member: UUID) -> UUID:
    while (into := known[member].merged_into) is not None:
        member = into
    return member


@dataclass
class Known:
    """What stores are told of members, and who is in whose family."""

    rows: dict[UUID, MemberRow]
    families: dict[UUID, tuple[UUID | None, str]]

    def buys_as(self, member: UUID) -> UUID:
        """Return on whose accounts a member buys."""
        living = lives_in(self.rows, member)
        head, _ = self.families[living]
        return living if head is None else lives_in(self.rows, head)


def judge(estate: Estate) -> None:
    centre = estate.centre
    known = {row.id: row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)}
    with reading(centre.engine) as connection:
        assert check(connection) == []
        accounts = connection.execute(select(table_of(AccountTable))).all()
        claims = connection.execute(select(table_of(IdentifierTable))).all()
        members = connection.execute(select(table_of(MemberTable))).all()
    told = Known(known, {one.id: (one.head, one.family_role) for one in members})
    _judge_families(members)
    for row in accounts:
        assert row.member == told.buys_as(row.owner)
        assert balance(centre, row.account) == estate.points[row.account]
        assert row.turnover_minor == estate.turnover[row.account]
        assert row.receipts == estate.receipts[row.account]
        assert row.limited is _is_limited(row.owner, claims, told)
    assert {row.member for row in claims} <= known.keys()
    for row in claims:
        assert row.member == lives_in(known, row.owner)
    _judge_rows(estate, told, accounts)
    _judge_ways(centre, claims, told, {row.owner: row.account for row in accounts})


def _is_limited(owner: UUID, claims: Sequence[Any], told: Known) -> bool:
    """Whoever redeems from his own account alone, or has joined others with somebody who does,
    owes alone."""
    way = [owner]
    while (into := told.rows[way[-1]].merged_into) is not None:
        way.append(into)
    living = way[-1]
    limited = {one.owner for one in claims if one.account and one.state != "revoked"}
    by_phone = limited & ({owner} | set(way[:-1]))
    return bool(by_phone) or told.families[living][1] == FamilyRole.EARNS


def _judge_families(members: Sequence[Any]) -> None:
    """Who is in a family lives on, has one head, and heads know how many there are."""
    heads = Counter(one.head for one in members if one.head is not None)
    for one in members:
        assert one.relatives == heads[one.id]
        assert one.head is None or (not one.relatives and one.merged_into is None)
        assert bool(one.family_role) == bool(one.family_since) == (one.head is not None)
        assert not one.relatives or one.merged_into is None


def _judge_rows(estate: Estate, told: Known, accounts: Sequence[Any]) -> None:
    for member, row in told.rows.items():
        payer = None if row.merged_into else told.buys_as(member)
        own = {one.account for one in accounts if one.member == payer}
        assert set(row.accounts) == own
        assert row.turnover_minor == sum(estate.turnover[one] for one in own)
        assert row.receipts == sum(estate.receipts[one] for one in own)
        assert row.merged_into is None or not own


def _judge_ways(centre: Centre, claims: Sequence[Any], told: Known, own: dict[UUID, UUID]) -> None:
    """What stores find by is what the centre says, and a limited card pays from its own alone, as
    all do of who only earns for his family."""

    def limit(one: Any) -> UUID | None:
        _, role = told.families[one.member]
        alone = own[one.member] if role == FamilyRole.EARNS else None
        return one.account or alone

    sent = rows(centre, GLOBAL)
    shown = {key: row for key, row in sent.items() if isinstance(row, IdentifierRow)}
    expected = {
        b"identifier" + one.index + one.owner.bytes: (one.member, limit(one))
        for one in claims
        if one.state in ("claimed", "verified")
    }
    assert {key: (row.member, row.account) for key, row in shown.items()} == expected


made = count()


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=[("join", 0, 1, 0), ("buy", 0, 0, 7_00), ("buy", 1, 1, 9_00), ("push", 0, 0, 0)])
@example(
    steps=[
        ("join", 1, 1, 0),
        ("register", 1, 2, 1),  # again, under the relative's phone
        ("push", 1, 0, 0),
        ("buy", 0, 0, 5_00),
        ("leave", 0, 1, 0),
    ]
)
@example(
    steps=[
        ("register", 1, 0, 2),
        ("push", 1, 0, 0),
        ("join", 0, 1, 0),
        ("merge", 0, 2, 1),
        ("play", 1, 1, 0),
        ("unmerge", 0, 2, 0),
    ]
)
@given(steps=st.lists(STEP, min_size=4, max_size=24))
def test_no_merge_moves_points_between_accounts(
    tmp_path: Path, databases: Databases, steps: Steps
) -> None:
    clock = SetClock(NOON)
    url = databases.fresh(tmp_path / f"central-{next(made)}.db")
    centre = make_centre(url, clock)
    import_stores(centre, STORES_CSV.encode(), How.APPLY)
    stores = make_journal(centre, clock, "101"), make_journal(centre, clock, "102")
    estate = Estate(centre, stores)

    for step in (*BEGIN, *steps):
        estate.take(step)
    estate.push(0)
    estate.push(1)

    judge(estate)
    centre.engine.dispose()
