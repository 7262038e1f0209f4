"""What a programme lets a store redeem offline: nothing, its leases, or more up to caps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from agent.commit.service import Sale, commit
from agent.journal import store as journal
from agent.leases import beyond
from agent.leases.standing import standing
from agent.members.service import Registration, register
from agent.quote.lines import Item
from agent.quote.service import Quote, quote
from agent.quote.shortage import OfflineForbiddenError, OfflineLimitError, OverLeaseError
from agent.reserve import service as reserving
from agent.reserve.store import Claim
from shared.receipt import Redeem, Tender, TenderKind
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LeaseAnswer
from shared.wire.feed import GLOBAL
from shared.wire.push import Outcome, OutcomeKind
from shared.wire.rows import AccountRow, Holding
from tests.agent.kit import claim, drawn, facts, lot_seen, order_of, paid, seen, sell
from tests.builders import CHEESE, Person, PersonLot, Shop, basket, pack_row, wine_text

RECEIPT, MEMBER, STORE_CAP = 20_000, 30_000, 45_000
LIMIT = """policies:
  offline_redemption: limit
  offline_receipt_points: 200.00
  offline_member_points: 300.00
  offline_store_points: 450.00
"""
FORBID = "policies:\n  offline_redemption: forbid\n"
MUCH = (Item(1, 9000, CHEESE),)
"""Half of it may be paid with points: 4 500.00."""


def under(shop: Shop, policies: str, text: str = "") -> Shop:
    """Let the shop work by the wine pack with other policies, and cut its line."""
    shop.drop_packs()
    shop.feed(GLOBAL, pack_row((text or wine_text()).replace("policies:\n", policies)))
    shop.link.up = False
    return shop


@pytest.fixture
def limited(shop: Shop) -> Shop:
    return under(shop, LIMIT)


@pytest.fixture
def lot() -> PersonLot:
    return PersonLot(100_000, leased=10_000, elsewhere=[Holding("102", 50_000)])


@pytest.fixture
def anna(shop: Shop, lot: PersonLot) -> Person:
    person = Person(lot)
    shop.member(person)
    return person


def asked(shop: Shop, who: Person, points: int = 0) -> Quote:
    how = Redeem.EXACT if points else Redeem.MAXIMUM
    wanted = basket(shop, *MUCH, member=who, redeem=how, points=points)
    return quote(shop.station, wanted, shop.clock.now())


def most(shop: Shop, who: Person) -> int:
    """Return what a receipt may redeem here now, as a quote without redemption tells."""
    wanted = basket(shop, *MUCH, member=who)
    return quote(shop.station, wanted, shop.clock.now()).evaluation.redemption.maximum


def own(shop: Shop, who: Person) -> int:
    """Return what the store may spend by leases alone, of its own sales' grants too."""
    now = shop.clock.now()
    return sum(found.here for found in seen(shop, who).lots if found.activates_at <= now)


def spend(shop: Shop, who: Person, points: int) -> None:
    sell(shop, basket(shop, *MUCH, member=who, redeem=Redeem.EXACT, points=points))


def cover_all(shop: Shop, *rows: AccountRow) -> None:
    """Let the centre post all facts, and its rows, these among them, cover them."""
    at = shop.numbers[GLOBAL] + 1
    with transaction(shop.station.journal) as connection:
        for fact in facts(shop):
            outcome = Outcome(fact.seq, fact.id, OutcomeKind.ACCEPTED, "", None, ())
            journal.acknowledge(connection, 1, outcome, at)
    shop.feed(GLOBAL, *(rows or (account_row(Person(number=900)),)))


def account_row(who: Person, debt: int = 0) -> AccountRow:
    return AccountRow(who.account, who.id, debt, tuple(lot.row for lot in who.lots))


def pass_days(shop: Shop, days: int) -> None:
    shop.clock.move(days=days)


def cancel(shop: Shop, held: Claim) -> None:
    with transaction(shop.station.journal) as connection:
        reserving.cancel(connection, shop.station, held.receipt.uid, shop.clock.now())


# forbid


