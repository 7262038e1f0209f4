"""A printer that answers at once and keeps what it has printed: the papers that customers hold."""

from collections import Counter

from hardware.printers.encoder import fence_id
from hardware.printers.printer import Printer
from hardware.printers.profile import profile_named

_CLEAR = b"\x12"
_QUESTION_BYTES = 3


class PaperTray:
    """The papers of one store, by the fence at the end of each job."""

    def __init__(self) -> None:
        self.papers: Counter[bytes] = Counter()
        self.jobs_sent = 0

    def printer(self) -> Printer:
        """Return the port to the printer."""
        return Printer(profile_named("TM-T20III"), lambda _timeout_s: _Device(self))


class _Device:
    """One connection: status questions are clear, a job is echoed when its last byte has come."""

    def __init__(self, tray: PaperTray) -> None:
        self._tray = tray
        self._replies = b""

    def write(self, chunk: bytes, timeout_s: float) -> int:  # noqa: ARG002
        """Take everything."""
        if len(chunk) == _QUESTION_BYTES and chunk[:2] == b"\x10\x04":
            self._replies += _CLEAR
            return len(chunk)
        fence = chunk[-len(fence_id(0)) :]
        self._tray.papers[fence] += 1
        self._tray.jobs_sent += 1
        self._replies += b"\x37\x22" + fence + b"\x00"
        return len(chunk)

    def read(self, size_max: int, timeout_s: float) -> bytes:  # noqa: ARG002
        """Return the replies so far."""
        taken, self._replies = self._replies[:size_max], self._replies[size_max:]
        return taken

    def close(self) -> None:
        """Nothing to give back."""
