"""What the counts of facts lack before them: each missing fact ends its own gap, and no other."""

from uuid import UUID

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Ending
from central.ingest import service as ingest
from central.settling.service import correct, undo
from shared.wire.facts import Fact
from tests.central.chain_kit import balance, books, conflicts, kinds
from tests.central.journal_builder import Journal, Person, Sold

WORD = Word("Ольга", "по ленте")


def earned(journal: Journal) -> tuple[Person, UUID]:
    person, _ = journal.register()
    return person, journal.sell(person, earn=[100_00]).lots[0]


def damaged(journal: Journal, sold: Sold) -> Fact:
    """Damage a sale so that nothing of it is known; return it as it was."""
    journal.rewrite(sold.fact.seq, envelope=b"?")
    return sold.fact


def held(centre: Centre, person: Person) -> list[int]:
    return sorted(one.amount for one in books(centre, person.account).held.values())


def open_ones(centre: Centre) -> list[Conflict]:
    return [one for one in conflicts(centre) if one.state is ConflictState.OPEN]


def settle_what_the_count_lacks(centre: Centre) -> None:
    (broken,) = [one for one in open_ones(centre) if one.kind is ConflictKind.QUARANTINED]
    undo(centre, broken.id, WORD)


def test_a_fact_that_comes_whole_takes_no_gap_behind_one_that_a_person_had_planned_again(
    centre: Centre, journal: Journal
) -> None:
    """A person has spent what the first gap lacks; the second one is another fact's."""
    person, lot = earned(journal)
    first = damaged(journal, journal.sell(person, spend=[(lot, 30_00)]))
    journal.sell(person, spend=[(lot, 10_00)])
    journal.push()
    settle_what_the_count_lacks(centre)
    second = damaged(journal, journal.sell(person, spend=[(lot, 30_00)]))
    journal.sell(person, spend=[(lot, 5_00)])
    assert kinds(journal.push().outcomes)[4:] == ["damaged", "quarantined"]
    journal.facts[2] = first

    assert kinds(journal.push().outcomes)[2:] == [
        "quarantined",
        "accepted",
        "damaged",
        "quarantined",
    ]

    journal.facts[4] = second
    journal.push()
    outcomes = kinds(journal.push().outcomes)
    assert outcomes[2:] == ["quarantined", "accepted", "accepted", "accepted"]
    assert balance(centre, person.account) == 100_00 - 75_00


def test_what_comes_whole_behind_a_persons_word_is_counted_no_second_time(
    centre: Centre, journal: Journal
) -> None:
    """The journal goes on from its own count; the person says again that all of it was spent."""
    person, lot = earned(journal)
    whole = damaged(journal, journal.sell(person, spend=[(lot, 30_00)]))
    journal.sell(person, spend=[(lot, 10_00)])
    journal.push()
    settle_what_the_count_lacks(centre)
    journal.facts[2] = whole
    journal.sell(person, spend=[(lot, 20_00)])

    assert kinds(journal.push().outcomes)[2:] == ["quarantined", "accepted", "accepted"]

    (lease,) = books(centre, person.account).leases_of(lot)
    assert (lease.gone, lease.left) == (60_00, 40_00)
    (told,) = [one for one in open_ones(centre) if one.subject == whole.id]
    correct(centre, told.id, WORD, Ending.FREED)
    found = books(centre, person.account).lot(lot)
    assert (found.balance, found.free, found.held) == (40_00, 0, 0)
    assert held(centre, person) == []


def test_a_fact_whose_lot_comes_is_not_posted_while_its_count_lacks_another_one(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Nobody would end what is held for that one, or fill it when it comes whole."""
    person, lot = earned(journal)
    unknown = UUID(int=5000)
    whole = damaged(journal, journal.sell(person, spend=[(lot, 30_00)]))
    journal.sell(person, spend=[(unknown, 1_00), (lot, 10_00)])
    assert journal.push().outcomes[-1].reason == "unknown_lot"
    other.sell(person, earn=[100_00], lots=[unknown], kept=0)
    other.push()

    ingest.readmit(centre, centre.clock.now())

    assert journal.push().outcomes[-1].reason == "broken_count"
    assert held(centre, person) == [1_00, 10_00, 30_00]
    journal.facts[2] = whole
    journal.push()
    assert kinds(journal.push().outcomes)[2:] == ["accepted"] * 2
    assert held(centre, person) == []
    assert balance(centre, person.account) == 100_00 + 100_00 - 41_00
