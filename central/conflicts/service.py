"""Conflicts: recorded once, found by whom they concern, settled by a person or a later fact."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.conflicts import store
from central.conflicts.store import Wanted
from central.conflicts.values import (
    ALERTS,
    Conflict,
    ConflictKind,
    ConflictState,
    Finding,
    Party,
)
from central.conflicts.words import say
from shared.errors import Kind, LoyaltyError
from shared.ids import derived

PAGE_MAX = 200
NOTE_MAX = 500
CENTRE = "centre"
"""Who settles what a later fact has mended."""

log = structlog.get_logger()


class UnknownConflictError(LoyaltyError):
    """No conflict has this id."""

    kind = Kind.NOT_FOUND
    code = "unknown_conflict"
    ru = "Конфликта {conflict} нет."
    en = "There is no conflict {conflict}."


class SettledBeforeError(LoyaltyError):
    """A conflict that somebody has settled already."""

    kind = Kind.CONFLICT
    code = "settled_before"
    ru = "Этот конфликт уже закрыт: {by}, {at:%d.%m.%Y %H:%M} UTC, «{note}»."
    en = "This conflict is closed already: {by}, {at:%Y-%m-%d %H:%M} UTC, '{note}'."


class NoNoteError(LoyaltyError):
    """Whatever is done by hand is done by somebody, with words."""

    kind = Kind.INVALID
    code = "no_note"
    ru = "Укажите, кто это решает и почему (до {most} знаков)."
    en = "Say who decides this and why (up to {most} characters)."


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, the latest first, of `total`; pages count from 1."""

    conflicts: tuple[Conflict, ...]
    page: int
    size: int
    total: int


@dataclass(frozen=True, slots=True)
class Word:
    """Who settles a conflict, and why."""

    by: str
    note: str


def conflict_of(finding: Finding, key: UUID, about: Iterable[Party], at: datetime) -> Conflict:
    """Return the record of a finding, which follows from its kind and key alone."""
    key = finding.key or key
    return Conflict(
        id=conflict_id(finding.kind, key),
        kind=finding.kind,
        at=at,
        subject=finding.subject or key,
        sentence=say(finding.kind, **finding.details),
        parties=(*about, *finding.parties),
        points=finding.points,
        amount_minor=finding.amount_minor,
    )


def conflict_id(kind: ConflictKind, key: UUID) -> UUID:
    """Return the id of the one record that a finding leaves."""
    return derived("conflict", kind.value, key)


def record(connection: Connection, conflicts: Collection[Conflict]) -> None:
    """Write records; the same again changes nothing, so that a batch may be sent again."""
    if not conflicts:
        return
    store.insert_conflicts(connection, conflicts)
    for one in conflicts:
        if one.kind in ALERTS:
            log.error("conflict.found", kind=one.kind.value, conflict=str(one.id))


def look(connection: Connection, wanted: Wanted, page: int = 1, size: int = PAGE_MAX) -> Page:
    """Return a page of records, the latest first."""
    size = min(size, PAGE_MAX)
    found = store.search(connection, wanted, size, (page - 1) * size)
    return Page(tuple(found), page, size, store.count(connection, wanted))


def latest(connection: Connection, wanted: Wanted, most: int) -> list[Conflict]:
    """Return records, the latest first, so many at most."""
    return store.search(connection, wanted, most, 0)


def find(connection: Connection, conflict: UUID) -> Conflict:
    """Return a record; raises UnknownConflictError."""
    found = store.find(connection, conflict)
    if found is None:
        raise UnknownConflictError(conflict=conflict)
    return found


def settle(
    connection: Connection, conflict: UUID, state: ConflictState, word: Word, at: datetime
) -> Conflict:
    """Write who settles an open conflict, when and with which words; return it as it was.

    Raises NoNoteError, UnknownConflictError, SettledBeforeError.
    """
    by, note = word.by.strip(), word.note.strip()
    if not by or not note or max(len(by), len(note)) > NOTE_MAX:
        raise NoNoteError(most=NOTE_MAX)
    found = find(connection, conflict)
    if not store.settle(connection, [conflict], state, by=by, at=at, note=note):
        now = find(connection, conflict)
        raise SettledBeforeError(
            conflict=conflict, by=now.resolved_by, at=now.resolved_at, note=now.note
        )
    return found


POSTED = "Факт проведён. / The fact is posted."


def mended(
    connection: Connection, conflicts: Iterable[UUID], at: datetime, note: str = POSTED
) -> int:
    """Close those of the conflicts that are open, because what was missing is there."""
    state = ConflictState.RESOLVED
    return store.settle(connection, conflicts, state, by=CENTRE, at=at, note=note)


def counts(connection: Connection) -> dict[tuple[str, ...], int]:
    """Count records by kind and state."""
    return store.by_state(connection)


def open_by_store(connection: Connection) -> dict[str, dict[ConflictKind, int]]:
    """Count open records by the stores that they name, and by kind."""
    return store.open_by_store(connection)
