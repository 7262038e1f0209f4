"""A pass at the till: known by the root-signed list of keys, drawn by once, refused in words."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec.structs import replace as msgspec_replace

from agent.commit.service import Sale, commit
from agent.leases.passes import (
    PassExpiredError,
    PassForeignError,
    PassOfAnotherError,
    PassReplacedError,
    PassUnreadableError,
    PassUsedError,
)
from agent.members import service as members
from agent.quote.service import Basket, Quote, quote
from agent.quote.shortage import OfflinePassError, OfflinePassNeededError
from agent.reserve import service as reserving
from agent.reserve.store import Claim
from agent.scan import ScanKind, classify
from shared.crypto.keys import KeyPair
from shared.errors import LoyaltyError
from shared.receipt import Redeem, Tender, TenderKind
from shared.runtime.sqlite import transaction
from shared.wire.facts import PassUse
from shared.wire.feed import GLOBAL
from shared.wire.passes import Pass, write
from shared.wire.rows import AccountRow, Holding
from tests.agent.kit import claim, drawn, envelopes, facts, last_envelope, order_of, paid, sell
from tests.agent.test_offline_policies import MUCH, opened, under
from tests.agent.till.kit import Till
from tests.builders import PACKER, Person, PersonLot, Shop, basket, member_row

POINTS = 20_000
LEASED = 10_000
WITH_PASSES = """policies:
  offline_redemption: signed_pass
  offline_pass_points: 500.00
  offline_pass_days: 7
