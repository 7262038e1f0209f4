"""What stands behind missing facts of a file is taken in, and they take their places if they come.

Nothing is posted twice, nothing is freed by guess, and a branch is not taken for what is missing.
"""

from collections.abc import Sequence
from dataclasses import replace as replaced
from uuid import UUID

import pytest
from sqlalchemy import event

from central.agents.service import AgentIdentity
from central.auditor import gathering
from central.auditor import service as auditor
from central.auditor import telling as auditing
from central.centre import Centre
from central.conflicts.values import Conflict, ConflictKind, ConflictState
from central.ingest import looking
from central.ingest import service as ingest
from central.ingest.chain import runs
from central.ingest.files import take_in_file
from central.ingest.gaps import open_gaps
from central.ingest.parcel import Missing
from central.leases import recovery
from shared.crypto.chain import GENESIS
from shared.ids import derived
from shared.ledger.books import Holder
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, HeldLease, LeasesReported
from shared.wire.push import PushAnswer, PushBatch
from tests.central.chain_kit import balance, books, conflicts, kinds
from tests.central.journal_builder import Journal, Person


def one_each(journal: Journal, first: int, last: int) -> list[PushBatch]:
    """A mirror's batches: each fact was written when it happened."""
    return [journal.batch(no, no) for no in range(first, last + 1)]


def take_in(
    centre: Centre, batches: Sequence[PushBatch], missing: Missing = Missing.AWAITED
) -> list[str]:
    """Take batches in as the file that they are; return what became of their facts."""
    answers = [
        ingest.take_in(centre, batch, run, missing)
        for batch, run in zip(batches, runs(batches), strict=True)
    ]
    return [kind for answer in answers for kind in kinds(answer.outcomes)]


def over(journal: Journal, first: int, last: int | None = None) -> PushAnswer:
    batch = journal.batch(first, last)
    return ingest.take_in(journal.centre, batch, missing=Missing.PASSED_OVER)


def gaps(journal: Journal) -> list[tuple[int, int]]:
    found = open_gaps(journal.centre, [Holder(journal.agent, journal.epoch)])
    return [(one.first, one.last) for one in found]


def the_gap(centre: Centre) -> Conflict:
    (found,) = [one for one in conflicts(centre) if one.kind is ConflictKind.JOURNAL_GAP]
    return found


@pytest.fixture
def anna(journal: Journal) -> Person:
    """She is registered, and has earned 100.00 which her store keeps: the centre has both facts."""
    person, _ = journal.register()
    journal.sell(person, earn=[100_00])
    journal.push()
    return person


@pytest.fixture
def lot(journal: Journal, anna: Person) -> UUID:
    (found,) = [one.id for one in books(journal.centre, anna.account).lots_of(anna.account)]
    return found