def test_forbidden_offline_nothing_is_redeemed_and_points_are_earned(
    shop: Shop, anna: Person
) -> None:
    under(shop, FORBID)
    priced = asked(shop, anna, 5_000)

    with pytest.raises(OfflineForbiddenError) as refused:
        claim(shop, basket(shop, *MUCH, member=anna, redeem=Redeem.EXACT, points=5_000))

    assert priced.evaluation.redemption.redeemed == priced.evaluation.redemption.maximum == 0
    assert priced.evaluation.totals.earned_points > 0
    assert "Без связи" in refused.value.sentence("ru")
    assert (refused.value.code, refused.value.details["available_points"]) == (
        "offline_forbidden",
        0,
    )


def test_what_is_forbidden_offline_is_redeemed_online(shop: Shop, anna: Person) -> None:
    under(shop, FORBID).link.up = True

    spend(shop, anna, 10_000)

    assert drawn(shop, anna.lots) == 10_000


def test_a_receipt_reserved_online_is_paid_offline_though_that_is_forbidden(
    shop: Shop, anna: Person
) -> None:
    under(shop, FORBID).link.up = True
    held = claim(shop, basket(shop, *MUCH, member=anna, redeem=Redeem.EXACT, points=10_000))
    shop.link.up = False

    commit(shop.station, paid(shop, held), shop.clock.now())

    assert drawn(shop, anna.lots) == 10_000


# limit


def test_a_store_spends_beyond_its_lease_up_to_the_receipts_cap(
    limited: Shop, anna: Person, lot: PersonLot
) -> None:
    """100.00 are leased and 200.00 more may be spent of the 1 000.00 that the rows know."""
    assert most(limited, anna) == 30_000

    spend(limited, anna, 30_000)

    assert drawn(limited, [lot]) == 30_000
    assert lot_seen(limited, anna, lot).here == 0


def test_the_quote_says_that_it_is_the_limit_and_how_much_is_left(
    limited: Shop, anna: Person
) -> None:
    priced = asked(limited, anna, 40_000)

    with pytest.raises(OfflineLimitError) as refused:
        claim(limited, basket(limited, *MUCH, member=anna, redeem=Redeem.EXACT, points=40_000))

    assert priced.evaluation.redemption.redeemed == 30_000
    assert "не больше 300,00 из 400,00" in refused.value.sentence("ru").replace("\u00a0", " ")
    assert "at most 300,00 of 400,00 points today" in refused.value.sentence("en").replace(
        "\u00a0", " "
    )
    assert refused.value.code == "offline_limit"


def test_the_lease_is_spent_first_and_counts_for_no_cap(limited: Shop, anna: Person) -> None:
    held = claim(limited, basket(limited, *MUCH, member=anna, redeem=Redeem.EXACT, points=10_000))

    assert held.beyond == 0
    assert most(limited, anna) == 20_000


def test_a_lot_that_is_spent_first_stays_for_a_store_that_has_it_while_another_lease_suffices(
    limited: Shop,
) -> None:
    first = PersonLot(20_000, number=1, expires_on=(limited.clock.now() + timedelta(9)).date())
    other = PersonLot(20_000, leased=20_000, number=2)
    boris = Person(first, other, number=2)
    limited.member(boris)

    spend(limited, boris, 20_000)
    spend(limited, boris, 5_000)

    assert (drawn(limited, [other]), drawn(limited, [first])) == (20_000, 5_000)


def test_a_member_has_one_cap_a_store_and_day(limited: Shop, anna: Person) -> None:
    """200.00 of the first receipt, 100.00 of the second: then the member's 300.00 are used."""
    spend(limited, anna, 30_000)
    spend(limited, anna, 10_000)

    assert most(limited, anna) == 0


def test_a_store_has_one_cap_over_all_members(limited: Shop, anna: Person) -> None:
    """Two receipts at 200.00 leave 50.00 of the store's 450.00 to the third member."""
    boris, vera = (Person(PersonLot(50_000, number=no), number=no) for no in (2, 3))
    limited.member(boris)
    limited.member(vera)
    spend(limited, anna, 30_000)
    spend(limited, boris, 20_000)

    assert most(limited, vera) == 5_000


def test_no_more_than_the_rows_know_of_is_spent(limited: Shop) -> None:
    poor = Person(PersonLot(7_000, leased=1_000, number=4), number=4)
    limited.member(poor)

    assert most(limited, poor) == 7_000


