"""Stories of profiles that stores edit without hearing of each other, told with each guard and
without."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.simulation import mutants
from tests.simulation.files import rows_of
from tests.simulation.mutants import Faulty, patched
from tests.simulation.test_stories import A, B, C, Story, tell
from tests.simulation.told import ViolationError

Told = Callable[[Story], None]
FLIPS = 40
"""So many that the bytes are no message any more."""
Guards = tuple[tuple[str, Faulty], ...]


def edit(story: Story, store: int, *fields: str, phone_of: int = -1) -> None:
    args = {"customer": story.anna, "fields": list(fields), "phone_of": phone_of}
    story.do("edit", store, **args)
    assert story.world.counts["edits"]


def an_edit_by_a_clock_that_is_behind(story: Story) -> None:
    """B has seen what A had edited, by a clock that is ten hours behind and that it believes."""
    story.leased_member()
    edit(story, A, "name", "birthday")
    story.sync(A, B)
    story.do("clock", B, hours=-10)
    with patched("agent.timekeeper:Timekeeper.now", mutants.believe_the_clock):
        edit(story, B, "name", "birthday")
    story.sync(B, A, C)


def two_edits_of_stores_that_are_silent(story: Story) -> None:
    """The earlier one arrives last."""
    story.leased_member()
    story.down(A, B)
    edit(story, A, "name", "phone")
    edit(story, B, "name", "phone")
    story.up(B)
    story.sync(B)
    story.up(A)
    story.sync(A, B, C)


def an_edit_by_a_clock_that_is_ahead(story: Story) -> None:
    """A's edit is from tomorrow, and counts as of when the centre had it."""
    story.leased_member()
    story.do("clock", A, hours=24)
    edit(story, A, "birthday")
    story.do("clock", A, hours=0)
    story.sync(A)
    story.wait(60)
    edit(story, C, "birthday")
    story.sync(C, A, B)


def rows_that_go_back_over_an_edit(story: Story) -> None:
    """What the cashier had typed comes back when the rows that held it are gone."""
    story.leased_member()
    story.do("image", A)
    edit(story, A, "name", "birthday")
    story.sync(A)
    story.down(A)
    story.do("rows-back", A)
    edit(story, A, "birthday")


STORIES: tuple[tuple[Told, Guards], ...] = (
    (
        an_edit_by_a_clock_that_is_behind,
        (("central.members.profile:_stamps", mutants.own_stamps),),
    ),
    (
        two_edits_of_stores_that_are_silent,
        (("central.members.editing:_claim", mutants.leave_phones),),
    ),
    (
        an_edit_by_a_clock_that_is_ahead,
        (("central.ingest.edits:_stamp", lambda _original: lambda reading, _at: reading.at),),
    ),
    (
        rows_that_go_back_over_an_edit,
        (("agent.journal.edits:uncovered", mutants.always(())),),
    ),
)
NAMES = [told.__name__ for told, _ in STORIES]


@pytest.mark.parametrize("told", [told for told, _ in STORIES], ids=NAMES)
def test_the_same_edit_counts_everywhere(tmp_path: Path, told: Told) -> None:
    tell(tmp_path, told)


def test_an_edit_is_judged_beside_one_whose_bytes_the_disk_has_changed(tmp_path: Path) -> None:
    def told(story: Story) -> None:
        story.leased_member()
        story.down(A)
        edit(story, A, "name")
        for _ in range(FLIPS):
            story.do("flip", A)
        edit(story, A, "birthday")

    tell(tmp_path, told)


def test_two_who_had_their_welcome_each_become_one_by_an_edit(tmp_path: Path) -> None:
    def told(story: Story) -> None:
        story.leased_member()
        anna = story.world.customers[story.anna]
        other = next(one for one in story.world.customers if one.phone != anna.phone)
        other.first, other.last = anna.first, anna.last
        story.do("register", B, customer=other.no, variant=0)
        story.sync(B, A)
        edit(story, A, "phone", phone_of=other.no)
        story.sync(A, B, C)

        merged = "SELECT count(*) FROM member WHERE merged_into IS NOT NULL"
        assert rows_of(story.world.oracle.central, merged) == [(1,)]
        story.do("judge")

    tell(tmp_path, told)


@pytest.mark.parametrize(("told", "guards"), STORIES, ids=NAMES)
def test_the_judge_objects_without_the_guard(tmp_path: Path, told: Told, guards: Guards) -> None:
    with ExitStack() as stack:
        for target, faulty in guards:
            stack.enter_context(patched(target, faulty))
        with pytest.raises(ViolationError):
            tell(tmp_path, told)
