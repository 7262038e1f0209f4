"""Profiles are edited with the cable out and shown at once, until the centre's rows cover it."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from msgspec import structs

from agent.journal import store as journal
from agent.journal.answers import UidReusedError
from agent.leases.standing import UnknownMemberError
from agent.members.edit import Edited, ProfileEdit, edit
from agent.members.service import Registration, find, register
from agent.replica.service import premises
from shared.errors import LoyaltyError
from shared.member import FieldVersion
from shared.phone import BadPhoneError
from shared.profile import (
    BadBirthdayError,
    BadEmailError,
    BadNameError,
    NothingEditedError,
)
from shared.runtime.sqlite import transaction
from shared.wire.facts import EditedField, MemberEdited, decode_edited
from shared.wire.feed import GLOBAL
from shared.wire.push import Cover, Outcome, OutcomeKind
from tests.agent.kit import facts, kinds, last_body, seen
from tests.builders import Person, PersonLot, Shop, member_row

PHONE, NEW_PHONE, THIRD = "+7 916 123-45-67", "+7 916 000-00-02", "+7 916 000-00-03"


@pytest.fixture
def anna(shop: Shop) -> Person:
    person = Person(PersonLot(10_000, leased=10_000), phone=PHONE)
    shop.member(person)
    shop.link.up = False
    return person


def order(shop: Shop, member: UUID, **values: object) -> ProfileEdit:
    return replace(ProfileEdit(shop.uid(), b"content", member, cashier="7"), **values)  # type: ignore[arg-type]


def edited(shop: Shop, member: UUID, **values: object) -> Edited:
    return edit(shop.station, order(shop, member, **values), shop.clock.now())


def body(shop: Shop) -> MemberEdited:
    last = last_body(shop)
    assert isinstance(last, MemberEdited)
    return last


def found(shop: Shop, identifier: str) -> list[tuple[UUID, UUID | None]]:
    return [(one.standing.member, one.account) for one in find(shop.station, identifier)]


def acknowledge(shop: Shop, cover: int | None, kind: OutcomeKind = OutcomeKind.ACCEPTED) -> None:
    """Let the centre have said that the last fact is in the rows from a number on."""
    fact = facts(shop)[-1]
    covers = () if cover is None else (Cover(GLOBAL, cover),)
    with transaction(shop.station.journal) as connection:
        outcome = Outcome(fact.seq, fact.id, kind, "", None, covers)
        journal.acknowledge(connection, 1, outcome, cover)


def tell(shop: Shop, person: Person, name: str, *versions: FieldVersion) -> int:
    """Let the centre's rows say what a member is called by which version."""
    row = structs.replace(member_row(person), display_name=name, versions=versions)
    return shop.feed(GLOBAL, row)


def test_what_the_cashier_typed_is_shown_at_once_offline(shop: Shop, anna: Person) -> None:
    done = edited(shop, anna.id, name="Анна  Иванова", birthday=date(1990, 5, 17))

    assert (done.display_name, done.birthday) == ("Анна И.", date(1990, 5, 17))
    now = seen(shop, anna)
    assert (now.display_name, now.birthday) == ("Анна И.", date(1990, 5, 17))
    assert done.fields == ("name", "birthday")
    assert [lot.amount for lot in now.lots] == [10_000]


def test_who_the_person_is_stands_in_the_erasable_part_alone(shop: Shop, anna: Person) -> None:
    edited(shop, anna.id, name="Анна Иванова", phone=NEW_PHONE, email="anna@Example.RU")

    (fact,) = facts(shop)
    person = decode_edited(fact.personal)
    assert (person.name, person.phone, person.email) == (
        "Анна Иванова",
        "+79160000002",
        "anna@example.ru",
    )
    for clear in (fact.body, fact.envelope):
        assert "Иванова".encode() not in clear
        assert b"9160000002" not in clear
        assert b"example" not in clear


def test_a_new_phone_finds_the_member_at_once(shop: Shop, anna: Person) -> None:
    edited(shop, anna.id, phone=NEW_PHONE)

    assert found(shop, NEW_PHONE) == [(anna.id, None)]


def test_of_two_new_phones_the_last_one_finds_him(shop: Shop, anna: Person) -> None:
    edited(shop, anna.id, phone=NEW_PHONE)
    edited(shop, anna.id, phone=THIRD)

    assert found(shop, NEW_PHONE) == []
    assert found(shop, THIRD) == [(anna.id, None)]


