"""Facts that neither a restored centre nor their store has any more hold nothing up."""

import pytest
from msgspec.structs import replace

from central.auditor import gathering
from central.auditor import service as auditor
from central.centre import Centre
from central.conflicts.values import ConflictKind, ConflictState, Role
from central.ingest.service import ForgedHeadError
from central.leases.epochs import begin_epoch
from shared.crypto.keys import KeyPair
from shared.runtime.sqlite import reading
from shared.wire.agents import EpochRequest
from shared.wire.codec import encode
from shared.wire.push import PushBatch, head_bytes
from tests.central.chain_kit import balance, books, conflicts, kinds
from tests.central.journal_builder import Journal


def lacking(journal: Journal, first: int, lacks_from: int) -> PushBatch:
    """What an agent sends whose journal has nothing from a number up to this batch."""
    batch = journal.batch(first)
    signature = journal.keys.sign(head_bytes(batch.head, lacks_from))
    return replace(batch, signature=signature, lacks_from=lacks_from)


@pytest.fixture
def sales(journal: Journal) -> Journal:
    """Six sales, of which the centre has two."""
    for _ in range(6):
        journal.sell(None)
    journal.push(1, 2)
    return journal


def test_a_journal_goes_on_behind_what_nobody_has(centre: Centre, sales: Journal) -> None:
    answer = sales.send(lacking(sales, 5, 3))

    assert kinds(answer.outcomes) == ["accepted", "accepted"]
    assert answer.expects == 7
    (told,) = conflicts(centre)
    assert (told.kind, told.state) == (ConflictKind.JOURNAL_GAP, ConflictState.OPEN)
    assert (told.named(Role.STORE), told.subject) == (("101",), sales.agent)
    assert told.sentence.en.startswith("Facts 3 to 4 of epoch 1 of store 101 are neither here nor")
    sales.sell(None)
    assert kinds(sales.push(7).outcomes) == ["accepted"]


def test_sending_it_again_is_answered_the_same_and_told_once(
    centre: Centre, sales: Journal
) -> None:
    first = sales.send(lacking(sales, 5, 3))

    assert sales.send(lacking(sales, 5, 3)) == first
    assert len(conflicts(centre)) == 1


@pytest.mark.parametrize("lacks_from", [0, 4])
def test_facts_that_may_still_come_are_waited_for(
    centre: Centre, sales: Journal, lacks_from: int
) -> None:
    answer = sales.send(lacking(sales, 5, lacks_from))

    assert (answer.expects, answer.outcomes, conflicts(centre)) == (3, (), [])


def test_a_store_that_lacks_only_what_is_here_leaves_no_gap(centre: Centre, sales: Journal) -> None:
    answer = sales.send(lacking(sales, 3, 1))

    assert kinds(answer.outcomes) == ["accepted"] * 4
    assert conflicts(centre) == []


def test_nobody_else_can_say_that_facts_are_gone(centre: Centre, sales: Journal) -> None:
    with pytest.raises(ForgedHeadError):
        sales.send(replace(sales.batch(5), lacks_from=3))

    assert conflicts(centre) == []


def test_what_the_gap_has_drawn_is_kept_aside(centre: Centre, journal: Journal) -> None:
    """The count of the next draw tells of 30.00 that left unseen: nobody can spend them again."""
    person, _ = journal.register()
    earned = journal.sell(person, earn=[100_00], kept=100_00)
    journal.push(1)
    journal.sell(person, spend=[(earned.lots[0], 30_00)])
    journal.sell(person, spend=[(earned.lots[0], 20_00)])

    answer = journal.send(lacking(journal, 4, 3))

    assert kinds(answer.outcomes) == ["quarantined"]
    lot = books(centre, person.account).lot(earned.lots[0])
    assert (lot.held, lot.free, balance(centre, person.account)) == (50_00, 0, 100_00)
    journal.sell(person, spend=[(earned.lots[0], 10_00)])
    assert kinds(journal.push(5).outcomes) == ["accepted"]


def test_what_turns_up_after_all_takes_its_place(centre: Centre, sales: Journal) -> None:
    sales.send(lacking(sales, 5, 3))

    late = sales.push(3, 4)

    assert kinds(late.outcomes) == ["accepted", "accepted"]
    assert (late.expects, late.barred) == (7, "")
    assert [one.state for one in conflicts(centre)] == [ConflictState.RESOLVED]


def test_a_copy_that_speaks_by_the_former_key_moves_nothing_of_the_journal(
    centre: Centre, journal: Journal
) -> None:
    """Another copy of its disk has begun the epoch at this centre."""
    key = KeyPair.from_seed(b"n" * 32)
    request = EpochRequest(journal.agent, 1, key.public, "restored")
    begin_epoch(centre, journal.signed("/v1/epochs", encode(request)))
    copy = journal.twin()
    copy.epoch = 2
    for _ in range(4):
        copy.sell(None)

    answer = copy.send(lacking(copy, 3, 1))

    assert [one.reason for one in answer.outcomes] == ["forked"] * 2
    assert answer.expects == 1
    assert [one for one in conflicts(centre) if one.kind is ConflictKind.JOURNAL_GAP] == []


def test_the_audit_goes_on_behind_a_gap(centre: Centre, sales: Journal) -> None:
    sales.send(lacking(sales, 5, 3))

    auditor.run(centre, centre.clock.now())

    with reading(centre.engine) as connection:
        assert sum(gathering.lag(connection).values()) == 0
