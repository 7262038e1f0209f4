"""HTTP's edge: a server that stops says that the outcome is open."""

import asyncio
import json
import threading

from fastapi import FastAPI

from shared.runtime.web import Message, install_problems

WAIT_S = 5.0
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/sale",
    "query_string": b"",
    "headers": [],
}


def test_an_operation_under_way_when_the_server_stops_is_answered_with_an_open_outcome() -> None:
    under_way, go_on, done = threading.Event(), threading.Event(), threading.Event()
    app = FastAPI()
    install_problems(app)

    @app.post("/sale")
    def sell() -> None:
        under_way.set()
        go_on.wait()
        done.set()

    told = asyncio.run(_interrupted(app, under_way, go_on))

    assert done.wait(WAIT_S)
    assert told[0]["status"] == 503
    assert (b"retry-after", b"1") in told[0]["headers"]
    assert json.loads(told[1]["body"])["code"] == "stopping"


async def _interrupted(
    app: FastAPI, under_way: threading.Event, go_on: threading.Event
) -> list[Message]:
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    asking = asyncio.create_task(app(dict(SCOPE), receive, send))
    await asyncio.to_thread(under_way.wait)
    asking.cancel()
    await asking
    await asyncio.to_thread(go_on.set)
    return told
