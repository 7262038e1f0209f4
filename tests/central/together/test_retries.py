"""What PostgreSQL breaks off for another's sake is run again, whole, and not for ever."""

import threading

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from central.agents.store import CounterTable
from central.centre import Centre
from central.schema import table_of
from shared.runtime.retries import TRIES_MAX, retried
from shared.runtime.sqlite import reading, transaction
from tests.central.together.kit import deadlocks, started

_counter = table_of(CounterTable)


@pytest.fixture
def counted(centre: Centre) -> Centre:
    """A centre with two counters at 0."""
    with transaction(centre.engine) as connection:
        rows = [{"name": name, "value": 0} for name in ("a", "b")]
        connection.execute(insert(_counter), rows)
    return centre


def test_both_sides_of_a_deadlock_are_done_whole(counted: Centre) -> None:
    met = threading.Barrier(2)
    tries: list[str] = []

    @retried
    def count(first: str, second: str) -> None:
        tries.append(first)
        with transaction(counted.engine) as connection:
            for number, name in enumerate((first, second)):
                this = update(_counter).where(_counter.c.name == name)
                connection.execute(this.values(value=_counter.c.value + 1))
                if not number and len(tries) <= 2:
                    met.wait()

    before = deadlocks(counted)
    threads = [started(lambda one=one: count(*one)) for one in (("a", "b"), ("b", "a"))]  # type: ignore[misc]
    for thread in threads:
        thread.join()

    with reading(counted.engine) as connection:
        assert set(connection.scalars(select(_counter.c.value))) == {2}
    assert len(tries) > 2
    assert deadlocks(counted) > before


def test_a_use_case_that_is_broken_off_every_time_is_given_up(counted: Centre) -> None:
    tries = []

    @retried
    def always() -> None:
        tries.append(1)
        with transaction(counted.engine) as connection:
            connection.execute(insert(_counter), {"name": "a", "value": 1})

    with pytest.raises(DBAPIError, match="UniqueViolation"):
        always()

    assert len(tries) == TRIES_MAX


def test_a_mistake_is_not_repeated(counted: Centre) -> None:
    tries = []

    @retried
    def wrong() -> None:
        tries.append(1)
        with transaction(counted.engine) as connection:
            connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError, match="DivisionByZero"):
        wrong()

    assert len(tries) == 1
