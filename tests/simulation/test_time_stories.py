"""Stories of stores whose time nobody confirms, told with each guard and without."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.simulation import mutants, times
from tests.simulation.disk import Moment
from tests.simulation.mutants import Faulty, patched
from tests.simulation.test_stories import DAY_S, A, B, C, Story, tell
from tests.simulation.told import ViolationError

Told = Callable[[Story], None]
Guards = tuple[tuple[str, Faulty], ...]


def power_cut(story: Story, store: int) -> None:
    """Stop a machine at its next write; it begins untrusted, since nobody tells it the time."""
    story.do("burn", store, writes=0, how="cut", moment=Moment.ANY.value)


def a_boot_with_a_clock_that_is_ahead(story: Story) -> None:
    """The pack of tomorrow is on the shelf; the clock says that it is the day after."""
    story.leased_member()
    story.do("publish", version=2)
    story.sync(A, B, C)
    story.down(A)
    power_cut(story, A)
    story.do("clock", A, hours=48)
    for _ in range(2):
        story.buy(A)
    assert story.world.counts[times.UNTRUSTED] == 2


def a_clock_that_is_set_while_it_runs(story: Story) -> None:
    story.leased_member()
    story.down(A)
    story.do("clock", A, hours=-48)
    story.spend(A)
    story.do("clock", A, hours=48)
    story.buy(A)
    assert story.world.counts[times.UNTRUSTED] == 2


def a_pack_that_begins_while_nobody_confirms_the_time(story: Story) -> None:
    """It waits for the contact, and counts from the next receipt on."""
    story.leased_member()
    story.do("publish", version=2)
    story.sync(A, B, C)
    story.down(A)
    power_cut(story, A)
    story.buy(A)
    story.wait(DAY_S)
    story.buy(A)
    story.up(A)
    story.sync(A)
    story.buy(A)
    assert story.world.counts[times.FORMER] == 1
    assert story.world.counts["pack switch"] == 1


def a_wrong_clock_with_the_line(story: Story) -> None:
    """The centre puts it right: no receipt is on untrusted time."""
    story.leased_member()
    story.do("clock", A, hours=48)
    story.sync(A)
    story.sync(A)
    story.spend(A)
    assert story.world.counts[times.UNTRUSTED] == 0


CLOCK: Guards = (("agent.timekeeper:Timekeeper._look", mutants.trust_the_clock),)
PACK: Guards = (("agent.timekeeper:Timekeeper.settled", mutants.settle_at_once),)
APART: Guards = (("central.auditor.judging:is_timed", mutants.always(True)),)
STORIES: tuple[tuple[Told, Guards, str], ...] = (
    (a_boot_with_a_clock_that_is_ahead, PACK, "pack"),
    (a_boot_with_a_clock_that_is_ahead, APART, "time"),
    (a_clock_that_is_set_while_it_runs, CLOCK, "time"),
    (a_wrong_clock_with_the_line, CLOCK, "time"),
)
TOLD = (
    a_boot_with_a_clock_that_is_ahead,
    a_clock_that_is_set_while_it_runs,
    a_pack_that_begins_while_nobody_confirms_the_time,
    a_wrong_clock_with_the_line,
)


@pytest.mark.parametrize("told", TOLD)
def test_no_receipt_on_trusted_time_has_a_wrong_pack_and_the_others_count_apart(
    tmp_path: Path, told: Told
) -> None:
    tell(tmp_path, told)


@pytest.mark.parametrize(("told", "guards", "invariant"), STORIES)
def test_the_judge_of_time_objects_without_the_guard(
    tmp_path: Path, told: Told, guards: Guards, invariant: str
) -> None:
    with ExitStack() as stack:
        for target, faulty in guards:
            stack.enter_context(patched(target, faulty))
        with pytest.raises(ViolationError) as found:
            tell(tmp_path, told)

    assert found.value.invariant == invariant
