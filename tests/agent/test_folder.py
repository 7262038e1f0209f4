"""An agent's data folder belongs to one process at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent import identity as identities
from agent.cli import app
from agent.folder import FolderInUseError, alone
from tests.builders import Shop

ROOT = "ab" * 32
NOT_HERE = "192.0.2.1"
"""An address that no machine has: what is not refused ends all the same."""


@pytest.fixture
def at_work(shop: Shop) -> Iterator[Shop]:
    """A store on whose folder an agent works."""
    identities.save(shop.station.data_dir, shop.station.identity)
    with alone(shop.station.data_dir):
        yield shop


@pytest.mark.parametrize(
    "words",
    [("run", "--host", NOT_HERE), ("restore",), ("trust", ROOT)],
    ids=lambda words: words[0],
)
def test_what_is_not_done_while_an_agent_works_is_refused_in_a_sentence(
    at_work: Shop, words: tuple[str, ...]
) -> None:
    folder = at_work.station.data_dir
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    answer = CliRunner().invoke(app, ["--data-dir", str(folder), *words])

    assert answer.exit_code == 1
    assert answer.stderr == (
        f"С папкой {folder} работает агент: сначала остановите его.\n"
        f"An agent is at work on folder {folder}: stop it first.\n"
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "words",
    [("export-facts", "--out", "facts"), ("till-token", "--till", "1")],
    ids=lambda words: words[0],
)
def test_what_is_done_beside_a_working_agent_is_not_refused(
    at_work: Shop, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    answer = CliRunner().invoke(app, ["--data-dir", str(at_work.station.data_dir), *words])

    assert answer.exit_code == 0, answer.output


def test_a_folder_is_free_again_when_its_agent_has_ended(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(FolderInUseError), alone(tmp_path):
        pytest.fail("two have it")

    with alone(tmp_path):
        pass


def test_a_folder_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    missing = tmp_path / "none"

    with alone(missing), alone(missing):
        assert not missing.exists()
