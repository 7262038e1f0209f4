"""Codes that people read aloud and type."""

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.tokens import (
    ALPHABET,
    CERTIFICATE_CHARS,
    CODE_CHARS,
    LENGTHS,
    SECRET_BYTES,
    grouped,
    is_token,
    plain_token,
    token,
)

SECRETS = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)
TOKENS = st.builds(token, SECRETS, st.sampled_from(sorted(LENGTHS)))


@given(TOKENS)
def test_a_code_is_one_however_it_is_written(code: str) -> None:
    assert is_token(code)
    assert plain_token(grouped(code)) == code
    assert plain_token(f"  {grouped(code).lower()} ") == code
    assert plain_token(code.translate(str.maketrans("ACEHKMPTX", "АСЕНКМРТХ"))) == code
    assert plain_token(code.translate(str.maketrans("8526", "BSZG"))) == code


@given(TOKENS, st.data())
def test_every_single_wrong_character_is_found(code: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from(ALPHABET.replace(code[place], "")))

    assert not is_token(code[:place] + other + code[place + 1 :])


@given(TOKENS, st.data())
def test_every_swap_of_two_characters_is_found(code: str, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, len(code) - 2))
    right = data.draw(st.integers(left + 1, len(code) - 1))
    assume(code[left] != code[right])
    letters = list(code)
    letters[left], letters[right] = letters[right], letters[left]

    assert not is_token("".join(letters))


@given(st.text(max_size=20))
def test_any_text_may_be_asked(text: str) -> None:
    assert is_token(plain_token(text)) in (True, False)


@pytest.mark.parametrize("chars", [CODE_CHARS, CERTIFICATE_CHARS])
def test_codes_of_other_secrets_are_other_codes(chars: int) -> None:
    chance = random.Random(1)

    codes = {token(chance.randbytes(SECRET_BYTES), chars) for _ in range(20_000)}

    assert len(codes) == 20_000
    assert {len(code) for code in codes} == {chars}


def test_no_character_looks_like_another() -> None:
    assert not set(ALPHABET) & set("01BDGILOQSUYZ")
    assert len(set(ALPHABET)) == len(ALPHABET) == 23
