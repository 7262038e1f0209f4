"""A till: the agent's HTTP API as point-of-sale software calls it."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from shared.clock import Clock
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7

CALL_S = 10.0
HEARD_S = 8.0
"""An open event stream says something at least every five seconds."""

Json = dict[str, Any]


class TillRefusedError(LoyaltyError):
    """An answer of the agent that is a problem: its code, and its sentence in two languages."""

    kind = Kind.CONFLICT
    code = "till_refused"
    ru = "{route}: {status} {refusal}. {sentence_ru}"
    en = "{route}: {status} {refusal}. {sentence_en}"

    def __init__(self, route: str, status: int, problem: Json) -> None:
        self.refusal = str(problem.get("code", "unreadable"))
        self.problem = problem
        sentence = problem.get("sentence", {})
        self.sentence_ru = str(sentence.get("ru", ""))
        self.sentence_en = str(sentence.get("en", ""))
        super().__init__(
            route=route,
            status=status,
            refusal=self.refusal,
            sentence_ru=self.sentence_ru,
            sentence_en=self.sentence_en,
        )


@dataclass(slots=True)
class Till:
    """One till of a store, with the cashier who is signed in."""

    url: str
    clock: Clock
    chance: random.Random
    number: str = "1"
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=CALL_S, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def uid(self) -> UUID:
        """Mint an id, as a till does for every operation."""
        return uuid7(self.clock.now(), self.chance)

    def sign_in(self, cashier: str, pin: str) -> Json:
        """Sign a cashier in; the token goes along from then on."""
        told = self.post("/v1/sign-in", {"cashier": cashier, "pin": pin})
        self.client.headers["Kopilka-Cashier"] = told["token"]
        return told

    def status(self) -> Json:
        """Ask the agent how it is."""
        return self._told("GET /v1/status", self.client.get("/v1/status"))

    def find(self, identifier: str) -> list[Json]:
        """Find members by card or phone."""
        members: list[Json] = self.ask("/v1/members/find", {"identifier": identifier})["members"]
        return members

    def ask(self, route: str, body: Json) -> Json:
        """Send a request that changes nothing."""
        return self._told(f"POST {route}", self.client.post(route, json=body))

    def post(self, route: str, body: Json, uid: UUID | None = None) -> Json:
        """Send a request under its own uid, a new one by default; raises TillRefusedError."""
        return self.ask(route, {"uid": str(uid or self.uid()), **body})

    def receipt(self, uid: str) -> Json:
        """Ask for a receipt as it stands."""
        route = f"/v1/receipts/{uid}"
        return self._told(f"GET {route}", self.client.get(route))

    @contextmanager
    def events(self) -> Iterator[Iterator[Json]]:
        """Listen to what happens in the store from here on."""
        with self.client.stream("GET", "/v1/events", timeout=HEARD_S) as answer:
            lines = answer.iter_lines()
            for line in lines:
                if line.startswith("event: listening"):
                    break
            yield _events(lines)

    def _told(self, route: str, answer: httpx.Response) -> Json:
        told: Json = answer.json()
        if answer.is_error:
            raise TillRefusedError(route, answer.status_code, told)
        return told


def _events(lines: Iterator[str]) -> Iterator[Json]:
    """Read server-sent events; an empty one stands for a sign of life."""
    for line in lines:
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))
        elif line.startswith(":"):
            yield {}
