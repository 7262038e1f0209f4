"""The ticker: what the clock and busy threads may not keep from being done."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import OperationalError

from central.app import create_app, full_stages
from central.centre import Centre
from central.counted import JOB_RUNS, STORAGE_ERRORS
from central.jobs import Every, make_scheduler
from central.leases import expiry

WAIT_S = 20.0
THREADS = 10
"""Of the ticker."""


@pytest.fixture
def ticker(centre: Centre) -> Iterator[BackgroundScheduler]:
    scheduler = make_scheduler(centre)
    scheduler.remove_all_jobs()
    yield scheduler
    scheduler.shutdown(wait=True)


def test_a_clock_that_is_put_back_by_a_day_stops_no_job(ticker: BackgroundScheduler) -> None:
    ran = threading.Event()
    job = ticker.add_job(ran.set, "interval", seconds=3600)
    ticker.start()

    job.modify(next_run_time=job.next_run_time + timedelta(days=1))

    assert ran.wait(WAIT_S)


@pytest.mark.parametrize("missed", [timedelta(seconds=5), timedelta(days=20_000)])
def test_of_the_runs_that_were_missed_there_is_one(missed: timedelta) -> None:
    """However long: a machine may not have known the time when it began."""
    every, now = Every(seconds=5, timezone="UTC"), datetime(2026, 5, 20, 12, tzinfo=UTC)

    assert now < every.get_next_fire_time(now - missed, now) <= now + timedelta(seconds=5)


def test_the_jobs_pass_over_what_was_missed(centre: Centre) -> None:
    create_app(centre, full_stages(), scheduler := make_scheduler(centre))

    assert all(isinstance(job.trigger, Every) for job in scheduler.get_jobs())


def run_all(centre: Centre) -> None:
    """Do each job of a process once."""
    create_app(centre, full_stages(), scheduler := make_scheduler(centre))
    scheduler.start(paused=True)
    try:
        for job in scheduler.get_jobs():
            job.func()
    finally:
        scheduler.shutdown()


def test_runs_of_jobs_are_counted_when_they_have_ended(centre: Centre) -> None:
    run_all(centre)

    ended = centre.counts.of(JOB_RUNS)

    assert {("leases.expiry.run",), ("auditor.audit",), ("jobs.listening",)} <= ended.keys()
    assert set(ended.values()) == {1}


def test_a_run_that_the_database_has_failed_has_not_ended(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("SELECT 1", None, Exception("locked"))

    monkeypatch.setattr(expiry, "run", locked)  # one job of all, as by a lock held elsewhere
    run_all(centre)

    assert not [name for (name,) in centre.counts.of(JOB_RUNS) if "locked" in name]
    assert centre.counts.of(STORAGE_ERRORS) == {(): 1}


def test_a_job_that_takes_longer_than_it_rests_is_no_news(
    ticker: BackgroundScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    go_on, never = threading.Event(), threading.Event()
    ticker.start()
    ticker.add_job(go_on.wait, Every(seconds=1, timezone="UTC"), args=[WAIT_S])

    never.wait(2.5)
    go_on.set()

    assert [record.message for record in caplog.records if record.name.startswith("aps")] == []


def test_a_job_that_finds_all_threads_busy_is_done_when_one_is_free(
    ticker: BackgroundScheduler,
) -> None:
    go_on, ran, never = threading.Event(), threading.Event(), threading.Event()
    ticker.start()
    for _ in range(THREADS):
        ticker.add_job(go_on.wait, args=[WAIT_S])

    job = ticker.add_job(ran.set, "interval", seconds=3600)
    job.modify(next_run_time=job.next_run_time - timedelta(seconds=3600))
    never.wait(1.5)
    go_on.set()

    assert ran.wait(WAIT_S)
