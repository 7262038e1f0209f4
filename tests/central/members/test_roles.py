"""A phone that is a relative's, or shared, finds its members and never makes two of them one."""

from uuid import UUID

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.members.merging import NoPhoneError
from central.settling.people import verify_phone
from shared.member import PhoneRole
from shared.wire.feed import GLOBAL
from shared.wire.rows import IdentifierRow, MemberRow
from tests.central.chain_kit import balance, conflicts, kinds, rows
from tests.central.journal_builder import Journal

PHONE, NEW_PHONE = "+79160000001", "+79160000002"
NOT_OWN = [PhoneRole.RELATIVE, PhoneRole.SHARED]


def by_phone(centre: Centre, phone: str = PHONE) -> list[tuple[UUID, UUID | None, str]]:
    shown = [one for one in rows(centre, GLOBAL).values() if isinstance(one, IdentifierRow)]
    return sorted((one.member, one.account, one.role) for one in shown if one.tail == phone[-4:])


def living(centre: Centre) -> int:
    found = rows(centre, GLOBAL).values()
    return sum(isinstance(one, MemberRow) and one.merged_into is None for one in found)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("role", NOT_OWN)
def test_a_daughter_with_her_mothers_name_and_phone_stays_herself(
    centre: Centre, journal: Journal, other: Journal, role: PhoneRole, first: int
) -> None:
    mother, _ = journal.register("Анна Петрова", PHONE)
    daughter, _ = other.register("Анна Петрова", PHONE, role=role)
    for one in ((journal, other), (other, journal))[first]:
        assert kinds(one.push().outcomes) == ["accepted"]

    assert living(centre) == 2
    both = [(mother.member, None, "own"), (daughter.member, None, role.value)]
    assert by_phone(centre) == sorted(both)
    assert conflicts(centre) == []


@pytest.mark.parametrize("role", NOT_OWN)
def test_two_with_one_relatives_phone_stay_two(
    centre: Centre, journal: Journal, other: Journal, role: PhoneRole
) -> None:
    journal.register("Анна Петрова", PHONE, role=role)
    other.register("Анна Петрова", PHONE, role=role)
    journal.push()
    other.push()

    assert living(centre) == 2
    assert conflicts(centre) == []


def test_two_who_say_that_the_phone_is_their_own_become_one_beside_the_relative(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    relative, _ = journal.register("Анна Петрова", PHONE, role=PhoneRole.RELATIVE)
    own, _ = journal.register("Анна Петрова", PHONE)
    again, _ = other.register("Анна П.", PHONE)
    journal.push()

    assert kinds(other.push().outcomes) == ["adjusted"]

    assert living(centre) == 2
    assert {member for member, _, _ in by_phone(centre)} == {relative.member, own.member}
    assert again.member not in {member for member, _, _ in by_phone(centre)}


def test_who_has_a_relatives_phone_is_himself_for_what_a_person_gets_once(
    centre: Centre, journal: Journal
) -> None:
    """Else mother and daughter had one welcome between them."""
    mother, _ = journal.register("Анна Петрова", PHONE, welcome=10_00)
    daughter, _ = journal.register("Вера Петрова", PHONE, welcome=10_00, role=PhoneRole.RELATIVE)

    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]

    assert balance(centre, mother.account) == balance(centre, daughter.account) == 10_00


def test_a_relatives_phone_cannot_be_verified_as_ones_own(centre: Centre, journal: Journal) -> None:
    daughter, _ = journal.register("Вера Петрова", PHONE, role=PhoneRole.RELATIVE)
    journal.push()

    with pytest.raises(NoPhoneError):
        verify_phone(centre, daughter.member, Word("Ольга", "показала"))


def test_an_edited_phone_that_is_a_relatives_of_another_merges_nobody(
    centre: Centre, journal: Journal
) -> None:
    journal.register("Анна Петрова", PHONE, role=PhoneRole.RELATIVE)
    own, _ = journal.register("Анна Петрова", NEW_PHONE)
    journal.edit(own, phone=PHONE)

    assert kinds(journal.push_new()) == ["accepted"] * 3
    assert living(centre) == 2
    assert conflicts(centre) == []


def test_who_gets_a_phone_of_his_own_is_found_by_the_relatives_no_more(
    centre: Centre, journal: Journal
) -> None:
    daughter, _ = journal.register("Вера Петрова", PHONE, role=PhoneRole.RELATIVE)
    journal.edit(daughter, phone=NEW_PHONE)
    journal.push_new()

    assert by_phone(centre) == []
    assert by_phone(centre, NEW_PHONE) == [(daughter.member, None, "own")]


def test_a_role_that_nobody_knows_is_set_aside(centre: Centre, journal: Journal) -> None:
    from msgspec.structs import replace

    from shared.wire.codec import encode
    from shared.wire.facts import FactKind, MemberRegistered, body_of

    _, fact = journal.register("Вера Петрова", PHONE)
    journal.facts.clear()
    body = body_of(fact)
    assert isinstance(body, MemberRegistered)
    bent = encode(replace(body, phone_role="neighbour"))
    journal.append(FactKind.MEMBER_REGISTERED, bent, personal=fact.personal)

    (outcome,) = journal.push().outcomes

    assert (outcome.kind.value, outcome.reason) == ("quarantined", "registration_senseless")
    assert living(centre) == 0
