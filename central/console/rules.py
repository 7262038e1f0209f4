"""Packs of rules: what is published, and drafts that another person approves."""

from central.console.ask import Answer, Ask, Go, Page
from central.console.pages import day_time, moment, translated
from central.console.previews import number_of
from central.console.publications import scope_of, word_of
from central.console.tables import Cell, Column, tabled
from central.packs import drafting
from central.packs import store as packs
from central.packs.draft_store import StoredDraft
from central.packs.drafting import DraftShown, DraftState
from central.packs.publishing import AT_ONCE
from central.packs.store import Edition
from central.people.roles import Right
from central.rollout import board, changes
from central.rollout import service as rollout
from central.rollout.requests import OF_TABLE
from shared.runtime.sqlite import reading


def packs_page(ask: Ask) -> Answer:
    """Show drafts that are under way, and published packs; these as a file, too."""
    with reading(ask.centre.engine) as connection:
        editions = sorted(packs.editions(connection), key=lambda one: one.published_at)[::-1]
    counts = board.counts(ask.centre)
    columns: list[Column[Edition]] = [
        Column("pack", lambda one: Cell(f"{one.name} {one.version}", href=_of_pack(one))),
        Column("from", lambda one: Cell(day_time(ask, one.effective_from), one.effective_from)),
        Column("published", lambda one: Cell(moment(ask, one.published_at), one.published_at)),
        Column("loaded", lambda one: _of(counts.loaded[one.hash], counts.stores), "number"),
        Column("effective", lambda one: _of(counts.effective[one.hash], counts.stores), "number"),
        Column("due_in", lambda one: _of(counts.due[one.hash], counts.stores), "number"),
    ]
    under_way = frozenset(DraftState) - {DraftState.PUBLISHED}
    content = {"drafts": drafting.listed(ask.centre, under_way)}
    return tabled(ask, "packs", columns, editions, content)


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
    no = number_of(ask)
    shown = drafting.show(ask.centre, no)
    content = {
        "shown": shown,
        "one": shown.draft,
        "changes": changes.differences(ask.centre, no, ask.wording),
        "source": _source(ask, shown.draft.source),
        "may_do": _may_do(ask, shown),
    }
    return Page("draft", content)


def revise(ask: Ask) -> Answer:
    """Put another text into a draft."""
    no, text = number_of(ask), ask.form.get("text", "")
    shown = drafting.revise(ask.centre, no, text, _by(ask), note=ask.text("note"), seen=_seen(ask))
    return Go(_of_draft(shown.draft), "saved")


def submit(ask: Ask) -> Answer:
    """Ask for a review."""
    shown = drafting.submit(ask.centre, number_of(ask), _by(ask), ask.text("note"), _seen(ask))
    return Go(_of_draft(shown.draft), "submitted")


def approve(ask: Ask) -> Answer:
    """Approve a draft that others have written."""
    shown = drafting.approve(ask.centre, number_of(ask), _by(ask), ask.text("note"), _seen(ask))
    return Go(_of_draft(shown.draft), "approved")


def reject(ask: Ask) -> Answer:
    """Send a draft back."""
    shown = drafting.reject(ask.centre, number_of(ask), _by(ask), ask.text("note"), _seen(ask))
    return Go(_of_draft(shown.draft), "rejected")


def publish(ask: Ask) -> Answer:
    """Publish an approved draft: everywhere, or in some stores or regions first; from the instant
    that its text names, from another one, or at once."""
    begins = AT_ONCE if ask.text("at_once") else ask.text("effective_from") or None
    word, seen = word_of(ask), _seen(ask)
    done = rollout.publish(ask.centre, number_of(ask), scope_of(ask), begins, word, seen)
    return Go(f"/console/packs/{done.hash}", "published")


def _may_do(ask: Ask, shown: DraftShown) -> list[str]:
    """Return what somebody may do with a draft as it is now, the first of it first."""
    state = DraftState(shown.draft.state)
    acts = {
        "submit": (Right.WRITE_RULES, (DraftState.DRAFT,)),
        "approve": (Right.REVIEW_RULES, (DraftState.IN_REVIEW,)),
        "publish": (Right.PUBLISH_RULES, (DraftState.APPROVED,)),
        "reject": (Right.REVIEW_RULES, (DraftState.IN_REVIEW, DraftState.APPROVED)),
    }
    found = [act for act, (right, states) in acts.items() if ask.me.may(right) and state in states]
    if ask.me.who.login in shown.writers and "approve" in found:
        found.remove("approve")
    return found


def _source(ask: Ask, source: str) -> str:
    """Return in words where a draft comes from: of a table's file what it says."""
    found = OF_TABLE.fullmatch(source)
    if found is None:
        return source
    t = translated(ask.lang)
    return t("of_table", table=t(f"table_{found[1]}"), pack=found[2], file=found[3])


def _of(count: int, stores: int) -> Cell:
    return Cell(f"{count} / {stores}", count)


def _seen(ask: Ask) -> str:
    """Return the hash of the text that the page has shown."""
    return ask.text("was_text")


def _by(ask: Ask) -> str:
    return ask.me.who.login


def _of_draft(one: StoredDraft) -> str:
    return f"/console/drafts/{one.no}"


def _of_pack(one: Edition) -> str:
    return f"/console/packs/{one.hash}"
