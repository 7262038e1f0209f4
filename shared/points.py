"""Points: integers in hundredths of a point, their price in kopecks and how they are written."""

from shared.money import format_money

POINT = 100


def floor_to(points: int, unit: int) -> int:
    """Round points (hundredths) down to a multiple of a unit (hundredths)."""
    return points // unit * unit


def worth(points: int, point_value_minor: int) -> int:
    """Return what points (hundredths) pay, in whole kopecks, rounded down."""
    return points * point_value_minor // POINT


def points_for(amount_minor: int, point_value_minor: int) -> int:
    """Return the points (hundredths) whose worth is at most an amount in kopecks."""
    return amount_minor * POINT // point_value_minor


def format_points(points: int) -> str:
    """Write points as money is written: `1 085,50`."""
    return format_money(points)
