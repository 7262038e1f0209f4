"""What types cannot say of slip templates: known places, codes, and what no template may leave out.

«КОПИЯ n» over further papers is printed by the layout itself: no template says anything of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Final

from shared.rules.faults import PackError, with_known
from shared.rules.slip_model import (
    CodeBlock,
    EachBlock,
    RowBlock,
    Shown,
    SlipName,
    SlipTemplate,
    TextBlock,
    Words,
)
from shared.rules.slip_words import VOCABULARY, Listed, Vocabulary

PLACE: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_ALWAYS_MEMBER: Final = frozenset({"member", "balance"})
"""Values that are there for every known member: what stands under them alone is never hidden."""


def check_slips(slips: Mapping[SlipName, SlipTemplate]) -> None:
    """Raise PackError at the first unknown place, code that cannot be scanned, or omission."""
    for name, template in slips.items():
        _check_slip(f"slips.{name}.blocks", template, VOCABULARY[name])


def places(words: Words) -> Set[str]:
    """Return the names of the places that are in both languages."""
    return set(PLACE.findall(words.ru)) & set(PLACE.findall(words.en))


def words_of(block: Shown | EachBlock) -> Iterator[tuple[str, Words]]:
    """Yield the words of a block by their keys."""
    if isinstance(block, TextBlock):
        yield "words", block.words
    elif isinstance(block, RowBlock):
        yield "left", block.left
        if block.right is not None:
            yield "right", block.right


def _check_slip(path: str, template: SlipTemplate, known: Vocabulary) -> None:
    shown: set[str] = set()
    for number, block in enumerate(template.blocks):
        here = f"{path}.{number}"
        if isinstance(block, EachBlock):
            if block.of not in known.lists:
                raise _unknown(f"{here}.of", known.lists)
            _check_each(here, block, known.lists[block.of])
            shown.add(block.of)
        else:
            _check_block(here, block, known.fields, known.codes)
            shown |= _always_shown(block)
    shown |= _either_way(block for block in template.blocks if isinstance(block, Shown))
    missing = [name for name in known.needed if name not in shown]
    if missing:
        raise _omitted(path, missing)


def _check_each(path: str, each: EachBlock, listed: Listed) -> None:
    shown: set[str] = set()
    for number, block in enumerate(each.blocks):
        _check_block(f"{path}.blocks.{number}", block, listed.fields, listed.codes)
        shown |= _always_shown(block)
    shown |= _either_way(each.blocks)
    missing = [name for name in listed.needed if name not in shown]
    if missing:
        raise _omitted(f"{path}.blocks", missing)


def _either_way(blocks: Iterable[Shown]) -> set[str]:
    """Return what two blocks show together, one with a value and one without it."""
    given: dict[str, set[str]] = {}
    lacking: dict[str, set[str]] = {}
    for block in blocks:
        names = {name for _, words in words_of(block) for name in places(words)}
        if block.given is not None and block.lacking is None:
            given.setdefault(block.given, set()).update(names)
        elif block.lacking is not None and block.given is None:
            lacking.setdefault(block.lacking, set()).update(names)
    return {name for key in given.keys() & lacking for name in given[key] & lacking[key]}


def _always_shown(block: Shown) -> set[str]:
    """Return the values that a block shows whenever they are there."""
    names: set[str] = {name for _, words in words_of(block) for name in places(words)}
    if isinstance(block, CodeBlock):
        names.add(block.of)
    if block.lacking is not None:
        return set()
    if block.given is None or block.given in _ALWAYS_MEMBER:
        return names
    return names & {block.given}


def _check_block(path: str, block: Shown, fields: Mapping[str, object], codes: Set[str]) -> None:
    for key, name in (("if", block.given), ("unless", block.lacking)):
        if name is not None and name not in fields:
            raise _unknown(f"{path}.{key}", fields)
    if isinstance(block, CodeBlock) and block.of not in codes:
        raise _unknown(f"{path}.of", codes)
    for key, words in words_of(block):
        for lang, text in (("ru", words.ru), ("en", words.en)):
            _check_words(f"{path}.{key}.{lang}", text, fields)


def _check_words(path: str, text: str, fields: Mapping[str, object]) -> None:
    for name in PLACE.findall(text):
        if name not in fields:
            raise _unknown(path, fields)
    if "{" in (rest := PLACE.sub("", text)) or "}" in rest:
        raise PackError(
            path,
            "brace",
            ru="фигурные скобки бывают только вокруг имени значения, как {balance}",
            en="braces stand only around the name of a value, as in {balance}",
        )


def _unknown(path: str, known: Mapping[str, object] | Set[str]) -> PackError:
    ru, en = with_known(
        "такого значения на этом слипе нет", "this slip has no such value", sorted(known)
    )
    return PackError(path, "unknown_place", ru=ru, en=en)


def _omitted(path: str, missing: list[str]) -> PackError:
    names = ", ".join(missing)
    return PackError(
        path,
        "indispensable",
        ru=f"на слипе должно быть всегда, когда есть: {names}",
        en=f"the slip must always show, where there is one: {names}",
    )
