"""Cashiers and regions of the whole chain: tables that lead to the stores they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.console.ask import Answer, Ask
from central.console.pages import translated
from central.console.tables import Cell, Column, tabled
from central.estate import service as estate
from central.estate.rows import Cashier, Store


@dataclass(frozen=True, slots=True)
class _Region:
    code: str
    stores: Sequence[Store]

    @property
    def zones(self) -> list[str]:
        return sorted({one.zone for one in self.stores})


def cashiers(ask: Ask) -> Answer:
    """Show all cashiers; as a file, too."""
    t = translated(ask.lang)
    columns: list[Column[Cashier]] = [
        Column("store", lambda one: Cell(one.store, href=f"/console/stores/{one.store}")),
        Column("no", lambda one: Cell(one.no)),
        Column("cashier", lambda one: Cell(one.name)),
        Column("role", lambda one: Cell(t(f"till_role_{one.role}"))),
    ]
    found = estate.every_cashier(ask.centre)
    return tabled(ask, "cashiers", columns, found, {}, "store")


def regions(ask: Ask) -> Answer:
    """Show the regions with their stores and zones; as a file, too."""
    by_code: dict[str, list[Store]] = {}
    for store in estate.stores(ask.centre):
        by_code.setdefault(store.region, []).append(store)
    columns: list[Column[_Region]] = [
        Column("region", lambda one: Cell(one.code, href=f"/console/fleet?region={one.code}")),
        Column("stores", lambda one: Cell(str(len(one.stores)), len(one.stores)), "number"),
        Column("zones", lambda one: Cell(", ".join(one.zones))),
    ]
    found = [_Region(code, stores) for code, stores in by_code.items()]
    return tabled(ask, "regions", columns, found, {}, "region")
