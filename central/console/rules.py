"""Packs of rules: drafts that another person approves, publication in stages, readiness."""

from datetime import datetime
from typing import Literal

from central.console.ask import Answer, Ask, Go, NoSuchPageError, Page
from central.console.pages import MOMENTS, moment, translated
from central.console.tables import Cell, Column, exported, listing
from central.packs import drafting
from central.packs import store as packs
from central.packs.draft_store import StoredDraft
from central.packs.drafting import DraftState
from central.packs.store import Edition
from central.rollout import board as readiness
from central.rollout import changes
from central.rollout import service as rollout
from central.rollout.board import OfStore, Readiness
from central.rollout.service import Scope, Word
from shared.runtime.sqlite import reading

LOOKS = {
    Readiness.EFFECTIVE: "good",
    Readiness.LOADED: "good",
    Readiness.REFUSED: "bad",
    Readiness.AWAITED: "warning",
    Readiness.SILENT: "faint",
    Readiness.NO_AGENT: "faint",
}


def _begins(ask: Ask, effective_from: str) -> str:
    """Return a store-local instant as people write it; empty for at once."""
    if not effective_from:
        return ""
    return datetime.fromisoformat(effective_from).strftime(MOMENTS[ask.lang])


def packs_page(ask: Ask) -> Page:
    """Show drafts that are under way, and published packs."""
    with reading(ask.centre.engine) as connection:
        editions = sorted(packs.editions(connection), key=lambda one: one.published_at)[::-1]
    columns: list[Column[Edition]] = [
        Column("pack", lambda one: Cell(f"{one.name} {one.version}", href=_of_pack(one))),
        Column("from", lambda one: Cell(_begins(ask, one.effective_from), one.effective_from)),
        Column("published", lambda one: Cell(moment(ask, one.published_at), one.published_at)),
    ]
    content = {
        "list": listing(columns, editions, ask.query, ""),
        "drafts": drafting.listed(ask.centre, frozenset(DraftState) - {DraftState.PUBLISHED}),
    }
    return Page("packs", content)


def new_draft(_ask: Ask) -> Page:
    """Ask for a draft's text."""
    return Page("new_draft")


def write(ask: Ask) -> Answer:
    """Begin a draft."""
    text = ask.form.get("text", "")
    shown = drafting.write(ask.centre, text, _by(ask), source="console", note=ask.text("note"))
    return Go(_of_draft(shown.draft), "saved")


def draft(ask: Ask) -> Page:
    """Show a draft: what it changes, its text, and what was done with it."""
    no = _no(ask)
    shown = drafting.show(ask.centre, no)
    lang: Literal["ru", "en"] = "ru" if ask.lang == "ru" else "en"
    content = {
        "shown": shown,
        "one": shown.draft,
        "changes": changes.differences(ask.centre, no, lang),
        "is_mine": ask.me.who.login in shown.writers,
    }
    return Page("draft", content)


def revise(ask: Ask) -> Answer:
    """Put another text into a draft."""
    no, text = _no(ask), ask.form.get("text", "")
    shown = drafting.revise(ask.centre, no, text, _by(ask), note=ask.text("note"))
    return Go(_of_draft(shown.draft), "saved")


def submit(ask: Ask) -> Answer:
    """Ask for a review."""
    shown = drafting.submit(ask.centre, _no(ask), _by(ask), ask.text("note"))
    return Go(_of_draft(shown.draft), "submitted")


def approve(ask: Ask) -> Answer:
    """Approve a draft that others have written."""
    shown = drafting.approve(ask.centre, _no(ask), _by(ask), ask.text("note"))
    return Go(_of_draft(shown.draft), "approved")


def reject(ask: Ask) -> Answer:
    """Send a draft back."""
    shown = drafting.reject(ask.centre, _no(ask), _by(ask), ask.text("note"))
    return Go(_of_draft(shown.draft), "rejected")


def publish(ask: Ask) -> Answer:
    """Publish an approved draft: everywhere, or in some stores or regions first."""
    begins = ask.text("effective_from") or None
    word = Word(_by(ask), ask.text("note"))
    done = rollout.publish(ask.centre, _no(ask), _scope(ask), begins, word)
    return Go(f"/console/packs/{done.hash}", "published")


def pack(ask: Ask) -> Answer:
    """Show how a pack stands in every store; as a file, too."""
    found = readiness.board(ask.centre, ask.path["pack"])
    t = translated(ask.lang)
    columns: list[Column[OfStore]] = [
        Column("store", lambda one: Cell(one.store, href=f"/console/stores/{one.store}")),
        Column("region", lambda one: Cell(one.region)),
        Column("readiness", lambda one: _readiness(ask, one)),
        Column("due", lambda one: Cell(t("yes") if one.is_due else "")),
        Column("heard", lambda one: Cell(moment(ask, one.heard_at), one.heard_at)),
        Column("why", lambda one: Cell(one.reason_ru if ask.lang == "ru" else one.reason_en)),
    ]
    if ask.query.get("format") == "csv":
        titles = {column.key: t(f"col_{column.key}") for column in columns}
        name = f"readiness-{found.pack.name}-{found.pack.version}"
        return exported(name, titles, columns, found.stores, ask.query)
    content = {"board": found, "list": listing(columns, found.stores, ask.query, "store")}
    return Page("pack", content)


def halt(ask: Ask) -> Answer:
    """Stop a pack everywhere, or in some stores or regions."""
    word = Word(_by(ask), ask.text("note"))
    rollout.halt(ask.centre, ask.path["pack"], _scope(ask), word)
    return Go(f"/console/packs/{ask.path['pack']}", "halted")


def _readiness(ask: Ask, one: OfStore) -> Cell:
    return Cell(translated(ask.lang)(f"ready_{one.readiness}"), look=LOOKS[one.readiness])


def _scope(ask: Ask) -> Scope:
    return Scope(tuple(ask.text("stores").split()), tuple(ask.text("regions").split()))


def _no(ask: Ask) -> int:
    text = ask.path["draft"]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NoSuchPageError(what=text[:60])
    return int(text)


def _by(ask: Ask) -> str:
    return ask.me.who.login


def _of_draft(one: StoredDraft) -> str:
    return f"/console/drafts/{one.no}"


def _of_pack(one: Edition) -> str:
    return f"/console/packs/{one.hash}"
