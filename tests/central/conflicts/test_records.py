"""Every conflict leaves one record that names whom it concerns and what is at stake."""

import re
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import central.ingest
from central.centre import Centre
from central.conflicts.service import conflict_id, conflict_of, look, record
from central.conflicts.store import Wanted
from central.conflicts.values import ConflictKind, ConflictState, Finding, Role, Sentence
from central.conflicts.words import TITLES, fact_in_words, reason, say
from central.ingest import service as ingest
from central.leases.writeoff import write_off_store
from shared.ids import derived
from shared.rules.moment import Trust
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import FactKind, seal
from tests.central.app.kit import SetClock
from tests.central.chain_kit import books, conflicts, kinds
from tests.central.journal_builder import Journal, Person, Sold

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"


def member_with_points(journal: Journal) -> tuple[Person, Sold]:
    person, _ = journal.register()
    return person, journal.sell(person, earn=[100_00], kept=80_00)


def spent_before_it_came_back(_centre: Centre, journal: Journal) -> None:
    """100 points earned, 60 of them spent; the purchase comes back whole."""
    person, sold = member_with_points(journal)
    journal.sell(person, spend=[(sold.lots[0], 60_00)])
    journal.take_back(sold, taken=[(sold.lots[0], 100_00)], given=[(sold.lots[0], 20_00)])


def copied_disk(_centre: Centre, journal: Journal) -> None:
    """The copy spends 60 of which 20 are free; 40 are debt."""
    person, sold = member_with_points(journal)
    journal.push()
    clone = journal.twin()
    journal.sell(None)
    clone.sell(person, spend=[(sold.lots[0], 60_00)])
    journal.push()
    clone.push()


def written_off(centre: Centre, journal: Journal) -> None:
    """80 points are leased, written off and gone elsewhere but for 10; then 50 are spent."""
    person, sold = member_with_points(journal)
    journal.push()
    write_off_store(centre, "101")
    journal.sell(person, spend=[(sold.lots[0], 50_00)])


def taken_back_twice(_centre: Centre, journal: Journal) -> None:
    sold = journal.sell(None)
    for _ in range(2):
        journal.take_back(sold, quantity=3000)


def same_uid(_centre: Centre, journal: Journal) -> None:
    sold = journal.sell(None)
    journal.sell(None, uid=sold.uid)


def same_id(_centre: Centre, journal: Journal) -> None:
    sold = journal.sell(None)
    again = journal.sell(None, turnover=999_00)
    journal.facts[-1] = seal(replace(again.fact, id=sold.fact.id))


def month_late(_centre: Centre, journal: Journal) -> None:
    journal.sell(None)
    journal.clock.go(days=31)


def clock_ahead(_centre: Centre, journal: Journal) -> None:
    """Twice on one day: told once."""
    journal.clock.go(hours=26)
    journal.sell(None)
    journal.sell(None)
    journal.clock.go(hours=-26)


def clock_untrusted(_centre: Centre, journal: Journal) -> None:
    sold = journal.sell(None)
    moment = changed(sold.body.moment, trusted=Trust.UNTRUSTED)
    body = replace(sold.body, moment=moment)
    journal.facts.pop()
    journal.append(FactKind.RECEIPT_COMMITTED, body)


def unreadable(_centre: Centre, journal: Journal) -> None:
    journal.append(FactKind.RECEIPT_COMMITTED, b"\xc1")


def flipped(_centre: Centre, journal: Journal) -> None:
    journal.sell(None)
    journal.rewrite(1, body=b"flipped")


def two_names(_centre: Centre, journal: Journal) -> None:
    journal.register(name="Анна Петрова")
    journal.register(name="Александр Петров")


def one_person(_centre: Centre, journal: Journal) -> None:
    journal.register(name="Анна Петрова")
    journal.register(name="ПЕТРОВА Анна")


