"""The store's time is trusted after contact; untrusted time changes no rules, and is marked."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from agent import meeting
from agent.commit.service import commit
from agent.link import CentreBusyError
from agent.members.service import Registration, register
from agent.quote.service import quote
from agent.quote.shortage import OverLeaseError
from agent.reserve.service import QuoteChangedError
from agent.returns.void import OtherShiftError, VoidOrder, void
from agent.timekeeper import FISCAL_MAX, STEP_MAX, TRUSTED_FOR, Source
from shared.receipt import Redeem
from shared.rules.moment import Trust
from shared.runtime.sqlite import transaction
from shared.wire.agents import LeaseAnswer, LeaseAsk
from shared.wire.facts import ReceiptCommitted, body_of, is_timed
from shared.wire.feed import GLOBAL
from tests.agent.kit import claim, facts, last_body, paid, sell, take_back
from tests.agent.test_offline_policies import LIMIT, cover_all, most, spend, under
from tests.agent.test_own_limits import STORE_LIMIT, wine, with_limits
from tests.agent.test_packs import second
from tests.builders import Person, PersonLot, Shop, basket, cashier_row, wine_text
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
TODAY = date(2026, 5, 20)
MIDNIGHT = "2026-05-21T00:00"
"""Nine hours after the fakes' noon, which is 15:00 in Moscow."""


def is_trusted(shop: Shop) -> bool:
    return shop.station.time.seen().trust is Trust.TRUSTED


def version_used(shop: Shop) -> int:
    return quote(shop.station, basket(shop), shop.station.time.now()).pack.source.version


def cut(shop: Shop) -> None:
    """Cut the line after a last contact."""
    meeting.meet(shop.station)
    shop.link.up = False


def reboot(shop: Shop, **off: float) -> None:
    """Start the machine anew without the line; its clock is off."""
    cut(shop)
    shop.clock.set_wrong(**off)
    shop.restart(boot="second")


def last_sale(shop: Shop) -> ReceiptCommitted:
    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    return body


# What makes time trusted, and what ends it


def test_time_is_trusted_after_contact_and_goes_on_without_the_line(shop: Shop) -> None:
    cut(shop)
    shop.clock.move(days=3)

    assert is_trusted(shop)
    assert shop.station.time.now() == NOON + timedelta(days=3)
    assert shop.station.time.seen().source is Source.CENTRE


def test_after_contact_the_time_is_the_centres_whatever_the_clock_shows(shop: Shop) -> None:
    shop.clock.set_wrong(hours=48)
    cut(shop)
    shop.clock.move(hours=1)

    assert is_trusted(shop)
    assert shop.station.time.now() == NOON + timedelta(hours=1)


@pytest.mark.parametrize("hours", [48, -48, 1, -1])
def test_a_clock_that_is_set_while_it_runs_loses_trust_until_the_next_contact(
    shop: Shop, hours: int
) -> None:
    cut(shop)
    shop.clock.set_wrong(hours=hours)
    after_it = is_trusted(shop)
    shop.contact()

    assert (after_it, is_trusted(shop)) == (False, True)
    assert shop.station.time.now() == NOON


def test_small_corrections_of_the_clock_change_nothing(shop: Shop) -> None:
    cut(shop)
    shop.clock.set_wrong(seconds=STEP_MAX.total_seconds())
    at_most = is_trusted(shop)
    shop.clock.set_wrong(seconds=STEP_MAX.total_seconds() + 1)

    assert (at_most, is_trusted(shop)) == (True, False)


def test_a_wrong_clock_that_is_put_right_is_trusted_as_it_was(shop: Shop) -> None:
    shop.clock.set_wrong(hours=5)
    cut(shop)
    shop.clock.set_wrong()

    assert is_trusted(shop)


def test_trust_ends_when_nobody_has_told_the_time_for_long(shop: Shop) -> None:
    cut(shop)
    shop.clock.move(days=TRUSTED_FOR.days)
    to_the_end = is_trusted(shop)
    shop.clock.move(seconds=1)

    assert (to_the_end, is_trusted(shop)) == (True, False)


