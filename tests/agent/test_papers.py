"""Papers whose end nobody saw: a person says what is, once, and by name."""

import threading
from datetime import timedelta

import pytest

from agent.cashiers import NotPermittedError
from agent.equipment.drawer import (
    DrawerBusyError,
    DrawerSilentError,
    NoDrawerError,
    contact,
    open_drawer,
)
from agent.operations import Said, settle_paper
from agent.printing import service as printing
from agent.printing.papers import (
    PaperSettledError,
    UnknownPaperError,
    Verdict,
    doubtful,
    open_papers,
)
from agent.printing.service import Step, print_next
from agent.settings import AgentSettings
from hardware.drawer import DrawerState
from tests.agent.kit import sell
from tests.builders import Shop, basket, cashier_row
from tests.fakes import FakePrinter

CLEAR, BREAK = FakePrinter.CLEAR, FakePrinter.BREAK
LOW, HIGH = b"\x12", b"\x16"


def in_doubt(shop: Shop) -> int:
    """Sell, and lose the printer in the middle of the slip; return the job's number."""
    sell(shop, basket(shop))
    print_next(shop.station, FakePrinter(shop.clock, [*CLEAR, None]).printer())
    (paper,) = open_papers(shop.station)
    assert paper.is_doubtful
    assert "Сыр" in paper.text
    return paper.job


def say(shop: Shop, job: int, verdict: Verdict) -> int:
    said = Said(shop.uid(), verdict.encode(), verdict, "7")
    return settle_paper(shop.station, job, said, shop.clock.now())


def states(shop: Shop) -> dict[str, int]:
    return printing.queued(shop.station)


def test_a_paper_that_is_there_is_printed_and_nothing_more_is_asked(shop: Shop) -> None:
    job = in_doubt(shop)

    assert say(shop, job, Verdict.PRINTED) == 0

    assert states(shop) == {"printed": 1}
    assert (open_papers(shop.station), doubtful(shop.station)) == ([], 0)


def test_a_paper_that_is_not_there_is_cancelled_and_its_copy_says_that_it_is_one(
    shop: Shop,
) -> None:
    job = in_doubt(shop)

    assert say(shop, job, Verdict.COPY) == 1

    assert states(shop) == {"cancelled": 1, "queued": 1}
    (copy,) = open_papers(shop.station)
    assert (copy.copy_no, copy.is_doubtful) == (1, False)
    assert "КОПИЯ 1" in copy.text


def test_saying_it_twice_prints_one_copy(shop: Shop) -> None:
    job = in_doubt(shop)
    said = Said(shop.uid(), b"copy", Verdict.COPY, "7")

    copies = [settle_paper(shop.station, job, said, shop.clock.now()) for _ in range(2)]

    assert copies == [1, 1]
    with pytest.raises(PaperSettledError):
        say(shop, job, Verdict.COPY)
    assert states(shop) == {"cancelled": 1, "queued": 1}


def test_a_slip_that_waits_can_be_called_off_but_not_be_said_to_be_printed(shop: Shop) -> None:
    sell(shop, basket(shop))
    (waiting,) = open_papers(shop.station)

    for verdict in (Verdict.PRINTED, Verdict.COPY):
        with pytest.raises(PaperSettledError):
            say(shop, waiting.job, verdict)
    say(shop, waiting.job, Verdict.CANCEL)

    assert states(shop) == {"cancelled": 1}
    assert print_next(shop.station, FakePrinter(shop.clock).printer())[0] is Step.IDLE


def test_a_slip_that_waited_too_long_expires_and_can_be_had_as_a_copy(shop: Shop) -> None:
    sell(shop, basket(shop))
    shop.clock.move(hours=25)

    assert print_next(shop.station, FakePrinter(shop.clock).printer())[0] is Step.IDLE
    assert states(shop) == {"expired": 1}
    (late,) = open_papers(shop.station)
    assert say(shop, late.job, Verdict.COPY) == 1


def test_a_printed_paper_and_one_that_is_not_there_are_not_settled(shop: Shop) -> None:
    sell(shop, basket(shop))
    print_next(shop.station, FakePrinter(shop.clock, [*CLEAR, *FakePrinter.echo(1)]).printer())

    with pytest.raises(PaperSettledError):
        say(shop, 1, Verdict.CANCEL)
    with pytest.raises(UnknownPaperError):
        say(shop, 99, Verdict.PRINTED)


def test_a_paper_of_days_ago_is_asked_about_no_more(shop: Shop) -> None:
    in_doubt(shop)

    shop.clock.at += timedelta(days=3)

    assert open_papers(shop.station) == []


def counter_of(shop: Shop, *scripts: list[bytes | None], by: str = "cashier") -> FakePrinter:
    shop.feed("store:101", cashier_row("7", "Мария"), cashier_row("9", "Ольга", role="senior"))
    shop.station.settings = AgentSettings(data_dir=shop.station.data_dir, drawer_opened_by=by)
    device = FakePrinter(shop.clock, *scripts)
    shop.station.printer = device.printer()
    return device


def test_the_drawer_tells_its_contact_and_opens_once_for_a_uid(shop: Shop) -> None:
    device = counter_of(shop, [HIGH], [LOW], [LOW])
    uid = shop.uid()

    assert contact(shop.station) is DrawerState.HIGH
    opened = [open_drawer(shop.station, uid, "7", shop.clock.now()) for _ in range(2)]

    assert opened == [DrawerState.LOW, DrawerState.LOW]
    assert [b"\x1bp" in heard for heard in device.heard] == [False, True]


@pytest.mark.parametrize(("by", "who"), [("cashier", ""), ("senior", "7"), ("cashier", "404")])
def test_the_drawer_opens_for_nobody_whose_role_does_not_allow_it(
    shop: Shop, by: str, who: str
) -> None:
    device = counter_of(shop, [LOW], by=by)

    with pytest.raises(NotPermittedError):
        open_drawer(shop.station, shop.uid(), who, shop.clock.now())

    assert device.heard == []


def test_the_senior_opens_what_only_he_may(shop: Shop) -> None:
    counter_of(shop, [LOW], by="senior")

    assert open_drawer(shop.station, shop.uid(), "9", shop.clock.now()) is DrawerState.LOW


def test_without_a_printer_or_its_answer_the_drawer_says_why(shop: Shop) -> None:
    with pytest.raises(NoDrawerError):
        contact(shop.station)
    counter_of(shop)
    with pytest.raises(DrawerSilentError, match="The cash drawer does not answer: "):
        contact(shop.station)


def test_a_drawer_behind_a_printer_at_work_is_sent_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.equipment.drawer.WAIT_S", 0.01)  # else the test waits for all of it
    device = counter_of(shop, [LOW])

    with shop.station.at_printer:
        refused: list[BaseException] = []

        def ask() -> None:
            try:
                open_drawer(shop.station, shop.uid(), "7", shop.clock.now())
            except DrawerBusyError as error:
                refused.append(error)

        asker = threading.Thread(target=ask)
        asker.start()
        asker.join()

    assert len(refused) == 1
    assert device.heard == []
