"""HTTP's edge: a server that stops says that the outcome is open; half a body is no request."""

import asyncio
import json
import threading

from fastapi import FastAPI

from shared.runtime.web import BodyLimit, Message, Receive, Send, install_problems

WAIT_S = 5.0
LIMIT_BYTES = 100
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


def test_half_a_body_whose_sender_has_gone_is_no_request() -> None:
    """A form that is cut off would read as another one: 15 points in place of 1,500."""
    asked: list[bytes] = []
    cut_off = (
        {"type": "http.request", "body": b"points=15", "more_body": True},
        {"type": "http.disconnect"},
    )
    whole = ({**cut_off[0], "body": b"points=1500", "more_body": False},)

    for messages in (cut_off, whole):
        asyncio.run(_sent(asked, *messages))

    assert asked == [b"points=1500"]


async def _sent(asked: list[bytes], *messages: Message) -> None:
    """Send messages of a request to an application that notes the body which it was asked with."""
    waiting = list(messages)

    async def app(_scope: object, receive: Receive, _send: Send) -> None:
        asked.append((await receive())["body"])

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(_message: Message) -> None:
        raise AssertionError("nobody hears an answer")

    await BodyLimit(app, LIMIT_BYTES)(dict(SCOPE), receive, send)


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
