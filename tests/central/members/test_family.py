"""Families at the centre: accounts are lent to a head, no point moves, each has his own again."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.centre import Centre
from central.conflicts.service import NoNoteError, Word
from central.exports.members import COLUMNS as EXPORTED
from central.exports.members import rows as exported
from central.imports.values import amount
from central.members.deed_store import Deed
from central.members.family import (
    RELATIVES_MAX,
    FamilyFullError,
    InFamilyError,
    NobodyYetError,
    NotInFamilyError,
)
from central.members.gifts import Order, give
from central.members.imports import COLUMNS, Row, import_lots
from central.members.merging import BothInFamilyError, SameMemberError
from central.settling.copying import profile_of, receipts_of
from central.settling.erasing import erase_member
from central.settling.families import give_family_role, join_family, leave_family
from central.settling.lookup import living, show
from central.settling.people import merge_members, unmerge_member, verify_phone
from central.settling.timeline import timeline
from shared.ids import derived
from shared.member import FamilyRole
from shared.runtime.sqlite import reading
from tests.central.chain_kit import balance, dump, kinds
from tests.central.imports.kit import csv_file, take
from tests.central.journal_builder import Journal, Person
from tests.central.members.test_merging import member_rows, people, ways

WORD = Word("Ольга", "просили оба")
REDEEMS, EARNS = FamilyRole.REDEEMS, FamilyRole.EARNS
UNTOUCHED = ("entry", "lot", "turnover", "fact", "inbox", "held")
"""What neither joining nor leaving writes."""


def joined(
    centre: Centre, journal: Journal, role: FamilyRole = REDEEMS
) -> tuple[Person, Person, Person]:
    """A head, his relative, and somebody else: each has bought for 100.00 and earned 10 points."""
    head, relative, other = people(journal, 3)
    join_family(centre, relative.member, head.member, role, WORD)
    return head, relative, other


def test_all_of_a_family_have_the_same_accounts_and_figures_and_their_own_names(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal)

    known = member_rows(centre)

    one, other = known[head.member], known[relative.member]
    assert one.accounts == other.accounts == (head.account, relative.account)
    assert (one.turnover_minor, one.receipts) == (other.turnover_minor, other.receipts)
    assert (other.turnover_minor, other.receipts) == (200_00, 2)
    assert (other.merged_into, other.joined, one.joined) == (None, (), ())
    assert one.person != other.person
    assert ways(centre)[relative.card[-4:]].member == relative.member


def test_what_the_head_buys_is_told_of_his_relatives_too(centre: Centre, journal: Journal) -> None:
    head, relative, _ = joined(centre, journal)

    journal.sell(head, earn=[5_00], turnover=50_00)
    journal.push_new()

    assert member_rows(centre)[relative.member].turnover_minor == 250_00
    assert member_rows(centre)[head.member].turnover_minor == 250_00


def test_joining_and_leaving_move_no_point_and_leave_everything_as_it_was(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = people(journal, 3)
    before, sent = dump(centre), member_rows(centre)

    join_family(centre, relative.member, head.member, EARNS, WORD)
    between = dump(centre)
    leave_family(centre, relative.member, WORD)

    after = dump(centre)
    assert {name: between[name] for name in UNTOUCHED} == {name: before[name] for name in UNTOUCHED}
    assert {name: after[name] for name in UNTOUCHED} == {name: before[name] for name in UNTOUCHED}
    assert (after["account"], after["member"]) == (before["account"], before["member"])
    assert member_rows(centre) == sent


def test_what_a_relative_earns_is_the_family_s_and_stays_there_when_he_leaves(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Also what a store sells to him that has not heard of his leaving."""
    head, relative, _ = joined(centre, journal)
    in_family = replace(relative, account=head.account)
    other.sell(in_family, earn=[7_00], turnover=70_00)
    other.push_new()
    leave_family(centre, relative.member, WORD)

    other.sell(in_family, earn=[3_00], turnover=30_00)
    assert set(kinds(other.push_new())) == {"accepted"}

    assert (balance(centre, head.account), balance(centre, relative.account)) == (20_00, 10_00)
    known = member_rows(centre)
    assert (known[head.member].turnover_minor, known[head.member].accounts) == (
        200_00,
        (head.account,),
    )
    assert (known[relative.member].turnover_minor, known[relative.member].accounts) == (
        100_00,
        (relative.account,),
    )


