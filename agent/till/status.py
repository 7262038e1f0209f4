"""How this store's agent is: the line, the queue, the replica, the pack, the devices."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

from agent import roots
from agent.devices import Health
from agent.disk import MEGABYTE
from agent.journal import store as facts
from agent.printing import store as spool
from agent.replica import service as replica
from agent.replica import sums
from agent.reserve import store as claims
from agent.station import Station
from agent.till import answers as view
from agent.till import render
from shared.runtime.sqlite import reading

BEFORE_MAX = 10


def status(station: Station, at: datetime) -> view.StatusAnswer:
    """Gather the agent's status; never waits for the network or a device."""
    line = station.link.state()
    with reading(station.journal) as connection:
        queue = facts.queue(connection, station.identity.lines)
        reserves = claims.open_count(connection)
        jobs = spool.counts(connection)
    heard, foreign = line.last_contact_at, roots.unknown(station)
    return view.StatusAnswer(
        **render.frame(station, at),
        version=version("kopilka"),
        agent=station.identity.agent,
        store=station.identity.store,
        epoch=station.identity.epoch,
        online=line.up,
        offline_reason=line.reason,
        queue_depth=queue.depth,
        oldest_unsent_at=queue.oldest_at,
        outcomes=queue.outcomes,
        replica_age_s=(at - heard).total_seconds() if heard else None,
        streams=replica.cursors(station),
        rows=_rows(station),
        free_disk_mb=station.disk.free_bytes // MEGABYTE,
        room=station.disk.room.value,
        open_reserves=reserves,
        spool=jobs,
        devices=_devices(station),
        refused_packs={
            refused.hash: render.sentence(refused.reason) for refused in station.packs.refused()
        },
        refused_keys=render.said(foreign) if foreign else None,
        time=view.TimeAnswer(**asdict(station.time.seen())),
    )


def _rows(station: Station) -> dict[str, view.RowsAnswer]:
    with reading(station.replica) as connection:
        return {
            one.stream: view.RowsAnswer(
                same_at_number=one.number,
                same_at=one.at,
                repaired_parts=one.repaired_parts,
                scrubbed_at=one.scrubbed_at,
            )
            for one in sums.checks(connection)
        }


def _devices(station: Station) -> dict[str, Any]:
    found = {name: station.devices.history(name) for name in station.devices.snapshot()}
    return {name: _device(history) for name, history in found.items()}


def _device(history: Sequence[Health]) -> view.DeviceAnswer:
    now, *before = reversed(history)
    earlier = [view.ConditionAnswer(**_condition(health)) for health in before[:BEFORE_MAX]]
    return view.DeviceAnswer(**_condition(now), before=earlier)


def _condition(health: Health) -> dict[str, Any]:
    sentence = view.SentenceView(code=health.condition, ru=health.ru, en=health.en)
    return {"condition": health.condition, "since": health.since, "sentence": sentence}
