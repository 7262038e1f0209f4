"""How a till asks its agent: a time limit on every call, repeated while nobody answers."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from agent.till.client_queue import SaleQueue
from shared.clock import Clock
from shared.errors import Kind, LoyaltyError

TIMEOUT_S: Final = 3.0
TRIES: Final = 2
BUSY_S: Final = 0.5
"""How long a till waits before it repeats what an agent that is busy has put off."""
PLACE, LAST_PLACE = "Kopilka-Place", "Kopilka-Last-Place"
LATER: Final = frozenset(
    {
        *("unknown_member", "no_room", "storage_full", "storage_failed", "no_such_route"),
        *("till_token", "foreign_host", "foreign_origin"),
    }
)
"""Refusals that pass: the rows may bring the card, somebody makes room, updates, or sets it up."""


class AgentAwayError(LoyaltyError):
    """The agent has not answered in time, or cannot work now."""

    kind = Kind.UNAVAILABLE
    code = "agent_away"
    ru = "Агент магазина не отвечает: {reason}. Продавайте без программы лояльности."
    en = "The store's agent does not answer: {reason}. Sell without loyalty."


class AgentRefusedError(LoyaltyError):
    """The agent has answered with a problem; `problem` is its stable code."""

    kind = Kind.CONFLICT
    code = "agent_refused"
    ru = "Агент отказал: {reason_ru}."
    en = "The agent refuses: {reason_en}."

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        detail, sentence = str(told.get("detail", status)), told.get("sentence") or {}
        super().__init__(
            status=status,
            problem=str(told.get("code", "")),
            reason_ru=detail.rstrip("."),
            reason_en=str(sentence.get("en", detail)).rstrip("."),
            more=told.get("details") or {},
        )

    @property
    def problem(self) -> str:
        """The code by which programs know the failure."""
        return str(self.details["problem"])


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a call may take, and how often it is made while nobody answers."""

    timeout_s: float = TIMEOUT_S
    tries: int = TRIES


class Agent:
    """The agent as a till reaches it."""

    def __init__(
        self,
        address: str,
        queue: SaleQueue,
        *,
        token: str,
        limits: Limits,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=address, timeout=limits.timeout_s, headers=headers, transport=transport
        )
        self._queue = queue
        self._tries = limits.tries
        self._clock = clock
        self._never = threading.Event()
        self._place = queue.place()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Ask, and ask again while nobody answers: every operation may be repeated.

        Raises AgentAwayError, AgentRefusedError.
        """
        reason = ""
        for left in reversed(range(self._tries)):
            try:
                answer = self._http.request(method, path, json=body, headers=self._headers())
            except httpx.TransportError as fault:
                reason = type(fault).__name__
                continue
            told = _object(answer)
            if answer.is_success and told is not None:
                self._hear(answer, method)
                return told
            if told is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                raise AgentRefusedError(answer.status_code, told)
            reason = str((told or {}).get("detail", answer.status_code))
            if left:
                self._clock.wait(self._never, BUSY_S)
        raise AgentAwayError(reason=reason)

    def _headers(self) -> dict[str, str]:
        return {LAST_PLACE: self._place} if self._place else {}

    def _hear(self, answer: httpx.Response, method: str) -> None:
        """Keep the place of the agent's journal: it tells an agent whose disk went back."""
        place = answer.headers.get(PLACE, "")
        if place and place != self._place and method == "POST":
            self._queue.keep_place(place)
            self._place = place


def _object(answer: httpx.Response) -> Mapping[str, Any] | None:
    """Return what was answered; None for what no agent says."""
    try:
        told = answer.json()
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
