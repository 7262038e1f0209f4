"""Short words for what the tests of the agent do most: sell, take back, read the journal."""

from collections.abc import Iterable
from itertools import pairwise
from uuid import UUID

from agent.commit.service import Committed, Sale, commit
from agent.journal import store as journal
from agent.leases import store as holds
from agent.leases.lots import LotStanding
from agent.leases.standing import Standing, standing
from agent.quote.service import Basket, quote
from agent.reserve.service import ReserveOrder, reserve
from agent.reserve.store import Claim
from agent.returns.service import Returned, ReturnOrder, give_back_goods
from shared.crypto.chain import GENESIS
from shared.receipt import Tender, TenderKind
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.wire.facts import Body, Envelope, Fact, body_of, decode_envelope, is_intact
from tests.builders import Person, PersonLot, Shop

FACTS_MAX = 10_000


def order_of(shop: Shop, wanted: Basket, digest: str | None = None) -> ReserveOrder:
    """Return a claim at the digest that the basket has now."""
    agreed = digest or quote(shop.station, wanted, shop.station.time.now()).digest
    return ReserveOrder(shop.uid(), b"content", wanted, agreed, "0018")


def claim(shop: Shop, wanted: Basket) -> Claim:
    """Reserve a basket as it is quoted now."""
    return reserve(shop.station, order_of(shop, wanted), shop.station.time.now())


def paid(shop: Shop, held: Claim) -> Sale:
    """Return what the till says when a reserved receipt is paid in cash."""
    payable = held.evaluation.totals.payable_minor
    tenders = (Tender(TenderKind.CASH, payable),)
    return Sale(shop.uid(), b"content", held.receipt.uid, tenders, "17")


def sell(shop: Shop, wanted: Basket) -> Committed:
    """Quote, reserve and commit."""
    return commit(shop.station, paid(shop, claim(shop, wanted)), shop.station.time.now())


def take_back(shop: Shop, sale: UUID, *parts: tuple[int, int]) -> Returned:
    """Return parts of a sale, each a line's number and thousandths."""
    return give_back_goods(shop.station, return_order(shop, sale, *parts), shop.station.time.now())


def return_order(shop: Shop, sale: UUID, *parts: tuple[int, int]) -> ReturnOrder:
    """Return what the till says when goods come back."""
    return ReturnOrder(shop.uid(), b"content", sale, tuple(Part(*part) for part in parts))


def facts(shop: Shop, epoch: int = 1) -> list[Fact]:
    """Return the whole journal of an epoch, having checked its chain."""
    with reading(shop.station.journal) as connection:
        found = journal.facts_from(connection, shop.station.identity.agent, epoch, 1, FACTS_MAX)
    assert [fact.seq for fact in found] == list(range(1, len(found) + 1))
    assert all(is_intact(fact) for fact in found)
    assert not found or found[0].prev_hash == GENESIS
    assert all(left.hash == right.prev_hash for left, right in pairwise(found))
    assert all(left.hlc < right.hlc for left, right in pairwise(found))
    return found


def kinds(shop: Shop) -> list[str]:
    """Return the kinds of the journal's facts, in order."""
    return [fact.kind for fact in facts(shop)]


def last_body(shop: Shop) -> Body:
    """Return the body of the newest fact."""
    return body_of(facts(shop)[-1])


def last_envelope(shop: Shop) -> Envelope:
    """Return the envelope of the newest fact."""
    return decode_envelope(facts(shop)[-1].envelope)


def envelopes(shop: Shop) -> list[Envelope]:
    """Return the envelopes of all facts, in order."""
    return [decode_envelope(fact.envelope) for fact in facts(shop)]


def drawn(shop: Shop, lots: Iterable[PersonLot]) -> int:
    """Return what the journal has drawn of lots, having checked that their counts go on."""
    ids = {lot.row.id for lot in lots}
    gone: dict[UUID, int] = {}
    total = 0
    for envelope in envelopes(shop):
        for move in envelope.moves:
            gone[move.lot] = gone.get(move.lot, 0) + move.drawn + move.given_back
            assert move.gone == gone[move.lot]
            total += move.drawn if move.lot in ids else 0
    return total


def seen(shop: Shop, who: Person | UUID) -> Standing:
    """Return how a member stands in the store now."""
    member = who.id if isinstance(who, Person) else who
    with reading(shop.station.journal) as connection:
        return standing(shop.station, connection, member)


def lot_seen(shop: Shop, who: Person, lot: PersonLot) -> LotStanding:
    """Return how one lot stands in the store now."""
    return next(found for found in seen(shop, who).lots if found.id == lot.row.id)


def asks_open(shop: Shop) -> list[UUID]:
    """Return the receipts whose asks no fact has ended."""
    with reading(shop.station.journal) as connection:
        return holds.receipts_with_open_asks(connection)
