"""An agent's epochs: when one may spend no leases any more, and how the next one begins.

A disk that was restored or copied has lost, or shares, what its journal says of the leases. Its
epoch is barred: sales go on, points of leases do not. The next epoch begins at the centre under a
new key, without leases; facts of the old one are still sent, signed by its own key.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent import identity as identities
from agent.journal import store as facts
from agent.leases import store as holds
from agent.link import RefusedByCentreError
from agent.schema import JournalTable, instant_field, table_of
from agent.station import FENCED, Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import EpochRequest

BEHIND = "behind"
"""The centre or a till has heard more of this journal than it holds."""
RESTORED = "restored"
"""A person has put the data folder back from a backup."""
UNKNOWN = "agent_unknown"

log = structlog.get_logger()


class BarRecord(JournalTable, table=True):
    """An epoch that spends no leases any more, and why."""

    __tablename__ = "bar"

    epoch: int = Field(primary_key=True)
    reason: str
    at: datetime = instant_field()


_BARS = table_of(BarRecord)


def recall(station: Station) -> None:
    """Take up, at the start of a process, whether the epoch was barred."""
    station.barred = _written(station)


def bar(station: Station, reason: str, at: datetime) -> None:
    """Spend no lease of this epoch from now on; the first reason stays, but for being fenced.

    What the disk has failed to take counts in this process, and is written when it is told again.
    """
    if station.is_fenced:
        reason = FENCED
    written = _written(station)
    if written and (reason != FENCED or written == FENCED):
        return
    with transaction(station.journal) as connection:
        station.barred = reason  # whoever writes next sees it; holds of those before are waited for
        epoch = station.identity.epoch
        values = {"epoch": epoch, "reason": reason, "at": at}
        statement = upsert(_BARS).on_conflict_do_update(index_elements=[_BARS.c.epoch], set_=values)
        connection.execute(statement, values)
    log.error("epoch.barred", epoch=epoch, reason=reason)
    station.events.publish("epoch.barred", reason=reason)


def _written(station: Station) -> str:
    with reading(station.journal) as connection:
        query = select(_BARS.c.reason).where(_BARS.c.epoch == station.identity.epoch)
        return connection.execute(query).scalar() or ""


def heed(station: Station, epoch: int, expects: int, barred: str) -> None:
    """Obey what the centre says of the present epoch: barred, or longer than this journal.

    A stale answer names too small a number, never too large a one.
    """
    if epoch != station.identity.epoch:
        return
    if barred:
        bar(station, barred, station.time.now())
        return
    with reading(station.journal) as connection:
        last = facts.tip(connection, epoch).seq
    if expects > last + 1:
        bar(station, BEHIND, station.time.now())


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a journal ends."""

    agent: UUID
    epoch: int
    seq: int


def place(station: Station) -> Place:
    """Return where this agent's journal ends."""
    with reading(station.journal) as connection:
        who = station.identity
        return Place(who.agent, who.epoch, facts.tip(connection, who.epoch).seq)


def heed_place(station: Station, heard: Place) -> None:
    """Bar the epoch if a till has heard of a later place of this agent than its journal has."""
    if heard.agent == station.identity.agent and heard > place(station):
        bar(station, BEHIND, station.time.now())


def renew(station: Station) -> bool:
    """Begin the next epoch if this one is barred; False while it is not, or must wait.

    It waits for open receipts that hold points: only this epoch's journal can draw them. Raises
    what the link raises; when another copy of this disk was faster the centre refuses for good, and
    a person enrols the machine anew.
    """
    if not station.barred or station.is_fenced:
        return False
    with reading(station.journal) as connection:
        if holds.holds_any(connection):
            return False
    ended = station.identity
    keys = identities.next_keys(station.data_dir, ended, station.chance)
    request = EpochRequest(ended.agent, ended.epoch, keys.public, station.barred)
    try:
        begun = station.link.begin_epoch(request, ended.keys)
    except RefusedByCentreError as refused:
        if refused.details["refusal"] == FENCED:
            bar(station, FENCED, station.time.now())
        raise
    successor = replace(
        ended,
        epoch=begun.epoch,
        card_block=begun.card_block,
        keys=keys,
        former={**ended.former, ended.epoch: ended.keys},
    )
    identities.save(station.data_dir, successor)
    with transaction(station.journal):  # nobody appends a fact meanwhile
        station.identity, station.barred = successor, ""
    station.link.become(successor.epoch, keys)
    log.warning("epoch.begun", epoch=successor.epoch)
    station.events.publish("epoch.begun", epoch=successor.epoch)
    return True


def send_last_again(station: Station) -> None:
    """Send the last fact of each epoch again: its answer tells what a restored centre lacks.

    A fenced agent gets no session, by which it would hear of that.
    """
    with transaction(station.journal) as connection:
        for epoch in station.identity.epochs:
            facts.send_again(connection, epoch, facts.tip(connection, epoch).seq)


def rejoin(station: Station) -> None:
    """Ask again for this epoch, by the key of the one before: a restored centre forgot it.

    When another copy of this disk was faster this one is fenced, and from then on speaks by the key
    of the epoch before: no centre knows its own. Raises what the link raises.
    """
    who = station.identity
    before = who.former.get(who.epoch - 1)
    if before is None:
        return
    request = EpochRequest(who.agent, who.epoch - 1, who.keys.public, UNKNOWN)
    try:
        station.link.begin_epoch(request, before)
    except RefusedByCentreError as refused:
        if refused.details["refusal"] == FENCED:
            bar(station, FENCED, station.time.now())
            send_last_again(station)
            station.identity = replace(who, keys=before)
            station.link.become(who.epoch, before)
        raise
