"""Who may be erased; what a centre does on either database when it erases somebody."""

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.members.erasing import NotRegisteredError
from central.members.merging import UnknownMemberError
from central.settling.erasing import erase_member
from central.settling.lookup import show
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
