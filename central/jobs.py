"""What the centre does by the clock: expiry, sealing of segments, audit, measures, tidying up.

Shared jobs are done by the process that has the duty. A job may be interrupted, and at worst run
in two processes at once: it does again what is missing.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from apscheduler.events import EVENT_SCHEDULER_SHUTDOWN, EVENT_SCHEDULER_STARTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from central.agents import service as agents
from central.alerts import service as alerts
from central.alerts.senders import senders_of
from central.auditor import service as auditor
from central.budgets import service as budgets
from central.centre import Centre
from central.counted import JOB_RUNS, STORAGE_ERRORS
from central.duty import EVERY_S, Duty, duty_of
from central.feed import service as feed
from central.feed.hub import Hub
from central.ingest import recovering
from central.ingest import service as ingest
from central.leases import expiry, silence
from central.ledger import nightly
from central.measures import service as measures
from central.overview import service as overview
from central.packs import keyring
from central.people import sessions
from central.settling import by_policy
from central.settling.erased_list import ErasedList
from central.snapshots import service as snapshots
from shared.clock import SystemClock

WAKE_EVERY_S = 60
SETTLED_EVERY_S = 60
ERASURES_EVERY_S = 60
ALERTS_EVERY_S = 60
CHECK_EVERY_S = 600
"""How often it is asked whether the nightly look at the laws is due."""
OVERVIEW_EVERY_S = 60
SEEN_EVERY_S = 5
"""A recall counts on agents that were seen within twice this time."""

EARLY_MAX: Final = timedelta(seconds=1)

Job = Callable[[Centre, datetime], object]

log = structlog.get_logger()


class Every(IntervalTrigger):  # type: ignore[misc]
    """Every so many seconds; of runs that were missed as a clock was put ahead there is one.

    Named one by one they take a second for a month, and all memory for the years of a machine that
    did not know the time when it began.
    """

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the instant after a former one that has not passed yet."""
        following: datetime = super().get_next_fire_time(previous, now)
        return following if following > now else now + self.interval


def make_scheduler(centre: Centre) -> BackgroundScheduler:
    """Return the ticker of this process; the caller starts and stops it."""
    settings = centre.settings
    erased = ErasedList(settings.erasures)
    scheduler = BackgroundScheduler(
        timezone="UTC",
        # What found no free thread at its instant is done when there is one, not passed over.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    jobs: tuple[tuple[Job, int], ...] = (
        (expiry.run, settings.expiry_every_s),
        (silence.run, settings.silence_every_s),
        (feed.seal, settings.seal_every_s),
        (snapshots.run, settings.count_every_s),
        (snapshots.prune, settings.prune_every_s),
        (agents.tidy, settings.tidy_every_s),
        (sessions.tidy, settings.tidy_every_s),
        (ingest.wake, WAKE_EVERY_S),
        (ingest.readmit, WAKE_EVERY_S),
        (recovering.run, WAKE_EVERY_S),
        (keyring.publish, SEEN_EVERY_S),
        (auditor.job(), settings.audit_every_s),
        (by_policy.run, SETTLED_EVERY_S),
        (nightly.run, CHECK_EVERY_S),
        (measures.job(), settings.measure_every_s),
        (overview.count, OVERVIEW_EVERY_S),
        (budgets.run, settings.budgets_every_s),
        (erased.repeat, ERASURES_EVERY_S),
        (alerts.look, ALERTS_EVERY_S),
        (partial(alerts.tell, senders_of(settings)), ALERTS_EVERY_S),
    )
    duty = duty_of(centre.engine, settings.data_dir)
    # That a run is passed over while the one before goes on is no news; that none ends is counted.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler.add_job(duty.has, _every(EVERY_S))
    scheduler.add_job(_tick(erased.keep, centre), _every(ERASURES_EVERY_S))
    for job, every_s in jobs:
        scheduler.add_job(_shared(duty, _tick(job, centre)), _every(every_s))
    scheduler.add_listener(lambda _event: duty.end(), EVENT_SCHEDULER_SHUTDOWN)
    _watch_clock(scheduler)
    return scheduler


def _every(seconds: int) -> Every:
    return Every(seconds=seconds, timezone="UTC")


def call_back(scheduler: BackgroundScheduler, at: datetime) -> int:
    """Let jobs run now that wait for longer than they rest between two runs; return how many.

    The ticker goes by the wall clock: one that is put back by a day would leave them waiting for a
    day.
    """
    late = [
        job
        for job in scheduler.get_jobs()
        if job.next_run_time and job.next_run_time - at > job.trigger.interval + EARLY_MAX
    ]
    for job in late:
        job.modify(next_run_time=at)
    return len(late)


def _watch_clock(scheduler: BackgroundScheduler) -> None:
    """See every few seconds, by a clock that nobody sets, that no job waits for too long."""
    stopping, clock = threading.Event(), SystemClock()  # the ticker's own

    def watch() -> None:
        while not stopping.wait(EVERY_S):
            if called := call_back(scheduler, clock.now()):
                log.warning("clock.put_back", jobs=called)

    thread = threading.Thread(target=watch, name="clock", daemon=True)
    scheduler.add_listener(lambda _event: thread.start(), EVENT_SCHEDULER_STARTED)
    scheduler.add_listener(lambda _event: stopping.set(), EVENT_SCHEDULER_SHUTDOWN)


def watch_listeners(scheduler: BackgroundScheduler, centre: Centre, hub: Hub) -> None:
    """Let the ticker note which agents listen to this process."""

    def listening(here: Centre, at: datetime) -> None:
        agents.saw(here, hub.listening(), at)

    scheduler.add_job(_tick(listening, centre), _every(SEEN_EVERY_S))


def _shared(duty: Duty, tick: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        if duty.has():
            tick()

    return run


def _tick(job: Job, centre: Centre) -> Callable[[], None]:
    """Return a run of a job; a database that fails ends it, and the next one goes on."""
    name = _name(job)

    def run() -> None:
        try:
            job(centre, centre.clock.now())
        except SQLAlchemyError as error:
            centre.counts.add(STORAGE_ERRORS)
            cause = getattr(error, "orig", None) or error
            log.warning("job.failed", job=name, reason=type(cause).__name__)
        else:
            centre.counts.add(JOB_RUNS, name)

    return run


def _name(job: Job) -> str:
    """Return what a job is called by: the module that has it, and its function."""
    function = job.func if isinstance(job, partial) else job
    package = function.__module__.removeprefix("central.").removesuffix(".service")
    return f"{package}.{function.__name__}"
