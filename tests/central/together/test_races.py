"""Many agents at once on the same accounts, leases and members: no deadlock, exact sums."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from msgspec import structs
from sqlalchemy import select

from central.centre import Centre
from central.ingest import service as ingest
from central.ingest import store
from central.leases import writeoff
from central.ledger.store import LeaseTable
from central.members.store import MemberState, MemberTable
from central.schema import table_of
from shared.runtime.sqlite import reading
from shared.wire.agents import LeaseAsk
from shared.wire.facts import seal
from shared.wire.feed import GLOBAL
from shared.wire.push import OutcomeKind
from shared.wire.rows import MemberRow
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, books, kinds, rows
from tests.central.journal_builder import Journal, Person, make_journal
from tests.central.together.kit import Pause, beside, blocked_or_done, deadlocks, started

AGENTS = 6
ROUNDS = 5
PEOPLE = 4
THREADS = 4


def _journals(centre: Centre, clock: SetClock, count: int = AGENTS) -> list[Journal]:
    return [make_journal(centre, clock, str(101 + number)) for number in range(count)]


@pytest.mark.parametrize("seed", range(2))
def test_facts_of_many_agents_on_the_same_accounts_add_up(
    centre: Centre, clock: SetClock, seed: int
) -> None:
    chance = random.Random(seed)
    journals = _journals(centre, clock)
    people = [
        journals[0].register(phone=f"+7916000000{no}", name=f"Имя{no} Ф")[0] for no in range(PEOPLE)
    ]
    journals[0].push()
    before = deadlocks(centre)
    earned = dict.fromkeys((one.account for one in people), 0)
    spent = dict.fromkeys(earned, 0)
    for _ in range(ROUNDS):
        told = [len(journal.facts) for journal in journals]
        for journal in journals:
            for person in chance.sample(people, PEOPLE):
                sold = journal.sell(person, earn=[10_00], kept=10_00)
                journal.sell(person, spend=[(sold.lots[0], 4_00)])
                earned[person.account] += 10_00
                spent[person.account] += 4_00
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda one, first: one.push(first + 1), journals, told))
        assert {kind for answer in answers for kind in kinds(answer.outcomes)} == {"accepted"}

    for person in people:
        assert balance(centre, person.account) == earned[person.account] - spent[person.account]
        account = books(centre, person.account).accounts[person.account]
        assert (account.debt, account.receipts) == (0, 2 * ROUNDS * AGENTS)
    assert deadlocks(centre) == before


def test_one_phone_registered_by_many_agents_at_once_is_one_member(
    centre: Centre, clock: SetClock
) -> None:
    journals = _journals(centre, clock, THREADS)
    people = [one.register(welcome=100_00, phone="+79161234567")[0] for one in journals]

    gate = threading.Barrier(THREADS)

    def push(journal: Journal) -> list[str]:
        gate.wait()
        return kinds(journal.push().outcomes)

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(push, journals))

    assert sorted(outcomes) == [["accepted"], *[["adjusted"]] * (THREADS - 1)]
    accounts = [person.account for person in people]
    assert sum(balance(centre, account) for account in accounts) == 100_00
    assert len({one.member for one in books(centre, *accounts).accounts.values()}) == 1
    with reading(centre.engine) as connection:
        states = list(connection.scalars(select(table_of(MemberTable).c.state)))
    assert sorted(states) == [MemberState.ACTIVE, *[MemberState.MERGED] * (THREADS - 1)]


def _after_each_other(centre: Centre, first: Journal, second: Journal) -> bool:
    """Push both journals at once, the first one's transaction ending first; tell whether the
    second had to wait for it."""
    with beside(centre) as one, beside(centre) as two:
        pause = Pause(one.engine)
        earlier = started(replace(first, centre=one).push)
        pause.reached()
        later = started(replace(second, centre=two).push)
        waited = blocked_or_done(centre, later)
        pause.go()
        earlier.join()
        later.join()
    return waited


def test_a_fact_that_two_agents_tell_at_once_is_posted_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """As when a disk was copied and both journals go on with what was not sent."""
    account = UUID(int=9)
    told = journal.note_ask(LeaseAsk(UUID(int=8), journal.agent, 1, UUID(int=7), account, 1))
    again = other.append(told.kind, told.body)
    other.facts[-1] = seal(structs.replace(again, id=told.id, envelope=told.envelope))

    assert _after_each_other(centre, journal, other)
    with reading(centre.engine) as connection:
        letters = store.letters_of(connection, [told.id])
    assert len(letters) == 2
    assert len({letter.posting for letter in letters}) == 1


def test_two_returns_of_one_sale_at_once_move_its_points_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    lot = journal.sell(person, earn=[100_00], kept=100_00).lots[0]
    sold = journal.sell(person, spend=[(lot, 40_00)])
    journal.push()
    here, there = (
        one.take_back(sold, restored=[(lot, 40_00)], quantity=3000) for one in (journal, other)
    )
    assert here.id != there.id

    assert _after_each_other(centre, journal, other)
    assert balance(centre, person.account) == 100_00
    assert [one.reason for one in other.push().outcomes] == ["returned_twice"]


def test_a_member_row_is_of_the_state_in_which_its_account_was_locked(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """A sale that waits for the registration tells the member's name, not that he is unknown."""
    person, _ = journal.register(name="Анна Петрова")
    other.sell(person, earn=[5_00], kept=0)
    other.push()
    other.sell(person, earn=[5_00], kept=0)

    assert _after_each_other(centre, journal, other)

    (member,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)]
    assert (member.display_name, member.receipts) == ("Анна П.", 2)


