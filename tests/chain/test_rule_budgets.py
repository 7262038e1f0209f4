"""Budgets of rules: what a promotion may cost the whole chain; a quote is kept or refused early."""

from collections.abc import Callable

import pytest

from agent.quote.lines import Item
from agent.quote.service import Quote
from agent.reserve.service import QuoteChangedError
from central.budgets import service as budgets
from central.budgets.service import BudgetShown, SeveralBudgetsError, UnknownBudgetError
from central.leases.writeoff import write_off_store
from tests.central.chain_kit import conflicts
from tests.chain.kit import Chain, Store, with_voids

WINE_MINOR = 2_000_00
HALF_MINOR = 1_000_00
"""What the promotion takes off a wine."""
OFF, USED, EARNED = "discount: 2500.00", "uses: 3", "points: 50.00"
POINTS = """{effect: earn, wallet: bonus, points: 100.00, activation: at once,
         expiry: 30 days}"""
Change = Callable[[str], str]


def with_budget(limit: str, window: str = "campaign", then: str = "") -> Change:
    """Return what makes of the wine pack one with a rule of half the price, or another effect."""
    then = then or "{effect: discount, percent: 50 %}"
    rule = f"""
  - id: half
    title: {{ru: Половина, en: Half}}
    if: {{group_in: [wine]}}
    then: [{then}]
    limits: [{{{limit}, per: campaign, window: {window}}}]
"""

    def change(text: str) -> str:
        text = text.replace("version: 1\n", "version: 2\n")
        text = text.replace("\nrules:\n", f"\nrules:{rule}", 1)
        return text.replace("tasting_code]", "tasting_code, half]") if "discount" in then else text

    return change


def opened(chain: Chain, change: Change) -> None:
    chain.publish(change)
    assert chain.budgets() >= 1


def name(window: str = "campaign") -> str:
    return f"rule.half.{window}"


def of(chain: Chain, window: str = "campaign") -> BudgetShown:
    return budgets.show(chain.centre, name(window))[0]


def quote(store: Store, wines: int = 1) -> Quote:
    return store.quote(store.basket(Item(1, wines * 1000, "WINE")))


def payable(store: Store, wines: int = 1) -> int:
    return quote(store, wines).evaluation.totals.payable_minor


def buy(store: Store, wines: int = 1) -> int:
    return store.sell(Item(1, wines * 1000, "WINE")).evaluation.totals.payable_minor


def test_a_budget_of_discount_that_runs_short_gives_a_part(chain: Chain) -> None:
    opened(chain, with_budget(OFF))
    here, there = chain.stores

    paid = []
    for store in (here, there, here, there):
        paid.append(buy(store))
        chain.sync()

    assert paid == [HALF_MINOR, HALF_MINOR, WINE_MINOR - 500_00, WINE_MINOR]
    shown = of(chain)
    assert (shown.used, shown.left, shown.owed) == (2_500_00, 0, 0)
    assert "half" in {one.rule for one in quote(here).evaluation.rejected}


def test_a_budget_of_uses_serves_so_many_receipts(chain: Chain) -> None:
    opened(chain, with_budget(USED))

    paid = []
    for store in chain.stores * 2:
        paid.append(buy(store, wines=2))
        chain.sync()

    assert paid == [2 * HALF_MINOR] * 3 + [2 * WINE_MINOR]
    assert (of(chain).used, of(chain).left) == (3, 0)


def test_a_budget_of_points_gives_what_is_left(chain: Chain) -> None:
    earn = "{effect: earn, wallet: bonus, points: 40.00, activation: at once, expiry: never}"
    opened(chain, with_budget(EARNED, then=earn))
    anna, here = chain.member(100_00), chain.stores[0]

    earned = []
    for _ in range(3):
        claim = here.sell(Item(1, 1000, "WINE"), member=anna.member)
        earned.append(sum(use.amount for use in claim.evaluation.budgets))
        chain.sync()

    assert earned == [40_00, 10_00, 0]
    assert of(chain).used == 50_00


def test_offline_a_store_gives_what_it_holds_of_a_budget(chain: Chain) -> None:
    opened(chain, with_budget("discount: 8000.00"))
    held = dict(of(chain).holdings)
    assert held == {"101": 2_000_00, "102": 2_000_00}
    for store in chain.stores:
        store.cut()

    for store in chain.stores:
        assert [buy(store) for _ in range(3)] == [HALF_MINOR, HALF_MINOR, WINE_MINOR]
    chain.heal()

    assert (of(chain).used, of(chain).owed) == (4_000_00, 0)
    assert chain.conflicts() == []


@pytest.mark.edge("E84")
def test_a_reserved_receipt_keeps_its_price_when_the_budget_is_gone(chain: Chain) -> None:
    opened(chain, with_budget("discount: 1000.00"))
    here, there = chain.stores
    claim = here.reserve(here.basket(Item(1, 1000, "WINE")))
    assert claim.evaluation.totals.payable_minor == HALF_MINOR

    with pytest.raises(QuoteChangedError):
        buy(there)
    assert buy(there) == WINE_MINOR
    here.cut()
    here.pay(claim)
    chain.heal()

    assert (of(chain).used, of(chain).left, of(chain).owed) == (1_000_00, 0, 0)


