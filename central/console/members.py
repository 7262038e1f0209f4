"""Members: found, shown with what is theirs, edited, joined and parted, what they agree to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from central.conflicts import service as conflicts
from central.conflicts.store import Wanted
from central.conflicts.values import Party, Role
from central.console.ask import Answer, Ask, Go, Page
from central.console.lives import month_of, name_of, said_by, source_of, titles
from central.console.pages import called, day_of, translated
from central.console.tables import Cell, Column, tabled
from central.corrections import service as corrections
from central.corrections.store import Sought
from central.ingest import looking
from central.ledger import figures
from central.ledger import service as ledger
from central.meanwhile import merged
from central.members import consent_store
from central.members.consent_store import Consent
from central.members.profiles import Proposal
from central.members.search import Hit
from central.members.search import search as find
from central.people.roles import Right, points_max
from central.settling import consents, lookup, people
from central.settling.golden import Golden, golden_record
from central.settling.level import level
from central.settling.lookup import Shown
from shared.ids import uuid7
from shared.ledger.books import Lot
from shared.ledger.entries import Entry
from shared.member import FamilyRole, ProfileField
from shared.points import format_points
from shared.profile import NothingEditedError
from shared.runtime.sqlite import reading

ENTRIES_SHOWN, LOTS_SHOWN, MONTHS_SHOWN = 10, 8, 12
WALLET, TAIL = "bonus", 4
FILLED = ("email", "birthday")
"""Fields that a form of a profile is filled with, beside the name."""


def search(ask: Ask) -> Answer:
    """Find members by part of a name, the end of a phone or card, a number or an id.

    Who is the only one is shown at once.
    """
    who = ask.query.get("who", "").strip()
    if not who:
        return Page("members", {"list": None, "more": False})
    hits = find(ask.centre, who)
    if len(hits.found) == 1 and "format" not in ask.query:
        return Go(f"/console/members/{hits.found[0].member}")
    columns: list[Column[Hit]] = [
        Column("person", lambda one: Cell(one.name or "—", href=f"/console/members/{one.member}")),
        Column("phone", lambda one: Cell(_tails(one.phones))),
        Column("card", lambda one: Cell(_tails(one.cards))),
        Column("store", lambda one: Cell(one.store)),
        Column("state", lambda one: Cell(translated(ask.lang)(f"member_{one.state}"))),
    ]
    return tabled(ask, "members", columns, hits.found, {"more": hits.more})


def empty_search(_ask: Ask) -> Page:
    """Show the search again."""
    return Page("members", {"list": None, "more": False})


def member(ask: Ask) -> Page:
    """Show a member."""
    one = ask.id("member")
    shown = lookup.show(ask.centre, one)
    about = (Party(Role.MEMBER, str(one)),)
    accounts = [account.id for account, _ in shown.accounts]
    with reading(ask.centre.engine) as connection:
        books = ledger.load(connection, accounts)
        entries = [
            entry
            for account in accounts
            for entry in ledger.entries_of(connection, account, ENTRIES_SHOWN)
        ]
        months = figures.turnover_by_month(connection, accounts)
        found = conflicts.look(connection, Wanted(parties=about), 1, 10)
        known = looking.documents(connection, {entry.document for entry in entries})
        texts = consent_store.texts(connection)
    lots = [lot for account in accounts for lot in books.lots_of(account) if lot.balance]
    named, golden = titles(ask), golden_record(shown)
    alone, a_day = points_max(ask.centre.settings, ask.me.role)
    content = {
        "shown": shown,
        "one": shown.member,
        "name": name_of(shown),
        "level": level(ask.centre, shown),
        "seen": _seen_of(shown),
        "counted": {one.field.value: one.value for one in golden},
        "profile": [_told(ask, one) for one in golden],
        "roles": [(one.value, translated(ask.lang)(f"family_{one.value}")) for one in FamilyRole],
        "lots": sorted(lots, key=_spent_before)[:LOTS_SHOWN],
        "lots_in_all": len(lots),
        "sources": {lot.id: source_of(ask, lot, named) for lot in lots},
        "wallets": [
            (wallet, called(ask, "wallet_", wallet))
            for wallet in sorted({WALLET, *(lot.wallet for lot in lots)})
        ],
        "entries": sorted(entries, key=_latest, reverse=True)[:ENTRIES_SHOWN],
        "receipts": {document.uid for document in known},
        "months": [(month_of(ask, one), *rest) for one, *rest in months[-MONTHS_SHOWN:][::-1]],
        "conflicts": found.conflicts,
        "corrections": corrections.look(ask.centre, Sought(member=one), 10),
        "consents": _standing(consents.said(ask.centre, one)),
        "texts": [
            (f"{purpose} {version}", f"{called(ask, 'purpose_', purpose)} {version}")
            for purpose, version in texts
        ],
        "once": str(uuid7(ask.at, ask.centre.chance)),
        "alone": format_points(alone),
        "a_day": format_points(a_day),
    }
    return Page("member", content)


def edit(ask: Ask) -> Answer:
    """Write what of a member's profile is typed and is not as it was."""
    one, proposal = ask.id("member"), _proposal(ask)
    people.edit_member(ask.centre, one, proposal, ask.word)
    return Go(f"/console/members/{one}", "saved")


