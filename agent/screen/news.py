"""What a page is told while it is open: that it is old, and what the scanner read for its till."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from agent.events import Event
from agent.screen.desk import Desk
from agent.screen.header import mark
from agent.station import Station

QUEUE_MAX = 100
LOOK_S = 0.5
"""How often the line and the devices are looked at."""
ALIVE_S = 5.0


class NewsResponse(EventSourceResponse):
    """A stream for one page; the newest page of a till alone gets its scans.

    Raises TooManyListenersError before anything is answered.
    """

    def __init__(self, station: Station, desk: Desk) -> None:
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)
        loop = asyncio.get_running_loop()

        def keep(event: Event) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

        def hear(event: Event) -> None:
            with suppress(RuntimeError):  # the server has stopped: nobody is left to be told
                loop.call_soon_threadsafe(keep, event)

        self._listening = ExitStack()
        self._listening.enter_context(station.events.listening(hear))
        desk.listener = queue
        super().__init__(_told(station, desk, queue), ping=ALIVE_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until one side hangs up, and then listen no more."""
        with self._listening:
            await super().__call__(scope, receive, send)


async def _told(
    station: Station, desk: Desk, queue: asyncio.Queue[Event]
) -> AsyncIterator[ServerSentEvent]:
    """Tell the page's mark at once and whenever it changes, a sign of life otherwise."""
    told, silent_s = "", 0.0
    while True:
        event = await _next(queue)
        if event is not None and event.name == "scan":
            if desk.listener is queue and desk.till == station.settings.scanner_till:
                yield ServerSentEvent(event="scan", data=json.dumps(event.details))
            continue
        if event is not None and event.name == "print.changed":
            desk.edition += 1
        now = mark(station, desk, station.clock.monotonic())
        silent_s += LOOK_S
        if now != told:
            yield ServerSentEvent(event="mark", data=now)
        elif silent_s >= ALIVE_S:
            yield ServerSentEvent(event="alive", data="{}")
        else:
            continue
        told, silent_s = now, 0.0


async def _next(queue: asyncio.Queue[Event]) -> Event | None:
    try:
        return await asyncio.wait_for(queue.get(), LOOK_S)
    except TimeoutError:
        return None
