"""One good pass an account: of the programme's cap, a counter that only grows, given again."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from central.centre import Centre
from central.ledger import service as ledger
from central.packs.service import publish
from central.passes.service import (
    BadPassError,
    Issued,
    NoIssuerError,
    NoMemberAccountError,
    NoPassesError,
    NothingToPassError,
    PassNotOverError,
    PassOrder,
    Renewal,
    fullest,
    issue,
    look,
)
from shared.ledger.books import Books
from shared.runtime.sqlite import transaction
from shared.wire.facts import PassUse
from shared.wire.feed import GLOBAL
from shared.wire.passes import FIRST_MINUTE, MINUTE, Pass, read
from shared.wire.rows import AccountRow
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, dump, rows
from tests.central.journal_builder import Journal, Person, Sold

CAP = 50_00
TERMS = """policies:
  offline_redemption: signed_pass
  offline_pass_points: 50.00
  offline_pass_days: 7
"""


def passing(centre: Centre) -> None:
    publish(centre, wine_text().replace("policies:\n", TERMS))


def earned(journal: Journal, points: int = 100_00, kept: int = 0) -> tuple[Person, Sold]:
    """Register Anna with points, of which her store keeps some."""
    person, _ = journal.register()
    sold = journal.sell(person, earn=[points], kept=kept)
    journal.push()
    return person, sold


@pytest.fixture
def anna(centre: Centre, journal: Journal) -> Person:
    """A member with 100 points, under a programme of passes."""
    passing(centre)
    return earned(journal)[0]


def given_to(centre: Centre, who: Person, **more: object) -> Issued:
    order = replace(PassOrder(who.account, "Ольга"), **more)  # type: ignore[arg-type]
    return issue(centre, order, centre.clock.now())


def over(centre: Centre, who: Person) -> int:
    """Return up to which counter stores hear that an account's passes are over."""
    (row,) = [
        row
        for row in rows(centre, GLOBAL).values()
        if isinstance(row, AccountRow) and row.id == who.account
    ]
    return row.passes_over


def test_a_pass_is_signed_by_the_pack_key_and_says_the_programmes_terms(
    centre: Centre, anna: Person, clock: SetClock
) -> None:
    """It is over at a whole minute, as its code says."""
    noon = clock.now()
    clock.go(seconds=59)

    done = given_to(centre, anna)

    assert read(done.code, [centre.keys.pack.public]) == done.granted
    assert (done.granted.account, done.granted.points) == (anna.account, CAP)
    assert done.granted.ends_at == noon + timedelta(days=7)
    assert done.is_new


def test_the_good_one_is_given_again(centre: Centre, anna: Person, clock: SetClock) -> None:
    first = given_to(centre, anna)
    before = dump(centre)
    clock.go(days=6)

    again = given_to(centre, anna, points=10_00)

    assert (again.code, again.is_new) == (first.code, False)
    assert dump(centre) == before


def test_a_new_one_comes_when_its_time_is_over_and_ends_it(
    centre: Centre, anna: Person, clock: SetClock
) -> None:
    first = given_to(centre, anna).granted
    assert over(centre, anna) < first.counter
    clock.go(days=7)

    second = given_to(centre, anna).granted

    assert second.counter > first.counter
    assert first.counter <= over(centre, anna) < second.counter


def test_it_is_replaced_before_that_on_demand(centre: Centre, anna: Person) -> None:
    first = given_to(centre, anna).granted

    second = given_to(centre, anna, renewal=Renewal.REPLACE)

    assert second.is_new
    assert second.granted.counter == first.counter + 1
    assert over(centre, anna) == first.counter


