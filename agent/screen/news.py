"""What a page is told while it is open: that it is old, and what the scanner read for its till."""

import asyncio
import json
from collections.abc import AsyncIterator

from sse_starlette import ServerSentEvent

from agent.events import Event
from agent.screen.desk import Desk
from agent.screen.header import mark
from agent.station import Station
from agent.streams import Queue, StreamResponse

LOOK_S = 0.5
"""How often the line and the devices are looked at."""
ALIVE_S = 5.0


class NewsResponse(StreamResponse):
    """A stream for one page; the newest page of a till alone gets its scans.

    Raises TooManyListenersError before anything is answered.
    """

    def __init__(self, station: Station, desk: Desk) -> None:
        super().__init__(station.events, lambda queue: _told(station, desk, queue))


async def _told(station: Station, desk: Desk, queue: Queue) -> AsyncIterator[ServerSentEvent]:
    """Tell the page's mark at once and whenever it changes, a sign of life otherwise."""
    desk.listener, told, silent_s = queue, "", 0.0
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


async def _next(queue: Queue) -> Event | None:
    try:
        return await asyncio.wait_for(queue.get(), LOOK_S)
    except TimeoutError:
        return None
