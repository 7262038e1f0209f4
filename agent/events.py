"""News for screens and tills: published by stages, handed to every listener at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shared.errors import Kind, LoyaltyError


class TooManyListenersError(LoyaltyError):
    """More screens listen than the settings allow."""

    kind = Kind.UNAVAILABLE
    code = "too_many_listeners"
    ru = "Слишком много подписчиков на события: {limit}."
    en = "Too many listeners to events: {limit}."


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a dotted name in the past tense and its plain details."""

    name: str
    details: dict[str, Any]


Listener = Callable[[Event], None]
"""Takes an event without waiting; called in the thread that publishes."""


class Events:
    """A board of listeners, bounded."""

    def __init__(self, listeners_max: int) -> None:
        self._listeners_max = listeners_max
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def publish(self, name: str, **details: Any) -> None:
        """Tell every listener."""
        event = Event(name, details)
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(event)

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Listen until the block ends; raises TooManyListenersError."""
        with self._lock:
            if len(self._listeners) >= self._listeners_max:
                raise TooManyListenersError(limit=self._listeners_max)
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)