CASES: dict[ConflictKind, tuple[Callable[[Centre, Journal], None], int]] = {
    ConflictKind.DEBT: (spent_before_it_came_back, 60_00),
    ConflictKind.FORKED: (copied_disk, 40_00),
    ConflictKind.WRITTEN_OFF: (written_off, 50_00),
    ConflictKind.RETURNED_TWICE: (taken_back_twice, 0),
    ConflictKind.LATE: (month_late, 0),
    ConflictKind.CLOCK: (clock_ahead, 0),
    ConflictKind.QUARANTINED: (unreadable, 0),
    ConflictKind.DAMAGED: (flipped, 0),
    ConflictKind.SHARED_PHONE: (two_names, 0),
    ConflictKind.MERGED: (one_person, 0),
}


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.value)
def test_a_conflict_leaves_one_record_however_often_its_facts_come(
    centre: Centre, journal: Journal, kind: ConflictKind
) -> None:
    happen, points = CASES[kind]
    happen(centre, journal)

    journal.push()
    journal.push()

    (record,) = conflicts(centre)
    assert (record.kind, record.points, record.state) == (kind, points, ConflictState.OPEN)
    assert record.named(Role.STORE) == ("101",)
    assert record.ids(Role.FACT)
    assert "{" not in record.sentence.ru + record.sentence.en


@pytest.mark.edge("E77")
@pytest.mark.parametrize("happen", [same_uid, same_id])
def test_the_same_uid_with_other_content_is_an_alert_and_never_posted(
    centre: Centre, journal: Journal, happen: Callable[[Centre, Journal], None]
) -> None:
    happen(centre, journal)

    outcomes = journal.push().outcomes

    assert kinds(outcomes) == ["accepted", "quarantined"]
    (record,) = conflicts(centre)
    assert record.kind is ConflictKind.OTHER_BYTES
    assert kinds(journal.push().outcomes) == ["accepted", "quarantined"]
    assert len(conflicts(centre)) == 1


