"""The spool: one original of each slip at most, and nobody waits for paper to sell."""

from uuid import UUID

import pytest

from agent.printing import service as printing
from agent.printing import store as spool
from agent.printing.service import Step, UnknownSlipError, print_next, recover, reprint
from agent.printing.store import JobState
from hardware.printers.codec import to_cp866
from shared.runtime.sqlite import reading, transaction
from tests.agent.kit import sell
from tests.builders import Shop, basket
from tests.fakes import FakePrinter

CLEAR, NO_PAPER, BREAK = FakePrinter.CLEAR, FakePrinter.NO_PAPER, FakePrinter.BREAK
QUESTIONS_BYTES = 12


def states(shop: Shop) -> dict[str, int]:
    return printing.queued(shop.station)


def copy(shop: Shop, slip: UUID) -> int:
    with transaction(shop.station.journal) as connection:
        return reprint(connection, slip, shop.clock.now()).copy_no


def test_an_empty_spool_touches_no_printer(shop: Shop) -> None:
    device = FakePrinter(shop.clock)

    assert print_next(shop.station, device.printer()) == (Step.IDLE, None)


def test_a_slip_is_printed_once(shop: Shop) -> None:
    sell(shop, basket(shop))
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)])

    steps = [print_next(shop.station, device.printer())[0] for _ in range(2)]

    assert steps == [Step.DONE, Step.IDLE]
    assert states(shop) == {"printed": 1}
    assert len(device.heard) == 1


def test_a_slip_that_cannot_be_read_is_rejected_and_the_next_is_printed(shop: Shop) -> None:
    for _ in range(2):
        sell(shop, basket(shop))
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql("UPDATE print_job SET body = x'c1' WHERE job_no = 1")
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(2)])

    steps = [print_next(shop.station, device.printer())[0] for _ in range(3)]

    assert steps == [Step.DONE, Step.DONE, Step.IDLE]
    assert states(shop) == {"rejected": 1, "printed": 1}
    with reading(shop.station.journal) as connection:
        reason = connection.exec_driver_sql("SELECT reason FROM print_job WHERE job_no = 1")
        assert str(reason.scalar()).startswith("The stored slip is damaged")


def test_paper_out_keeps_the_job_first_in_line(shop: Shop) -> None:
    first = sell(shop, basket(shop))
    sell(shop, basket(shop))
    device = FakePrinter(shop.clock, NO_PAPER, [*CLEAR, *FakePrinter.echo(1)])

    blocked, _ = print_next(shop.station, device.printer())
    queued = states(shop)
    print_next(shop.station, device.printer())

    assert (blocked, queued) == (Step.BLOCKED, {"queued": 2})
    assert len(device.heard[0]) == QUESTIONS_BYTES
    assert state_of(shop, first.slip) is JobState.PRINTED


def test_an_absent_printer_keeps_the_job_first_in_line(shop: Shop) -> None:
    done = sell(shop, basket(shop))

    step, _ = print_next(shop.station, FakePrinter(shop.clock).printer())

    assert step is Step.BLOCKED
    assert state_of(shop, done.slip) is JobState.QUEUED


def test_a_slip_whose_end_nobody_saw_is_uncertain_and_never_sent_again(shop: Shop) -> None:
    done = sell(shop, basket(shop))
    device = FakePrinter(shop.clock, [*CLEAR, *BREAK], CLEAR)

    steps = [print_next(shop.station, device.printer())[0] for _ in range(2)]

    assert steps == [Step.DONE, Step.IDLE]
    assert state_of(shop, done.slip) is JobState.UNCERTAIN
    assert len(device.heard) == 1


def test_a_silent_printer_makes_the_job_uncertain_after_a_bounded_time(shop: Shop) -> None:
    done = sell(shop, basket(shop))
    begun = shop.clock.now()

    print_next(shop.station, FakePrinter(shop.clock, CLEAR).printer())

    assert state_of(shop, done.slip) is JobState.UNCERTAIN
    assert (shop.clock.now() - begun).total_seconds() < 60


def test_a_job_is_marked_before_the_first_byte_leaves(shop: Shop) -> None:
    done = sell(shop, basket(shop))
    marks: list[JobState] = []
    device = FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)])
    device.on_write = lambda: marks.append(state_of(shop, done.slip))

    print_next(shop.station, device.printer())

    assert set(marks) == {JobState.SENDING}


def test_a_process_that_died_while_sending_leaves_the_job_uncertain(shop: Shop) -> None:
    done = sell(shop, basket(shop))
    with transaction(shop.station.journal) as connection:
        spool.mark_sending(connection, 1)
    shop.restart()

    recovered = recover(shop.station)
    step, _ = print_next(shop.station, FakePrinter(shop.clock, CLEAR).printer())

    assert (recovered, step) == (1, Step.IDLE)
    assert state_of(shop, done.slip) is JobState.UNCERTAIN


def test_a_reprint_is_headed_as_a_copy_and_counts_on(shop: Shop) -> None:
    done = sell(shop, basket(shop))
    numbers = [copy(shop, done.slip) for _ in range(2)]
    device = FakePrinter(shop.clock, *([*CLEAR, *FakePrinter.echo(job_no)] for job_no in (1, 2, 3)))

    for _ in range(3):
        print_next(shop.station, device.printer())

    word = to_cp866("КОПИЯ")
    assert numbers == [1, 2]
    assert [word in paper for paper in device.heard] == [False, True, True]


def test_a_copy_of_nothing_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownSlipError):
        copy(shop, shop.uid())


def state_of(shop: Shop, slip: UUID) -> JobState:
    with reading(shop.station.journal) as connection:
        found = spool.job_state(connection, slip)
    assert found is not None
    return found[0]
