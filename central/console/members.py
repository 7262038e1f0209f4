"""Members: found, shown with what is theirs, edited, joined and parted, their points corrected."""

from datetime import date
from uuid import UUID

from pydantic_core import PydanticCustomError

from central.conflicts import service as conflicts
from central.conflicts.service import Word
from central.conflicts.store import Wanted
from central.conflicts.values import Party, Role
from central.console.ask import Answer, Ask, BadFieldError, Go, Page
from central.console.pages import moment, translated
from central.console.tables import ROWS_A_PAGE, Cell, Column, page_of, part
from central.corrections import service as corrections
from central.corrections.service import Wish
from central.corrections.store import Correction, CorrectionState
from central.ingest import looking
from central.ledger import service as ledger
from central.members.profiles import Proposal
from central.people.roles import Right, points_max
from central.settling import lookup, people
from central.settling.lookup import Shown
from shared.member import ProfileField
from shared.points import format_points
from shared.rules.scalars import parse_amount
from shared.runtime.sqlite import reading

ENTRIES_SHOWN = 30
WALLET = "bonus"


def search(ask: Ask) -> Answer:
    """Find a member by card, phone or id, and go there."""
    who = ask.query.get("who", "").strip()
    if not who:
        return Page("members")
    return Go(f"/console/members/{lookup.living(ask.centre, who)}")


def empty_search(_ask: Ask) -> Page:
    """Show the search again."""
    return Page("members")


def member(ask: Ask) -> Page:
    """Show a member."""
    one = ask.id("member")
    shown = lookup.show(ask.centre, one)
    about = (Party(Role.MEMBER, str(one)),)
    with reading(ask.centre.engine) as connection:
        books = ledger.load(connection, [account.id for account, _ in shown.accounts])
        entries = [
            entry
            for account, _ in shown.accounts
            for entry in ledger.entries_of(connection, account.id, ENTRIES_SHOWN)
        ]
        found = conflicts.look(connection, Wanted(parties=about), 1, 10)
        known = looking.documents(connection, {entry.document for entry in entries})
    entries.sort(key=lambda entry: (entry.at, entry.id), reverse=True)
    lots = [lot for account, _ in shown.accounts for lot in books.lots_of(account.id)]
    alone, a_day = points_max(ask.centre.settings, ask.me.role)
    content = {
        "shown": shown,
        "one": shown.member,
        "name": _name(shown),
        "edits": {field.value: edit.value for field, edit in shown.counted.items()},
        "lots": [lot for lot in lots if lot.balance],
        "wallets": sorted({WALLET, *(lot.wallet for lot in lots)}),
        "entries": entries[:ENTRIES_SHOWN],
        "receipts": {document.uid for document in known},
        "conflicts": found.conflicts,
        "corrections": corrections.latest(ask.centre, 10, 0, one),
        "alone": format_points(alone),
        "a_day": format_points(a_day),
    }
    return Page("member", content)


def edit(ask: Ask) -> Answer:
    """Write what of a member's profile is typed and is not as it was."""
    one, proposal = ask.id("member"), _proposal(ask)
    people.edit_member(ask.centre, one, proposal, _word(ask))
    return Go(f"/console/members/{one}", "saved")


def verify(ask: Ask) -> Answer:
    """Note that a member has shown that his phone is his."""
    one = ask.id("member")
    people.verify_phone(ask.centre, one, _word(ask))
    return Go(f"/console/members/{one}", "verified")


def merge(ask: Ask) -> Answer:
    """Make two members one."""
    other = lookup.living(ask.centre, ask.text("other"))
    done = people.merge_members(ask.centre, ask.id("member"), other, _word(ask))
    return Go(f"/console/members/{done.survivor}", "merged")


def unmerge(ask: Ask) -> Answer:
    """Part a member from whom he was merged into."""
    one = ask.id("member")
    people.unmerge_member(ask.centre, one, _word(ask))
    return Go(f"/console/members/{one}", "parted")


