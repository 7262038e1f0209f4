"""Damaged facts and branches of a journal: known as such, held safe, and no stop to the rest."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import ConflictKind, ConflictState
from central.ingest import service as ingest
from central.leases.service import BarredError
from central.settling.service import undo
from shared.crypto.chain import GENESIS
from shared.runtime.sqlite import reading
from shared.wire.codec import encode
from shared.wire.facts import Envelope, LeaseMove
from shared.wire.feed import store_stream
from shared.wire.push import Head, PushBatch, head_bytes
from shared.wire.rows import LeaseRow
from tests.central.chain_kit import balance, books, conflicts, kinds, rows
from tests.central.journal_builder import Journal, Person, Sold


def _earned(journal: Journal) -> tuple[Person, Sold]:
    person, _ = journal.register()
    return person, journal.sell(person, earn=[100_00])


@pytest.mark.parametrize(
    "damage",
    [
        {"body": b"\x00"},
        {"kind": "receipt.committee"},
        {"hlc": 5},
        {"seq": 77},
        {"prev_hash": GENESIS},
        {"hash": GENESIS},
        {"envelope": b"\xc1"},
        {"epoch": 2**40},
        {"id": UUID(int=5)},
    ],
    ids=lambda damage: next(iter(damage)),
)
@pytest.mark.parametrize("cut", [None, 3], ids=["amid", "last"])
def test_a_damaged_fact_stops_nothing_and_is_posted_when_it_comes_whole(
    centre: Centre, journal: Journal, damage: dict[str, object], cut: int | None
) -> None:
    person, sold = _earned(journal)
    whole = journal.sell(person, spend=[(sold.lots[0], 30_00)], earn=[9_00]).fact
    journal.sell(person, spend=[(sold.lots[0], 10_00)])
    journal.sell(None)
    journal.rewrite(3, **damage)

    outcomes = journal.push(1, cut).outcomes + (journal.push(4).outcomes if cut else ())

    assert kinds(outcomes)[:3] == ["accepted", "accepted", "damaged"]
    assert kinds(outcomes)[4] == "accepted"
    assert journal.push().outcomes == outcomes
    assert 0 <= balance(centre, person.account) <= 100_00

    journal.facts[2] = whole
    outcomes = journal.push().outcomes
    if "envelope" in damage:  # what had lacked its count has another word since
        outcomes = journal.push().outcomes

    assert kinds(outcomes) == ["accepted"] * 5
    assert balance(centre, person.account) == 100_00 - 40_00 + 9_00
    assert books(centre, person.account).held == {}
    assert journal.push().outcomes == outcomes


def test_what_a_damaged_fact_drew_is_held(centre: Centre, journal: Journal) -> None:
    person, sold = _earned(journal)
    journal.sell(person, spend=[(sold.lots[0], 30_00)])
    journal.rewrite(3, body=b"")
    journal.push()

    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (100_00, 30_00)


def test_damaged_numbers_are_not_believed(centre: Centre, journal: Journal) -> None:
    """The lease still covers what was really drawn: nothing can be spent twice meanwhile."""
    person, sold = _earned(journal)
    spent = journal.sell(person, spend=[(sold.lots[0], 30_00)])
    envelope = Envelope((LeaseMove(sold.lots[0], person.account, 10_00, 0, 30_00),))
    journal.rewrite(3, envelope=encode(envelope))
    journal.push()
    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.held, lot.free) == (0, 0)

    journal.facts[2] = spent.fact

    assert kinds(journal.push().outcomes)[-1] == "accepted"
    assert balance(centre, person.account) == 70_00


def test_what_an_unreadable_envelope_drew_is_held_when_the_next_fact_tells(
    centre: Centre, journal: Journal
) -> None:
    person, sold = _earned(journal)
    journal.sell(person, spend=[(sold.lots[0], 30_00)])
    journal.sell(person, spend=[(sold.lots[0], 10_00)])
    journal.sell(person, spend=[(sold.lots[0], 5_00)])
    journal.rewrite(3, envelope=b"?")

    assert kinds(journal.push().outcomes)[2:] == ["damaged", "quarantined", "accepted"]
    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (95_00, 40_00)


def test_a_fact_that_comes_whole_ends_what_was_held_for_it_by_the_next_ones_count(
    centre: Centre, journal: Journal
) -> None:
    """Two draws are damaged: the third is set aside with all that its count lacks, until both are
    here. Nothing is held or spent twice, and nobody has to settle it."""
    person, sold = _earned(journal)
    lot = sold.lots[0]
    whole = [
        journal.sell(person, spend=[(lot, 30_00)]).fact,
        journal.sell(person, spend=[(lot, 20_00)]).fact,
    ]
    journal.sell(person, spend=[(lot, 10_00)], earn=[5_00])
    journal.rewrite(3, envelope=b"?")
    journal.rewrite(4, envelope=b"?")
    assert kinds(journal.push().outcomes)[2:] == ["damaged", "damaged", "quarantined"]
    assert books(centre, person.account).lot(lot).held == 60_00

    journal.facts[2] = whole[0]
    assert kinds(journal.push().outcomes)[2:] == ["accepted", "damaged", "quarantined"]
    found = books(centre, person.account).lot(lot)
    assert (found.balance, found.held) == (70_00, 30_00)
    journal.facts[3] = whole[1]

    assert kinds(journal.push().outcomes)[2:4] == ["accepted", "accepted"]
    assert kinds(journal.push().outcomes)[2:] == ["accepted"] * 3
    found = books(centre, person.account).lot(lot)
    assert (found.balance, found.held) == (40_00, 0)
    assert balance(centre, person.account) == 45_00
    assert [one.state for one in conflicts(centre) if one.state is ConflictState.OPEN] == []


def test_a_new_draw_beside_a_fact_that_comes_whole_is_none_of_what_was_missing(
    centre: Centre, journal: Journal
) -> None:
    person, sold = _earned(journal)
    lot = sold.lots[0]
    whole = journal.sell(person, spend=[(lot, 30_00)]).fact
    journal.sell(person, spend=[(lot, 20_00)])
    journal.sell(person, spend=[(lot, 10_00)])
    journal.rewrite(3, envelope=b"?")
    journal.rewrite(4, envelope=b"?")
    journal.push()
    journal.facts[2] = whole
    journal.sell(person, spend=[(lot, 10_00)])

    assert kinds(journal.push().outcomes)[2:] == ["accepted", "damaged", "quarantined", "accepted"]

    found = books(centre, person.account).lot(lot)
    assert (found.balance, found.held) == (60_00, 30_00)


def test_what_a_fact_that_comes_whole_gave_back_is_free(centre: Centre, journal: Journal) -> None:
    person, sold = _earned(journal)
    lot = sold.lots[0]
    whole = journal.give_back(person.account, (lot, 30_00))
    journal.sell(person, spend=[(lot, 10_00)])
    journal.rewrite(3, envelope=b"?")
    journal.push()
    free = books(centre, person.account).lot(lot).free
    journal.facts[2] = whole

    journal.push()

    found = books(centre, person.account).lot(lot)
    assert (found.free, found.held, found.balance) == (free + 30_00, 0, 90_00)


def test_what_was_held_by_a_fact_that_lacks_a_lot_too_is_not_held_twice(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """It is posted when the lot is here."""
    person, sold = _earned(journal)
    lot, unknown = sold.lots[0], UUID(int=5000)
    whole = journal.sell(person, spend=[(lot, 30_00)]).fact
    journal.sell(person, spend=[(unknown, 1_00), (lot, 10_00)])
    journal.rewrite(3, envelope=b"?")
    assert journal.push().outcomes[-1].reason == "unknown_lot"
    journal.facts[2] = whole

    assert kinds(journal.push().outcomes)[2:] == ["accepted", "quarantined"]

    found = books(centre, person.account).lot(lot)
    assert (found.balance, found.held) == (70_00, 10_00)
    other.sell(person, earn=[1_00], lots=[unknown], kept=0)
    other.push()
    ingest.readmit(centre, centre.clock.now())
    assert kinds(journal.push().outcomes)[2:] == ["accepted"] * 2
    assert books(centre, person.account).held == {}
    assert balance(centre, person.account) == 60_00


def test_what_a_fact_gave_back_behind_one_that_comes_whole_is_free(
    centre: Centre, journal: Journal
) -> None:
    """Its own part was held too as long as its count lacked something."""
    person, sold = _earned(journal)
    lot = sold.lots[0]
    whole = journal.sell(person, spend=[(lot, 30_00)]).fact
    journal.give_back(person.account, (lot, 20_00))
    journal.rewrite(3, envelope=b"?")
    assert kinds(journal.push().outcomes)[2:] == ["damaged", "quarantined"]
    journal.facts[2] = whole

    journal.push()

    assert kinds(journal.push().outcomes)[2:] == ["accepted"] * 2
    found = books(centre, person.account).lot(lot)
    (lease,) = books(centre, person.account).leases_of(lot)
    assert (found.balance, found.held, found.free + lease.left) == (70_00, 0, 70_00)
    assert (lease.gone, lease.given_back) == (50_00, 20_00)


def test_a_fact_that_comes_whole_when_a_person_has_spent_what_was_missing_is_set_aside(
    centre: Centre, journal: Journal
) -> None:
    """The person says again what became of it."""
    person, sold = _earned(journal)
    whole = journal.sell(person, spend=[(sold.lots[0], 30_00)])
    journal.sell(person, spend=[(sold.lots[0], 10_00)])
    journal.rewrite(3, envelope=b"?")
    journal.push()
    (broken,) = [one for one in conflicts(centre) if one.kind is ConflictKind.QUARANTINED]
    undo(centre, broken.id, Word("Ольга", "по ленте"))
    assert balance(centre, person.account) == 60_00
    journal.facts[2] = whole.fact

    assert kinds(journal.push().outcomes)[2:] == ["quarantined", "accepted"]


def test_what_draws_a_lot_of_a_damaged_fact_waits_until_it_comes_whole(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00])
    journal.sell(person, spend=[(sold.lots[0], 40_00)])
    journal.rewrite(2, body=b"")
    assert kinds(journal.push().outcomes) == ["accepted", "damaged", "waiting"]

    journal.facts[1] = sold.fact

    assert kinds(journal.push(1, 2).outcomes) == ["accepted", "accepted"]
    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert balance(centre, person.account) == 60_00


def test_what_waits_for_a_fact_that_was_damaged_in_its_id_goes_on_with_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Whole, it is another fact by its id; its body still lacks what another store brings."""
    person, _ = journal.register()
    elsewhere = other.sell(person, earn=[50_00], kept=0)
    sold = journal.sell(person, spend=[(elsewhere.lots[0], 20_00)], earn=[100_00])
    journal.sell(person, spend=[(sold.lots[0], 40_00)])
    journal.rewrite(2, id=UUID(int=5))
    assert kinds(journal.push().outcomes) == ["accepted", "damaged", "waiting"]

    journal.facts[1] = sold.fact

    assert kinds(journal.push(1, 2).outcomes) == ["accepted", "quarantined"]
    assert kinds(journal.push().outcomes)[2:] == ["waiting"]
    other.push()
    ingest.readmit(centre, centre.clock.now())
    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert balance(centre, person.account) == 50_00 - 20_00 + 100_00 - 40_00