def test_an_instant_that_is_not_now_is_not_trusted(shop: Shop) -> None:
    time = shop.station.time

    assert time.trust(NOON - STEP_MAX) is Trust.TRUSTED
    assert time.trust(NOON - STEP_MAX - SECOND) is Trust.UNTRUSTED
    assert time.trust(NOON + timedelta(days=2)) is Trust.UNTRUSTED


def test_a_boot_without_contact_is_untrusted(shop: Shop) -> None:
    reboot(shop)

    assert not is_trusted(shop)
    assert shop.station.time.seen().trusted_at == NOON


def test_a_restart_of_the_process_alone_keeps_trust(shop: Shop) -> None:
    cut(shop)
    shop.restart()
    shop.clock.move(hours=1)

    assert is_trusted(shop)
    assert shop.station.time.now() == NOON + timedelta(hours=1)


def test_a_restart_keeps_no_trust_when_the_clock_was_set_meanwhile(shop: Shop) -> None:
    cut(shop)
    shop.clock.set_wrong(hours=-3)
    shop.restart()

    assert not is_trusted(shop)


def test_a_machine_that_does_not_name_its_boots_begins_untrusted(shop: Shop) -> None:
    cut(shop)
    shop.restart(boot="")

    assert not is_trusted(shop)


def test_what_was_told_is_written_once(shop: Shop) -> None:
    meeting.meet(shop.station)
    shop.link.tells_time = False
    written = shop.station.journal.connect()
    before = written.exec_driver_sql("PRAGMA data_version").scalar_one()
    meeting.meet(shop.station)
    after = written.exec_driver_sql("PRAGMA data_version").scalar_one()
    written.close()

    assert before == after


# The fiscal clock


@pytest.mark.parametrize("off", [FISCAL_MAX, -FISCAL_MAX])
def test_a_fiscal_clock_that_agrees_confirms_the_time(shop: Shop, off: timedelta) -> None:
    reboot(shop)

    shop.station.time.confirm(NOON + off)

    assert is_trusted(shop)
    assert shop.station.time.now() == NOON
    assert shop.station.time.seen().source is Source.FISCAL


@pytest.mark.parametrize("off", [FISCAL_MAX + SECOND, -FISCAL_MAX - SECOND])
def test_a_fiscal_clock_that_differs_confirms_nothing(shop: Shop, off: timedelta) -> None:
    reboot(shop)

    shop.station.time.confirm(NOON + off)

    assert not is_trusted(shop)


def test_two_clocks_that_were_both_set_back_confirm_nothing(shop: Shop) -> None:
    reboot(shop, days=-300)

    shop.station.time.confirm(NOON - timedelta(days=300))

    assert not is_trusted(shop)


def test_the_fiscal_clock_does_not_move_a_time_that_is_trusted(shop: Shop) -> None:
    cut(shop)

    shop.station.time.confirm(NOON + timedelta(minutes=4))

    assert shop.station.time.now() == NOON
    assert shop.station.time.seen().source is Source.CENTRE


def test_the_fiscal_clock_lets_a_pack_come_into_force(shop: Shop) -> None:
    shop.feed(GLOBAL, second(effective_from=MIDNIGHT))
    reboot(shop)
    shop.clock.move(hours=10)
    untrusted = version_used(shop)

    shop.station.time.confirm(shop.clock.now())

    assert (untrusted, version_used(shop)) == (1, 2)


# Untrusted time


def test_untrusted_time_is_never_before_the_last_fact(shop: Shop) -> None:
    cut(shop)
    shop.clock.move(hours=2)
    sell(shop, basket(shop))
    shop.clock.set_wrong(days=-2000)
    shop.restart(boot="second")

    sell(shop, basket(shop))

    assert [body_of(fact).at for fact in facts(shop)] == [NOON + timedelta(hours=2)] * 2


def test_untrusted_facts_follow_each_other_too(shop: Shop) -> None:
    reboot(shop, hours=48)
    sell(shop, basket(shop))
    shop.clock.set_wrong(hours=1)
    shop.restart(boot="third")

    sell(shop, basket(shop))

    assert [body_of(fact).at for fact in facts(shop)] == [NOON + timedelta(hours=48)] * 2


