"""The slips of a programme that says nothing of them, as templates like any other: `slips.yaml`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import TypeAdapter

from shared.rules.document import read_yaml
from shared.rules.slip_checks import places
from shared.rules.slip_model import EachBlock, RowBlock, SlipName, SlipTemplate

_TEMPLATES: Final = TypeAdapter(dict[SlipName, SlipTemplate])


@cache
def default_templates() -> Mapping[SlipName, SlipTemplate]:
    """Return the built-in template of every slip."""
    text = files(__package__).joinpath("slips.yaml").read_text(encoding="utf-8")
    return _TEMPLATES.validate_python(read_yaml(text))


@cache
def priced_template() -> SlipTemplate:
    """Return the lines of a sale and the sums below them alone."""
    blocks = default_templates()["sale"].blocks
    first = next(
        no for no, one in enumerate(blocks) if isinstance(one, EachBlock) and one.of == "lines"
    )
    last = next(
        no
        for no, one in enumerate(blocks)
        if isinstance(one, RowBlock) and one.right is not None and "total" in places(one.right)
    )
    return SlipTemplate(blocks=blocks[first : last + 1])