def test_what_a_damaged_fact_of_a_copy_drew_leaves_the_journals_lease_alone(
    journal: Journal,
) -> None:
    person, sold = _earned(journal)
    journal.push()
    copy = journal.twin()
    journal.sell(None)
    journal.push()
    copy.sell(person, spend=[(sold.lots[0], 40_00)])
    copy.rewrite(3, body=b"?")
    assert kinds(copy.push().outcomes)[2:] == ["damaged"]

    journal.sell(person, spend=[(sold.lots[0], 10_00)])

    assert kinds(journal.push().outcomes)[-1] == "accepted"


def test_a_given_back_lease_of_a_damaged_fact_is_taken_once(
    centre: Centre, journal: Journal
) -> None:
    person, sold = _earned(journal)
    whole = journal.give_back(person.account, (sold.lots[0], 40_00))
    journal.rewrite(3, body=b"?")
    assert kinds(journal.push().outcomes)[-1] == "damaged"
    journal.facts[2] = whole

    assert kinds(journal.push().outcomes)[-1] == "accepted"

    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.free, lot.held, lot.balance) == (40_00, 0, 100_00)


def test_the_sales_of_a_cloned_journal_are_posted_and_it_gets_no_leases(
    centre: Centre, journal: Journal
) -> None:
    person, sold = _earned(journal)
    journal.push()
    clone = journal.twin()
    journal.sell(person, spend=[(sold.lots[0], 60_00)])
    clone.sell(person, spend=[(sold.lots[0], 60_00)])
    clone.sell(None)
    journal.push()

    answer = clone.push()

    assert kinds(answer.outcomes) == ["accepted", "accepted", "adjusted", "adjusted"]
    assert [outcome.reason for outcome in answer.outcomes[2:]] == ["debt", "forked"]
    assert answer.barred == "forked"
    assert clone.push() == answer
    assert balance(centre, person.account) == 40_00
    assert books(centre, person.account).accounts[person.account].debt == 60_00
    with pytest.raises(BarredError):
        journal.ask(person.account, 1_00)
    journal.sell(person, earn=[10_00], kept=0)
    assert kinds(journal.push().outcomes)[-1] == "accepted"
    assert books(centre, person.account).accounts[person.account].debt == 50_00
    forked = [record for record in conflicts(centre) if record.kind == "forked"]
    assert sorted(record.points for record in forked) == [0, 60_00]


