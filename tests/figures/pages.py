"""`python -m tests.figures.pages`: how long each page of the console takes on a large base.

The base is written row by row under a chain of stores, without ingest: what pages read is there as
if it had been sold. It is of one month, so that a thirtieth of it is of the last day.
"""

import statistics
import tempfile
from collections.abc import Iterator
from time import process_time
from typing import Annotated

import typer
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from central.people.roles import Role
from central.schema import migrate
from shared.clock import SystemClock
from shared.runtime.sqlite import open_engine
from tests.central.app.kit import NOON, SetClock
from tests.central.journal_builder import make_centre
from tests.central.people.kit import Browser, Staff
from tests.figures.page_base import Made, build
from tests.postgres import Cluster
from tests.quiet import quiet

TIMES = 7
OK, GO = 200, 303
"""Shown; found and led to."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def measure(
    receipts: Annotated[int, typer.Option(min=100)] = 100_000,
    stores: Annotated[int, typer.Option(min=2)] = 1_500,
    database: Annotated[str, typer.Option(help="sqlite or postgresql.")] = "sqlite",
) -> None:
    """Write a base of so many receipts in so many stores, and time every page."""
    with tempfile.TemporaryDirectory() as place, quiet():
        cluster = Cluster() if database == "postgresql" else None
        url = f"sqlite:///{place}/central.db"
        if cluster is not None:
            cluster.start()
            name = cluster.create()
            url = cluster.url.set(database=name).render_as_string(hide_password=False)
        engine = open_engine(url)
        migrate(engine)
        engine.dispose()
        clock = SetClock(NOON)
        centre = make_centre(url, clock)
        made = build(centre, clock, receipts, stores)
        typer.echo(f"{receipts} receipts, {stores} stores on {database}, in ms:")
        typer.echo("  median     most processor")
        for line in timed(centre, made):
            typer.echo(line)
        centre.engine.dispose()
        if cluster is not None:
            cluster.remove()


def timed(centre: Centre, made: Made) -> Iterator[str]:
    """Ask for every page as an operator does; yield a line of each."""
    staff, clock = Staff(centre, centre.clock), SystemClock()
    browser = Browser(
        TestClient(create_app(centre, full_stages())), staff, staff.add("olga", Role.OPERATOR)
    )
    auditor = Browser(
        TestClient(create_app(centre, full_stages())), staff, staff.add("aud", Role.AUDITOR)
    )
    for path in paths(made):
        who, took_ms, busy_ms = auditor if path == "/trail" else browser, [], []
        for _ in range(TIMES):
            began_s, busy_s = clock.monotonic(), process_time()
            answer = who.get(f"/console{path}")
            took_ms.append((clock.monotonic() - began_s) * 1000)
            busy_ms.append((process_time() - busy_s) * 1000)
            assert answer.status_code in (OK, GO), (path, answer.text[-500:])
        usual, busy = statistics.median(took_ms), statistics.median(busy_ms)
        yield f"{usual:8.0f} {max(took_ms):8.0f} {busy:8.0f}  {path}"


def paths(made: Made) -> tuple[str, ...]:
    """Return what is asked for."""
    return (
        "/fleet", "/fleet?sort=-queue", "/stores/S1", "/alerts", "/regions", "/cashiers",
        "/members?who=иванова", "/members?who=4567", f"/members/{made.member}",
        f"/members/{made.member}/life", f"/members/{made.member}/lots",
        f"/receipts?store=S1&day={made.day}", f"/receipts/{made.receipt}",
        "/conflicts", "/conflicts?state=&sort=-stakes", "/corrections", "/packs",
        f"/packs/{made.pack}", f"/drafts/{made.draft}", "/figures", "/figures/hours.svg",
        "/figures/liability.svg", "/figures/tiers.svg", "/figures/queues.svg", "/trail",
        f"/drafts/{made.draft}/preview?receipts=200", f"/drafts/{made.draft}/preview?receipts=1000",
    )  # fmt: skip


if __name__ == "__main__":
    app()
