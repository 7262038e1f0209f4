"""A draft before it is published: tried on receipts of the past; tables that come as files."""

from central.console.ask import Answer, Ask, Go, NoSuchPageError, Page, bad_field
from central.console.pages import day_of, moment
from central.console.tables import Cell, Column, as_csv, tabled
from central.packs import drafting
from central.people.roles import Right
from central.rollout import requests
from central.rollout.preview import TOLD_MAX, Compared, Preview, preview
from shared.money import format_money
from shared.packs.table_kinds import TableKind
from shared.points import format_points

RECEIPTS = (200, 1_000, 5_000)
"""How many of the latest a page tries a draft on; the first unless another is chosen."""


def page(ask: Ask) -> Answer:
    """Show what a draft would have given on the latest receipts; as a file, too."""
    no = number_of(ask)
    found = preview(ask.centre, no, receipts=_receipts(ask), on=ask.day_asked("on"))
    columns = _columns(ask)
    content = {
        **_choice(ask, no),
        "found": found,
        "tiles": _tiles(found),
        "span": " – ".join(dict.fromkeys(day_of(ask, day) for day in (found.first, found.last))),
        "told": [(one, moment(ask, one.at), _words(ask, one)) for one in found.compared[:TOLD_MAX]],
        "summary": _summary(ask, found),
    }
    return tabled(ask, "preview", columns, found.compared, content)


def nothing(ask: Ask) -> Page:
    """Show the choice again, without receipts."""
    return Page("preview", {**_choice(ask, number_of(ask)), "found": None})


def table(ask: Ask) -> Answer:
    """Write a table of a published pack as a file, to be changed and sent back."""
    kind = _kind(ask)
    sheet = requests.table(ask.centre, ask.path["pack"], kind)
    return as_csv(kind.value, sheet.heading, sheet.rows)


def request(ask: Ask) -> Answer:
    """Begin a draft with a table from a file, and show what it changes."""
    file = ask.files.get("file")
    if file is None:
        raise bad_field("Файл", "File", "выберите файл", "choose a file")
    sent = (file.name, file.content)
    by, note = ask.me.who.login, ask.text("note")
    made = requests.request(ask.centre, ask.path["pack"], _kind(ask), sent, by, note)
    return Go(f"/console/drafts/{made.draft.no}", "requested")


def number_of(ask: Ask) -> int:
    """Return a draft's number in the address; raises NoSuchPageError."""
    text = ask.path["draft"]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NoSuchPageError(what=text[:60])
    return int(text)


def _choice(ask: Ask, no: int) -> dict[str, object]:
    """Return the draft, and on how many receipts it can be tried."""
    return {
        "one": drafting.show(ask.centre, no).draft,
        "sizes": [(str(size), str(size)) for size in RECEIPTS],
        "chosen": str(_receipts(ask)),
    }


def _kind(ask: Ask) -> TableKind:
    try:
        return TableKind(ask.path["kind"])
    except ValueError as error:
        raise NoSuchPageError(what=ask.path["kind"][:60]) from error


def _receipts(ask: Ask) -> int:
    asked = ask.query.get("receipts", "")
    return int(asked) if asked in {str(size) for size in RECEIPTS} else RECEIPTS[0]


def _columns(ask: Ask) -> list[Column[Compared]]:
    sees = ask.me.may(Right.SEE_MEMBERS)
    return [
        Column("at", lambda one: _at(ask, one, sees=sees), "nowrap"),
        Column("store", lambda one: Cell(one.store)),
        Column("discount_was", lambda one: _money(one.was.discount_minor), "number"),
        Column("discount_now", lambda one: _money(one.now.discount_minor), "number"),
        Column("points_was", lambda one: _points(one.was.points), "number"),
        Column("points_now", lambda one: _points(one.now.points), "number"),
        Column("more", _more, "number"),
    ]


def _at(ask: Ask, one: Compared, *, sees: bool) -> Cell:
    href = f"/console/receipts/{one.receipt}" if sees else ""
    return Cell(moment(ask, one.at), one.at, href)


def _money(amount_minor: int) -> Cell:
    return Cell(format_money(amount_minor), amount_minor)


def _points(points: int) -> Cell:
    return Cell(format_points(points), points)


def _more(one: Compared) -> Cell:
    return Cell(signed(one.more_minor), one.more_minor, look="bad" if one.more_minor > 0 else "")


def signed(amount_minor: int) -> str:
    """Write a difference in rubles, with its sign."""
    return f"+{format_money(amount_minor)}" if amount_minor > 0 else format_money(amount_minor)


def _tiles(found: Preview) -> list[tuple[str, str, str, str]]:
    """Return sums before and after: key, what was, what would be, the difference in rubles."""
    after, before = found.after, found.before
    if before is None:
        return [
            ("discounts", "", format_money(after.discount_minor), ""),
            ("granted_points", "", format_points(after.points), ""),
        ]
    discount = after.discount_minor - before.discount_minor
    worth = after.points_minor - before.points_minor
    return [
        ("discounts", format_money(before.discount_minor), format_money(after.discount_minor),
         signed(discount)),
        ("granted_points", format_points(before.points), format_points(after.points),
         signed(worth)),
        ("costs", format_money(before.discount_minor + before.points_minor),
         format_money(after.discount_minor + after.points_minor), signed(discount + worth)),
    ]  # fmt: skip


def _words(ask: Ask, one: Compared) -> tuple[list[str], list[str]]:
    return one.gone.get(ask.wording, []), one.new.get(ask.wording, [])


def _summary(ask: Ask, found: Preview) -> list[str]:
    """Return the sums in words, without the lines that the table tells."""
    return [line for line in found.text(ask.wording).splitlines() if line.strip()]