def test_contact_proves_a_later_fact_wrong(shop: Shop) -> None:
    """After it the clock may be lost again: time goes on from the contact, not from that fact."""
    reboot(shop, hours=48)
    sell(shop, basket(shop))
    shop.clock.set_wrong(hours=-48)
    shop.link.up = True
    cut(shop)
    shop.restart(boot="third")

    assert not is_trusted(shop)
    assert shop.station.time.now() == NOON


def test_no_pack_comes_into_force_on_untrusted_time_until_contact(shop: Shop) -> None:
    shop.feed(GLOBAL, second(effective_from=MIDNIGHT))
    reboot(shop)
    shop.clock.move(hours=10)
    found = [version_used(shop)]
    sell(shop, basket(shop))
    found.append(version_used(shop))

    shop.contact()

    assert [*found, version_used(shop)] == [1, 1, 2]


def test_a_pack_that_is_in_force_stays_so_on_untrusted_time(shop: Shop) -> None:
    shop.feed(GLOBAL, second(effective_from=MIDNIGHT))
    shop.clock.move(hours=10)
    reboot(shop, hours=-20)

    assert version_used(shop) == 2


def test_a_fact_on_trusted_time_keeps_its_pack_in_force(shop: Shop) -> None:
    shop.feed(GLOBAL, second(effective_from=MIDNIGHT))
    cut(shop)
    shop.clock.move(hours=10)
    sell(shop, basket(shop))
    shop.restart(boot="second")

    assert not is_trusted(shop)
    assert version_used(shop) == 2


def test_a_store_without_an_earlier_pack_sells_by_the_one_that_its_clock_gives(shop: Shop) -> None:
    shop.drop_packs()
    shop.feed(GLOBAL, second(effective_from=MIDNIGHT))
    reboot(shop)
    shop.clock.move(hours=10)

    assert version_used(shop) == 2


def test_a_sale_and_its_return_on_untrusted_time_are_marked_and_their_slips_say_so(
    shop: Shop,
) -> None:
    sold = sell(shop, basket(shop))
    take_back(shop, sold.receipt, (1, 1000))
    before = [is_timed(body_of(fact)) for fact in facts(shop)]
    reboot(shop)
    sold = sell(shop, basket(shop))
    take_back(shop, sold.receipt, (1, 1000))
    register(shop.station, newcomer(shop), shop.station.time.now())

    assert before == [True, True]
    assert [is_timed(body_of(fact)) for fact in facts(shop)] == [*before, False, False, False]
    said = ["Время не подтверждено".encode() in slip for slip in slips(shop)[:4]]
    assert said == [False, False, True, True]


def newcomer(shop: Shop) -> Registration:
    return Registration(shop.uid(), b"r", "Вера", "+79160000077", "v1", cashier="7")


def slips(shop: Shop) -> list[bytes]:
    with transaction(shop.station.journal) as connection:
        found = connection.exec_driver_sql(
            "SELECT opened('slip', body) FROM print_job ORDER BY job_no"
        )
        return [bytes(row) for row in found.scalars()]


def test_a_receipt_reserved_on_trusted_time_is_not_marked_when_it_is_paid_later(shop: Shop) -> None:
    cut(shop)
    held = claim(shop, basket(shop))
    shop.clock.set_wrong(hours=48)

    commit(shop.station, paid(shop, held), shop.station.time.now())

    assert last_sale(shop).moment.trusted is Trust.TRUSTED


# In the customer's favour


def of_today(shop: Shop) -> Person:
    """A member whose 300 points may be spent up to the end of today, in Moscow."""
    anna = Person(PersonLot(30_000, leased=30_000, expires_on=TODAY))
    shop.member(anna)
    return anna


def test_points_of_the_last_trusted_day_are_spendable_on_a_later_untrusted_one(shop: Shop) -> None:
    anna = of_today(shop)
    reboot(shop, hours=48)

    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=30_000))

    sale = last_sale(shop)
    assert sale.evaluation.redemption.redeemed == 30_000
    assert (sale.day, sale.moment.trusted) == (TODAY, Trust.UNTRUSTED)


