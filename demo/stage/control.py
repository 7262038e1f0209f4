"""Knobs of the demo's own processes: one command a line over TCP, one JSON line back."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import Kind, LoyaltyError

ANSWER_S = 5.0
ANSWER_BYTES_MAX = 1_048_576


class KnobRefusedError(LoyaltyError):
    """A command that a control port did not take."""

    kind = Kind.CONFLICT
    code = "knob_refused"
    ru = "Пульт {address} не выполнил «{command}»: {error}."
    en = "The control port {address} did not take “{command}”: {error}."


def command(address: str, line: str) -> dict[str, Any]:
    """Send one command and return its answer; raises KnobRefusedError."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), ANSWER_S) as dialled:
            dialled.sendall(f"{line}\n".encode())
            with dialled.makefile("rb") as answers:
                told = answers.readline(ANSWER_BYTES_MAX)
        answer: dict[str, Any] = json.loads(told)
    except (OSError, ValueError) as error:
        raise KnobRefusedError(address=address, command=line, error=error) from error
    if not answer.get("ok"):
        raise KnobRefusedError(address=address, command=line, error=answer.get("error"))
    return answer


@dataclass(frozen=True, slots=True)
class Wire:
    """The line between one agent and the centre; see `demo/proxy.py` for its modes."""

    listen: str
    control: str

    def turn(self, mode: str) -> dict[str, Any]:
        """Change what the line does."""
        return command(self.control, f"mode {mode}")


@dataclass(frozen=True, slots=True)
class Paper:
    """A slip that has left a printer, with the codes that a scanner reads from it."""

    no: int
    ending: str
    codes: tuple[str, ...]
    text: Path
    png: Path

    def lines(self) -> list[str]:
        """Return what a person reads."""
        return self.text.read_text().splitlines()


@dataclass(frozen=True, slots=True)
class Counter:
    """The simulated scanner and printer of one till."""

    printer: str
    scanner: str
    control: str

    def scan(self, code: str) -> None:
        """Read a code aloud on the scanner's serial line."""
        command(self.control, f"scan {code}")

    def turn_printer(self, position: str) -> None:
        """Switch the printer `on` or `off`."""
        command(self.control, f"power {position}")

    def slips(self) -> list[Paper]:
        """Return everything printed since the start, in order."""
        told = command(self.control, "slips")["slips"]
        return [
            Paper(
                slip["no"],
                slip["ending"],
                tuple(slip["codes"]),
                Path(slip["text"]),
                Path(slip["png"]),
            )
            for slip in told
        ]
