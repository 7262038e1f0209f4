"""Members merged and parted by hand: each account is followed, no point moves, each has his own
again."""

from uuid import UUID

import pytest

from central.centre import Centre
from central.conflicts.service import NoNoteError, Word
from central.conflicts.values import ConflictState
from central.members.deed_store import with_whom
from central.members.imports import COLUMNS, Row, import_lots
from central.members.merging import (
    NoPhoneError,
    NotMergedError,
    SameMemberError,
    UnknownMemberError,
)
from central.members.store import MemberState
from central.settling.lookup import SeveralMembersError, claimant, living, show
from central.settling.people import merge_members, unmerge_member, verify_phone
from central.settling.service import undo
from central.settling.timeline import Happened, timeline
from shared.ids import derived
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, IdentifierRow, MemberRow
from tests.central.chain_kit import balance, books, conflicts, dump, kinds, rows
from tests.central.journal_builder import Journal, Person

WORD = Word("Ольга", "показал паспорт")
PHONES = ("+79160000001", "+79160000002", "+79160000003", "+79160000004")
UNTOUCHED = ("entry", "lot", "lease", "turnover", "fact", "inbox", "visit", "held")
"""What neither a merge nor an unmerge writes."""


def member_rows(centre: Centre) -> dict[UUID, MemberRow]:
    found = rows(centre, GLOBAL).values()
    return {row.id: row for row in found if isinstance(row, MemberRow)}


def ways(centre: Centre) -> dict[str, IdentifierRow]:
    """Identifiers by the end of the card or phone."""
    found = rows(centre, GLOBAL).values()
    return {row.tail: row for row in found if isinstance(row, IdentifierRow)}


def people(journal: Journal, count: int) -> list[Person]:
    """Persons of different phones who have bought for 100.00 and earned 10 points each."""
    found = []
    for phone in PHONES[:count]:
        person, _ = journal.register(name="Анна", phone=phone)
        journal.sell(person, earn=[10_00])
        found.append(person)
        journal.clock.go(seconds=1)
        journal.push()
    return found


@pytest.mark.edge("E66")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_merge_adds_turnover_and_points_and_the_one_known_longer_survives(
    centre: Centre, journal: Journal, order: tuple[int, int]
) -> None:
    first, second = people(journal, 2)
    pair = [(first, second)[no].member for no in order]

    joined = merge_members(centre, pair[0], pair[1], WORD)

    assert (joined.survivor, joined.member) == (first.member, second.member)
    known = member_rows(centre)
    assert known[first.member].accounts == (first.account, second.account)
    assert (known[first.member].turnover_minor, known[first.member].receipts) == (200_00, 2)
    assert (known[second.member].merged_into, known[second.member].accounts) == (first.member, ())
    assert known[second.member].turnover_minor == 0
    assert balance(centre, first.account) == balance(centre, second.account) == 10_00


def test_a_merge_by_hand_lets_every_card_redeem_everything(
    centre: Centre, journal: Journal
) -> None:
    first, second = people(journal, 2)

    merge_members(centre, first.member, second.member, WORD)

    found = ways(centre)
    assert found[second.card[-4:]].member == first.member
    assert found[second.card[-4:]].account is None
    assert found[second.phone[-4:]].member == first.member


