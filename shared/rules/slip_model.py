"""The part of a pack file about slips: what stands on paper, block by block, in two languages."""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from shared.rules.grammar import Document, Title
from shared.rules.scalars import Count, Name

BLOCKS_MAX: Final = 120
EACH_MAX: Final = 16
FEED_MAX: Final = 5
_PROSE: Final = {"type": "string", "minLength": 1, "maxLength": 200}

SlipName = Literal[
    "sale",
    "return",
    "return_by_slip",
    "void",
    "registration",
    "balance",
    "expiring",
    "coupon",
    "shift",
]
Look = Literal["plain", "bold", "large", "large_bold"]


def _in_both(value: object) -> object:
    return {"ru": value, "en": value} if isinstance(value, str) else value


Words = Annotated[
    Title,
    BeforeValidator(_in_both),
    WithJsonSchema(
        {
            "anyOf": [
                _PROSE,
                {
                    "type": "object",
                    "properties": {"ru": _PROSE, "en": _PROSE},
                    "required": ["ru", "en"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""Words with places such as `{balance}`; one text serves both languages."""


class Shown(Document):
    """What all blocks have: the values with which, and without which, they are printed."""

    given: Annotated[Name | None, Field(alias="if")] = None
    """Printed only where this has a value."""
    lacking: Annotated[Name | None, Field(alias="unless")] = None
    """Printed only where this has none."""


class TextBlock(Shown):
    """Words of their own, which wrap."""

    block: Literal["text"]
    words: Words
    align: Literal["left", "center", "right"] = "left"
    look: Look = "plain"


class RowBlock(Shown):
    """A name on the left, which wraps, and at the right edge an amount or a date."""

    block: Literal["row"]
    left: Words
    right: Words | None = None
    look: Literal["plain", "bold"] = "plain"


class RuleBlock(Shown):
    """A line across the roll."""

    block: Literal["rule"]


class SpaceBlock(Shown):
    """Blank lines."""

    block: Literal["space"]
    lines: Annotated[Count, Field(ge=1, le=FEED_MAX)] = 1


class CodeBlock(Shown):
    """A code for scanners: of a receipt, a coupon, or of digits a card."""

    block: Literal["qr", "barcode"]
    of: Name


class EachBlock(Document):
    """Blocks that are printed for each of several: goods, coupons, lots that burn."""

    block: Literal["each"]
    of: Name
    blocks: Annotated[tuple["Inner", ...], Field(min_length=1, max_length=EACH_MAX)]


Inner = Annotated[
    TextBlock | RowBlock | RuleBlock | SpaceBlock | CodeBlock, Field(discriminator="block")
]
Block = Annotated[
    TextBlock | RowBlock | RuleBlock | SpaceBlock | CodeBlock | EachBlock,
    Field(discriminator="block"),
]


class SlipTemplate(Document):
    """What a slip says, top to bottom."""

    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=BLOCKS_MAX)]
