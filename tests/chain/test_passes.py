"""A pass between the centre that issues it and stores that do not hear of each other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.leases.passes import PassReplacedError, PassUsedError
from agent.members import service as members
from agent.quote.lines import Item
from agent.reserve.store import Claim
from central.leases.risk import risk
from central.passes.service import Issued, PassOrder, issue, look
from shared.errors import LoyaltyError
from shared.receipt import Redeem
from tests.chain.kit import Chain, Store

POINTS, HAS = 300_00, 400_00
CHEESE = Item(1, 4000, "CHEESE")
"""Half of it may be paid with points: 2 000.00."""


def with_passes(text: str) -> str:
    terms = (
        "\npolicies:\n  offline_redemption: signed_pass\n"
        "  offline_pass_points: 300.00\n  offline_pass_days: 7\n"
    )
    return text.replace("version: 1\n", "version: 2\n").replace("\npolicies:\n", terms, 1)


class Anna:
    """A member of 400.00 points with a pass of 300.00 on her phone."""

    def __init__(self, chain: Chain) -> None:
        chain.publish(with_passes)
        self.who = chain.member(HAS)
        self.chain = chain
        assert self.who.account is not None
        self.account = self.who.account
        self.code = self.issued().code
        chain.sync()

    def issued(self) -> Issued:
        centre = self.chain.centre
        return issue(centre, PassOrder(self.account, "app"), centre.clock.now())

    def buy(self, store: Store, points: int) -> Claim:
        """Show the pass and pay so many points."""
        (found,) = members.find(store.station, self.code)
        wanted = store.basket(
            CHEESE,
            member=found.standing.member,
            account=found.account,
            redeem=Redeem.EXACT,
            redeem_points=points,
        )
        claim = store.reserve(replace(wanted, pass_code=self.code))
        store.pay(claim)
        return claim

    def most(self, store: Store) -> int:
        """Return how many points she can pay there, by her pass and what is leased."""
        wanted = store.basket(CHEESE, member=self.who.member, redeem=Redeem.MAXIMUM)
        priced = store.quote(replace(wanted, pass_code=self.code))
        return priced.evaluation.redemption.redeemed

    def refused(self, store: Store) -> LoyaltyError:
        with pytest.raises(LoyaltyError) as found:
            self.buy(store, 1_00)
        return found.value


@pytest.fixture
def anna(chain: Chain) -> Anna:
    return Anna(chain)


def test_one_pass_in_two_stores_is_honoured_told_and_owed(chain: Chain, anna: Anna) -> None:
    """Of 400.00 the home store has leased 240.00: there the pass opens the other 160.00, elsewhere
    its 300.00. The risk says 300.00 in each of two stores."""
    (programme,) = risk(chain.centre).programmes
    for store in chain.stores:
        store.cut()
    paid = 0
    for store in chain.stores:
        points = anna.most(store)
        paid += anna.buy(store, points).evaluation.redemption.redeemed

    chain.heal()

    assert chain.conflicts() == ["pass_used_twice"]
    assert sum(chain.debts()) == paid - HAS > 0
    assert sum(chain.debts()) <= programme.by_passes(programme.stores) == 2 * POINTS
    ((_, uses),) = look(chain.centre, anna.account)
    assert sorted(use.points for use in uses) == [160_00, POINTS]


def test_a_store_that_has_heard_of_a_use_elsewhere_takes_the_pass_no_more(
    chain: Chain, anna: Anna
) -> None:
    here, there = chain.stores
    here.cut()
    anna.buy(here, anna.most(here))
    assert isinstance(anna.refused(here), PassUsedError)

    chain.heal()
    there.cut()

    assert isinstance(anna.refused(there), PassReplacedError)
    assert chain.conflicts() == []


def test_the_next_pass_serves_when_the_first_is_over(chain: Chain, anna: Anna) -> None:
    here = chain.stores[0]
    here.cut()
    anna.buy(here, anna.most(here) - 200_00)
    chain.heal()
    chain.world.time.pass_by(timedelta(days=7).total_seconds())
    chain.sync()
    anna.code = anna.issued().code

    here.cut()
    anna.buy(here, 1_00)
    anna.buy(here, anna.most(here))
    chain.heal()

    assert chain.conflicts() == []
    assert len(look(chain.centre, anna.account)) == 2


def test_what_came_back_was_used_all_the_same(chain: Chain, anna: Anna) -> None:
    here = chain.stores[0]
    here.cut()
    claim = anna.buy(here, anna.most(here))
    here.take_back(claim, quantity=4000)

    assert isinstance(anna.refused(here), PassUsedError)
    chain.heal()

    assert chain.debts() == []


def test_with_the_line_up_a_pass_is_shown_like_a_card_and_not_used(
    chain: Chain, anna: Anna
) -> None:
    anna.buy(chain.stores[1], HAS)
    chain.sync()

    ((_, uses),) = look(chain.centre, anna.account)
    assert (uses, chain.conflicts(), chain.debts()) == ([], [], [])
