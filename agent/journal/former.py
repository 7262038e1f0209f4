"""Facts of ended epochs that this disk has lost, as the centre tells them: history, never sent.

What goes on from the chain that the disk has takes its place there. What stands beside a branch of
its own stands apart, under the negative number of its epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.journal import leaving, store
from agent.journal.store import Change
from agent.schema import JournalTable, table_of
from shared.clock import instant_of
from shared.wire.facts import Fact
from shared.wire.push import Outcome


class FetchState(StrEnum):
    """How far an ended epoch is compared with the centre."""

    SEARCHING = "searching"
    """Backwards for a fact that both have."""
    FETCHING = "fetching"


class FetchRecord(JournalTable, table=True):
    """An ended epoch, and behind which place the centre is asked next."""

    __tablename__ = "fetch"

    epoch: int = Field(primary_key=True)
    after: int
    state: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Behind which place of an ended epoch the centre is asked next."""

    epoch: int
    after: int
    state: FetchState = FetchState.SEARCHING


_FETCHES = table_of(FetchRecord)


def progress(connection: Connection, epoch: int) -> Fetch:
    """Return how far an epoch is fetched; it begins at the last fact with the centre's word, or
    behind those that have left."""
    query = select(_FETCHES.c.after, _FETCHES.c.state).where(_FETCHES.c.epoch == epoch)
    row = connection.execute(query).first()
    if row is None:
        told = store.next_to_send(connection, epoch) - 1
        return Fetch(epoch, max(told, leaving.departed(connection, epoch)))
    return Fetch(epoch, row[0], FetchState(row[1]))


def note(connection: Connection, fetch: Fetch) -> None:
    """Write how far an epoch is fetched."""
    values = {"epoch": fetch.epoch, "after": fetch.after, "state": fetch.state.value}
    statement = upsert(_FETCHES).on_conflict_do_update(
        index_elements=[_FETCHES.c.epoch], set_=values
    )
    connection.execute(statement, values)


def enter(
    connection: Connection, fact: Fact, word: Outcome, cover: int | None, changes: Sequence[Change]
) -> None:
    """Enter a lost fact with the centre's word on it; what it changed is shown until rows do."""
    tip = store.tip(connection, fact.epoch)
    goes_on = (tip.seq + 1, tip.hash) == (fact.seq, fact.prev_hash)
    line = fact.epoch if goes_on else -fact.epoch
    unsent = store.next_unsent(connection, [line])
    store.add_fact(connection, fact, instant_of(fact.hlc), line=line)
    store.add_changes(connection, fact.id, changes)
    store.acknowledge(connection, line, word, cover)
    if unsent is not None:  # the centre was restored meanwhile: this is sent with what is before it
        store.send_again(connection, line, fact.seq)
