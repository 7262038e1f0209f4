"""An import that is stopped anywhere: nothing is lost, nothing doubled, and it goes on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central.centre import Centre
from central.imports import service
from central.imports.lines import BadSourceError, Line, Sheet, Source
from central.imports.service import TornFileError, run
from central.imports.sources import open_sheet
from central.ledger.store import LotTable
from central.members.store import MemberTable
from central.schema import table_of
from shared.runtime.sqlite import reading
from tests.central.imports.kit import counts, csv_file, order, silent, take

LINES = [f"77{no:08};;Анна;1,5" for no in range(2300)]


class Killed(BaseException):
    """A process that is no more."""


def _sums(centre: Centre) -> tuple[int, int]:
    with reading(centre.engine) as connection:
        people = connection.scalar(select(func.count()).select_from(table_of(MemberTable)))
        points = connection.scalar(select(func.sum(table_of(LotTable).c.granted)))
    return int(people or 0), int(points or 0)


def test_a_killed_import_goes_on_behind_its_last_batch(centre: Centre, tmp_path: Path) -> None:
    path = csv_file(tmp_path, *LINES)

    def kill(done: int, _total: int) -> None:
        if done == 2000:
            raise Killed

    with pytest.raises(Killed):
        run(centre, order(path), kill)
    assert _sums(centre) == (2000, 3000_00)

    done = take(centre, path)

    assert (done.before, counts(done.run)) == (2000, (2300, 0, 0, 0))
    assert _sums(centre) == (2300, 3450_00)


def test_a_file_that_changes_is_an_import_of_its_own(centre: Centre, tmp_path: Path) -> None:
    take(centre, csv_file(tmp_path, *LINES[:3]))

    more = take(centre, csv_file(tmp_path, *LINES[:5]))

    assert (more.before, counts(more.run)) == (0, (2, 0, 3, 0))
    assert _sums(centre) == (5, 7_50)


def test_a_file_that_ends_in_damage_keeps_what_was_taken(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv_file(tmp_path, *LINES)
    # damage behind a whole batch: a real torn file of that size takes seconds to make
    monkeypatch.setattr(service, "open_sheet", _torn_after(1600))

    with pytest.raises(TornFileError, match="1000 rows"):
        run(centre, order(path), silent)

    assert _sums(centre) == (1000, 1500_00)


def _torn_after(rows: int) -> Callable[[Source], AbstractContextManager[Sheet]]:
    @contextmanager
    def opened(source: Source) -> Iterator[Sheet]:
        with open_sheet(source) as sheet:

            def lines() -> Iterator[Line]:
                yield from islice(sheet.lines, rows)
                raise BadSourceError(file="f", reason_ru="повреждён", reason_en="damaged")

            yield replace(sheet, lines=lines())

    return opened