"""


def granted_now(shop: Shop, who: Person | None = None, counter: int = 3, **more: int) -> Pass:
    """Return a pass of 200.00 points for a week."""
    now = shop.clock.now().replace(second=0, microsecond=0)
    account = who.account if who else UUID(int=7)
    return Pass(account, counter, more.get("points", POINTS), now + timedelta(days=7))


def code_of(shop: Shop, who: Person, counter: int = 3, **more: int) -> str:
    return write(granted_now(shop, who, counter, **more), PACKER.sign)


@pytest.fixture
def lot() -> PersonLot:
    return PersonLot(100_000, leased=LEASED, elsewhere=[Holding("102", 50_000)])


@pytest.fixture
def anna(shop: Shop, lot: PersonLot) -> Person:
    person = Person(lot)
    shop.member(person)
    return person


@pytest.fixture
def passing(shop: Shop) -> Shop:
    """A shop whose line is out, under a programme of passes."""
    return under(shop, WITH_PASSES)


def wanted(shop: Shop, who: Person, code: str, points: int = 0) -> Basket:
    how = Redeem.EXACT if points else Redeem.MAXIMUM
    return replace(basket(shop, *MUCH, member=who, redeem=how, points=points), pass_code=code)


def priced(shop: Shop, asked: Basket) -> Quote:
    return quote(shop.station, asked, shop.clock.now())


def most(shop: Shop, who: Person, code: str = "") -> int:
    """Return what a receipt may redeem here now."""
    return priced(shop, wanted(shop, who, code)).evaluation.redemption.redeemed


def spend(shop: Shop, who: Person, code: str, points: int) -> None:
    sell(shop, wanted(shop, who, code, points))


# What is scanned


def test_a_pass_is_known_also_in_lower_case(shop: Shop) -> None:
    granted = granted_now(shop)
    code = write(granted, PACKER.sign)

    scan = classify(shop.station, f" {code.lower()} ")

    assert (scan.kind, scan.code, scan.granted) == (ScanKind.PASS, code, granted)


def test_a_till_is_told_what_a_pass_says_and_whose_it_is(shop: Shop, anna: Person) -> None:
    granted = granted_now(shop, anna)
    till = Till(shop)

    told = till.answer(till.post("/v1/scans", {"code": write(granted, PACKER.sign)}))

    assert told["kind"] == "pass"
    assert (told["granted"]["points"], told["granted"]["counter"]) == (POINTS, 3)
    assert told["granted"]["account"] == str(granted.account)
    (member,) = told["members"]
    assert member["ref"] == {"id": str(anna.id), "account": str(anna.account), "card_tail": ""}


def test_a_pass_of_an_account_that_no_row_tells_of_is_of_nobody(shop: Shop) -> None:
    assert members.find(shop.station, write(granted_now(shop), PACKER.sign)) == []


# What is redeemed by it


def test_a_pass_opens_so_much_beyond_the_lease_as_it_says(
    passing: Shop, anna: Person, lot: PersonLot
) -> None:
    """100.00 are leased here; the pass adds 200.00 of the 1 000.00 that the rows know."""
    code = code_of(passing, anna)
    assert (most(passing, anna), most(passing, anna, code)) == (LEASED, LEASED + POINTS)

    spend(passing, anna, code, LEASED + POINTS)

    assert drawn(passing, [lot]) == LEASED + POINTS


def test_the_envelope_says_which_pass_was_drawn_by_and_how_much(
    passing: Shop, anna: Person
) -> None:
    spend(passing, anna, code_of(passing, anna), LEASED + 5_000)

    assert last_envelope(passing).by_pass == PassUse(anna.account, 3, 5_000)


def test_what_the_lease_covers_uses_no_pass(passing: Shop, anna: Person) -> None:
    code = code_of(passing, anna)

    spend(passing, anna, code, LEASED)

    assert last_envelope(passing).by_pass is None
    assert most(passing, anna, code) == POINTS


def test_with_the_line_up_no_pass_is_drawn_by(passing: Shop, anna: Person) -> None:
    passing.link.up = True
    code = code_of(passing, anna)

    spend(passing, anna, code, LEASED)

    assert last_envelope(passing).by_pass is None
    passing.link.up = False
    assert most(passing, anna, code) == POINTS


def test_no_more_than_the_rows_know_of_less_what_he_owes_is_redeemed(passing: Shop) -> None:
    poor = Person(PersonLot(7_000, leased=1_000, number=4), number=4)
    passing.member(poor)
    rows = tuple(lot.row for lot in poor.lots)
    passing.feed(GLOBAL, AccountRow(poor.account, poor.id, 2_000, rows))

    assert most(passing, poor, code_of(passing, poor)) == 5_000


def test_a_pass_opens_lots_of_its_own_account_alone(passing: Shop) -> None:
    """Of who was merged: 30.00 on the account of the pass, 500.00 on the other one."""
    small, large = PersonLot(3_000, number=7), PersonLot(50_000, number=8)
    who, joined = Person(small, number=7), Person(large, number=8)
    passing.member(who)
    row = msgspec_replace(member_row(who), accounts=(who.account, joined.account))
    passing.feed(GLOBAL, row, AccountRow(joined.account, who.id, 0, (large.row,)))

    assert most(passing, who, code_of(passing, who)) == 3_000
    assert most(passing, who, code_of(passing, joined)) == POINTS


def test_a_barred_epoch_takes_no_pass_either(passing: Shop, anna: Person) -> None:
    passing.station.barred = "restored"

    assert most(passing, anna, code_of(passing, anna)) == 0


def test_a_programme_of_leases_takes_no_pass(shop: Shop, anna: Person) -> None:
    shop.link.up = False

    assert most(shop, anna, code_of(shop, anna)) == LEASED


def test_the_quote_asks_for_a_pass_and_says_when_it_says_less(passing: Shop, anna: Person) -> None:
    with pytest.raises(OfflinePassNeededError) as needed:
        claim(passing, wanted(passing, anna, "", 40_000))
    with pytest.raises(OfflinePassError) as short:
        claim(passing, wanted(passing, anna, code_of(passing, anna), 40_000))

    assert needed.value.details["available_points"] == LEASED
    assert "по пропуску: отсканируйте код участника" in needed.value.sentence("ru")
    assert short.value.details["available_points"] == LEASED + POINTS
    assert "по пропуску можно списать здесь не больше" in short.value.sentence("ru")
    assert facts(passing) == []


# Once in a store


def test_a_pass_serves_once_in_a_store(passing: Shop, anna: Person) -> None:
    """By a part of it as well: what it says is not a purse."""
    code = code_of(passing, anna)
    spend(passing, anna, code, LEASED + 1_000)

    refused(passing, anna, code, PassUsedError)


def test_a_restart_forgets_no_use(passing: Shop, anna: Person) -> None:
    code = code_of(passing, anna)
    spend(passing, anna, code, LEASED + 1_000)
    passing.restart()

    refused(passing, anna, code, PassUsedError)


def test_a_reserved_receipt_keeps_the_pass_until_it_is_cancelled(
    passing: Shop, anna: Person
) -> None:
    code = code_of(passing, anna)
    held = claim(passing, wanted(passing, anna, code, LEASED + 1_000))
    refused(passing, anna, code, PassUsedError)

    cancel(passing, held)

    assert most(passing, anna, code) == LEASED + POINTS


def test_the_receipt_that_draws_by_it_may_be_quoted_again(passing: Shop, anna: Person) -> None:
    asked = wanted(passing, anna, code_of(passing, anna), LEASED + 1_000)
    claim(passing, asked)

    assert priced(passing, asked).granted == granted_now(passing, anna)


def test_without_a_reserve_the_commit_uses_the_pass(passing: Shop, anna: Person) -> None:
    code = code_of(passing, anna)
    order = order_of(passing, wanted(passing, anna, code, LEASED + 1_000))
    tenders = (
        Tender(TenderKind.CASH, priced(passing, order.basket).evaluation.totals.payable_minor),
    )
    sale = Sale(passing.uid(), b"content", order.basket.uid, tenders, order=order)

    commit(passing.station, sale, passing.clock.now())

    refused(passing, anna, code, PassUsedError)


def test_what_was_reserved_is_paid_though_the_pass_is_over_by_then(
    passing: Shop, anna: Person, lot: PersonLot
) -> None:
    held = claim(passing, wanted(passing, anna, code_of(passing, anna), LEASED + POINTS))
    passing.clock.move(days=8)

    commit(passing.station, paid(passing, held), passing.clock.now())

    assert drawn(passing, [lot]) == LEASED + POINTS


def test_a_new_pass_serves_where_the_one_before_was_used(passing: Shop, anna: Person) -> None:
    spend(passing, anna, code_of(passing, anna, 3), LEASED + POINTS)

    spend(passing, anna, code_of(passing, anna, 4), 1_000)

    assert last_envelope(passing).by_pass == PassUse(anna.account, 4, 1_000)


def test_a_receipt_that_is_paid_late_does_not_bring_an_older_pass_back(
    passing: Shop, anna: Person
) -> None:
    older, newer = code_of(passing, anna, 3), code_of(passing, anna, 4)
    held = claim(passing, wanted(passing, anna, older, LEASED + 1_000))
    claim(passing, wanted(passing, anna, newer, 1_000))

    commit(passing.station, paid(passing, held), passing.clock.now())

    refused(passing, anna, newer, PassUsedError)
    refused(passing, anna, older, PassReplacedError)


# Bad passes


def refused(shop: Shop, who: Person, code: str, why: type[LoyaltyError]) -> LoyaltyError:
    """Try to draw by a code, in vain: quoted or committed, nothing changes."""
    asked = wanted(shop, who, code, LEASED)
    before = files(shop)
    with pytest.raises(why) as found:
        priced(shop, asked)
    with pytest.raises(why):
        claim_at(shop, asked)
    assert files(shop) == before
    return found.value


def claim_at(shop: Shop, asked: Basket) -> Claim:
    """Reserve at the digest that the basket has without its pass."""
    order = order_of(shop, replace(asked, pass_code=""))
    return reserving.reserve(shop.station, replace(order, basket=asked), shop.clock.now())


def files(shop: Shop) -> list[tuple[object, ...]]:
    """Return all that the journal has of facts, reserves and passes."""
    tables = ("fact", "claim", "hold", "signed_pass", "beyond_lease", "print_job")
    with shop.station.journal.connect() as connection:
        return [
            tuple(row)
            for table in tables
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608
        ]


def test_a_forged_pass_or_one_of_another_chain(passing: Shop, anna: Person) -> None:
    code = write(granted_now(passing, anna), KeyPair.from_seed(b"x" * 32).sign)

    why = refused(passing, anna, code, PassForeignError)

    assert why.code == "pass_foreign"
    scan = classify(passing.station, code)
    assert (scan.kind, scan.granted) == (ScanKind.PASS, None)


@pytest.mark.parametrize("cut", [1, 2, 40, 120])
def test_a_pass_that_was_cut_short(passing: Shop, anna: Person, cut: int) -> None:
    code = code_of(passing, anna)[:-cut]

    assert refused(passing, anna, code, PassUnreadableError).code == "pass_unreadable"
    with pytest.raises(PassUnreadableError):
        members.find(passing.station, code)


def test_a_pass_that_is_over_says_since_when_by_the_stores_clock(
    passing: Shop, anna: Person
) -> None:
    code = code_of(passing, anna)
    passing.clock.move(days=7)

    why = refused(passing, anna, code, PassExpiredError)

    assert "действовал до 27.05.2026 15:00" in why.sentence("ru")


def test_a_pass_is_good_to_the_last_second(passing: Shop, anna: Person) -> None:
    code = code_of(passing, anna)
    passing.clock.move(days=6, hours=23, minutes=59, seconds=59)

    assert most(passing, anna, code) == LEASED + POINTS


def test_a_pass_of_another_member(passing: Shop, anna: Person) -> None:
    boris = Person(PersonLot(50_000, number=2), number=2)
    passing.member(boris)

    refused(passing, anna, code_of(passing, boris), PassOfAnotherError)


def test_a_pass_below_one_that_was_shown_here(passing: Shop, anna: Person) -> None:
    """Also when nothing was drawn by the newer one."""
    older, newer = code_of(passing, anna, 3), code_of(passing, anna, 4)
    spend(passing, anna, newer, LEASED)

    refused(passing, anna, older, PassReplacedError)


@pytest.mark.parametrize(("over", "serves"), [(2, True), (3, False), (4, False)])
def test_a_pass_that_the_rows_end(
    passing: Shop, anna: Person, lot: PersonLot, over: int, serves: bool
) -> None:
    row = AccountRow(anna.account, anna.id, 0, (lot.row,), passes_over=over)
    passing.feed(GLOBAL, row)
    code = code_of(passing, anna, 3)

    if serves:
        assert most(passing, anna, code) == LEASED + POINTS
    else:
        refused(passing, anna, code, PassReplacedError)


def test_every_refusal_is_one_sentence_in_two_languages_at_the_till(
    passing: Shop, anna: Person
) -> None:
    till = Till(passing)
    code = write(granted_now(passing, anna), KeyPair.from_seed(b"x" * 32).sign)

    scanned = till.answer(till.post("/v1/scans", {"code": code}))
    answer = till.post("/v1/quotes", till.receipt(member=anna, pass_code=code))

    told = [one for one in scanned["warnings"] if one["code"] != "offline"]
    assert [(one["code"], one["ru"]) for one in told] == [
        ("pass_foreign", "Этот пропуск подписан не нашей сетью. Обслужите покупателя без него.")
    ]
    assert (answer.status_code, answer.json()["code"]) == (403, "pass_foreign")
    assert answer.json()["sentence"]["en"] == told[0]["en"]


# The law

_MOVES = some.tuples(
    some.sampled_from(("hold", "hold", "pay", "cancel", "restart")),
    some.integers(1, 4),
    some.integers(1, 30),
)


@given(some.lists(_MOVES, max_size=16))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_pass_is_drawn_by_once_and_no_more_than_it_says(
    moves: list[tuple[str, int, int]],
) -> None:
    with TemporaryDirectory() as folder, opened(Path(folder)) as shop:
        under(shop, WITH_PASSES)
        anna = Person(PersonLot(90_000, leased=LEASED))
        shop.member(anna)
        held: list[Claim] = []
        for what, counter, tens in moves:
            if what == "hold":
                try:
                    held.append(claim(shop, wanted(shop, anna, code_of(shop, anna, counter),
                                                   tens * 1_000)))  # fmt: skip
                except LoyaltyError:
                    continue
            elif what == "restart":
                shop.restart()
            elif held and what == "pay":
                commit(shop.station, paid(shop, held.pop()), shop.clock.now())
            elif held:
                cancel(shop, held.pop(0))
        uses = [one.by_pass for one in envelopes(shop) if one.by_pass]
        uses += [one.by_pass for one in held if one.by_pass]
        drawn_by = [use for use in uses if use.points]
        assert len({use.counter for use in drawn_by}) == len(drawn_by)
        assert all(use.points <= POINTS for use in drawn_by)


def cancel(shop: Shop, held: Claim) -> None:
    with transaction(shop.station.journal) as connection:
        reserving.cancel(connection, shop.station, held.receipt.uid, shop.clock.now())
