"""Sales that have drawn by a pass: each use is known; one of another sale is a conflict."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from msgspec.structs import replace

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Conflict, ConflictKind, Ending, Role
from central.ingest import service as ingest
from central.passes.service import look
from central.settling import service as settling
from shared.points import format_points
from shared.wire.facts import Envelope, FactKind, LeaseGivenBack, PassUse, seal
from tests.central.chain_kit import balance, books, conflicts, kinds
from tests.central.journal_builder import Journal, Person, Sold
from tests.central.passes.test_issuing import earned, given_to, over, passing

CAP = 50_00


@dataclass(frozen=True)
class Shown:
    """A member with 60 points of one lot, and the counter of her pass of 50."""

    who: Person
    lot: UUID
    counter: int


@pytest.fixture
def anna(centre: Centre, journal: Journal) -> Shown:
    passing(centre)
    who, sold = earned(journal, 60_00)
    return Shown(who, sold.lots[0], given_to(centre, who).granted.counter)


def draw(store: Journal, anna: Shown, points: int = CAP, counter: int = 0) -> Sold:
    use = PassUse(anna.who.account, counter or anna.counter, points)
    return store.sell(anna.who, spend=[(anna.lot, points)], by_pass=use)


def uses(centre: Centre, anna: Shown) -> list[tuple[str, int]]:
    return sorted(
        (use.store, use.points) for _, several in look(centre, anna.who.account) for use in several
    )


def free(centre: Centre, anna: Shown) -> int:
    """Return what no store has leased of her lot."""
    return books(centre, anna.who.account).lots[anna.lot].free


def debt(centre: Centre, anna: Shown) -> int:
    return books(centre, anna.who.account).accounts[anna.who.account].debt


def only(centre: Centre) -> Conflict:
    (found,) = conflicts(centre)
    return found


def test_a_use_takes_the_free_rest_and_ends_the_pass_for_all_stores(
    centre: Centre, journal: Journal, anna: Shown
) -> None:
    draw(journal, anna, 20_00)
    outcomes = journal.push_new()

    assert kinds(outcomes)[-1] == "accepted"
    assert (balance(centre, anna.who.account), debt(centre, anna)) == (40_00, 0)
    assert uses(centre, anna) == [("101", 20_00)]
    assert over(centre, anna.who) == anna.counter
    assert conflicts(centre) == []


def test_two_stores_draw_by_one_pass_one_record_and_the_rest_is_debt(
    centre: Centre, journal: Journal, other: Journal, anna: Shown
) -> None:
    """50 and 50 of 60: both stand. 101 has leased some of the 10 that it left; what 102 does not
    find free is owed."""
    draw(journal, anna)
    journal.push_new()
    left = free(centre, anna)
    sold = draw(other, anna)
    outcomes = other.push_new()

    assert kinds(outcomes) == ["adjusted"]
    assert (balance(centre, anna.who.account), debt(centre, anna)) == (10_00 - left, CAP - left)
    assert uses(centre, anna) == [("101", CAP), ("102", CAP)]
    found = only(centre)
    assert (found.kind, found.points) == (ConflictKind.PASS_USED_TWICE, CAP)
    assert found.named(Role.STORE) == ("101", "102")
    assert set(found.ids(Role.FACT)) == {journal.facts[-1].id, other.facts[-1].id}
    assert found.ids(Role.DOCUMENT) == (sold.uid,)
    assert "магазин 102 списал 50,00 бонусов" in found.sentence.ru
    owed = format_points(CAP - left)
    assert (
        f"по нему уже списывали в 101. Чек действителен; долгом стало {owed}." in found.sentence.ru
    )


def test_a_second_use_that_the_points_cover_is_a_record_without_debt(
    centre: Centre, journal: Journal, other: Journal, anna: Shown
) -> None:
    draw(journal, anna, 2_00)
    journal.push_new()
    draw(other, anna, free(centre, anna))
    other.push_new()

    assert (only(centre).kind, debt(centre, anna)) == (ConflictKind.PASS_USED_TWICE, 0)
    assert "долгом стало 0,00" in only(centre).sentence.ru


def test_a_batch_that_is_sent_again_is_no_second_use(
    centre: Centre, journal: Journal, anna: Shown
) -> None:
    draw(journal, anna)
    for _ in range(2):
        journal.push()

    assert uses(centre, anna) == [("101", CAP)]
    assert conflicts(centre) == []


def test_a_use_of_the_next_pass_is_none_of_the_one_before(
    centre: Centre, journal: Journal, other: Journal, anna: Shown
) -> None:
    draw(journal, anna, 10_00)
    draw(other, anna, 10_00, counter=anna.counter + 1)
    journal.push_new()
    other.push_new()

    assert conflicts(centre) == []
    assert over(centre, anna.who) == anna.counter + 1


@pytest.mark.parametrize("order", ["unread first", "unread last"])
def test_a_use_whose_body_cannot_be_read_is_a_use(
    centre: Centre, journal: Journal, other: Journal, anna: Shown, order: str
) -> None:
    """What it drew is kept aside; by its envelope the pass is over, and another use is told."""
    bad, good = (journal, other) if order == "unread first" else (other, journal)
    draw(bad, anna, 10_00)
    bad.facts[-1] = seal(replace(bad.facts[-1], body=b"?"))
    draw(good, anna, 10_00)
    outcomes = {store.store: kinds(store.push_new())[-1] for store in (journal, other)}

    assert outcomes == {bad.store: "quarantined", good.store: "accepted"}
    assert over(centre, anna.who) == anna.counter
    assert uses(centre, anna) == [("101", 10_00), ("102", 10_00)]
    assert books(centre, anna.who.account).lots[anna.lot].held == 10_00
    told = sorted(one.kind for one in conflicts(centre))
    assert told == [ConflictKind.PASS_USED_TWICE, ConflictKind.QUARANTINED]


def test_a_person_ends_a_use_that_cannot_be_read_and_it_stays_a_use(
    centre: Centre, journal: Journal, anna: Shown
) -> None:
    draw(journal, anna, 30_00)
    journal.facts[-1] = seal(replace(journal.facts[-1], body=b"?"))
    journal.push_new()

    settling.correct(centre, only(centre).id, Word("Ольга", "по ленте"), Ending.SPENT)

    assert (balance(centre, anna.who.account), debt(centre, anna)) == (30_00, 0)
    assert uses(centre, anna) == [("101", 30_00)]


def test_a_use_that_waits_is_known_at_once_and_told_once(
    centre: Centre, journal: Journal, other: Journal, anna: Shown
) -> None:
    """102 draws of what a sale of 101 brings, which has not come yet."""
    lot = journal.sell(anna.who, earn=[40_00], kept=0).lots[0]
    draw(journal, anna, 10_00)
    use = PassUse(anna.who.account, anna.counter, 15_00)
    other.sell(anna.who, spend=[(lot, 15_00)], by_pass=use)

    assert kinds(other.push_new()) == ["quarantined"]
    assert over(centre, anna.who) == anna.counter
    journal.push_new()
    ingest.readmit(centre, centre.clock.now())

    assert uses(centre, anna) == [("101", 10_00), ("102", 15_00)]
    twice = [one for one in conflicts(centre) if one.kind is ConflictKind.PASS_USED_TWICE]
    assert len(twice) == 1


def test_a_debt_by_a_pass_may_be_let_go(
    centre: Centre, journal: Journal, other: Journal, anna: Shown
) -> None:
    for store in (journal, other):
        draw(store, anna)
        store.push_new()

    settling.undo(centre, only(centre).id, Word("Ольга", "постоянный покупатель"))

    assert debt(centre, anna) == 0


def test_a_copied_disk_that_draws_by_the_pass_again_is_told_of(
    centre: Centre, journal: Journal, anna: Shown
) -> None:
    twin = journal.twin()
    draw(journal, anna, 30_00)
    draw(twin, anna, 30_00)
    journal.push_new()
    twin.push_new()

    told = sorted(one.kind for one in conflicts(centre))
    assert told == [ConflictKind.FORKED, ConflictKind.PASS_USED_TWICE]


def test_a_debt_of_which_two_records_tell_is_let_go_once(
    centre: Centre, journal: Journal, anna: Shown
) -> None:
    """A copied disk has drawn 50 by the pass once more: that is a branch, and a second use."""
    twin = journal.twin()
    draw(journal, anna)
    draw(twin, anna)
    journal.push_new()
    twin.push_new()
    before = balance(centre, anna.who.account)
    one, another = conflicts(centre)

    settling.undo(centre, one.id, Word("Ольга", "постоянный покупатель"))
    with pytest.raises(settling.ForgivenBeforeError):
        settling.undo(centre, another.id, Word("Пётр", "постоянный покупатель"))

    assert (balance(centre, anna.who.account), debt(centre, anna)) == (before, 0)


@pytest.mark.parametrize(
    ("points", "counter", "drawn"),
    [(0, 3, 10_00), (-1, 3, 10_00), (11_00, 3, 10_00), (5_00, 0, 10_00), (5_00, 2**63, 10_00)],
)
def test_an_envelope_with_a_senseless_pass_is_set_aside_and_uses_none(
    centre: Centre, journal: Journal, anna: Shown, points: int, counter: int, drawn: int
) -> None:
    use = PassUse(anna.who.account, counter, points)
    journal.sell(anna.who, spend=[(anna.lot, drawn)], by_pass=use)

    assert kinds(journal.push_new())[-1] == "quarantined"
    assert uses(centre, anna) == []


def test_only_a_sale_draws_by_a_pass(centre: Centre, journal: Journal, anna: Shown) -> None:
    moves = (journal.move(anna.lot, anna.who.account, drawn=10_00),)
    use = PassUse(anna.who.account, anna.counter, 10_00)
    body = LeaseGivenBack("recalled", centre.clock.now())
    journal.append(FactKind.LEASE_GIVEN_BACK, body, Envelope(moves, by_pass=use))

    assert kinds(journal.push_new())[-1] == "quarantined"
