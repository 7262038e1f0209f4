"""A member's life, event by event, and all his lots: tables of their own."""

from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

from central.conflicts.values import ConflictKind
from central.conflicts.words import TITLES
from central.console.ask import Answer, Ask
from central.console.pages import called, day_of, moment, translated
from central.console.tables import Cell, Column, tabled
from central.imports.people import LONG_AGO
from central.ledger import service as ledger
from central.packs import store as packs
from central.settling import lookup
from central.settling.golden import IMPORT, REGISTRATION
from central.settling.lookup import Shown
from central.settling.timeline import EVENTS_MAX, Event, Happened, timeline
from shared.ledger.books import Lot
from shared.member import ProfileField
from shared.money import format_money
from shared.packs.halting import campaigns_of
from shared.points import format_points
from shared.rules.pack import load_canonical
from shared.rules.sentences import spoken
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading

LOT_KINDS: Final = ("import", "gift", "correction", "adjustment", "staleness", "extension")
MONTHS: Final = ("янв", "фев", "мар", "апр", "май", "июн",
                 "июл", "авг", "сен", "окт", "ноя", "дек")  # fmt: skip


def life(ask: Ask) -> Answer:
    """Show what happened to a member, the latest first; as a file, too."""
    one = ask.id("member")
    events = timeline(ask.centre, one)
    what = ask.query.get("what", "")
    sold = {event.document for event in events if event.what is Happened.BOUGHT}
    columns: list[Column[Event]] = [
        Column("at", lambda event: Cell(moment(ask, event.at), event.at), "nowrap"),
        Column("event", lambda event: Cell(_happened(ask, event.what), href=_page_of(event, sold))),
        Column("details", lambda event: Cell(_told(ask, event))),
        Column("points", lambda event: _points(event.points), "number"),
        Column("sum", lambda event: _money(event.amount_minor), "number"),
    ]
    content = {
        "member": one,
        "name": name_of(lookup.show(ask.centre, one)),
        "kinds": [(kind.value, _happened(ask, kind)) for kind in Happened],
        "most": EVENTS_MAX,
    }
    rows = [event for event in events if what in ("", event.what.value)]
    return tabled(ask, "life", columns, rows, content)


def lots(ask: Ask) -> Answer:
    """Show all lots of a member that are not empty; as a file, too."""
    shown = lookup.show(ask.centre, ask.id("member"))
    with reading(ask.centre.engine) as connection:
        books = ledger.load(connection, [account.id for account, _ in shown.accounts])
    found = [lot for account, _ in shown.accounts for lot in books.lots_of(account.id)]
    named = titles(ask)
    columns: list[Column[Lot]] = [
        Column("lot", lambda lot: Cell(source_of(ask, lot, named))),
        Column("wallet", lambda lot: Cell(called(ask, "wallet_", lot.wallet))),
        Column("granted", lambda lot: Cell(format_points(lot.granted), lot.granted), "number"),
        Column("left", lambda lot: Cell(format_points(lot.balance), lot.balance), "number"),
        Column("free", lambda lot: Cell(format_points(lot.free), lot.free), "number"),
        Column("active", lambda lot: Cell(moment(ask, lot.activates_at), lot.activates_at)),
        Column("expires", lambda lot: _expires(ask, lot)),
    ]
    content = {"member": shown.member.id, "name": name_of(shown)}
    rows = [lot for lot in found if lot.balance]
    return tabled(ask, "lots", columns, rows, content, "expires")


def source_of(ask: Ask, lot: Lot, named: Mapping[str, str]) -> str:
    """Return where a lot comes from: its rule by its title, or what has granted it in words."""
    if lot.rule:
        return named.get(lot.rule, lot.rule)
    return translated(ask.lang)(f"lot_of_{lot.kind}") if lot.kind in LOT_KINDS else lot.kind


def titles(ask: Ask) -> dict[str, str]:
    """Return what the newest pack calls its rules, by their ids."""
    with reading(ask.centre.engine) as connection:
        newest = packs.latest(connection)
    named = _named(newest.body) if newest else {}
    return {rule: ask.say(title) for rule, title in named.items()}


def name_of(shown: Shown) -> str:
    """Return a member's name as it counts now."""
    edited = shown.counted.get(ProfileField.NAME)
    if edited is not None and edited.value:
        return str(edited.value)
    return str(shown.person.name if shown.person else shown.member.display_name)


def said_by(ask: Ask, source: str) -> str:
    """Write who has said a value: a store and its cashier, a person, or how one knows."""
    t, hows = translated(ask.lang), (REGISTRATION, IMPORT)
    return " · ".join(t(f"source_{one}") if one in hows else one for one in source.split("/"))


def month_of(ask: Ask, month: str) -> str:
    """Write a month such as `2026-05`; in words that of turnover whose day nobody knows."""
    if LONG_AGO.isoformat().startswith(month):
        return translated(ask.lang)("month_long_ago")
    if ask.lang != "ru":
        return month
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


@lru_cache(4)
def _named(body: bytes) -> dict[str, Wording]:
    found = campaigns_of(load_canonical(body))
    return {rule: Wording(spoken(one, "ru"), spoken(one, "en")) for rule, one in found.items()}


def _happened(ask: Ask, what: Happened) -> str:
    return translated(ask.lang)(f"life_{what.value.replace('.', '_')}")


def _page_of(event: Event, sold: Collection[UUID | None]) -> str:
    """Return where an event is told whole: a conflict, or a receipt and what it has moved."""
    if event.what is Happened.CONFLICT:
        return f"/console/conflicts/{event.document}"
    return f"/console/receipts/{event.document}" if event.document in sold else ""


def _told(ask: Ask, event: Event) -> str:
    """Return what more is told of an event, its codes in words."""
    t = translated(ask.lang)
    code, _, rest = event.text.partition(" ")
    if event.what is Happened.POINTS:
        return t(f"entry_{event.text}")
    if event.what is Happened.CONFLICT:
        return f"{TITLES[ConflictKind(code)].in_words(ask.lang)}, {t(f'conflict_{rest}')}"
    if event.what is Happened.EDITED:
        sure, _, where = rest.partition(": ")
        return f"{t(f'field_{code}')}, {t(f'claim_{sure}')}: {said_by(ask, where)}"
    if event.what is Happened.SETTLED:
        return f"{t(f'member_deed_{code[:-1]}')}: {rest}"
    if event.what in (Happened.BOUGHT, Happened.BROUGHT):
        day = date.fromisoformat(event.text)
        is_told = day in (LONG_AGO, event.at.astimezone(ask.zone).date())
        return "" if is_told else day_of(ask, day)
    return event.text


def _points(points: int) -> Cell:
    return Cell(format_points(points) if points else "", points or None)


def _money(amount_minor: int) -> Cell:
    return Cell(format_money(amount_minor) if amount_minor else "", amount_minor or None)


def _expires(ask: Ask, lot: Lot) -> Cell:
    return Cell(day_of(ask, lot.expires_on), lot.expires_on)
