"""Figures: their tables add up by hand, and they are there without the library that draws."""

import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from central.auditor import hour_store
from central.centre import Centre
from central.console import plots
from central.overview import service as overview
from central.packs.service import publish
from central.people.roles import Role
from shared.runtime.sqlite import transaction
from shared.wire.facts import ReceiptCommitted, body_of
from shared.wire.reports import PATH, AgentReport
from tests.builders import wine_text
from tests.central.app.kit import NOON, Device, SetClock, enrolled
from tests.central.auditor.kit import Shop, compiled
from tests.central.journal_builder import make_journal
from tests.central.people.kit import Browser, Staff


@pytest.fixture
def mark(client: TestClient, staff: Staff) -> Browser:
    """A marketer who is signed in."""
    return Browser(client, staff, staff.add("mark", Role.MARKETER))


@pytest.fixture
def device(client: TestClient, clock: SetClock) -> Device:
    return Device(client, clock)


def fall_behind(centre: Centre, device: Device) -> None:
    """Let a store tell that it has not sent some facts."""
    enrolled(centre, device)
    assert device.post(PATH, AgentReport(NOON, "0.2", queue=3)).status_code == 204


def test_a_plot_is_drawn_and_has_its_table(centre: Centre, mark: Browser, device: Device) -> None:
    publish(centre, wine_text())
    assert "Ещё не посчитано" in mark.get("/console/figures").text
    fall_behind(centre, device)
    overview.count(centre, centre.clock.now())

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
    assert len(file.text.splitlines()) == 1
    assert mark.get("/console/figures/nothing.svg").status_code == 404


def test_hours_are_of_a_day_and_a_store_by_the_clock_of_who_asks(
    centre: Centre, mark: Browser, clock: SetClock
) -> None:
    """23:30 of Moscow on February 28 is 20:30 UTC: in the last but one hour of that day."""
    at = datetime(2026, 2, 28, 20, 30, tzinfo=UTC)
    sold = body_of(Shop(make_journal(centre, clock, "101"), compiled()).sell(None, 5, at=at))
    assert isinstance(sold, ReceiptCommitted)
    with transaction(centre.engine) as connection:
        hour_store.add(connection, [sold], clock.at)

    file = mark.get("/console/figures/hours.csv?day=2026-02-28&store=101").text.splitlines()
    page = mark.get("/console/figures?day=2026-02-28&store=101").text

    assert len(file) == 25
    assert file[-1] == "28.02 23:00;1;5000,00;0,00;0,00"
    assert "hours.svg?day=2026-02-28&amp;store=101" in page
    assert "5 000,00" in page.replace("\u00a0", " ")
    assert "Ничего не продано" in mark.get("/console/figures?day=2026-02-28&store=102").text
    assert "28.02 23:00" in mark.get("/console/figures?day=x").text


def test_no_plot_and_no_board_reads_a_table_of_the_ledger(
    centre: Centre, client: TestClient, staff: Staff
) -> None:
    read: set[str] = set()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        read.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    olga = Browser(client, staff, staff.add("olga", Role.OPERATOR))
    event.listen(centre.engine, "before_cursor_execute", note)
    for path in ("/figures", "/fleet", "/stores/101", "/packs", "/alerts"):
        assert olga.get(f"/console{path}").status_code == 200

    assert {"sale_hour", "overview", "store"} <= read
    ledger = {"account", "lot", "entry", "turnover", "lease", "held", "audit", "staleness"}
    assert read & ledger == set()


def test_without_the_library_the_tables_are_there(
    centre: Centre, mark: Browser, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    fall_behind(centre, device)
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


def test_the_first_page_of_a_process_warms_what_the_next_ones_wait_for(
    client: TestClient,
) -> None:
    plots._drawn.cache_clear()

    client.get("/console/sign-in")
    client.get("/console/sign-in")

    assert plots._drawn.cache_info()[:2] == (0, 1)  # drawn once, though two pages were asked for


def test_many_have_their_thousands_apart_and_a_colour_that_no_language_changes() -> None:
    rows = [{"h": "1", "n": 24_000, "what": "Б"}, {"h": "1", "n": 5, "what": "А"}]

    svg = plots.bars(rows, "h", "n", "what").decode()

    assert ">20\u00a0000<" in svg
    assert svg.index(">Б<") < svg.index(">А<")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "вчера"])
def test_a_day_that_makes_no_sense_is_as_none(client: TestClient, staff: Staff, day: str) -> None:
    olga = Browser(client, staff, staff.add("olga", Role.OPERATOR))

    for path in ("figures", "figures/hours.csv", "receipts"):
        assert olga.get(f"/console/{path}?store=101&day={day}").status_code == 200
