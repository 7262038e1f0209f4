"""`GET /metrics`: what Prometheus reads of this store's agent; no names, phones or card numbers."""

from datetime import datetime
from importlib.metadata import version

from fastapi import APIRouter, Response

from agent import counted, roots
from agent.devices import Condition
from agent.journal import store as facts
from agent.packs import NoPackError
from agent.printing import store as spool
from agent.quote.service import NoSettingsError, effective_pack
from agent.replica import service as replica
from agent.reporting import offline_today
from agent.reserve import store as claims
from agent.station import Station
from agent.till.here import Here
from shared.rules.moment import Trust
from shared.runtime.metrics import CONTENT_TYPE, Labels, page
from shared.runtime.sqlite import reading

MINUTE_S = 60

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def get_metrics(here: Here) -> Response:
    """Write the agent's metrics."""
    levels = gather(here, here.time.now())
    return Response(page(counted.METRICS, levels, here.counts), media_type=CONTENT_TYPE)


def gather(station: Station, at: datetime) -> dict[str, dict[Labels, float]]:
    """Return every level by metric and labels; never waits for the network or a device."""
    who = station.identity
    info = (version("kopilka"), who.store, str(who.agent), str(who.epoch))
    return {
        counted.INFO: {info: 1},
        **_journal(station, at),
        **_line(station, at),
        **_rules(station, at),
        counted.CURSOR: {(name,): number for name, number in replica.cursors(station).items()},
        counted.BARRED: {(station.barred,): 1} if station.barred else {("",): 0},
        counted.DEVICE: {
            (name, health.condition.value): float(health.condition is Condition.OK)
            for name, health in station.devices.snapshot().items()
        },
    }


def _journal(station: Station, at: datetime) -> dict[str, dict[Labels, float]]:
    with reading(station.journal) as connection:
        queue = facts.queue(connection, station.identity.lines)
        reserves = claims.open_count(connection)
        jobs = spool.counts(connection)
    oldest_s = (at - queue.oldest_at).total_seconds() if queue.oldest_at is not None else 0
    return {
        counted.QUEUE: {(): queue.depth},
        counted.OLDEST_UNSENT: {(): max(0, oldest_s)},
        counted.FACTS: {(outcome,): count for outcome, count in queue.outcomes.items()},
        counted.RESERVES: {(): reserves},
        counted.SPOOL: {(state,): count for state, count in jobs.items()},
    }


def _line(station: Station, at: datetime) -> dict[str, dict[Labels, float]]:
    line = station.link.state()
    station.downtime.note(at, up=line.up)
    offline = offline_today(station, at)
    heard, time = line.last_contact_at, station.time.seen()
    levels: dict[str, dict[Labels, float]] = {
        counted.ONLINE: {(): float(line.up)},
        counted.TIME_TRUSTED: {(time.source.value,): float(time.trust is Trust.TRUSTED)},
        counted.OFFLINE_MINUTES: {(): offline.total_seconds() / MINUTE_S},
    }
    if heard is not None:
        levels[counted.CONTACT_AGE] = {(): (at - heard).total_seconds()}
    return levels


def _rules(station: Station, at: datetime) -> dict[str, dict[Labels, float]]:
    levels: dict[str, dict[Labels, float]] = {
        counted.REFUSED_PACKS: {(): len(station.packs.refused())},
        counted.ROOT_UNKNOWN: {(): float(roots.unknown(station) is not None)},
    }
    try:
        _, pack = effective_pack(station, at)
    except (NoSettingsError, NoPackError):
        return levels
    labels = (pack.source.name, str(pack.source.version), pack.pack_hash)
    return {**levels, counted.PACK: {labels: 1}}
