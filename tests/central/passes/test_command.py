"""`kopilka central pass`: 0 done, 1 refused with one sentence, 2 misused."""

from pathlib import Path
from random import Random

import pytest
from typer.testing import Result

from central.cli import app
from central.opening import open_centre
from central.packs.service import publish
from central.settings import Settings
from shared.clock import SystemClock
from shared.wire.facts import PassUse
from shared.wire.passes import PREFIX, read
from tests.builders import wine_text
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.journal_builder import make_journal
from tests.central.passes.test_issuing import TERMS
from tests.commands import run_command
from tests.databases import Databases

ANNA, OLGA, THIEF = "2900000000018", "2900000000025", "2900000000032"


@pytest.fixture
def folder(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A centre whose programme has passes of 50.00; Anna has 80.00, Olga nothing, and who has
    registered Anna's phone 7.00."""
    url = databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    assert kopilka(tmp_path, "init").exit_code == 0
    stores = tmp_path / "stores.csv"
    stores.write_text(STORES_CSV)
    kopilka(tmp_path, "stores", "import", stores)
    settings = Settings(data_dir=tmp_path / "centre", database_url=url)
    clock = SetClock(SystemClock().now())
    centre = open_centre(settings, clock, Random(5))
    publish(centre, wine_text().replace("policies:\n", TERMS))
    journal = make_journal(centre, clock, "101")
    anna, _ = journal.register(name="Анна", phone="+79160000001", card=ANNA)
    sold = journal.sell(anna, earn=[80_00], kept=0)
    use = PassUse(anna.account, 3, 5_00)
    journal.sell(anna, spend=[(sold.lots[0], 5_00)], by_pass=use)
    journal.register(name="Ольга", phone="+79160000002", card=OLGA)
    thief, _ = journal.register(name="Анна", phone="+79160000001", card=THIEF)
    journal.sell(thief, earn=[7_00], kept=0)
    journal.push()
    centre.engine.dispose()
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments)


def keys(folder: Path) -> list[bytes]:
    settings = Settings(data_dir=folder / "centre")
    from central.centre import read_keys

    return [read_keys(settings.keys_dir).pack.public]


def test_a_pass_is_printed_shown_and_printed_again(folder: Path) -> None:
    done = kopilka(folder, "pass", "issue", ANNA, "--by", "Ольга", "--svg", folder / "pass.svg")
    again = kopilka(folder, "pass", "issue", "+79160000001")
    shown = kopilka(folder, "pass", "show", ANNA).stdout

    said, code = done.stdout.splitlines()
    granted = read(code, keys(folder))
    assert granted is not None
    assert (done.exit_code, granted.points) == (0, 50_00)
    assert "issued: 50,00 points at each store, once, until" in said
    assert code.startswith(PREFIX)
    assert again.stdout.splitlines()[1] == code
    assert "good already" in again.stdout
    assert f"pass {granted.counter}: 50,00 points" in shown
    assert "by Ольга" in shown
    assert "<svg" in (folder / "pass.svg").read_text()


def test_a_new_one_replaces_it_and_may_be_of_less(folder: Path) -> None:
    first = kopilka(folder, "pass", "issue", ANNA).stdout.splitlines()[1]
    anew = kopilka(folder, "pass", "issue", ANNA, "--anew", "--points", "10.00")

    second = read(anew.stdout.splitlines()[1], keys(folder))
    former = read(first, keys(folder))
    assert second is not None
    assert former is not None
    assert (second.points, second.counter) == (10_00, former.counter + 1)


def test_a_card_that_redeems_one_account_alone_gets_a_pass_of_that(folder: Path) -> None:
    """Who has registered your number gets no pass with your points either."""
    done = kopilka(folder, "pass", "issue", THIEF)
    owner = kopilka(folder, "pass", "issue", "+79160000001")

    his, hers = (read(one.stdout.splitlines()[1], keys(folder)) for one in (done, owner))
    assert his is not None
    assert hers is not None
    assert (his.points, hers.points) == (7_00, 50_00)
    named = kopilka(folder, "pass", "issue", THIEF, "--account", str(hers.account))
    assert (named.exit_code, named.stdout) == (1, "")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((OLGA,), 1, "has no points for a pass"),
        (("2900000000999",), 1, "."),
        ((ANNA, "--account", "7"), 1, "There is no member's account 7."),
        ((ANNA, "--points", "50.01"), 1, "A pass is of 0.01 to 50,00 points."),
        ((ANNA, "--points", "much"), 2, "such as 300.00"),
    ],
)
def test_what_cannot_be_issued_is_refused_in_a_sentence(
    folder: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    done = kopilka(folder, "pass", "issue", *words)

    assert (done.exit_code, done.stdout) == (code, "")
    assert told in done.stderr.replace("\u00a0", " ")


def test_who_has_had_none_is_told_so(folder: Path) -> None:
    assert kopilka(folder, "pass", "show", OLGA).stdout == "no passes\n"
