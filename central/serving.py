"""Serving the centre over HTTP: the socket, and a stop that leaves nothing open."""

import socket
from collections.abc import Callable

import uvicorn

from central.app import create_app, full_stages
from central.centre import Centre
from central.jobs import make_scheduler
from shared.errors import Kind, LoyaltyError

STOP_S = 1
"""For open answers, the endless tails among them, after the signal to stop."""
BACKLOG = 2048


class PortTakenError(LoyaltyError):
    """An address that cannot be listened on."""

    kind = Kind.CONFLICT
    code = "port_taken"
    ru = "Адрес {host}:{port} занят или недоступен: {reason}."
    en = "Address {host}:{port} is taken or not available: {reason}."


def serve(centre: Centre, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; port 0 is a free one. Raises PortTakenError.

    `on_ready` is told the URL as soon as connections are accepted.
    """
    listening = _listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        create_app(centre, full_stages(), make_scheduler(centre)),
        log_config=None,
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOP_S,
    )
    with listening:
        _Server(config, lambda: on_ready(url)).run([listening])


class _Server(uvicorn.Server):
    """A server that tells when it has begun to serve."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PortTakenError(host=host, port=port, reason=reason) from error
