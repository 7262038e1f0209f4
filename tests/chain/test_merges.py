"""Two members who become one: what each has been given, and what the two get once."""

import pytest

from tests.chain.kit import Chain, with_coupons
from tests.chain.test_coupons import buy as couponed
from tests.chain.test_coupons import told, wine
from tests.chain.test_goals import CERTIFICATE, COUPON, buy, crossed, with_goal
from tests.simulation.joining import merging, parting

OTHER_PHONE = "+79161234568"


def test_a_coupon_of_who_joined_is_the_survivors_and_goes_with_him_again(chain: Chain) -> None:
    chain.publish(with_coupons)
    anna, boris = chain.member(100_00), chain.member(100_00, OTHER_PHONE)
    here, there = chain.stores
    coupons = {one.card: couponed(here, member=one.member)[1][0] for one in (anna, boris)}
    chain.sync()

    done = merging(anna.card, boris.card)(chain.centre)
    chain.sync()
    joined = boris if boris.member == done.member else anna
    as_survivor = wine(there, coupons[joined.card], member=done.survivor)
    assert told(there.quote(as_survivor).evaluation) == ["applied"]

    parting(joined.card)(chain.centre)
    chain.sync()
    assert told(there.quote(as_survivor).evaluation) == ["not_yours"]
    assert chain.conflicts() == []


@pytest.mark.parametrize("who_had", [0, 1])
def test_who_reached_a_goal_gets_no_other_with_whom_he_is_one(chain: Chain, who_had: int) -> None:
    """Whoever of the two survives: the name of the other person goes with his history."""
    chain.publish(with_goal(CERTIFICATE))
    both = [chain.member(100_00), chain.member(100_00, OTHER_PHONE)]
    here, there = chain.stores
    crossed(here, both[who_had])
    buy(here, both[1 - who_had], wines=1)
    chain.sync()

    merging(both[0].card, both[1].card)(chain.centre)
    chain.sync()

    assert buy(here, both[0]).gifts == ()
    assert buy(there, both[1]).gifts == ()
    chain.sync()
    assert chain.conflicts() == []


def test_two_who_were_given_the_same_before_keep_both(chain: Chain) -> None:
    chain.publish(with_goal(COUPON))
    both = [chain.member(100_00), chain.member(100_00, OTHER_PHONE)]
    here, there = chain.stores
    codes = [crossed(here, one).code for one in both]
    chain.sync()

    done = merging(both[0].card, both[1].card)(chain.centre)
    chain.sync()

    for code in codes:
        assert told(there.quote(wine(there, code, member=done.survivor)).evaluation) == ["applied"]
    assert buy(there, both[0]).gifts == ()
