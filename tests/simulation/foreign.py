"""Lists of keys that somebody sends to stores, and that must not count there."""

from msgspec.structs import replace

from shared.crypto.keys import KeyPair
from shared.wire.keylist import Trusted, signed_list
from shared.wire.roots import hand_over
from shared.wire.rows import KeysRow
from tests.simulation.centre import CentreMachine

INTRUDER = KeyPair.from_seed(b"x" * 32)
LATE_VERSION = 2**40
"""Of a list: higher than any that the centre sends."""


def first_list(central: CentreMachine) -> KeysRow:
    """The list with which the chain began, once more."""
    told = Trusted((central.centre.keys.pack.public,))
    return signed_list(1, told, central.first_root)


def _forged_list(central: CentreMachine) -> KeysRow:
    """A list of somebody to whom the root has never given its place."""
    keys = central.centre.keys
    forged = hand_over(len(keys.roots.handed_over) + 1, INTRUDER, INTRUDER)
    handed_over = (*keys.roots.listed, replace(forged, former=keys.root_key))
    return signed_list(LATE_VERSION, Trusted((INTRUDER.public,)), INTRUDER, handed_over)


def _list_of_a_former_root(central: CentreMachine) -> KeysRow:
    """A list of whoever has stolen the first root, after it gave its place to another."""
    if not central.centre.keys.roots.handed_over:
        return first_list(central)
    return signed_list(LATE_VERSION, Trusted((INTRUDER.public,)), central.first_root)


FOREIGN_LISTS = (
    ("the first", first_list),
    ("forged", _forged_list),
    ("of a former root", _list_of_a_former_root),
)
