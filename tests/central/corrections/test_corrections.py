"""Points corrected by hand: within a limit at once, above it by two, never more than there is."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from central.centre import Centre
from central.corrections import service
from central.corrections.service import KIND, PastExpiryError, Wish
from central.corrections.store import CorrectionState, Sought
from central.members.merging import UnknownMemberError
from central.packs.service import UnknownWalletError, publish
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, books
from tests.central.journal_builder import Journal, Person

LIMIT, A_DAY = 500_00, 900_00


@pytest.fixture
def anna(journal: Journal) -> Person:
    """Anna with 300 points, of which her store holds 100 and what it was given more."""
    who, _ = journal.register()
    journal.sell(who, earn=[300_00], kept=100_00)
    journal.push_new()
    return who


def wish(who: Person, points: int, **more: object) -> Wish:
    wanted = Wish(who.member, points, "bonus", None, "двойной чек", "olga", LIMIT, A_DAY)
    return replace(wanted, **more)  # type: ignore[arg-type]


def test_points_are_given_at_once_within_the_limit(centre: Centre, anna: Person) -> None:
    before = balance(centre, anna.account)

    done = service.wish(centre, wish(anna, LIMIT, expires_on=date(2026, 12, 31)))

    assert (done.state, done.decided_by) == (CorrectionState.DONE, "olga")
    assert balance(centre, anna.account) == before + LIMIT
    (lot,) = [lot for lot in books(centre, anna.account).lots_of(anna.account) if lot.kind == KIND]
    assert (lot.granted, lot.document, lot.expires_on) == (LIMIT, done.uid, date(2026, 12, 31))


def test_points_that_would_be_gone_at_once_are_not_given(centre: Centre, anna: Person) -> None:
    before = balance(centre, anna.account)

    with pytest.raises(PastExpiryError, match="2026-02-28"):
        service.wish(centre, wish(anna, 5_00, expires_on=date(2026, 2, 28)))

    assert balance(centre, anna.account) == before


def test_points_are_given_into_a_wallet_of_the_rules_and_taken_of_any(
    centre: Centre, anna: Person
) -> None:
    service.wish(centre, wish(anna, 5_00, wallet="former"))  # there are no rules yet
    publish(centre, wine_text())

    with pytest.raises(UnknownWalletError):
        service.wish(centre, wish(anna, 5_00, wallet="former"))

    before = balance(centre, anna.account)
    service.wish(centre, wish(anna, -5_00, wallet="former"))
    assert balance(centre, anna.account) == before - 5_00


def test_points_are_taken_from_those_that_expire_first(centre: Centre, anna: Person) -> None:
    service.wish(centre, wish(anna, 100_00, expires_on=date(2026, 12, 31)))
    service.wish(centre, wish(anna, 200_00, expires_on=date(2026, 6, 30)))
    mine = balance(centre, anna.account)

    service.wish(centre, wish(anna, -250_00))

    assert balance(centre, anna.account) == mine - 250_00
    left = {
        lot.expires_on: lot.balance
        for lot in books(centre, anna.account).lots_of(anna.account)
        if lot.kind == KIND
    }
    assert left == {date(2026, 12, 31): 50_00}


def test_more_than_a_member_has_is_not_taken(centre: Centre, anna: Person) -> None:
    mine = balance(centre, anna.account)

    with pytest.raises(service.NotEnoughPointsError):
        service.wish(centre, wish(anna, -mine - 1))

    assert balance(centre, anna.account) == mine
    assert service.count(centre, Sought()) == 0


def test_what_a_store_holds_is_asked_for_and_is_debt_until_it_comes_back(
    centre: Centre, anna: Person
) -> None:
    (lot,) = books(centre, anna.account).lots_of(anna.account)
    held = lot.balance - lot.free
    assert (lot.balance, held >= 100_00) == (300_00, True)

    service.wish(centre, wish(anna, -300_00))

    after = books(centre, anna.account)
    assert balance(centre, anna.account) == held
    assert after.accounts[anna.account].debt == held
    assert [lease.wanted_back for lease in after.leases.values()] == [held]


def test_over_the_limit_it_waits_for_another_person(centre: Centre, anna: Person) -> None:
    before = balance(centre, anna.account)

    waits = service.wish(centre, wish(anna, LIMIT + 1))

    assert waits.state is CorrectionState.WAITING
    assert balance(centre, anna.account) == before
    with pytest.raises(service.SameEyesError):
        service.agree(centre, waits.uid, "olga")
    service.agree(centre, waits.uid, "petr")
    assert balance(centre, anna.account) == before + LIMIT + 1
    with pytest.raises(service.DecidedBeforeError):
        service.agree(centre, waits.uid, "petr")
    assert balance(centre, anna.account) == before + LIMIT + 1


def test_one_that_was_refused_moves_nothing(centre: Centre, anna: Person) -> None:
    before = balance(centre, anna.account)
    waits = service.wish(centre, wish(anna, LIMIT + 1))

    service.refuse(centre, waits.uid, "petr")

    with pytest.raises(service.DecidedBeforeError):
        service.agree(centre, waits.uid, "petr")
    assert balance(centre, anna.account) == before


def test_many_small_ones_come_to_the_limit_of_a_day(
    centre: Centre, anna: Person, clock: SetClock
) -> None:
    states = [service.wish(centre, wish(anna, 400_00)).state for _ in range(3)]
    other = service.wish(centre, wish(anna, 400_00, by="petr")).state
    clock.go(days=1)
    tomorrow = service.wish(centre, wish(anna, 400_00)).state

    done, waits = CorrectionState.DONE, CorrectionState.WAITING
    assert (states, other, tomorrow) == ([done, done, waits], done, done)


def test_taking_counts_towards_the_limit_as_giving_does(centre: Centre, anna: Person) -> None:
    service.wish(centre, wish(anna, LIMIT))
    service.wish(centre, wish(anna, -300_00))

    assert service.wish(centre, wish(anna, 200_00)).state is CorrectionState.WAITING


@pytest.mark.parametrize(("points", "reason"), [(0, "почему"), (100, " "), (100, "я" * 501)])
def test_without_a_sum_or_a_reason_nothing_is_corrected(
    centre: Centre, anna: Person, points: int, reason: str
) -> None:
    with pytest.raises(service.NoCorrectionReasonError):
        service.wish(centre, wish(anna, points, reason=reason))


def test_two_do_not_correct_without_bound_either(centre: Centre, anna: Person) -> None:
    with pytest.raises(service.CorrectionLimitError):
        service.wish(centre, wish(anna, centre.settings.gift_points_max + 1))


def test_nobody_is_corrected_who_is_not_there(centre: Centre, anna: Person) -> None:
    stranger = UUID(int=5)

    with pytest.raises(UnknownMemberError):
        service.wish(centre, wish(anna, 100, member=stranger))
    with pytest.raises(service.UnknownCorrectionError):
        service.agree(centre, stranger, "petr")


def test_what_was_posted_stays_and_the_way_back_is_another_entry(
    centre: Centre, anna: Person, clock: SetClock
) -> None:
    before = balance(centre, anna.account)
    service.wish(centre, wish(anna, 50_00))
    clock.go(minutes=1)

    service.wish(centre, wish(anna, -50_00))

    assert balance(centre, anna.account) == before
    made = service.look(centre, Sought(member=anna.member), 9)
    assert [one.points for one in made] == [-50_00, 50_00]
    sums = service.look(centre, Sought(member=anna.member, order="points"), 9)
    assert [one.points for one in sums] == [-50_00, 50_00]
    turned = service.look(centre, Sought(text="двойн", order="-points"), 1)
    assert [one.points for one in turned] == [50_00]
    assert service.count(centre, Sought(state=CorrectionState.WAITING)) == 0


def test_a_form_that_is_sent_twice_is_one_correction_and_another_one_is_another(
    centre: Centre, anna: Person
) -> None:
    before = balance(centre, anna.account)

    first, again = (service.wish(centre, wish(anna, 7_00, once="a form")) for _ in range(2))
    other = service.wish(centre, wish(anna, 8_00, once="a form"))
    later = service.wish(centre, wish(anna, 7_00, once="another form"))

    assert first == again
    assert len({first.uid, other.uid, later.uid}) == 3
    assert balance(centre, anna.account) == before + 22_00
