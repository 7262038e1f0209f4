"""A slip template, compiled once and filled with values: blocks for paper."""

from collections.abc import Callable, Mapping, Sequence
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


Fill = Callable[[Told], Sequence[Printed]]
_Part = Callable[[Values], Printed]
_When = tuple[str | None, str | None, str | None, _Part]
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
        inner, name = tuple(_when(one, lang) for one in block.blocks), block.of
        return lambda told: _filled(inner, told.lists.get(name, ()))
    own = (_when(block, lang),)
    return lambda told: _filled(own, (told.values,))


def _filled(inner: Sequence[_When], several: Sequence[Values]) -> list[Printed]:
    """Fill blocks once for each of several, in order."""
    found: list[Printed] = []
    for values in several:
        get = values.get
        for given, code, lacking, part in inner:
            is_given = (given is None or get(given)) and (code is None or get(code))
            if is_given and (lacking is None or not get(lacking)):
                found.append(part(values))
    return found


def _when(block: Shown, lang: Lang) -> _When:
    """Return the values with which, and that without which, a block is printed, and the block."""
    code = block.of if isinstance(block, CodeBlock) else None
    return block.given, code, block.lacking, _part(block, lang)


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

    pieces = [(bool(number % 2), part) for number, part in enumerate(parts)]

    def write(values: Values) -> str:
        get = values.get
        return "".join([get(one, "") if place else one for place, one in pieces]).rstrip(" ")

    return write


def _nothing(_values: Values) -> str:
    return ""
