"""Plain statements beside Core's: the same transaction, the same failures."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from shared.runtime.sqlite import (
    listed,
    open_file,
    reading,
    run,
    run_long,
    run_many,
    transaction,
)

COUNT = """
INSERT INTO thing (no)
WITH RECURSIVE up(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM up WHERE no < ?)
SELECT no FROM up ORDER BY -no
"""
ADD = "INSERT INTO thing (no) VALUES (?)"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_file(tmp_path / "things.db")
    with transaction(engine) as connection:
        run(connection, "CREATE TABLE thing (no INTEGER PRIMARY KEY)")
    yield engine
    engine.dispose()


def numbers(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return [no for (no,) in run(connection, "SELECT no FROM thing ORDER BY no")]


def test_plain_statements_and_those_of_core_are_one_transaction(engine: Engine) -> None:
    with transaction(engine) as connection:
        run(connection, ADD, (1,))
        connection.execute(text("INSERT INTO thing (no) VALUES (2)"))
        run_many(connection, ADD, [(3,), (4,)])

    assert numbers(engine) == [1, 2, 3, 4]


def test_nothing_is_written_when_a_plain_statement_fails_and_core_names_the_failure(
    engine: Engine,
) -> None:
    def write_twice() -> None:
        with transaction(engine) as connection:
            connection.execute(text("INSERT INTO thing (no) VALUES (1)"))
            run(connection, ADD, (1,))

    with pytest.raises(IntegrityError, match="UNIQUE"):
        write_twice()

    assert numbers(engine) == []


def test_a_failed_reading_is_named_by_core_too(engine: Engine) -> None:
    with pytest.raises(OperationalError, match="no such table"), reading(engine) as connection:
        run(connection, "SELECT no FROM nowhere")

    assert numbers(engine) == []


def test_a_reading_writes_nothing(engine: Engine) -> None:
    with reading(engine) as connection:
        run(connection, ADD, (1,))

    assert numbers(engine) == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_has_as_many_places_as_values(engine: Engine, count: int) -> None:
    wanted = list(range(count))
    with transaction(engine) as connection:
        run_many(connection, ADD, [(no,) for no in wanted])
        run(connection, ADD, (99,))

        found = run(connection, listed("SELECT no FROM thing WHERE no IN (?*)", count), wanted)

        assert sorted(no for (no,) in found) == wanted


def test_a_long_statement_gives_signs_of_life_and_says_what_it_changed(engine: Engine) -> None:
    signs = []
    with transaction(engine) as connection:
        changed = run_long(connection, COUNT, (100_000,), lambda: signs.append(1))
        at_its_end = len(signs)
        run(connection, COUNT.replace("SELECT no FROM", "SELECT -no FROM"), (100_000,))

    assert changed == 100_000
    assert 0 < at_its_end == len(signs)
