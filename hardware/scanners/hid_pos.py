"""A scanner that speaks HID-POS: reports of 64 bytes, each with a piece of a code.

Layout of an input report, as makers document it: 0x02, how many bytes of data, the AIM identifier
in three bytes, 56 bytes of data, one further identifier, one reserved byte, and a last byte whose
lowest bit says that the code goes on in the next report.
"""

from hardware.scanners.parse import FRAME_MAX, GAP_S

REPORT_BYTES = 64
_SCANNED = 0x02
_DATA_AT, _DATA_MAX = 5, 56
_GOES_ON = 0x01


class HidPos:
    """Joins reports into codes, each with its AIM identifier before it.

    Reports have no numbers. A lost last one is found by the gap after it, and a lost one before a
    shorter one by its length; a full one lost in the middle of a long code cannot be found here,
    and only what the code says of itself (a check digit, a signature) shows it.
    """

    def __init__(self) -> None:
        self._code = bytearray()
        self._identifier = b""
        self._heard_s = 0.0
        self._partial = b""
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Return how many unfinished codes were dropped."""
        return self._dropped

    def feed(self, chunk: bytes, now_s: float) -> list[bytes]:
        """Return the codes that these reports complete; `now_s` is monotonic."""
        self.expire(now_s)
        self._heard_s = now_s
        stream = self._partial + chunk
        whole = len(stream) - len(stream) % REPORT_BYTES
        self._partial = stream[whole:]
        reports = (stream[at : at + REPORT_BYTES] for at in range(0, whole, REPORT_BYTES))
        return [code for report in reports for code in self._report(report)]

    def expire(self, now_s: float) -> None:
        """Drop half a code whose other half has not come for `GAP_S`."""
        if now_s - self._heard_s > GAP_S:
            self.drop()

    def drop(self) -> None:
        """Forget what is unfinished, as after an unplugged cable, and count it."""
        if self._code or self._partial:
            self._dropped += 1
        self._code.clear()
        self._partial = b""

    def _report(self, report: bytes) -> list[bytes]:
        size, goes_on = report[1], bool(report[-1] & _GOES_ON)
        is_odd = report[0] != _SCANNED or size > _DATA_MAX or (goes_on and size < _DATA_MAX)
        if is_odd or len(self._code) + size > FRAME_MAX:
            self.drop()
            return []
        identifier = report[2:_DATA_AT]
        if self._code and identifier != self._identifier:
            self.drop()
        self._identifier = identifier
        self._code += report[_DATA_AT : _DATA_AT + size]
        if goes_on or not self._code:
            return []
        code = bytes(self._code)
        self._code.clear()
        return [(identifier if identifier[:1] == b"]" else b"") + code]
