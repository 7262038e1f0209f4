"""Phones of files are those of tills: the library of phones and the tills' own rule agree."""

from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.centre import Centre
from central.imports.reasons import Note, Reason, RefusedError
from central.imports.values import phone
from central.members.imports import identifier_of
from central.members.search import search
from central.settling.lookup import living
from shared.crypto.blind import IdentifierKind
from shared.phone import normalise_phone
from tests.central.imports.kit import csv_file, take

FORMS = (
    "8{0}{1}{2}{3}",
    "8 ({0}) {1}-{2}-{3}",
    "+7 {0} {1}-{2}-{3}",
    "7{0}{1}{2}{3}",
    "+7({0}){1}{2}{3}",
    "{0}{1}{2}{3}",
    "8-{0}-{1}-{2}-{3}",
    "8.{0}.{1}.{2}.{3}",
    "+7\u00a0{0}\u00a0{1}\u00a0{2}\u00a0{3}",
)
CODES = (
    "900",
    "903",
    "916",
    "926",
    "951",
    "977",
    "985",
    "999",
    "495",
    "499",
    "812",
    "843",
    "383",
    "800",
)


@given(st.sampled_from(CODES), st.integers(1_000_000, 9_999_999), st.sampled_from(FORMS))
def test_both_rules_agree_on_every_russian_form(code: str, rest: int, form: str) -> None:
    digits = str(rest)
    text = form.format(code, digits[:3], digits[3:5], digits[5:])
    number = phonenumbers.parse(text, "RU")

    told = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    assert normalise_phone(text) == told == f"+7{code}{digits}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("8 (916) 123-45-67 доб. 12", "+79161234567"),
        ("+7 916 123 45 67 ext 5", "+79161234567"),
        ("tel:+7-916-123-45-67", "+79161234567"),
        ("810 375 29 123-45-67", "+375291234567"),
        ("+375 (29) 123-45-67", "+375291234567"),
        ("79161234567.0", "+79161234567"),
        ("+7 701 123-45-67", "+77011234567"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_forms_that_tills_do_not_take_become_those_that_they_do(text: str, told: str) -> None:
    assert phone(text, [], "phone") == told == normalise_phone(told)


@pytest.mark.parametrize(
    "text", ["", "12", "нет", "8 916", "+7 000 000 00 00", "8916123456789012", "+1 555 000 00 00"]
)
def test_what_is_no_phone_is_refused(text: str) -> None:
    notes: list[Note] = []

    with pytest.raises(RefusedError) as caught:
        phone(text, notes, "phone")

    assert (caught.value.note, notes) == (Note(Reason.BAD_PHONE, "phone"), [])


@pytest.mark.parametrize(
    "text", ["8 (916) 123-45-67 доб. 12", "810 375 29 123-45-67", "+7 701 123-45-67"]
)
def test_who_was_imported_by_a_phone_is_found_by_it_as_it_is_written(
    centre: Centre, tmp_path: Path, text: str
) -> None:
    take(centre, csv_file(tmp_path, f";{text};Анна;"))

    assert living(centre, text) == living(centre, phone(text, [], "phone"))
    assert [one.name for one in search(centre, text).found] == ["Анна"]


def test_letters_on_a_card_are_no_phone(centre: Centre, tmp_path: Path) -> None:
    take(centre, csv_file(tmp_path, "9161ADG567;;Анна;", "VIP9161234;;Борис;"))

    for number in ("9161ADG567", "VIP9161234"):
        assert identifier_of(centre, number) == (IdentifierKind.CARD, number)
