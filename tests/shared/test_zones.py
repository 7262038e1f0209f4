"""Time zones are those of the installed package, whatever the machine has."""

import subprocess
import sys
from pathlib import Path

import pytest
import tzdata  # type: ignore[import-untyped]

from shared.runtime.zones import EDITION

ROOT = Path(__file__).parents[2]
PROGRAM = """
import zoneinfo, os
zoneinfo.reset_tzpath(to=[os.environ["WRONG"]])
before = zoneinfo.ZoneInfo("Europe/Moscow").utcoffset(__import__("datetime").datetime(2026, 1, 1))
from shared.runtime.zones import use_installed
use_installed()
after = zoneinfo.ZoneInfo("Europe/Moscow").utcoffset(__import__("datetime").datetime(2026, 1, 1))
print(before, after)
"""


@pytest.mark.edge("E40")
def test_a_machine_whose_zones_are_wrong_does_not_move_our_midnight(tmp_path: Path) -> None:
    """The machine believes that Moscow is where New York is."""
    there = Path(tzdata.__file__).parent / "zoneinfo"
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Moscow").write_bytes((there / "America" / "New_York").read_bytes())

    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={"WRONG": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "-1 day, 19:00:00 3:00:00\n"


def test_the_edition_is_that_of_the_package() -> None:
    assert EDITION == tzdata.IANA_VERSION >= "2026a"