def test_a_phone_is_claimed_by_one_registration_at_a_time(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    for one in (journal, other):
        one.register(phone="+79161234567")

    assert _after_each_other(centre, journal, other)
    assert [one.reason for one in other.push().outcomes] == ["merged"]


def test_a_grant_that_another_agent_was_faster_to_give_is_found_by_the_next_try(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Spouses on one phone are one person for their welcome, and have no account in common."""
    wife, _ = journal.register(name="Анна Петрова")
    husband, _ = other.register(name="Иван Петров")
    for one in (journal, other):
        one.push()
    for one, person in ((journal, wife), (other, husband)):
        welcome = one.welcome(person)
        one.sell(person, earn=[100_00], kept=0, kind="welcome", lots=[welcome])

    assert _after_each_other(centre, journal, other)
    assert other.push().outcomes[-1].reason == "granted_before"
    assert balance(centre, wife.account) + balance(centre, husband.account) == 100_00


def test_two_processes_that_wake_a_waiting_fact_post_it_once(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    person, _ = journal.register()
    journal.push()
    sold = journal.sell(person, turnover=100_00)
    other.take_back(sold, turnover=30_00)
    with beside(centre) as one:
        pause = Pause(one.engine)
        earlier = started(replace(journal, centre=one).push)
        pause.reached()
        assert kinds(other.push().outcomes) == ["waiting"]
        pause.go()
        earlier.join()
    assert _turnover(centre, person) == 100_00

    with beside(centre) as one, beside(centre) as two:
        pause = Pause(one.engine)
        found: list[dict[UUID, OutcomeKind]] = []
        first = started(lambda: found.append(ingest.wake(one, clock.now())))
        pause.reached()
        second = started(lambda: found.append(ingest.wake(two, clock.now())))
        assert blocked_or_done(centre, second)
        pause.go()
        first.join()
        second.join()

    assert sorted(map(len, found)) == [0, 1]
    assert _turnover(centre, person) == 70_00


def _turnover(centre: Centre, person: Person) -> int:
    return books(centre, person.account).accounts[person.account].turnover_minor


def test_no_lease_is_given_to_an_epoch_that_ends_meanwhile(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    journal.push()
    journal.sell(person, earn=[100_00], kept=0)
    with beside(centre) as one, beside(centre) as two:
        pause = Pause(one.engine)
        pushing = started(replace(journal, centre=one).push)
        pause.reached()
        ending = started(lambda: writeoff.write_off_store(two, "101"))
        assert blocked_or_done(centre, ending)
        pause.go()
        pushing.join()
        ending.join()

    journal.sell(person, earn=[100_00], kept=0)
    journal.push()
    lease = table_of(LeaseTable)
    with reading(centre.engine) as connection:
        open_leases = connection.execute(
            select(lease).where(lease.c.closed.is_(False), lease.c.granted > lease.c.gone)
        ).all()
    assert open_leases == []
