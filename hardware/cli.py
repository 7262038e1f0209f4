"""`kopilka devices`: try printers and scanners without owning one."""

import json
import signal
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hardware.printers.profile import profile_named
from shared.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="Printers and scanners at the counter.")


class Width(StrEnum):
    """Width of the roll, in millimetres."""

    NARROW = "58"
    WIDE = "80"


_PROFILES = {Width.NARROW: "generic-58", Width.WIDE: "TM-T20III"}


class Form(StrEnum):
    """How addresses are told: to a program or to a person."""

    JSON = "json"
    HUMAN = "human"


@app.callback()
def devices() -> None:
    """Printers and scanners at the counter."""


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Directory for printed slips and the scanner's path.")],
    printer_port: Annotated[int, typer.Option(help="TCP port of the printer; 0: any.")] = 0,
    control_port: Annotated[int, typer.Option(help="TCP port for commands; 0: any.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    width: Annotated[Width, typer.Option(help="Width of the roll, mm.")] = Width.WIDE,
    form: Annotated[
        Form, typer.Option("--format", help="One JSON line, or lines to read.")
    ] = Form.JSON,
) -> None:
    """Simulate a receipt printer and a scanner until SIGTERM, Ctrl-C or `quit`.

    Every slip that leaves the printer is written to OUT as slip-NNNN.png, .txt and .bin.
    When all is ready the addresses are printed: `printer` and `scanner` are device URLs for the
    agent's settings. `control` takes commands, one a line, and answers one JSON line each:
    scan CODE, paper in|low|out, cover open|closed, cutter free|jammed, power on|off,
    mute on|off|garbled, slips, status, quit.

    Try: echo "scan 2900000000018" | nc HOST PORT
    """
    from hardware.simulator.counter import Counter, Ports, PortTakenError  # draws: half a second

    ports = Ports(host, printer_port, control_port)
    counter = Counter(out, profile_named(_PROFILES[width]), ports, SystemClock())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: counter.quitting.set())
    try:
        with counter:
            print(_told(asdict(counter.addresses), form), flush=True)
            counter.quitting.wait()
    except PortTakenError as taken:
        print(taken.sentence("ru"), file=sys.stderr)
        raise typer.Exit(1) from taken


def _told(addresses: dict[str, str], form: Form) -> str:
    if form is Form.JSON:
        return json.dumps(addresses, ensure_ascii=False)
    return "\n".join(f"{name:8} {address}" for name, address in addresses.items())
