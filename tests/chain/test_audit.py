"""Receipts with codes evaluated a second time: what they bring must be what their rules give."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace as changed

from agent.quote.lines import Item
from agent.quote.service import pack_of
from agent.reserve.store import Claim
from agent.returns.sources import find_sale
from central.auditor.judging import recheck
from central.auditor.store import Verdict
from shared.rules.compile import CompiledPack
from shared.runtime.sqlite import reading
from shared.wire.facts import ReceiptCommitted
from tests.chain.kit import Chain, Store, with_coupons
from tests.chain.test_goals import CERTIFICATE, with_goal

Change = Callable[[ReceiptCommitted], ReceiptCommitted]


def journaled(store: Store, claim: Claim) -> tuple[CompiledPack, ReceiptCommitted]:
    with reading(store.station.journal) as connection:
        _, sale = find_sale(store.station, connection, claim.receipt.uid)
    pack = pack_of(store.station, sale.evaluation.pack_hash)
    assert pack is not None
    return pack, sale


def nothing(sale: ReceiptCommitted) -> ReceiptCommitted:
    return changed(sale, issued=())


def twice(sale: ReceiptCommitted) -> ReceiptCommitted:
    return changed(sale, issued=(*sale.issued, *sale.issued))


def longer(sale: ReceiptCommitted) -> ReceiptCommitted:
    return changed(sale, issued=(changed(sale.issued[0], expires_on=None),))


def more(sale: ReceiptCommitted) -> ReceiptCommitted:
    gift = sale.issued[0]
    return changed(sale, issued=(changed(gift, amount=gift.amount + 1),))


@pytest.mark.parametrize("change", [nothing, twice, longer])
def test_coupons_that_the_rules_do_not_give_so_are_found(chain: Chain, change: Change) -> None:
    chain.publish(with_coupons)
    here = chain.stores[0]
    pack, sale = journaled(here, here.sell(Item(1, 1000, "WINE")))
    assert recheck(pack, sale).verdict is Verdict.SAME

    assert recheck(pack, change(sale)).verdict is Verdict.GRANTS


def test_a_gift_of_another_amount_is_found(chain: Chain) -> None:
    chain.publish(with_goal(CERTIFICATE))
    anna, here = chain.member(100_00), chain.stores[0]
    pack, sale = journaled(here, here.sell(Item(1, 2000, "WINE"), member=anna.member))
    assert recheck(pack, sale).verdict is Verdict.SAME

    assert recheck(pack, more(sale)).verdict is Verdict.GRANTS
