"""Asks for one receipt: given once, topped up, called back from others, and ended for ever."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from central.agents import store as agents
from central.agents.service import FencedAgentError
from central.centre import Centre
from central.counted import ASKS
from central.leases.service import (
    AskEndedError,
    OtherAskError,
    UnknownAccountError,
)
from shared.ledger.books import Lease
from shared.runtime.sqlite import transaction
from shared.wire.feed import store_stream
from shared.wire.rows import LeaseRow
from tests.central.app.kit import SetClock
from tests.central.chain_kit import books, rows
from tests.central.journal_builder import Journal, Person


def _member(journal: Journal, points: int = 100_00, **more: object) -> tuple[Person, UUID]:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[points], kept=0, **more)  # type: ignore[arg-type]
    journal.push()
    return person, sold.lots[0]


def _lease(centre: Centre, person: Person, lot: UUID, journal: Journal) -> Lease:
    found = books(centre, person.account)
    return found.leases.get((lot, journal.agent, 1), Lease(lot, person.account, journal.agent, 1))


def test_an_ask_is_given_from_the_free_rest(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, lot = _member(journal)

    _, answer = other.ask(person.account, 30_00)

    assert (answer.missing, answer.recalling) == (0, 0)
    assert [(one.lot, one.granted, one.given) for one in answer.raised] == [(lot, 30_00, 30_00)]
    told = [row for row in rows(centre, store_stream("102")).values() if isinstance(row, LeaseRow)]
    assert [(row.lot, row.granted) for row in told] == [(lot, 30_00)]


def test_an_ask_that_comes_again_is_given_once(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, lot = _member(journal)
    request, first = other.ask(person.account, 30_00)

    for _ in range(3):
        assert other.ask(person.account, 30_00, request.ask)[1] == first

    assert _lease(centre, person, lot, other).granted == 30_00


def test_lots_are_given_in_the_order_in_which_they_are_spent(
    journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    day = journal.day
    late = journal.sell(person, earn=[100_00], kept=0, expires_on=day + timedelta(days=9)).lots[0]
    soon = journal.sell(person, earn=[10_00], kept=0, expires_on=day + timedelta(days=1)).lots[0]
    over = journal.sell(person, earn=[10_00], kept=0, expires_on=day - timedelta(days=1)).lots[0]
    tomorrow = journal.clock.now() + timedelta(days=1)
    pending = journal.sell(person, earn=[10_00], kept=0, activates_at=tomorrow).lots[0]
    journal.push()

    _, answer = other.ask(person.account, 20_00)

    given = {one.lot: one.given for one in answer.raised}
    assert given == {soon: 4_00, late: 16_00}
    assert over not in given
    assert pending not in given


def test_lots_that_the_receipt_names_come_first_and_none_of_another_wallet(
    journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    plain, gift = (
        journal.sell(person, earn=[10_00, 10_00], kept=0, wallet=wallet).lots
        for wallet in ("bonus", "gift")
    )
    journal.push()
    wishes = [(gift[1], 3_00), (gift[0], 2_00)]

    request, answer = other.ask(person.account, 5_00, lots=wishes)
    assert {one.lot: one.given for one in answer.raised} == dict(wishes)
    assert other.ask(person.account, 5_00, request.ask, wishes)[1] == answer

    _, more = other.ask(person.account, 20_00, lots=[(gift[0], 20_00)])
    assert {one.lot for one in more.raised} == set(gift)
    assert sum(one.given for one in more.raised) + more.missing == 20_00
    assert more.missing > 0, "the usual store has the rest"

    _, spent = other.ask(person.account, 5_00, lots=[(UUID(int=5), 5_00)])
    assert {one.lot for one in spent.raised} <= set(plain), "a lot that is gone names no wallet"


def test_what_is_missing_is_asked_back_from_holders_that_are_online(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, lot = _member(journal)

    request, answer = other.ask(person.account, 90_00)

    assert (answer.missing, answer.recalling) == (50_00, 50_00)
    (row,) = [
        row for row in rows(centre, store_stream("101")).values() if isinstance(row, LeaseRow)
    ]
    assert (row.lot, row.wanted_back) == (lot, 50_00)
    assert other.ask(person.account, 90_00, request.ask)[1] == answer

    journal.give_back(person.account, (lot, 50_00))
    journal.push()
    _, answer = other.ask(person.account, 90_00, request.ask)

    assert (answer.missing, answer.recalling) == (0, 0)
    assert [(one.granted, one.given) for one in answer.raised] == [(90_00, 90_00)]
    assert _lease(centre, person, lot, journal).left == 10_00
    assert centre.counts.of(ASKS) == {("recalling",): 2, ("full",): 1}, "one ask, in full"


def test_no_more_is_asked_back_than_is_missing(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    journal.sell(person, earn=[100_00, 100_00], kept=0)
    journal.push()

    _, answer = other.ask(person.account, 100_00)

    assert (answer.missing, answer.recalling) == (20_00, 20_00)
    wanted = [lease.wanted_back for lease in books(centre, person.account).leases.values()]
    assert sum(wanted) == 20_00


def test_what_comes_back_for_an_ask_is_not_leased_away_by_a_sale_in_between(
    journal: Journal, other: Journal
) -> None:
    person, lot = _member(journal)
    request, _ = other.ask(person.account, 90_00)
    journal.give_back(person.account, (lot, 50_00))
    journal.sell(person)
    journal.push()

    assert other.ask(person.account, 90_00, request.ask)[1].missing == 0


def test_a_holder_that_is_silent_is_not_asked(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    person, lot = _member(journal)
    clock.go(seconds=11)

    _, answer = other.ask(person.account, 90_00)

    assert (answer.missing, answer.recalling) == (50_00, 0)
    assert centre.counts.of(ASKS) == {("part",): 1}
    assert _lease(centre, person, lot, journal).wanted_back == 0


def test_an_ended_ask_gets_nothing(centre: Centre, journal: Journal, other: Journal) -> None:
    person, lot = _member(journal)
    request, _ = other.ask(person.account, 10_00)
    other.note_ask(request)
    other.cancel(person.account, [request.ask], (lot, 10_00))
    other.push()

    with pytest.raises(AskEndedError):
        other.ask(person.account, 10_00, request.ask)

    assert _lease(centre, person, lot, other).left == 0


def test_an_end_that_overtakes_its_ask_refuses_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Else the release comes first, the lease after it, and nobody ever gives it back."""
    person, lot = _member(journal)
    late = UUID(int=77)
    other.cancel(person.account, [late])
    other.push()

    with pytest.raises(AskEndedError):
        other.ask(person.account, 10_00, late)

    assert _lease(centre, person, lot, other).granted == 0


