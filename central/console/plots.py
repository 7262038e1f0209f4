"""Plots as SVG, drawn by vl-convert where it is installed; a page without them has its tables."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final

from shared.errors import Kind, LoyaltyError
from shared.money import NO_BREAK_SPACE

DRAWN_KEPT: Final = 64
WIDTH, HEIGHT = 560, 200
FEW, GAP, GAP_OF_FEW = 8, 0.15, 0.6
"""So few bars stand apart, or they would be blocks."""
COUNTED_MAX = 5
"""Up to here every whole number has a line."""
_CONFIG: Final = {
    "font": "DejaVu Sans",
    "axis": {"labelColor": "#566173", "titleColor": "#566173", "gridColor": "#e6ebf1"},
    "view": {"stroke": None},
    "bar": {"color": "#1d4e89"},
    "legend": {"orient": "top", "title": None},
}


class NoPlotsError(LoyaltyError):
    """Plots without the library that draws them, or one that there is not."""

    kind = Kind.NOT_FOUND
    code = "no_plots"
    ru = "Графика нет: поставьте kopilka[centre] или откройте таблицу."
    en = "There is no such plot: install kopilka[centre], or open the table."


def can_draw() -> bool:
    """Tell whether the library is there; it is not loaded by this."""
    return find_spec("vl_convert") is not None


def warm() -> None:
    """Draw nothing once, if plots can be drawn: the first drawing loads what draws."""
    if can_draw():
        bars([], "x", "y")


def bars(rows: Sequence[Mapping[str, Any]], x: str, y: str, by: str = "") -> bytes:
    """Draw bars of `y` over `x` (in the order of the rows), one colour for each of `by`.

    Raises NoPlotsError.
    """
    if not can_draw():
        raise NoPlotsError
    encoding: dict[str, Any] = {
        "x": {
            "field": x,
            "type": "nominal",
            "sort": None,
            "axis": {"labelAngle": -40},
            "scale": {"paddingInner": GAP if len(rows) > FEW else GAP_OF_FEW},
        },
        "y": {
            "field": y,
            "type": "quantitative",
            **_upwards(max((row[y] for row in rows), default=0)),
        },
    }
    if by:
        colours = ["#1d4e89", "#c8741a", "#5a8f5c"]
        encoding["color"] = {
            "field": by,
            "type": "nominal",
            "sort": None,
            "scale": {"range": colours},
        }
        encoding["xOffset"] = {"field": by, "sort": None}
    spec = {
        "data": {"values": list(rows)},
        "mark": "bar",
        "encoding": encoding,
        "width": WIDTH,
        "height": HEIGHT,
        "config": _CONFIG,
    }
    return _drawn(json.dumps(spec, ensure_ascii=False)).encode()


def _upwards(top: float) -> dict[str, Any]:
    """Return an axis from zero on, whose numbers are whole; nothing but zeros lie on its line."""
    most = max(int(top), 1)
    grouped = f"replace(format(datum.value, ',d'), /,/g, '{NO_BREAK_SPACE}')"
    axis: dict[str, Any] = {"labelExpr": grouped}
    if most <= COUNTED_MAX:
        axis["values"] = list(range(most + 1))
    return {"axis": axis, "scale": {"domain": [0, most], "nice": most > COUNTED_MAX}}


@lru_cache(DRAWN_KEPT)
def _drawn(spec: str) -> str:
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec)
    return svg
