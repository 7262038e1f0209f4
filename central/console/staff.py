"""The staff's page: accounts made, reset, given another role, closed; and the trail's page."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import segno

from central.console.ask import Answer, Ask, Go, Page
from central.console.pages import called, moment, translated
from central.console.tables import (
    ROWS_A_PAGE,
    Cell,
    Column,
    page_of,
    part,
    part_file,
    tabled,
)
from central.console.words import WORDS
from central.people import service
from central.people.roles import Role
from central.people.service import Ticket
from central.people.store import Colleague
from central.trail import store as trail
from central.trail.store import Sought, Step
from shared.runtime.sqlite import reading

EXPORT_STEPS_MAX = 20_000
DEED, KEPT, VALUE = "deed_", "kept_", "value_"
NOTHING = "—"
CHOSEN = ("direction", "ending", "language", "role")
"""Fields of which a form offers the values."""


def people(ask: Ask) -> Answer:
    """Show the staff; as a file, too."""
    t = translated(ask.lang)
    columns: list[Column[Colleague]] = [
        Column("login", lambda one: Cell(one.login, href=f"/console/people/{one.login}")),
        Column("person", lambda one: Cell(one.name)),
        Column("role", lambda one: Cell(t(f"role_{one.role}"))),
        Column("state", lambda one: _state(ask, one)),
    ]
    found = service.every(ask.centre)
    return tabled(ask, "people", columns, found, {"roles": list(Role)}, "login")


def person(ask: Ask) -> Page:
    """Show one of the staff."""
    login = ask.path["login"]
    found = {one.login: one for one in service.every(ask.centre)}
    if login not in found:
        raise service.UnknownColleagueError(login=login)
    return Page("person", {"one": found[login], "roles": list(Role)})


def add(ask: Ask) -> Answer:
    """Make an account and show once what it begins with."""
    return _ticket(
        service.add(ask.centre, ask.text("login"), ask.text("name"), ask.one_of("role", Role))
    )


def reset(ask: Ask) -> Answer:
    """Give an account what it begins with anew, and show that once."""
    return _ticket(service.reset(ask.centre, ask.path["login"]))


def disable(ask: Ask) -> Answer:
    """Close an account, but not one's own; raises OwnAccountError."""
    _check_other(ask)
    service.disable(ask.centre, ask.path["login"])
    return Go(f"/console/people/{ask.path['login']}", "disabled")


def change_role(ask: Ask) -> Answer:
    """Give somebody else another role; raises OwnAccountError."""
    _check_other(ask)
    service.change_role(ask.centre, ask.path["login"], ask.one_of("role", Role))
    return Go(f"/console/people/{ask.path['login']}", "saved")


def _check_other(ask: Ask) -> None:
    if ask.path["login"] == ask.me.who.login:
        raise service.OwnAccountError


def steps(ask: Ask) -> Answer:
    """Show what people did, the latest first; as a file, too."""
    columns = _steps(ask)
    text = ask.query.get("q", "").strip()
    order = ask.query.get("sort", "")
    sought = Sought(ask.query.get("who", ""), text, _deeds(ask, text), order)
    if ask.query.get("format") == "csv":
        with reading(ask.centre.engine) as connection:
            every = trail.search(connection, sought, EXPORT_STEPS_MAX, 0)
        return part_file(ask, "trail", columns, every)
    with reading(ask.centre.engine) as connection:
        total = trail.count(connection, sought)
        page = min(page_of(ask.query), max(1, -(-total // ROWS_A_PAGE)))
        found = trail.search(connection, sought, ROWS_A_PAGE, (page - 1) * ROWS_A_PAGE)
    return Page("trail", {"list": part(columns, found, ask.query, total, trail.SORTED)})


def _deeds(ask: Ask, text: str) -> tuple[str, ...]:
    """Return the deeds whose names, as people read them, have a text in them."""
    if not text:
        return ()
    named = {key: ask.say(words).casefold() for key, words in WORDS.items() if key.startswith(DEED)}
    return tuple(key.removeprefix(DEED) for key, name in named.items() if text.casefold() in name)


def _steps(ask: Ask) -> list[Column[Step]]:
    t = translated(ask.lang)
    return [
        Column("no", lambda step: Cell(str(step.no)), "number"),
        Column("at", lambda step: Cell(moment(ask, step.at))),
        Column("who", lambda step: Cell(step.who, href=f"?who={step.who}")),
        Column("role", lambda step: Cell(t(f"role_{step.role}"))),
        Column("deed", lambda step: Cell(t(f"deed_{step.deed}"))),
        Column("subject", lambda step: Cell(step.subject)),
        Column("note", lambda step: Cell(step.note)),
        Column("details", lambda step: Cell(_told(ask, step.told()), look="faint")),
    ]


def _told(ask: Ask, details: Mapping[str, str]) -> str:
    """Return what was kept of a form, in words; what other versions have kept stands as it is."""
    parts = []
    for name, value in sorted(details.items(), key=lambda one: one[0] == "fields"):
        if name == "fields":
            said = ", ".join(called(ask, KEPT, field) for field in value.split())
        else:
            said = called(ask, VALUE, value) if name in CHOSEN else value
        parts.append(f"{called(ask, KEPT, name)}: {said or NOTHING}")
    return "; ".join(parts)


def _ticket(ticket: Ticket) -> Page:
    drawn = segno.make(ticket.code_uri, error="m").svg_inline(scale=4, border=2)
    secret = parse_qs(urlsplit(ticket.code_uri).query)["secret"][0]
    return Page("ticket", {"ticket": ticket, "drawn": drawn, "secret": secret})


def _state(ask: Ask, one: Colleague) -> Cell:
    t = translated(ask.lang)
    if one.disabled_at is not None:
        return Cell(t("disabled"), look="faint")
    if one.paused_until is not None and ask.at < one.paused_until:
        return Cell(t("paused", until=moment(ask, one.paused_until)), look="bad")
    return Cell(t("first_password")) if one.has_first_password else Cell(t("active"), look="good")