def test_what_the_member_owes_counts_as_used(limited: Shop, anna: Person) -> None:
    """Of 300.00 he owes 250.00; of the 900.00 that are not leased here all but those are his."""
    limited.feed(GLOBAL, account_row(anna, debt=25_000))

    assert most(limited, anna) == 10_000 + 5_000


def test_what_the_member_owes_is_not_his(limited: Shop) -> None:
    """Of 70.00 the store has leased 10.00; of the other 60.00 he owes 20.00."""
    poor = Person(PersonLot(7_000, leased=1_000, number=4), number=4)
    limited.member(poor)
    limited.feed(GLOBAL, account_row(poor, debt=2_000))

    assert most(limited, poor) == 1_000 + 4_000


def test_a_lot_that_is_pending_or_over_adds_nothing(limited: Shop) -> None:
    now = limited.clock.now()
    later = PersonLot(50_000, number=5, activates_at=now + timedelta(days=1))
    over = PersonLot(50_000, number=6, expires_on=now.date() - timedelta(days=2))
    dora = Person(later, over, number=5)
    limited.member(dora)

    assert most(limited, dora) == 0


def test_what_another_store_may_have_granted_too_waits_for_the_centre(shop: Shop) -> None:
    """The welcome points of who was registered here offline are nobody's before acceptance."""
    under(
        shop, LIMIT, wine_text().replace("    if: {channel_in: [app, site]}\n    share: 50 %\n", "")
    )
    order = Registration(shop.uid(), b"r", "Вера", "+79160000077", "v1", cashier="7")
    member = register(shop.station, order, shop.clock.now()).member
    pass_days(shop, 2)
    wanted = basket(shop, *MUCH)
    priced = quote(
        shop.station, replace(wanted, member=member, redeem=Redeem.MAXIMUM), shop.clock.now()
    )

    with reading(shop.station.journal) as connection:
        lots = standing(shop.station, connection, member).lots
    assert [lot.amount for lot in lots] == [300_00]
    assert priced.evaluation.redemption.redeemed == 0


def test_a_reserved_receipt_counts_until_it_is_cancelled(limited: Shop, anna: Person) -> None:
    held = claim(limited, basket(limited, *MUCH, member=anna, redeem=Redeem.EXACT, points=30_000))
    while_held = most(limited, anna)
    cancel(limited, held)

    assert (while_held, most(limited, anna)) == (10_000, 30_000)


def test_what_was_counted_is_counted_after_a_restart(limited: Shop, anna: Person) -> None:
    spend(limited, anna, 30_000)
    claim(limited, basket(limited, *MUCH, member=anna, redeem=Redeem.EXACT, points=5_000))
    limited.restart()

    assert most(limited, anna) == 5_000


def test_a_new_day_gives_no_new_cap_while_the_centre_has_not_heard(
    limited: Shop, anna: Person
) -> None:
    spend(limited, anna, 30_000)
    spend(limited, anna, 10_000)
    pass_days(limited, 3)

    assert asked(limited, anna).evaluation.redemption.redeemed == own(limited, anna) > 0
    assert asked(limited, anna).beyond == 0


def test_what_the_rows_cover_counts_to_the_end_of_its_day(limited: Shop, anna: Person) -> None:
    spend(limited, anna, 30_000)
    spend(limited, anna, 10_000)
    cover_all(limited)
    same_day = most(limited, anna)
    pass_days(limited, 1)

    assert (same_day, most(limited, anna)) == (0, 20_000)


def test_what_the_rows_cover_is_the_stores_no_more(limited: Shop, anna: Person) -> None:
    boris = Person(PersonLot(50_000, number=2), number=2)
    limited.member(boris)
    spend(limited, anna, 30_000)
    spend(limited, boris, 20_000)
    spend(limited, boris, 5_000)
    used_up = most(limited, boris)
    cover_all(limited)

    assert (used_up, most(limited, boris)) == (0, 5_000)


def test_online_the_limit_adds_nothing_to_what_the_centre_leases(
    limited: Shop, anna: Person
) -> None:
    limited.link.up = True
    limited.link.answer_ask = lambda _ask: LeaseAnswer((), 0, 0)

    with pytest.raises(OverLeaseError) as refused:
        claim(limited, basket(limited, *MUCH, member=anna, redeem=Redeem.EXACT, points=20_000))

    assert refused.value.code == "over_lease"


