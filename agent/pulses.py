"""Pulses: each background loop says when it gets on, and a loop that does not is named."""

import sys
import threading
import traceback
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pulses:
    """When each loop of this process last got on, by the monotonic clock in seconds.

    `stalled` names the loop for which the agent starts anew; `wants_restart` ends the serving.
    """

    beats: dict[str, float] = field(default_factory=dict)
    stalled: str = ""
    restarts: dict[str, int] = field(default_factory=dict)
    """How often a loop has failed with what nobody anticipated, and began again."""
    wants_restart: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def beat(self, loop: str, now_s: float) -> None:
        """Note that a loop gets on."""
        with self._lock:
            self.beats[loop] = now_s

    def renew(self, now_s: float) -> None:
        """Give every loop its time again."""
        with self._lock:
            self.beats = dict.fromkeys(self.beats, now_s)

    def silent(self, now_s: float, most_s: float) -> list[tuple[str, float]]:
        """Return the loops that have not got on for longer than `most_s`, and for how long."""
        with self._lock:
            found = [(loop, now_s - beat) for loop, beat in sorted(self.beats.items())]
        return [(loop, silence_s) for loop, silence_s in found if silence_s > most_s]

    def failed(self, loop: str) -> None:
        """Count a loop that failed and begins again."""
        with self._lock:
            self.restarts[loop] = self.restarts.get(loop, 0) + 1

    def give_up(self, loop: str) -> None:
        """Ask for the agent to start anew because of a loop."""
        self.stalled = loop
        self.wants_restart.set()


def where(thread: threading.Thread) -> str:
    """Return where a thread is now, innermost call last; empty when it has ended."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "" if frame is None else "".join(traceback.format_stack(frame))
