"""Whatever changes while a store is away, its cost offline is no more than what is told."""

from uuid import UUID

from agent.quote.lines import Item
from central.leases.risk import Risk, risk
from central.packs.service import publish
from shared.receipt import Redeem
from tests.builders import wine_text
from tests.chain.kit import Chain, Store
from tests.simulation.joining import merging

LIMIT = (
    "\npolicies:\n  offline_redemption: limit\n  offline_receipt_points: 200.00\n"
    "  offline_member_points: 300.00\n  offline_store_points: 450.00\n"
)
CHEESE = Item(1, 4000, "CHEESE")
"""Half of it may be paid with points: 2 000.00."""


def with_limit(text: str) -> str:
    return text.replace("version: 1\n", "version: 2\n").replace("\npolicies:\n", LIMIT, 1)


def without_limit(text: str) -> str:
    return text.replace("version: 1\n", "version: 3\n")


def spend_most(store: Store, member: UUID) -> int:
    claim = store.sell(CHEESE, member=member, redeem=Redeem.MAXIMUM)
    return claim.evaluation.redemption.redeemed


def told(found: Risk) -> int:
    """Return the debt, in points, that silent stores can have left at most."""
    return sum(
        one.of_all(len(one.silent))
        for one in found.programmes
        if one.pack.policies.offline_redemption == "limit"
    )


def test_a_store_that_has_not_heard_of_the_change_costs_by_the_former_policy(chain: Chain) -> None:
    chain.publish(with_limit)
    anna = chain.member(400_00)
    here, there = chain.stores
    there.cut()
    chain.world.time.pass_by(120)
    publish(chain.centre, without_limit(wine_text()))
    chain.sync(here)
    spent = sum(spend_most(store, anna.member) for store in (here, there))
    at_most = told(risk(chain.centre))

    chain.heal()

    assert 0 < sum(chain.debts()) == spent - 400_00 <= at_most


def test_two_who_were_merged_are_two_where_nobody_has_heard_of_it(chain: Chain) -> None:
    """Each may have 300.00 beyond the lease there, both what the store may give: 450.00."""
    chain.publish(with_limit)
    anna, boris = chain.member(400_00), chain.member(400_00, "+79161234568")
    here, there = chain.stores
    there.cut()
    chain.world.time.pass_by(120)
    assert [spend_most(here, one.member) for one in (anna, boris)] == [400_00, 400_00]
    merging(anna.card, boris.card)(chain.centre)
    chain.sync(here)
    spent = [spend_most(there, one.member) for one in (anna, anna, boris)]
    at_most = told(risk(chain.centre))

    chain.heal()

    assert spent == [200_00, 100_00, 150_00]
    assert sum(chain.debts()) == sum(spent) <= at_most
