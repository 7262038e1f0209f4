"""The demo's processes: started, heard, killed and ended, and only its own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stage.control import KnobRefusedError, command
from demo.stage.patience import Patience, TookTooLongError
from demo.stage.processes import CommandRefusedError, Crew, ProcessDiedError
from shared.clock import SystemClock

# A process that would go on: only being stopped ends it while the test looks.
SLEEPER = "import time; print('{\"listen\": 1}', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
WAIT_S = 5.0


def _python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    crew = Crew(tmp_path, Patience(SystemClock()))
    yield crew
    crew.stop()


def test_a_process_says_where_it_listens(crew: Crew) -> None:
    process = crew.start("sleeper", _python(SLEEPER))

    assert crew.first_line(process) == {"listen": 1}


def test_a_process_that_ends_by_itself_is_told_with_its_last_words(crew: Crew) -> None:
    process = crew.start("faint", _python("import sys; print('no disk'); sys.exit(3)"))

    with pytest.raises(ProcessDiedError, match=r"(?s)faint ended by itself with code 3.*no disk"):
        crew.first_line(process)


def test_all_processes_are_gone_after_the_stop(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    # one of them is deaf to SIGTERM, and is killed only when this time is over
    monkeypatch.setattr("demo.stage.processes.STOP_S", 0.3)
    processes = [
        crew.start(name, _python(script)) for name, script in (("a", SLEEPER), ("b", DEAF))
    ]
    for process in processes:
        crew.first_line(process)

    crew.stop()

    assert [process.running.returncode for process in processes] == [-15, -9]
    crew.stop()


def test_a_killed_process_is_gone_and_not_missed(crew: Crew) -> None:
    process = crew.start("sleeper", _python(SLEEPER))
    crew.first_line(process)

    crew.kill(process)

    assert process.running.returncode == -9
    crew.check()


def test_a_command_that_refuses_is_told_with_its_sentence(crew: Crew) -> None:
    with pytest.raises(CommandRefusedError, match="code 1: no such store"):
        crew.run("refuse", _python("import sys; sys.exit('no such store')"))


def test_processes_do_not_get_settings_of_another_installation(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_AGENT_PORT", "8200")

    told = crew.run("env", _python("import os; print(sorted(os.environ))"))

    assert "KOPILKA" not in told
    assert "KOPILKA_AGENT_PORT" in os.environ


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(TookTooLongError, match=r"Waited 0.1 s in vain: rain. It is dry."):
        Patience(SystemClock()).until("rain", lambda: None, 0.1, last=lambda: "It is dry.")


def test_a_knob_that_nobody_listens_to_is_named() -> None:
    with pytest.raises(KnobRefusedError, match=r"127.0.0.1:9 did not take “status”"):
        command("127.0.0.1:9", "status")