def test_a_barred_epoch_has_no_limit_either(limited: Shop, anna: Person) -> None:
    limited.station.barred = "restored"

    assert most(limited, anna) == 0


def test_without_a_reserve_the_commit_counts(limited: Shop, anna: Person) -> None:
    order = order_of(
        limited, basket(limited, *MUCH, member=anna, redeem=Redeem.EXACT, points=30_000)
    )
    priced = quote(limited.station, order.basket, limited.clock.now())
    payable = priced.evaluation.totals.payable_minor
    tenders = (Tender(TenderKind.CASH, payable),)
    sale = Sale(limited.uid(), b"content", order.basket.uid, tenders, order=order)
    commit(limited.station, sale, limited.clock.now())

    assert most(limited, anna) == 10_000


def test_what_is_posted_and_long_past_is_forgotten(limited: Shop, anna: Person) -> None:
    boris = Person(PersonLot(50_000, number=2), number=2)
    limited.member(boris)
    spend(limited, anna, 30_000)
    cover_all(limited)
    spend(limited, anna, 1_000)
    pass_days(limited, beyond.KEPT.days + 2)
    limited.contact()
    spend(limited, boris, 1_000)

    assert rows(limited) == [1_000, 1_000]


def rows(shop: Shop) -> list[int]:
    with reading(shop.station.journal) as connection:
        found = connection.exec_driver_sql("SELECT amount FROM beyond_lease ORDER BY day")
        return list(found.scalars())


# The law


class Days:
    """A store offline, and what a test knows of receipts beyond its leases that no rows cover."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        lots = [PersonLot(60_000, leased=5_000 * no, number=no) for no in (1, 2, 3)]
        self.people = [Person(lot, number=no) for no, lot in enumerate(lots, 1)]
        for person in self.people:
            shop.member(person)
        self.open: list[Claim] = []
        self.uncovered: dict[UUID, tuple[UUID, int]] = {}

    def hold(self, who: Person, tens: int) -> None:
        points = min(tens * 1_000, most(self.shop, who))
        if not points:
            return
        leased = own(self.shop, who)
        wanted = basket(self.shop, *MUCH, member=who, redeem=Redeem.EXACT, points=points)
        held = claim(self.shop, wanted)
        assert held.evaluation.redemption.redeemed == points
        assert held.beyond == max(0, points - leased) <= RECEIPT
        self.uncovered[held.receipt.uid] = (who.account, held.beyond)
        self.open.append(held)

    def sell(self, _who: Person, _tens: int) -> None:
        if self.open:
            commit(self.shop.station, paid(self.shop, self.open.pop()), self.shop.clock.now())

    def drop(self, _who: Person, _tens: int) -> None:
        if self.open:
            gone = self.open.pop(0)
            cancel(self.shop, gone)
            del self.uncovered[gone.receipt.uid]

    def restart(self, _who: Person, _tens: int) -> None:
        self.shop.restart()
        self.shop.station.doubt.open = False

    def cover(self, _who: Person, _tens: int) -> None:
        cover_all(self.shop)
        still = {held.receipt.uid for held in self.open}
        self.uncovered = {key: self.uncovered[key] for key in still}

    def next_day(self, _who: Person, _tens: int) -> None:
        pass_days(self.shop, 1)

    def check(self) -> None:
        assert sum(points for _, points in self.uncovered.values()) <= STORE_CAP
        for person in self.people:
            own = [amount for who, amount in self.uncovered.values() if who == person.account]
            assert sum(own) <= MEMBER


_WHAT = ("hold", "hold", "hold", "sell", "sell", "drop", "restart", "cover", "next_day")
MOVES = some.tuples(some.sampled_from(_WHAT), some.integers(0, 2), some.integers(1, 40))


@given(some.lists(MOVES, max_size=20))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_uncovered_spends_never_exceed_the_caps(moves: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder, opened(Path(folder)) as shop:
        days = Days(shop)
        for what, index, tens in moves:
            getattr(days, what)(days.people[index], tens)
            days.check()


@contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    shop = under(Shop(folder).open(), LIMIT)
    yield shop
    shop.close()
