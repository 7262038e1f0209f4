"""Budgets of the chain: a common word is taken so many times by all stores together, no more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.bearers.codes import CodeElsewhereError
from agent.quote.lines import Item
from agent.reserve.service import QuoteChangedError
from central.budgets import service as budgets
from central.budgets.service import BadBudgetError, BudgetShown, UnknownBudgetError
from central.leases.writeoff import write_off_store
from shared.rules.result import Evaluation
from tests.central.chain_kit import conflicts
from tests.chain.kit import Chain, Store, with_voids

WORD = "ВЕСНА"
NAME = "code.spring.весна"
Change = Callable[[str], str]
DAYS = "{from: 2026-03-01, to: 2026-12-31}"


def with_words(most: int, more: str = "", version: int = 2) -> Change:
    """Return what makes of the wine pack one whose common word is good so many times."""
    campaign = f"""
  spring:
    title: {{ru: Весна, en: Spring}}
    words: [{WORD}]
    when: {DAYS}
    per_code_max: {most}
    {more}
"""
    rule = """
  - id: spring_code
    title: {ru: Весна, en: Spring}
    if: {code_in: [spring]}
    then: [{effect: discount, percent: 20 %}]
"""

    def change(text: str) -> str:
        return (
            text.replace("version: 1\n", f"version: {version}\n")
            .replace("codes:\n", f"codes:{campaign}", 1)
            .replace("\nrules:\n", f"\nrules:{rule}", 1)
            .replace("tasting_code]", "tasting_code, spring_code]")
        )

    return change


def told(store: Store, *codes: str) -> list[str]:
    """Return what a store would say to these codes."""
    seen = store.quote(store.basket(Item(1, 1000, "WINE"), promo_codes=codes or (WORD,)))
    return [one.kind for one in seen.evaluation.codes]


def buy(store: Store) -> Evaluation:
    return store.sell(Item(1, 1000, "WINE"), promo_codes=(WORD,)).evaluation


def taken(evaluation: Evaluation) -> list[str]:
    return [one.kind for one in evaluation.codes]


def of(chain: Chain) -> BudgetShown:
    (shown,) = budgets.show(chain.centre, NAME)
    return shown


def opened(chain: Chain, most: int) -> None:
    chain.publish(with_words(most))
    assert chain.budgets() == 1


@pytest.mark.capability("WINE-24")
def test_a_common_word_is_taken_so_often_by_all(chain: Chain) -> None:
    opened(chain, 3)
    here, there = chain.stores

    for store in (here, there, here):
        evaluation = buy(store)
        assert evaluation.totals.payable_minor == 1_600_00
        chain.sync()

    for store in (here, there):
        assert told(store) == ["used_up"]
        assert taken(buy(store)) == ["used_up"]
    assert (of(chain).used, of(chain).left) == (3, 0)


@pytest.mark.capability("WINE-24")
@pytest.mark.parametrize("is_cut", [False, True])
def test_a_common_word_is_good_in_its_days_and_so_often_for_a_member(
    chain: Chain, *, is_cut: bool
) -> None:
    chain.publish(with_words(8, "per_member_max: 1"))
    chain.budgets()
    anna, here = chain.member(100_00), chain.stores[0]
    if is_cut:
        here.cut()
    wine = Item(1, 1000, "WINE")

    for expected in (["applied"], ["used_up"]):
        claim = here.sell(wine, promo_codes=(WORD,), member=anna.member)
        assert taken(claim.evaluation) == expected
    assert taken(buy(here)) == ["wrong_segment"]
    chain.world.time.pass_by(300 * 86_400)
    assert told(here) == ["expired"]


@pytest.mark.capability("WINE-24")
def test_offline_a_store_takes_a_common_word_as_often_as_it_holds_of_it(chain: Chain) -> None:
    opened(chain, 8)
    here, there = chain.stores
    assert of(chain).holdings == (("101", 2), ("102", 2))
    for store in (here, there):
        store.cut()

    for store in (here, there):
        assert [taken(buy(store)) for _ in range(2)] == [["applied"]] * 2
        assert taken(buy(store)) == ["held_elsewhere"]
        assert told(store) == ["held_elsewhere"]
    chain.heal()

    assert (of(chain).used, of(chain).left, of(chain).owed) == (4, 4, 0)
    assert chain.conflicts() == []


def test_a_store_that_was_written_off_may_exceed_a_budget_and_people_are_told(
    chain: Chain,
) -> None:
    """Four uses, one in each store: what the silent one has used is given to the other too."""
    opened(chain, 4)
    here, there = chain.stores
    here.cut()
    assert taken(buy(here)) == ["applied"]
    write_off_store(chain.centre, "101")
    chain.sync(there)
    assert [taken(buy(there)) for _ in range(4)] == [["applied"]] * 4

    chain.heal()

    assert (of(chain).left, of(chain).owed) == (0, 1)
    (record,) = (one for one in conflicts(chain.centre) if one.kind != "new_epoch")
    assert record.kind == "over_budget"
    assert "«Весна», применений сверх него 1." in record.sentence.ru
    assert "“Spring”, 1 uses over it." in record.sentence.en


def test_a_machine_that_comes_when_all_is_spread_has_a_part_of_the_rest(chain: Chain) -> None:
    """Of eight uses each store holds two; four are the rest, of which the new machine gets two."""
    opened(chain, 8)
    assert dict(of(chain).holdings) == {"101": 2, "102": 2}

    new = chain.renew(1)
    assert taken(buy(chain.stores[0])) == ["applied"]
    for _ in range(2):
        chain.budgets()
    new.cut()

    assert [taken(buy(new)) for _ in range(3)] == [["applied"], ["applied"], ["held_elsewhere"]]
    chain.heal()
    assert (of(chain).used, of(chain).owed) == (3, 0)


def test_what_is_left_of_a_word_is_asked_for_by_one_receipt(chain: Chain) -> None:
    """Nothing is spread of one use: whoever needs it asks, and the other store gets none."""
    opened(chain, 1)
    here, there = chain.stores
    assert of(chain).holdings == ()

    claim = here.reserve(here.basket(Item(1, 1000, "WINE"), promo_codes=(WORD,)))
    assert taken(claim.evaluation) == ["applied"]
    with pytest.raises((CodeElsewhereError, QuoteChangedError)):
        there.reserve(there.basket(Item(1, 1000, "WINE"), promo_codes=(WORD,)))
    here.cancel(claim)
    chain.sync()
    assert taken(buy(there)) == ["applied"]
    chain.sync()

    assert told(here) == ["used_up"]


def test_a_store_that_asks_gets_more_than_one_receipt_needs(chain: Chain) -> None:
    opened(chain, 1)
    here = chain.stores[0]
    budgets.set_amount(chain.centre, NAME, 500)
    chain.sync()

    assert taken(buy(here)) == ["applied"]
    chain.sync()

    assert of(chain).holdings == (("101", 4),)
    here.cut()
    assert [taken(buy(here)) for _ in range(5)] == [["applied"]] * 4 + [["held_elsewhere"]]


def test_a_budget_is_renewed_where_it_is_used(chain: Chain) -> None:
    opened(chain, 40)
    here = chain.stores[0]
    assert of(chain).holdings == (("101", 10), ("102", 10))
    for _ in range(8):
        buy(here)
    chain.sync()
    assert of(chain).holdings == (("101", 2), ("102", 10))

    chain.budgets()

    assert of(chain).left == 32
    assert of(chain).holdings == (("101", 6), ("102", 10)), "half of what is left stays free"


def test_a_budget_follows_the_pack_until_a_person_sets_it(chain: Chain) -> None:
    opened(chain, 8)
    here = chain.stores[0]
    for _ in range(2):
        buy(here)
    chain.sync()

    chain.publish(with_words(5, version=3))
    assert chain.budgets() == 0
    assert (of(chain).budget.amount, of(chain).used) == (5, 2)
    budgets.set_amount(chain.centre, NAME, 2)
    chain.sync()
    chain.budgets()
    chain.publish(with_words(9, version=4))
    chain.budgets()

    assert (of(chain).budget.amount, of(chain).used, of(chain).owed) == (2, 2, 0)
    assert told(here) == ["used_up"]
    assert [one.what for one in of(chain).records] == ["2"]


def test_what_a_person_sets_while_the_pack_is_followed_stays(chain: Chain) -> None:
    """The job has seen what the pack wants; the person is faster."""
    opened(chain, 8)
    seen = of(chain).budget
    budgets.set_amount(chain.centre, NAME, 2)

    budgets._resize(chain.centre, seen, 9)

    now = of(chain)
    assert (now.budget.amount, now.budget.by_hand, now.used) == (2, True, 0)


def test_a_void_gives_a_use_back(chain: Chain) -> None:
    chain.publish(lambda text: with_voids(with_words(1)(text)))
    chain.budgets()
    here = chain.stores[0]
    claim = here.sell(Item(1, 1000, "WINE"), promo_codes=(WORD,))
    chain.sync()
    assert told(here) == ["used_up"]

    here.void(claim)
    chain.sync()

    assert (of(chain).used, told(here)) == (0, ["applied"])


def test_opening_budgets_again_changes_nothing(chain: Chain) -> None:
    opened(chain, 8)
    before = of(chain)

    assert chain.budgets() == 0

    assert of(chain) == before


def test_a_budget_that_is_not_there_and_an_amount_that_cannot_be_are_refused(chain: Chain) -> None:
    opened(chain, 8)

    with pytest.raises(UnknownBudgetError):
        budgets.show(chain.centre, "code.nothing.x")
    with pytest.raises(UnknownBudgetError):
        budgets.set_amount(chain.centre, "code.nothing.x", 1)
    with pytest.raises(BadBudgetError):
        budgets.set_amount(chain.centre, NAME, -1)


def test_a_pack_to_come_changes_no_budget_before_its_day(chain: Chain) -> None:
    opened(chain, 8)
    begins = chain.world.time.at.date() + timedelta(days=10)

    chain.publish(
        lambda text: with_words(5, version=3)(text).replace(
            "effective_from: 2026-01-01", f"effective_from: {begins}"
        )
    )
    chain.budgets()
    assert (of(chain).budget.amount, of(chain).left) == (8, 8)
    chain.world.time.pass_by(10 * 86_400)
    chain.budgets()

    assert (of(chain).budget.amount, of(chain).left) == (5, 5)


def test_a_word_whose_campaign_is_made_longer_is_spread_on(chain: Chain) -> None:
    def until(day: str, version: int) -> Change:
        return lambda text: with_words(8, version=version)(text).replace("2026-12-31", day)

    chain.publish(until("2026-06-01", 2))
    chain.budgets()
    chain.publish(until("2026-12-31", 3))
    chain.budgets()
    here = chain.stores[0]
    assert [taken(buy(here)) for _ in range(2)] == [["applied"]] * 2
    chain.sync()
    assert dict(of(chain).holdings) == {"102": 2}
    chain.world.time.pass_by(150 * 86_400)

    chain.budgets()

    assert dict(of(chain).holdings) == {"101": 1, "102": 2}


def test_a_debt_of_a_budget_is_asked_back_once(chain: Chain) -> None:
    """Ten each are held by two stores that are away, and five too much are."""
    opened(chain, 40)
    for store in chain.stores:
        store.cut()
    budgets.set_amount(chain.centre, NAME, 15)
    assert of(chain).owed == 5

    for _ in range(5):
        chain.world.time.pass_by(60)
        budgets.run(chain.centre, chain.centre.clock.now())
    chain.heal()

    assert (of(chain).owed, of(chain).left) == (0, 15)
    assert sorted(held for _, held in of(chain).holdings) == [5, 10]


def test_a_debt_of_a_budget_is_asked_of_the_others_while_a_store_is_away(chain: Chain) -> None:
    opened(chain, 40)
    here, there = chain.stores
    here.cut()
    budgets.set_amount(chain.centre, NAME, 15)
    chain.world.time.pass_by(60)

    for _ in range(5):
        there.sync()
        budgets.run(chain.centre, chain.centre.clock.now())
        there.sync()

    assert (of(chain).owed, of(chain).left) == (0, 15)
    assert of(chain).holdings == (("101", 10), ("102", 5))
