"""Server-sent events: what the stages publish, to a bounded number of listeners."""

from collections.abc import AsyncIterator

from sse_starlette import ServerSentEvent

from agent.station import Station
from agent.streams import Queue, StreamResponse
from agent.till.answers import EventAnswer


class EventsResponse(StreamResponse):
    """A stream of all events; raises TooManyListenersError before anything is answered."""

    def __init__(self, station: Station) -> None:
        super().__init__(station.events, _told)


async def _told(queue: Queue) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="listening", data="{}")
    while True:
        event = await queue.get()
        answer = EventAnswer(name=event.name, details=event.details)
        yield ServerSentEvent(event=event.name, data=answer.model_dump_json())
