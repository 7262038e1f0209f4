"""The centre put together: its adapters, its HTTP application, its life from start to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from fastapi import APIRouter, FastAPI, Request
from sqlalchemy import Connection

from central.admission import Admission, Bodies, Lane, Width
from central.agents import routes as agents_routes
from central.agents import store as agents_store
from central.agents.service import AgentIdentity
from central.agents.sessions import Standing
from central.auditor import telling as auditing
from central.backups import service as backups
from central.centre import Centre
from central.console.routes import Console
from central.counted import STORAGE_ERRORS
from central.feed import routes as feed_routes
from central.feed import service as feed
from central.feed.hub import Hub, Limits
from central.feed.wakes import Wakes
from central.ingest import routes as ingest_routes
from central.ingest import service as ingest
from central.ingest.values import Watermark
from central.jobs import watch_listeners
from central.leases import routes as leases_routes
from central.measures import routes as measures_routes
from central.opening import NotInitialisedError
from central.settings import Settings
from central.snapshots import routes as snapshots_routes
from central.snapshots import service as snapshots
from shared.runtime.logs import Answered
from shared.runtime.sqlite import reading
from shared.runtime.web import BodyLimit, install_problems
from shared.wire.agents import StreamHead

MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages along a fact's path bring to the application."""

    routers: Sequence[APIRouter]
    known: Callable[[Connection, AgentIdentity], Watermark]
    """Up to which place an agent's journal is known."""
    barred: Callable[[Connection, AgentIdentity], str]
    """Why an agent gets no leases; empty if it does."""
    outcomes: Callable[[Connection], dict[str, int]]
    """Facts by outcome."""
    unaudited: Callable[[Connection], int]
    """How many facts and receipts the audit has still to look at."""


def full_stages() -> Stages:
    """Return the stages of a whole centre."""
    routers = (ingest_routes.router, leases_routes.router, measures_routes.router)
    return Stages(routers, ingest.known, ingest.barred, ingest.outcomes, auditing.unaudited)


def create_app(
    centre: Centre, stages: Stages, scheduler: BackgroundScheduler | None = None
) -> FastAPI:
    """Return the HTTP application; while it lives, the tail's hub and the ticker run."""
    hub, wakes = make_hub(centre)
    if scheduler is not None:
        watch_listeners(scheduler, centre, hub)
    app = FastAPI(
        title="Kopilka centre",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(centre, (hub, wakes), scheduler),
    )
    app.state.centre = centre
    app.state.storage_failed = partial(centre.counts.add, STORAGE_ERRORS)
    app.state.hub = hub
    app.state.standing_of = partial(standing_of, stages)
    app.state.stages = stages
    app.add_middleware(BodyLimit, limit_bytes=centre.settings.body_bytes_max)
    app.add_middleware(
        Admission,
        widths=_widths(centre.settings),
        bodies=Bodies(centre.settings.body_bytes_max, centre.settings.body_max_s),
        clock=centre.clock,
        chance=centre.chance,
    )
    install_problems(app)
    if centre.settings.log_level == "DEBUG":
        app.add_middleware(Answered, clock=centre.clock)
    own = (agents_routes.router, feed_routes.router, snapshots_routes.router, _router())
    for router in (*own, *stages.routers):
        app.include_router(router)
    Console(centre).serve(app)
    return app


def _widths(settings: Settings) -> dict[Lane, Width]:
    running = {
        Lane.ASK: settings.asks_max,
        Lane.PUSH: settings.pushes_max,
        Lane.BACKLOG: settings.backlog_pushes_max,
        Lane.READ: settings.reads_max,
        Lane.CONSOLE: settings.console_max,
    }
    return {
        lane: Width(most, settings.waiting_max, settings.waiting_max_s)
        for lane, most in running.items()
    }


def make_hub(centre: Centre) -> tuple[Hub, Wakes]:
    """Return the tail's hub over the centre's database, and what wakes it."""
    settings = centre.settings
    limits = Limits(
        poll_s=settings.tail_poll_ms / MILLISECONDS,
        keep_alive_s=settings.tail_keep_alive_s,
        listeners_max=settings.tail_listeners_max,
        frames_max=settings.tail_listener_frames_max,
    )
    wakes = Wakes(centre.engine)
    heads, pieces = partial(feed.heads, centre.engine), partial(feed.pieces, centre)
    hub = Hub(heads, pieces, limits, wakes.changed)
    wakes.ring = hub.ring
    return hub, wakes


def status(centre: Centre, stages: Stages) -> dict[str, Any]:
    """Return what an operator looks at first: facts by outcome, streams' ends, agents."""
    with reading(centre.engine) as connection:
        outcomes, unaudited = stages.outcomes(connection), stages.unaudited(connection)
        agents = agents_store.agents(connection)
    return {
        "incarnation": str(centre.incarnation),
        "now": centre.clock.now().isoformat(),
        "outcomes": outcomes,
        "unaudited": unaudited,
        "streams": feed.heads(centre.engine),
        "agents": [
            {
                "agent": str(agent.id),
                "store": agent.store,
                "epoch": agent.epoch,
                "version": agent.version,
                "fenced": agent.active_store is None,
                "seen_at": agent.seen_at.isoformat(),
            }
            for agent in agents
        ],
    }


def standing_of(stages: Stages, connection: Connection, identity: AgentIdentity) -> Standing:
    """Gather what all stages know of an agent when it opens a session."""
    heads = feed.heads_for(connection, identity.store)
    streams = tuple(StreamHead(name, number) for name, number in sorted(heads.items()))
    known = stages.known(connection, identity)
    barred = stages.barred(connection, identity)
    return Standing(
        expects=known.seq + 1,
        hash=known.hash,
        streams=streams,
        barred=barred,
        lives=feed.lives(connection),
        tallies=snapshots.tallies(connection, heads.keys()),
        backed_up=backups.backed_up(connection, identity),
    )


def _lifespan(
    centre: Centre, tail: tuple[Hub, Wakes], scheduler: BackgroundScheduler | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        hub, wakes = tail
        looking = asyncio.create_task(hub.run())
        wakes.start()
        if scheduler is not None:
            scheduler.start()
        try:
            yield
        finally:
            if scheduler is not None:
                scheduler.shutdown(wait=True)
            wakes.stop()
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            centre.engine.dispose()

    return lifespan


def _router() -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    @router.get("/readyz")
    def readyz(request: Request) -> dict[str, str]:
        """Say that the database answers and is this incarnation's."""
        centre: Centre = request.app.state.centre
        with reading(centre.engine) as connection:
            if feed.incarnation(connection) != centre.incarnation:
                raise NotInitialisedError
        return {"status": "ready"}

    @router.get("/v1/status")
    def get_status(request: Request) -> dict[str, Any]:
        """Report outcomes, streams and agents."""
        return status(request.app.state.centre, request.app.state.stages)

    return router