def test_who_only_earns_pays_with_his_own_account_and_may_be_let_redeem(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal, EARNS)
    tails = relative.card[-4:], relative.phone[-4:]
    assert {ways(centre)[tail].account for tail in tails} == {relative.account}
    assert show(centre, relative.member).redeems_from == [relative.account]

    give_family_role(centre, relative.member, REDEEMS, WORD)
    assert {ways(centre)[tail].account for tail in tails} == {None}
    assert show(centre, relative.member).redeems_from == [head.account, relative.account]

    give_family_role(centre, relative.member, EARNS, WORD)
    leave_family(centre, relative.member, WORD)
    assert {ways(centre)[tail].account for tail in tails} == {None}
    assert ways(centre)[head.card[-4:]].account is None


def test_who_is_in_a_family_joins_no_other_and_a_relative_is_no_head(
    centre: Centre, journal: Journal
) -> None:
    head, relative, other = joined(centre, journal)
    pairs = [
        (relative.member, other.member, InFamilyError),
        (head.member, other.member, InFamilyError),
        (other.member, relative.member, InFamilyError),
        (head.member, head.member, SameMemberError),
    ]

    for one, to, refusal in pairs:
        with pytest.raises(refusal):
            join_family(centre, one, to, REDEEMS, WORD)
    with pytest.raises(NotInFamilyError):
        leave_family(centre, head.member, WORD)
    with pytest.raises(NotInFamilyError):
        give_family_role(centre, other.member, EARNS, WORD)
    with pytest.raises(NoNoteError):
        join_family(centre, other.member, head.member, REDEEMS, Word("Ольга", " "))


def test_a_family_has_a_bound_and_nobody_joins_who_has_not_registered(
    centre: Centre, journal: Journal
) -> None:
    found = []
    for no in range(RELATIVES_MAX + 2):
        person, _ = journal.register(name="Анна", phone=f"+7916000001{no}")
        found.append(person)
    unheard = Person(journal.new_id(), journal.new_id(), "", "", "")
    journal.sell(unheard, earn=[1_00])
    journal.push_new()
    head, *relatives, last = found
    for one in relatives:
        join_family(centre, one.member, head.member, REDEEMS, WORD)

    with pytest.raises(FamilyFullError):
        join_family(centre, last.member, head.member, REDEEMS, WORD)
    with pytest.raises(NobodyYetError):
        join_family(centre, unheard.member, last.member, REDEEMS, WORD)
    assert len(show(centre, head.member).relatives) == RELATIVES_MAX


@pytest.mark.parametrize("who", [0, 1])
def test_who_is_in_a_family_survives_a_merge_and_two_of_families_are_not_merged(
    centre: Centre, journal: Journal, who: int
) -> None:
    other, head, relative = people(journal, 3)
    join_family(centre, relative.member, head.member, REDEEMS, WORD)
    one = (head, relative)[who]

    done = merge_members(centre, other.member, one.member, WORD)

    assert (done.survivor, done.member) == (one.member, other.member)
    for each in (head, relative):
        assert set(member_rows(centre)[each.member].accounts) == {
            head.account,
            relative.account,
            other.account,
        }
    with pytest.raises(BothInFamilyError):
        merge_members(centre, head.member, relative.member, WORD)
    leave_family(centre, relative.member, WORD)
    mine = {one.account, other.account}
    assert set(member_rows(centre)[one.member].accounts) == mine
    unmerge_member(centre, other.member, WORD)
    assert member_rows(centre)[other.member].accounts == (other.account,)
    assert member_rows(centre)[one.member].accounts == (one.account,)


def test_who_registers_again_under_a_relative_s_phone_joins_him_and_not_the_head(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal)
    again, _ = journal.register(name="Анна", phone=relative.phone)
    journal.push_new()

    known = member_rows(centre)
    assert known[again.member].merged_into == relative.member
    assert again.account in known[head.member].accounts
    assert ways(centre)[again.card[-4:]].account == again.account
    verify_phone(centre, again.member, WORD)
    leave_family(centre, relative.member, WORD)
    assert set(member_rows(centre)[relative.member].accounts) == {relative.account, again.account}
    assert member_rows(centre)[head.member].accounts == (head.account,)


