"""The board of stores, and a page of each: what is known of it, and who works for it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from central.alerts import service as alerting
from central.console.ask import Answer, Ask, Page
from central.console.pages import called, grouped, moment, translated
from central.console.tables import Cell, Column, exported, tabled, titles_of
from central.estate import service as estate
from central.estate.editing import cells_of
from central.fleet import service as fleet
from central.fleet.service import OK, Board
from central.leases import risk
from central.measures.service import ONLINE_WITHIN
from central.people.roles import Right
from shared.money import format_money
from shared.points import format_points, worth
from shared.wire.reports import DeviceReport

SKEW_S = 60
"""A clock that is further off is shown as wrong."""
SHOWN_S = 0.05
"""A clock that is less off is right."""
MINUS, NOTHING = "\u2212", "—"
LATE = timedelta(hours=1)
ALERTS_SHOWN = 2_000
ONLINE, SILENT, NO_AGENT = "online", "silent", "no_agent"
STATES = (ONLINE, SILENT, NO_AGENT)
ROOMS = ("plenty", "scarce", "accrual_only", "none")


def state_of(ask: Ask, one: Board) -> str:
    """Return how a store stands."""
    if one.agent is None:
        return NO_AGENT
    return ONLINE if one.is_online(ask.at) else SILENT


def board(ask: Ask) -> Answer:
    """Show all stores: filtered by words, state and region; as a file, too."""
    every = fleet.board(ask.centre)
    state, region = ask.query.get("state", ""), ask.query.get("region", "")
    shown = [
        one
        for one in every
        if state in ("", state_of(ask, one)) and region in ("", one.store.region)
    ]
    if ask.query.get("format") == "csv":
        columns = _columns(ask)
        return exported("stores", titles_of(ask, columns), columns, shown, ask.query)
    content = {
        "tiles": _tiles(ask, every),
        "regions": sorted({one.store.region for one in every}),
        "states": STATES,
    }
    return tabled(ask, "fleet", _columns(ask), shown, content, "store")


def one_store(ask: Ask) -> Page:
    """Show a store."""
    code = ask.path["store"]
    found = fleet.of_store(ask.centre, code)
    report = found.heard.report if found.heard else None
    content = {
        "one": found,
        "seen": {name: value for name, value in cells_of(found.store).items() if name != "code"},
        "state": state_of(ask, found),
        "told": _told(ask, found),
        "devices": [
            (one, called(ask, "device_", one.name), _device(ask, one)) for one in report.devices
        ]
        if report
        else [],
        "cashiers": estate.cashiers(ask.centre, code),
        "refused": [one.ru if ask.lang == "ru" else one.en for one in report.refused]
        if report
        else [],
        "former": len(found.former),
        "worth": _worth_minor(ask, found),
    }
    return Page("store", content)


def _worth_minor(ask: Ask, one: Board) -> int:
    """Return what the points that a store holds are worth at most there, in kopecks."""
    if not one.held_points or not ask.me.may(Right.RUN_FLEET):
        return 0
    return worth(one.held_points, risk.value_in_store(ask.centre, one.store))


def _columns(ask: Ask) -> list[Column[Board]]:
    t = translated(ask.lang)
    return [
        Column("store", lambda one: Cell(one.store.code, href=f"/console/stores/{one.store.code}")),
        Column("name", lambda one: Cell(one.store.name)),
        Column("region", lambda one: Cell(one.store.region)),
        Column("state", lambda one: _state(ask, one)),
        Column("seen", lambda one: _seen(ask, one), "nowrap"),
        Column("queue", lambda one: _number(one.lag, bad_from=1_000), "number"),
        Column("oldest", lambda one: _unsent(ask, one), "number"),
        Column("behind", _behind, "number"),
        Column("pack", lambda one: Cell(one.pack, look="" if one.is_pack_known else "bad")),
        Column("devices", lambda one: _devices(ask, one)),
        Column("version", lambda one: Cell(one.agent.version if one.agent else "")),
        Column("clock", lambda one: _clock(ask, one), "number"),
        Column("conflicts", lambda one: _conflicts(ask, one), "number"),
        Column("divergences", lambda one: _number(one.divergences, bad_from=1), "number"),
        Column("held", lambda one: Cell(format_points(one.held_points), one.held_points), "number"),
        Column("staleness", lambda one: _staleness(t, one), "number wrap"),
    ]


def _tiles(ask: Ask, every: Sequence[Board]) -> list[tuple[str, str, str, str]]:
    """Return what the whole board comes to: key, figure, look, address."""
    states = Counter(state_of(ask, one) for one in every)
    packs = len({one.pack for one in every if one.pack})
    broken = sum(one.broken_devices > 0 for one in every)
    refusing = sum(one.heard is not None and len(one.heard.report.refused) > 0 for one in every)
    diverging = sum(one.divergences for one in every)
    silent = states[SILENT]
    amiss = sum(one.ended_at is None for one in alerting.latest(ask.centre, ALERTS_SHOWN))
    return [
        ("online", f"{states[ONLINE]} / {len(every)}", "", "?state=online"),
        ("silent", str(silent), "warning" if silent else "", "?state=silent"),
        ("alerts", str(amiss), "bad" if amiss else "", "/console/alerts"),
        ("unsent", grouped(sum(one.lag for one in every)), "", "?sort=-queue"),
        ("broken", str(broken), "warning" if broken else "", "?sort=-devices"),
        ("packs", str(packs), "", "?sort=pack"),
        ("refusing", str(refusing), "bad" if refusing else "", "?sort=pack"),
        ("diverging", str(diverging), "bad" if diverging else "", "?sort=-divergences"),
    ]


def _told(ask: Ask, one: Board) -> list[tuple[str, str, str]]:
    """Return what is known of a store's agent: key, text, look."""
    agent, heard = one.agent, one.heard
    if agent is None:
        return []
    zone, t = one.store.zone, translated(ask.lang)
    unsent, staleness = _unsent(ask, one), _staleness(t, one)
    rows: list[tuple[str, str, str]] = [
        ("seen", moment(ask, agent.seen_at, zone), ""),
        ("version", agent.version, ""),
        ("epoch", str(agent.epoch), ""),
        ("agent", str(agent.id), ""),
        ("queue", grouped(one.lag), ""),
        ("oldest", unsent.text or NOTHING, unsent.look),
        ("held", format_points(one.held_points), ""),
        ("staleness", staleness.text or NOTHING, ""),
        ("counted_at", moment(ask, one.counted_at, zone), ""),
    ]
    if heard is None:
        return rows
    clock, report = _clock(ask, one), heard.report
    return [
        *rows,
        ("told_at", moment(ask, heard.heard_at, zone), ""),
        ("behind", grouped(one.behind), ""),
        ("pack", one.pack, "" if one.is_pack_known else "bad"),
        ("clock", clock.text, clock.look),
        ("offline_minutes", str(report.offline_minutes), ""),
        ("room", t(f"room_{report.room}") if report.room in ROOMS else report.room, ""),
        *([("barred", report.barred, "warning")] if report.barred else []),
    ]


