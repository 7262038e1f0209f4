"""Server-sent events over what the stages publish: a listener as long as the stream lasts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from agent.events import Event, Events

QUEUE_MAX = 100
PING_S = 5

Queue = asyncio.Queue[Event]
Telling = Callable[[Queue], AsyncIterator[ServerSentEvent]]
"""Turns what is heard into what is told."""


class StreamResponse(EventSourceResponse):
    """A stream of events from the moment that it is asked for until the listener goes.

    A slow listener loses the oldest. Raises TooManyListenersError before anything is answered.
    """

    def __init__(self, events: Events, telling: Telling) -> None:
        queue: Queue = asyncio.Queue(QUEUE_MAX)
        loop = asyncio.get_running_loop()

        def keep(event: Event) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

        def hear(event: Event) -> None:
            with suppress(RuntimeError):  # the server has stopped: nobody is left to be told
                loop.call_soon_threadsafe(keep, event)

        self._listening = ExitStack()
        self._listening.enter_context(events.listening(hear))
        super().__init__(telling(queue), ping=PING_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until one side hangs up, and then listen no more."""
        with self._listening:
            await super().__call__(scope, receive, send)
