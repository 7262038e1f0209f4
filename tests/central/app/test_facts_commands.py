"""Files of a store's facts, damaged as a disk damages them, at the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from central.opening import open_centre
from central.settings import Settings
from shared.wire.push import FRAME_PREFIX_BYTES, frame, frames
from tests.central.app.kit import SetClock
from tests.central.app.test_command_line import database, folder, kopilka, stores_file
from tests.central.journal_builder import NOON, make_journal

__all__ = ["database", "folder"]

SALES = 5


@pytest.fixture
def batches(folder: Path) -> list[bytes]:
    """A mirror's batches of five sales, one each, of a store that the centre knows."""
    kopilka(folder, "stores", "import", stores_file(folder))
    centre = open_centre(Settings(data_dir=folder / "centre"), clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    for _ in range(SALES):
        journal.sell(None)
    centre.engine.dispose()
    return [frame(journal.batch(no, no)) for no in range(1, SALES + 1)]


def spoilt(batch: bytes, at: int) -> bytes:
    """A batch of which a sector came back as nothing."""
    return batch[:at] + bytes(8) + batch[at + 8 :]


def unsigned(batch: bytes) -> bytes:
    """A batch that can be read, and says something else than its agent has signed."""
    ((read,), _, _) = frames(batch)
    return frame(replace(read, signature=bytes(64)))


@pytest.mark.parametrize(
    "damage",
    [lambda one: spoilt(one, FRAME_PREFIX_BYTES), lambda one: spoilt(one, 0), unsigned],
    ids=["content", "length", "signature"],
)
def test_what_stands_behind_a_damaged_batch_is_taken_in_over_the_gap(
    folder: Path, batches: list[bytes], damage: Callable[[bytes], bytes]
) -> None:
    file = folder / "mirror.facts"
    file.write_bytes(b"".join([*batches[:2], damage(batches[2]), *batches[3:]]))

    refused = kopilka(folder, "import-facts", file)
    told = [kopilka(folder, "import-facts", file, "--over-gap") for _ in range(2)]

    assert refused.exit_code == 1
    assert refused.stdout.endswith(": accepted 2, не хватает перед ними 2\n")
    assert "повреждено пачек: 1" in refused.stderr
    assert "import-facts --over-gap примет то, что за пропуском" in refused.stderr
    assert [one.exit_code for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout
    assert ": accepted 4\nнет фактов 3–3 эпохи 1: конфликт " in told[0].stdout
    found = _conflicts(folder)
    assert [one["state"] for one in found] == ["open"]
    assert told[0].stdout.strip().endswith(found[0]["id"])
    shown = kopilka(folder, "conflicts", "show", found[0]["id"])
    assert "Фактов 3–3 эпохи 1 магазина 101 нет в центре" in shown.stdout


def test_missing_facts_of_another_file_fill_the_gap(folder: Path, batches: list[bytes]) -> None:
    """The dead disk was read after all."""
    (damaged := folder / "mirror.facts").write_bytes(
        b"".join([*batches[:1], spoilt(batches[1], 10), spoilt(batches[2], 10), *batches[3:]])
    )
    (whole := folder / "read.facts").write_bytes(b"".join(batches))
    kopilka(folder, "import-facts", damaged, "--over-gap")

    told = kopilka(folder, "import-facts", whole)

    assert (told.exit_code, told.stdout) == (0, "пачек: 5: accepted 5\n")
    assert [one["state"] for one in _conflicts(folder)] == ["resolved"]
    assert json.loads(kopilka(folder, "status").stdout)["outcomes"] == {"accepted": SALES}


def test_what_another_copy_of_the_file_has_is_no_gap(folder: Path, batches: list[bytes]) -> None:
    copies = [
        b"".join(spoilt(one, 10) if no in lost else one for no, one in enumerate(batches))
        for lost in ((1, 2), (0, 3))
    ]
    (file := folder / "both.facts").write_bytes(b"".join(copies))

    told = kopilka(folder, "import-facts", file, "--over-gap")

    assert told.exit_code == 0
    assert _conflicts(folder) == []
    assert json.loads(kopilka(folder, "status").stdout)["outcomes"] == {"accepted": SALES}


def test_a_person_closes_a_gap_whose_facts_are_lost(folder: Path, batches: list[bytes]) -> None:
    (file := folder / "mirror.facts").write_bytes(b"".join([spoilt(batches[0], 4), *batches[1:]]))
    kopilka(folder, "import-facts", file, "--over-gap")
    (gap,) = _conflicts(folder)

    closed = kopilka(folder, "conflicts", "resolve", gap["id"], "--note", "диск не читается")

    assert closed.exit_code == 0
    assert [one["state"] for one in _conflicts(folder)] == ["resolved"]


def _conflicts(folder: Path) -> list[dict[str, str]]:
    listed = kopilka(folder, "conflicts", "list", "--kind", "journal_gap", "--json")
    found: list[dict[str, str]] = json.loads(listed.stdout)["conflicts"]
    return found
