"""Corrections of points: made within a limit, and above it agreed to by a second person."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from pydantic_core import PydanticCustomError

from central.console.ask import ONCE, Answer, Ask, Go, Page, bad_field
from central.console.pages import moment, translated
from central.console.tables import EXPORT_MAX, ROWS_A_PAGE, Cell, Column, page_of, part, part_file
from central.console.whom import names, tail
from central.corrections import service as corrections
from central.corrections.service import Wish
from central.corrections.store import SORTED, Correction, CorrectionState, Sought
from central.people.roles import Right, points_max
from shared.points import format_points
from shared.rules.scalars import parse_amount

WALLET = "bonus"
LOOKS = {
    CorrectionState.DONE: "good",
    CorrectionState.WAITING: "warning",
    CorrectionState.REFUSED: "faint",
}
PENDING_SHOWN = 50


class Direction(StrEnum):
    """What is done with the points."""

    GIVE = "give"
    TAKE = "take"


def correct(ask: Ask) -> Answer:
    """Correct a member's points; over the limit it waits for a second person."""
    one = ask.id("member")
    points = parse_points(ask.text("points"))
    if ask.one_of("direction", Direction) is Direction.TAKE:
        points = -points
    alone, a_day = points_max(ask.centre.settings, ask.me.role)
    wanted = Wish(
        member=one,
        points=points,
        wallet=ask.text("wallet") or WALLET,
        expires_on=ask.day("expires_on"),
        reason=ask.text("note"),
        by=ask.me.who.login,
        alone_max=alone,
        a_day_max=a_day,
        once=ask.text(ONCE),
    )
    done = corrections.wish(ask.centre, wanted)
    is_done = done.state is CorrectionState.DONE
    return Go(f"/console/members/{one}", "corrected" if is_done else "waits")


def waiting(ask: Ask) -> Answer:
    """Show corrections: those that wait for a second person first; as a file, too."""
    sought = _sought(ask)
    if ask.query.get("format") == "csv":
        every = corrections.look(ask.centre, sought, EXPORT_MAX)
        return part_file(ask, "corrections", _columns(ask, {}), every)
    total = corrections.count(ask.centre, sought)
    page = min(page_of(ask.query), max(1, -(-total // ROWS_A_PAGE)))
    found = corrections.look(ask.centre, sought, ROWS_A_PAGE, (page - 1) * ROWS_A_PAGE)
    pending = corrections.look(ask.centre, Sought(state=CorrectionState.WAITING), PENDING_SHOWN)
    named = names(ask, (one.member for one in (*found, *pending)))
    columns = _columns(ask, named)
    content = {
        "list": part(columns, found, ask.query, total, SORTED),
        "pending": [(one, named.get(one.member) or tail(one.member)) for one in pending],
    }
    return Page("corrections", content)


def agree(ask: Ask) -> Answer:
    """Agree to a correction as the second person."""
    corrections.agree(ask.centre, ask.id("uid"), ask.me.who.login)
    return Go("/console/corrections", "corrected")


def refuse(ask: Ask) -> Answer:
    """End a correction that waits."""
    corrections.refuse(ask.centre, ask.id("uid"), ask.me.who.login)
    return Go("/console/corrections", "ended")


def parse_points(text: str) -> int:
    """Return hundredths of a point that somebody has typed; raises BadFieldError."""
    wants = ("Бонусы", "Points", "число больше нуля", "a number above zero")
    try:
        found = parse_amount(text.replace(",", ".").replace(" ", "").replace("\u00a0", ""))
    except (PydanticCustomError, ValueError) as error:
        raise bad_field(*wants) from error
    if found <= 0:
        raise bad_field(*wants)
    return found


def _sought(ask: Ask) -> Sought:
    state = ask.query.get("state", "")
    return Sought(
        text=ask.query.get("q", "").strip(),
        state=CorrectionState(state) if state in set(CorrectionState) else None,
        order=ask.query.get("sort", ""),
    )


def _columns(ask: Ask, named: Mapping[UUID, str]) -> list[Column[Correction]]:
    return [
        Column("at", lambda one: Cell(moment(ask, one.asked_at), look="nowrap")),
        Column("member", lambda one: _member(ask, one.member, named)),
        Column("points", lambda one: Cell(format_points(one.points)), "number"),
        Column("who", lambda one: Cell(one.asked_by)),
        Column("note", lambda one: Cell(one.reason)),
        Column("state", lambda one: _state(ask, one)),
        Column("decided", lambda one: Cell(one.decided_by)),
    ]


def _member(ask: Ask, one: UUID, named: Mapping[UUID, str]) -> Cell:
    href = f"/console/members/{one}" if ask.me.may(Right.SEE_MEMBERS) else ""
    return Cell(named.get(one) or tail(one), href=href)


def _state(ask: Ask, one: Correction) -> Cell:
    return Cell(translated(ask.lang)(f"correction_{one.state}"), look=LOOKS[one.state])
