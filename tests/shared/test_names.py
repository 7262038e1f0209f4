"""Which names may be one person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.names import compatible

NAMES = st.text("абвгдеёжз АБВЁ.-'", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Анна Петрова", "Анна Петрова"),
        ("Анна Петрова", "петрова  АННА"),
        ("Пётр Семёнов", "Петр Семенов"),
        ("Анна П.", "Анна Петрова"),
        ("Петрова А.С.", "Петрова Анна Сергеевна"),
        ("Анна", "Петрова Анна"),
        ("Алекс", "Александр"),
        ("Анна-Мария Штейн", "Анна Мария Штейн"),
        ("Ａнна", "Aнна"),
        ("И\u0306ван", "Йван"),
    ],
)
def test_one_person_may_be_written_like_this(left: str, right: str) -> None:
    assert compatible(left, right)
    assert compatible(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Анна Петрова", "Иван Петров"),
        ("Александр Петров", "Александра Петрова"),
        ("А. Петров", "Анна Петрова"),
        ("Анна Петрова", "Анна Сидорова"),
        ("Анна", "Мария"),
        ("", "Анна"),
        ("", ""),
        ("...", "Анна"),
        ("Анна Анна", "Анна Петрова"),
    ],
)
def test_these_are_two_people(left: str, right: str) -> None:
    assert not compatible(left, right)
    assert not compatible(right, left)


@given(NAMES, NAMES)
def test_it_does_not_matter_who_is_asked_first(left: str, right: str) -> None:
    assert compatible(left, right) == compatible(right, left)


@given(NAMES)
def test_a_name_with_a_letter_agrees_with_itself_in_any_case_and_order(name: str) -> None:
    turned = " ".join(reversed(name.upper().split()))

    assert compatible(name, turned) == any(letter.isalpha() for letter in name)
