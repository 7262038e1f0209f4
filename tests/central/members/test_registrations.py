"""One person becomes one member, whichever stores wrote him down and in whatever order."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from central.centre import Centre
from central.conflicts.values import Role
from central.members import service as members
from central.members.store import MemberState, PersonTable
from central.schema import table_of
from shared.crypto.blind import IdentifierKind
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, IdentifierRow, MemberRow
from tests.central.chain_kit import balance, conflicts, kinds, rows
from tests.central.journal_builder import Journal, Person

PHONE = "+79161234567"


def _chain(centre: Centre, kind: type) -> list:  # type: ignore[type-arg]
    return [row for row in rows(centre, GLOBAL).values() if isinstance(row, kind)]


def _members(centre: Centre) -> dict[object, MemberRow]:
    return {row.id: row for row in _chain(centre, MemberRow)}


def _push_in(order: Sequence[Journal]) -> list[str]:
    return [kind for journal in order for kind in kinds(journal.push().outcomes)]


@pytest.mark.parametrize("first", [0, 1])
def test_a_person_registered_in_two_stores_is_one_member_with_exact_sums(
    centre: Centre, journal: Journal, other: Journal, first: int
) -> None:
    here, _ = journal.register(name="Пётр Семёнов")
    there, _ = other.register(name="СЕМЕНОВ Петр")
    journal.sell(here, earn=[30_00], turnover=300_00)
    other.sell(there, earn=[20_00], turnover=200_00)
    other.sell(there, turnover=50_00)
    order = (journal, other) if first == 0 else (other, journal)
    survivor, newcomer = (here, there) if first == 0 else (there, here)

    outcomes = _push_in(order)

    assert sorted(outcomes) == ["accepted"] * 4 + ["adjusted"]
    known = _members(centre)
    row, merged = known[survivor.member], known[newcomer.member]
    assert (merged.merged_into, merged.accounts, merged.turnover_minor) == (row.id, (), 0)
    assert row.accounts == (survivor.account, newcomer.account)
    assert (row.turnover_minor, row.receipts, row.merged_into) == (550_00, 3, None)
    assert {one.member for one in _chain(centre, AccountRow)} == {row.id}
    assert balance(centre, here.account) + balance(centre, there.account) == 50_00


def test_on_a_claimed_phone_the_newcomers_card_redeems_its_own_account_only(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Else anyone could register your number and spend your points."""
    owner, _ = journal.register()
    journal.sell(owner, earn=[500_00], kept=0)
    thief, _ = other.register()
    other.sell(thief, earn=[1_00], kept=0)
    _push_in((journal, other))

    ways = {row.tail: row for row in _chain(centre, IdentifierRow)}
    assert len(ways) == 3
    assert ways[thief.card[-4:]].member == owner.member
    assert ways[thief.card[-4:]].account == thief.account
    assert ways[owner.card[-4:]].account is None
    assert ways[PHONE[-4:]].account is None
    _, answer = other.ask(thief.account, 100_00)
    assert {one.account for one in answer.raised} <= {thief.account}
    assert answer.missing == 100_00 - sum(one.given for one in answer.raised) >= 99_00


def test_the_survivor_may_ask_for_points_of_all_his_accounts(
    journal: Journal, other: Journal
) -> None:
    owner, _ = journal.register()
    journal.sell(owner, earn=[10_00], kept=0)
    twin, _ = other.register()
    other.sell(twin, earn=[10_00], kept=0)
    _push_in((journal, other))

    _, answer = journal.ask(owner.account, 5_00)

    assert twin.account in {one.account for one in answer.raised}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_spouses_on_one_phone_stay_two_members_and_the_phone_finds_both(
    centre: Centre, journal: Journal, other: Journal, order: tuple[int, int]
) -> None:
    wife, _ = journal.register(name="Анна Петрова")
    husband, _ = other.register(name="Александр Петров")
    stores = (journal, other)

    assert _push_in([stores[no] for no in order]) == ["accepted", "accepted"]

    assert {row.merged_into for row in _members(centre).values()} == {None}
    phones = [row for row in _chain(centre, IdentifierRow) if row.tail == PHONE[-4:]]
    assert {row.member for row in phones} == {wife.member, husband.member}
    assert {row.account for row in phones} == {None}
    (record,) = conflicts(centre)
    with reading(centre.engine) as connection:
        found = members.find(connection, centre, IdentifierKind.PHONE, PHONE)
    assert (record.kind, record.named(Role.STORE)) == ("shared_phone", ("101", "102"))
    assert {member.id for member in found} == {wife.member, husband.member}