def test_points_of_yesterday_are_not_spendable_on_trusted_time(shop: Shop) -> None:
    anna = of_today(shop)
    cut(shop)
    shop.clock.move(hours=10)

    wanted = basket(shop, member=anna, redeem=Redeem.MAXIMUM)

    assert quote(shop.station, wanted, shop.station.time.now()).evaluation.redemption.redeemed == 0


def test_what_costs_the_same_is_sold_on_the_clocks_own_day(shop: Shop) -> None:
    reboot(shop, hours=48)

    sell(shop, basket(shop))

    assert last_sale(shop).day == TODAY + timedelta(days=2)


def test_a_receipt_of_the_last_trusted_day_is_voided_on_untrusted_time(shop: Shop) -> None:
    sold = sell(shop, basket(shop))
    reboot(shop, hours=48)
    order = VoidOrder(shop.uid(), b"v", sold.receipt, cashier="7", till="1", reason="")
    shop.feed("store:101", cashier_row("7", "Мария", role="senior"))

    void(shop.station, order, shop.station.time.now())

    assert not is_timed(last_body(shop))


def test_a_receipt_of_yesterday_is_not_voided_on_trusted_time(shop: Shop) -> None:
    sold = sell(shop, basket(shop))
    cut(shop)
    shop.clock.move(hours=10)
    order = VoidOrder(shop.uid(), b"v", sold.receipt, cashier="7", till="1", reason="")
    shop.feed("store:101", cashier_row("7", "Мария", role="senior"))

    with pytest.raises(OtherShiftError):
        void(shop.station, order, shop.station.time.now())


# Limits of a day


def test_a_days_limit_does_not_begin_anew_on_untrusted_time(shop: Shop) -> None:
    """300.00 of the day are used and covered; a clock that is two days ahead gives no more."""
    under(shop, LIMIT)
    anna = Person(PersonLot(100_000))
    shop.member(anna)
    spend(shop, anna, 20_000)
    spend(shop, anna, 10_000)
    cover_all(shop)
    shop.link.up = True
    reboot(shop, hours=48)
    untrusted = most(shop, anna)

    shop.clock.set_wrong()
    shop.clock.move(days=1)
    shop.contact()

    assert (untrusted, most(shop, anna)) == (0, 20_000)


def test_a_rules_limit_of_a_day_does_not_begin_anew_on_untrusted_time(shop: Shop) -> None:
    with_limits(shop, STORE_LIMIT)
    sell(shop, wine(shop, "1"))
    sell(shop, wine(shop, "2"))
    shop.link.up = True
    reboot(shop, hours=48)
    untrusted = off_now(shop)

    shop.clock.set_wrong()
    shop.clock.move(days=1)
    shop.contact()

    assert untrusted == 0 < off_now(shop)


def off_now(shop: Shop) -> int:
    priced = quote(shop.station, wine(shop, "1"), shop.station.time.now())
    return priced.evaluation.totals.discount_minor


def test_untrusted_time_lets_nothing_be_forgotten_of_what_counts(shop: Shop) -> None:
    """The clock is a hundred days ahead when another member redeems: Anna's cap stays used."""
    under(shop, LIMIT)
    anna, boris = (Person(PersonLot(100_000, number=no), number=no) for no in (1, 2))
    shop.member(anna)
    shop.member(boris)
    spend(shop, anna, 20_000)
    spend(shop, anna, 10_000)
    cover_all(shop)
    shop.link.up = True
    reboot(shop, days=100)
    spend(shop, boris, 1_000)

    assert most(shop, anna) == 0


# The laws


