"""Unique promo codes between stores and the centre: used once, however many stores try."""

from datetime import timedelta
from typing import Any

import pytest

from agent.bearers.codes import COUPON, CodeElsewhereError
from agent.quote.lines import Item
from agent.quote.service import Basket, Quote
from central.bearers.batches import PER_TRANSACTION
from central.bearers.minting import minted
from central.campaigns import codes as campaigns
from shared.rules.result import Evaluation
from shared.tokens import plain_token
from shared.wire.codec import encode
from shared.wire.rows import CodeRow
from tests.chain.kit import Chain, Store
from tests.simulation.wire import LineMode

WINE_MINOR = 2_000_00
LESS_MINOR = 1_760_00
"""A wine of 2 000.00 less the 12 % of a tasting's code."""


def wine(store: Store, *codes: str, **more: Any) -> Basket:
    return store.basket(Item(1, 1000, "WINE"), promo_codes=codes, **more)


def told(evaluation: Evaluation) -> list[str]:
    return [one.kind for one in evaluation.codes]


def payable(seen: Quote) -> int:
    return seen.evaluation.totals.payable_minor


def buy(store: Store, *codes: str, **more: Any) -> Evaluation:
    return store.sell(Item(1, 1000, "WINE"), promo_codes=codes, **more).evaluation


@pytest.mark.capability("WINE-31")
def test_a_code_is_used_once_and_counted_by_its_source(chain: Chain) -> None:
    first, other = chain.codes(2, channel="expo", event="Дегустация 12.05")
    chain.codes(1, channel="radio")
    here, there = chain.stores

    assert buy(here, first.lower()).totals.payable_minor == LESS_MINOR
    chain.sync()
    assert chain.code_state(first) == "used"

    for store in (here, there):
        seen = store.quote(wine(store, first))
        assert (told(seen.evaluation), payable(seen)) == (["used_up"], WINE_MINOR)
    assert buy(there, other).totals.payable_minor == LESS_MINOR
    chain.sync()
    by_source = {
        (one.batch.channel, one.batch.event): {
            state.value: (used.codes, used.sum_minor) for state, used in one.usage.items()
        }
        for one in campaigns.summaries(chain.centre)
        if one.batch.channel != COUPON
    }
    assert by_source == {
        ("expo", "Дегустация 12.05"): {"used": (2, 2 * LESS_MINOR)},
        ("radio", ""): {"active": (1, 0)},
    }


def test_two_offline_stores_never_take_the_same_code(chain: Chain) -> None:
    (code,) = chain.codes()
    for store in chain.stores:
        store.cut()

    for store in chain.stores:
        seen = store.quote(wine(store, code))
        assert (told(seen.evaluation), payable(seen)) == (["held_elsewhere"], WINE_MINOR)
        assert seen.evaluation.codes[0].reason.ru == (
            "Промокод сейчас закреплён: центр. Здесь его примут, когда появится связь"
        )
        assert told(buy(store, code)) == ["held_elsewhere"]
    chain.heal()

    assert chain.code_state(code) == "active"
    assert told(buy(chain.stores[0], code)) == ["applied"]
    chain.sync()
    assert chain.code_state(code) == "used"
    assert chain.conflicts() == []


def test_a_personal_code_is_taken_offline_where_its_owner_shops(chain: Chain) -> None:
    """He has registered in the first store: his code is leased to it."""
    anna = chain.member(100_00)
    other = chain.member(100_00, "+79160000001")
    (code,) = chain.codes(0, owners=(anna.member,))
    here, there = chain.stores
    assert campaigns.show(chain.centre, code).holdings == (("101", 1),)
    here.cut()
    there.cut()

    elsewhere = there.quote(wine(there, code, member=anna.member))
    assert told(elsewhere.evaluation) == ["held_elsewhere"]
    assert "магазин 101" in elsewhere.evaluation.codes[0].reason.ru
    assert told(here.quote(wine(here, code, member=other.member)).evaluation) == ["not_yours"]
    assert told(here.quote(wine(here, code)).evaluation) == ["not_yours"]
    assert told(buy(here, code, member=anna.member)) == ["applied"]

    chain.heal()
    assert chain.code_state(code) == "used"
    assert chain.conflicts() == []


def test_a_personal_code_is_given_back_for_another_store(chain: Chain) -> None:
    anna = chain.member(100_00)
    (code,) = chain.codes(0, owners=(anna.member,))
    there = chain.stores[1]

    assert told(buy(there, code, member=anna.member)) == ["applied"]

    chain.sync()
    assert chain.code_state(code) == "used"


def test_a_personal_code_stays_where_it_is_while_that_store_is_silent(chain: Chain) -> None:
    anna = chain.member(100_00)
    (code,) = chain.codes(0, owners=(anna.member,))
    here, there = chain.stores
    here.cut()

    with pytest.raises(CodeElsewhereError) as refused:
        there.reserve(wine(there, code, member=anna.member))

    assert refused.value.details["elsewhere"] == ["101"]
    chain.heal()
    assert chain.code_state(code) == "active"


