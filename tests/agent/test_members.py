"""Members are registered with the cable out and found at once, however the number is written."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from agent.journal import erased
from agent.journal.answers import UidReusedError
from agent.leases.lots import Reach
from agent.leases.standing import UnknownMemberError
from agent.members.service import Registered, Registration, find, register
from agent.scan import ScanKind, classify
from shared.ids import card_number, check_digit, is_card_number
from shared.member import PhoneRole
from shared.phone import BadPhoneError
from shared.profile import BadBirthdayError, BadNameError
from shared.runtime.sqlite import reading, run, transaction
from shared.wire.facts import MemberRegistered, decode_person
from shared.wire.feed import GLOBAL
from tests.agent.kit import facts, kinds, last_body, seen, sell
from tests.builders import Person, PersonLot, Shop, basket, identifier_rows

PHONE = "+7 916 123-45-67"
SPELLINGS = [PHONE, "89161234567", "7 (916) 123 45 67", "9161234567", " +7-916-123-45-67 "]
PAN = "4111111111111111"


def registration(shop: Shop, name: str, phone: str = PHONE) -> Registration:
    return Registration(shop.uid(), b"content", name, phone, "2026-01", "1", "7")


def registered(shop: Shop, name: str, phone: str = PHONE) -> Registered:
    return register(shop.station, registration(shop, name, phone), shop.clock.now())


def ids_found(shop: Shop, identifier: str) -> list[UUID]:
    return [found.standing.member for found in find(shop.station, identifier)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_member_registered_offline_is_found_by_phone_at_once(shop: Shop, spelling: str) -> None:
    shop.link.up = False

    anna = registered(shop, "Анна Петрова", spelling)

    for other in SPELLINGS:
        assert ids_found(shop, other) == [anna.member]


def test_a_member_registered_offline_is_found_by_his_new_card_at_once(shop: Shop) -> None:
    shop.link.up = False

    anna = registered(shop, "Анна Петрова")

    assert is_card_number(anna.card, "29")
    assert ids_found(shop, anna.card) == [anna.member]
    (found,) = find(shop.station, anna.card)
    assert (found.tail, found.standing.display_name) == (anna.card[-4:], "Анна П.")


def test_a_member_registered_offline_earns_and_spends_here_at_once(shop: Shop) -> None:
    shop.link.up = False
    anna = registered(shop, "Анна Петрова")
    person = Person()
    person.id = anna.member
    sell(shop, basket(shop, member=person))
    shop.clock.move(hours=24)

    (found,) = find(shop.station, anna.card)

    assert [(lot.amount, lot.here) for lot in found.standing.lots] == [(3_000, 3_000)]


@pytest.mark.parametrize("role", [PhoneRole.RELATIVE, PhoneRole.SHARED])
@pytest.mark.parametrize("first", [0, 1])
def test_a_phone_that_is_not_ones_own_finds_one_and_is_no_reason_to_be_another(
    shop: Shop, role: PhoneRole, first: int
) -> None:
    """A till asks which of the two is meant."""
    shop.link.up = False
    orders = [registration(shop, "Анна Петрова"), registration(shop, "Анна Петрова")]
    orders[first] = replace(orders[first], phone_role=role)

    both = [register(shop.station, one, shop.clock.now()) for one in orders]

    assert [one.state for one in both] == ["provisional", "provisional"]
    assert sorted(ids_found(shop, PHONE)) == sorted(one.member for one in both)
    assert ids_found(shop, both[first].card) == [both[first].member]


def test_a_phone_that_is_not_ones_own_is_found_by_and_says_nothing_of_who_the_person_is(
    shop: Shop,
) -> None:
    order = replace(registration(shop, "Вера Петрова"), phone_role=PhoneRole.RELATIVE)
    vera = register(shop.station, order, shop.clock.now())

    body = last_body(shop)
    assert isinstance(body, MemberRegistered)
    assert (body.phone_index, body.phone_role) == (b"", "relative")
    assert body.other_phone_index
    (fact,) = facts(shop)
    person = decode_person(fact.personal)
    assert (person.phone, person.other_phone) == ("", "+79161234567")
    (found,) = find(shop.station, PHONE)
    assert found.standing.view(Reach.STORE).person_key == str(vera.member)


def test_the_rows_say_whose_a_phone_is(shop: Shop) -> None:
    mother = Person(number=2, phone=PHONE)
    shop.member(mother)
    (_, phone) = identifier_rows(mother)
    shop.feed(GLOBAL, structs.replace(phone, role="relative"))

    anna = registered(shop, mother.name)

    assert anna.state == "provisional"
    assert sorted(ids_found(shop, PHONE)) == sorted([anna.member, mother.id])


def test_cards_of_a_store_count_on(shop: Shop) -> None:
    first = registered(shop, "Анна Петрова")
    second = registered(shop, "Борис Иванов", "+7 916 000-00-00")

    assert first.card == card_number("29", 1, 1)
    assert second.card == card_number("29", 1, 2)


def test_a_card_of_a_store_is_given_once_though_somebody_was_erased(shop: Shop) -> None:
    anna = registered(shop, "Анна Петрова", "+79160000001")
    boris = registered(shop, "Борис Иванов", "+79160000002")
    with transaction(shop.station.journal) as connection:
        erased.follow(connection, [(1, anna.member)], shop.clock.now())

    vera = registered(shop, "Вера Котова", "+79160000003")

    assert vera.card not in (anna.card, boris.card)
    assert ids_found(shop, anna.card) == ids_found(shop, "+79160000001") == []
    with pytest.raises(UnknownMemberError):
        seen(shop, anna.member)
    assert ids_found(shop, boris.card) == [boris.member]
    assert ids_found(shop, vera.card) == [vera.member]


def test_no_card_is_given_twice_though_an_erasure_once_took_a_row_away(shop: Shop) -> None:
    """As the erasures of an earlier version did."""
    anna = registered(shop, "Анна Петрова", "+79160000001")
    boris = registered(shop, "Борис Иванов", "+79160000002")
    with transaction(shop.station.journal) as connection:
        run(connection, "DELETE FROM newcomer WHERE member = ?", (anna.member.bytes,))

    vera = registered(shop, "Вера Котова", "+79160000003")

    assert vera.card not in (anna.card, boris.card)
    assert ids_found(shop, boris.card) == [boris.member]


def test_who_the_person_is_stands_in_the_erasable_part_alone(shop: Shop) -> None:
    anna = registered(shop, "Анна Петрова")

    (fact,) = facts(shop)

    person = decode_person(fact.personal)
    assert (person.name, person.phone, person.card) == ("Анна Петрова", "+79161234567", anna.card)
    for secret in ("Анна", "Петрова", "9161234567", anna.card):
        assert secret.encode() not in fact.body + fact.envelope


@pytest.mark.parametrize("name", ["Анна Петрова", "петрова анна", "Анна", "А. Петрова"])
def test_a_known_phone_with_a_name_that_agrees_gives_the_member_who_has_it(
    shop: Shop, name: str
) -> None:
    anna = registered(shop, "Анна Петрова")

    again = registered(shop, name, "8 916 123 45 67")

    assert (again.member, again.state, again.card) == (anna.member, "existing", "")
    assert kinds(shop) == ["member.registered"]


@pytest.mark.edge("E68")
def test_a_known_phone_with_another_name_registers_another_member(shop: Shop) -> None:
    anna = registered(shop, "Анна Петрова")

    boris = registered(shop, "Борис Иванов")

    assert boris.state == "provisional"
    assert set(ids_found(shop, PHONE)) == {anna.member, boris.member}
    assert ids_found(shop, boris.card) == [boris.member]


def test_a_phone_that_the_centre_knows_gives_its_member(shop: Shop) -> None:
    anna = Person(phone=PHONE)
    shop.member(anna)

    again = registered(shop, "Анна Петрова")

    assert (again.member, again.account, again.state) == (anna.id, None, "existing")
    assert facts(shop) == []


def test_repeating_a_registration_gives_the_same_card_and_no_second_fact(shop: Shop) -> None:
    order = registration(shop, "Анна Петрова")

    first = register(shop.station, order, shop.clock.now())
    shop.clock.move(hours=1)
    second = register(shop.station, order, shop.clock.now())

    assert first == second
    assert kinds(shop) == ["member.registered"]


def test_the_uid_of_a_registration_with_other_content_is_a_conflict(shop: Shop) -> None:
    order = registration(shop, "Анна Петрова")
    register(shop.station, order, shop.clock.now())

    other = Registration(order.uid, b"other", "Борис", PHONE, "2026-01")
    with pytest.raises(UidReusedError):
        register(shop.station, other, shop.clock.now())


@pytest.mark.parametrize("name", ["", " ", "123", "...", "—"])
def test_a_name_without_a_letter_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(BadNameError):
        registered(shop, name)

    assert facts(shop) == []


@pytest.mark.parametrize("born", [date(1899, 12, 31), date(2026, 5, 21)])
def test_a_birthday_that_cannot_be_is_refused(shop: Shop, born: date) -> None:
    order = replace(registration(shop, "Анна Петрова"), birthday=born)

    with pytest.raises(BadBirthdayError):
        register(shop.station, order, shop.clock.now())

    assert facts(shop) == []


@pytest.mark.parametrize("phone", ["", "12", "+7 916 123-45", "телефон", PAN, "+7916123456789"])
def test_what_is_no_phone_is_refused(shop: Shop, phone: str) -> None:
    with pytest.raises(BadPhoneError):
        registered(shop, "Анна Петрова", phone)

    assert facts(shop) == []


@pytest.mark.parametrize("nobody", ["", "x", PHONE, "2900010000012", "+1 212 555 0100"])
def test_who_is_not_known_is_not_found(shop: Shop, nobody: str) -> None:
    assert find(shop.station, nobody) == []


@pytest.mark.parametrize(
    "track",
    [
        PAN,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        f"%B{PAN}^PETROVA/ANNA^29121010000000000000?",
        f";{PAN}=29121010000000000000?",
        "378282246310005",
    ],
)
def test_the_number_of_a_payment_card_is_recognised_and_never_repeated(
    shop: Shop, track: str
) -> None:
    scan = classify(shop.station, track)

    assert scan.kind is ScanKind.PAYMENT_CARD
    assert "1111" not in repr(scan)
    assert scan.code == ""
    assert find(shop.station, track) == []


@given(body=some.text("0123456789", min_size=12, max_size=12), wrong=some.integers(1, 9))
def test_a_card_number_with_a_wrong_check_digit_is_no_card(body: str, wrong: int) -> None:
    body = "29" + body[2:]
    right = check_digit(int(digit) for digit in body)

    assert is_card_number(f"{body}{right}", "29")
    assert not is_card_number(f"{body}{(right + wrong) % 10}", "29")


def test_a_member_who_was_merged_is_found_as_the_one_who_lives_on(shop: Shop) -> None:
    survivor, merged = Person(PersonLot(10_000), number=1), Person(number=2)
    shop.member(survivor)
    shop.member(merged)
    shop.merge(merged, survivor)

    assert ids_found(shop, merged.card) == [survivor.id]
    assert ids_found(shop, survivor.card) == [survivor.id]


def test_the_consent_and_the_cashier_stand_in_the_fact(shop: Shop) -> None:
    registered(shop, "Анна Петрова")

    body = last_body(shop)
    assert isinstance(body, MemberRegistered)
    assert (body.consent, body.cashier) == ("2026-01", "7")
    with reading(shop.station.journal) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM print_job").scalar_one() == 1