@pytest.mark.edge("E84")
def test_a_budget_that_is_gone_since_the_quote_is_told_before_payment(chain: Chain) -> None:
    opened(chain, with_budget("discount: 1000.00"))
    here, there = chain.stores
    basket = here.basket(Item(1, 1000, "WINE"))
    assert here.quote(basket).evaluation.totals.payable_minor == HALF_MINOR
    there.reserve(there.basket(Item(1, 1000, "WINE")))

    with pytest.raises(QuoteChangedError):
        here.reserve(basket)

    assert here.quote(basket).evaluation.totals.payable_minor == WINE_MINOR
    assert here.pay(here.reserve(basket)).digest == here.quote(basket).digest
    chain.world.time.pass_by(120)
    assert payable(here) == HALF_MINOR, "what was thin is asked for again after a while"


def test_what_a_cancelled_receipt_held_of_a_budget_is_free_again(chain: Chain) -> None:
    opened(chain, with_budget("discount: 1000.00"))
    here, there = chain.stores

    here.cancel(here.reserve(here.basket(Item(1, 1000, "WINE"))))
    chain.sync()

    assert buy(there) == HALF_MINOR


def test_a_budget_of_a_window_begins_anew(chain: Chain) -> None:
    opened(chain, with_budget("uses: 1", window="day"))
    here = chain.stores[0]
    assert buy(here) == HALF_MINOR
    chain.sync()
    assert buy(here) == WINE_MINOR

    chain.world.time.pass_by(24 * 3600)
    chain.budgets()

    assert buy(here) == HALF_MINOR
    assert len(budgets.show(chain.centre, name("day"))) > 1


def test_a_return_leaves_a_budget_used_and_a_void_does_not(chain: Chain) -> None:
    opened(chain, lambda text: with_voids(with_budget("discount: 2000.00")(text)))
    here = chain.stores[0]
    first, second = (here.sell(Item(1, 1000, "WINE")) for _ in range(2))
    chain.sync()

    here.take_back(first)
    here.void(second)
    chain.sync()

    assert of(chain).used == 1_000_00


@pytest.mark.parametrize(
    ("limit", "then", "stakes", "words"),
    [
        ("discount: 3000.00", "", (0, 1_000_00), "«Половина», скидки сверх него 1\u00a0000,00 ₽."),
        ("points: 300.00", POINTS, (100_00, 0), "«Половина», бонусов сверх него 100,00."),
        ("uses: 3", "", (0, 0), "«Половина», применений сверх него 1."),
    ],
)
def test_what_a_written_off_store_has_used_too_much_is_told_in_its_unit(
    chain: Chain, limit: str, then: str, stakes: tuple[int, int], words: str
) -> None:
    """The first store holds a third of it, uses that and is written off; the other uses it all."""
    opened(chain, with_budget(limit, then=then))
    anna, (here, there) = chain.member(100_00), chain.stores
    held = here.reserve(here.basket(Item(1, 1000, "WINE"), member=anna.member))
    here.cut()
    here.pay(held)
    write_off_store(chain.centre, "101")
    chain.sync(there)
    for _ in range(3):
        there.sell(Item(1, 1000, "WINE"), member=anna.member)
        chain.sync(there)

    chain.heal()

    (record,) = (one for one in conflicts(chain.centre) if one.kind == "over_budget")
    assert (record.points, record.amount_minor) == stakes
    assert words in record.sentence.ru


def test_what_a_person_sets_counts_for_the_windows_to_come(chain: Chain) -> None:
    opened(chain, with_budget("uses: 1", window="day"))
    budgets.set_amount(chain.centre, name("day"), 3)

    chain.world.time.pass_by(5 * 24 * 3600)
    assert chain.budgets() > 0

    assert {one.budget.amount for one in budgets.show(chain.centre, name("day"))} == {3}
    assert [buy(chain.stores[0]) for _ in range(3)] == [HALF_MINOR] * 3


def test_a_person_says_which_of_several_budgets_of_a_rule_he_sets(chain: Chain) -> None:
    """Ten uses are no ten kopecks."""
    opened(chain, with_budget("uses: 30, per: campaign, window: campaign}, {discount: 2500.00"))

    with pytest.raises(SeveralBudgetsError):
        budgets.set_amount(chain.centre, name(), 10)
    with pytest.raises(UnknownBudgetError):
        budgets.set_amount(chain.centre, name(), 10, "points")
    shown = budgets.set_amount(chain.centre, name(), 10, "uses")

    assert {one.budget.what: one.budget.amount for one in shown} == {
        "uses": 10,
        "discount": 2500_00,
    }
    assert [one.what for one in shown[0].records] == ["10 uses"]
    chain.budgets()
    assert buy(chain.stores[0]) == HALF_MINOR
