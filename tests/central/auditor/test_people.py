"""What the audit tells people and how it is undone; whom it takes for one person, and from when."""

from datetime import timedelta

import pytest

from central.auditor.store import Sums
from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Role
from central.settling.explaining import explain
from central.settling.people import merge_members
from central.settling.service import CannotUndoError, undo
from shared.ledger.entries import EntryKind
from tests.central.app.kit import SetClock
from tests.central.auditor.kit import THOUSAND, WINE, Shop, audit, compiled, promised, shop, sums
from tests.central.chain_kit import balance, books, conflicts
from tests.central.journal_builder import Journal, Person

HOUR = timedelta(hours=1)
WORD = Word("Ольга", "сверено с кассой")


def of_kind(centre: Centre, kind: ConflictKind) -> list[Conflict]:
    return [one for one in conflicts(centre) if one.kind is kind]


def stale_receipt(centre: Centre, journal: Journal, other: Journal, clock: SetClock) -> Person:
    """60 000.00 make her silver; the other store does not know: 184 points are granted for it."""
    here, there = shop(centre, journal), Shop(other, compiled())
    anna, _ = journal.register()
    here.sell(anna, 60)
    journal.push_new()
    audit(centre)
    clock.at += HOUR
    there.sell(anna, 10, WINE)
    other.push_new()
    audit(centre)
    audit(centre)
    return anna


def test_a_stale_receipt_is_told_once_with_what_it_cost_and_what_was_granted(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    anna = stale_receipt(centre, journal, other, clock)

    (told,) = of_kind(centre, ConflictKind.STALE)
    assert (told.points, told.amount_minor) == (184_00, 200_00)
    assert (told.named(Role.STORE), told.ids(Role.MEMBER)) == (("102",), (anna.member,))
    shown = explain(centre, told.id)
    (granted,) = [one for one in shown.entries if one.lot == promised(centre, anna)[0].id]
    assert (granted.kind, granted.amount) == (EntryKind.GRANT, 184_00)


def test_what_was_granted_for_it_is_taken_back_and_not_granted_again(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    anna = stale_receipt(centre, journal, other, clock)
    """What stores hold of it stays with them, and is owed until it comes back."""
    before = balance(centre, anna.account)
    (told,) = of_kind(centre, ConflictKind.STALE)

    done = undo(centre, told.id, WORD)
    audit(centre)

    assert "184" in done.en
    debt = books(centre, anna.account).accounts[anna.account].debt
    held = sum(one.left for one in books(centre, anna.account).leases.values())
    assert balance(centre, anna.account) - debt == before - 184_00
    assert 0 < debt <= held
    (told,) = of_kind(centre, ConflictKind.STALE)
    assert told.state is ConflictState.UNDONE


def test_points_too_many_are_told_and_cannot_be_taken(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    here = shop(centre, journal)
    anna, _ = journal.register()
    journal.push_new()
    clock.at += HOUR
    here.sell(anna, 10, believed_minor=60 * THOUSAND)
    journal.push_new()
    audit(centre)

    (told,) = of_kind(centre, ConflictKind.STALE)
    assert told.points == -200_00
    with pytest.raises(CannotUndoError):
        undo(centre, told.id, WORD)
    assert balance(centre, anna.account) == 500_00


def two_accounts(centre: Centre, journal: Journal) -> tuple[Shop, Person, Person]:
    """Anna has bought for 60 000.00 under one card; the other card is hers too."""
    here = shop(centre, journal)
    anna, _ = journal.register(phone="+79160000001")
    twin, _ = journal.register(phone="+79160000002")
    here.sell(anna, 60)
    journal.push_new()
    audit(centre)
    journal.clock.at += HOUR
    return here, anna, twin


@pytest.mark.edge("E66")
def test_a_merge_counts_for_receipts_after_it(centre: Centre, journal: Journal) -> None:
    """By hand: silver earns 500 of 10 000.00, the store gave 300."""
    here, anna, twin = two_accounts(centre, journal)
    merge_members(centre, anna.member, twin.member, WORD)
    journal.clock.at += HOUR

    here.sell(twin, 10)
    journal.push_new()
    audit(centre)

    (told,) = of_kind(centre, ConflictKind.STALE)
    assert told.points == 200_00
    assert [lot.granted for lot in promised(centre, twin)] == [200_00]


@pytest.mark.edge("E66")
def test_a_merge_does_not_count_for_receipts_before_it(centre: Centre, journal: Journal) -> None:
    here, anna, twin = two_accounts(centre, journal)
    here.sell(twin, 10)
    journal.clock.at += HOUR
    merge_members(centre, anna.member, twin.member, WORD)

    journal.push_new()
    audit(centre)

    assert of_kind(centre, ConflictKind.STALE) == []
    assert sums(centre) == Sums(receipts=2)


def test_a_receipt_by_the_joined_view_is_not_stale(centre: Centre, journal: Journal) -> None:
    here, anna, twin = two_accounts(centre, journal)
    merge_members(centre, anna.member, twin.member, WORD)
    journal.clock.at += HOUR
    both = books(centre, anna.account, twin.account)
    history = both.accounts[anna.account].history

    here.sell(twin, 10, believed_minor=60 * THOUSAND, receipts=1, history=history)
    journal.push_new()
    audit(centre)

    assert of_kind(centre, ConflictKind.STALE) == []
