"""What the centre does by the clock: expiry, sealing of segments, and tidying up.

Every job may run in several processes at once and be interrupted: it does again what is missing.
"""

from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler

from central.agents import service as agents
from central.centre import Centre
from central.feed import service as feed
from central.feed.hub import Hub
from central.ingest import service as ingest
from central.leases import expiry, recovery

WAKE_EVERY_S = 60
SEEN_EVERY_S = 5
"""A recall counts on agents that were seen within twice this time."""

Job = Callable[[Centre, datetime], object]


def make_scheduler(centre: Centre) -> BackgroundScheduler:
    """Return the ticker of this process; the caller starts and stops it."""
    settings = centre.settings
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
    )
    jobs: tuple[tuple[Job, int], ...] = (
        (expiry.run, settings.expiry_every_s),
        (seal, settings.seal_every_s),
        (agents.tidy, settings.tidy_every_s),
        (ingest.wake, WAKE_EVERY_S),
        (recovery.run, WAKE_EVERY_S),
    )
    for job, every_s in jobs:
        scheduler.add_job(_tick(job, centre), "interval", seconds=every_s)
    return scheduler


def watch_listeners(scheduler: BackgroundScheduler, centre: Centre, hub: Hub) -> None:
    """Let the ticker note which agents listen to this process."""
    job = _tick(lambda here, at: agents.saw(here, hub.listening(), at), centre)
    scheduler.add_job(job, "interval", seconds=SEEN_EVERY_S)


def seal(centre: Centre, _at: datetime) -> int:
    """Seal the feed's full segments."""
    return feed.seal(centre.engine, centre.incarnation)


def _tick(job: Job, centre: Centre) -> Callable[[], object]:
    return lambda: job(centre, centre.clock.now())
