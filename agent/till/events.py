"""Server-sent events: what the stages publish, to a bounded number of listeners."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from agent.events import Event
from agent.station import Station
from agent.till.answers import EventAnswer

QUEUE_MAX = 100
PING_S = 5


class EventsResponse(EventSourceResponse):
    """A stream of events from the moment that it is asked for until the listener goes.

    A slow listener loses the oldest. Raises TooManyListenersError before anything is answered.
    """

    def __init__(self, station: Station) -> None:
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
        super().__init__(_told(queue), ping=PING_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until one side hangs up, and then listen no more."""
        with self._listening:
            await super().__call__(scope, receive, send)


async def _told(queue: asyncio.Queue[Event]) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="listening", data="{}")
    while True:
        event = await queue.get()
        answer = EventAnswer(name=event.name, details=event.details)
        yield ServerSentEvent(event=event.name, data=answer.model_dump_json())
