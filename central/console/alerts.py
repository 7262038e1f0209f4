"""Alerts: what is over a threshold at a store, what was, and the thresholds."""

from datetime import timedelta

from central.alerts import service as alerting
from central.alerts.store import Alert
from central.console.ask import Answer, Ask
from central.console.fleet import ALERTS_SHOWN, span
from central.console.pages import grouped, moment, translated
from central.console.tables import Cell, Column, tabled

OPEN, OVER = "open", "over"


def page(ask: Ask) -> Answer:
    """Show what is over a threshold, and what was; as a file, too."""
    columns: list[Column[Alert]] = [
        Column("at", lambda one: Cell(moment(ask, one.began_at), one.began_at), "nowrap"),
        Column("store", lambda one: Cell(one.store, href=f"/console/stores/{one.store}")),
        Column("what", lambda one: Cell(one.ru if ask.lang == "ru" else one.en)),
        Column("ended", lambda one: _ended(ask, one), "nowrap"),
    ]
    state = ask.query.get("state", "")
    found = alerting.latest(ask.centre, ALERTS_SHOWN)
    rows = [one for one in found if state in ("", OPEN if one.ended_at is None else OVER)]
    return tabled(ask, "alerts", columns, rows, {"thresholds": _thresholds(ask)})


def _thresholds(ask: Ask) -> list[tuple[str, str]]:
    """Return from when on a store is an alert, and who is told."""
    settings, t = ask.centre.settings, translated(ask.lang)
    nobody = t("nobody_is_told")
    return [
        ("silent", span(ask, timedelta(seconds=settings.alert_silent_s))),
        ("unsent", span(ask, timedelta(seconds=settings.alert_unsent_s))),
        ("queue", grouped(settings.alert_queue_facts)),
        ("behind", grouped(settings.alert_behind_changes)),
        ("clock", span(ask, timedelta(seconds=settings.alert_clock_s))),
        ("webhook", t("is_told") if settings.alert_webhook else nobody),
        ("mail", settings.alert_mail_to if settings.alert_smtp else nobody),
    ]


def _ended(ask: Ask, one: Alert) -> Cell:
    if one.ended_at is None:
        return Cell(translated(ask.lang)("still"), look="warning")
    return Cell(moment(ask, one.ended_at), one.ended_at)
