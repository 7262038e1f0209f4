"""One process has the duty; when it dies, stands still or loses its line, another takes it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from central.duty import AdvisoryDuty, Duty, duty_of
from demo.stage.patience import Patience
from shared.clock import SystemClock
from shared.runtime.sqlite import open_engine, transaction
from tests.databases import Databases, PostgresDatabases

WAIT_S = 20.0
SILENCE_S = 1.0
_CLERK = """
import sys, threading
from pathlib import Path
from central.duty import AdvisoryDuty, FileDuty
from shared.runtime.sqlite import open_engine
engine = open_engine(sys.argv[1])
name = engine.dialect.name
duty = FileDuty(Path(sys.argv[2])) if name == "sqlite" else AdvisoryDuty(engine, float(sys.argv[3]))
print(duty.has(), flush=True)
threading.Event().wait(60)
"""


@pytest.fixture
def url(tmp_path: Path, databases: Databases) -> str:
    return databases.fresh(tmp_path / "central.db")


@contextmanager
def _clerk(url: str, folder: Path, silence_s: float = WAIT_S) -> Iterator[subprocess.Popen[str]]:
    """A process that has taken the duty."""
    words = [sys.executable, "-c", _CLERK, url, str(folder / "duty.lock"), str(silence_s)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            said = (line.strip() for line in process.stdout)
            assert next(line for line in said if line in ("True", "False")) == "True"
            yield process
        finally:
            process.kill()


def _taken(duty: Duty) -> bool:
    return Patience(SystemClock()).until("the duty", lambda: duty.has() or None, WAIT_S)


def test_one_of_two_has_the_duty_until_it_ends(url: str, tmp_path: Path) -> None:
    engines = [open_engine(url) for _ in range(2)]
    one, two = (duty_of(engine, tmp_path) for engine in engines)

    assert [one.has(), two.has(), one.has(), two.has()] == [True, False, True, False]
    one.end()
    assert [two.has(), one.has()] == [True, False]
    two.end()
    for engine in engines:
        engine.dispose()


def test_the_duty_of_a_killed_process_is_taken_by_another(url: str, tmp_path: Path) -> None:
    engine = open_engine(url)
    duty = duty_of(engine, tmp_path)
    with _clerk(url, tmp_path) as process:
        assert not duty.has()

        process.kill()

        assert _taken(duty)
    duty.end()
    engine.dispose()


def test_the_duty_of_a_process_that_stands_still_is_taken_by_another(
    tmp_path: Path, postgres_databases: PostgresDatabases
) -> None:
    url = postgres_databases.fresh(tmp_path)
    engine = open_engine(url)
    duty = AdvisoryDuty(engine)
    with _clerk(url, tmp_path, SILENCE_S) as process:
        process.send_signal(signal.SIGSTOP)

        assert _taken(duty)
    duty.end()
    engine.dispose()


def test_who_has_lost_the_line_has_no_duty_until_he_takes_it_again(
    tmp_path: Path, postgres_databases: PostgresDatabases
) -> None:
    engine = open_engine(postgres_databases.fresh(tmp_path))
    duty = AdvisoryDuty(engine)
    assert duty.has()

    with transaction(engine) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND objid = 4 AND granted"
            )
        )

    assert not duty.has()
    assert _taken(duty)
    duty.end()
    engine.dispose()
