"""A test strip: one line in each of a printer's tables, to find the one with Cyrillic."""

from collections.abc import Iterable

from hardware.printers.codec import to_cp866
from hardware.printers.encoder import CODE_PAGE, NO_KANJI, RESET, fence_of
from hardware.printers.layout import Line
from hardware.printers.profile import Profile
from hardware.printers.raster import raster

PAGES = range(64)
SAMPLE = "Съешь ещё: Ёж №5"
_FEED_AND_CUT = b"\x1bd\x06\x1dV\x00"


def strip(profile: Profile, pages: Iterable[int] = PAGES, *, job_no: int = 1) -> bytes:
    """Return the strip as one job: who reads a line rightly finds the table's number before it.

    The last line is drawn and reads rightly on any printer with `GS v 0`. Raises FontMissingError.
    """
    lines = (
        CODE_PAGE + bytes([page]) + to_cp866(f"page={page:<3} {SAMPLE}") + b"\n" for page in pages
    )
    drawn = raster(Line(f"page=raster {SAMPLE}"), profile.dots)
    text = RESET + NO_KANJI + b"".join(lines) + CODE_PAGE + b"\x00" + drawn
    return text + _FEED_AND_CUT + fence_of(profile, job_no)