def test_a_third_registration_joins_the_one_with_his_name(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    wife, _ = journal.register(name="Анна Петрова")
    journal.register(name="Борис Петров")
    again, _ = other.register(name="Петрова Анна")

    assert _push_in((journal, other)) == ["accepted", "accepted", "adjusted"]
    assert _members(centre)[again.member].merged_into == wife.member


def test_who_could_be_either_of_two_is_a_case(centre: Centre, journal: Journal) -> None:
    journal.register(name="Анна Петрова")
    journal.register(name="Анна Сидорова")
    unclear, _ = journal.register(name="Анна")

    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert _members(centre)[unclear.member].merged_into is None


def test_a_third_store_joins_the_survivor_and_not_the_merged(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    people = [journal.register()[0], other.register()[0], other.register()[0]]

    _push_in((journal, other))

    known = _members(centre)
    accounts = known[people[0].member].accounts
    assert accounts[0] == people[0].account
    assert set(accounts) == {one.account for one in people}
    assert {known[one.member].merged_into for one in people[1:]} == {people[0].member}


def test_a_fact_that_names_the_merged_member_posts_to_its_account_as_is(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    owner, _ = journal.register()
    twin, _ = other.register()
    _push_in((journal, other))
    other.sell(twin, earn=[20_00], turnover=77_00)

    assert kinds(other.push().outcomes)[-1] == "accepted"

    assert balance(centre, twin.account) == 20_00
    assert _members(centre)[owner.member].turnover_minor == 77_00


def test_a_merge_leaves_a_record_that_names_both_stores(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    owner, _ = journal.register()
    twin, fact = other.register()
    _push_in((journal, other))

    (record,) = conflicts(centre)
    assert (record.kind, record.named(Role.STORE)) == ("merged", ("101", "102"))
    assert (record.subject, record.ids(Role.FACT)) == (twin.member, (fact.id,))
    assert set(record.ids(Role.MEMBER)) == {owner.member, twin.member}
    assert str(owner.member) in record.sentence.ru
    assert str(twin.member) in record.sentence.en


def test_a_card_of_somebody_else_is_a_case(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    first, _ = journal.register(card="2900000000001")
    other.register(name="Иван Сидоров", phone="+79160000000", card="2900000000001")

    assert _push_in((journal, other)) == ["accepted", "accepted"]
    (record,) = conflicts(centre)
    with reading(centre.engine) as connection:
        found = members.find(connection, centre, IdentifierKind.CARD, "2900000000001")
    assert record.kind == "shared_card"
    assert len(found) == 2
    assert first.member in {member.id for member in found}


def test_a_member_without_a_phone_is_nobodys_double(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    journal.register(phone="")
    other.register(phone="")

    assert _push_in((journal, other)) == ["accepted", "accepted"]
    assert {row.merged_into for row in _members(centre).values()} == {None}


def test_a_registration_whose_person_was_erased_makes_no_merge(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    journal.register()
    _, fact = other.register()
    other.rewrite(1, personal=b"")
    journal.push()

    assert kinds(other.push().outcomes) == ["accepted"]
    assert fact.personal_digest
    assert [one.kind for one in conflicts(centre)] == ["shared_phone"]


def test_personal_parts_stand_in_one_table_and_states_elsewhere(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    journal.push()

    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(table_of(PersonTable))).all()
        (found,) = members.find(connection, centre, IdentifierKind.PHONE, PHONE)
    assert (row.member, row.name, row.phone) == (person.member, "Анна Петрова", PHONE)
    assert (found.id, found.state, found.display_name) == (
        person.member,
        MemberState.ACTIVE,
        "Анна П.",
    )


def test_a_member_that_is_registered_is_not_registered_again(
    centre: Centre, journal: Journal
) -> None:
    from msgspec.structs import replace

    from shared.wire.codec import encode
    from shared.wire.facts import FactKind, MemberRegistered, body_of

    person, fact = journal.register()
    victim: Person = journal.register(phone="+79160000000", name="Иван")[0]
    body = body_of(fact)
    assert isinstance(body, MemberRegistered)
    new = replace(body, member=journal.new_id(), account=victim.account)
    journal.append(FactKind.MEMBER_REGISTERED, body, personal=fact.personal)
    journal.append(FactKind.MEMBER_REGISTERED, encode(new), personal=fact.personal)

    outcomes = journal.push().outcomes

    assert [one.reason for one in outcomes] == ["", "", "member_known", "account_of_another"]
    assert _members(centre)[person.member].accounts == (person.account,)