def test_what_stands_behind_missing_facts_is_taken_in_and_people_are_told(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    for _ in range(4):
        journal.sell(anna, earn=[1_00])

    assert journal.push(5).outcomes == ()
    answer = over(journal, 5)

    assert (kinds(answer.outcomes), answer.expects) == (["accepted"] * 2, 7)
    assert over(journal, 5) == answer
    told = the_gap(centre)
    assert told.state is ConflictState.OPEN
    assert told.sentence.en.startswith("Facts 3 to 4 of epoch 1 of store 101 are not here: they")
    assert told.sentence.ru.startswith("Фактов 3–4 эпохи 1 магазина 101 нет в центре: в файле")
    assert gaps(journal) == [(3, 4)]
    assert balance(centre, anna.account) == 102_00


def test_what_the_missing_facts_drew_is_spent_once_when_they_come(
    centre: Centre, journal: Journal, anna: Person, lot: UUID
) -> None:
    """Until then the count of the next draw holds it; nobody has to settle it."""
    earned = journal.sell(anna, spend=[(lot, 30_00)], earn=[50_00])
    journal.sell(anna, spend=[(lot, 20_00)])
    journal.sell(anna, spend=[(lot, 10_00)])
    journal.sell(anna, spend=[(earned.lots[0], 5_00)])
    journal.sell(anna, spend=[(lot, 5_00)])

    assert kinds(over(journal, 5).outcomes) == ["quarantined", "quarantined", "accepted"]
    found = books(centre, anna.account).lot(lot)
    (lease,) = books(centre, anna.account).leases_of(lot)
    assert (found.held, found.free, lease.left) == (60_00, 0, 35_00)

    assert kinds(journal.push(3, 4).outcomes) == ["accepted"] * 2
    ingest.readmit(centre, centre.clock.now())

    assert kinds(journal.push().outcomes) == ["accepted"] * 7
    assert (gaps(journal), the_gap(centre).state) == ([], ConflictState.RESOLVED)
    assert books(centre, anna.account).held == {}
    assert balance(centre, anna.account) == 100_00 + 50_00 - 70_00
    (lease,) = books(centre, anna.account).leases_of(lot)
    assert (lease.gone, lease.left) == (65_00, 35_00)
    assert not [one for one in conflicts(centre) if one.state is ConflictState.OPEN]


def test_several_batches_fill_a_gap_as_far_as_they_lead_to_the_fact_behind_it(
    centre: Centre, journal: Journal, anna: Person, lot: UUID
) -> None:
    for points in (10_00, 20_00, 30_00, 5_00):
        journal.sell(anna, spend=[(lot, points)])
    over(journal, 6)

    assert take_in(centre, one_each(journal, 5, 6)) == ["accepted", "quarantined"]
    assert (gaps(journal), the_gap(centre).state) == ([(3, 4)], ConflictState.OPEN)
    assert take_in(centre, one_each(journal, 3, 6))[:2] == ["accepted"] * 2

    assert take_in(centre, one_each(journal, 1, 6)) == ["accepted"] * 6
    assert gaps(journal) == []
    assert balance(centre, anna.account) == 35_00
    assert books(centre, anna.account).held == {}


def test_a_batch_that_comes_to_a_gap_and_ends_in_it_is_answered_up_to_it(
    centre: Centre, journal: Journal, anna: Person, lot: UUID
) -> None:
    """Its agent sends the rest in a batch that leads behind the gap."""
    for points in (10_00, 20_00, 30_00):
        journal.sell(anna, spend=[(lot, points)])
    over(journal, 5)

    answer = journal.push(1, 3)

    assert (kinds(answer.outcomes), answer.barred) == (["accepted"] * 2, "")
    assert gaps(journal) == [(3, 4)]
    assert kinds(journal.push(3).outcomes)[:2] == ["accepted"] * 2
    assert (gaps(journal), balance(centre, anna.account)) == ([], 40_00)


def test_gaps_are_asked_for_once_and_only_by_what_was_sent_before(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "journal_gap" in statement:
            asked.append(statement)

    journal.sell(anna)
    event.listen(centre.engine, "before_cursor_execute", note)
    journal.push(3)
    before = len(asked)
    journal.push(3)
    event.remove(centre.engine, "before_cursor_execute", note)

    assert (before, len(asked)) == (0, 1)


def test_of_a_file_that_ends_in_a_gap_each_fact_is_counted_once(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    for _ in range(3):
        journal.sell(anna)
    over(journal, 5)

    told = take_in_file(centre, [journal.batch(1, 3)], Missing.PASSED_OVER)

    assert (told.outcomes, told.missing) == ({"accepted": 2}, 1)


def test_a_copys_facts_are_not_taken_for_those_that_are_missing(
    centre: Centre, journal: Journal, anna: Person, lot: UUID
) -> None:
    """A folder that was put back goes on from the same fact as what the dead disk has lost."""
    copy = journal.twin()
    for points in (10_00, 20_00, 30_00):
        journal.sell(anna, spend=[(lot, points)])
    over(journal, 5)
    copy.sell(anna)
    assert kinds(copy.push().outcomes) == ["accepted"] * 2

    answer = copy.push(3)

    assert (answer.outcomes[-1].kind, answer.outcomes[-1].reason) == ("adjusted", "forked")
    assert (gaps(journal), answer.expects) == ([(3, 4)], 6)
    assert kinds(journal.push(3, 4).outcomes) == ["accepted"] * 2
    assert balance(centre, anna.account) == 40_00


def test_behind_a_gap_of_a_journal_with_branches_nobody_knows_whose_facts_are(
    journal: Journal, anna: Person
) -> None:
    """They are posted by their ids, and the journal goes on where it was."""
    copy = journal.twin()
    for _ in range(3):
        copy.sell(anna, earn=[1_00])
    journal.sell(anna, earn=[2_00])
    journal.push()
    copy.push(3, 3)

    answer = over(copy, 5)

    assert [one.reason for one in answer.outcomes] == ["forked"]
    assert (answer.expects, gaps(journal)) == (4, [])
    journal.sell(anna, earn=[2_00])
    assert kinds(journal.push(4).outcomes) == ["accepted"]


def test_a_missing_fact_that_comes_damaged_is_known_as_such_until_it_comes_whole(
    centre: Centre, journal: Journal, anna: Person, lot: UUID
) -> None:
    whole = journal.sell(anna, spend=[(lot, 10_00)]).fact
    journal.sell(anna, spend=[(lot, 20_00)])
    journal.sell(anna, spend=[(lot, 30_00)])
    over(journal, 5)
    journal.rewrite(3, body=b"?")

    answer = journal.push(3)

    assert kinds(answer.outcomes) == ["damaged", "accepted", "quarantined"]
    assert (answer.expects, answer.barred, gaps(journal)) == (6, "", [])
    journal.facts[2] = whole
    journal.push()
    assert kinds(journal.push().outcomes) == ["accepted"] * 5
    assert balance(centre, anna.account) == 40_00
    assert books(centre, anna.account).held == {}


def test_a_report_of_leases_behind_a_gap_is_not_whole_before_that_is_filled(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    """A part of it may be what is missing: what that tells of would count as free."""
    life = recovery.begin(centre)
    journal.centre = replaced(centre, incarnation=life)
    for parts_left in (1, 0):
        held = (HeldLease(derived(f"lot {parts_left}"), anna.account, 1_00),)
        body = LeasesReported(life, held, parts_left, journal.clock.now())
        journal.append(FactKind.LEASES_REPORTED, body)

    over(journal, 4)

    assert not recovery.is_complete(centre)
    journal.push(3, 3)
    assert recovery.is_complete(centre)


def test_what_has_filled_a_gap_is_audited(centre: Centre, journal: Journal, anna: Person) -> None:
    for _ in range(3):
        journal.sell(anna)
    over(journal, 5)
    auditor.run(centre, centre.clock.now())
    with reading(centre.engine) as connection:
        before = auditing.standing(connection)

    journal.push(3, 4)
    with reading(centre.engine) as connection:
        task, now = gathering.next_task(connection, ()), auditing.standing(connection)
        places = {place.seq for place in looking.places_at(connection, task.closed)}

    assert (before.gaps, now.gaps) == (0, 2)
    assert places == {3, 4}
    assert len(task.facts) == 2


def test_a_store_that_lives_all_the_same_is_told_no_hash_of_its_journal(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    """After a restore it sends everything again, and fills the gap with that; it lets nothing go
    for a backup that may lack it."""
    for _ in range(3):
        journal.sell(anna)
    over(journal, 5)
    identity = AgentIdentity(journal.agent, journal.epoch, journal.store)

    with reading(centre.engine) as connection:
        told, backed_up = ingest.known(connection, identity), looking.watermarks(connection)
    journal.push()
    with reading(centre.engine) as connection:
        later, known = ingest.known(connection, identity), looking.watermarks(connection)

    assert (told.seq, told.hash) == (5, GENESIS)
    assert backed_up == {}
    assert (later.seq, later.hash) == (5, journal.facts[-1].hash)
    assert known == {Holder(journal.agent, 1): later}
