"""Every sort of conflict between two stores, from their journals through the push to what people
read of it and do about it: one test each, so that a reader sees that all are there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from msgspec.structs import replace as changed

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Role
from central.conflicts.words import UNDOINGS
from central.leases import recovery
from central.leases.writeoff import write_off_store
from central.settling.explaining import explain
from central.settling.service import resolve, undo
from shared.rules.canonical import result_hash
from shared.wire.facts import ReceiptCommitted, body_of, seal
from shared.wire.push import OutcomeKind
from tests.central.app.kit import SetClock
from tests.central.auditor.kit import WINE, Shop, audit, compiled, shop
from tests.central.bearers.kit import NOMINAL, drawn, issued, on_sale
from tests.central.campaigns.test_coupons import coupon_here, use
from tests.central.chain_kit import balance, conflicts, kinds
from tests.central.journal_builder import Journal

WORD = Word("Ольга", "посмотрела оба чека")
PHONE = "+79160000001"


@pytest.fixture(autouse=True)
def _all_can_be_closed(centre: Centre) -> Iterator[None]:
    """Whatever is left open at the end of a test, a person reads in two languages and closes."""
    yield
    found = conflicts(centre)
    assert found, "every row leaves a record"
    for one in found:
        told = explain(centre, one.id)
        assert told.conflict.sentence.ru != told.conflict.sentence.en
        if one.state is ConflictState.OPEN:
            assert (one.kind in UNDOINGS) == (told.undoing == UNDOINGS.get(one.kind))
            resolve(centre, one.id, WORD)
    assert all(one.state is not ConflictState.OPEN for one in conflicts(centre))


def the(centre: Centre, kind: ConflictKind) -> Conflict:
    (found,) = [one for one in conflicts(centre) if one.kind is kind]
    return found


def test_overspend_becomes_debt_that_may_be_let_go(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """101 holds 80 of 100 points and is written off; 102 takes 90; then 101 spends 50: 40 debt."""
    anna, _ = journal.register()
    sold = journal.sell(anna, earn=[100_00], kept=80_00)
    journal.push()
    write_off_store(centre, "101")
    other.ask(anna.account, 90_00)
    journal.sell(anna, spend=[(sold.lots[0], 50_00)])

    journal.push()

    told = the(centre, ConflictKind.WRITTEN_OFF)
    assert (told.points, told.named(Role.STORE)) == (50_00, ("101",))
    assert "40,00 of debt let go" in undo(centre, told.id, WORD).en


def test_same_member_registered_in_two_stores_is_one_and_may_be_parted(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    journal.register("Анна Петрова", PHONE)
    other.register("ПЕТРОВА А.", PHONE)

    journal.push()
    other.push()

    undo(centre, the(centre, ConflictKind.MERGED).id, WORD)


def test_one_phone_under_two_names_is_a_case(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    journal.register("Анна Петрова", PHONE)
    other.register("Борис Петров", PHONE)

    journal.push()
    other.push()

    undo(centre, the(centre, ConflictKind.SHARED_PHONE).id, WORD)


def test_profile_edited_in_two_places_keeps_both_values(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    anna, _ = journal.register("Анна Петрова", PHONE)
    journal.push()
    journal.edit(anna, birthday=date(1990, 5, 17))
    clock.go(minutes=1)
    other.edit(anna, birthday=date(1990, 5, 18))

    journal.push()
    other.push()

    told = the(centre, ConflictKind.EDITED_TWICE)
    assert [value.en.split(",")[0] for value in explain(centre, told.id).values] == [
        "the other: «1990-05-17»",
        "counts: «1990-05-18»",
    ]
    undo(centre, told.id, WORD)


def test_single_use_code_used_twice_stands_in_both_receipts(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """102 has no lease of it, as a copied disk has none."""
    one = coupon_here(journal)
    journal.sell(None, paid=[use(one)])
    journal.push()
    other.sell(None, paid=[use(one)])

    other.push()

    assert the(centre, ConflictKind.CODE_USED_TWICE).ids(Role.ACCOUNT) == (one.account,)


def test_certificate_used_twice_stands_in_both_receipts_and_its_debt_may_be_let_go(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """101 holds all of it; 102 takes 400.00 without a lease, as a copied disk may."""
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, NOMINAL)
    journal.sell(None, paid=[drawn(gift, NOMINAL)])
    journal.push()
    other.sell(None, paid=[drawn(gift, 400_00)])

    other.push()

    told = the(centre, ConflictKind.USED_TWICE)
    assert (told.amount_minor, told.ids(Role.ACCOUNT)) == (400_00, (gift.account,))
    assert "400,00 of the certificate's debt let go" in undo(centre, told.id, WORD).en


def test_receipt_priced_by_a_stale_tier_stands_and_the_difference_is_granted(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna, _ = journal.register()
    here.sell(anna, 60)
    journal.push_new()
    audit(centre)
    clock.go(hours=1)
    there.sell(anna, 10, WINE)
    other.push_new()

    audit(centre)

    told = the(centre, ConflictKind.STALE)
    assert (told.points, told.amount_minor, told.named(Role.STORE)) == (184_00, 200_00, ("102",))
    more = "бонусов было бы на 184,00 больше, скидка была бы на 200,00 больше"
    assert f"По данным центра {more}." in told.sentence.ru
    undo(centre, told.id, WORD)


def test_kernel_result_that_differs_over_the_facts_own_view_is_kept_for_replay(
    centre: Centre, journal: Journal
) -> None:
    here = shop(centre, journal)
    anna, _ = journal.register()
    body = body_of(here.sell(anna, 10))
    assert isinstance(body, ReceiptCommitted)
    journal.facts.pop()
    totals = replace(body.evaluation.totals, turnover_minor=1)
    bent = replace(body.evaluation, totals=totals)
    here.write(changed(body, evaluation=bent, result_hash=result_hash(bent)))
    journal.push()

    audit(centre)

    assert the(centre, ConflictKind.DIVERGENCE_FOUND).named(Role.STORE) == ("101",)


def test_same_id_with_other_bytes_is_never_posted(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    sold = journal.sell(None)
    again = other.sell(None, turnover=999_00)
    other.facts[-1] = seal(changed(again.fact, id=sold.fact.id))
    journal.push()

    assert kinds(other.push().outcomes) == ["quarantined"]

    the(centre, ConflictKind.OTHER_BYTES)


def test_return_before_its_sale_waits_and_the_record_closes_itself(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    sold = journal.sell(None)
    other.take_back(sold)
    assert kinds(other.push().outcomes) == ["waiting"]
    assert the(centre, ConflictKind.EARLY_RETURN).state is ConflictState.OPEN

    journal.push()

    assert the(centre, ConflictKind.EARLY_RETURN).state is ConflictState.RESOLVED


def test_same_line_returned_in_two_stores_names_stores_and_cashiers(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    sold = journal.sell(None)
    journal.take_back(sold, quantity=3000)
    other.take_back(sold, quantity=3000)
    journal.push()
    other.push()

    told = the(centre, ConflictKind.RETURNED_TWICE)
    assert told.named(Role.STORE) == ("101", "102")
    assert told.named(Role.CASHIER) == ("101/of 101", "102/of 102")


def test_agent_cloned_leaves_the_branch_posted_and_told(centre: Centre, journal: Journal) -> None:
    anna, _ = journal.register()
    sold = journal.sell(anna, earn=[100_00], kept=80_00)
    journal.push()
    clone = journal.twin()
    journal.sell(None)
    clone.sell(anna, spend=[(sold.lots[0], 60_00)])
    journal.push()

    assert clone.push().outcomes[-1].kind is OutcomeKind.ADJUSTED

    told = the(centre, ConflictKind.FORKED)
    assert told.points == 40_00
    undo(centre, told.id, WORD)


def test_centre_restored_says_who_has_not_reported(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    for one in (journal, other):
        one.sell(None)
        one.push()

    recovery.begin(centre)

    the(centre, ConflictKind.CENTRE_RESTORED)


@pytest.mark.parametrize("hours", [-48, 48])
def test_clock_wrong_by_days_is_marked_and_the_sale_goes_on(
    centre: Centre, journal: Journal, clock: SetClock, hours: int
) -> None:
    anna, _ = journal.register()
    journal.push()
    clock.go(hours=hours)
    journal.sell(anna, earn=[10_00])
    clock.go(hours=-hours)

    assert kinds(journal.push_new())[-1] == "accepted"

    assert the(centre, ConflictKind.CLOCK).named(Role.STORE) == ("101",)
    assert balance(centre, anna.account) == 10_00


def test_unknown_card_is_a_provisional_member_until_the_registration_comes(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    anna, _ = journal.register("Анна Петрова", PHONE)
    other.sell(anna, earn=[10_00])
    other.push()
    assert the(centre, ConflictKind.UNKNOWN_MEMBER).state is ConflictState.OPEN

    journal.push()

    assert the(centre, ConflictKind.UNKNOWN_MEMBER).state is ConflictState.RESOLVED
    assert balance(centre, anna.account) == 10_00
