"""Every string of the screen is a pair: Russian in Russian, English in English, none left over."""

import re
from pathlib import Path
from string import Formatter

import pytest

from agent.screen.pages import FOLDER
from agent.screen.words import WORDS

CYRILLIC = re.compile(r"[А-Яа-яЁё]")
OTHER_WAY_ROUND = {"other_language"}
"""Names the other language in that language."""
SAME = {"pin"}
USED = re.compile(r"""\bt\(\s*"([a-z_]+)"(\s*~)?""")
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))


@pytest.mark.parametrize("key", sorted(set(WORDS) - OTHER_WAY_ROUND))
def test_a_pair_is_translated(key: str) -> None:
    words = WORDS[key]

    assert CYRILLIC.search(words.ru) or key in SAME
    assert not CYRILLIC.search(words.en)
    assert words.en.strip()
    assert _fields(words.ru) == _fields(words.en)


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda page: page.stem)
def test_a_page_has_no_words_of_its_own(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"\{% block kind %\}.*?\{% endblock %\}", "", text)
    shown = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", text, flags=re.DOTALL)

    assert not CYRILLIC.search(text)
    assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"Kopilka|&nbsp;|\bF\d+", "", shown))


def test_what_pages_say_is_in_the_catalogue_and_nothing_else_is() -> None:
    asked = [match for page in TEMPLATES for match in USED.findall(page.read_text("utf-8"))]
    whole = {key for key, joined in asked if not joined}
    begun = tuple(key for key, joined in asked if joined)
    source = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    spoken = {key for key in WORDS if f'"{key}"' in source.replace(f'    ("{key}",', "", 1)}

    assert whole <= set(WORDS)
    unused = {key for key in WORDS if key not in whole | spoken and not key.startswith(begun)}
    assert unused == set()


def _fields(text: str) -> set[str | None]:
    return {name for _, name, *_ in Formatter().parse(text) if name}
