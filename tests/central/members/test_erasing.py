"""Who may be erased; what a centre does on either database when it erases somebody."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.jobs import make_scheduler
from central.members.erasing import NotRegisteredError
from central.members.merging import UnknownMemberError
from central.settling.erasing import erase_member
from central.settling.lookup import show
from central.settling.people import merge_members
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import ErasedRow, IdentifierRow, MemberRow
from tests.central.chain_kit import rows
from tests.central.journal_builder import Journal

WORD = Word("support", "request 17")


def test_a_member_whose_registration_has_not_come_is_not_erased(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = other.register()
    journal.sell(person, earn=[50_00])
    journal.push()

    with pytest.raises(NotRegisteredError):
        erase_member(centre, person.member, WORD)
    other.push()
    assert show(centre, person.member).person is not None


def test_nobody_is_erased_whom_nobody_knows(centre: Centre, other: Journal) -> None:
    person, _ = other.register()

    with pytest.raises(UnknownMemberError):
        erase_member(centre, person.member, WORD)


def test_what_stores_hear_of_him_names_him_no_more(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    journal.sell(person, earn=[50_00])
    journal.push()

    erase_member(centre, person.member, WORD)

    told = rows(centre, GLOBAL)
    (member,) = [row for row in told.values() if isinstance(row, MemberRow)]
    assert (member.display_name, member.birthday, member.person, member.home_store) == (
        "",
        None,
        b"",
        "",
    )
    assert (member.receipts, len(member.accounts)) == (1, 1)
    assert [row.member for row in told.values() if isinstance(row, ErasedRow)] == [person.member]
    assert not [row for row in told.values() if isinstance(row, IdentifierRow)]
    with reading(centre.engine) as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM personal").scalar_one()
        who = connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one()
    assert (left, who) == (0, 0)


def test_a_process_keeps_the_list_and_erases_again_whom_it_names(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    """All jobs of a process once: the second member stands in the file as from before a restore."""
    person, _ = journal.register()
    other, _ = journal.register()
    journal.push()
    erase_member(centre, person.member, WORD)
    process = replace(centre, settings=centre.settings.model_copy(update={"data_dir": tmp_path}))
    file = process.settings.erasures
    file.write_text(f"{other.member} 2026-05-20T12:00:00Z\n")
    assert show(centre, other.member).person is not None

    scheduler = make_scheduler(process)
    scheduler.start(paused=True)
    for job in scheduler.get_jobs():
        job.func()
    scheduler.shutdown()

    assert str(person.member) in file.read_text()
    assert show(centre, other.member).person is None


def test_a_registration_that_comes_after_its_member_was_erased_names_nobody(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Of a card that had joined somebody nothing but a sale was known when both were erased."""
    person, _ = journal.register()
    journal.push()
    journal.clock.go(seconds=1)
    late, _ = journal.register(name="Борис Иванов", phone="+79160000002")
    other.sell(late, earn=[3_00])
    other.push()
    merge_members(centre, person.member, late.member, WORD)
    assert set(erase_member(centre, person.member, WORD)) == {person.member, late.member}

    (outcome,) = journal.push(2).outcomes

    assert (outcome.kind, outcome.reason) == ("adjusted", "member_erased")
    told = rows(centre, GLOBAL).values()
    assert not [row for row in told if isinstance(row, IdentifierRow)]
    assert not [row for row in told if isinstance(row, MemberRow) and row.display_name]
    with reading(centre.engine) as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM personal").scalar_one()
        who = connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one()
    assert (left, who) == (0, 0)
