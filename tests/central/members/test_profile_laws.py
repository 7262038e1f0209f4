"""Whatever the order in which edits arrive, and whoever is merged and parted meanwhile: the same
value of each field counts, and it is the one that the edits alone say."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.centre import Centre
from central.conflicts.service import Word
from central.estate.service import How, import_stores
from central.members.merging import NotMergedError, SameMemberError
from central.members.profile import Edit, contested, in_force
from central.settling.people import merge_members, unmerge_member
from shared.clock import instant_of
from shared.member import ProfileField
from shared.wire.feed import GLOBAL
from shared.wire.rows import MemberRow
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.chain_kit import rows
from tests.central.journal_builder import NOON, Journal, Person, make_centre, make_journal
from tests.databases import Databases

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORD = Word("Ольга", "так верно")
EDITS_MAX = 8


def edits_of(draws: Sequence[tuple[int, int, bool]]) -> list[Edit]:
    """Edits of one field: what each replaces (any one, also one that comes later), its stamp."""
    ids = [UUID(int=no + 1) for no in range(len(draws))]
    return [
        Edit(
            member=UUID(int=99),
            field=ProfileField.NAME,
            version=ids[no],
            replaces=ids[replaces] if replaces < len(ids) else None,
            value=f"name {no}",
            phone_index=b"",
            at=AT + timedelta(milliseconds=at_ms),
            verified=verified,
            store="101",
            actor="7",
        )
        for no, (replaces, at_ms, verified) in enumerate(draws)
    ]


ANY_EDITS = st.lists(
    st.tuples(st.integers(0, EDITS_MAX + 3), st.integers(0, 4), st.booleans()),
    min_size=1,
    max_size=EDITS_MAX,
).map(edits_of)


@given(edits=ANY_EDITS, chance=st.randoms())
def test_the_same_edit_counts_in_whatever_order_they_are_known(
    edits: list[Edit], chance: object
) -> None:
    shuffled = [*edits]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert in_force(edits) == in_force(shuffled)


@given(edits=ANY_EDITS)
def test_what_an_edit_has_replaced_counts_no_more_unless_it_alone_is_verified(
    edits: list[Edit],
) -> None:
    counts = in_force(edits)

    assert counts is not None
    known = {one.version: one for one in edits}
    for one in edits:
        chain, at = set[UUID](), one
        while at.replaces in known and at.replaces not in chain:
            chain.add(at.replaces)
            at = known[at.replaces]
        is_circle = one.version in chain
        if counts.version in chain and not is_circle and counts.replaces not in chain:
            assert counts.verified > one.verified


@given(edits=ANY_EDITS)
def test_what_is_verified_is_never_beaten_by_what_is_claimed(edits: list[Edit]) -> None:
    counts = in_force(edits)

    assert counts is not None
    assert counts.verified or not any(one.verified for one in edits)


@given(edits=ANY_EDITS)
def test_who_lost_is_told_of_unless_the_winner_knew_him(edits: list[Edit]) -> None:
    """Whatever came last: of two values one counts, and a contest names it as the winner."""
    for no in range(1, len(edits)):
        contest = contested(edits[:no], edits[no])
        if contest is None:
            continue
        assert contest.winner == in_force(edits[: no + 1])
        assert contest.loser in edits[: no + 1]
        assert contest.winner.replaces != contest.loser.version


STEP = st.one_of(
    st.tuples(st.just("edit"), st.integers(0, 1), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("edit"), st.integers(0, 1), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("push"), st.integers(0, 1), st.just(0), st.just(False)),
    st.tuples(st.just("merge"), st.integers(0, 2), st.integers(0, 2), st.just(False)),
    st.tuples(st.just("part"), st.integers(0, 2), st.just(0), st.just(False)),
    st.tuples(st.just("skew"), st.integers(0, 1), st.integers(0, 3), st.just(False)),
)
Steps = list[tuple[str, int, int, bool]]


@dataclass
class Told:
    """An edit as its till told it: by the till's own clock."""

    member: UUID
    replaces: UUID | None
    at: datetime
    name: str


