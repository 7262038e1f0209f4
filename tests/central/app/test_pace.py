"""Pace: what can wait takes a small share of the time while stores send, and all of it else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.auditor import service as auditor
from central.centre import Centre
from central.feed import service as feed
from central.pace import REST, REST_S_MAX, Pace
from central.snapshots import service as snapshots
from shared.runtime.sqlite import transaction
from shared.wire.feed import SEGMENT_ROWS_MAX
from shared.wire.rows import GoodsRow
from tests.central.app.kit import Device, SetClock
from tests.central.auditor.kit import CHEESE, shop
from tests.central.journal_builder import make_journal

STEP_S = 0.25


class WorkingClock(SetClock):
    """A clock by which everything between two looks takes a quarter of a second."""

    def __init__(self, clock: SetClock) -> None:
        super().__init__(clock.at)
        self.rests: list[float] = []

    def monotonic(self) -> float:
        self.at += timedelta(seconds=STEP_S)
        return super().monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.rests.append(round(timeout_s, 6))
        return super().wait(event, timeout_s)


@pytest.fixture
def slow(centre: Centre, clock: SetClock) -> Centre:
    working: Any = WorkingClock(clock)
    return replace(centre, clock=working)


def rests(centre: Centre) -> list[float]:
    clock: Any = centre.clock
    return list(clock.rests)


def two_segments(centre: Centre) -> None:
    rows = [
        feed.changed("region:msk", GoodsRow(str(no), "a", "wine", "", (), 1, 0, ()))
        for no in range(2 * SEGMENT_ROWS_MAX)
    ]
    with transaction(centre.engine) as connection:
        feed.append(connection, rows)


def counting(centre: Centre) -> int:
    two_segments(centre)
    return snapshots.run(centre, centre.clock.now())


def auditing(centre: Centre) -> int:
    clock: Any = centre.clock
    journal = make_journal(centre, clock, "101")
    store = shop(centre, journal)
    store.sell(journal.register("Анна", "+79160000001")[0], 10, CHEESE)
    journal.push()
    return auditor.run(centre, centre.clock.now())


@pytest.mark.parametrize("work", [counting, auditing])
def test_work_that_can_wait_rests_four_times_as_long_as_it_takes_while_a_store_sends(
    slow: Centre, work: Callable[[Centre], int]
) -> None:
    with slow.pace.sending(), slow.pace.sending():
        done = work(slow)
    assert done > 0
    assert set(rests(slow)) == {REST * STEP_S}


@pytest.mark.parametrize("work", [counting, auditing])
def test_it_does_not_rest_when_nobody_sends(slow: Centre, work: Callable[[Centre], int]) -> None:
    with slow.pace.sending():
        pass
    assert work(slow) > 0
    assert rests(slow) == []


def test_a_rest_is_bounded(clock: SetClock) -> None:
    working: Any = WorkingClock(clock)
    pace = Pace()
    with pace.sending(), pace.patiently(working):
        working.go(hours=1)
    assert working.rests == [REST_S_MAX]


class Counted(Pace):
    """A pace that counts who sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        self.sent += 1
        with super().sending():
            yield


def test_a_push_is_what_it_gives_way_to(centre: Centre, clock: SetClock) -> None:
    pace = Counted()
    app = create_app(replace(centre, pace=pace), full_stages())
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = Device(client, clock).post("/v1/facts", {"not": "a batch"})

    assert not answer.is_success
    assert pace.sent == 1
