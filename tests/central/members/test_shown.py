"""What people see of a member: the golden record, his lots and purchases, phones of others."""

from datetime import date

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.members.merging import UnknownMemberError
from central.members.profiles import Proposal
from central.members.relations import (
    PHONES_MAX,
    NotHisPhoneError,
    OwnPhoneError,
    TooManyPhonesError,
)
from central.settling.golden import golden_record
from central.settling.holdings import lots_of, turnover_of
from central.settling.lookup import SeveralMembersError, living, show
from central.settling.people import (
    add_phone,
    drop_phone,
    edit_member,
    merge_members,
    unmerge_member,
    verify_phone,
)
from shared.ids import derived
from shared.member import PhoneRole, ProfileField
from tests.central.chain_kit import conflicts
from tests.central.journal_builder import Journal
from tests.central.members.test_merging import member_rows, ways

WORD = Word("Ольга", "просил")
RELATIVE, SHARED = PhoneRole.RELATIVE, PhoneRole.SHARED
OTHERS = "+79160000009"


@pytest.mark.capability("SPIRITS-05")
def test_the_golden_record_tells_of_each_field_who_said_it_when_and_whether_it_was_shown(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register(name="Анна")
    journal.push_new()
    registered = centre.clock.now()
    journal.clock.go(seconds=60)
    journal.edit(person, email="till@example.ru")
    journal.push_new()
    journal.clock.go(seconds=60)
    edit_member(
        centre, person.member, Proposal({ProfileField.EMAIL: "a@b.ru"}, verified=True), WORD
    )
    verify_phone(centre, person.member, WORD)
    journal.edit(person, email="later@example.ru")
    journal.push_new()

    found = {one.field.value: one for one in golden_record(show(centre, person.member))}

    assert [(one.value, one.source, one.verified) for one in found.values()] == [
        ("Анна", f"{journal.store}/registration", False),
        (person.phone, "Ольга", True),
        ("a@b.ru", "Ольга", True),
    ]
    assert (found["name"].at, found["email"].at) == (registered, centre.clock.now())


@pytest.mark.capability("SPIRITS-05")
def test_the_golden_record_of_two_who_become_one_is_what_stores_are_told_and_is_undone(
    centre: Centre, journal: Journal
) -> None:
    """What somebody has shown counts for the one person that they are, and for him again alone."""
    first, _ = journal.register(name="Анна Петрова")
    journal.push_new()
    journal.clock.go(seconds=60)
    second, _ = journal.register(name="Анна", phone=OTHERS)
    journal.push_new()
    shown = Proposal({ProfileField.NAME: "Анна Иванова"}, verified=True)
    edit_member(centre, second.member, shown, WORD)

    def names() -> list[tuple[str, str, bool]]:
        return [
            (record[0].value, member_rows(centre)[one.member].display_name, record[0].verified)
            for one in (first, second)
            if (record := golden_record(show(centre, one.member)))
        ]

    apart = names()
    merge_members(centre, first.member, second.member, WORD)
    together = names()[0]
    unmerge_member(centre, second.member, WORD)

    assert apart == [("Анна Петрова", "Анна П.", False), ("Анна Иванова", "Анна И.", True)]
    assert together == ("Анна Иванова", "Анна И.", True)
    assert names() == apart


def test_lots_are_shown_with_what_moved_them_spent_ones_too_and_purchases_by_day(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    first = journal.sell(person, earn=[10_00])
    journal.clock.go(seconds=60)
    journal.sell(person, spend=[(first.lots[0], 10_00)], turnover=90_00)
    journal.sell(person, earn=[5_00], expires_on=date(2020, 1, 1))
    journal.push_new()

    stories = lots_of(centre, person.member)

    assert [(one.state, one.lot.balance) for one in stories] == [("over", 5_00), ("spent", 0)]
    assert [[(entry.kind.value, entry.amount) for entry in one.entries] for one in stories] == [
        [("GRANT", 5_00)],
        [("GRANT", 10_00), ("REDEEM", -10_00)],
    ]
    assert sorted(one.amount_minor for one in turnover_of(centre, person.member)) == [
        90_00,
        100_00,
        100_00,
    ]
    for ask in (lots_of, turnover_of):
        with pytest.raises(UnknownMemberError):
            ask(centre, derived("nobody"))


def test_a_relative_s_phone_finds_a_member_too_and_makes_nobody_one_with_him(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register(name="Анна")
    mother, _ = journal.register(name="Анна", phone=OTHERS)
    journal.push_new()

    add_phone(centre, person.member, "8 (916) 000-00-09", RELATIVE, WORD)
    add_phone(centre, person.member, OTHERS, RELATIVE, WORD)
    edit_member(
        centre, person.member, Proposal({ProfileField.PHONE: "+79160000007"}, verified=False), WORD
    )

    with pytest.raises(SeveralMembersError, match=str(mother.member)):
        living(centre, OTHERS)
    assert living(centre, "+79160000007") == person.member
    assert show(centre, person.member).member.merged_into is None
    assert conflicts(centre) == []
    drop_phone(centre, person.member, OTHERS, WORD)
    assert living(centre, OTHERS) == mother.member
    assert ways(centre)["0009"].member == mother.member
    notes = [(one.deed.value, one.note) for one in show(centre, person.member).deeds]
    assert ("phone_added", "relative: просил") in notes
    assert ("phone_dropped", "просил") in notes


def test_phones_of_others_have_a_bound_and_the_own_one_is_none_of_them(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    journal.push_new()
    for no in range(PHONES_MAX):
        add_phone(centre, person.member, f"+7916000001{no}", SHARED, WORD)

    with pytest.raises(TooManyPhonesError):
        add_phone(centre, person.member, OTHERS, SHARED, WORD)
    for phone, role in ((person.phone, SHARED), (OTHERS, PhoneRole.OWN)):
        with pytest.raises(OwnPhoneError):
            add_phone(centre, person.member, phone, role, WORD)
    with pytest.raises(OwnPhoneError):
        drop_phone(centre, person.member, person.phone, WORD)
    with pytest.raises(NotHisPhoneError):
        drop_phone(centre, person.member, OTHERS, WORD)
