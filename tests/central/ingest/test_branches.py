"""Facts of a copied or restored disk are posted by their ids; what was born there is leased apart.

A branch has happened in the shop as much as the journal has, but it shares the journal's leases.
"""

from uuid import UUID

import pytest
from msgspec.structs import replace

from central.centre import Centre
from central.conflicts.service import Word as Said
from central.conflicts.values import ConflictKind, Ending
from central.ingest import service as ingest
from central.ingest import store
from central.ingest.values import Word
from central.settling import service as settling
from shared.ledger.books import Holder
from shared.runtime.sqlite import transaction
from shared.wire.facts import seal
from shared.wire.feed import store_stream
from shared.wire.rows import LeaseRow
from tests.central.chain_kit import balance, books, conflicts, kinds, rows
from tests.central.journal_builder import Journal, Person, Sold

WORD = Said("Ольга", "по ленте")
NOBODY = UUID(int=1)


def branch_of(journal: Journal) -> tuple[Journal, Person]:
    """Let a copy of the disk exist, of which the journal does not know."""
    person, _ = journal.register()
    journal.push()
    copy = journal.twin()
    journal.sell(None)
    journal.push()
    return copy, person


def left(centre: Centre, person: Person) -> dict[tuple[Holder, UUID], int]:
    return {
        (Holder(lease.agent, lease.epoch), lease.lot): lease.left
        for lease in books(centre, person.account).leases.values()
        if lease.left
    }


def test_a_branch_is_posted_adjusted_and_the_same_again_is_answered_the_same(
    centre: Centre, journal: Journal
) -> None:
    copy, person = branch_of(journal)
    copy.sell(person, earn=[30_00])

    answer = copy.push()

    assert [(one.kind.value, one.reason) for one in answer.outcomes][1:] == [("adjusted", "forked")]
    assert balance(centre, person.account) == 30_00
    assert copy.push() == answer
    assert balance(centre, person.account) == 30_00


def test_births_of_a_branch_are_leased_under_a_negative_epoch(
    centre: Centre, journal: Journal
) -> None:
    copy, person = branch_of(journal)
    (lot,) = copy.sell(person, earn=[30_00]).lots

    copy.push()

    assert left(centre, person) == {(Holder(journal.agent, -1), lot): 30_00}


def test_no_store_hears_of_what_a_branch_holds(centre: Centre, journal: Journal) -> None:
    copy, person = branch_of(journal)
    copy.sell(person, earn=[30_00])

    copy.push()

    told = rows(centre, store_stream("101")).values()
    assert not [row for row in told if isinstance(row, LeaseRow) and row.epoch < 0]


def test_a_branch_spends_and_gives_back_what_was_born_in_it(
    centre: Centre, journal: Journal
) -> None:
    copy, person = branch_of(journal)
    (lot,) = copy.sell(person, earn=[30_00]).lots
    copy.sell(person, spend=[(lot, 20_00)])
    copy.give_back(person.account, (lot, 10_00))

    answer = copy.push()

    assert {one.reason for one in answer.outcomes[1:]} == {"forked"}
    found = books(centre, person.account)
    assert (found.lot(lot).free, found.lot(lot).balance) == (10_00, 10_00)
    assert found.accounts[person.account].debt == 0
    assert left(centre, person) == {}


def test_a_branch_goes_on_beyond_where_the_journal_ends(centre: Centre, journal: Journal) -> None:
    """As a copy's of more than a batch does; what it forgot of itself would be sent for ever."""
    copy, person = branch_of(journal)
    for _ in range(4):
        copy.sell(person, earn=[10_00])
    copy.push(1, 3)
    assert kinds(copy.push(5).outcomes) == []

    answer = copy.push(4, 4)

    assert [one.reason for one in answer.outcomes] == ["forked"]
    assert answer.expects == 3
    assert [one.reason for one in copy.push(5).outcomes] == ["forked"]
    assert balance(centre, person.account) == 40_00
    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]


