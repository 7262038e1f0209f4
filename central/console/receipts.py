"""Receipts: found by id or by a store's day, and told in words: why this price, what became."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from central.console.ask import Answer, Ask, Go, Page
from central.console.pages import moment
from central.console.tables import Cell, Column, chosen, listing, part_file
from central.console.whom import names, tail
from central.estate import service as estate
from central.people.roles import Right
from central.settling import receipts
from central.settling.receipts import Listed
from shared.money import format_money
from shared.points import format_points


def search(ask: Ask) -> Answer:
    """Find a receipt by its id, or show those of a store's day; as a file, too."""
    wanted = ask.query.get("receipt", "").strip()
    if wanted:
        try:
            found = receipts.show(ask.centre, UUID(wanted)).sale.receipt.uid
        except ValueError as error:
            raise receipts.NoReceiptError(receipt=wanted[:60]) from error
        return Go(f"/console/receipts/{found}")
    stores = estate.stores(ask.centre)
    store = ask.query.get("store", "") or (stores[0].code if stores else "")
    zones = {one.code: one.zone for one in stores}
    day = ask.day_asked() or ask.at.astimezone(ZoneInfo(zones.get(store, "UTC"))).date()
    found_, zone = receipts.of_day(ask.centre, store, day)
    is_file = ask.query.get("format") == "csv"
    named = names(ask, (one.member for one in found_ if one.member))
    columns = _columns(ask, zone, named)
    if is_file:  # of what the page shows, without names
        rows, nameless = chosen(columns, found_, ask.query), _columns(ask, zone, {})
        return part_file(ask, f"receipts-{store}-{day}", nameless, rows)
    content = {
        "list": listing(columns, found_, ask.query, "-at"),
        "stores": [(one.code, f"{one.code} {one.name}") for one in stores],
        "store": store,
        "chosen_day": day.isoformat(),
        "zone_of_store": zone,
    }
    return Page("receipts", content)


def receipt(ask: Ask) -> Page:
    """Show a receipt."""
    shown = receipts.show(ask.centre, ask.id("receipt"))
    lines = {line.no: line for line in shown.sale.receipt.lines}
    buyer = shown.sale.member
    named = names(ask, [buyer.id]) if buyer else {}
    content = {
        "shown": shown,
        "sale": shown.sale,
        "rows": [(lines[one.no], one) for one in shown.sale.evaluation.lines if one.no in lines],
        "buyer": buyer and (named.get(buyer.id) or tail(buyer.id)),
        "words": shown.words.words["ru" if ask.lang == "ru" else "en"],
    }
    return Page("receipt", content)


def nothing(_ask: Ask) -> Page:
    """Show that nothing was found."""
    return Page("refused")


def _columns(ask: Ask, zone: str, named: Mapping[UUID, str]) -> list[Column[Listed]]:
    sees = ask.me.may(Right.SEE_MEMBERS)
    return [
        Column("at", lambda one: _at(ask, one, zone), "nowrap"),
        Column("fiscal", lambda one: Cell(one.fiscal_number)),
        Column("till", lambda one: Cell(one.till)),
        Column("cashier", lambda one: Cell(one.cashier)),
        Column("paid", lambda one: _money(one.payable_minor), "number"),
        Column("redeemed", lambda one: _points(one.redeemed_points), "number"),
        Column("earned", lambda one: _points(one.earned_points), "number"),
        Column("member", lambda one: _member(one, named, sees=sees)),
    ]


def _at(ask: Ask, one: Listed, zone: str) -> Cell:
    return Cell(moment(ask, one.at, zone), one.at, f"/console/receipts/{one.uid}")


def _member(one: Listed, named: Mapping[UUID, str], *, sees: bool) -> Cell:
    if one.member is None:
        return Cell("")
    told = named.get(one.member) or tail(one.member)
    return Cell(told, href=f"/console/members/{one.member}" if sees else "")


def _money(amount_minor: int) -> Cell:
    return Cell(format_money(amount_minor), order=amount_minor)


def _points(points: int) -> Cell:
    return Cell(format_points(points) if points else "", order=points)