@dataclass
class Estate:
    """Two stores, three people, and what tills were told alone."""

    centre: Centre
    clock: SetClock
    stores: tuple[Journal, Journal]
    people: list[Person] = field(default_factory=list)
    told: dict[UUID, Told] = field(default_factory=dict)
    skews: list[int] = field(default_factory=lambda: [0, 0])

    def take(self, step: tuple[str, int, int, bool]) -> None:
        what, first, second, flag = step
        self.clock.go(seconds=1)
        if what == "edit":
            self.edit(first, self.people[second], knows=flag)
        elif what == "push":
            self.push(first)
        elif what == "skew":
            self.skews[first] = 1800 * second
        else:
            self.settle(what, self.people[first], self.people[second])

    def edit(self, store: int, person: Person, *, knows: bool) -> None:
        """Edit a name by the store's own clock, with or without having read the rows."""
        journal = self.stores[store]
        living = self.living(person.member)
        seen = row_of(self.centre, living).versions if knows else ()
        replaces = {one.field: one.version for one in seen}
        name = f"Имя {chr(ord('а') + len(self.told) % 32)}"
        self.clock.go(seconds=-self.skews[store])
        who = Person(living, person.account, "", "", "")
        version = journal.edit(who, replaces, name=name)
        self.clock.go(seconds=self.skews[store])
        stamp = instant_of(journal.facts[-1].hlc)
        self.told[version] = Told(living, replaces.get("name"), stamp, name)

    def push(self, store: int) -> None:
        if self.stores[store].facts:
            self.stores[store].push()

    def settle(self, what: str, one: Person, other: Person) -> None:
        with suppress(SameMemberError, NotMergedError):
            if what == "merge":
                merge_members(self.centre, one.member, other.member, WORD)
            else:
                unmerge_member(self.centre, one.member, WORD)

    def living(self, member: UUID) -> UUID:
        while (into := row_of(self.centre, member).merged_into) is not None:
            member = into
        return member


def row_of(centre: Centre, member: UUID) -> MemberRow:
    found = rows(centre, GLOBAL).values()
    return next(one for one in found if isinstance(one, MemberRow) and one.id == member)


def counts(told: dict[UUID, Told], people: set[UUID]) -> UUID | None:
    """The version that counts of what was told of some people: the judge's own arithmetic."""
    mine = {version: one for version, one in told.items() if one.member in people}

    def stamp(version: UUID) -> datetime:
        one = mine[version]
        if one.replaces not in mine:
            return one.at
        return max(one.at, stamp(one.replaces) + timedelta(milliseconds=1))

    return max(mine, key=lambda version: (stamp(version), version), default=None)


made = count()


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=4, max_size=20), last=st.permutations([0, 1]))
def test_what_counts_follows_from_what_tills_were_told(
    tmp_path: Path, databases: Databases, steps: Steps, last: list[int]
) -> None:
    clock = SetClock(NOON)
    centre = make_centre(databases.fresh(tmp_path / f"central-{next(made)}.db"), clock)
    import_stores(centre, STORES_CSV.encode(), How.APPLY)
    stores = make_journal(centre, clock, "101"), make_journal(centre, clock, "102")
    estate = Estate(centre, clock, stores)
    for no, name in enumerate(("Анна", "Борис", "Вера")):
        estate.people.append(stores[0].register(name, f"+7916000000{no}")[0])
    estate.push(0)

    for step in steps:
        estate.take(step)
    for store in last:
        estate.push(store)

    groups: dict[UUID, set[UUID]] = {}
    for one in estate.people:
        groups.setdefault(estate.living(one.member), set()).add(one.member)
    for living, people in groups.items():
        shown = next((one.version for one in row_of(centre, living).versions), None)
        assert shown == counts(estate.told, people)
        if shown is not None:
            first, second = estate.told[shown].name.split()
            assert row_of(centre, living).display_name == f"{first} {second[0]}."
    centre.engine.dispose()