def test_who_was_registered_here_is_found_by_his_new_phone_alone(shop: Shop) -> None:
    shop.link.up = False
    new = Registration(shop.uid(), b"content", "Анна Петрова", PHONE, "v1")
    anna = register(shop.station, new, shop.clock.now())

    edited(shop, anna.member, name="Анна Иванова", phone=NEW_PHONE)

    assert found(shop, NEW_PHONE) == [(anna.member, None)]
    assert found(shop, PHONE) == []
    assert seen(shop, anna.member).display_name == "Анна И."
    assert body(shop).fields == (EditedField("name"), EditedField("phone"))


def test_who_was_just_registered_is_edited_by_what_the_till_was_answered(shop: Shop) -> None:
    """The answer limits him to his account, lest somebody else's joins it meanwhile."""
    new = Registration(shop.uid(), b"content", "Анна Петрова", PHONE, "v1")
    anna = register(shop.station, new, shop.clock.now())

    done = edited(shop, anna.member, account=anna.account, name="Анна Иванова")

    assert (done.display_name, seen(shop, anna.member).display_name) == ("Анна И.", "Анна И.")
    first = facts(shop)[-1].id
    edited(shop, anna.member, account=anna.account, name="Анна Сидорова")
    assert body(shop).fields == (EditedField("name", first),)


def test_an_edit_by_an_account_replaces_what_the_rows_show_of_its_owner(
    shop: Shop, anna: Person
) -> None:
    typed = shop.uid()
    tell(shop, anna, "Анна Иванова", FieldVersion("name", typed))

    done = edited(shop, anna.id, account=anna.account, name="Анна Сидорова")

    assert done.display_name == "Анна С."
    assert body(shop).fields == (EditedField("name", typed),)


def test_who_was_registered_here_is_not_found_by_a_phone_that_the_rows_say_is_not_his(
    shop: Shop,
) -> None:
    """He was given another one elsewhere."""
    new = Registration(shop.uid(), b"content", "Анна Петрова", PHONE, "v1")
    anna = register(shop.station, new, shop.clock.now())
    assert anna.account is not None
    row = structs.replace(member_row(Person()), id=anna.member, accounts=(anna.account,))

    shop.feed(GLOBAL, row)

    assert found(shop, PHONE) == []
    assert found(shop, anna.card) == [(anna.member, None)]


def test_the_edit_is_shown_until_the_rows_cover_it_and_again_when_they_go_back(
    shop: Shop, anna: Person
) -> None:
    edited(shop, anna.id, name="Анна Иванова", phone=NEW_PHONE)
    before = shop.numbers[GLOBAL]
    acknowledge(shop, before + 2)

    tell(shop, anna, "Анна П.")
    assert seen(shop, anna).display_name == "Анна И."
    assert found(shop, NEW_PHONE) == [(anna.id, None)]
    tell(shop, anna, "Анна С.")
    assert seen(shop, anna).display_name == "Анна С."
    assert found(shop, NEW_PHONE) == []

    with transaction(shop.station.journal) as connection:
        journal.uncover(connection, before)
    assert seen(shop, anna).display_name == "Анна И."


@pytest.mark.parametrize("kind", [OutcomeKind.QUARANTINED, OutcomeKind.WAITING])
def test_an_edit_that_is_set_aside_stays_shown(shop: Shop, anna: Person, kind: OutcomeKind) -> None:
    edited(shop, anna.id, name="Анна Иванова")

    acknowledge(shop, None, kind)

    assert seen(shop, anna).display_name == "Анна И."


def test_an_edit_names_the_version_that_the_rows_show(shop: Shop, anna: Person) -> None:
    version = UUID(int=17)
    tell(shop, anna, "Анна С.", FieldVersion("name", version))

    edited(shop, anna.id, name="Анна Иванова", email="anna@example.ru")

    assert body(shop).fields == (EditedField("name", version), EditedField("email"))


def test_an_edit_names_the_own_one_before_that_is_still_shown(shop: Shop, anna: Person) -> None:
    tell(shop, anna, "Анна С.", FieldVersion("name", UUID(int=17)))
    edited(shop, anna.id, name="Анна Иванова")
    first = facts(shop)[-1].id

    edited(shop, anna.id, name="Анна Сидорова")

    assert body(shop).fields == (EditedField("name", first),)


