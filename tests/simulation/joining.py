"""People who turn out to be one, or not to be one after all: what an operator does about them."""

from collections.abc import Callable

from central.centre import Centre
from central.conflicts.service import Word
from central.members.merging import Joined
from central.settling.lookup import claimant, living
from central.settling.people import merge_members, unmerge_member

WORD = Word("operator", "seen")
Deed = Callable[[Centre], Joined]


def merging(one: str, other: str) -> Deed:
    """Return the deed that makes the owners of two cards one member."""
    return lambda centre: merge_members(centre, living(centre, one), living(centre, other), WORD)


def parting(card: str) -> Deed:
    """Return the deed that lets who has claimed a card live on his own again."""
    return lambda centre: unmerge_member(centre, claimant(centre, card), WORD)