def test_one_that_was_used_is_not_followed_before_its_time_but_on_demand(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    """A store without a line may still take the used one: two at once would be twice the bound."""
    passing(centre)
    anna, sold = earned(journal)
    used = given_to(centre, anna).granted
    use = PassUse(anna.account, used.counter, 20_00)
    journal.sell(anna, spend=[(sold.lots[0], 20_00)], by_pass=use)
    journal.push()

    with pytest.raises(PassNotOverError) as refused:
        given_to(centre, anna)
    anew = given_to(centre, anna, renewal=Renewal.REPLACE)
    clock.go(days=7)

    assert "08.03.2026 12:00 UTC" in refused.value.sentence("ru")
    assert anew.granted.counter > used.counter
    assert given_to(centre, anna).is_new


def test_a_pass_is_of_no_more_than_the_account_has(centre: Centre, journal: Journal) -> None:
    passing(centre)
    anna, sold = earned(journal, 60_00)
    journal.sell(anna, spend=[(sold.lots[0], 35_00)])
    journal.push()

    assert given_to(centre, anna).granted.points == balance(centre, anna.account) == 25_00


def test_what_the_member_owes_is_not_his(centre: Centre, journal: Journal, other: Journal) -> None:
    """Two stores spend 100 and 20 of 100: nothing is left, and 20 are owed."""
    passing(centre)
    anna, sold = earned(journal)
    for store, points in ((journal, 100_00), (other, 20_00)):
        store.sell(anna, spend=[(sold.lots[0], points)])
        store.push()

    with pytest.raises(NothingToPassError) as refused:
        given_to(centre, anna)

    assert refused.value.details["debt"] == "20,00"


def test_less_than_the_cap_may_be_asked_for(centre: Centre, anna: Person) -> None:
    assert given_to(centre, anna, points=10_00).granted.points == 10_00


@pytest.mark.parametrize("points", [0, -1, CAP + 1])
def test_more_than_the_cap_may_not(centre: Centre, anna: Person, points: int) -> None:
    before = dump(centre)

    with pytest.raises(BadPassError):
        given_to(centre, anna, points=points)

    assert dump(centre) == before


@pytest.mark.parametrize("actor", ["", "  ", "я" * 201])
def test_somebody_issues_it(centre: Centre, anna: Person, actor: str) -> None:
    with pytest.raises(NoIssuerError):
        given_to(centre, anna, actor=actor)


@pytest.mark.parametrize("text", ["", "policies:\n  offline_redemption: forbid\n"])
def test_a_programme_without_passes_issues_none(
    centre: Centre, journal: Journal, text: str
) -> None:
    anna, _ = earned(journal)
    if text:
        publish(centre, wine_text().replace("policies:\n", text))

    with pytest.raises(NoPassesError):
        given_to(centre, anna)


def test_nobody_s_account_gets_none(centre: Centre, anna: Person) -> None:
    nobody = replace(anna, account=UUID(int=5))

    with pytest.raises(NoMemberAccountError):
        given_to(centre, nobody)


def test_a_certificate_gets_none(centre: Centre, anna: Person) -> None:
    card = UUID(int=6)
    with transaction(centre.engine) as connection:
        books = Books()
        books.open_bearer(card, centre.clock.now())
        ledger.save(connection, books)

    with pytest.raises(NoMemberAccountError):
        given_to(centre, replace(anna, account=card))


def test_points_whose_last_day_is_over_are_not_there(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    passing(centre)
    anna, _ = journal.register()
    journal.sell(anna, earn=[40_00], expires_on=journal.day)
    journal.push()
    on_the_day = given_to(centre, anna).granted.points
    clock.go(days=1)

    with pytest.raises(NothingToPassError):
        given_to(centre, anna, renewal=Renewal.REPLACE)

    assert on_the_day == 40_00


def test_the_fullest_account_is_meant(centre: Centre, anna: Person, journal: Journal) -> None:
    boris, _ = journal.register(name="Борис", phone="+79160000011")
    journal.push()

    accounts = [boris.account, anna.account]
    assert fullest(centre, accounts, centre.clock.now()) == anna.account


def test_who_issued_what_is_kept(centre: Centre, anna: Person) -> None:
    done = given_to(centre, anna).granted

    ((kept, uses),) = look(centre, anna.account)

    assert (kept.counter, kept.points, kept.actor, uses) == (done.counter, CAP, "Ольга", [])


def test_a_centre_that_forgot_passes_counts_above_them(
    centre: Centre, anna: Person, clock: SetClock
) -> None:
    """As after a restore: a minute later the counter is above those of before."""
    forgotten = given_to(centre, anna).granted
    with centre.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM signed_pass")
        connection.exec_driver_sql("UPDATE account SET passes_over = 0")
    clock.go(seconds=60)

    assert given_to(centre, anna).granted.counter > forgotten.counter


_STEPS = some.lists(
    some.tuples(some.sampled_from(["issue", "anew", "use"]), some.integers(0, 12 * 24)),
    max_size=12,
)


@given(_STEPS)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_counters_grow_and_unasked_no_two_passes_are_good_at_once(
    centre: Centre, journal: Journal, clock: SetClock, steps: list[tuple[str, int]]
) -> None:
    passing(centre)
    anna, _ = journal.register(phone="", name=f"Анна {journal.new_id()}")
    lot = journal.sell(anna, earn=[10_000_00], kept=0).lots[0]
    journal.push_new()
    passes: list[Pass] = []
    for what, hours in steps:
        clock.go(hours=hours / 6)
        at = clock.now()
        if what == "use":
            for one in passes[-1:]:
                use = PassUse(anna.account, one.counter, 1_00)
                journal.sell(anna, spend=[(lot, 1_00)], by_pass=use)
                journal.push_new()
            continue
        renewal = Renewal.REPLACE if what == "anew" else Renewal.GIVE_AGAIN
        try:
            done = given_to(centre, anna, renewal=renewal)
        except PassNotOverError:
            assert passes[-1].ends_at > at
            continue
        if done.is_new and renewal is Renewal.GIVE_AGAIN:
            assert all(one.ends_at <= at for one in passes[-1:])
        if done.is_new:
            assert all(done.granted.counter > one.counter for one in passes)
            passes.append(done.granted)
        assert done.granted == passes[-1]
        assert done.granted.counter > over(centre, anna)
        assert (done.granted.ends_at - FIRST_MINUTE) % MINUTE == timedelta(0)