def test_an_edit_names_the_winner_once_the_rows_cover_the_own_one(shop: Shop, anna: Person) -> None:
    edited(shop, anna.id, name="Анна Иванова")
    acknowledge(shop, shop.numbers[GLOBAL] + 1)
    winner = UUID(int=17)
    tell(shop, anna, "Анна С.", FieldVersion("name", winner))

    edited(shop, anna.id, name="Анна Сидорова")

    assert body(shop).fields == (EditedField("name", winner),)


def test_what_is_verified_stays_shown_and_people_at_the_centre_hear_of_the_edit(
    shop: Shop, anna: Person
) -> None:
    verified = (FieldVersion("name", UUID(int=17), True), FieldVersion("phone", UUID(int=18), True))
    tell(shop, anna, "Анна П.", *verified)

    done = edited(shop, anna.id, name="Анна Иванова", phone=NEW_PHONE)

    assert done.stays == ("name", "phone")
    assert seen(shop, anna).display_name == "Анна П."
    assert found(shop, NEW_PHONE) == []
    assert body(shop).fields[0] == EditedField("name", UUID(int=17))


def test_a_phone_of_another_is_taken_and_told(shop: Shop, anna: Person) -> None:
    boris = Person(number=2, phone=NEW_PHONE)
    shop.member(boris)

    done = edited(shop, anna.id, phone=NEW_PHONE)

    assert done.shared
    assert sorted(found(shop, NEW_PHONE)) == sorted([(anna.id, None), (boris.id, None)])


def test_a_card_that_is_limited_to_an_account_edits_its_owners_profile(
    shop: Shop, anna: Person
) -> None:
    """The centre knows whose it is; here the one in whom he lives on stays as he is."""
    joined = Person(number=2, phone=NEW_PHONE)
    shop.merge(joined, anna)

    done = edited(shop, anna.id, account=joined.account, name="Анна Иванова", phone=THIRD)

    assert body(shop).account == joined.account
    assert (done.display_name, seen(shop, anna).display_name) == (anna.name, anna.name)
    assert found(shop, THIRD) == [(anna.id, joined.account)]
    first = facts(shop)[-1].id
    edited(shop, anna.id, account=joined.account, name="Анна Сидорова")
    assert body(shop).fields == (EditedField("name", first),)


def test_an_edit_follows_a_merge(shop: Shop, anna: Person) -> None:
    joined = Person(number=2)
    shop.member(joined)
    edited(shop, joined.id, name="Анна Иванова", phone=NEW_PHONE)

    shop.merge(joined, anna)

    assert seen(shop, anna).display_name == "Анна И."
    assert found(shop, NEW_PHONE) == [(anna.id, None)]


def test_an_edit_repeated_with_its_uid_is_done_once(shop: Shop, anna: Person) -> None:
    wanted = order(shop, anna.id, name="Анна Иванова")

    first = edit(shop.station, wanted, shop.clock.now())
    shop.clock.move(hours=1)

    assert edit(shop.station, wanted, shop.clock.now()) == first
    assert kinds(shop) == ["member.edited"]
    with pytest.raises(UidReusedError):
        edit(shop.station, replace(wanted, content=b"other"), shop.clock.now())


def test_an_edit_is_answered_again_though_the_rows_are_gone(shop: Shop, anna: Person) -> None:
    wanted = order(shop, anna.id, birthday=date(1990, 3, 25))
    first = edit(shop.station, wanted, shop.clock.now())
    held = premises(shop.station)
    shop.station.premises.keep(replace(held, settings=None), shop.station.premises.look()[1])

    assert edit(shop.station, wanted, shop.clock.now()) == first


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, NothingEditedError),
        ({"name": "12"}, BadNameError),
        ({"phone": "12"}, BadPhoneError),
        ({"email": "anna"}, BadEmailError),
        ({"email": "anna@ru"}, BadEmailError),
        ({"email": "an na@example.ru"}, BadEmailError),
        ({"birthday": date(1899, 12, 31)}, BadBirthdayError),
        ({"birthday": date(2100, 1, 1)}, BadBirthdayError),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    shop: Shop, anna: Person, values: dict[str, object], error: type[LoyaltyError]
) -> None:
    with pytest.raises(error):
        edited(shop, anna.id, **values)

    assert facts(shop) == []


def test_who_is_not_known_is_not_edited(shop: Shop, anna: Person) -> None:
    with pytest.raises(UnknownMemberError):
        edited(shop, UUID(int=5), name="Анна")
    with pytest.raises(UnknownMemberError):
        edited(shop, anna.id, account=UUID(int=5), name="Анна")

    assert facts(shop) == []
