"""A person settles a conflict: with words, or by a correction that is a document of its own."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.centre import Centre
from central.conflicts.service import (
    NoNoteError,
    SettledBeforeError,
    UnknownConflictError,
    Word,
)
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Ending
from central.ingest import service as ingest
from central.ledger.audit import check
from central.settling.explaining import explain
from central.settling.service import (
    CannotUndoError,
    StillKeptOutError,
    correct,
    correction_of,
    resolve,
    undo,
)
from shared.ids import derived
from shared.ledger.entries import EntryKind
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, decode_envelope
from shared.wire.feed import store_stream
from shared.wire.rows import OutcomeRow
from tests.central.chain_kit import balance, books, conflicts, dump, kinds, rows
from tests.central.conflicts.test_records import member_with_points, spent_before_it_came_back
from tests.central.journal_builder import Journal, Person

WORD = Word("Ольга", "клиенту перезвонили")


def the_one(centre: Centre) -> Conflict:
    (found,) = [one for one in conflicts(centre) if one.state is ConflictState.OPEN]
    return found


def debt(centre: Centre, person: Person) -> int:
    return books(centre, person.account).accounts[person.account].debt


def test_a_conflict_is_closed_with_who_when_and_why(centre: Centre, journal: Journal) -> None:
    spent_before_it_came_back(centre, journal)
    journal.push()
    journal.clock.go(hours=1)

    resolve(centre, the_one(centre).id, WORD)

    (record,) = conflicts(centre)
    assert (record.state, record.resolved_by, record.note) == (
        ConflictState.RESOLVED,
        "Ольга",
        "клиенту перезвонили",
    )
    assert record.resolved_at == journal.clock.now()


@pytest.mark.parametrize("word", [Word("", "why"), Word("who", " "), Word("who", "x" * 501)])
def test_who_and_why_are_needed(centre: Centre, journal: Journal, word: Word) -> None:
    spent_before_it_came_back(centre, journal)
    journal.push()

    with pytest.raises(NoNoteError):
        resolve(centre, the_one(centre).id, word)


def test_a_conflict_is_settled_once(centre: Centre, journal: Journal) -> None:
    spent_before_it_came_back(centre, journal)
    journal.push()
    conflict = the_one(centre).id
    undo(centre, conflict, WORD)
    before = dump(centre)

    for settle in (resolve, undo):
        with pytest.raises(SettledBeforeError):
            settle(centre, conflict, Word("Пётр", "ещё раз"))
    with pytest.raises(UnknownConflictError):
        resolve(centre, derived("nothing"), WORD)
    assert dump(centre) == before


def test_what_cannot_be_undone_stays_open(centre: Centre, journal: Journal) -> None:
    sold = journal.sell(None)
    for _ in range(2):
        journal.take_back(sold, quantity=3000)
    journal.push()
    conflict = the_one(centre).id

    with pytest.raises(CannotUndoError):
        undo(centre, conflict, WORD)
    assert the_one(centre).id == conflict


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(earned=st.lists(st.integers(1, 45_00), max_size=3))
def test_a_debt_that_is_undone_is_let_go_and_what_had_settled_it_comes_back(
    centre: Centre, journal: Journal, earned: list[int]
) -> None:
    """60 points of debt, settled in part by later grants: the member has as if it had not been."""
    phone = f"+7916{journal.chance.randrange(10**7):07d}"
    person, _ = journal.register(phone=phone)
    sold = journal.sell(person, earn=[100_00])
    journal.sell(person, spend=[(sold.lots[0], 60_00)])
    journal.take_back(sold, taken=[(sold.lots[0], 100_00)], given=[(sold.lots[0], 40_00)])
    journal.push(len(journal.facts) - 3)
    for amount in earned:
        journal.sell(person, earn=[amount], kept=0)
        journal.push(len(journal.facts))
    owed = debt(centre, person)
    assert owed == max(0, 60_00 - sum(earned))

    undo(centre, the_one(centre).id, WORD)

    assert debt(centre, person) == 0
    assert balance(centre, person.account) == sum(earned)


def test_a_debt_is_let_go_with_its_own_record_and_never_twice(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """A sale leaves a debt of 60, its return one of 20, and the return names the sale as well: each
    record lets its own go, and nobody is given points that nobody had."""
    person, first = member_with_points(journal)
    journal.push()
    free = books(centre, person.account).lot(first.lots[0]).free
    sold = other.sell(person, spend=[(first.lots[0], 60_00 + free)], earn=[20_00])
    other.sell(person, spend=[(sold.lots[0], 20_00)])
    other.take_back(sold, taken=[(sold.lots[0], 20_00)])
    other.push()
    before = balance(centre, person.account)
    by_points = {one.points: one.id for one in conflicts(centre)}
    assert sorted(by_points) == [20_00, 60_00]

    undo(centre, by_points[20_00], WORD)
    assert debt(centre, person) == 60_00
    undo(centre, by_points[60_00], WORD)

    assert (debt(centre, person), balance(centre, person.account)) == (0, before)


def test_a_correction_is_entries_of_its_own_document(centre: Centre, journal: Journal) -> None:
    spent_before_it_came_back(centre, journal)
    journal.push()
    conflict = the_one(centre)

    undo(centre, conflict.id, WORD)

    told = explain(centre, conflict.id)
    own = [entry for entry in told.entries if entry.document == correction_of(conflict)]
    assert [(entry.kind, entry.amount) for entry in own] == [(EntryKind.DEBT_SETTLE, -60_00)]
    assert [entry.kind for entry in told.entries].count(EntryKind.DEBT) == 1
    assert told.undoing.ru == ""


def _kept_out(journal: Journal, other: Journal) -> tuple[Person, Journal]:
    """A sale of store 101 that spends 20 of a lot which 102 has not told of, and 30 of its own."""
    person, old = member_with_points(journal)
    elsewhere = other.sell(person, earn=[50_00], kept=0)
    journal.sell(person, spend=[(elsewhere.lots[0], 20_00), (old.lots[0], 30_00)], earn=[7_00])
    return person, journal


def test_a_fact_is_posted_once_its_cause_is_mended(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = _kept_out(journal, other)
    journal.push()
    with pytest.raises(StillKeptOutError):
        undo(centre, the_one(centre).id, WORD)
    other.push()

    undo(centre, the_one(centre).id, WORD)

    assert kinds(journal.push().outcomes)[-1] == "accepted"
    assert balance(centre, person.account) == 100_00 + 50_00 - 50_00 + 7_00
    assert [one.state for one in conflicts(centre)] == [ConflictState.UNDONE]


@pytest.mark.parametrize(("ending", "left"), [(Ending.SPENT, 70_00), (Ending.FREED, 100_00)])
def test_a_fact_that_will_never_be_posted_is_ended(
    centre: Centre, journal: Journal, ending: Ending, left: int
) -> None:
    """Nobody can read a sale that draws 30 of 100 points: a person says what became of them."""
    person, sold = member_with_points(journal)
    spent = journal.sell(person, spend=[(sold.lots[0], 30_00)])
    journal.facts.pop()
    fact = journal.append(FactKind.RECEIPT_COMMITTED, b"\xc1", decode_envelope(spent.fact.envelope))
    journal.sell(person, spend=[(sold.lots[0], 10_00)])
    journal.push()
    assert books(centre, person.account).lot(sold.lots[0]).held == 30_00

    correct(centre, the_one(centre).id, WORD, ending)

    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (left - 10_00, 0)
    answer = journal.push().outcomes
    assert [(one.kind.value, one.reason) for one in answer][2:] == [
        ("adjusted", "corrected"),
        ("accepted", ""),
    ]
    told = [
        row for row in rows(centre, store_stream("101")).values() if isinstance(row, OutcomeRow)
    ]
    assert [(row.fact, row.kind.value) for row in told] == [(fact.id, "adjusted")]
    assert ingest.reconsider(centre, [fact.id], journal.clock.now()) == {}


@pytest.mark.parametrize(("ending", "left"), [(Ending.SPENT, 70_00), (Ending.FREED, 100_00)])
def test_a_damaged_fact_is_ended_and_not_planned_when_it_comes_whole_after_all(
    centre: Centre, journal: Journal, ending: Ending, left: int
) -> None:
    person, sold = member_with_points(journal)
    journal.sell(person, spend=[(sold.lots[0], 30_00)])
    whole = journal.facts[-1]
    journal.rewrite(3, body=b"flipped")
    journal.push()
    conflict = the_one(centre)
    assert conflict.kind is ConflictKind.DAMAGED
    with pytest.raises(CannotUndoError):
        undo(centre, conflict.id, WORD)

    correct(centre, conflict.id, WORD, ending)

    journal.facts[2] = whole
    assert kinds(journal.push().outcomes)[-1] == "adjusted"
    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (left, 0)


def test_what_a_count_lacked_is_ended_with_its_fact(centre: Centre, journal: Journal) -> None:
    """A fact of 10 points is missing before one of 20: both are kept aside, and both are spent."""
    person, sold = member_with_points(journal)
    journal.gone[sold.lots[0]] = 10_00
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.push()
    assert books(centre, person.account).lot(sold.lots[0]).held == 30_00

    correct(centre, the_one(centre).id, WORD, Ending.SPENT)

    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (70_00, 0)


def test_what_a_count_lacked_is_spent_when_its_fact_is_posted_after_all(
    centre: Centre, journal: Journal
) -> None:
    """Nobody else would ever end it: of 100 points 20 are spent as told, 10 by the count alone."""
    person, sold = member_with_points(journal)
    journal.gone[sold.lots[0]] = 10_00
    journal.sell(person, spend=[(sold.lots[0], 20_00)], earn=[3_00])
    journal.push()

    done = undo(centre, the_one(centre).id, WORD)

    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (70_00, 0)
    assert balance(centre, person.account) == 73_00
    assert "10,00 points are spent of which no fact tells" in done.en
    with reading(centre.engine) as connection:
        assert check(connection) == []


def test_what_waits_for_lots_of_an_ended_fact_is_set_aside_itself(
    centre: Centre, journal: Journal
) -> None:
    """Nobody brings the lot any more: a person is to see what was spent of it."""
    person, _ = member_with_points(journal)
    new = journal.sell(person, earn=[50_00])
    envelope = decode_envelope(new.fact.envelope)
    journal.facts.pop()
    journal.append(FactKind.RECEIPT_COMMITTED, b"\xc1", envelope)
    journal.sell(person, spend=[(new.lots[0], 20_00)])
    assert kinds(journal.push().outcomes)[2:] == ["quarantined", "waiting"]

    correct(centre, the_one(centre).id, WORD, Ending.FREED)
    ingest.wake(centre, journal.clock.now())

    assert kinds(journal.push().outcomes)[2:] == ["adjusted", "quarantined"]
    assert the_one(centre).kind is ConflictKind.QUARANTINED


def test_show_tells_the_documents_and_their_sums(centre: Centre, journal: Journal) -> None:
    spent_before_it_came_back(centre, journal)
    journal.push()

    told = explain(centre, the_one(centre).id)

    (fact,) = told.facts
    assert (fact.kind, fact.store, fact.seq) == ("receipt.returned", "101", 4)
    assert {label.en: amount for label, amount in fact.sums}["points taken"] == "100,00"
    assert [entry.amount for entry in told.entries if entry.kind is EntryKind.DEBT] == [60_00]
    assert "let the debt go" in told.undoing.en
