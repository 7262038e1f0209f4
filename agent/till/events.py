"""Server-sent events: what the stages publish, to a bounded number of listeners."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import ServerSentEvent

from agent.events import Event
from agent.station import Station
from agent.till.answers import EventAnswer

QUEUE_MAX = 100


async def stream(station: Station) -> AsyncIterator[ServerSentEvent]:
    """Yield events as they happen, until the listener goes; a slow one loses the oldest."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)

    def keep(event: Event) -> None:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(event)

    def hear(event: Event) -> None:
        loop.call_soon_threadsafe(keep, event)

    with station.events.listening(hear):
        yield ServerSentEvent(event="listening", data="{}")
        while True:
            event = await queue.get()
            answer = EventAnswer(name=event.name, details=event.details)
            yield ServerSentEvent(event=event.name, data=answer.model_dump_json())
