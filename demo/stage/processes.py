"""The processes of a demo: started with a log each, waited for, killed or ended by their own id."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.stage.patience import SHORT_S, START_S, Patience, TookTooLongError
from shared.errors import Kind, LoyaltyError

STOP_S = 5.0
COMMAND_S = 60.0
TAIL_LINES = 12
OWN_VARIABLES = "KOPILKA_"
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

Json = dict[str, Any]


class ProcessDiedError(LoyaltyError):
    """A process that ended before it was told to."""

    kind = Kind.UNAVAILABLE
    code = "process_died"
    ru = "Процесс «{name}» завершился сам с кодом {code_no}. Конец журнала {log}:\n{tail}"
    en = "Process {name} ended by itself with code {code_no}. The end of {log}:\n{tail}"


class CommandRefusedError(LoyaltyError):
    """A command that did not do what it was asked for."""

    kind = Kind.CONFLICT
    code = "command_refused"
    ru = "Команда «{command}» завершилась с кодом {code_no}: {said}"
    en = "Command “{command}” ended with code {code_no}: {said}"


@dataclass(slots=True)
class Process:
    """A started process; what it says goes to its log."""

    name: str
    log: Path
    running: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.running.pid

    def said(self) -> bytes:
        """Return what it has written so far."""
        return self.log.read_bytes()


def kopilka() -> list[str]:
    """Return the command line of `kopilka` beside the Python that runs this."""
    return [str(Path(sys.executable).with_name("kopilka"))]


def module(name: str) -> list[str]:
    """Return the command line of a module of ours."""
    return [sys.executable, "-m", name]


@dataclass(slots=True)
class Crew:
    """All processes that the demo has started, and nothing else."""

    folder: Path
    patience: Patience
    members: list[Process] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str]) -> Process:
        """Start a process in a session of its own, so that Ctrl-C reaches it through us alone."""
        log = self._log(name)
        with log.open("ab") as output:
            running = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.folder,
                start_new_session=True,
            )
        process = Process(name, log, running)
        self.members.append(process)
        return process

    def first_line(self, process: Process) -> Json:
        """Wait for the JSON line with which a process says that it is ready.

        Raises ProcessDiedError, TookTooLongError.
        """
        line = self.patience.until(
            f"{process.name} is ready", lambda: _whole_line(self._alive(process)), START_S
        )
        told: Json = json.loads(line)
        return told

    def ready_file(self, process: Process, path: Path) -> Json:
        """Wait for the file in which a server says where it listens."""
        content = self.patience.until(
            f"{process.name} listens",
            lambda: _content(self._alive(process), path),
            START_S,
        )
        told: Json = json.loads(content)
        return told

    def run(self, name: str, command: Sequence[str]) -> str:
        """Run a command to its end and return what it printed.

        Raises CommandRefusedError, TookTooLongError.
        """
        with self._log(f"{name}.errors").open("wb") as errors:
            try:
                ended = subprocess.run(  # noqa: S603 (our own commands)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=self._environment(),
                    cwd=self.folder,
                    timeout=COMMAND_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as late:
                raise TookTooLongError(what=f"{name} ends", seconds=COMMAND_S, last="") from late
        if ended.returncode:
            told = self._log(f"{name}.errors").read_text(errors="replace") or ended.stdout.decode()
            shown = " ".join(("kopilka", *command[1:]))
            raise CommandRefusedError(command=shown, code_no=ended.returncode, said=_last(told))
        return ended.stdout.decode()

    def kill(self, process: Process) -> None:
        """End a process as a power cut does (SIGKILL), and wait until it is gone."""
        process.running.send_signal(signal.SIGKILL)
        process.running.wait(SHORT_S)
        self.members.remove(process)

    def check(self) -> None:
        """Raise ProcessDiedError if any process has ended by itself."""
        for process in self.members:
            self._alive(process)

    def stop(self) -> None:
        """End every process, the last one first: politely, then not; repeating is safe."""
        for process in reversed(self.members):
            if process.running.poll() is None:
                process.running.terminate()
        for process in reversed(self.members):
            try:
                process.running.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.running.kill()
                process.running.wait(SHORT_S)
        self.members.clear()

    def _alive(self, process: Process) -> Process:
        code_no = process.running.poll()
        if code_no is not None:
            raise ProcessDiedError(
                name=process.name,
                code_no=code_no,
                log=process.log,
                tail=_end_of(process.said().decode(errors="replace")),
            )
        return process

    def _log(self, name: str) -> Path:
        logs = self.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        return logs / f"{name}.log"

    def _environment(self) -> dict[str, str]:
        """Leave out settings that are meant for another installation.

        Bytecode is written, or every start would compile a hundred modules anew.
        """
        return {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(OWN_VARIABLES) and key != NO_BYTECODE
        }


def _content(_process: Process, path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _whole_line(process: Process) -> bytes | None:
    line, end, _ = process.said().partition(b"\n")
    return line if end and line.startswith(b"{") else None


def _last(text: str) -> str:
    """Return the last line with a word in it: the sentence, whatever frame is drawn around it."""
    lines = [line.strip(" │") for line in text.splitlines() if any(map(str.isalnum, line))]
    return lines[-1] if lines else ""


def _end_of(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])
