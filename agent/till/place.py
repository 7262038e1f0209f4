"""The last place that tills have heard: an agent whose journal ends earlier bars its epoch.

A disk that went back to an earlier image does not know so, but the till beside it does.
"""

import re
from typing import Any, cast
from uuid import UUID

from sqlalchemy.exc import DatabaseError
from starlette.concurrency import run_in_threadpool

from agent import epochs
from agent.epochs import Place
from agent.station import Station
from shared.runtime.storage import storage_failure
from shared.runtime.web import App, Message, Receive, Scope, Send, problem

PLACE = "Kopilka-Place"
LAST_PLACE = "Kopilka-Last-Place"
_WRITTEN = re.compile(rb"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(\d{1,9})/(\d{1,18})")
"""`<agent>/<epoch>/<seq>`."""
_NAME, _LAST_NAME = PLACE.lower().encode(), LAST_PLACE.lower().encode()


class Places:
    """ASGI middleware: heeds the place that a till sends, and tells it the journal's end."""

    def __init__(self, app: App, station: Station) -> None:
        self._app = app
        self._station = station

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bar the epoch before anything is answered, if the till has heard of more than is here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        heard = _read(dict(scope["headers"]).get(_LAST_NAME, b""))
        if heard is not None:
            try:
                await run_in_threadpool(epochs.heed_place, self._station, heard)
            except DatabaseError as error:
                failure = problem(storage_failure(error))
                await failure(scope, cast("Any", receive), cast("Any", send))
                return

        async def send_with_place(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._header()]
            await send(message)

        await self._app(scope, receive, send_with_place)

    def _header(self) -> list[tuple[bytes, bytes]]:
        """Return the place as a header; an answer is true without it when it cannot be read."""
        try:
            place = epochs.place(self._station)
        except DatabaseError:
            return []
        return [(_NAME, f"{place.agent}/{place.epoch}/{place.seq}".encode())]


def _read(value: bytes) -> Place | None:
    """Return the place that a till has sent, None for what is none."""
    parts = _WRITTEN.fullmatch(value)
    if parts is None:
        return None
    return Place(UUID(parts[1].decode()), int(parts[2]), int(parts[3]))
