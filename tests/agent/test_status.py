"""`kopilka agent status` asks the agent that the settings speak of."""

from pathlib import Path

from typer.testing import CliRunner

from agent.cli import app


def _asked(*words: str) -> str:
    """Return what is said of an agent that does not run: which address was asked."""
    answer = CliRunner().invoke(app, [*words])
    assert answer.exit_code == 1
    return answer.stderr


def test_the_address_is_that_of_the_settings_unless_it_is_given(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(f'data_dir = "{tmp_path}"\nport = 1\n')

    assert "http://127.0.0.1:1 " in _asked("--config", str(config), "status")
    given = ("status", "--url", "http://127.0.0.1:2")
    assert "http://127.0.0.1:2 " in _asked("--config", str(config), *given)


def test_settings_that_are_none_are_told_in_a_sentence(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(f'data_dir = "{tmp_path}"\nport = "many"\n')

    assert "port" in _asked("--config", str(config), "status")
