"""A slip template, compiled once and filled with values: blocks for paper."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from shared.rules.sentences import Lang, spoken
from shared.rules.slip_checks import PLACE
from shared.rules.slip_defaults import default_templates
from shared.rules.slip_model import (
    Block,
    CodeBlock,
    EachBlock,
    RowBlock,
    RuleBlock,
    Shown,
    SlipName,
    SlipTemplate,
    SpaceBlock,
    TextBlock,
    Words,
)
from shared.slip import Align, Barcode, Divider, Feed, Qr, Row, Size, Text, Weight
from shared.slip import Block as Printed

Values = Mapping[str, str]
LANGS: Final[tuple[Lang, ...]] = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Told:
    """What a slip tells: values by name, written as people read them, and lists of such.

    An empty value is none.
    """

    values: Values
    lists: Mapping[str, Sequence[Values]] = field(default_factory=dict)


Fill = Callable[[Told], Iterator[Printed]]
_Part = Callable[[Values], Printed]
_Writer = Callable[[Values], str]


@dataclass(frozen=True, slots=True)
class Papers:
    """The slips of a pack: its own templates, and the built-in ones for the rest."""

    fills: Mapping[tuple[SlipName, Lang], tuple[Fill, ...]]

    def blocks(self, name: SlipName, told: Told, lang: Lang) -> tuple[Printed, ...]:
        """Return the blocks of a slip in a language; the same values give the same blocks."""
        return tuple(block for fill in self.fills[name, lang] for block in fill(told))


def compile_papers(slips: Mapping[SlipName, SlipTemplate]) -> Papers:
    """Compile the templates of a pack over the built-in ones."""
    usual = usual_papers()
    return usual if not slips else Papers({**usual.fills, **_compiled(slips)})


@cache
def usual_papers() -> Papers:
    """Return the slips of a pack that says nothing of them."""
    return Papers(_compiled(default_templates()))


def _compiled(
    slips: Mapping[SlipName, SlipTemplate],
) -> dict[tuple[SlipName, Lang], tuple[Fill, ...]]:
    return {
        (name, lang): fills_of(template, lang) for name, template in slips.items() for lang in LANGS
    }


def fills_of(template: SlipTemplate, lang: Lang) -> tuple[Fill, ...]:
    """Compile a template in a language."""
    return tuple(_fill(block, lang) for block in template.blocks)


def _fill(block: Block, lang: Lang) -> Fill:
    if isinstance(block, EachBlock):
        inner, name = [_shown(one, lang) for one in block.blocks], block.of
        return lambda told: (
            printed
            for values in told.lists.get(name, ())
            for fill in inner
            for printed in fill(values)
        )
    fill = _shown(block, lang)
    return lambda told: iter(fill(told.values))


def _shown(block: Shown, lang: Lang) -> Callable[[Values], Sequence[Printed]]:
    part = _part(block, lang)
    code = block.of if isinstance(block, CodeBlock) else None
    given = [name for name in (block.given, code) if name is not None]
    lacking = block.lacking

    def fill(values: Values) -> Sequence[Printed]:
        if given and not all(values.get(name) for name in given):
            return ()
        if lacking is not None and values.get(lacking):
            return ()
        return (part(values),)

    return fill


def _part(block: Shown, lang: Lang) -> _Part:
    if isinstance(block, TextBlock):
        return _text(block, lang)
    if isinstance(block, RowBlock):
        left = _writer(block.left, lang)
        right = _writer(block.right, lang) if block.right is not None else _nothing
        weight = Weight.BOLD if block.look == "bold" else Weight.NORMAL
        return lambda values: Row(left(values), right(values), weight)
    if isinstance(block, SpaceBlock):
        feed = Feed(block.lines)
        return lambda _values: feed
    if isinstance(block, RuleBlock):
        divider = Divider()
        return lambda _values: divider
    assert isinstance(block, CodeBlock)
    made, of = (Qr if block.block == "qr" else Barcode), block.of
    return lambda values: made(values[of])


def _text(block: TextBlock, lang: Lang) -> _Part:
    words, align = _writer(block.words, lang), Align(block.align)
    weight = Weight.BOLD if "bold" in block.look else Weight.NORMAL
    size = Size.DOUBLE if "large" in block.look else Size.NORMAL
    return lambda values: Text(words(values), align, weight, size)


def _writer(words: Words, lang: Lang) -> _Writer:
    """Return what fills the places of words; blanks at the end go, a value that is not there too.

    Values are never looked at for places: a name with braces stays as it is.
    """
    parts = PLACE.split(spoken(words, lang))
    if len(parts) == 1:
        return lambda _values: parts[0]
    if parts[::2] == ["", ""]:
        name = parts[1]
        return lambda values: values.get(name, "")

    def write(values: Values) -> str:
        return "".join(
            values.get(part, "") if number % 2 else part for number, part in enumerate(parts)
        ).rstrip(" ")

    return write


def _nothing(_values: Values) -> str:
    return ""