def correct(ask: Ask) -> Answer:
    """Correct a member's points; over the limit it waits for a second person."""
    one = ask.id("member")
    points = parse_points(ask.text("points"))
    if ask.text("direction") == "take":
        points = -points
    alone, a_day = points_max(ask.centre.settings, ask.me.role)
    expires_on = parse_day(ask, "expires_on")
    wanted = Wish(
        member=one,
        points=points,
        wallet=ask.text("wallet") or WALLET,
        expires_on=expires_on,
        reason=ask.text("note"),
        by=ask.me.who.login,
        alone_max=alone,
        a_day_max=a_day,
    )
    done = corrections.wish(ask.centre, wanted)
    is_done = done.state is CorrectionState.DONE
    return Go(f"/console/members/{one}", "corrected" if is_done else "waits")


def waiting(ask: Ask) -> Page:
    """Show corrections: those that wait for a second person first."""
    total = corrections.count(ask.centre)
    page = min(page_of(ask.query), max(1, -(-total // ROWS_A_PAGE)))
    found = corrections.latest(ask.centre, ROWS_A_PAGE, (page - 1) * ROWS_A_PAGE)
    columns: list[Column[Correction]] = [
        Column("at", lambda one: Cell(moment(ask, one.asked_at), look="nowrap")),
        Column("member", lambda one: Cell(str(one.member)[-8:], href=_of_member(ask, one.member))),
        Column("points", lambda one: Cell(format_points(one.points)), "number"),
        Column("who", lambda one: Cell(one.asked_by)),
        Column("note", lambda one: Cell(one.reason)),
        Column("state", lambda one: _state(ask, one)),
        Column("decided", lambda one: Cell(one.decided_by)),
    ]
    pending = [one for one in found if one.state is CorrectionState.WAITING]
    content = {"list": part(columns, found, ask.query, total), "pending": pending}
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
    try:
        found = parse_amount(text.replace(",", ".").replace(" ", "").replace("\u00a0", ""))
    except (PydanticCustomError, ValueError) as error:
        raise _bad("Бонусы", "Points", "число больше нуля", "a number above zero") from error
    if found <= 0:
        raise _bad("Бонусы", "Points", "число больше нуля", "a number above zero")
    return found


def parse_day(ask: Ask, name: str) -> date | None:
    """Return a day that is typed, None for an empty field; raises BadFieldError."""
    text = ask.text(name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _bad("День", "Day", "день вида 2026-12-31", "a day such as 2026-12-31") from error
    return day


def _bad(*words: str) -> BadFieldError:
    names = ("name_ru", "name_en", "reason_ru", "reason_en")
    return BadFieldError(**dict(zip(names, words, strict=True)))


def _proposal(ask: Ask) -> Proposal:
    born = parse_day(ask, "birthday")
    shown = lookup.show(ask.centre, ask.id("member"))
    values = people.values_of(
        ask.centre, ask.text("name"), ask.text("phone"), ask.text("email"), born
    )
    counted = {field: edit.value for field, edit in shown.counted.items()}
    counted.setdefault(ProfileField.NAME, _name(shown))
    changed = {field: value for field, value in values.items() if counted.get(field) != value}
    return Proposal(changed or values, ask.text("verified") == "1")


def _name(shown: Shown) -> str:
    """Return a member's name as it counts now."""
    edited = shown.counted.get(ProfileField.NAME)
    if edited is not None and edited.value:
        return str(edited.value)
    return str(shown.person.name if shown.person else shown.member.display_name)


def _word(ask: Ask) -> Word:
    return Word(ask.me.who.login, ask.text("note"))


def _of_member(ask: Ask, one: UUID) -> str:
    return f"/console/members/{one}" if ask.me.may(Right.SEE_MEMBERS) else ""


def _state(ask: Ask, one: Correction) -> Cell:
    looks = {
        CorrectionState.DONE: "good",
        CorrectionState.WAITING: "warning",
        CorrectionState.REFUSED: "faint",
    }
    return Cell(translated(ask.lang)(f"correction_{one.state}"), look=looks[one.state])
