"""Work that can wait gives way while stores send: its steps take a small share of the time then.

What counts rows for snapshots and prices receipts again is as long as what it follows. Done at
once it would hold up the stores that empty their journals, and the till of another one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from shared.clock import Clock

REST: Final = 4
"""Times as long as a step took: such work has a fifth of the time while stores send."""
REST_S_MAX: Final = 5.0


class Pace:
    """How many requests of stores that send this process works on, and who waits for them."""

    def __init__(self) -> None:
        self._sending = 0
        self._lock = threading.Lock()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Work on what a store has sent."""
        with self._lock:
            self._sending += 1
        try:
            yield
        finally:
            with self._lock:
                self._sending -= 1

    @contextmanager
    def patiently(self, clock: Clock) -> Iterator[None]:
        """Do a step of work that can wait, and rest behind it if a store sends."""
        began = clock.monotonic()
        yield
        if self._sending:
            rest_s = REST * (clock.monotonic() - began)
            clock.wait(threading.Event(), min(REST_S_MAX, rest_s))
