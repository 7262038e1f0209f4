"""The demo itself, from the command line: it proves the system, and its checks prove themselves."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from demo.cli import Guard
from tests.left_behind import left_behind

KOPILKA = str(Path(sys.executable).with_name("kopilka"))
AGAIN_MAX = 2
RUN_S = 300
SLIPS = 13

pytestmark = pytest.mark.journey


def _demo(out: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    ended = subprocess.run(  # noqa: S603
        [KOPILKA, "demo", "--out", str(out), *options],
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return ended, report


def test_the_demo_holds_every_invariant(tmp_path: Path) -> None:
    ended, report = _demo(tmp_path / "out")

    assert ended.returncode == 0, ended.stdout
    assert report["ok"] is True
    assert [one["name"] for one in report["invariants"] if not one["ok"]] == []
    assert {store["queue"] for store in report["stores"]} == {0}
    assert "over_lease" in ended.stdout
    assert "All 7 invariants hold" in ended.stdout
    assert left_behind(tmp_path) == []
    _check_slips(tmp_path / "out", report["slips"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guard", "invariant"), [(Guard.LEASE, "no_overspend"), (Guard.DEDUP, "exactly_once")]
)
def test_a_broken_guard_is_found_and_named(tmp_path: Path, guard: Guard, invariant: str) -> None:
    ended, report = _demo(tmp_path / "out", "--break", guard.value)
    for again in range(AGAIN_MAX):
        if report["failures"][0] != "story":
            break
        # on a busy machine the story itself may stop, before the invariants are looked at
        ended, report = _demo(tmp_path / f"out-{again}", "--break", guard.value)

    assert ended.returncode == 1, ended.stdout
    assert report["failures"][0] == invariant
    assert f"FAILED: {invariant}." in ended.stdout
    assert report["broken_guard"] == guard.value
    assert left_behind(tmp_path) == []


def _check_slips(out: Path, slips: list[str]) -> None:
    """Pictures and texts say the same, down to the codes."""
    pictures = [out / name for name in slips if name.endswith(".png")]
    assert len(pictures) == SLIPS
    for picture in pictures:
        text = picture.with_suffix(".txt").read_text()
        codes = [code.text for code in zxingcpp.read_barcodes(Image.open(picture))]
        assert "Нефискальный документ" in text
        assert all(code in "".join(text.split()) for code in codes)
        assert codes or "Возврат" in text
