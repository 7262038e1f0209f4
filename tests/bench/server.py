"""A server in a process of its own: `python -m tests.bench.server agent|bare|nothing FOLDER`.

It prints the port that it listens on, and serves until it is killed.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.serve import listen

HOST = "127.0.0.1"
QUOTES = "/v1/quotes"


def bare() -> FastAPI:
    """Return an app with one route, which answers what it was sent."""
    app = FastAPI()

    @app.post(QUOTES)
    async def echo(body: dict[str, object]) -> dict[str, object]:
        return body

    return app


async def nothing(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer every request with nothing, without a framework."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def agent(folder: Path) -> FastAPI:
    """Return the till API of a store that knows one member."""
    from agent.app import create_app
    from tests.builders import Person, PersonLot, Shop

    shop = Shop(folder).open()
    shop.member(Person(PersonLot(50_000_00, leased=50_000_00)))
    return create_app(shop.station)


def main(which: str, folder: Path) -> None:
    """Serve, without the loops of the agent."""
    apps: dict[str, Callable[[], ASGIApp]] = {
        "agent": lambda: agent(folder),
        "bare": bare,
        "nothing": lambda: nothing,
    }
    with listen(HOST, 0) as listener:
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(apps[which](), lifespan="off", log_config=None, access_log=False)
        asyncio.run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
