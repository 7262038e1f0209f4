"""The acts of the story in their order; the first one opens the chain that the others play on."""

from collections.abc import Callable

from demo.story.crash import crash
from demo.story.cut import cut
from demo.story.healing import heal
from demo.story.opening import bring_member, open_chain
from demo.story.play import Play
from demo.story.trade import trade

__all__ = ["ACTS", "open_chain"]

ACTS: tuple[Callable[[Play], None], ...] = (bring_member, trade, cut, crash, heal)
