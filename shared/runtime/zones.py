"""The time zone database of a process: the one that is installed with it, not the machine's.

An agent and the centre must find the same midnight. The machine's database may be years old, or a
day newer; the one of the package `tzdata` is pinned as all of the code is.
"""

import zoneinfo
from typing import Final

import tzdata  # type: ignore[import-untyped]

EDITION: Final[str] = tzdata.IANA_VERSION
"""Such as `2025b`; later ones sort after it."""


def use_installed() -> None:
    """Read time zones from the package alone, in this process."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