def test_a_sale_ends_its_ask_even_if_it_is_quarantined(journal: Journal, other: Journal) -> None:
    person, _ = _member(journal)
    request, _ = other.ask(person.account, 10_00)
    other.sell(person, spend=[(UUID(int=9), 1_00)], ends=[request.ask])
    assert other.push().outcomes[-1].kind == "quarantined"

    with pytest.raises(AskEndedError):
        other.ask(person.account, 10_00, request.ask)


def test_an_ask_told_by_the_journal_first_is_the_same_ask(journal: Journal, other: Journal) -> None:
    person, lot = _member(journal)
    request, first = other.ask(person.account, 10_00)
    other.note_ask(msgspec.structs.replace(request, ask=UUID(int=55)))
    other.note_ask(request)
    other.push()

    assert other.ask(person.account, 10_00, request.ask)[1] == first
    assert [one.lot for one in other.ask(person.account, 5_00, UUID(int=55))[1].raised] == [lot]


def test_an_id_asks_for_one_thing(journal: Journal, other: Journal) -> None:
    person, _ = _member(journal)
    request, _ = other.ask(person.account, 10_00)

    with pytest.raises(OtherAskError):
        journal.ask(person.account, 10_00, request.ask)
    with pytest.raises(OtherAskError):
        other.ask(person.account, 0)
    with pytest.raises(UnknownAccountError):
        other.ask(UUID(int=5), 10_00)


def test_a_smaller_repetition_takes_nothing_away(journal: Journal, other: Journal) -> None:
    person, _ = _member(journal)
    request, first = other.ask(person.account, 30_00)

    _, again = other.ask(person.account, 10_00, request.ask)

    assert (again.raised, again.missing) == (first.raised, 0)


def test_asks_never_give_more_than_there_is(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, lot = _member(journal, points=10_00)
    for _ in range(5):
        other.ask(person.account, 7_00)
        journal.ask(person.account, 7_00)

    found = books(centre, person.account)
    assert sum(lease.left for lease in found.leases_of(lot)) + found.lot(lot).free == 10_00


def test_a_replaced_agent_gets_nothing(centre: Centre, journal: Journal, other: Journal) -> None:
    person, _ = _member(journal)
    with transaction(centre.engine) as connection:
        agents.fence(connection, "102", journal.clock.now())

    with pytest.raises(FencedAgentError):
        other.ask(person.account, 10_00)


def test_a_past_epoch_gets_nothing(journal: Journal, other: Journal) -> None:
    person, _ = _member(journal)
    past = replace(other, epoch=2)

    with pytest.raises(FencedAgentError):
        past.ask(person.account, 10_00)
