"""Every anticipated failure has a stable code of its own, and a sentence in two languages."""

import importlib
import pkgutil
import re
from collections import Counter
from string import Formatter
from types import ModuleType

import pytest

import agent
import central
import demo
import hardware
import shared
from shared.errors import Kind, LoyaltyError

PACKAGES: tuple[ModuleType, ...] = (agent, central, demo, hardware, shared)
RUNS_ON_IMPORT = ("central.migrations",)
"""Alembic's scripts do their work when they are imported."""

QUOTED = frozenset({"faults", "last", "reason", "said", "sentence", "tail"})
"""What a sentence may end in instead of a full stop: it quotes another sentence, or a log."""

CYRILLIC = re.compile(r"[А-Яа-яЁё]")
RUSSIAN_WORD = re.compile(r"[А-Яа-яЁё]{3}")
ENGLISH_WORD = re.compile(r"[A-Za-z]{2}")


def every_error() -> list[type[LoyaltyError]]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(RUNS_ON_IMPORT):
                importlib.import_module(found.name)
    ours = [error for error in below(LoyaltyError) if not error.__module__.startswith("tests.")]
    return sorted(ours, key=lambda error: (error.__module__, error.__name__))


def below(error: type[LoyaltyError]) -> list[type[LoyaltyError]]:
    return [found for child in error.__subclasses__() for found in (child, *below(child))]


ERRORS = every_error()
each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)


def words(sentence: str) -> str:
    """Return what the sentence says itself, without what is filled in and what is quoted."""
    said = "".join(literal for literal, *_ in Formatter().parse(sentence))
    return re.sub(r"«[^»]*»|“[^”]*”|`[^`]*`", "", said)


def quotes_only(error: type[LoyaltyError]) -> bool:
    """Tell whether an error has no words of its own: it passes other sentences on."""
    return not words(error.ru).strip(" :.") and last_field(error.ru) in QUOTED


def last_field(sentence: str) -> str:
    """Return the name, without its language, of the field that a sentence ends in."""
    *_, (_, name, _, _) = Formatter().parse(sentence)
    return (name or "").removesuffix("_ru").removesuffix("_en")


def fields(sentence: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(sentence) if name}


def test_there_are_errors_to_look_at() -> None:
    assert len(ERRORS) > 60


@each_error
def test_an_error_has_a_kind_and_a_code_that_programs_can_rely_on(
    error: type[LoyaltyError],
) -> None:
    assert isinstance(error.kind, Kind)
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", error.code)
    assert error.__name__.endswith("Error")


def test_no_two_errors_have_one_code() -> None:
    counted = Counter(error.code for error in ERRORS)

    assert [code for code, count in counted.items() if count > 1] == []


@each_error
def test_an_error_speaks_russian_in_russian_and_english_in_english(
    error: type[LoyaltyError],
) -> None:
    assert not CYRILLIC.search(error.en)
    if quotes_only(error):
        return
    assert RUSSIAN_WORD.search(words(error.ru))
    assert ENGLISH_WORD.search(words(error.en))


@each_error
def test_a_sentence_ends_with_a_full_stop(error: type[LoyaltyError]) -> None:
    for sentence in (error.ru, error.en):
        assert sentence.endswith(".") or last_field(sentence) in QUOTED
        assert not sentence.endswith("..")


def test_both_sentences_are_filled_from_what_the_error_is_given() -> None:
    for error in ERRORS:
        by_language = [
            {name.removesuffix("_ru").removesuffix("_en") for name in fields(sentence)}
            for sentence in (error.ru, error.en)
        ]
        missing = by_language[0] ^ by_language[1]
        assert missing <= ONE_SIDED.get(error.code, set()), error


ONE_SIDED = {
    "invalid_request": {"fields", "faults"},
    "broken_json": {"reason"},
}
"""What only one language tells: the framework explains a fault in English alone."""
