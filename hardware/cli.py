"""`kopilka devices`: look at printers and scanners, and try them without owning one."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hardware.printers.profile import profile_named
from shared.clock import SystemClock
from shared.errors import LoyaltyError

REFUSED = 1

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


class Ask(StrEnum):
    """What to do with the cash drawer."""

    STATE = "state"
    OPEN = "open"


PrinterUrl = Annotated[str, typer.Argument(help="Device URL of the printer.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="Settings file of the agent (TOML).")]


@app.callback()
def devices() -> None:
    """Printers and scanners at the counter."""


@app.command(name="list")
def list_devices() -> None:
    """List the device files of this machine as URLs for the settings, and the known profiles.

    Nothing is opened: a port that is not configured may be something else.
    """
    from hardware.doctor import found
    from hardware.printers.profile import BUILT_IN

    for one in found():
        print(f"{one.url}  # {one.ru} / {one.en}")
    for profile in BUILT_IN:
        claims = ", ".join(f"{one.feature} ({one.provenance})" for one in profile.capabilities)
        page = f"page={profile.page.number} ({profile.page.provenance})"
        print(f"profile={profile.name}  # {profile.roll_mm} mm, {page}{claims and ', '}{claims}")


@app.command()
def doctor(config: ConfigFile) -> None:
    """Ask every configured device how it is; exit code 1 if one is not well.

    Stop the agent first: it holds serial lines and scanners.
    """
    from hardware.doctor import configured, diagnoses

    with _refusals():
        looked = list(diagnoses(configured(config), SystemClock()))
    for one in looked:
        print(f"{'✓' if one.is_well else '✗'} {one.url}\n  {one.ru}\n  {one.en}")
    if not all(one.is_well for one in looked):
        raise typer.Exit(REFUSED)


@app.command(name="probe")
def probe_printer(url: PrinterUrl) -> None:
    """Ask a printer what it can do, by commands that move no paper; its name proves nothing.

    Exit code 1 if it is not ready: then it is asked nothing more.
    """
    from hardware.printers.outcome import Ready
    from hardware.printers.printer import printer_at
    from hardware.printers.probe import probe
    from hardware.printers.words import of_findings

    with _refusals():
        findings = probe(printer_at(url), clock=SystemClock())
    for said in of_findings(findings):
        print(said)
    if not isinstance(findings.health, Ready):
        raise typer.Exit(REFUSED)


@app.command(name="test-strip")
def test_strip(url: PrinterUrl) -> None:
    """Print a line in each of the printer's tables: the one that can be read names its page.

    Put it into the device URL, `page=17`, or `page=raster` where no line but the last reads right.
    """
    from hardware.printers.outcome import Printed
    from hardware.printers.printer import print_stream, printer_at
    from hardware.printers.strip import strip
    from hardware.printers.words import of_outcome

    with _refusals():
        printer = printer_at(url)
        stream = strip(printer.profile)
    outcome = print_stream(printer, stream, job_no=1, clock=SystemClock())
    print(of_outcome(outcome))
    if not isinstance(outcome, Printed):
        raise typer.Exit(REFUSED)


@app.command()
def drawer(
    url: PrinterUrl, ask: Annotated[Ask, typer.Argument(help="Look, or open it now.")]
) -> None:
    """Tell the level of the cash drawer's contact, or open the drawer now."""
    from hardware.drawer import DrawerState, drawer_state, kick
    from hardware.printers.printer import printer_at

    with _refusals():
        printer = printer_at(url)
    said = (kick if ask is Ask.OPEN else drawer_state)(printer, clock=SystemClock())
    if isinstance(said, DrawerState):
        print(said.value)
        return
    print(said.sentence("ru"), said.sentence("en"), sep="\n", file=sys.stderr)
    raise typer.Exit(REFUSED)


@app.command()
def show(
    url: Annotated[str, typer.Argument(help="Device URL of the display.")],
    upper: Annotated[str, typer.Argument(help="Upper line, 20 signs.")] = "",
    lower: Annotated[str, typer.Argument(help="Lower line, 20 signs.")] = "",
) -> None:
    """Show two lines on a customer display."""
    from hardware import display

    with _refusals():
        display.show(url, upper, lower)


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
        raise typer.Exit(REFUSED) from taken


@contextmanager
def _refusals() -> Iterator[None]:
    """Print an anticipated failure as one sentence in both languages and exit with 1."""
    try:
        yield
    except LoyaltyError as error:
        print(error.sentence("ru"), error.sentence("en"), sep="\n", file=sys.stderr)
        raise typer.Exit(REFUSED) from error


def _told(addresses: dict[str, str], form: Form) -> str:
    if form is Form.JSON:
        return json.dumps(addresses, ensure_ascii=False)
    return "\n".join(f"{name:8} {address}" for name, address in addresses.items())
