"""Members are found by part of a name, offline too; nothing is kept to find them by."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from agent.members import search
from agent.members.edit import ProfileEdit, edit
from agent.members.search import NameTooShortError, find_by_name
from agent.members.service import Registration, register
from shared.names import longest_plain_parts, may_be
from shared.wire.feed import GLOBAL
from tests.agent.till.kit import Till, refusal
from tests.builders import Person, Shop, cashier_row, member_row


def known(shop: Shop, number: int, name: str, receipts: int = 0, store: str = "101") -> Person:
    """Let the rows know somebody of a store."""
    who = Person(number=number)
    row = structs.replace(member_row(who), display_name=name, receipts=receipts, home_store=store)
    shop.feed(GLOBAL, row)
    return who


def names(shop: Shop, typed: str) -> list[str]:
    return [one.standing.display_name for one in find_by_name(shop.station, typed, "7").found]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("анна", "Анна П."),
        ("нна", "Анна П."),
        ("Петрова Анна", "Анна П."),
        ("анна п", "Анна П."),
        ("Анна Петрова Сергеевна", "Анна П."),
        ("алена", "Алёна К."),
        ("АННА", "анна п."),
        ("петрова", "Петрова А."),
        ("Анна-Мария", "Анна М."),
    ],
)
def test_what_is_typed_may_be_this_name(typed: str, shown: str) -> None:
    assert may_be(typed, shown)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("анна к", "Анна П."), ("петрова", "Анна П."), ("анна", "А. П."), ("анна", ""), ("", "Анна")],
)
def test_what_is_typed_cannot_be_this_name(typed: str, shown: str) -> None:
    assert not may_be(typed, shown)


LETTERS = some.text(some.sampled_from("абвеёжийклмнопрст"), min_size=3, max_size=8)


@given(LETTERS, LETTERS, some.sampled_from([str.lower, str.upper, str.title]))
def test_whoever_may_be_meant_holds_the_part_that_rows_are_looked_through_for(
    first: str, second: str, written: object
) -> None:
    assert callable(written)
    shown = written(f"{first} {second[0]}.")

    parts = longest_plain_parts(f"{second} {first}")

    assert may_be(f"{second} {first}", shown)
    assert any(text in shown for part in parts for text in (part, part.upper()))


def test_members_are_found_offline_by_part_of_a_name_those_of_the_store_first(shop: Shop) -> None:
    shop.link.up = False
    known(shop, 1, "Анна П.", receipts=1)
    known(shop, 2, "Анна К.", receipts=9, store="102")
    known(shop, 3, "АННА С.", receipts=5)
    known(shop, 4, "Иван П.")

    assert names(shop, "анн") == ["АННА С.", "Анна П.", "Анна К."]
    assert names(shop, "Петрова Анна") == ["Анна П."]
    assert names(shop, "мария") == []


def test_who_was_registered_here_is_found_before_the_centre_knows_him(shop: Shop) -> None:
    shop.link.up = False
    order = Registration(shop.uid(), b"c", "Зинаида Котова", "+7 916 123-45-67", "1")
    done = register(shop.station, order, shop.clock.now())

    (found,) = find_by_name(shop.station, "зинаида", "7").found

    assert found.standing.member == done.member
    assert found.account is None


def test_a_name_edited_here_is_found_at_once_and_the_former_one_is_not(shop: Shop) -> None:
    anna = known(shop, 1, "Анна П.")
    shop.link.up = False
    order = ProfileEdit(shop.uid(), b"c", anna.id, None, name="Мария Петрова", cashier="7")
    edit(shop.station, order, shop.clock.now())

    assert names(shop, "мария") == ["Мария П."]
    assert names(shop, "анна") == []


def test_who_was_merged_is_found_as_the_one_who_lives_on(shop: Shop) -> None:
    known(shop, 1, "Анна П.")
    gone = member_row(Person(number=2))
    shop.feed(GLOBAL, structs.replace(gone, display_name="Анна П.", merged_into=Person().id))

    (found,) = find_by_name(shop.station, "анна", "7").found

    assert found.standing.member == Person().id


def test_those_who_were_merged_keep_nobody_out(shop: Shop) -> None:
    known(shop, 100, "Мария П.")
    for number in range(1, search.FOUND_MAX + 2):
        row = structs.replace(member_row(Person(number=number)), receipts=9)
        shop.feed(GLOBAL, structs.replace(row, merged_into=Person(number=100).id))
    known(shop, 50, "Анна П.")

    assert names(shop, "анна") == ["Анна П."]


def test_a_common_name_shows_twenty_and_says_that_there_are_more(shop: Shop) -> None:
    for number in range(1, search.FOUND_MAX + 2):
        known(shop, number, "Анна П.")

    named = find_by_name(shop.station, "анна", "7")

    assert (len(named.found), named.more) == (search.FOUND_MAX, True)


def test_a_chain_too_large_to_be_looked_through_is_told_apart(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_MAX", 2)  # else it takes 200,000 members
    for number, name in enumerate(("Анна П.", "Иван П.", "Анна К."), 1):
        known(shop, number, name)

    named = find_by_name(shop.station, "анна", "7")

    assert [one.standing.display_name for one in named.found] == ["Анна П."]
    assert named.more


@pytest.mark.parametrize("typed", ["ан", "", "А. П.", "12"])
def test_too_few_letters_find_nobody(shop: Shop, typed: str) -> None:
    with pytest.raises(NameTooShortError):
        find_by_name(shop.station, typed, "7")


def test_only_a_signed_in_cashier_searches_by_name(shop: Shop) -> None:
    known(shop, 1, "Анна П.")
    shop.feed("store:101", cashier_row("7", "Мария"))

    assert refusal(Till(shop).post("/v1/members/search", {"name": "анна"}), 401) == (
        "no_cashier_session"
    )
