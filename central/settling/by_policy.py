"""What was used twice, settled as the programme has chosen: no person is asked then.

The records and the way to settle them are those of `settling.service`; the pack by which the
receipt was priced decides.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import SettledBeforeError, Word
from central.conflicts.store import Wanted
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Role
from central.ingest.loading import kept
from central.packs.library import Library
from central.settling.service import CannotUndoError, resolve, undo
from central.settling.used_twice import NoPointsBroughtError
from shared.rules.model import Policies
from shared.runtime.sqlite import reading
from shared.wire.facts import ReceiptCommitted

LOOKED_AT_MAX: Final = 500
"""Open records of a kind, the latest: what the programme leaves to people stays open."""
CHOSEN: Final[Mapping[ConflictKind, tuple[str, str]]] = {
    ConflictKind.USED_TWICE: ("certificate_used_twice", "forgive"),
    ConflictKind.CODE_USED_TWICE: ("code_used_twice", "take_points"),
}
"""By kind the policy, and the value by which the record is undone."""

log = structlog.get_logger()


def run(centre: Centre, _at: datetime) -> int:
    """Settle what programmes have chosen to; return how many records. A job; repeating is safe."""
    due = [(one, policy) for kind, policy in CHOSEN.items() for one in _due(centre, kind, *policy)]
    return sum(_settle(centre, conflict, policy) for conflict, policy in due)


def _due(centre: Centre, kind: ConflictKind, name: str, value: str) -> list[UUID]:
    library = Library()
    wanted = Wanted(kind, ConflictState.OPEN)
    with reading(centre.engine) as connection:
        found = conflicts.latest(connection, wanted, LOOKED_AT_MAX)
        facts = [fact for one in found for fact in one.ids(Role.FACT)]
        sales = {
            one.fact.id: one.body.evaluation.pack_hash
            for one in kept(connection, facts)
            if isinstance(one.body, ReceiptCommitted)
        }
        packs = {name: library.pack(connection, name) for name in set(sales.values())}
    policies = {name: pack.source.policies for name, pack in packs.items() if pack}
    return [one.id for one in found if _chosen(one, sales, policies, name) == value]


def _chosen(
    conflict: Conflict, sales: Mapping[UUID, str], policies: Mapping[str, Policies], name: str
) -> str:
    """Return what the pack of a record's sale has chosen; empty while it is not known here."""
    packs = [sales[fact] for fact in conflict.ids(Role.FACT) if fact in sales]
    return next((str(getattr(policies[one], name)) for one in packs if one in policies), "")


def _settle(centre: Centre, conflict: UUID, policy: tuple[str, str]) -> int:
    name, value = policy
    word = Word(conflicts.CENTRE, f"Политика программы / the programme's policy: {name}: {value}")
    try:
        undo(centre, conflict, word)
    except (CannotUndoError, NoPointsBroughtError) as nothing:
        why = f"{nothing.sentence('ru')} / {nothing.sentence('en')}"
        return _close(centre, conflict, Word(word.by, f"{word.note}. {why}"))
    except SettledBeforeError:
        return 0
    log.info("conflict.by_policy", conflict=str(conflict), policy=name)
    return 1


def _close(centre: Centre, conflict: UUID, word: Word) -> int:
    """Close a record of which nothing is left to be done."""
    try:
        resolve(centre, conflict, word)
    except SettledBeforeError:
        return 0
    return 1
