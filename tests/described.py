"""Requests made up from an OpenAPI document."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import schemathesis
from hypothesis import given, settings
from schemathesis.core import NotSet

from shared.wire.codec import CONTENT_TYPE

HOST = "http://127.0.0.1:8200"
"""An agent answers to its own names alone."""
EXAMPLES = 12


@schemathesis.serializer(CONTENT_TYPE)
def _as_bytes(_context: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def operations(schema: Any, but: set[str]) -> Iterator[Any]:
    """Yield what a document says can be asked, but for some paths."""
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in but:
            yield operation


def statuses(operation: Any, ask: Callable[[Any], int]) -> set[int]:
    """Ask for an operation in many made-up ways; return the statuses of the answers."""
    seen: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(operation.as_strategy())
    def try_out(case: Any) -> None:
        seen.add(ask(case))

    try_out()
    return seen


def request_of(client: httpx.Client, case: Any) -> httpx.Request:
    """Return the request that a made-up case is."""
    sent = case.as_transport_kwargs(base_url=HOST)
    body = {key: sent[key] for key in ("data", "json") if sent.get(key) is not None}
    if isinstance(body.get("data"), bytes):
        body["content"] = body.pop("data")
    assert not isinstance(case.body, NotSet) or not body
    headers = {name: value for name, value in sent["headers"].items() if value is not None}
    return client.build_request(
        sent["method"], sent["url"], params=sent.get("params"), headers=headers, **body
    )