@pytest.mark.edge("E75")
def test_an_unmerge_gives_each_his_own_with_what_came_late(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """A store that has not heard of the merge sells on; its facts name their accounts."""
    first, second = people(journal, 2)
    other.sell(second, earn=[7_00], turnover=70_00)
    merge_members(centre, first.member, second.member, WORD)
    assert kinds(other.push().outcomes) == ["accepted"]
    assert member_rows(centre)[first.member].turnover_minor == 270_00

    unmerge_member(centre, second.member, WORD)
    other.sell(first, earn=[5_00], turnover=50_00)
    other.push()

    known = member_rows(centre)
    assert (known[first.member].turnover_minor, known[first.member].receipts) == (150_00, 2)
    assert (known[second.member].turnover_minor, known[second.member].receipts) == (170_00, 2)
    assert known[second.member].merged_into is None
    assert (known[first.member].accounts, known[second.member].accounts) == (
        (first.account,),
        (second.account,),
    )
    assert (balance(centre, first.account), balance(centre, second.account)) == (15_00, 17_00)
    found = ways(centre)
    assert {found[one.card[-4:]].member for one in (first, second)} == {first.member, second.member}


def test_a_merge_and_its_unmerge_leave_everything_as_it_was(
    centre: Centre, journal: Journal
) -> None:
    first, second = people(journal, 2)
    before = dump(centre)
    sent = rows(centre, GLOBAL)

    merge_members(centre, first.member, second.member, WORD)
    between = dump(centre)
    unmerge_member(centre, second.member, WORD)

    after = dump(centre)
    told = {"change", "stream", "member_deed"}
    assert {name for name in after if after[name] != before[name]} <= told
    assert {name: between[name] for name in UNTOUCHED} == {name: before[name] for name in UNTOUCHED}
    assert rows(centre, GLOBAL) == sent


def test_an_unmerge_in_the_middle_of_a_chain_takes_along_who_had_joined(
    centre: Centre, journal: Journal
) -> None:
    """D into C, C into B, B into A; C parts with D."""
    a, b, c, d = people(journal, 4)
    merge_members(centre, c.member, d.member, WORD)
    merge_members(centre, b.member, c.member, WORD)
    merge_members(centre, a.member, b.member, WORD)
    assert len(member_rows(centre)[a.member].accounts) == 4

    unmerge_member(centre, c.member, WORD)

    known = member_rows(centre)
    assert known[a.member].accounts == (a.account, b.account)
    assert known[c.member].accounts == (c.account, d.account)
    assert known[c.member].turnover_minor == 200_00
    found = ways(centre)
    assert {found[one.card[-4:]].member for one in (c, d)} == {c.member}
    assert {found[one.card[-4:]].member for one in (a, b)} == {a.member}


def test_an_automatic_merge_is_undone_through_its_conflict(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    owner, _ = journal.register(phone=PHONES[0])
    journal.push()
    other.clock.go(seconds=1)
    twin, _ = other.register(phone=PHONES[0])
    other.sell(twin, earn=[10_00])
    other.push()
    (record,) = conflicts(centre)
    assert ways(centre)[twin.card[-4:]].account == twin.account

    undo(centre, record.id, WORD)

    (record,) = conflicts(centre)
    assert (record.state, record.resolved_by) == (ConflictState.UNDONE, "Ольга")
    known, found = member_rows(centre), ways(centre)
    assert known[twin.member].accounts == (twin.account,)
    assert (found[twin.card[-4:]].member, found[twin.card[-4:]].account) == (twin.member, None)
    phones = [row for row in rows(centre, GLOBAL).values() if isinstance(row, IdentifierRow)]
    claims = {row.member for row in phones if row.tail == PHONES[0][-4:]}
    assert claims == {owner.member, twin.member}


def test_an_unmerge_by_hand_closes_the_conflict_of_the_merge(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    journal.register()
    journal.push()
    other.clock.go(seconds=1)
    twin, _ = other.register()
    other.push()

    unmerge_member(centre, twin.member, WORD)

    (record,) = conflicts(centre)
    assert record.state is ConflictState.UNDONE


def test_a_verified_phone_lets_the_newcomers_card_redeem_everything(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    owner, _ = journal.register()
    journal.push()
    other.clock.go(seconds=1)
    twin, _ = other.register()
    other.push()

    verify_phone(centre, twin.member, WORD)

    card = ways(centre)[twin.card[-4:]]
    assert (card.member, card.account) == (owner.member, None)
    states = {one.state.value for one in show(centre, twin.member).identifiers}
    assert states == {"claimed", "verified"}


def test_it_is_his_own_claim_that_is_verified(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """The owner's phone call opens nothing to a card that somebody else got on his number."""
    owner, _ = journal.register()
    journal.push()
    other.clock.go(seconds=1)
    thief, _ = other.register()
    other.push()

    verify_phone(centre, owner.member, WORD)

    assert ways(centre)[thief.card[-4:]].account == thief.account


def test_a_card_that_is_limited_stays_so_when_its_member_is_merged_further(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    friend = people(journal, 1)[0]
    owner, _ = journal.register(phone=PHONES[1])
    journal.push()
    other.clock.go(seconds=1)
    thief, _ = other.register(phone=PHONES[1])
    other.push()

    merge_members(centre, friend.member, owner.member, WORD)
    unmerge_member(centre, owner.member, WORD)

    found = ways(centre)
    assert found[thief.card[-4:]].account == thief.account
    assert found[owner.card[-4:]].account is None


def test_spouses_on_one_phone_are_one_member_only_if_a_person_says_so(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    wife, _ = journal.register(name="Анна Петрова")
    journal.push()
    other.clock.go(seconds=1)
    husband, _ = other.register(name="Александр Петров")
    other.push()
    (record,) = conflicts(centre)
    assert member_rows(centre)[husband.member].merged_into is None

    undo(centre, record.id, WORD)

    assert member_rows(centre)[husband.member].merged_into == wife.member


def test_what_was_done_by_hand_is_kept_with_who_and_why(centre: Centre, journal: Journal) -> None:
    first, second = people(journal, 2)
    merge_members(centre, first.member, second.member, WORD)
    journal.clock.go(hours=1)
    unmerge_member(centre, second.member, Word("Пётр", "ошибка"))

    deeds = show(centre, second.member).deeds

    assert [(done.deed.value, done.other, done.actor, done.note) for done in deeds] == [
        ("unmerged", first.member, "Пётр", "ошибка"),
        ("merged", first.member, "Ольга", "показал паспорт"),
    ]
    assert show(centre, first.member).deeds == deeds
    assert {with_whom(done, first.member) for done in deeds} == {second.member}
    settled = [one.text for one in timeline(centre, first.member) if one.what is Happened.SETTLED]
    assert settled == ["unmerged: Пётр, ошибка", "merged: Ольга, показал паспорт"]


def test_a_merge_twice_an_unmerge_twice_and_strangers_are_refused(
    centre: Centre, journal: Journal
) -> None:
    first, second = people(journal, 2)
    merge_members(centre, first.member, second.member, WORD)
    once = dump(centre)

    with pytest.raises(SameMemberError):
        merge_members(centre, second.member, first.member, WORD)
    with pytest.raises(SameMemberError) as refused:
        merge_members(centre, first.member, first.member, WORD)
    with pytest.raises(NotMergedError):
        unmerge_member(centre, first.member, WORD)
    with pytest.raises(UnknownMemberError):
        merge_members(centre, first.member, derived("nobody"), WORD)
    with pytest.raises(NoNoteError):
        unmerge_member(centre, second.member, Word("Ольга", ""))
    assert refused.value.sentence("ru").count(str(refused.value.details["survivor"])) == 1
    assert dump(centre) == once
    unmerge_member(centre, second.member, WORD)
    with pytest.raises(NotMergedError):
        unmerge_member(centre, second.member, WORD)


def test_a_member_without_a_phone_has_nothing_to_verify(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register(phone="")
    journal.push()

    with pytest.raises(NoPhoneError):
        verify_phone(centre, person.member, WORD)


def test_a_registration_that_comes_after_its_member_was_merged_is_entered_there(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """A sale came first, from another store: its member was provisional when he was merged."""
    owner = people(journal, 1)[0]
    journal.clock.go(seconds=1)
    late, _ = journal.register(name="Борис", phone=PHONES[1])
    other.sell(late, earn=[3_00], turnover=30_00)
    other.push()
    merge_members(centre, owner.member, late.member, WORD)

    assert kinds(journal.push().outcomes)[-1] == "accepted"

    known = member_rows(centre)
    assert known[late.member].merged_into == owner.member
    assert known[owner.member].accounts == (owner.account, late.account)
    assert ways(centre)[late.card[-4:]].member == owner.member
    unmerge_member(centre, late.member, WORD)
    known = member_rows(centre)
    assert known[late.member].display_name == "Борис"
    assert (known[late.member].accounts, known[late.member].turnover_minor) == (
        (late.account,),
        30_00,
    )


def test_leases_stay_of_their_accounts(centre: Centre, journal: Journal, other: Journal) -> None:
    first, second = people(journal, 2)
    lot = other.sell(second, earn=[50_00], kept=50_00).lots[0]
    other.push()
    merge_members(centre, first.member, second.member, WORD)
    other.sell(second, spend=[(lot, 30_00)])

    assert kinds(other.push().outcomes)[-1] == "accepted"

    lease = books(centre, second.account).leases_of(lot)[0]
    assert (lease.granted, lease.gone, lease.account) == (50_00, 30_00, second.account)


def test_members_are_named_by_id_card_or_phone(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    owner, _ = journal.register(card=CARDS[0])
    journal.push()
    other.clock.go(seconds=1)
    twin, _ = other.register(card=CARDS[1])
    other.register(name="Александр Иванов", card=CARDS[2])
    other.push()

    assert living(centre, str(twin.member)) == owner.member
    assert living(centre, CARDS[1]) == owner.member
    assert claimant(centre, CARDS[1]) == twin.member
    with pytest.raises(SeveralMembersError):
        living(centre, owner.phone)
    for nobody in ("+79169999999", "Анна", str(derived("nobody"))):
        with pytest.raises(UnknownMemberError):
            living(centre, nobody)


CARDS = ("2900000000018", "2900000000025", "2900000000032")


def test_states_of_life_are_shown(centre: Centre, journal: Journal) -> None:
    first, second = people(journal, 2)
    merge_members(centre, first.member, second.member, WORD)

    whole, part = show(centre, first.member), show(centre, second.member)

    assert (whole.member.state, part.member.state) == (MemberState.ACTIVE, MemberState.MERGED)
    assert [one.id for one in whole.joined] == [second.member]
    assert [(account.id, points) for account, points in whole.accounts] == [
        (first.account, 10_00),
        (second.account, 10_00),
    ]
    accounts = {row.member for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)}
    assert accounts == {first.member}


def test_an_import_that_comes_again_after_a_merge_or_its_end_gives_nothing_again(
    centre: Centre, journal: Journal
) -> None:
    first, second = people(journal, 2)
    cells = (second.phone, "25.00", "bonus", "")
    row = Row(1, dict(zip(COLUMNS, cells, strict=True)))
    granted = [import_lots(centre, [row], journal.clock.now()).granted]

    merge_members(centre, first.member, second.member, WORD)
    granted.append(import_lots(centre, [row], journal.clock.now()).granted)
    other = Row(1, {**row.cells, "points": "5.00"})
    granted.append(import_lots(centre, [other], journal.clock.now()).granted)
    unmerge_member(centre, second.member, WORD)
    granted += [import_lots(centre, [one], journal.clock.now()).granted for one in (row, other)]

    assert granted == [1, 0, 1, 0, 0]
    assert [balance(centre, one.account) for one in (first, second)] == [10_00, 40_00]