def test_points_by_hand_and_from_files_reach_each_of_a_family(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal)
    cells = dict(zip(COLUMNS, (relative.card, "4.00", "bonus", ""), strict=True))
    import_lots(centre, [Row(1, cells)], centre.clock.now())

    for one in (head, relative):
        terms = (2_00, "bonus", "sorry", None, "извинение", "Ольга")
        order = Order(journal.new_id(), one.card, *terms)
        assert give(centre, order, centre.clock.now()).members == 1
        assert give(centre, order, centre.clock.now()).before == 1

    assert balance(centre, relative.account) == 14_00
    assert balance(centre, head.account) == 14_00


def test_a_gift_to_a_segment_reaches_each_of_a_family_once(centre: Centre, tmp_path: Path) -> None:
    heading = "Номер карты;ФИО;Сегменты"
    take(centre, csv_file(tmp_path, "OLD-1;Анна;vip", "OLD-2;Борис;vip", heading=heading))
    head, relative = living(centre, "OLD-1"), living(centre, "OLD-2")
    to_head = Order(derived("one"), "OLD-1", 1_00, "bonus", "sorry", None, "извинение", "Ольга")
    give(centre, to_head, centre.clock.now())
    join_family(centre, relative, head, REDEEMS, WORD)
    order = replace(to_head, uid=derived("two"), to="segment:vip", points=2_00)

    first, again = (give(centre, order, centre.clock.now()) for _ in range(2))

    assert (first.members, again.members, again.before) == (2, 0, 2)
    assert sum(points for _, points in show(centre, head).accounts) == 5_00


def test_a_family_is_exported_with_its_points_once(centre: Centre, journal: Journal) -> None:
    head, relative, _ = joined(centre, journal)

    with reading(centre.engine) as connection:
        found = [dict(zip(EXPORTED, row, strict=True)) for row in exported(connection, EXPORTED)]

    by_card = {row["card"]: row for row in found}
    assert sum(amount(row["points"], "points") for row in found) == 30_00
    assert by_card[head.card]["points"] == "20.00"
    assert by_card[relative.card]["phone"] == relative.phone
    assert by_card[head.card]["phone"] == head.phone


def test_both_time_lines_tell_who_joined_and_left_and_when(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal, EARNS)
    leave_family(centre, relative.member, WORD)

    own = [one.text for one in timeline(centre, relative.member) if "family" in one.text]
    heads = [one.text for one in timeline(centre, head.member) if "relative" in one.text]

    assert sorted(own) == [
        "joined_family: Ольга, earns: просили оба",
        "left_family: Ольга, просили оба",
    ]
    assert sorted(heads) == [
        "relative_joined: Ольга, earns: просили оба",
        "relative_left: Ольга, просили оба",
    ]


def test_an_erased_head_leaves_his_family_each_with_his_own(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal)

    erased = erase_member(centre, head.member, WORD)

    assert erased == (head.member,)
    known = member_rows(centre)
    assert known[relative.member].accounts == (relative.account,)
    assert known[relative.member].display_name == "Анна"
    assert ways(centre)[relative.card[-4:]].member == relative.member


def test_an_erased_relative_is_not_his_family(centre: Centre, journal: Journal) -> None:
    head, relative, _ = joined(centre, journal)

    assert erase_member(centre, relative.member, WORD) == (relative.member,)

    assert member_rows(centre)[head.member].accounts == (head.account,)
    assert show(centre, head.member).relatives == ()
    assert Deed.RELATIVE_LEFT in {one.deed for one in show(centre, head.member).deeds}


def test_what_a_relative_is_told_of_himself_is_not_what_the_others_bought(
    centre: Centre, journal: Journal
) -> None:
    head, relative, _ = joined(centre, journal)
    in_family = replace(relative, account=head.account)
    own = journal.sell(in_family, earn=[1_00])
    heads = journal.sell(head, earn=[1_00])
    journal.push_new()

    told = [
        one for one in receipts_of(centre, relative.member) if one["kind"].startswith("receipt")
    ]

    assert len(told) == 2
    assert str(own.uid) in str(told)
    assert str(head.account) not in str(profile_of(centre, relative.member)["entries"])
    assert str(heads.uid) not in str(told)
    assert str(heads.uid) in str(list(receipts_of(centre, head.member)))
