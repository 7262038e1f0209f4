"""The till API's description of itself: one worked example a route, problems declared once.

The examples are played through the API by a test, in their order, so that they stay true.
"""

import json
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from agent.till.answers import SentenceView
from agent.till.fiscal import FISCAL_TIME
from agent.till.place import LAST_PLACE, PLACE
from shared.runtime.web import PROBLEM_TYPE

EXAMPLES_FILE = "examples.json"
SCHEMAS = "#/components/schemas/"
RESPONSES = "#/components/responses/"
PLACE_TOLD = "Where the agent's journal ends: `<agent>/<epoch>/<seq>`."
LAST_PLACE_TOLD = f"The last `{PLACE}` that this till has heard; anything else is ignored."
FISCAL_TIME_TOLD = (
    "What the clock of the fiscal device shows, with its offset, such as "
    "`2026-07-28T14:05:00+03:00`; anything else is ignored."
)
GENERATED = ("HTTPValidationError", "ValidationError")
"""What the framework would answer; here every failure is a problem."""


class SentencesView(BaseModel):
    """What went wrong and what to do, for people."""

    ru: str
    en: str


class ProblemAnswer(BaseModel):
    """A failure (RFC 9457): programs read `code`, which is stable, people read the sentence."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    sentence: SentencesView
    details: dict[str, Any]


def describe(app: FastAPI) -> None:
    """Let an app's `/openapi.json` have examples and problems."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(generate())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def examples() -> list[dict[str, Any]]:
    """Return the exchanges of a worked day, in their order."""
    told = files("agent.till").joinpath(EXAMPLES_FILE).read_text("utf-8")
    exchanges: list[dict[str, Any]] = json.loads(told)
    return exchanges


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema["components"]
    for name in GENERATED:
        components["schemas"].pop(name, None)
    problem = ProblemAnswer.model_json_schema(ref_template=SCHEMAS + "{model}")
    components["schemas"] |= problem.pop("$defs")
    components["schemas"]["Problem"] = problem
    components["schemas"].setdefault("SentenceView", SentenceView.model_json_schema())
    components["responses"] = {"Problem": _problem_response()}
    components["securitySchemes"] = {
        "till_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Beyond loopback: `kopilka agent till-token`.",
        }
    }
    schema["security"] = [{}, {"till_token": []}]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            for failures in ("4XX", "5XX"):
                operation["responses"][failures] = {"$ref": RESPONSES + "Problem"}
            _exemplify(operation, f"{method.upper()} {path}")
            _headers(operation)
    return schema


def _headers(operation: dict[str, Any]) -> None:
    """Declare the headers by which tills tell the fiscal clock's time, and notice that an agent's
    disk went back."""
    schema = {"type": "string"}
    last = {"name": LAST_PLACE, "in": "header", "schema": schema, "description": LAST_PLACE_TOLD}
    fiscal = {**last, "name": FISCAL_TIME, "description": FISCAL_TIME_TOLD}
    operation["parameters"] = [*operation.get("parameters", ()), last, fiscal]
    for status, answer in operation["responses"].items():
        if status.isdigit():
            answer["headers"] = {PLACE: {"schema": schema, "description": PLACE_TOLD}}


def _problem_response() -> dict[str, Any]:
    failed = next(exchange for exchange in examples() if exchange["status"] >= 400)
    return {
        "description": "It did not happen; the sentence says why, nothing was changed.",
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": SCHEMAS + "Problem"},
                "example": failed["response"],
            }
        },
    }


def _exemplify(operation: dict[str, Any], route: str) -> None:
    """Put the first exchange of a route that succeeds into its description."""
    found = (exchange for exchange in examples() if exchange["route"] == route)
    exchange = next(exchange for exchange in found if exchange["status"] < 400)
    if exchange["request"] is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = exchange["request"]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["example"] = exchange["path"].split("/")[3]
    answer = operation["responses"][str(exchange["status"])]
    (content,) = answer["content"].values()
    content["example"] = exchange["response"]
