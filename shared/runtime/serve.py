"""Serve an app over HTTP until the process is told to stop, and say where it listens."""

import gc
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from shared.errors import Kind, LoyaltyError
from shared.runtime.manager import ALIVE, READY, manager

BACKLOG = 2048
GRACE_S = 1
"""For open answers, endless event streams and tails among them, after the signal to stop."""
KEEP_ALIVE_S = 30
ALIVE_EVERY_TICKS = 20
"""A service manager hears every two seconds that requests are taken."""
COLLECTED_AFTER = 50_000
"""New objects that outnumber those that have gone."""
SWITCH_S = 1e-4
"""Python's own is fifty times as long: who answers somebody gives the interpreter away at each
statement, and would wait so long for it behind a loop that computes."""


class PortTakenError(LoyaltyError):
    """An address that cannot be listened on."""

    kind = Kind.CONFLICT
    code = "port_taken"
    ru = "Адрес {host}:{port} занят или недоступен: {reason}."
    en = "Address {host}:{port} is taken or not available: {reason}."


def settle() -> None:
    """Let threads that answer somebody soon have the interpreter back, and collections of garbage
    pass over what the start has made, and come less often.

    It lives as long as the process; looking it through again and again took a quarter of the time
    in which a batch of facts is posted.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])


def serve(
    app: FastAPI,
    host: str,
    port: int,
    ready_file: Path | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`; port 0 takes a free one. Raises PortTakenError.

    Once connections are accepted, `{url, pid}` goes into the ready file as JSON, then one line to
    standard output, and a service manager hears of it.
    """
    with listen(host, port) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            server_header=False,
        )
        told = stop or threading.Event()
        _Server(config, lambda: _announce(app.title, url, ready_file), told).run([listener])


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes a free one. Raises PortTakenError.

    Connections send what they are given at once: an answer goes out as head and body, and without
    this the body would wait 40 ms for the client's delayed acknowledgement of the head. The event
    loop sets it by itself only on sockets that name their protocol, and these do not.
    """
    try:
        listener = socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PortTakenError(host=host, port=port, reason=reason) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _Server(uvicorn.Server):
    """A server that tells when it has begun to serve, and stops when it is told to."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], stop: threading.Event
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._stop = stop
        self._tell = manager()

    async def on_tick(self, counter: int) -> bool:
        """Tell whether to stop; asked ten times a second."""
        if counter % ALIVE_EVERY_TICKS == 0:
            self._tell(ALIVE)
        return await super().on_tick(counter) or self._stop.is_set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()
            self._tell(READY)


def _announce(title: str, url: str, ready_file: Path | None) -> None:
    if ready_file is not None:
        draft = ready_file.with_suffix(".new")
        draft.write_text(json.dumps({"url": url, "pid": os.getpid()}))
        draft.replace(ready_file)
    print(f"{title}: {url}", flush=True)