def verify(ask: Ask) -> Answer:
    """Note that a member has shown that his phone is his."""
    one = ask.id("member")
    people.verify_phone(ask.centre, one, ask.word)
    return Go(f"/console/members/{one}", "verified")


def merge(ask: Ask) -> Answer:
    """Make two members one."""
    other = lookup.living(ask.centre, ask.text("other"))
    done = people.merge_members(ask.centre, ask.id("member"), other, ask.word)
    return Go(f"/console/members/{done.survivor}", "merged")


def unmerge(ask: Ask) -> Answer:
    """Part a member from whom he was merged into."""
    one = ask.id("member")
    people.unmerge_member(ask.centre, one, ask.word)
    return Go(f"/console/members/{one}", "parted")


def consent(ask: Ask) -> Answer:
    """Note that a member agrees to a text."""
    one = ask.id("member")
    purpose, _, version = ask.text("text").rpartition(" ")
    consents.give(ask.centre, one, purpose, version, ask.word)
    return Go(f"/console/members/{one}", "consented")


def withdraw(ask: Ask) -> Answer:
    """Note that a member agrees no more."""
    one = ask.id("member")
    consents.withdraw(ask.centre, one, ask.text("purpose"), ask.word)
    return Go(f"/console/members/{one}", "withdrawn")


def consent_text(ask: Ask) -> Page:
    """Show what people agree to, word for word."""
    purpose, version = ask.path["purpose"], ask.path["version"]
    with reading(ask.centre.engine) as connection:
        text = consent_store.find_text(connection, purpose, version)
    if text is None:
        raise consent_store.UnknownTextError(purpose=purpose, version=version)
    return Page("consent", {"text": text})


def _proposal(ask: Ask) -> Proposal:
    born, is_verified = ask.day("birthday"), ask.text("verified") == "1"
    shown = lookup.show(ask.centre, ask.id("member"))
    values = people.values_of(
        ask.centre, ask.text("name"), ask.text("phone"), ask.text("email"), born
    )
    now, seen = _seen_of(shown), ask.seen(_seen_of(shown))
    merged(now, {name: ask.text(name) for name in now}, seen)
    counted = {one.field: one.value for one in golden_record(shown)}
    counted.setdefault(ProfileField.NAME, name_of(shown))
    changed = {field: value for field, value in values.items() if counted.get(field) != value}
    others = {name for name, was in seen.items() if ask.text(name) == was != now[name]}
    own = {field: value for field, value in values.items() if field.value not in others}
    if not own:
        raise NothingEditedError
    return Proposal({field: own[field] for field in own if field in changed} or own, is_verified)


def _seen_of(shown: Shown) -> dict[str, str]:
    """Return what the form of a member's profile is filled with."""
    counted = {one.field.value: one.value for one in golden_record(shown)}
    return {"name": name_of(shown), **{name: counted.get(name, "") for name in FILLED}}


def _told(ask: Ask, known: Golden) -> tuple[Golden, str]:
    """Return a field and who has said it: a store and its cashier, a person, or how one knows.

    Who may not edit members sees of a phone and an address as much as tells them apart.
    """
    value = known.value
    if known.field is ProfileField.BIRTHDAY:
        value = day_of(ask, date.fromisoformat(value))
    if not ask.me.may(Right.EDIT_MEMBERS):
        if known.field is ProfileField.PHONE:
            value = _tails([value[-TAIL:]])
        elif known.field is ProfileField.EMAIL:
            value = f"{value[:1]}…@{value.rpartition('@')[2]}"
    return replace(known, value=value), said_by(ask, known.source)


def _tails(ends: Sequence[str]) -> str:
    return ", ".join(f"…{end}" for end in ends)


def _spent_before(lot: Lot) -> tuple[Any, ...]:
    """Return in which order lots are spent."""
    return (lot.expires_on is None, lot.expires_on, lot.activates_at, lot.id)


def _latest(entry: Entry) -> tuple[Any, ...]:
    return (entry.at, entry.id)


def _standing(said: Sequence[Consent]) -> list[Consent]:
    """Return the last word on each purpose, which counts."""
    return list({one.purpose: one for one in said}.values())
