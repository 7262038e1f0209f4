"""Structured logs: one JSON line per event, without names, phones, tokens or card numbers.

Libraries that log by Python's own means are heard from warnings upwards, in the same form: what
they tell below that is about addresses and headers.
"""

import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import structlog
from structlog.stdlib import ProcessorFormatter, add_logger_name

from shared.clock import Clock

DROPPED_KEYS = frozenset(
    {"name", "phone", "card", "pin", "token", "code", "identifier", "key", "seed", "email"}
)
HIDDEN: Final = "…"
_NUMBERS = re.compile(r"(?<![\w.-])\+?\d{10,19}(?![\w-])|\+7[\s(-]*(?:\d[\s()-]*){10}")
"""Runs of digits as long as a phone's or a card's, which stand alone."""
_STREAMS_END: Final = "Cancel %s running task(s)"
"""How uvicorn begins to say that it stops with streams open."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger()


def configure_logs(level: str) -> None:
    """Send JSON lines to standard error, from a level upwards; repeating is safe."""
    structlog.configure(
        processors=[*_marks(), *_lines()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    root = logging.getLogger()
    if not any(isinstance(one, _Foreign) for one in root.handlers):
        root.addHandler(_Foreign())


def drop_personal(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Remove values that could name a person or open a door, whoever logged them.

    Numbers like phones and cards go from every text, from tracebacks too.
    """
    for key, value in event.items():
        if key in DROPPED_KEYS:
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = _NUMBERS.sub(HIDDEN, value)
    return event


class Answered:
    """ASGI middleware that logs every answer: method, path, status, how long it took.

    What stands behind a question mark is not logged, nor any header or body.
    """

    def __init__(self, app: App, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = self._clock.monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            took_ms = round((self._clock.monotonic() - began_s) * 1000, 1)
            told = {"method": scope["method"], "path": scope["path"], "status": status}
            log.debug("http.answered", **told, duration_ms=took_ms)


class _Foreign(logging.StreamHandler[Any]):
    """Writes what libraries log to the standard error of the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setLevel(logging.WARNING)
        self.addFilter(_is_news)
        chain = [add_logger_name, *_marks()]
        lines = [ProcessorFormatter.remove_processors_meta, *_lines()]
        self.setFormatter(ProcessorFormatter(processors=lines, foreign_pre_chain=chain))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether somebody must hear of it: streams that end with the process are no failure, and
    who waited for an answer was told."""
    cancelled = record.exc_info is not None and isinstance(
        record.exc_info[1], asyncio.CancelledError
    )
    return not cancelled and not str(record.msg).startswith(_STREAMS_END)


def _marks() -> list[Any]:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return [structlog.processors.add_log_level, stamp]


def _lines() -> list[Any]:
    return [
        structlog.processors.format_exc_info,
        drop_personal,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
