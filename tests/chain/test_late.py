"""A sale that a till made without the agent, at the centre."""

from datetime import timedelta

from agent.commit.late import LateSale, take_late
from agent.quote.lines import Item
from agent.receipts import look_up
from shared.receipt import Tender, TenderKind
from tests.chain.kit import Chain


def test_the_centre_finds_the_same_and_has_it_once(chain: Chain) -> None:
    store = chain.stores[0]
    anna = chain.member(0)
    chain.sync()
    at = store.station.time.now()
    sale = LateSale(
        uid=store.uid(),
        content=b"content",
        receipt=store.uid(),
        till="1",
        card=anna.card,
        items=(Item(1, 1000, "WINE", price_minor=2_000_00),),
        tenders=(Tender(TenderKind.CASH, 2_000_00),),
        sold_at=at - timedelta(minutes=40),
    )
    store.cut()

    take_late(store.station, sale, at)
    take_late(store.station, sale, at)
    chain.heal()

    assert look_up(store.station, sale.receipt).sync == "accepted"
    assert chain.conflicts() == []
    assert not [verdict for verdict, _ in chain.audit() if verdict == "diverged"]
