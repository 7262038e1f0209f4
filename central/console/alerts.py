"""Alerts: what is over a threshold at a store, what was, and the thresholds."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from central.alerts import service as alerting
from central.alerts import thresholds
from central.alerts.store import Alert, Channel
from central.console.ask import Answer, Ask, Go, bad_field
from central.console.fleet import ALERTS_SHOWN
from central.console.pages import grouped, moment, translated
from central.console.tables import Cell, Column, tabled
from central.console.words import WORDS
from central.meanwhile import merged

OPEN, OVER = "open", "over"
MINUTE_S: Final = 60
FIELDS: Final = {
    "silent_min": ("silent_s", MINUTE_S),
    "unsent_min": ("unsent_s", MINUTE_S),
    "queue_facts": ("queue_facts", 1),
    "behind_changes": ("behind_changes", 1),
    "clock_s": ("clock_s", 1),
}
"""Fields of the form: which threshold each is, and in how much of what is kept it is typed."""
TIMES: Final = ("silent_s", "unsent_s", "clock_s")
DIGITS_MAX: Final = 12


def page(ask: Ask) -> Answer:
    """Show what is over a threshold, and what was; as a file, too."""
    columns: list[Column[Alert]] = [
        Column("at", lambda one: Cell(moment(ask, one.began_at), one.began_at), "nowrap"),
        Column("store", lambda one: Cell(one.store, href=_page_of(one))),
        Column("what", lambda one: Cell(one.ru if ask.lang == "ru" else one.en)),
        Column("ended", lambda one: _ended(ask, one), "nowrap"),
    ]
    state = ask.query.get("state", "")
    found = alerting.latest(ask.centre, ALERTS_SHOWN)
    rows = [one for one in found if state in ("", OPEN if one.ended_at is None else OVER)]
    content = {"thresholds": _thresholds(ask), "told": _told(ask), "seen": _filled(ask)}
    return tabled(ask, "alerts", columns, rows, content)


def choose(ask: Ask) -> Answer:
    """Let other thresholds count; an empty field is the settings' again.

    Raises BadFieldError, ChangedMeanwhileError.
    """
    typed = {field: ask.text(field) for field in FIELDS}
    fields = merged(_filled(ask), typed, ask.seen(FIELDS))
    numbers = {}
    for field, (name, unit) in FIELDS.items():
        text = fields[field].replace(" ", "").replace("\u00a0", "")
        if text:
            numbers[name] = _typed(field, text) * unit
    thresholds.choose(ask.centre, numbers)
    return Go("/console/alerts", "thresholds")


def _page_of(one: Alert) -> str:
    return f"/console/stores/{one.store}" if one.store else ""


def _typed(field: str, text: str) -> int:
    """Read a threshold in its unit; raises BadFieldError."""
    words, (name, unit) = WORDS[f"threshold_{field}"], FIELDS[field]
    least = -(-asdict(thresholds.LEAST)[name] // unit)
    most = asdict(thresholds.MOST)[name] // unit
    is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
    if not is_number or not least <= int(text) <= most:
        bounds = (
            f"целое число от {least} до {grouped(most)}",
            f"a whole number from {least} to {grouped(most)}",
        )
        raise bad_field(words.ru, words.en, *bounds)
    return int(text)


def _thresholds(ask: Ask) -> list[tuple[str, str, str, str]]:
    """Return of each field its name, how much counts now, by the settings, what is typed."""
    now = asdict(thresholds.in_force(ask.centre))
    usual = asdict(thresholds.of_settings(ask.centre.settings))
    filled = _filled(ask)
    return [
        (
            field,
            _much(ask, name, now[name]),
            _much(ask, name, usual[name]),
            ask.form.get(field, filled[field]),
        )
        for field, (name, _) in FIELDS.items()
    ]


def _filled(ask: Ask) -> dict[str, str]:
    """Return what the form is filled with: the thresholds that were chosen."""
    chosen = thresholds.chosen(ask.centre)
    return {
        field: str(chosen[name] // unit) if name in chosen else ""
        for field, (name, unit) in FIELDS.items()
    }


def _much(ask: Ask, name: str, number: int) -> str:
    return thresholds.spelled(number, ask.lang) if name in TIMES else grouped(number)


def _told(ask: Ask) -> list[tuple[str, str, str]]:
    """Return who is told: the channel, how that goes, and how it looks."""
    settings, t = ask.centre.settings, translated(ask.lang)
    channels = {one.name: one for one in alerting.channels(ask.centre)}
    mail = settings.alert_mail_to if settings.alert_smtp else ""
    told = (("webhook", t("is_told") if settings.alert_webhook else ""), ("mail", mail))
    return [(name, *_how(ask, channels, name, whom)) for name, whom in told]


def _how(ask: Ask, channels: Mapping[str, Channel], name: str, whom: str) -> tuple[str, str]:
    t = translated(ask.lang)
    if not whom:
        return t("nobody_is_told"), ""
    known = channels.get(name)
    if known is None or not known.failures:
        return whom, ""
    again = moment(ask, known.next_at)
    words = t("not_told", whom=whom, failures=known.failures, error=known.last_error, again=again)
    return words, "bad"


def _ended(ask: Ask, one: Alert) -> Cell:
    if one.ended_at is None:
        return Cell(translated(ask.lang)("still"), look="warning")
    return Cell(moment(ask, one.ended_at), one.ended_at)
