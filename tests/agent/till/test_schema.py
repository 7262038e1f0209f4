"""Whatever fits the till API's description of itself is answered without an error of the server."""

from typing import Any

import httpx
import schemathesis

from tests.agent.till.examples import EVENTS
from tests.agent.till.kit import Till
from tests.described import operations, request_of, statuses


def test_any_request_of_a_till_is_answered_or_refused_clearly(till: Till) -> None:
    client = till.client

    def ask(case: Any) -> int:
        answer: httpx.Response = client.send(request_of(client, case))
        return answer.status_code

    schema = schemathesis.openapi.from_dict(till.answer(till.get("/openapi.json")))
    tried = {one.label: statuses(one, ask) for one in operations(schema, but={EVENTS})}

    assert {label for label, seen in tried.items() if max(seen) >= 500} == set()
    assert 200 in tried["POST /v1/quotes"] | tried["GET /v1/status"]
    assert len(tried) > 15
