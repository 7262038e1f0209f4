"""The inbox of conflicts: what happened in words, and what a person may do about each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from central.conflicts import service as conflicts
from central.conflicts.store import SORTED, Wanted
from central.conflicts.values import (
    Conflict,
    ConflictKind,
    ConflictState,
    Ending,
    Party,
    Role,
    Sentence,
)
from central.conflicts.words import TITLES
from central.console import whom
from central.console.ask import Answer, Ask, Go, Page
from central.console.pages import moment, translated
from central.console.tables import EXPORT_MAX, ROWS_A_PAGE, Cell, Column, page_of, part, part_file
from central.settling import naming
from central.settling import service as settling
from central.settling.explaining import explain
from shared.money import format_money
from shared.points import format_points
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading


def inbox(ask: Ask) -> Answer:
    """Show conflicts, the latest first; open ones unless others are asked for; as a file, too."""
    wanted = _wanted(ask)
    if ask.query.get("format") == "csv":
        return _file(ask, _columns(ask, {}), wanted)
    with reading(ask.centre.engine) as connection:
        found = conflicts.look(connection, wanted, page_of(ask.query), ROWS_A_PAGE)
        counts = conflicts.counts(connection)
    open_ = sum(n for (_, state), n in counts.items() if state == ConflictState.OPEN.value)
    columns = _columns(ask, _names(ask, found.conflicts))
    shown = {**ask.query, "state": ask.query.get("state", ConflictState.OPEN.value)}
    content = {
        "query": defaultdict(str, shown),
        "list": part(columns, found.conflicts, ask.query, found.total, SORTED),
        "open": open_,
        "kinds": [(kind.value, TITLES[kind].in_words(ask.lang)) for kind in ConflictKind],
    }
    return Page("conflicts", content)


def conflict(ask: Ask) -> Page:
    """Show a conflict with its facts, entries and the way back."""
    told = explain(ask.centre, ask.id("conflict"))
    one = told.conflict
    members = whom.names(ask, one.ids(Role.MEMBER))
    named = {**naming.in_locale(told.names, ask.lang), **members}
    content = {
        "told": told,
        "one": one,
        "title": TITLES[one.kind].in_words(ask.lang),
        "roles": [(role.value, one.named(role)) for role in Role if one.named(role)],
        "is_open": one.state is ConflictState.OPEN,
        "can_undo": one.kind in settling.UNDOABLE,
        "is_set_aside": one.kind in settling.SET_ASIDE,
        "in_words": lambda sentence: naming.told(sentence.in_words(ask.lang), named),
        "name_of": lambda one: named.get(UUID(one)) or whom.tail(UUID(one)),
        "cashier_of": lambda one: f"{one} {told.cashiers.get(one, '')}".strip(),
    }
    return Page("conflict", content)


def resolve(ask: Ask) -> Answer:
    """Close a conflict as it stands."""
    settling.resolve(ask.centre, ask.id("conflict"), ask.word)
    return Go(f"/console/conflicts/{ask.path['conflict']}", "resolved")


def undo(ask: Ask) -> Answer:
    """Take the other way."""
    return _said(ask, settling.undo(ask.centre, ask.id("conflict"), ask.word))


def correct(ask: Ask) -> Answer:
    """End a fact that was set aside: were its points spent?"""
    ending = ask.one_of("ending", Ending)
    return _said(ask, settling.correct(ask.centre, ask.id("conflict"), ask.word, ending))


def _said(ask: Ask, done: Sentence) -> Page:
    page = conflict(ask)
    say = page.content["in_words"]
    words = say(done)
    return Page(page.template, page.content, notice=Wording(words, words))


def _wanted(ask: Ask) -> Wanted:
    kind, state = ask.query.get("kind", ""), ask.query.get("state", ConflictState.OPEN.value)
    store = ask.query.get("store", "").strip() or ask.query.get("q", "").strip()
    about = (Party(Role.STORE, store),) if store else ()
    return Wanted(
        ConflictKind(kind) if kind in set(ConflictKind) else None,
        ConflictState(state) if state in set(ConflictState) else None,
        about,
        order=ask.query.get("sort", ""),
    )


def _names(ask: Ask, found: Iterable[Conflict]) -> dict[UUID, str]:
    """Return what the members and papers are called that conflicts are about."""
    with reading(ask.centre.engine) as connection:
        papers, members = naming.of_records(connection, found)
    return {**naming.in_locale(papers, ask.lang), **whom.names(ask, members)}


def _columns(ask: Ask, named: Mapping[UUID, str]) -> list[Column[Conflict]]:
    return [
        Column("at", lambda one: _at(ask, one), "nowrap"),
        Column("kind", lambda one: Cell(TITLES[one.kind].in_words(ask.lang))),
        Column("store", lambda one: Cell(" ".join(one.named(Role.STORE)))),
        Column("what", lambda one: Cell(naming.told(one.sentence.in_words(ask.lang), named))),
        Column("stakes", lambda one: Cell(_stakes(ask, one)), "number"),
        Column("state", lambda one: Cell(translated(ask.lang)(f"conflict_{one.state}"))),
    ]


def _at(ask: Ask, one: Conflict) -> Cell:
    return Cell(moment(ask, one.at), href=f"/console/conflicts/{one.id}")


def _stakes(ask: Ask, one: Conflict) -> str:
    t = translated(ask.lang)
    points = t("points_of", points=format_points(one.points)) if one.points else ""
    money = f"{format_money(one.amount_minor)} ₽" if one.amount_minor else ""
    return " · ".join(text for text in (points, money) if text)


def _file(ask: Ask, columns: list[Column[Conflict]], wanted: Wanted) -> Answer:
    found: list[Conflict] = []
    with reading(ask.centre.engine) as connection:
        for page in range(1, EXPORT_MAX // conflicts.PAGE_MAX + 1):
            some = conflicts.look(connection, wanted, page)
            found.extend(some.conflicts)
            if len(found) >= some.total:
                break
    return part_file(ask, "conflicts", columns, found)
