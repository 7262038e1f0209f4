"""The examples of `/openapi.json` are true: they are played through the API in their order."""

import os
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from agent.till.openapi import examples
from agent.till.routes import ROUTERS
from shared.runtime.web import PROBLEM_TYPE
from tests.agent.till.examples import EVENTS, masked, open_for_examples, play, record
from tests.agent.till.kit import Till

ROUTES = {
    f"{method} {route.path}"
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
}
RECORD = "KOPILKA_RECORD_EXAMPLES"
"""Set it when rules or answers have changed on purpose; then read what has changed."""


def test_the_examples_happen_as_they_are_told(tmp_path: Path) -> None:
    shop = open_for_examples(tmp_path)
    told = [exchange for exchange in examples() if exchange["path"] != EVENTS]
    events = [exchange for exchange in examples() if exchange["path"] == EVENTS]

    played = play(Till(shop), told)

    shop.close()
    if RECORD in os.environ:
        record(played + events)
    assert [masked(exchange) for exchange in played] == [masked(exchange) for exchange in told]


def test_every_route_has_an_example() -> None:
    assert {exchange["route"] for exchange in examples()} == ROUTES


def test_the_description_shows_an_example_of_each_request_and_answer(lasting: Till) -> None:
    schema = lasting.answer(lasting.get("/openapi.json"))

    shown = set()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if method == "post":
                assert operation["requestBody"]["content"]["application/json"]["example"]
            (status,) = (code for code in operation["responses"] if code.isdigit())
            (content,) = operation["responses"][status]["content"].values()
            assert content["example"]
            for parameter in operation.get("parameters", ()):
                assert parameter["in"] != "path" or parameter["example"]
            shown.add(f"{method.upper()} {path}")
    assert shown == ROUTES


def test_every_operation_answers_failures_as_problems(lasting: Till) -> None:
    schema = lasting.answer(lasting.get("/openapi.json"))

    problem = schema["components"]["responses"]["Problem"]["content"][PROBLEM_TYPE]
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            for failures in ("4XX", "5XX"):
                assert operation["responses"][failures]["$ref"] == "#/components/responses/Problem"
    assert set(problem["example"]) == set(schema["components"]["schemas"]["Problem"]["required"])


def test_every_reference_of_the_description_leads_somewhere(lasting: Till) -> None:
    schema = lasting.answer(lasting.get("/openapi.json"))

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [ref for value in node.values() for ref in references(value)]
        return [ref for item in node for ref in references(item)] if isinstance(node, list) else []

    for reference in references(schema):
        place = schema
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_no_answer_has_a_fraction(route: str) -> None:
    """Money and points are integers; the age of the replica is in seconds."""

    def fractions(node: object, name: str) -> list[str]:
        if isinstance(node, dict):
            return [found for key, value in node.items() for found in fractions(value, key)]
        if isinstance(node, list):
            return [found for item in node for found in fractions(item, name)]
        return [name] if isinstance(node, float) else []

    told = [exchange["response"] for exchange in examples() if exchange["route"] == route]

    assert set(fractions(told, "")) <= {"replica_age_s"}
