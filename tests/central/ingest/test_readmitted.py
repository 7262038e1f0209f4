"""Facts refused for a lot that the centre lacks: posted once it is here, and those behind them."""

from uuid import UUID

import pytest

from central.centre import Centre
from central.conflicts.values import ConflictKind, ConflictState
from central.ingest import service as ingest
from shared.wire.push import BATCH_MAX
from tests.central.chain_kit import balance, books, conflicts, kinds
from tests.central.journal_builder import Journal, Person

LOT = UUID(int=5000)
"""Of points that a former life of the centre has granted, and this one does later."""


@pytest.fixture
def anna(journal: Journal) -> Person:
    person, _ = journal.register()
    journal.push()
    return person


def grant(by: Journal, person: Person, lot: UUID = LOT) -> None:
    by.sell(person, earn=[100_00], kept=0, lots=[lot])
    by.push()


def readmit(centre: Centre) -> None:
    ingest.readmit(centre, centre.clock.now())


def test_it_is_posted_however_many_older_ones_are_never_to_be(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    for no in range(BATCH_MAX + 1):
        journal.sell(anna, spend=[(UUID(int=1 + no), 1_00)])
    journal.clock.go(minutes=1)
    journal.sell(anna, spend=[(LOT, 1_00)])
    journal.push(2, BATCH_MAX)
    assert set(kinds(journal.push(BATCH_MAX + 1).outcomes)) == {"quarantined"}
    grant(other, anna)

    readmit(centre)

    assert kinds(journal.push(BATCH_MAX + 2).outcomes) == ["quarantined", "accepted"]
    assert balance(centre, anna.account) == 99_00


def test_a_later_draw_of_the_lot_that_comes_first_is_posted_behind_those_before_it(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    """Its count goes on from theirs: what is missing at the centre is no secret."""
    for _ in range(2):
        journal.sell(anna, spend=[(LOT, 1_00)])
    assert kinds(journal.push().outcomes)[1:] == ["quarantined"] * 2
    grant(other, anna)
    journal.sell(anna, spend=[(LOT, 2_00)])

    assert kinds(journal.push(4).outcomes) == ["accepted"]

    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    assert balance(centre, anna.account) == 96_00
    assert books(centre, anna.account).held == {}
    assert not [one for one in conflicts(centre) if one.state is ConflictState.OPEN]


def test_what_still_lacks_another_lot_keeps_no_later_draw_out(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    unknown = UUID(int=7)
    journal.sell(anna, spend=[(LOT, 1_00), (unknown, 5_00)])
    journal.push()
    grant(other, anna)
    journal.sell(anna, spend=[(LOT, 2_00)])

    assert kinds(journal.push().outcomes)[1:] == ["quarantined", "accepted"]
    assert books(centre, anna.account).lot(LOT).held == 1_00
    grant(other, anna, unknown)
    readmit(centre)

    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert balance(centre, anna.account) == 200_00 - 8_00


def test_a_count_that_lacks_something_waits_for_a_person_whatever_else_is_posted(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    """Posted by a job, it would leave what is missing kept aside, and nobody would be told."""
    sold = journal.sell(anna, earn=[100_00])
    journal.gone[sold.lots[0]] = 10_00
    journal.sell(anna, spend=[(sold.lots[0], 20_00)])
    assert kinds(journal.push().outcomes)[2:] == ["quarantined"]
    ivan, _ = other.register(name="Иван Сидоров", phone="+79160000000")
    other.sell(ivan, spend=[(LOT, 1_00)])
    other.push()
    grant(journal, ivan)

    readmit(centre)

    assert kinds(other.push().outcomes) == ["accepted", "accepted"]
    assert kinds(journal.push().outcomes)[2:] == ["quarantined", "accepted"]
    told = [one.kind for one in conflicts(centre) if one.state is ConflictState.OPEN]
    assert told == [ConflictKind.QUARANTINED]


def test_a_return_goes_on_without_a_lot_of_its_sale_that_nobody_got(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    """The friend's registration is lost with a former life; so are the points for having brought
    Anna, which her return takes, and for now those that it reaches."""
    friend, _ = other.register(name="Иван Сидоров", phone="+79160000000")
    sold = journal.sell(anna, earn=[5_00], kept=0, friend=friend)
    journal.take_back(sold, taken=[(sold.lots[0], 5_00)], reached=[(LOT, 3_00)])
    outcomes = journal.push().outcomes
    assert [one.reason for one in outcomes[1:]] == ["unknown_account", "unknown_lot"]
    other.push()
    grant(other, anna)

    readmit(centre)

    assert kinds(journal.push().outcomes)[-1] != "quarantined"


def test_one_that_waits_for_another_of_those_before_a_later_draw_is_posted_once(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    """The lot's own sale is set aside: what draws it waits, and what draws what that one earned
    waits for it in turn. Then another sale brings the lot."""
    other.sell(anna, earn=[100_00], lots=[LOT], spend=[(UUID(int=7), 1_00)])
    other.push()
    first = journal.sell(anna, spend=[(LOT, 10_00)], earn=[50_00])
    journal.sell(anna, spend=[(LOT, 5_00), (first.lots[0], 20_00)])
    assert kinds(journal.push().outcomes)[1:] == ["waiting"] * 2
    grant(other, anna)
    journal.sell(anna, spend=[(LOT, 2_00)])

    journal.push(4)

    assert kinds(journal.push().outcomes) == ["accepted"] * 4
    assert balance(centre, anna.account) == 150_00 - 37_00
    assert books(centre, anna.account).held == {}
