"""Facts of a copied or restored disk are posted by their ids; what was born there is leased apart.

A branch has happened in the shop as much as the journal has, but it shares the journal's leases.
"""

from uuid import UUID

from central.centre import Centre
from shared.ledger.books import Holder
from shared.wire.feed import store_stream
from shared.wire.rows import LeaseRow
from tests.central.chain_kit import balance, books, kinds, rows
from tests.central.journal_builder import Journal, Person


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


def test_a_journal_that_is_unknown_beyond_a_gap_is_no_branch(journal: Journal) -> None:
    journal.sell(None)
    journal.sell(None)

    answer = journal.push(2)

    assert (answer.expects, answer.outcomes, answer.barred) == (1, (), "")
    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]