def test_a_branch_leaves_the_lease_of_the_journal_alone(centre: Centre, journal: Journal) -> None:
    """The clone's spend is taken from the free rest: the journal may still spend what it holds."""
    person, sold = _earned(journal)
    journal.give_back(person.account, (sold.lots[0], 50_00))
    journal.push()
    clone = journal.twin()
    journal.sell(None)
    journal.push()
    clone.sell(person, spend=[(sold.lots[0], 20_00)])
    clone.push()

    lot = books(centre, person.account).lot(sold.lots[0])
    left = sum(lease.left for lease in books(centre, person.account).leases_of(lot.id))
    assert (lot.held, lot.free + left, lot.balance) == (0, 80_00, 80_00)

    journal.sell(person, spend=[(sold.lots[0], 50_00)])
    assert kinds(journal.push().outcomes)[-1] == "accepted"
    assert balance(centre, person.account) == 30_00


def test_the_journal_goes_on_beside_a_branch(journal: Journal) -> None:
    _earned(journal)
    journal.push()
    clone = journal.twin()
    clone.sell(None)
    journal.sell(None)
    clone.push()
    answer = journal.push()

    assert kinds(answer.outcomes)[2:] == ["adjusted"]
    assert answer.expects == 4
    clone.sell(None)
    assert kinds(clone.push().outcomes) == ["accepted"] * 4


