"""What is always in sight: the step of the degradation ladder, the devices, who is signed in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from agent.devices import Condition
from agent.printing.papers import doubtful
from agent.quote.service import NoSettingsError, store_settings
from agent.screen.desk import Desk
from agent.screen.words import WORDS
from agent.station import Station
from shared.rules.wording import Wording

PRINTER, SCANNER = "printer", "scanner"
MARK_BYTES = 8
GOOD, MIND, BAD = "good", "mind", "bad"
_LEVELS = {
    Condition.OK: GOOD,
    Condition.WARN: MIND,
    Condition.UNKNOWN: MIND,
    Condition.BLOCKED: BAD,
    Condition.UNREACHABLE: BAD,
}


@dataclass(frozen=True, slots=True)
class Lamp:
    """A state with its level: good, to be minded, bad."""

    level: str
    words: Wording


@dataclass(frozen=True, slots=True)
class Header:
    """What the top of every page says."""

    store: str
    till: str
    ladder: Lamp
    works: Wording
    devices: tuple[Lamp, ...]
    doubtful: int
    """Slips of which somebody has to say whether they are there."""
    warnings: tuple[Wording, ...]


def header(station: Station, desk: Desk) -> Header:
    """Gather what is always in sight; never waits for the network or a device."""
    up = station.link.state().up
    scarce = station.disk.warning
    told = [] if scarce is None else [Wording(scarce.sentence("ru"), scarce.sentence("en"))]
    if station.barred:
        told.append(WORDS["store_barred"])
    return Header(
        store=station.identity.store,
        till=desk.till,
        ladder=_ladder(station),
        works=WORDS["works_online" if up else "works_store"],
        devices=_devices(station),
        doubtful=doubtful(station),
        warnings=tuple(told),
    )


def mark(station: Station, desk: Desk, now_s: float) -> str:
    """Return what tells a page that it is old: how often the till was acted upon, and what of the
    store the page shows."""
    locked = desk.is_locked(now_s, station.settings.screen_lock_s)
    shown = repr((locked, header(station, desk))).encode()
    return f"{desk.edition}-{blake2b(shown, digest_size=MARK_BYTES).hexdigest()}"


def local(station: Station, instant: datetime) -> datetime:
    """Return an instant by the store's clock; UTC while its zone is not known."""
    try:
        zone = ZoneInfo(store_settings(station).zone)
    except (NoSettingsError, KeyError, ValueError, OSError):
        return instant.astimezone(UTC)
    return instant.astimezone(zone)


def _ladder(station: Station) -> Lamp:
    line = station.link.state()
    if line.up:
        return Lamp(GOOD, WORDS["online"])
    if line.last_contact_at is None:
        return Lamp(MIND, WORDS["store_alone"])
    time, words = f"{local(station, line.last_contact_at):%H:%M}", WORDS["store_only"]
    return Lamp(MIND, Wording(words.ru.format(time=time), words.en.format(time=time)))


def _devices(station: Station) -> tuple[Lamp, ...]:
    """Return the lamps of the devices; what nobody has looked at yet is unknown, never good."""
    settings, seen = station.settings, station.devices.snapshot()
    wanted = ((PRINTER, settings.printer), (SCANNER, settings.scanner))
    lamps = []
    for name, url in wanted:
        health = seen.get(name)
        if health is not None:
            lamps.append(Lamp(_LEVELS[health.condition], Wording(health.ru, health.en)))
        elif url:
            words = WORDS[name]
            lamps.append(Lamp(MIND, Wording(f"{words.ru}: ?", f"{words.en}: ?")))
    return tuple(lamps) or (Lamp(MIND, WORDS["no_devices"]),)
