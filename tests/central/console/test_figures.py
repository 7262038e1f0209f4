"""Figures: their tables add up by hand, and they are there without the library that draws."""

import re

import pytest
from fastapi.testclient import TestClient

from central.centre import Centre
from central.console import plots
from central.packs.service import publish
from central.people.roles import Role
from tests.builders import wine_text
from tests.central.people.kit import Browser, Staff


@pytest.fixture
def mark(client: TestClient, staff: Staff) -> Browser:
    """A marketer who is signed in."""
    return Browser(client, staff, staff.add("mark", Role.MARKETER))


def test_a_plot_is_drawn_and_has_its_table(centre: Centre, mark: Browser) -> None:
    publish(centre, wine_text())

    page = mark.get("/console/figures").text
    svg = mark.get("/console/figures/queues.svg")

    assert 'src="/console/figures/queues.svg"' in page
    assert "<td>101</td>" in page
    assert "Серебряный" in page
    assert svg.headers["content-type"] == "image/svg+xml"
    assert svg.text.startswith("<svg")
    assert svg.text.rstrip().endswith("</svg>")
    assert "магазин" in svg.text


def test_a_figure_is_a_file_too(mark: Browser) -> None:
    file = mark.get("/console/figures/queues.csv")

    assert file.text.lstrip("\ufeff").splitlines()[0] == "Магазин;Название;Очередь;Реплика"
    assert len(file.text.splitlines()) == 3
    assert mark.get("/console/figures/nothing.svg").status_code == 404


def test_without_the_library_the_tables_are_there(
    mark: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "can_draw", lambda: False)  # as where the extra is not installed

    page = mark.get("/console/figures").text

    assert "<img" not in page
    assert "<details open>" in page
    assert mark.get("/console/figures/queues.svg").status_code == 404


@pytest.mark.parametrize(("counts", "told"), [((0, 0), "0 1"), ((2, 1), "0 1 2")])
def test_few_are_counted_in_whole_numbers(counts: tuple[int, ...], told: str) -> None:
    rows = [{"tier": f"T{no}", "n": count} for no, count in enumerate(counts)]

    svg = plots.bars(rows, "tier", "n").decode()

    assert " ".join(re.findall(r">(-?\d[\d.]*)</text>", svg)) == told