def _state(ask: Ask, one: Board) -> Cell:
    state = state_of(ask, one)
    looks = {ONLINE: "good", SILENT: "warning", NO_AGENT: "faint"}
    return Cell(translated(ask.lang)(f"state_{state}"), order=state, look=looks[state])


def _seen(ask: Ask, one: Board) -> Cell:
    if one.agent is None:
        return Cell("")
    age = ask.at - one.agent.seen_at
    text = span(ask, age) if age > ONLINE_WITHIN else translated(ask.lang)("just_now")
    return Cell(text, order=one.agent.seen_at)


def _unsent(ask: Ask, one: Board) -> Cell:
    age = one.unsent_for(ask.at)
    if age is None:
        return Cell("")
    return Cell(span(ask, age), order=age, look="warning" if age > LATE else "")


def _behind(one: Board) -> Cell:
    return Cell("") if one.heard is None else Cell(grouped(one.behind), order=one.behind)


def _devices(ask: Ask, one: Board) -> Cell:
    if one.heard is None:
        return Cell("", order=0)
    devices = one.heard.report.devices
    broken, whole = one.broken_devices, len(devices)
    if not broken:
        return Cell(translated(ask.lang)("ready") if whole else "", order=0, look="good")
    bad = next(device for device in devices if device.condition != OK)
    return Cell(_device(ask, bad), order=broken, look="warning")


def _device(ask: Ask, device: DeviceReport) -> str:
    told = device.ru if ask.lang == "ru" else device.en
    return told or f"{called(ask, 'device_', device.name)}: {device.condition}"


def _clock(ask: Ask, one: Board) -> Cell:
    if one.heard is None:
        return Cell("")
    ahead = one.heard.ahead_s
    is_wrong = abs(ahead) > SKEW_S or not one.heard.report.time_trusted
    number = f"{round(ahead, 1) + 0:+.1f}" if abs(ahead) >= SHOWN_S else "0"
    number = number.replace("-", MINUS).replace(".", "," if ask.lang == "ru" else ".")
    seconds = translated(ask.lang)("seconds", number=number)
    return Cell(seconds, order=abs(ahead), look="bad" if is_wrong else "")


def _conflicts(ask: Ask, one: Board) -> Cell:
    found = sum(one.conflicts.values())
    href = (
        f"/console/conflicts?store={one.store.code}"
        if found and ask.me.may(Right.SEE_CONFLICTS)
        else ""
    )
    return Cell(str(found), order=found, href=href)


def _staleness(t: Any, one: Board) -> Cell:
    """Return what older rules and levels cost: discount and points withheld or too much."""
    money = one.sums.discount_more_minor + one.sums.discount_less_minor
    points = one.sums.points_more + one.sums.points_less
    if not money and not points:
        return Cell("", order=0)
    text = t("money_and_points", money=format_money(money), points=format_points(points))
    return Cell(text, order=money + points)


def _number(number: int, *, bad_from: int) -> Cell:
    return Cell(grouped(number), order=number, look="bad" if number >= bad_from else "")


def span(ask: Ask, age: timedelta) -> str:
    """Write how long something is ago in its largest unit."""
    seconds = int(age.total_seconds())
    for key, unit_s in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= unit_s:
            return translated(ask.lang)(f"span_{key}", number=seconds // unit_s)
    return translated(ask.lang)("seconds", number=seconds)
