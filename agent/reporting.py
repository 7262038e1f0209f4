"""How this agent is, told to the centre: each minute, and soon after something has changed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Final

from msgspec.structs import replace

from agent import roots
from agent.journal import erased, outages
from agent.journal import store as facts
from agent.packs import NoPackError
from agent.quote.service import NoSettingsError, effective_pack, store_settings
from agent.replica import service as replica
from agent.station import Station
from shared.rules.moment import Trust
from shared.runtime.sqlite import reading
from shared.wire.agents import StreamHead
from shared.wire.reports import (
    DEVICES_MAX,
    PACKS_MAX,
    SENTENCE_CHARS_MAX,
    STREAMS_MAX,
    AgentReport,
    DeviceReport,
    RefusedPack,
)

EVERY_S: Final = 60.0
SECONDS: Final = 60


@dataclass(slots=True)
class Reporter:
    """Tells the centre how this agent is; what it told last is not told again for a minute."""

    station: Station
    told: AgentReport | None = None
    told_s: float = 0.0

    def turn(self) -> bool:
        """Tell how the agent is, if it is time to; return whether it was told.

        Raises what the link raises: the next turn tells it then.
        """
        now = compose(self.station)
        now_s = self.station.clock.monotonic()
        is_known = self.told is not None and _lasting(now) == _lasting(self.told)
        if is_known and now_s - self.told_s < EVERY_S:
            return False
        self.station.link.tell(now)
        self.told, self.told_s = now, now_s
        return True


def compose(station: Station) -> AgentReport:
    """Gather how the agent is; never waits for the network or a device."""
    at = station.time.now()
    with reading(station.journal) as connection:
        queue = facts.queue(connection, station.identity.lines)
        erased_upto = erased.upto(connection)
    refused = station.packs.refused()[:PACKS_MAX]
    keys = replica.premises(station).keys
    devices = sorted(station.devices.snapshot().items())[:DEVICES_MAX]
    cursors = sorted(replica.cursors(station).items())[:STREAMS_MAX]
    return AgentReport(
        at=station.clock.now(),
        version=version("kopilka"),
        queue=queue.depth,
        oldest_unsent_at=queue.oldest_at,
        cursors=tuple(StreamHead(name, number) for name, number in cursors),
        pack=_pack(station),
        packs=tuple(station.packs.ready()[:PACKS_MAX]),
        refused=tuple(
            RefusedPack(one.hash, one.reason.code, _cut(one.reason.ru), _cut(one.reason.en))
            for one in refused
        ),
        devices=tuple(
            DeviceReport(name, one.condition.value, one.since, _cut(one.ru), _cut(one.en))
            for name, one in devices
        ),
        offline_minutes=int(offline_today(station, at).total_seconds()) // SECONDS,
        room=station.disk.room.value,
        time_trusted=station.time.trust(at) is not Trust.UNTRUSTED,
        barred=station.barred,
        erased_upto=erased_upto,
        keys_version=keys.version if keys else 0,
        root_unknown=roots.unknown(station) is not None,
    )


def offline_today(station: Station, at: datetime) -> timedelta:
    """Return for how long the line was down on the store's day, through restarts."""
    midnight = _midnight(station, at)
    with reading(station.journal) as connection:
        return outages.offline(connection, station, midnight, at)


def _midnight(station: Station, at: datetime) -> datetime:
    """Return when the day began in the store, by UTC while its zone is not known."""
    try:
        moment = station.time.moment(at, store_settings(station).zone)
    except NoSettingsError:
        moment = station.time.moment(at, "UTC")
    return moment.start_of(moment.day)


def _pack(station: Station) -> str:
    try:
        _, pack = effective_pack(station, station.time.now())
    except (NoPackError, NoSettingsError):
        return ""
    return pack.pack_hash


def _lasting(report: AgentReport) -> AgentReport:
    """Return a report without what changes with every sale and every minute."""
    return replace(
        report,
        at=datetime.min.replace(tzinfo=UTC),
        queue=0,
        oldest_unsent_at=None,
        cursors=(),
        offline_minutes=0,
    )


def _cut(sentence: str) -> str:
    return sentence[:SENTENCE_CHARS_MAX]
