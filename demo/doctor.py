"""`kopilka doctor`: what this machine has for running Kopilka, and what to do about what it lacks.

Exit codes: 0 all is there, 1 something is missing.
"""

import os
import pty
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

MISSING = 1
PYTHON_MIN = (3, 11)
SQLITE_MIN = (3, 35, 0)
"""RETURNING and UPSERT as SQLAlchemy uses them."""
DISK_MIN_MB = 200
PORTS = {"centre": 8100, "agent": 8200}
HOST = "127.0.0.1"
ZONE = "Europe/Moscow"
FONT = "DejaVuSansMono.ttf"
STATUS_S = 5.0

app = typer.Typer(add_completion=False)


class State(Enum):
    """What a check has found."""

    OK = auto()
    HINT = auto()
    """Kopilka runs, but something should be known."""
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do."""

    name: str
    state: State
    found: str
    advice: str = ""


@app.command()
def doctor(
    url: Annotated[
        str | None, typer.Option(help="Address of an agent that should be running.")
    ] = None,
) -> None:
    """Check this machine: Python, SQLite, time zones, fonts, terminals, disk, ports, an agent."""
    from rich.console import Console

    console = Console(highlight=False)
    findings = examine(url)
    marks = {State.OK: "[green]✓[/]", State.HINT: "[yellow]![/]", State.MISSING: "[red]✗[/]"}
    for finding in findings:
        console.print(f"{marks[finding.state]} {finding.name:12}", end=" ")
        console.print(finding.found, markup=False, soft_wrap=True)
        if finding.advice:
            console.print(f"  → {finding.advice}", markup=False, soft_wrap=True)
    if any(finding.state is State.MISSING for finding in findings):
        raise typer.Exit(MISSING)


def examine(url: str | None) -> list[Finding]:
    """Look at everything; a URL is one of an agent that should answer."""
    checks: list[Callable[[], Finding]] = [
        _python,
        _sqlite,
        _zones,
        _font,
        _terminal,
        _disk,
        _command,
    ]
    findings = [check() for check in checks]
    findings += [_port(name, port) for name, port in PORTS.items()]
    return findings if url is None else [*findings, _agent(url)]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return _at_least("Python", sys.version_info[:3], PYTHON_MIN, found, "install Python 3.11")


def _sqlite() -> Finding:
    advice = "use a Python whose sqlite3 is newer: Debian 12's is"
    version = sqlite3.sqlite_version_info
    return _at_least("SQLite", version, SQLITE_MIN, sqlite3.sqlite_version, advice)


def _at_least(
    name: str, version: Iterable[int], wanted: tuple[int, ...], found: str, advice: str
) -> Finding:
    if tuple(version) >= wanted:
        return Finding(name, State.OK, found)
    shown = ".".join(map(str, wanted))
    return Finding(name, State.MISSING, f"{found}, {shown} is needed", advice)


def _zones() -> Finding:
    try:
        ZoneInfo(ZONE)
    except (ZoneInfoNotFoundError, OSError):
        return Finding("Time zones", State.MISSING, f"{ZONE} is not known", "pip install tzdata")
    return Finding("Time zones", State.OK, f"{ZONE} is known")


def _font() -> Finding:
    """Look where the simulated printer does: it draws slips with DejaVu Sans Mono."""
    from PIL import ImageFont

    brought = find_spec("barcode")
    folders = list(brought.submodule_search_locations or ()) if brought else []
    for place in (*(str(Path(folder) / "fonts" / FONT) for folder in folders), FONT):
        try:
            ImageFont.truetype(place, 12)
        except OSError:
            continue
        return Finding("Font", State.OK, place)
    advice = "apt install fonts-dejavu-core (pictures of slips need it, printers do not)"
    return Finding("Font", State.MISSING, f"no {FONT}", advice)


def _terminal() -> Finding:
    """Open a pseudo-terminal: the simulated scanner is one."""
    try:
        descriptors = pty.openpty()
    except OSError as error:
        advice = "mount /dev/pts: simulated scanners need it"
        return Finding("Terminals", State.MISSING, str(error), advice)
    for descriptor in descriptors:
        os.close(descriptor)
    return Finding("Terminals", State.OK, "pseudo-terminals can be opened")


def _disk() -> Finding:
    folder = tempfile.gettempdir()
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb >= DISK_MIN_MB:
        return Finding("Disk", State.OK, f"{free_mb} MB free in {folder}")
    return Finding("Disk", State.MISSING, f"{free_mb} MB free in {folder}", "free some space")


def _command() -> Finding:
    """Look for the command beside this Python: the demo starts its processes with it."""
    command = Path(sys.executable).with_name("kopilka")
    if os.access(command, os.X_OK):
        return Finding("Command", State.OK, str(command))
    advice = "install Kopilka into this environment: uv sync, or pip install -e ."
    return Finding("Command", State.MISSING, f"no {command}", advice)


def _port(name: str, port: int) -> Finding:
    try:
        with socket.create_server((HOST, port)):
            return Finding(f"Port {port}", State.OK, f"free for the {name}")
    except OSError as error:
        advice = f"is the {name} running already? Else start it with --port and another number"
        return Finding(f"Port {port}", State.HINT, error.strerror or str(error), advice)


def _agent(url: str) -> Finding:
    import httpx

    advice = "start it: kopilka agent run; its address is in the settings, 8200 by default"
    try:
        answer = httpx.get(f"{url.rstrip('/')}/v1/status", timeout=STATUS_S, trust_env=False)
        told = answer.raise_for_status().json()
        line = "line whole" if told["online"] else f"line cut: {told['offline_reason']}"
        found = f"store {told['store']}, {line}, {told['queue_depth']} facts to send"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        return Finding("Agent", State.MISSING, f"{url}: {type(error).__name__}", advice)
    devices = told.get("devices", {})
    unwell = [
        f"{name}: {health['condition']}"
        for name, health in devices.items()
        if health["condition"] != "ok"
    ]
    if unwell:
        return Finding("Agent", State.HINT, f"{found}; {', '.join(unwell)}", "look at the device")
    return Finding("Agent", State.OK, found)
