"""What a person gets once is posted once, whichever store tells of it and in whatever order."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from central.centre import Centre
from shared.member import Use
from shared.rules.result import RuleUse
from shared.wire.facts import Envelope, decode_envelope
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, MemberRow
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, books, kinds, rows
from tests.central.journal_builder import NOON, Journal, make_centre, make_journal
from tests.databases import Databases


@pytest.mark.edge("E70")
@pytest.mark.capability("WINE-32")
@pytest.mark.parametrize("here_first", [True, False])
def test_two_stores_that_registered_one_person_leave_one_welcome(
    centre: Centre, journal: Journal, other: Journal, here_first: bool
) -> None:
    anna, _ = journal.register(welcome=300_00)
    twin, _ = other.register(welcome=300_00)
    first, second = (journal, other) if here_first else (other, journal)

    assert kinds(first.push().outcomes) == ["accepted"]
    (again,) = second.push().outcomes

    assert (again.kind.value, again.reason) == ("adjusted", "merged")
    assert balance(centre, anna.account) + balance(centre, twin.account) == 300_00
    assert balance(centre, (anna if here_first else twin).account) == 300_00


def test_a_registration_sent_twice_welcomes_once(centre: Centre, journal: Journal) -> None:
    anna, _ = journal.register(welcome=300_00)
    journal.push()

    journal.push()

    assert balance(centre, anna.account) == 300_00
    assert len(books(centre, anna.account).lots_of(anna.account)) == 1


def test_spouses_on_one_phone_are_both_registered_and_welcomed_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    wife, _ = journal.register(name="Анна Петрова", welcome=300_00)
    husband, _ = other.register(name="Иван Петров", welcome=300_00)
    journal.push()

    (outcome,) = other.push().outcomes

    assert (outcome.kind.value, outcome.reason) == ("adjusted", "granted_before")
    assert (balance(centre, wife.account), balance(centre, husband.account)) == (300_00, 0)


def test_stores_hear_what_the_person_had_who_he_is_and_who_brought_him(
    centre: Centre, journal: Journal
) -> None:
    plumber, _ = journal.register(name="Пётр Ильин", phone="+79160000000")
    anna, _ = journal.register(welcome=300_00, referrer=plumber.member, birthday=date(1990, 2, 28))
    journal.push()

    told = rows(centre, GLOBAL).values()
    (account,) = (r for r in told if isinstance(r, AccountRow) and r.id == anna.account)
    (member,) = (r for r in told if isinstance(r, MemberRow) and r.id == anna.member)
    assert account.history.once == (journal.once(anna),)
    assert member.person == journal.view(anna).person
    assert (member.referrer, member.birthday) == (plumber.member, date(1990, 2, 28))


@pytest.mark.parametrize(
    "wrong", [{"kept": 1}, {"lot": UUID(int=5)}], ids=["kept by a store", "another lot"]
)
def test_a_welcome_that_another_store_could_not_make_is_quarantined(
    centre: Centre, journal: Journal, wrong: dict[str, object]
) -> None:
    journal.register(welcome=300_00, **wrong)  # type: ignore[arg-type]

    (outcome,) = journal.push().outcomes

    assert (outcome.kind.value, outcome.reason) == ("quarantined", "once_senseless")
    assert [row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)] == []


@pytest.mark.capability("PLUMB-40")
@pytest.mark.edge("E55")
def test_who_brought_the_buyer_is_granted_and_loses_it_with_the_return(
    centre: Centre, journal: Journal
) -> None:
    plumber, _ = journal.register(name="Пётр Ильин", phone="+79160000000")
    anna, _ = journal.register(referrer=plumber.member)
    sold = journal.sell(anna, earn=[20_00], kept=0, friend=plumber)
    assert kinds(journal.push().outcomes) == ["accepted"] * 3
    assert (balance(centre, plumber.account), balance(centre, anna.account)) == (20_00, 0)

    journal.take_back(sold, taken=[(sold.lots[0], 5_00)], turnover=60_00)

    assert kinds(journal.push().outcomes)[-1:] == ["accepted"]
    assert balance(centre, plumber.account) == 15_00
    (days,) = {account.history.days for account in books(centre, anna.account).accounts.values()}
    assert [(day.turnover_minor, day.points) for day in days] == [(40_00, 0)]


def test_a_grant_to_an_account_that_is_not_known_is_left_out_and_said(
    centre: Centre, journal: Journal
) -> None:
    anna, _ = journal.register()
    nobody = replace(anna, account=UUID(int=99))
    journal.sell(anna, earn=[20_00], kept=0, friend=nobody)

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind.value, outcome.reason) == ("adjusted", "unknown_account")
    assert balance(centre, anna.account) == 0


def test_a_sale_grants_to_nobody_but_the_buyer_and_who_brought_him(journal: Journal) -> None:
    plumber, _ = journal.register(name="Пётр Ильин", phone="+79160000000")
    anna, _ = journal.register()
    sold = journal.sell(anna, earn=[20_00], kept=0, friend=plumber)
    view = journal.view(anna)
    journal.facts.pop()
    body = structs.replace(sold.body, member=view)

    journal.append(sold.fact.kind, body, decode_envelope(sold.fact.envelope))

    assert journal.push().outcomes[-1].reason == "grant_to_another"


def test_uses_of_limited_rules_are_counted_for_every_store(
    centre: Centre, journal: Journal
) -> None:
    anna, _ = journal.register()
    sold = journal.sell(anna)
    journal.facts.pop()
    served = replace(sold.body.evaluation, uses=(RuleUse("a", 5_00),))
    for _ in range(2):
        receipt = replace(sold.body.receipt, uid=journal.new_id())
        body = structs.replace(sold.body, evaluation=served, receipt=receipt)
        journal.append(sold.fact.kind, body, Envelope())

    journal.push()

    (account,) = books(centre, anna.account).accounts.values()
    assert account.history.uses == (Use("a", journal.day, 2, 10_00),)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(order=st.permutations(range(4)), repeats=st.lists(st.integers(0, 3), max_size=4))
def test_a_person_is_welcomed_once_whatever_the_order_of_four_stores(
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
    order: list[int],
    repeats: list[int],
) -> None:
    clock = SetClock(NOON)
    centre = make_centre(databases.fresh(tmp_path_factory.mktemp("once") / "central.db"), clock)
    journals = [make_journal(centre, clock, str(101 + number)) for number in range(4)]
    people = [one.register(welcome=300_00)[0] for one in journals]

    for number in [*order, *repeats]:
        journals[number].push()

    accounts = [person.account for person in people]
    assert sum(balance(centre, account) for account in accounts) == 300_00
    assert balance(centre, people[order[0]].account) == 300_00
    (owner,) = {account.member for account in books(centre, *accounts).accounts.values()}
    assert owner == people[order[0]].member
    centre.engine.dispose()


def test_a_sale_does_not_grant_again_what_another_account_has(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Nothing in the husband's sale leads to his wife's account: one thing stands for both lots."""
    wife, _ = journal.register(name="Анна Петрова", welcome=300_00)
    husband, _ = other.register(name="Иван Петров")
    journal.push()
    other.push()
    other.sell(husband, earn=[300_00], kept=0, kind="welcome", lots=[other.welcome(husband)])

    outcome = other.push(2).outcomes[-1]

    assert (outcome.kind.value, outcome.reason) == ("adjusted", "granted_before")
    assert (balance(centre, wife.account), balance(centre, husband.account)) == (300_00, 0)