def test_an_alert_is_an_error_in_the_log(
    centre: Centre, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    same_uid(centre, journal)

    journal.push()

    assert "conflict.found" in capsys.readouterr().out


def test_a_receipt_on_a_clock_that_is_not_trusted_stands_and_is_told(
    centre: Centre, journal: Journal
) -> None:
    clock_untrusted(centre, journal)

    assert kinds(journal.push().outcomes) == ["accepted"]
    (record,) = conflicts(centre)
    assert record.kind is ConflictKind.CLOCK


def test_what_points_spent_of_a_written_off_lease_became_is_told_in_one_record(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """90 of the 100 that are free again are leased elsewhere; 50 are spent: 40 are debt."""
    person, sold = member_with_points(journal)
    journal.push()
    write_off_store(centre, "101")
    other.ask(person.account, 90_00)
    journal.sell(person, spend=[(sold.lots[0], 50_00)])

    journal.push()

    (record,) = conflicts(centre)
    assert (record.kind, record.points) == (ConflictKind.WRITTEN_OFF, 50_00)
    assert books(centre, person.account).accounts[person.account].debt == 40_00
    assert "40,00" in record.sentence.ru
    assert record.ids(Role.ACCOUNT) == (person.account,)


@pytest.mark.parametrize("written_off_first", [True, False])
def test_what_was_set_aside_of_a_written_off_lease_is_told_when_it_is_posted(
    centre: Centre, journal: Journal, *, written_off_first: bool
) -> None:
    """What had been set aside before was no part of what was given up."""
    person, sold = member_with_points(journal)
    journal.push()
    journal.sell(person, spend=[(sold.lots[0], 50_00)])
    whole = journal.facts[-1]
    journal.rewrite(3, body=b"flipped")
    if written_off_first:
        write_off_store(centre, "101")
    journal.push()
    write_off_store(centre, "101")
    journal.facts[-1] = whole

    assert kinds(journal.push().outcomes)[-1] == "accepted"

    told = {one.kind: one.points for one in conflicts(centre)}
    assert told.pop(ConflictKind.DAMAGED) == 0
    assert told == ({ConflictKind.WRITTEN_OFF: 50_00} if written_off_first else {})


def test_a_return_in_two_stores_names_both_with_their_cashiers_and_documents(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = member_with_points(journal)
    first = journal.take_back(sold, quantity=3000)
    second = other.take_back(sold, quantity=1000)
    journal.push()
    other.push()

    (record,) = conflicts(centre)

    assert record.named(Role.STORE) == ("101", "102")
    assert record.named(Role.CASHIER) == ("101/of 101", "102/of 102")
    assert set(record.ids(Role.DOCUMENT)) >= {sold.uid}
    assert len(record.ids(Role.DOCUMENT)) == 3
    assert record.ids(Role.FACT) == (second.id,)
    assert record.ids(Role.MEMBER) == (person.member,)
    assert first.id not in record.ids(Role.FACT)


def test_a_fact_that_is_posted_after_all_closes_its_record(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = member_with_points(journal)
    elsewhere = other.sell(person, earn=[50_00], kept=0)
    early = journal.sell(person, spend=[(elsewhere.lots[0], 20_00)])
    journal.push()
    other.push()
    assert [one.state for one in conflicts(centre)] == [ConflictState.OPEN]

    ingest.reconsider(centre, [early.fact.id], journal.clock.now())

    (record,) = conflicts(centre)
    assert (record.state, record.resolved_by) == (ConflictState.RESOLVED, "centre")


def test_a_damaged_fact_that_comes_whole_closes_its_record(
    centre: Centre, journal: Journal
) -> None:
    journal.sell(None)
    whole = journal.facts[0]
    journal.rewrite(1, body=b"flipped")
    journal.push()

    journal.facts[0] = whole
    journal.push()

    (record,) = conflicts(centre)
    assert (record.kind, record.state) == (ConflictKind.DAMAGED, ConflictState.RESOLVED)


def test_every_kind_has_words() -> None:
    assert TITLES.keys() == set(ConflictKind)
    for kind in ConflictKind:
        assert say(kind, **_details(kind)).ru


def _details(kind: ConflictKind) -> dict[str, object]:
    from central.conflicts import words

    template = words._SENTENCES[kind]
    names = set(re.findall(r"{(\w+)}", template.ru)) | set(re.findall(r"{(\w+)}", template.en))
    return dict.fromkeys(names, "…")


def test_every_reason_that_ingest_gives_has_words() -> None:
    folder = Path(central.ingest.__path__[0])
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.py")))
    refused = set(re.findall(r'RefusedError\("(\w+)"', text))
    faults = set(re.findall(r'"(\w+_(?:senseless|disagrees|unreadable|to_another))"', text))
    posted_elsewhere = {"document_known", "member_known"}

    assert len(refused) > 8
    assert len(faults) > 8
    for code in (refused | faults) - posted_elsewhere:
        assert reason(code) != Sentence(code, code), code


def test_every_kind_of_fact_has_words() -> None:
    for kind in FactKind:
        assert fact_in_words(kind) != Sentence(kind, kind), kind


@given(st.text(max_size=60), st.text(max_size=60))
def test_details_are_told_as_they_are_whatever_they_hold(fact: str, day: str) -> None:
    told = say(ConflictKind.LATE, fact=fact, day=day)

    assert told.ru == f"Факт {fact} проведён с опозданием: он от {day}."


def test_a_record_has_one_id_by_kind_and_fact() -> None:
    one, two = UUID(int=1), UUID(int=2)

    assert conflict_id(ConflictKind.LATE, one) == conflict_id(ConflictKind.LATE, one)
    assert len(
        {conflict_id(kind, fact) for kind in ConflictKind for fact in (one, two)}
    ) == 2 * len(ConflictKind)


def test_a_clock_is_told_again_on_another_day(centre: Centre, journal: Journal) -> None:
    clock: SetClock = journal.clock
    for hours in (26, 50):
        clock.go(hours=hours)
        journal.sell(None)
        clock.go(hours=-hours)

    journal.push()

    assert [one.kind for one in conflicts(centre)] == [ConflictKind.CLOCK] * 2


def test_the_table_of_the_protocol_has_every_kind() -> None:
    page = PROTOCOL.read_text("utf-8")
    table = page[page.index("| kind | what happened") : page.index("**Merges**")]

    named = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)[1:]

    assert sorted(re.findall(r"`(\w+)`", " ".join(named))) == sorted(ConflictKind)


def test_records_are_found_in_the_order_asked_for(centre: Centre, clock: SetClock) -> None:
    details = {"document": "d", "store": "101", "verdict_ru": "не то", "verdict_en": "other"}
    found = Finding(ConflictKind.DIVERGENCE_FOUND, details)
    with transaction(centre.engine) as connection:
        for points in (2_00, 3_00, 1_00):
            clock.go(minutes=1)
            one = changed(found, points=points)
            record(connection, [conflict_of(one, derived("test", points), (), clock.at)])

    with reading(centre.engine) as connection:
        told = {
            order: [one.points for one in look(connection, Wanted(order=order), 1, 2).conflicts]
            for order in ("", "at", "stakes", "-stakes", "nothing")
        }

    assert told == {
        "": [1_00, 3_00],
        "at": [2_00, 3_00],
        "stakes": [1_00, 2_00],
        "-stakes": [3_00, 2_00],
        "nothing": [1_00, 3_00],
    }
