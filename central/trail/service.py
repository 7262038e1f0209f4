"""The trail: what people did at the console and by the commands for people, each step once.

A step is written in the transaction of what it tells, as its last statement. Each one's hash covers
the one before, so that whoever changes, takes out or slips in a row is found by `verify`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from central.centre import Centre
from central.schema import Turn, take_turn
from central.trail import store
from central.trail.store import Deed, Step
from shared.clock import milliseconds
from shared.crypto.chain import GENESIS, digest, link
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.runtime.retries import retried
from shared.runtime.sqlite import ending_with, reading, transaction

NOTE_MAX = 500
_HEAD = b"kopilka/trail/1"


class BrokenTrailError(LoyaltyError):
    """A trail that somebody has changed behind the centre's back."""

    kind = Kind.CONFLICT
    code = "broken_trail"
    ru = "Журнал действий изменён в обход центра: запись {no} не продолжает предыдущую."
    en = "The trail was changed behind the centre's back: step {no} does not continue the last."


@contextmanager
def on_trail(centre: Centre, deed: Deed) -> Iterator[UUID]:
    """Write a deed in the first transaction that commits inside; none commits without it.

    A transaction that is run again, or a second one, finds it written. What commits nothing leaves
    no step.
    """
    at = centre.clock.now()
    uid = uuid7(at, centre.chance)
    with ending_with(lambda connection: append(connection, centre, deed, uid)):
        yield uid


@retried
def note(centre: Centre, deed: Deed) -> None:
    """Write a deed that changes nothing else, such as a copy that somebody takes away."""
    with transaction(centre.engine) as connection:
        append(connection, centre, deed)


def append(connection: Connection, centre: Centre, deed: Deed, uid: UUID | None = None) -> None:
    """Write a deed at the end of the trail; the same uid again changes nothing.

    Every trail takes its turn last, after whatever else the transaction locks.
    """
    at = centre.clock.now()
    uid = uid or uuid7(at, centre.chance)
    take_turn(connection, Turn.TRAIL)
    if store.knows(connection, uid):
        return
    no, prev = store.last(connection) or (0, GENESIS)
    step = Step(
        no=no + 1,
        id=uid,
        at=at,
        who=deed.who,
        role=deed.role,
        deed=deed.deed,
        subject=deed.subject,
        note=deed.note[:NOTE_MAX],
        details=json.dumps(dict(deed.details or {}), ensure_ascii=False, sort_keys=True),
        prev=prev,
        hash=b"",
    )
    store.add(connection, replace(step, hash=_hash(step)))


def verify(centre: Centre, noted: tuple[int, bytes] | None = None) -> tuple[int, bytes]:
    """Check every step against the one before; return the last one's number and hash.

    Who has noted an earlier end also finds steps that were cut off behind it and written anew.
    Raises BrokenTrailError.
    """
    no, prev = 0, GENESIS
    with reading(centre.engine) as connection:
        for step in store.after(connection, 0):
            if (step.no, step.prev) != (no + 1, prev) or step.hash != _hash(step):
                raise BrokenTrailError(no=no + 1)
            no, prev = step.no, step.hash
            if noted is not None and noted[0] == no and noted[1] != prev:
                raise BrokenTrailError(no=no)
    if noted is not None and noted[0] > no:
        raise BrokenTrailError(no=no + 1)
    return no, prev


def _hash(step: Step) -> bytes:
    told = (
        step.no,
        step.id.bytes,
        milliseconds(step.at),
        step.who,
        step.role,
        step.deed,
        step.subject,
        step.note,
        step.details,
    )
    return link(step.prev, _HEAD + digest(msgspec.msgpack.encode(told)))
