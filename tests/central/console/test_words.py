"""Every string of the console is a pair: Russian in Russian, English in English, none left over."""

import re
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest

from central.conflicts.values import ConflictState, Ending
from central.conflicts.values import Role as Party
from central.console.pages import FOLDER
from central.console.tables import Column
from central.console.ways import WAYS
from central.console.words import WORDS
from central.corrections.store import CorrectionState
from central.members.deed_store import Deed as MemberDeed
from central.members.store import IdentifierState, MemberState
from central.packs.drafting import DraftAct, DraftState
from central.packs.publishing import Act
from central.people.roles import Role
from central.rollout.board import Readiness
from central.settling.timeline import Happened
from shared.crypto.blind import IdentifierKind
from shared.ledger.entries import EntryKind
from shared.member import ProfileField
from shared.packs.table_kinds import TableKind
from shared.wire.facts import FactKind
from shared.wire.push import OutcomeKind

CYRILLIC = re.compile(r"[А-Яа-яЁё]")
OTHER_WAY_ROUND = {"other_language", "other_language_code"}
USED = re.compile(r"""\bt\(\s*"([a-z_0-9]+)"(\s*~)?""")
BEGUN = re.compile(r"""(?:\bt|\)\()\(?\s*f"([a-z_]+)\{""")
BY_PREFIX = ("col_", "done_", "nav_", "kept_", "value_", "device_", "purpose_", "wallet_", "fact_")
"""Said of a column, of what was done, of a section, of a code: by a key that is put together."""
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
SAME = {"csv"}
UNKEPT = {
    *("day", "form_token", "next", "note", "on", "once", "password", "q", "receipt", "receipts"),
    *("sort", "store", "viewport", "who"),
}
"""Fields of searches and of the door, and what the trail has a place of its own for."""


@pytest.mark.parametrize("key", sorted(set(WORDS) - OTHER_WAY_ROUND))
def test_a_pair_is_translated(key: str) -> None:
    words = WORDS[key]

    assert CYRILLIC.search(words.ru) or not re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", words.ru))
    assert not CYRILLIC.search(words.en)
    assert words.en.strip()
    assert _fields(words.ru) == _fields(words.en)


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda page: page.stem)
def test_a_page_has_no_words_of_its_own(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text("utf-8"), flags=re.DOTALL)
    shown = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", text, flags=re.DOTALL)

    assert not CYRILLIC.search(text)
    assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"Kopilka|&nbsp;", "", shown))


def test_what_pages_say_is_in_the_catalogue_and_nothing_else_is() -> None:
    texts = [page.read_text("utf-8") for page in TEMPLATES]
    sources = [path.read_text("utf-8") for path in FOLDER.glob("*.py") if "words" not in path.stem]
    asked = [match for text in (*texts, *sources) for match in USED.findall(text)]
    whole = {key for key, joined in asked if not joined}
    begun = {key for key, joined in asked if joined}
    begun |= {prefix for text in sources for prefix in BEGUN.findall(text)}
    spoken = {key for key in WORDS if any(f'"{key}"' in text for text in sources)}

    assert whole <= set(WORDS)
    prefixes = (*begun, *BY_PREFIX)
    assert {
        key for key in WORDS if key not in whole | spoken and not key.startswith(prefixes)
    } == set()


def test_every_role_and_deed_has_a_word() -> None:
    assert {f"role_{role}" for role in Role} <= set(WORDS)
    assert {f"deed_{way.deed}" for way in WAYS if way.deed} <= set(WORDS)


def test_whatever_the_trail_keeps_of_a_form_has_a_word() -> None:
    asked = re.compile(r"""(?:\bfield\(|\bchoice\(|name=)"([a-z_]+)\"""")
    typed = {name for page in TEMPLATES for name in asked.findall(page.read_text("utf-8"))}
    kept = {name for way in WAYS for name in way.kept}

    assert {f"kept_{name}" for name in kept | (typed - UNKEPT)} <= set(WORDS)
    assert {f"value_{role}" for role in Role} <= set(WORDS)


NAMED: dict[str, type[StrEnum]] = {
    "member_": MemberState,
    "member_deed_": MemberDeed,
    "claim_": IdentifierState,
    "way_": IdentifierKind,
    "entry_": EntryKind,
    "outcome_": OutcomeKind,
    "field_": ProfileField,
    "party_": Party,
    "conflict_": ConflictState,
    "ending_": Ending,
    "act_": Act,
    "draft_": DraftState,
    "act_ ": DraftAct,
    "correction_": CorrectionState,
    "ready_": Readiness,
    "table_": TableKind,
    "life_": Happened,
    "fact_": FactKind,
}
"""What pages name by a code that is put together."""


@pytest.mark.parametrize("prefix", sorted(NAMED))
def test_whatever_a_page_may_have_to_name_has_a_word(prefix: str) -> None:
    assert {f"{prefix.strip()}{one.value.replace('.', '_')}" for one in NAMED[prefix]} <= set(WORDS)


def test_every_column_has_a_title() -> None:
    asked = re.compile(r"""Column\(\s*"([a-z_0-9]+)\"""")
    keys = {
        key
        for path in FOLDER.glob("*.py")
        if path.stem != Column.__module__.rpartition(".")[2]
        for key in asked.findall(path.read_text("utf-8"))
    }

    assert len(keys) > 5
    assert {f"col_{key}" for key in keys} <= set(WORDS)
    titles = {key.removeprefix("col_") for key in WORDS if key.startswith("col_")}
    said = {key for page in TEMPLATES for key in re.findall(r"t\(\"col_(\w+)\"", page.read_text())}
    named = {
        key
        for path in FOLDER.glob("*.py")
        if "words" not in path.stem
        for key in re.findall(r'"([a-z_]+)"', path.read_text("utf-8"))
    }
    assert titles <= keys | said | named


def _fields(text: str) -> set[str | None]:
    return {name for _, name, *_ in Formatter().parse(text) if name}
