"""Limits of members: decided where they stand, checked again at the centre, their cost told."""

from uuid import UUID

import pytest

from agent.quote.lines import Item
from central.conflicts.service import look
from central.conflicts.store import Wanted
from shared.rules.result import Evaluation
from tests.chain.kit import Chain, Store
from tests.simulation.wire import LineMode

WINE = Item(1, 1000, "WINE")
FIRST = "ПЕРВЫЙ"
"""The wine pack's word for a first purchase, 10 % off."""
LIMITED = """
  - id: twice_a_day
    title: {ru: Два раза в день, en: Twice a day}
    if: {group_in: [accessories]}
    then: [{effect: discount, percent: 50 %}]
    limits: [{uses: 1, per: member, window: day}]
"""
USES = "{uses: 1, per: member, window: day}"


def with_limit(text: str) -> str:
    return (
        text.replace("version: 1\n", "version: 2\n")
        .replace("\nrules:\n", f"\nrules:{LIMITED}", 1)
        .replace("tasting_code]", "tasting_code, twice_a_day]")
    )


def buy(store: Store, member: UUID, *codes: str, item: Item = WINE) -> Evaluation:
    return store.sell(item, member=member, promo_codes=codes).evaluation


def told(evaluation: Evaluation) -> list[str]:
    return [one.kind for one in evaluation.codes]


def whats(chain: Chain) -> list[str]:
    with chain.centre.engine.connect() as connection:
        return [one.sentence.ru for one in look(connection, Wanted()).conflicts]


@pytest.mark.capability("WINE-30")
def test_a_code_of_the_first_purchase_is_good_before_any_receipt_only(chain: Chain) -> None:
    anna, here = chain.member(100_00), chain.stores[0]

    assert told(buy(here, anna.member, FIRST)) == ["applied"]
    assert told(buy(here, anna.member, FIRST)) == ["wrong_segment"]
    chain.sync()
    assert told(buy(chain.stores[1], anna.member, FIRST)) == ["wrong_segment"]
    chain.sync()

    assert chain.conflicts() == []


@pytest.mark.capability("WINE-30")
def test_two_offline_stores_keep_the_discount_and_the_centre_flags_the_second(
    chain: Chain,
) -> None:
    anna = chain.member(100_00)
    for store in chain.stores:
        store.cut()
        assert told(buy(store, anna.member, FIRST)) == ["applied"]

    chain.heal()

    assert sorted(chain.conflicts()) == ["not_first_purchase", "over_limit"]
    first, over = sorted(whats(chain), key=lambda what: "лимит" in what)
    assert "это не первая покупка участника. Скидка 200,00" in first
    assert "лимит участника уже был исчерпан. Скидка 200,00" in over
    assert "Чек действителен." in first


def test_a_limit_of_a_member_is_checked_again_and_its_cost_is_told(chain: Chain) -> None:
    chain.publish(with_limit)
    anna, opener = chain.member(100_00), Item(1, 1000, "OPENER")
    for store in chain.stores:
        store.cut()
        for expected in (300_00, 600_00):
            totals = buy(store, anna.member, item=opener).totals
            assert totals.payable_minor == expected

    chain.heal()

    assert chain.conflicts() == ["over_limit"]
    assert "Скидка 300,00" in whats(chain)[0]


def test_a_member_within_his_limits_is_no_conflict(chain: Chain) -> None:
    chain.publish(with_limit)
    anna, opener = chain.member(100_00), Item(1, 1000, "OPENER")

    for store in chain.stores:
        buy(store, anna.member, item=opener)
        chain.sync()
    chain.world.time.pass_by(24 * 3600)
    buy(chain.stores[0], anna.member, item=opener)
    chain.sync()

    assert chain.conflicts() == []


def test_a_use_of_a_later_day_does_not_use_up_what_came_before_it(chain: Chain) -> None:
    """The store that sold first was cut off, and is heard after the other one."""
    chain.publish(with_limit)
    anna, opener = chain.member(100_00), Item(1, 1000, "OPENER")
    first, second = chain.stores
    first.cut()
    assert buy(first, anna.member, item=opener).totals.payable_minor == 300_00
    chain.world.time.pass_by(24 * 3600)
    assert buy(second, anna.member, item=opener).totals.payable_minor == 300_00
    chain.sync(second)

    chain.heal()

    assert chain.conflicts() == []


@pytest.mark.capability("WINE-30")
def test_two_first_purchases_are_told_though_the_later_one_is_heard_first(chain: Chain) -> None:
    anna = chain.member(100_00)
    first, second = chain.stores
    first.cut()
    second.cut()
    assert told(buy(first, anna.member, FIRST)) == ["applied"]
    chain.world.time.pass_by(24 * 3600)
    assert told(buy(second, anna.member, FIRST)) == ["applied"]
    second.machine.line.mode = LineMode.UP
    chain.sync(second)

    chain.heal()

    assert sorted(chain.conflicts()) == ["not_first_purchase", "over_limit"]
