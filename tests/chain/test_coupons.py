"""Coupons printed for the next purchase: of chance, taken once, offline where they were born."""

import pytest

from agent.commit.slip import recalled_slip
from agent.quote.lines import Item
from agent.quote.paper import paper_by
from agent.quote.service import Basket, store_settings
from agent.reserve.store import Claim
from agent.returns.sources import find_sale
from central.campaigns import codes as campaigns
from shared.rules.result import Evaluation
from shared.runtime.sqlite import reading
from shared.slip import Row
from tests.chain.kit import Chain, Store, with_coupons

WINE_MINOR = 2_000_00
LESS_MINOR = 1_600_00
"""A wine of 2 000.00 less 20 %."""


@pytest.fixture
def chain(chain: Chain) -> Chain:
    """Every wine brings a coupon."""
    chain.publish(with_coupons)
    return chain


def buy(store: Store, *codes: str, member: object = None) -> tuple[Claim, list[str]]:
    """Buy a wine; return the receipt and the codes of its coupons."""
    claim = store.reserve(wine(store, *codes, member=member))
    return claim, list(store.pay(claim).coupons)


def wine(store: Store, *codes: str, member: object = None) -> Basket:
    return store.basket(Item(1, 1000, "WINE"), promo_codes=codes, member=member)


def told(evaluation: Evaluation) -> list[str]:
    return [one.kind for one in evaluation.codes]


def test_a_coupon_is_taken_in_any_store_once(chain: Chain) -> None:
    here, there = chain.stores
    _, (code,) = buy(here)
    chain.sync()
    assert chain.code_state(code) == "active"

    claim, _ = buy(there, code)

    assert (told(claim.evaluation), claim.evaluation.totals.payable_minor) == (
        ["applied"],
        LESS_MINOR,
    )
    chain.sync()
    assert chain.code_state(code) == "used"
    for store in chain.stores:
        assert told(store.quote(wine(store, code)).evaluation) == ["used_up"]


def test_a_coupon_born_offline_is_taken_there_and_nowhere_else(chain: Chain) -> None:
    here, there = chain.stores
    here.cut()
    there.cut()
    _, (code, *_) = buy(here)

    assert told(there.quote(wine(there, code)).evaluation) == ["unknown"]
    claim, _ = buy(here, code)
    assert told(claim.evaluation) == ["applied"]
    assert told(here.quote(wine(here, code)).evaluation) == ["used_up"]

    chain.heal()
    assert chain.code_state(code) == "used"
    assert chain.conflicts() == []


def test_a_coupon_born_offline_stays_with_its_store_until_asked_for(chain: Chain) -> None:
    here, there = chain.stores
    here.cut()
    _, (code,) = buy(here)
    chain.heal()
    assert campaigns.show(chain.centre, code).holdings == (("101", 1),)
    there.cut()
    assert told(there.quote(wine(there, code)).evaluation) == ["held_elsewhere"]

    chain.heal()

    assert told(buy(there, code)[0].evaluation) == ["applied"]
    chain.sync()
    assert chain.code_state(code) == "used"
    assert chain.conflicts() == []


def test_a_coupon_born_online_is_taken_nowhere_offline(chain: Chain) -> None:
    here, there = chain.stores
    _, (code,) = buy(here)
    chain.sync()
    for store in (here, there):
        store.cut()

    for store in (here, there):
        assert told(store.quote(wine(store, code)).evaluation) == ["held_elsewhere"]


def test_a_coupon_of_a_member_is_his_alone(chain: Chain) -> None:
    anna = chain.member(100_00)
    boris = chain.member(100_00, "+79160000001")
    store = chain.stores[0]
    _, (code,) = buy(store, member=anna.member)
    chain.sync()

    assert told(store.quote(wine(store, code, member=boris.member)).evaluation) == ["not_yours"]
    assert told(store.quote(wine(store, code)).evaluation) == ["not_yours"]
    assert told(buy(store, code, member=anna.member)[0].evaluation) == ["applied"]


def test_each_receipt_has_a_coupon_of_its_own_and_a_repeat_the_same(chain: Chain) -> None:
    store = chain.stores[0]
    claim = store.reserve(wine(store))

    first = store.pay(claim)
    _, others = buy(store)

    assert len(first.coupons) == 1
    assert set(first.coupons).isdisjoint(others)
    slip = store.slip(claim)
    assert f"Купон {first.coupons[0]}" in " ".join(slip.split())


def test_coupons_are_counted_by_their_campaign(chain: Chain) -> None:
    here, there = chain.stores
    _, (code,) = buy(here)
    buy(there)
    chain.sync()
    buy(there, code)
    chain.sync()

    (summary,) = campaigns.summaries(chain.centre)
    assert (summary.batch.campaign, summary.batch.channel) == ("return_soon", "coupon")
    counted = {state.value: used.codes for state, used in summary.usage.items()}
    assert counted == {"active": 2, "used": 1}


def test_the_code_of_a_coupon_is_on_its_slip_and_not_in_the_rows(chain: Chain) -> None:
    here, there = chain.stores
    _, (code,) = buy(here)
    chain.sync()
    plain = code.replace("-", "")

    with there.station.replica.connect() as connection:
        raw = connection.connection.driver_connection
        dump = "\n".join(raw.iterdump()).lower()  # type: ignore[union-attr]

    assert plain.lower() not in dump
    assert plain.encode().hex() not in dump


def test_a_slip_of_which_the_fact_alone_is_left_names_coupons_by_their_ends(chain: Chain) -> None:
    here = chain.stores[0]
    claim, (code,) = buy(here)
    with reading(here.station.journal) as connection:
        _, sold = find_sale(here.station, connection, claim.receipt.uid)

    paper = paper_by(here.station, store_settings(here.station), sold.evaluation.pack_hash)
    slip = recalled_slip(paper, sold, claim.receipt.uid)

    told = [
        block.right for block in slip.blocks if isinstance(block, Row) and block.left == "Купон"
    ]
    assert told == [f"•••• {code[-4:]}"]