@pytest.mark.parametrize("first", [3, 4], ids=["amid its batch", "first of its batch"])
def test_a_damaged_fact_of_a_branch_that_has_come_as_far_is_not_the_journals_next(
    centre: Centre, journal: Journal, first: int
) -> None:
    person, sold = earned(journal)
    (lot,) = sold.lots
    copy = journal.twin()
    journal.sell(None)
    journal.push()
    for _ in range(3):
        copy.sell(None)
    copy.rewrite(4, body=b"?")
    copy.push(1, 3)

    told = copy.push(first).outcomes[-2:]

    assert [(one.kind.value, one.reason) for one in told] == [
        ("damaged", "hash"),
        ("adjusted", "forked"),
    ]
    journal.sell(person, spend=[(lot, 100_00)])
    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    assert books(centre, person.account).accounts[person.account].debt == 0
    assert left(centre, person) == {}


@pytest.mark.parametrize(("ending", "left"), [(Ending.SPENT, 60_00), (Ending.FREED, 100_00)])
def test_a_person_ends_what_a_branch_drew_and_nobody_can_read(
    centre: Centre, journal: Journal, ending: Ending, left: int
) -> None:
    person, sold = earned(journal)
    copy = journal.twin()
    journal.give_back(person.account, (sold.lots[0], 50_00))
    journal.push()
    copy.sell(person, spend=[(sold.lots[0], 40_00)])
    copy.facts[-1] = seal(replace(copy.facts[-1], body=b"?"))
    assert kinds(copy.push().outcomes)[2:] == ["quarantined"]
    assert books(centre, person.account).lot(sold.lots[0]).held == 40_00

    settling.correct(centre, told_of(centre, ConflictKind.QUARANTINED), WORD, ending)

    assert [one.reason for one in copy.push().outcomes[2:]] == ["corrected"]
    assert books(centre, person.account).lot(sold.lots[0]).held == 0
    assert balance(centre, person.account) == left


def test_a_person_ends_a_damaged_fact_of_a_branch(centre: Centre, journal: Journal) -> None:
    person, _ = earned(journal)
    copy = journal.twin()
    journal.sell(None)
    journal.push()
    copy.sell(person)
    copy.rewrite(3, body=b"?")
    assert kinds(copy.push().outcomes)[2:] == ["damaged"]

    settling.correct(centre, told_of(centre, ConflictKind.DAMAGED), WORD, Ending.FREED)

    assert [one.reason for one in copy.push().outcomes[2:]] == ["corrected"]


def test_a_branch_is_posted_when_the_lot_that_it_drew_is_here(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    copy, person = branch_of(journal)
    lot = other.sell(person, earn=[50_00], kept=0).lots[0]
    copy.sell(person, spend=[(lot, 20_00)])
    assert kinds(copy.push().outcomes)[1:] == ["quarantined"]
    other.push()

    ingest.readmit(centre, centre.clock.now())

    assert [one.reason for one in copy.push().outcomes[1:]] == ["forked"]
    assert balance(centre, person.account) == 30_00


def test_a_return_of_a_branch_that_overslept_its_sale_is_woken(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    copy, person = branch_of(journal)
    sold = other.sell(person, earn=[50_00], kept=0)
    back = copy.take_back(sold, taken=[(sold.lots[0], 50_00)])
    assert kinds(copy.push().outcomes)[1:] == ["waiting"]
    asleep(centre, back.id)
    other.push()
    with transaction(centre.engine) as connection:
        store.know_as(connection, NOBODY, sold.uid)
    assert kinds(copy.push().outcomes)[1:] == ["waiting"]

    ingest.wake(centre, centre.clock.now())

    assert kinds(copy.push().outcomes)[1:] == ["adjusted"]


def earned(journal: Journal) -> tuple[Person, Sold]:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00])
    journal.push()
    return person, sold


def told_of(centre: Centre, kind: ConflictKind) -> UUID:
    (found,) = [one.id for one in conflicts(centre) if one.kind is kind]
    return found


def asleep(centre: Centre, fact: UUID) -> None:
    """Let a fact wait unseen, as one does that another transaction lets wait meanwhile."""
    with transaction(centre.engine) as connection:
        (letter,) = store.letters_of(connection, [fact])
        word = Word(fact, letter.outcome, letter.reason, NOBODY, letter.posting)
        store.change_words(connection, [word])


def test_a_journal_that_is_unknown_beyond_a_gap_is_no_branch(journal: Journal) -> None:
    journal.sell(None)
    journal.sell(None)

    answer = journal.push(2)

    assert (answer.expects, answer.outcomes, answer.barred) == (1, (), "")
    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]