def test_a_journal_written_anew_from_its_start_is_a_branch(journal: Journal) -> None:
    _earned(journal)
    journal.push()
    anew = journal.twin()
    anew.facts.clear()
    anew.sell(None)

    assert [(one.kind, one.reason) for one in anew.push().outcomes] == [("adjusted", "forked")]


def test_a_signed_head_over_other_facts_damages_the_last_one_only(journal: Journal) -> None:
    _earned(journal)
    head = Head(journal.agent, 1, 2, bytes(32))
    batch = PushBatch(head, journal.keys.sign(head_bytes(head)), tuple(journal.facts))

    assert kinds(journal.send(batch).outcomes) == ["accepted", "damaged"]


def test_a_fenced_agents_sales_are_taken_in(centre: Centre, journal: Journal) -> None:
    """Its store has another agent now; the receipts have been printed all the same."""
    from central.agents import store as agents
    from shared.runtime.sqlite import transaction

    person, _ = _earned(journal)
    with transaction(centre.engine) as connection:
        agents.fence(connection, "101", journal.clock.now())

    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]
    assert balance(centre, person.account) == 100_00
    told = rows(centre, store_stream("101")).values()
    assert not [row for row in told if isinstance(row, LeaseRow)]


def test_a_damaged_fact_is_kept_with_all_its_bytes(centre: Centre, journal: Journal) -> None:
    from sqlalchemy import select

    from central.ingest.store import FactTable
    from central.schema import table_of

    journal.register()
    wreck = journal.rewrite(1, body=b"half a b")
    journal.push()

    with reading(centre.engine) as connection:
        kept = connection.execute(select(table_of(FactTable))).one()
    assert kept.body == encode(replace(wreck))
