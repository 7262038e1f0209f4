"""Figures of the chain where people would rather look than read, with a table under each plot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, Final

from central.console import plots
from central.console.ask import Answer, Ask, File, Page
from central.console.pages import translated
from central.console.tables import as_csv
from central.fleet import service as fleet
from central.ledger import figures
from central.packs import store as packs
from shared.money import format_money
from shared.points import POINT, format_points
from shared.rules.pack import load_canonical
from shared.runtime.sqlite import reading

HOURS_SHOWN: Final = 24
STORES_SHOWN: Final = 20
RUBLE_MINOR: Final = 100
LIFETIME: Final = "lifetime"


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot and its table: `rows` for the plot, `cells` for people, the heads by their keys."""

    key: str
    rows: Sequence[Mapping[str, Any]]
    x: str
    y: str
    by: str
    heads: Sequence[str]
    cells: Sequence[Sequence[str]]


def page(ask: Ask) -> Page:
    """Show all figures."""
    shown = [build(ask) for build in FIGURES.values()]
    return Page("figures", {"figures": shown, "can_draw": plots.can_draw()})


def drawn(ask: Ask) -> Answer:
    """Draw a figure; raises NoPlotsError."""
    one = _figure(ask)
    return File(plots.bars(one.rows, one.x, one.y, one.by), "image/svg+xml")


def exported(ask: Ask) -> Answer:
    """Write a figure's table as a file."""
    one, t = _figure(ask), translated(ask.lang)
    return as_csv(one.key, [t(f"col_{head}") for head in one.heads], one.cells)


def _figure(ask: Ask) -> Figure:
    build = FIGURES.get(ask.path["figure"])
    if build is None:
        raise plots.NoPlotsError
    return build(ask)


def _hours(ask: Ask) -> Figure:
    """What members have paid and redeemed in the last hours, by the hours of who asks."""
    t = translated(ask.lang)
    first = ask.at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS_SHOWN - 1)
    with reading(ask.centre.engine) as connection:
        found = {one.hour: one for one in figures.hours(connection, first)}
    rows: list[dict[str, Any]] = []
    cells: list[tuple[str, ...]] = []
    for no in range(HOURS_SHOWN):
        at = first + timedelta(hours=no)
        one = found.get(f"{at.astimezone(UTC):%Y-%m-%d %H}", figures.Hour(""))
        label = f"{at.astimezone(ask.zone):%d.%m %H:00}"
        sums = ((t("col_turnover"), one.turnover_minor / RUBLE_MINOR),
                (t("col_redeemed"), one.redeemed / POINT))  # fmt: skip
        rows.extend({"hour": label, "sum": amount, "what": what} for what, amount in sums)
        money = format_money(one.turnover_minor)
        cells.append((label, money, format_points(one.redeemed), format_points(one.granted)))
    heads = ("hour", "turnover", "redeemed", "granted")
    return _named(ask, Figure("hours", rows, "hour", "sum", "what", heads, cells))


def _queues(ask: Ask) -> Figure:
    """The stores of which most has not come, or that are most behind."""
    every = fleet.board(ask.centre)
    every.sort(key=lambda one: (-one.lag, -one.behind, one.store.code))
    t = translated(ask.lang)
    rows: list[dict[str, Any]] = []
    cells: list[tuple[str, ...]] = []
    for one in every[:STORES_SHOWN]:
        told = ((t("col_queue"), one.lag), (t("col_behind"), one.behind))
        rows.extend({"store": one.store.code, "n": number, "what": what} for what, number in told)
        cells.append((one.store.code, one.store.name, str(one.lag), str(one.behind)))
    heads = ("store", "name", "queue", "behind")
    return _named(ask, Figure("queues", rows, "store", "n", "what", heads, cells))


def _liability(ask: Ask) -> Figure:
    """What members have, by when it expires."""
    t = translated(ask.lang)
    with reading(ask.centre.engine) as connection:
        found = figures.liability(connection)
    told = [(month or t("never"), points) for month, points in found]
    rows = [{"month": month, "points": points / POINT} for month, points in told]
    cells = [(month, format_points(points)) for month, points in told]
    figure = Figure("liability", rows, "month", "points", "", ("month", "points"), cells)
    return _named(ask, figure)


def _tiers(ask: Ask) -> Figure:
    """Members by the level that their turnover of all time reaches, by the newest pack.

    Nothing for a programme whose levels are not reached so.
    """
    with reading(ask.centre.engine) as connection:
        newest = packs.latest(connection)
        track = load_canonical(newest.body).tiers if newest else None
        if track is None or (track.metric, track.window) != ("turnover", LIFETIME):
            return Figure("tiers", (), "tier", "members", "", ("tier", "reach", "members"), ())
        steps = track.steps
        counts = figures.by_turnover(connection, [step.from_minor for step in steps])
    named = [step.title.ru if ask.lang == "ru" else step.title.en for step in steps]
    rows = [{"tier": name, "members": n} for name, n in zip(named, counts, strict=True)]
    cells = [
        (name, format_money(step.from_minor), str(n))
        for name, step, n in zip(named, steps, counts, strict=True)
    ]
    return _named(
        ask, Figure("tiers", rows, "tier", "members", "", ("tier", "reach", "members"), cells)
    )


def _named(ask: Ask, figure: Figure) -> Figure:
    """Give the axes their words."""
    t = translated(ask.lang)
    names = {
        figure.x: t(f"axis_{figure.x}"),
        figure.y: t(f"axis_{figure.y}"),
    }
    rows = [{names.get(key, key): value for key, value in row.items()} for row in figure.rows]
    return Figure(
        figure.key, rows, names[figure.x], names[figure.y], figure.by, figure.heads, figure.cells
    )


FIGURES: Final[dict[str, Callable[[Ask], Figure]]] = {
    "hours": _hours,
    "queues": _queues,
    "liability": _liability,
    "tiers": _tiers,
}
