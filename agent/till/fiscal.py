"""The fiscal clock: tills tell what it shows, which can confirm a time that is not trusted.

It stands in a header and not in a body, since an operation that is repeated later is the same one.
"""

from datetime import datetime

from agent.station import Station
from shared.runtime.web import App, Receive, Scope, Send

FISCAL_TIME = "Kopilka-Fiscal-Time"
_NAME = FISCAL_TIME.lower().encode()
CHARS_MAX = 40


class FiscalTimes:
    """ASGI middleware: lets the station hear what a till's fiscal clock shows."""

    def __init__(self, app: App, station: Station) -> None:
        self._app = app
        self._station = station

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hear it before anything is answered."""
        if scope["type"] == "http":
            shown = _read(dict(scope["headers"]).get(_NAME, b""))
            if shown is not None:
                self._station.time.confirm(shown)
        await self._app(scope, receive, send)


def _read(value: bytes) -> datetime | None:
    """Return the instant that a till has sent, None for what is none or names no offset."""
    try:
        shown = datetime.fromisoformat(value[:CHARS_MAX].decode("ascii"))
    except ValueError:
        return None
    return shown if shown.tzinfo is not None else None
