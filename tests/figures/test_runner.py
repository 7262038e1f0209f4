"""The runner of the figures: it goes on where it was, and a small run never reaches a goal."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.figures.book import Book
from tests.figures.command import app, compared
from tests.figures.run import FULL, Row

ROW = Row("figure 0: nothing", 1.0, 2.0, "s", "<= 2 s", kept=True, how="here")
TINY = "0.0003"


def test_a_piece_that_is_done_is_not_repeated_by_the_next_process(tmp_path: Path) -> None:
    done = Book.open(tmp_path / "figure" / "pieces.json")
    done.once("first", lambda: {"seconds": 1})

    again = Book.open(tmp_path / "figure" / "pieces.json")

    assert again.once("first", lambda: {"seconds": 2}) == {"seconds": 1}
    assert again.once("second", lambda: {"seconds": 3}) == {"seconds": 3}


def test_a_piece_that_failed_is_done_again(tmp_path: Path) -> None:
    book = Book.open(tmp_path / "pieces.json")

    with pytest.raises(ZeroDivisionError):
        book.once("first", lambda: {"seconds": 1 / 0})

    assert Book.open(tmp_path / "pieces.json").once("first", lambda: {"s": 2}) == {"s": 2}


@pytest.mark.parametrize(
    ("scale", "kept", "reached"),
    [(FULL, True, True), (FULL, False, False), (0.5, True, None), (0.5, False, False)],
)
def test_less_than_the_full_scale_reaches_no_goal(
    scale: float, kept: bool, reached: bool | None
) -> None:
    row = compared(replace(ROW, kept=kept), scale)

    assert row.reached is reached
    assert f"scale {scale:g}" in row.how
    assert (row.name == ROW.name) is (scale == FULL)


@pytest.mark.journey
def test_a_small_bootstrap_is_killed_and_goes_on(tmp_path: Path) -> None:
    """Laws alone are of interest at this scale: equal rows, and nothing sent twice."""
    ended = CliRunner().invoke(app, ["--only", "6", "--scale", TINY, "--folder", str(tmp_path)])

    assert ended.exit_code == 0, ended.output
    (results,) = tmp_path.glob("scale-*/results.json")
    rows = {row["name"]: row for row in json.loads(results.read_text())}
    assert len(rows) == 2
    assert all(row["reached"] is not True for row in rows.values())


@pytest.mark.journey
def test_who_registers_in_two_stores_is_one_member(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["--only", "12", "--scale", TINY, "--folder", str(tmp_path)])

    assert ended.exit_code == 0, ended.output
    (results,) = tmp_path.glob("scale-*/results.json")
    (row,) = json.loads(results.read_text())
    assert "50 registrations in 1 runs" in row["how"]
