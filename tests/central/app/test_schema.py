"""Whatever fits the centre's description of itself is answered without an error of the server, also
when an enrolled agent has signed it."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import schemathesis
from starlette.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from tests.central.app.kit import Device, enrolled
from tests.described import operations, request_of, statuses

TAIL = "/v1/tail"
"""It answers for as long as somebody listens."""


@pytest.fixture
def device(centre: Centre) -> Iterator[Device]:
    with TestClient(create_app(centre, full_stages()), raise_server_exceptions=False) as client:
        yield enrolled(centre, Device(client, centre.clock))


def ask(device: Device, case: Any) -> int:
    """Send a made-up request as an agent does; return the status of the answer."""
    request = request_of(device.client, case)
    target, body = request.url.raw_path.decode("ascii"), request.content
    own = device.signed(target, body) if case.method == "POST" else device.headers(target)
    request.headers.update(own)
    return device.client.send(request).status_code


def test_any_request_of_an_agent_is_answered_or_refused_clearly(device: Device) -> None:
    schema = schemathesis.openapi.from_dict(device.client.get("/openapi.json").json())
    tried: dict[str, set[int]] = {}
    for operation in operations(schema, but={TAIL}):
        tried[operation.label] = statuses(operation, partial(ask, device))

    assert {label for label, seen in tried.items() if max(seen) >= 500} == set()
    assert 422 in tried["POST /v1/facts"], "what was signed reached the reader of messages"
    assert {"GET /metrics", "POST /v1/leases/asks", "GET /v1/snapshots/{stream}"} <= tried.keys()
