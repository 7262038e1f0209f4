"""The blocks of a slip in words: what stands on it, how, and when."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from shared.rules.plain.clause import Clause, Facet, Form, Telling
from shared.rules.plain.voice import Voice
from shared.rules.sentences import Lang, spoken
from shared.rules.slip_checks import PLACE, words_of
from shared.rules.slip_model import (
    Block,
    CodeBlock,
    EachBlock,
    RowBlock,
    RuleBlock,
    Shown,
    SlipName,
    SpaceBlock,
    TextBlock,
    Words,
)
from shared.rules.slip_words import VOCABULARY
from shared.rules.wording import Wording

Names = Mapping[str, Wording]
_STANDS: Final = Wording("на нём: {}", "it says: {}")
_OTHER: Final = Wording("на нём по-английски: {}", "it says in Russian: {}")
_RULE: Final = Wording("черта", "a line across")
_SPACE: Final = Wording("пустых строк {lines}", "{lines} blank lines")
_CODES: Final = {
    "qr": Wording("квадратный код {of}", "square code {of}"),
    "barcode": Wording("штрихкод {of}", "barcode {of}"),
}
_EACH: Final = Wording("для каждого из {of} — {inner}", "for each of {of} — {inner}")
_HOW: Final = {
    "left": Wording("", ""),
    "center": Wording("по центру", "centred"),
    "right": Wording("справа", "at the right"),
    "plain": Wording("", ""),
    "bold": Wording("жирно", "bold"),
    "large": Wording("крупно", "large"),
    "large_bold": Wording("крупно и жирно", "large and bold"),
}
_GIVEN: Final = Wording("если есть {name}", "where there is {name}")
_LACKING: Final = Wording("если нет {name}", "where there is no {name}")
_ANYWHERE: Final = {
    name: words
    for known in VOCABULARY.values()
    for fields in (
        *(listed.fields for listed in known.lists.values()),
        {name: listed.title for name, listed in known.lists.items()},
        known.fields,
    )
    for name, words in fields.items()
}
"""For a value that is not of this slip: a pack may be compared before it is checked."""


def blocks(voice: Voice, part: Any, owner: str) -> Iterator[Facet]:
    """Tell the blocks of a slip, and the words of the other language where they change."""
    known = VOCABULARY[cast("SlipName", owner)]
    lists = {name: listed.title for name, listed in known.lists.items()}
    inner = {name: listed.fields for name, listed in known.lists.items()}
    told = []
    for block in part.blocks:
        if isinstance(block, EachBlock):
            names = inner.get(block.of, {})
            each = "; ".join(_block(voice, one, names) for one in block.blocks)
            told.append(voice.say(_EACH, of=_place(block.of, lists, voice.lang), inner=each))
        else:
            told.append(_block(voice, block, known.fields))
    yield "blocks", Clause(spoken(_STANDS, voice.lang), tuple(told), Form.SET)
    other = tuple(_other_words(voice, part.blocks, known.fields, inner))
    yield (
        "blocks.other",
        Clause(spoken(_OTHER, voice.lang), other, Form.SET, Telling.IF_CHANGED),
    )


def _other_words(
    voice: Voice, found: tuple[Block, ...], fields: Names, inner: Mapping[str, Names]
) -> Iterator[str]:
    for block in found:
        if isinstance(block, EachBlock):
            yield from _other_words(voice, block.blocks, inner.get(block.of, {}), {})
        else:
            for _, words in words_of(block):
                yield f"«{_filled(words, fields, voice.other_lang, voice.lang)}»"


def _block(voice: Voice, block: Shown, names: Names) -> str:
    said, how = _what(voice, block, names), list(_how(voice, block, names))
    return f"{said} ({', '.join(how)})" if how else said


def _what(voice: Voice, block: Shown, names: Names) -> str:
    if isinstance(block, RuleBlock):
        return voice.say(_RULE)
    if isinstance(block, SpaceBlock):
        return voice.say(_SPACE, lines=str(block.lines))
    if isinstance(block, CodeBlock):
        return voice.say(_CODES[block.block], of=_place(block.of, names, voice.lang))
    texts = [_filled(words, names, voice.lang, voice.lang) for _, words in words_of(block)]
    return f"«{' … '.join(texts)}»"


def _how(voice: Voice, block: Shown, names: Names) -> Iterator[str]:
    if isinstance(block, TextBlock):
        yield from filter(None, (voice.say(_HOW[block.align]), voice.say(_HOW[block.look])))
    if isinstance(block, RowBlock):
        yield from filter(None, (voice.say(_HOW[block.look]),))
    for form, name in ((_GIVEN, block.given), (_LACKING, block.lacking)):
        if name is not None:
            yield voice.say(form, name=_place(name, names, voice.lang))


def _filled(words: Words, names: Names, lang: Lang, voice: Lang) -> str:
    """Write words of a language, their places in the language of the voice."""
    return PLACE.sub(lambda match: _place(match[1], names, voice), spoken(words, lang))


def _place(name: str, names: Names, lang: Lang) -> str:
    words = names.get(name) or _ANYWHERE.get(name)
    return f"‹{name if words is None else spoken(words, lang)}›"
