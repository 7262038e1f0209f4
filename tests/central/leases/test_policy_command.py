"""`kopilka central policy risk` prints the bounds as a table and a sentence, in two languages."""

import os
from pathlib import Path
from random import Random

import pytest
from typer.testing import Result

from central.cli import app
from central.opening import open_centre
from central.packs.service import publish
from central.settings import Settings
from shared.clock import SystemClock
from tests.builders import wine_text
from tests.central.app.kit import NOON, STORES_CSV, SetClock
from tests.central.journal_builder import make_journal
from tests.central.leases.test_risk import LIMIT, PASSES
from tests.commands import run_command
from tests.databases import Databases


@pytest.fixture
def folder(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A centre of two stores that nobody has heard of for long; 101 holds 80 points of Anna's."""
    url = databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    assert kopilka(tmp_path, "init").exit_code == 0
    stores = tmp_path / "stores.csv"
    stores.write_text(STORES_CSV)
    kopilka(tmp_path, "stores", "import", stores)
    settings = Settings(data_dir=tmp_path / "centre", database_url=url, first_need=0)
    centre = open_centre(settings, clock := SetClock(NOON), Random(5))
    make_journal(centre, clock, "102")
    journal = make_journal(centre, clock, "101")
    anna, _ = journal.register()
    journal.sell(anna, earn=[100_00], kept=80_00)
    journal.push()
    publish(centre, wine_text().replace("policies:\n", LIMIT))
    centre.engine.dispose()
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments)


def printed(folder: Path, *words: str) -> str:
    done = kopilka(folder, "policy", "risk", *words)
    assert (done.exit_code, done.stderr) == (0, "")
    return " ".join(done.stdout.replace("\u00a0", " ").split())


def test_the_bounds_are_printed_with_their_formula(folder: Path) -> None:
    """Two stores times 300.00 of the one member; 101 holds 80.00."""
    told = printed(folder, "--lang", "en")

    assert "one member stores × 300,00 600,00 points = 600,00 ₽" in told
    assert "stores × min(450,00; members 1 × 300,00) 600,00 points = 600,00 ₽" in told
    assert (
        "Silent stores: 2 of 2. What they have not told becomes members' debt of at most 600,00 ₽"
        in told
    )
    assert "101 1 2026-03-01 12:00 1 80,00 80,00 0,00 0" in told
    assert "Writing off the silent ones (1) costs at most 80,00 ₽" in told


def test_russian_is_the_settings_language(folder: Path) -> None:
    told = printed(folder)

    assert "станет долгом участников не больше 600,00 ₽" in told
    assert "Списание молчащих (1) стоит не больше 80,00 ₽" in told


def test_another_language_is_misuse(folder: Path) -> None:
    assert kopilka(folder, "policy", "risk", "--lang", "de").exit_code == 2


def test_passes_are_told_with_their_formula(folder: Path) -> None:
    """Anna's pass of 50.00 of her 100.00, in two stores."""
    settings = Settings(
        data_dir=folder / "centre", database_url=os.environ["KOPILKA_CENTRAL_DATABASE_URL"]
    )
    centre = open_centre(settings, SystemClock(), Random(6))
    later = wine_text().replace("policies:\n", PASSES).replace("\nversion: 1", "\nversion: 2")
    publish(centre, later)
    centre.engine.dispose()
    assert "was restored" not in printed(folder, "--lang", "en")
    assert kopilka(folder, "pass", "issue", "+79161234567").exit_code == 0

    told = printed(folder, "--lang", "en")

    assert "up to 50,00 points at each store, once; a pass is good for 7 days" in told
    assert "one member stores × a pass of 50,00 100,00 points = 100,00 ₽" in told
    assert "all members stores × good passes 50,00 (1) 100,00 points = 100,00 ₽" in told
    assert "Silent stores: 2 of 2. What they have not told becomes members' debt of at most" in told
    assert "магазины × действующие пропуска 50,00 (1)" in printed(folder, "--lang", "ru")


def test_passes_that_a_restored_centre_does_not_know_are_told_of(folder: Path) -> None:
    """One may be Anna's, of 50.00 in each of two stores."""
    settings = Settings(
        data_dir=folder / "centre", database_url=os.environ["KOPILKA_CENTRAL_DATABASE_URL"]
    )
    centre = open_centre(settings, SystemClock(), Random(6))
    later = wine_text().replace("policies:\n", PASSES).replace("\nversion: 1", "\nversion: 2")
    publish(centre, later)
    centre.engine.dispose()
    assert kopilka(folder, "restored", "--yes").exit_code == 0

    told = printed(folder, "--lang", "en")

    assert "each store counts one a member: 1 × 50,00" in told
    assert "all members stores × good passes 50,00 (1) 100,00 points = 100,00 ₽" in told
    assert "Центр восстановлен из копии" in printed(folder, "--lang", "ru")
