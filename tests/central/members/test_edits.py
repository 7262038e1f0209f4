"""A profile edited in two places: an edit beats what it replaces, of others the later one counts,
and what is verified beats what is claimed; what has lost is kept, and people are told."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import ConflictKind, ConflictState, Role
from central.members.profiles import Proposal, VerifiedFieldError
from central.settling.explaining import explain
from central.settling.lookup import show
from central.settling.people import edit_member, merge_members, unmerge_member, verify_phone
from central.settling.service import CannotUndoError, undo
from shared.member import ProfileField
from shared.wire.facts import FactKind, MemberEdited
from shared.wire.feed import GLOBAL
from shared.wire.rows import IdentifierRow, MemberRow
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, conflicts, kinds, rows
from tests.central.journal_builder import Journal, Person

WORD = Word("Ольга", "показала паспорт")
PHONE, NEW_PHONE, OTHER_PHONE = "+79160000001", "+79160000002", "+79160000003"
NAME = ProfileField.NAME


@pytest.fixture
def anna(journal: Journal) -> Person:
    """A member whom both stores know."""
    person, _ = journal.register("Анна Петрова", PHONE)
    journal.push_new()
    journal.clock.go(seconds=10)
    return person


def row(centre: Centre, person: Person) -> MemberRow:
    found = rows(centre, GLOBAL).values()
    return next(one for one in found if isinstance(one, MemberRow) and one.id == person.member)


def versions(centre: Centre, person: Person) -> dict[str, UUID]:
    return {one.field: one.version for one in row(centre, person).versions}


def found_by(centre: Centre, phone: str) -> list[tuple[UUID, UUID | None]]:
    """Whom stores find by a phone, and which account it is limited to."""
    shown = [one for one in rows(centre, GLOBAL).values() if isinstance(one, IdentifierRow)]
    return [(one.member, one.account) for one in shown if one.tail == phone[-4:]]


def told(centre: Centre) -> list[str]:
    return [one.kind.value for one in conflicts(centre)]


def test_an_edit_shows_in_the_members_row_with_its_version(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    edit = journal.edit(anna, name="Анна Иванова", birthday=date(1990, 5, 17))

    assert kinds(journal.push_new())[-1] == "accepted"

    now = row(centre, anna)
    assert (now.display_name, now.birthday) == ("Анна И.", date(1990, 5, 17))
    assert versions(centre, anna) == {"birthday": edit, "name": edit}
    assert told(centre) == []


def test_an_edit_that_names_what_it_replaces_beats_it_with_a_clock_that_is_behind(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    first = journal.edit(anna, name="Анна Иванова")
    journal.push_new()
    clock.go(hours=-40)
    second = other.edit(anna, {"name": first}, name="Анна Сидорова")
    clock.go(hours=41)

    other.push_new()

    assert versions(centre, anna) == {"name": second}
    assert told(centre) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_that_did_not_know_each_other_the_later_counts_and_the_other_is_kept(
    centre: Centre,
    journal: Journal,
    other: Journal,
    anna: Person,
    clock: SetClock,
    order: tuple[int, int],
) -> None:
    journal.edit(anna, name="Анна Иванова")
    clock.go(seconds=60)
    later = other.edit(anna, name="Анна Сидорова")

    for store in order:
        (journal, other)[store].push_new()

    assert versions(centre, anna) == {"name": later}
    (conflict,) = conflicts(centre)
    assert conflict.kind is ConflictKind.EDITED_TWICE
    assert conflict.named(Role.STORE) == ("101", "102")
    assert conflict.named(Role.CASHIER) == ("101/7", "102/7")
    assert {edit.value for edit in show(centre, anna.member).edits} == {
        "Анна Иванова",
        "Анна Сидорова",
    }


def test_the_record_of_two_edits_keeps_nothing_personal_and_its_words_look_it_up(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    journal.edit(anna, email="anna@example.ru")
    clock.go(seconds=60)
    other.edit(anna, email="petrova@example.ru")
    journal.push_new()
    other.push_new()

    (conflict,) = conflicts(centre)

    said = explain(centre, conflict.id)
    assert [value.ru.split(",")[0] for value in said.values] == [
        "другое: «anna@example.ru»",
        "действует: «petrova@example.ru»",
    ]
    kept = repr((conflict.sentence, conflict.parties))
    assert "example.ru" not in kept
    assert said.undoing.en


def test_equal_values_are_no_conflict(
    centre: Centre, journal: Journal, other: Journal, anna: Person
) -> None:
    journal.edit(anna, birthday=date(1990, 5, 17))
    other.edit(anna, birthday=date(1990, 5, 17))
    journal.push_new()
    other.push_new()

    assert told(centre) == []


def test_a_stamp_from_the_future_counts_as_of_the_time_it_was_received(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    clock.go(hours=48)
    journal.edit(anna, name="Анна Иванова")
    clock.go(hours=-48)
    journal.push_new()
    clock.go(seconds=60)
    later = other.edit(anna, name="Анна Сидорова")

    other.push_new()

    assert versions(centre, anna) == {"name": later}


def test_what_is_verified_is_not_replaced_by_what_is_claimed_even_knowingly(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    verified = Proposal({NAME: "Анна Иванова"}, verified=True)
    edit_member(centre, anna.member, verified, WORD)
    shown = row(centre, anna).versions
    assert [one.verified for one in shown] == [True]

    journal.edit(anna, versions(centre, anna), name="Анна Сидорова")
    outcome = journal.push_new()[-1]

    assert (outcome.kind.value, outcome.reason) == ("adjusted", "edited_elsewhere")
    assert row(centre, anna).versions == shown
    assert told(centre) == ["edited_twice"]


def test_an_undo_lets_the_other_value_count_by_a_new_edit(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    first = journal.edit(anna, name="Анна Иванова")
    clock.go(seconds=60)
    second = other.edit(anna, name="Анна Сидорова")
    journal.push_new()
    other.push_new()
    (conflict,) = conflicts(centre)

    undo(centre, conflict.id, WORD)

    assert row(centre, anna).display_name == "Анна И."
    assert versions(centre, anna)["name"] not in (first, second)
    (now,) = conflicts(centre)
    assert now.state is ConflictState.UNDONE


def test_an_undo_replaces_what_is_verified(centre: Centre, journal: Journal, anna: Person) -> None:
    edit_member(centre, anna.member, Proposal({NAME: "Анна Иванова"}, verified=True), WORD)
    journal.edit(anna, versions(centre, anna), name="Анна Сидорова")
    journal.push_new()
    (conflict,) = conflicts(centre)

    undo(centre, conflict.id, WORD)

    now = row(centre, anna)
    assert (now.display_name, now.versions[0].verified) == ("Анна С.", True)


def test_what_counts_already_cannot_be_undone(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    journal.edit(anna, name="Анна Иванова")
    clock.go(seconds=60)
    other.edit(anna, name="Анна Сидорова")
    journal.push_new()
    other.push_new()
    (conflict,) = conflicts(centre)
    edit_member(centre, anna.member, Proposal({NAME: "Анна Иванова"}, verified=False), WORD)

    with pytest.raises(CannotUndoError):
        undo(centre, conflict.id, WORD)


def test_a_claimed_value_does_not_replace_a_verified_one_at_the_centre_either(
    centre: Centre, anna: Person
) -> None:
    edit_member(centre, anna.member, Proposal({NAME: "Анна Иванова"}, verified=True), WORD)

    with pytest.raises(VerifiedFieldError):
        edit_member(centre, anna.member, Proposal({NAME: "Анна"}, verified=False), WORD)


def test_a_new_phone_finds_the_member_and_the_former_one_no_more(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    assert found_by(centre, PHONE) == [(anna.member, None)]

    journal.edit(anna, phone=NEW_PHONE)
    journal.push_new()

    assert found_by(centre, NEW_PHONE) == [(anna.member, None)]
    assert found_by(centre, PHONE) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_phone_that_lost_finds_nobody(
    centre: Centre,
    journal: Journal,
    other: Journal,
    anna: Person,
    clock: SetClock,
    order: tuple[int, int],
) -> None:
    journal.edit(anna, phone=NEW_PHONE)
    clock.go(seconds=60)
    other.edit(anna, phone=OTHER_PHONE)

    for store in order:
        (journal, other)[store].push_new()

    assert found_by(centre, OTHER_PHONE) == [(anna.member, None)]
    assert found_by(centre, NEW_PHONE) == found_by(centre, PHONE) == []


def test_a_verified_phone_is_not_replaced_at_a_till(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    verify_phone(centre, anna.member, WORD)

    journal.edit(anna, versions(centre, anna), phone=NEW_PHONE)
    journal.push_new()

    assert found_by(centre, PHONE) == [(anna.member, None)]
    assert found_by(centre, NEW_PHONE) == []
    assert told(centre) == ["edited_twice"]


@pytest.mark.parametrize("who_edits", [0, 1])
def test_one_person_who_takes_his_other_phone_becomes_one_member_but_his_cards_stay_limited(
    centre: Centre, journal: Journal, anna: Person, who_edits: int
) -> None:
    """Else anybody could take your number at a till and spend your points."""
    again, _ = journal.register("Анна", NEW_PHONE)
    journal.push_new()
    editor, has_it = ((anna, again), (again, anna))[who_edits]

    journal.edit(editor, phone=has_it.phone)
    outcome = journal.push_new()[-1]

    assert (outcome.kind.value, outcome.reason) == ("adjusted", "merged")
    assert row(centre, again).merged_into == anna.member
    assert found_by(centre, editor.card) == [(anna.member, editor.account)]
    assert found_by(centre, has_it.card) == [(anna.member, None)]
    assert found_by(centre, has_it.phone) == [(anna.member, None)]
    assert told(centre) == ["merged"]


def test_a_merge_by_an_edited_phone_leaves_others_of_the_same_batch_alone(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    """A sale beside it names an account of somebody who had joined another member."""
    again, _ = journal.register("Анна П", NEW_PHONE)
    boris, _ = journal.register("Борис", OTHER_PHONE)
    vera, _ = journal.register("Вера", "+79160000004")
    journal.push_new()
    merge_members(centre, boris.member, vera.member, WORD)
    journal.sell(replace(vera, member=boris.member), earn=[10_00])
    journal.edit(again, phone=PHONE)

    assert kinds(journal.push_new())[-2:] == ["accepted", "adjusted"]

    assert show(centre, again.member).member.merged_into == anna.member
    assert show(centre, vera.member).member.merged_into == boris.member
    assert balance(centre, vera.account) == 10_00


@pytest.mark.parametrize("who_edits", [0, 1])
def test_a_merge_by_an_edited_phone_is_undone_and_each_has_his_own(
    centre: Centre, journal: Journal, anna: Person, who_edits: int
) -> None:
    again, _ = journal.register("Анна", NEW_PHONE)
    journal.push_new()
    editor, has_it = ((anna, again), (again, anna))[who_edits]
    journal.edit(editor, phone=has_it.phone)
    journal.push_new()
    (conflict,) = conflicts(centre)

    undo(centre, conflict.id, WORD)

    assert row(centre, again).merged_into is None
    assert found_by(centre, anna.card) == [(anna.member, None)]
    assert found_by(centre, again.card) == [(again.member, None)]
    both = sorted([(anna.member, None), (again.member, None)])
    assert sorted(found_by(centre, has_it.phone)) == both


def test_a_phone_of_somebody_with_another_name_is_a_case(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    boris, _ = journal.register("Борис Иванов", NEW_PHONE)
    journal.push_new()

    journal.edit(anna, phone=NEW_PHONE)
    journal.push_new()

    both = sorted([(anna.member, None), (boris.member, None)])
    assert sorted(found_by(centre, NEW_PHONE)) == both
    assert row(centre, boris).merged_into is None
    assert told(centre) == ["shared_phone"]


def test_who_is_several_members_already_is_a_case(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    joined, _ = journal.register("Вера", OTHER_PHONE)
    again, _ = journal.register("Анна", NEW_PHONE)
    journal.push_new()
    merge_members(centre, anna.member, joined.member, WORD)

    journal.edit(anna, phone=NEW_PHONE)
    journal.push_new()

    assert row(centre, again).merged_into is None
    assert told(centre) == ["shared_phone"]


def test_a_phone_taken_at_the_centre_is_a_case_and_never_a_merge(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    again, _ = journal.register("Анна", NEW_PHONE)
    journal.push_new()

    others = edit_member(
        centre, anna.member, Proposal({ProfileField.PHONE: NEW_PHONE}, verified=True), WORD
    )

    assert others == (again.member,)
    assert row(centre, again).merged_into is None
    assert told(centre) == ["shared_phone"]


def test_who_joined_by_a_claimed_phone_edits_his_own_profile_alone(
    centre: Centre, other: Journal, anna: Person
) -> None:
    """The card of who registered your number names and calls nobody but himself."""
    thief, _ = other.register("Анна", PHONE)
    assert other.push_new()[-1].reason == "merged"

    other.edit(anna, account=thief.account, name="Анна Другая", phone=NEW_PHONE)
    other.push_new()

    assert row(centre, anna).display_name == "Анна П."
    assert found_by(centre, PHONE) == [(anna.member, None)]
    assert found_by(centre, NEW_PHONE) == [(anna.member, thief.account)]
    assert balance(centre, anna.account) == 0


def test_who_joined_says_what_the_survivor_is_called_once_his_phone_is_verified(
    centre: Centre, other: Journal, anna: Person
) -> None:
    again, _ = other.register("Анна", PHONE)
    other.edit(again, name="Анна Другая")
    other.push_new()
    assert row(centre, anna).display_name == "Анна П."

    verify_phone(centre, again.member, WORD)

    assert row(centre, anna).display_name == "Анна Д."


def test_an_unmerge_gives_each_the_name_of_his_own_edits(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    boris, _ = journal.register("Борис Иванов", NEW_PHONE)
    journal.push_new()
    journal.edit(anna, name="Анна Иванова")
    clock.go(seconds=60)
    other.edit(boris, name="Борис Сидоров")
    merge_members(centre, anna.member, boris.member, WORD)
    journal.push_new()
    other.push_new()
    assert row(centre, anna).display_name == "Борис С."

    unmerge_member(centre, boris.member, WORD)

    assert row(centre, anna).display_name == "Анна И."
    assert row(centre, boris).display_name == "Борис С."


def test_an_edit_of_a_member_whose_registration_comes_later_counts_then(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    person, _ = journal.register("Анна Петрова", PHONE)
    clock.go(seconds=60)
    other.edit(person, name="Анна Иванова", phone=NEW_PHONE)
    other.push_new()

    journal.push_new()

    assert row(centre, person).display_name == "Анна И."
    assert found_by(centre, NEW_PHONE) == [(person.member, None)]
    assert found_by(centre, PHONE) == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": "12"}, "edit_senseless"),
        ({"name": "Анна  Петрова"}, "edit_senseless"),
        ({"email": "anna"}, "edit_senseless"),
        ({"birthday": None}, "edit_senseless"),
        ({"phone": "8 916 000-00-02"}, "phone_disagrees"),
    ],
)
def test_what_no_till_takes_is_set_aside(
    centre: Centre, journal: Journal, anna: Person, values: dict[str, Any], reason: str
) -> None:
    journal.edit(anna, **values)

    outcome = journal.push_new()[-1]

    assert (outcome.kind.value, outcome.reason) == ("quarantined", reason)
    assert versions(centre, anna) == {}


@pytest.mark.parametrize("fields", [(), ("name", "name"), ("colour",)])
def test_an_edit_of_no_field_is_set_aside(
    journal: Journal, anna: Person, fields: tuple[str, ...]
) -> None:
    from shared.wire.facts import EditedField

    body = MemberEdited(
        journal.new_id(),
        anna.member,
        tuple(map(EditedField, fields)),
        b"",
        "7",
        journal.clock.now(),
    )
    journal.append(FactKind.MEMBER_EDITED, body)

    assert journal.push_new()[-1].reason == "edit_senseless"


def test_an_edit_whose_personal_part_is_erased_says_nothing(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    from msgspec.structs import replace

    journal.edit(anna, name="Анна Иванова")
    journal.facts[-1] = replace(journal.facts[-1], personal=b"")

    assert kinds(journal.push_new())[-1] == "accepted"
    assert row(centre, anna).display_name == "Анна П."


def test_edits_sent_again_change_nothing(centre: Centre, journal: Journal, anna: Person) -> None:
    journal.edit(anna, name="Анна Иванова")
    first = journal.push_new()
    before = rows(centre, GLOBAL)

    assert journal.push_new() == first
    assert rows(centre, GLOBAL) == before
    assert len(show(centre, anna.member).edits) == 1


def test_what_stores_price_by_follows_an_edit_only_from_then_on(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    """A sale that was priced before keeps the birthday that its fact says."""
    journal.sell(anna, earn=[1_00])
    journal.push_new()

    journal.edit(anna, birthday=date(1990, 5, 17))
    journal.push_new()

    assert row(centre, anna).birthday == date(1990, 5, 17)
    assert balance(centre, anna.account) == 1_00