def test_a_code_that_an_open_receipt_holds_is_held(chain: Chain) -> None:
    (code,) = chain.codes()
    store = chain.stores[0]
    claim = store.reserve(wine(store, code))

    seen = store.quote(wine(store, code))

    assert told(seen.evaluation) == ["held_elsewhere"]
    assert seen.evaluation.codes[0].reason.code == "code_held"
    store.cancel(claim)
    chain.sync()
    assert told(buy(chain.stores[1], code)) == ["applied"]


def test_a_code_that_gave_way_is_not_used_up(chain: Chain) -> None:
    """Cheese is no wine: the code does nothing for it."""
    (code,) = chain.codes()
    store = chain.stores[0]

    claim = store.sell(Item(1, 1000, "CHEESE"), promo_codes=(code,))

    assert told(claim.evaluation) == ["no_effect"]
    assert claim.bearers == ()
    chain.sync()
    assert chain.code_state(code) == "active"


def test_one_code_written_in_two_ways_counts_once(chain: Chain) -> None:
    (code,) = chain.codes()
    store = chain.stores[0]

    claim = store.sell(Item(1, 1000, "WINE"), promo_codes=(code, plain_token(code)))

    assert told(claim.evaluation) == ["applied", "no_effect"]
    assert len(claim.bearers) == 1
    chain.sync()
    assert chain.conflicts() == []


@pytest.mark.parametrize(
    ("first", "last", "kind"), [(3, 9, "not_yet"), (-9, -1, "expired"), (0, 0, "applied")]
)
def test_a_code_counts_on_its_days(chain: Chain, first: int, last: int, kind: str) -> None:
    today = chain.world.time.at.date()
    days = (today + timedelta(first), today + timedelta(last))

    (code,) = chain.codes(first_day=days[0], last_day=days[1])

    store = chain.stores[0]
    assert told(store.quote(wine(store, code)).evaluation) == [kind]


def test_a_revoked_code_is_taken_nowhere(chain: Chain) -> None:
    first, second = chain.codes(2)
    used, left = chain.codes(2, title="whole")
    buy(chain.stores[0], used)
    chain.sync()

    campaigns.revoke(chain.centre, first, "printed twice")
    campaigns.revoke_batch(chain.centre, 2, "the tasting was put off")
    chain.sync()

    store = chain.stores[1]
    for code, kind in ((first, "blocked"), (second, "applied"), (left, "blocked")):
        assert told(store.quote(wine(store, code)).evaluation) == [kind]
    assert chain.code_state(used) == "used"
    assert chain.code_state(left) == "revoked"
    with pytest.raises(campaigns.RevokedError):
        campaigns.revoke(chain.centre, first, "again")


def test_a_store_that_has_not_heard_of_a_revocation_gets_no_lease(chain: Chain) -> None:
    (code,) = chain.codes()
    campaigns.revoke(chain.centre, code, "printed twice")
    store = chain.stores[0]
    assert told(store.quote(wine(store, code)).evaluation) == ["applied"]

    with pytest.raises(CodeElsewhereError):
        store.reserve(wine(store, code))

    chain.sync()
    assert chain.code_state(code) == "revoked"


class StoppedError(Exception):
    """The command was killed."""


def stop(done: int) -> None:
    if done:
        raise StoppedError


def test_half_a_batch_is_worth_nothing(chain: Chain) -> None:
    wanted = campaigns.CodeOrder("tasting", PER_TRANSACTION + 1)
    batch = campaigns.order(chain.centre, wanted)
    with pytest.raises(StoppedError):
        campaigns.make(chain.centre, batch.no, stop)
    chain.sync()
    code = minted(chain.centre, batch, 1).code
    store = chain.stores[0]
    assert told(store.quote(wine(store, code)).evaluation) == ["unknown"]

    campaigns.make(chain.centre, batch.no)
    chain.sync()

    assert told(store.quote(wine(store, code)).evaluation) == ["applied"]


def test_the_row_of_a_code_is_short(chain: Chain) -> None:
    """There may be a million of them in every store."""
    chain.codes()
    with chain.stores[0].station.replica.connect() as connection:
        query = "SELECT key, row FROM row WHERE kind = ?"
        ((key, row),) = connection.exec_driver_sql(query, ("code",)).fetchall()

    assert len(key) == 16
    assert len(row) <= 26
    assert encode(CodeRow(key, 1)) == row


def test_two_tills_do_not_take_the_same_leased_code(chain: Chain) -> None:
    anna = chain.member(100_00)
    (code,) = chain.codes(0, owners=(anna.member,))
    store = chain.stores[0]
    store.machine.line.mode = LineMode.DOWN
    store.cut()
    held = store.reserve(wine(store, code, member=anna.member))

    assert told(buy(store, code, member=anna.member)) == ["held_elsewhere"]

    store.pay(held)
    chain.heal()
    assert chain.code_state(code) == "used"
    assert chain.conflicts() == []
