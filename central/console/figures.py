"""Figures of the chain where people would rather look than read, with a table under each plot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from central.auditor import hour_store
from central.auditor.hour_store import Sold
from central.console import plots
from central.console.ask import Answer, Ask, File, Page
from central.console.lives import month_of
from central.console.pages import grouped, moment, translated
from central.console.tables import as_csv
from central.fleet import service as fleet
from central.overview import service as overview
from shared.money import format_money
from shared.points import POINT, format_points
from shared.runtime.sqlite import reading

STORES_SHOWN: Final = 20
RUBLE_MINOR: Final = 100
HOURS: Final = {"ru": "%d.%m %H:%M", "en": "%m-%d %H:%M"}
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot and its table: `rows` for the plot, `cells` for people, the heads by their keys.

    `at` is when it was counted, empty for what is true now; `nothing` is said of an empty one.
    """

    key: str
    rows: Sequence[Mapping[str, Any]]
    x: str
    y: str
    by: str
    heads: Sequence[str]
    cells: Sequence[Sequence[str]]
    at: str = ""
    nothing: str = ""


def page(ask: Ask) -> Page:
    """Show all figures."""
    chosen = {name: ask.query[name] for name in ("day", "store") if ask.query.get(name)}
    content = {
        "figures": [build(ask) for build in FIGURES.values()],
        "can_draw": plots.can_draw(),
        "chosen": f"?{urlencode(chosen)}" if chosen else "",
    }
    return Page("figures", content)


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
    """What was sold, redeemed and granted by the hour: of the last day, or of one that is asked
    for, in the whole chain or in one store."""
    t = translated(ask.lang)
    first, last = _span(ask)
    store = ask.query.get("store", "").strip()
    with reading(ask.centre.engine) as connection:
        found = hour_store.by_hour(connection, first, last, store)
    rows: list[dict[str, Any]] = []
    cells: list[tuple[str, ...]] = []
    for no in range((last - first) // HOUR):
        at = first + no * HOUR
        one = found.get(at, Sold())
        label = f"{at.astimezone(ask.zone):{HOURS[ask.lang]}}"
        sums = ((t("col_sold"), one.paid_minor / RUBLE_MINOR),
                (t("col_redeemed"), one.redeemed / POINT))  # fmt: skip
        rows.extend({"hour": label, "sum": amount, "what": what} for what, amount in sums)
        money, points = format_money(one.paid_minor), format_points(one.redeemed)
        cells.append((label, grouped(one.receipts), money, points, format_points(one.earned)))
    heads = ("hour", "receipts", "sold", "redeemed", "granted")
    figure = Figure("hours", rows, "hour", "sum", "what", heads, cells if found else ())
    return _named(ask, replace(figure, nothing=t("nothing_hours")))


def _span(ask: Ask) -> tuple[datetime, datetime]:
    """Return the hours that are asked for: a day in the zone of who asks, or the last ones."""
    day = ask.day_asked()
    if day is None:
        last = _hour_of(ask.at) + HOUR
        return last - DAY, last
    start, end = (datetime.combine(one, time(), ask.zone) for one in (day, day + DAY))
    return _hour_of(start), _hour_of(end)


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _queues(ask: Ask) -> Figure:
    """The stores of which most has not come, or that are most behind."""
    every = [one for one in fleet.board(ask.centre) if one.lag or one.behind]
    every.sort(key=lambda one: (-one.lag, -one.behind, one.store.code))
    t = translated(ask.lang)
    rows: list[dict[str, Any]] = []
    cells: list[tuple[str, ...]] = []
    for one in every[:STORES_SHOWN]:
        told = ((t("col_queue"), one.lag), (t("col_behind"), one.behind))
        rows.extend({"store": one.store.code, "n": number, "what": what} for what, number in told)
        cells.append((one.store.code, one.store.name, grouped(one.lag), grouped(one.behind)))
    heads = ("store", "name", "queue", "behind")
    figure = Figure("queues", rows, "store", "n", "what", heads, cells)
    return _named(ask, replace(figure, nothing=t("nothing_queues")))


def _liability(ask: Ask) -> Figure:
    """What members have, by when it expires."""
    t = translated(ask.lang)
    with reading(ask.centre.engine) as connection:
        found = overview.liability(connection)
    months = found.months
    told = [(month_of(ask, month) if month else t("never"), points) for month, points in months]
    rows = [{"month": month, "points": points / POINT} for month, points in told]
    cells = [(month, format_points(points)) for month, points in told]
    figure = Figure("liability", rows, "month", "points", "", ("month", "points"), cells)
    nothing = t("nothing_liability") if found.at else t("not_counted")
    return _named(ask, replace(figure, at=moment(ask, found.at), nothing=nothing))


def _tiers(ask: Ask) -> Figure:
    """Members by the level that their turnover of all time reaches, by the newest pack.

    Nothing for a programme whose levels are not reached so.
    """
    t = translated(ask.lang)
    with reading(ask.centre.engine) as connection:
        found = overview.tiers(connection)
    named = [(one.ru if ask.lang == "ru" else one.en, one) for one in found.tiers or ()]
    rows = [{"tier": name, "members": one.members} for name, one in named]
    cells = [(name, format_money(one.from_minor), grouped(one.members)) for name, one in named]
    figure = Figure("tiers", rows, "tier", "members", "", ("tier", "reach", "members"), cells)
    nothing = t("nothing_tiers") if found.at else t("not_counted")
    return _named(ask, replace(figure, at=moment(ask, found.at), nothing=nothing))


def _named(ask: Ask, figure: Figure) -> Figure:
    """Give the axes their words."""
    t = translated(ask.lang)
    names = {
        figure.x: t(f"axis_{figure.x}"),
        figure.y: t(f"axis_{figure.y}"),
    }
    rows = [{names.get(key, key): value for key, value in row.items()} for row in figure.rows]
    return replace(figure, rows=rows, x=names[figure.x], y=names[figure.y])


FIGURES: Final[dict[str, Callable[[Ask], Figure]]] = {
    "hours": _hours,
    "queues": _queues,
    "liability": _liability,
    "tiers": _tiers,
}
