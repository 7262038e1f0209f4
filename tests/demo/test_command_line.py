"""How `kopilka demo` is started and misused."""

import subprocess
import sys
from pathlib import Path

import pytest

from demo import breaks
from demo.cli import Guard

KOPILKA = str(Path(sys.executable).with_name("kopilka"))
WAIT_S = 60


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=WAIT_S, check=False
    )


def test_an_unknown_guard_is_misuse_and_names_the_known_ones(tmp_path: Path) -> None:
    ended = _run(KOPILKA, "demo", "--break", "nonsense", "--out", str(tmp_path / "out"))

    assert ended.returncode == 2
    for guard in Guard:
        assert guard.value in ended.stderr
    assert not (tmp_path / "out").exists()


def test_the_launcher_refuses_an_unknown_guard() -> None:
    ended = _run(sys.executable, "-m", "demo.breaks", "nonsense", "--", "agent", "run")

    assert ended.returncode == 2
    assert "nonsense" in ended.stderr
    assert "lease, dedup" in ended.stderr


def test_the_launcher_wants_a_command() -> None:
    assert breaks.main([]) == 2
    assert breaks.main(["lease"]) == 2


def test_the_launcher_hands_over_to_the_command_line() -> None:
    ended = _run(sys.executable, "-m", "demo.breaks", "lease", "--", "agent", "--help")

    assert ended.returncode == 0
    assert "kopilka agent" in ended.stdout


@pytest.mark.parametrize("guard", list(Guard))
def test_every_guard_is_made_of_parts_that_exist(guard: Guard) -> None:
    script = f"from demo.breaks import break_guard; break_guard({guard.value!r})"

    ended = _run(sys.executable, "-c", script)

    assert ended.returncode == 0, ended.stderr


def test_help_says_what_will_happen() -> None:
    ended = _run(KOPILKA, "demo", "--help")

    assert ended.returncode == 0
    for option in ("--keep", "--out", "--break"):
        assert option in ended.stdout