@given(
    some.lists(
        some.one_of(
            some.tuples(some.just("sell"), some.integers(0, 10)),
            some.tuples(some.just("set"), some.integers(-200, 200)),
            some.tuples(some.just("pass"), some.integers(0, 30)),
            some.tuples(some.just("boot"), some.just(0)),
            some.tuples(some.just("restart"), some.just(0)),
            some.tuples(some.just("contact"), some.just(0)),
            some.tuples(some.just("fiscal"), some.integers(-10, 10)),
        ),
        max_size=12,
    )
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_trusted_receipts_have_the_right_time_and_pack_whatever_the_clock_does(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, int]]
) -> None:
    """The fiscal clock of this law is right within ten minutes: what it confirms is off by no more
    than five of them and what the machine's own clock is off by then."""
    shop = Shop(tmp_path_factory.mktemp("shop")).open()
    shop.feed(GLOBAL, second(effective_from=MIDNIGHT))
    cut(shop)
    boots = 0
    for move, amount in moves:
        match move:
            case "sell":
                sell(shop, basket(shop))
                check(shop)
            case "set":
                shop.clock.set_wrong(hours=amount)
            case "pass":
                shop.clock.move(hours=amount)
            case "boot" | "restart":
                boots += move == "boot"
                shop.restart(boot=f"boot {boots}")
            case "contact":
                shop.contact()
            case "fiscal":
                shop.station.time.confirm(shop.clock.at + timedelta(minutes=amount))
    shop.close()


def check(shop: Shop) -> None:
    sale, true = last_sale(shop), shop.clock.at
    is_new = sale.evaluation.pack_hash == second(effective_from=MIDNIGHT).hash
    if sale.moment.trusted is Trust.TRUSTED:
        assert abs(sale.at - true) <= 3 * FISCAL_MAX
        assert is_new == (sale.moment.local.replace(tzinfo=None).isoformat() >= MIDNIGHT)
    elif is_new:  # it was in force on trusted time before
        assert true + 3 * FISCAL_MAX >= NOON + timedelta(hours=9)


def busy(_ask: LeaseAsk) -> LeaseAnswer:
    raise CentreBusyError(retry_after_s=1.0)


def earns_later(shop: Shop) -> None:
    text, since = wine_text(), "when: {from: 2026-05-22, to: 2026-12-31}"
    bonus = "  - id: purchase_bonus\n"
    shop.feed(GLOBAL, second(text.replace(bonus, f"{bonus}    {since}\n")))


def test_a_quote_that_counts_on_what_did_not_come_is_not_made_twice(shop: Shop) -> None:
    """The store may pay with a lot that has expired by the clock and lacks nothing then; the quote
    over the chain lacked the other one, and earned by the rule of the later day."""
    earns_later(shop)
    old = PersonLot(40_000, leased=40_000, number=1, expires_on=TODAY)
    young = PersonLot(90_000, leased=20_000, number=2)
    vera = Person(old, young)
    shop.member(vera)
    reboot(shop, hours=48)
    shop.link.up, shop.link.tells_time, shop.link.answer_ask = True, False, busy
    wanted = basket(shop, member=vera, redeem=Redeem.MAXIMUM)

    with pytest.raises(QuoteChangedError):
        claim(shop, wanted)
    redeemed = claim(shop, wanted).evaluation.redemption

    assert redeemed.redeemed == redeemed.maximum
    assert [draw.lot for draw in redeemed.draws] == [old.row.id, young.row.id]


def earner_of_later(shop: Shop) -> Person:
    """A member with points at the centre that pay on the last trusted day only; the clock shows a
    later one, which brings points."""
    earns_later(shop)
    vera = Person(PersonLot(30_000, leased=0, expires_on=TODAY))
    shop.member(vera)
    reboot(shop, hours=48)
    return vera


@pytest.mark.parametrize("redeem", [Redeem.EXACT, Redeem.MAXIMUM])
def test_a_receipt_that_lacks_points_says_so_though_another_day_is_better_without(
    shop: Shop, redeem: Redeem
) -> None:
    vera = earner_of_later(shop)
    shop.link.up, shop.link.tells_time, shop.link.answer_ask = True, False, busy
    wanted = basket(shop, member=vera, redeem=redeem, points=30_000)

    with pytest.raises(OverLeaseError):
        claim(shop, wanted)
    without = claim(shop, replace(wanted, redeem=Redeem.NONE)).evaluation

    assert without.totals.earned_points > 0


def test_without_the_line_the_better_day_is_sold_though_another_one_lacks_points(
    shop: Shop,
) -> None:
    vera = earner_of_later(shop)

    sold = claim(shop, basket(shop, member=vera, redeem=Redeem.MAXIMUM)).evaluation

    assert (sold.redemption.redeemed, sold.totals.earned_points > 0) == (0, True)
