"""Which value of a member's profile counts, of all to which it was edited in several places.

Pure, and a function of the set of edits alone: in whatever order they arrive, the same is in force.
What is verified beats what is only claimed, then the later stamp; but an edit is later than the one
it names as replaced, whatever the clocks say.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.clock import milliseconds
from shared.ids import derived
from shared.member import ProfileField


@dataclass(frozen=True, slots=True)
class Edit:
    """A value of one field of a member's profile; `value` is personal, None once it is erased.

    Its version is the fact or the deed that brought it. `at` is its own stamp, no later than when
    the centre received it. A phone has its blind index.
    """

    member: UUID
    field: ProfileField
    version: UUID
    replaces: UUID | None
    value: str | None
    phone_index: bytes
    at: datetime
    verified: bool
    store: str
    actor: str

    @property
    def id(self) -> UUID:
        """The id of this value: one fact may bring several fields."""
        return edit_id(self.field, self.version)

    @property
    def where(self) -> str:
        """Who has entered it, as people read it: the store and its cashier, or the actor."""
        return "/".join(part for part in (self.store, self.actor) if part)


@dataclass(frozen=True, slots=True)
class Contest:
    """Two values of a field, of which one counts though its author did not know the other, or
    because it is verified."""

    winner: Edit
    loser: Edit


def edit_id(field: ProfileField, version: UUID) -> UUID:
    """Return the id of the value that an edit has brought to a field."""
    return derived("edit", field.value, version)


def in_force(edits: Collection[Edit]) -> Edit | None:
    """Return the edit of one field whose value counts; None if there is none."""
    stamps = _stamps(edits)
    return max(
        (one for one in edits if one.value is not None),
        key=lambda one: (one.verified, stamps[one.version], one.version),
        default=None,
    )


def profile(edits: Iterable[Edit]) -> dict[ProfileField, Edit]:
    """Return by field the edit whose value counts."""
    by_field: dict[ProfileField, list[Edit]] = {}
    for one in edits:
        by_field.setdefault(one.field, []).append(one)
    found = {field: in_force(several) for field, several in sorted(by_field.items())}
    return {field: one for field, one in found.items() if one is not None}


def contested(before: Collection[Edit], new: Edit) -> Contest | None:
    """Return who lost to whom when an edit of a field has come; None if that is as both knew.

    An edit that knew the other one and replaced it has nothing against it; but a claimed one that
    replaced a verified one is not in force all the same.
    """
    was, everything = in_force(before), [*before, new]
    now = in_force(everything)
    if was is None or now is None:
        return None
    loser = was if now is new else new
    if loser.value in (now.value, None) or _knew(everything, now, loser):
        return None
    return Contest(now, loser)


def _knew(edits: Iterable[Edit], later: Edit, earlier: Edit) -> bool:
    """Tell whether an edit has replaced another one, at once or through others."""
    known = {one.version: one for one in edits}
    seen: set[UUID] = set()
    at: Edit | None = later
    while at is not None and at.version not in seen:
        seen.add(at.version)
        if at.replaces == earlier.version:
            return True
        at = known.get(at.replaces) if at.replaces else None
    return False


def _stamps(edits: Iterable[Edit]) -> dict[UUID, int]:
    """Return each edit's effective stamp by version: its own, but after what it replaces.

    Edits that replace each other in a circle were made up: each keeps its own stamp.
    """
    known = {one.version: one for one in edits}
    stamps: dict[UUID, int] = {}
    for one in known.values():
        path: dict[UUID, Edit] = {}
        at: Edit | None = one
        while at is not None and at.version not in stamps and at.version not in path:
            path[at.version] = at
            at = known.get(at.replaces) if at.replaces else None
        walked = [*path.values()]
        if at is not None and at.version in path:
            start = walked.index(at)
            stamps.update((circle.version, milliseconds(circle.at)) for circle in walked[start:])
            del walked[start:]
        for behind in reversed(walked):
            before = stamps.get(behind.replaces, -1) if behind.replaces else -1
            stamps[behind.version] = max(milliseconds(behind.at), before + 1)
    return stamps
