"""Which tables of a pack a change request may bring: a command names them without reading rules."""

from enum import StrEnum


class TableKind(StrEnum):
    """The tables of a pack that a sheet may bring."""

    LISTS = "lists"
    TIERS = "tiers"
    PRICES = "prices"
    FLOORS = "floors"
    LIMITS = "limits"
