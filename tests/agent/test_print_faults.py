"""Faults between the spool and the paper: kills, a full disk, slips that come twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from agent.printing import service as printing
from agent.printing import store as spool
from agent.printing.service import Step, print_next, recover
from agent.printing.store import JobState
from shared.runtime.sqlite import reading, transaction
from shared.slip import Slip, SlipKind, Text
from tests.agent.kit import sell
from tests.builders import Shop, basket
from tests.fakes import FakePrinter

CLEAR = FakePrinter.CLEAR
QUESTIONS_BYTES = 12
PAPER_OUT = b"\x10\x00\x0c\x0f"


class KilledError(BaseException):
    """The process ends here: nothing below may catch it."""


def dying_at(shop: Shop, moment: str) -> FakePrinter:
    """Return a printer during whose job the agent is killed."""
    device = FakePrinter(shop.clock, [*CLEAR, PAPER_OUT, *FakePrinter.echo(1)])

    def die(*, when: bool) -> None:
        if when:
            raise KilledError

    asked = {
        "after the mark": lambda: die(when=device.heard == [b""]),
        "before the slip": lambda: die(when=len(device.heard[0]) >= QUESTIONS_BYTES),
        "after the send": lambda: die(when=len(device.heard[0]) > QUESTIONS_BYTES),
    }
    device.on_write = asked[moment]
    return device


def states(shop: Shop) -> dict[str, int]:
    return printing.queued(shop.station)


@pytest.mark.fault(14)
@pytest.mark.fault(15)
@pytest.mark.parametrize("moment", ["after the mark", "before the slip", "after the send"])
def test_an_agent_killed_in_a_job_prints_nothing_again_by_itself(shop: Shop, moment: str) -> None:
    sell(shop, basket(shop))
    device = dying_at(shop, moment)

    with pytest.raises(KilledError):
        print_next(shop.station, device.printer())
    left = states(shop)
    shop.restart()
    recovered = recover(shop.station)
    after = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)])
    step, _ = print_next(shop.station, after.printer())

    assert left == {"sending": 1}
    assert (recovered, step, after.heard) == (1, Step.IDLE, [])
    assert states(shop) == {"uncertain": 1}


@contextmanager
def refusing(shop: Shop, state: JobState) -> Iterator[None]:
    """Let the disk be full when a job is to be written to a state."""
    engine = shop.station.journal

    def refuse(_connection: Connection, _cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("UPDATE print_job SET state") and state.value in str(rest[0]):
            raise OperationalError(statement, None, Exception("database or disk is full"))

    event.listen(engine, "before_cursor_execute", refuse)
    yield
    event.remove(engine, "before_cursor_execute", refuse)


@pytest.mark.fault(14)
def test_an_agent_killed_after_the_echo_prints_nothing_again_by_itself(shop: Shop) -> None:
    sell(shop, basket(shop))
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)])
    with refusing(shop, JobState.PRINTED), pytest.raises(OperationalError):
        print_next(shop.station, device.printer())

    shop.restart()
    recover(shop.station)
    step, _ = print_next(shop.station, FakePrinter(shop.clock, CLEAR).printer())

    assert step is Step.IDLE
    assert states(shop) == {"uncertain": 1}


@pytest.mark.fault(25)
def test_a_disk_that_is_full_at_the_mark_lets_no_byte_leave(shop: Shop) -> None:
    sell(shop, basket(shop))
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)])

    with refusing(shop, JobState.SENDING), pytest.raises(OperationalError):
        print_next(shop.station, device.printer())
    unsent, left = list(device.heard), states(shop)
    step, _ = print_next(shop.station, device.printer())

    assert (unsent, left) == ([], {"queued": 1})
    assert step is Step.DONE
    assert states(shop) == {"printed": 1}


@pytest.mark.fault(25)
def test_a_disk_that_is_full_after_the_paper_leaves_a_doubt_that_needs_no_restart(
    shop: Shop,
) -> None:
    for _ in range(2):
        sell(shop, basket(shop))
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)], [*CLEAR, *FakePrinter.echo(2)])

    with refusing(shop, JobState.PRINTED), pytest.raises(OperationalError):
        print_next(shop.station, device.printer())
    print_next(shop.station, device.printer())

    assert states(shop) == {"uncertain": 1, "printed": 1}


def slip(copy_no: int = 0) -> Slip:
    return Slip(UUID(int=9), SlipKind.SALE, (Text("Чек"),), copy_no)


@pytest.mark.fault(17)
def test_a_slip_that_is_spooled_twice_is_one_paper(shop: Shop) -> None:
    def spooled(*slips: Slip) -> list[int]:
        with transaction(shop.station.journal) as connection:
            return [spool.enqueue(connection, one, shop.clock.now()) for one in slips]

    first = spooled(slip(), slip(copy_no=1), slip())
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(first[0])])
    print_next(shop.station, device.printer())
    late = spooled(slip())

    assert first[0] == first[2] == late[0] != first[1]
    with reading(shop.station.journal) as connection:
        assert spool.job_state(connection, UUID(int=9)) == (JobState.PRINTED, "")
    assert states(shop) == {"printed": 1, "queued": 1}
