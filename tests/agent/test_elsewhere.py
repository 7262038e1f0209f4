"""Goods come back in another store: with what the centre tells, or by the slip alone."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from agent.commit.service import Committed
from agent.printing import store as spool
from agent.push import push
from agent.quote.lines import Item
from agent.returns import exchange
from agent.returns.by_slip import (
    BadSlipError,
    OverCapError,
    SlipClaim,
    SlipReturn,
    SlipUsedError,
)
from agent.returns.exchange import ReturnAloneError, Wish
from agent.returns.preview import Preview
from agent.returns.service import Returned, ReturnOrder, give_back_goods, preview_by_slip
from agent.returns.shares import NotReturnableError, ReceiptVoidedError
from agent.returns.sources import (
    DamagedReceiptError,
    LineNeededError,
    SlipNeededError,
    SoldElsewhereError,
    UnknownReceiptError,
)
from agent.scan import ScanKind, classify
from shared.crypto.keys import KeyPair
from shared.receipt import Redeem
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction
from shared.slip import Qr, Text
from shared.wire.agents import SaleAnswer, ToldReturn, agent_bytes
from shared.wire.facts import FactKind
from shared.wire.feed import GLOBAL
from shared.wire.keylist import Trusted, signed_list
from shared.wire.rows import AgentRow, RevokedAgent
from shared.wire.slips import pointer, read
from shared.wire.taken_back import ReceiptReturned, ReturnedBySlip
from tests.agent.kit import facts, kinds, last_body, last_envelope, seen, sell, take_back
from tests.agent.test_push import answer
from tests.agent.test_void import undo, with_rules
from tests.builders import (
    CHEESE,
    PACKER,
    ROOT,
    WINE,
    Person,
    PersonLot,
    Shop,
    basket,
    pack_row,
    wine_text,
)

CAP = "offline_return: cap\n  offline_return_cap: 2500.00"


def agent_row(shop: Shop, root: KeyPair = ROOT) -> AgentRow:
    who = shop.station.identity
    signed = agent_bytes(who.agent, who.epoch, who.store, who.keys.public)
    return AgentRow(who.agent, who.epoch, who.store, who.keys.public, root.sign(signed))


@pytest.fixture
def seller(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "seller", store="101", seed=1).open()
    yield made
    made.close()


@pytest.fixture
def other(tmp_path: Path, seller: Shop) -> Iterator[Shop]:
    """A second store, which knows the key of the first one's agent."""
    made = Shop(tmp_path / "other", store="102", seed=2).open()
    made.feed(GLOBAL, agent_row(seller))
    yield made
    made.close()


def policy(shops: tuple[Shop, ...], stated: str) -> None:
    text = wine_text().replace("\nversion: 1\n", "\nversion: 2\n")
    for shop in shops:
        shop.feed(GLOBAL, pack_row(f"{text}\n  {stated}\n"))


def tell(other: Shop, seller: Shop, sale: Committed) -> None:
    """Let the centre know the sale and what came back of it, as the seller's journal says."""
    bodies = {fact.id: fact for fact in facts(seller)}
    returns = tuple(
        ToldReturn(fact.kind, fact.body)
        for fact in facts(seller)
        if fact.kind in (FactKind.RECEIPT_RETURNED, FactKind.RECEIPT_VOIDED)
    )
    answer = SaleAnswer("101", bodies[sale.fact].body, returns)
    other.link.sales[sale.receipt] = answer
    seller.link.sales[sale.receipt] = answer


def code_of(shop: Shop, sale: Committed) -> str:
    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, sale.slip)
    assert paper is not None
    (code,) = [block.text for block in paper[0].blocks if isinstance(block, Qr)]
    return code


def look(shop: Shop, receipt: UUID, *parts: tuple[int, int], slip: str = "") -> object:
    claim = SlipClaim(receipt, tuple(Part(*part) for part in parts), slip)
    return preview_by_slip(shop.station, claim, shop.clock.now())


def bring(shop: Shop, receipt: UUID, *parts: tuple[int, int], slip: str = "") -> Returned:
    told = tuple(Part(*part) for part in parts)
    order = ReturnOrder(shop.uid(), b"content", receipt, told, "7", slip=slip)
    return give_back_goods(shop.station, order, shop.clock.now())


# Online


def test_a_sale_that_the_disk_has_damaged_comes_back_as_the_centre_tells_it(
    seller: Shop, other: Shop
) -> None:
    sale = sell(seller, basket(seller))
    tell(other, seller, sale)
    seller.link.answer_push = answer
    push(seller.station)
    with transaction(seller.station.journal) as connection:
        body = connection.exec_driver_sql("SELECT body FROM fact").scalar_one()
        dearer = bytes([*body[:-1], body[-1] ^ 1])
        connection.exec_driver_sql("UPDATE fact SET body = ?", (dearer,))
    seller.link.up = False
    with pytest.raises(DamagedReceiptError):
        bring(seller, sale.receipt, (1, 1000))

    seller.link.up = True

    assert bring(seller, sale.receipt, (1, 1000)).money_minor == 100_000


@pytest.mark.edge("E49")
def test_a_sale_of_another_store_comes_back_with_what_the_centre_tells(
    seller: Shop, other: Shop
) -> None:
    """What is restored can be spent in the other store once the centre has leased it again."""
    seller.member(Person(PersonLot(50_000, leased=50_000)))
    anna = Person(PersonLot(50_000))
    other.member(anna)
    sale = sell(
        seller,
        basket(seller, Item(1, 2000, CHEESE), member=anna, redeem=Redeem.EXACT, points=20_000),
    )
    tell(other, seller, sale)

    told = look(other, sale.receipt, (1, 1000))
    done = bring(other, sale.receipt, (1, 1000))

    assert isinstance(told, Preview)
    assert (done.money_minor, done.restored_points) == (900_00, 10_000)
    assert (told.money_minor, told.restored_points) == (900_00, 10_000)
    assert not done.is_provisional
    body = last_body(other)
    assert isinstance(body, ReceiptReturned)
    assert [draw.amount for draw in body.restored] == [10_000]
    assert kinds(other) == ["receipt.returned"]
    assert [lot.here for lot in seen(other, anna).lots] == [0]
    assert last_envelope(other).moves == ()


def test_what_came_back_where_it_was_sold_is_not_taken_back_elsewhere_and_the_other_way_round(
    seller: Shop, other: Shop
) -> None:
    sale = sell(seller, basket(seller, Item(1, 3000, CHEESE)))
    take_back(seller, sale.receipt, (1, 1000))
    tell(other, seller, sale)

    with pytest.raises(NotReturnableError) as refused:
        bring(other, sale.receipt, (1, 2001))
    assert refused.value.details["left"] == 2000
    back = bring(other, sale.receipt, (1, 1500))

    bodies = tuple(
        ToldReturn(fact.kind, fact.body)
        for shop in (seller, other)
        for fact in facts(shop)
        if fact.kind == FactKind.RECEIPT_RETURNED
    )
    seller.link.sales[sale.receipt] = SaleAnswer("101", facts(seller)[0].body, bodies)
    acknowledge(seller)
    with pytest.raises(NotReturnableError) as refused:
        take_back(seller, sale.receipt, (1, 501))
    assert refused.value.details["left"] == 500
    assert take_back(seller, sale.receipt, (1, 500)).money_minor == 500_00
    assert back.money_minor == 1500_00


def acknowledge(shop: Shop) -> None:
    """Let the centre's word on every fact be there."""
    shop.link.answer_push = answer
    push(shop.station)


def test_a_voided_receipt_does_not_come_back_elsewhere(seller: Shop, other: Shop) -> None:
    with_rules(seller)
    sale = sell(seller, basket(seller))
    undo(seller, sale.receipt)
    tell(other, seller, sale)

    with pytest.raises(ReceiptVoidedError):
        bring(other, sale.receipt, (1, 1000))


def test_a_receipt_that_the_centre_does_not_know_is_unknown(other: Shop) -> None:
    with pytest.raises(UnknownReceiptError):
        look(other, other.uid(), (1, 1000))


def test_a_silent_centre_is_waited_for_once_and_then_it_is_as_without_the_line(
    seller: Shop, other: Shop
) -> None:
    sale = sell(seller, basket(seller))
    other.link.up = False

    with pytest.raises(SoldElsewhereError):
        look(other, sale.receipt, (1, 1000))


def test_a_repeated_return_is_answered_without_asking_again(seller: Shop, other: Shop) -> None:
    sale = sell(seller, basket(seller))
    tell(other, seller, sale)
    order = ReturnOrder(other.uid(), b"content", sale.receipt, (Part(1, 1000),))
    first = give_back_goods(other.station, order, other.clock.now())
    asked = len(other.link.asked_for_sales)
    other.link.up = False

    assert give_back_goods(other.station, order, other.clock.now()) == first
    assert len(other.link.asked_for_sales) == asked


# By the slip alone


@pytest.mark.edge("E49")
def test_without_the_line_a_slip_is_enough_within_the_cap(seller: Shop, other: Shop) -> None:
    policy((seller, other), CAP)
    anna = Person(PersonLot(50_000, leased=50_000))
    seller.member(anna)
    sale = sell(
        seller,
        basket(seller, Item(1, 2000, CHEESE), member=anna, redeem=Redeem.EXACT, points=20_000),
    )
    code = code_of(seller, sale)
    other.link.up = False

    scan = classify(other.station, code)
    told = look(other, sale.receipt, (1, 1000), slip=code)
    done = bring(other, sale.receipt, (1, 1000), slip=code)

    assert (scan.kind, scan.receipt) == (ScanKind.SLIP, sale.receipt)
    assert scan.sale is not None
    assert [line.money_minor for line in scan.sale.lines] == [1800_00]
    assert isinstance(told, SlipReturn)
    assert (told.money_minor, done.money_minor) == (900_00, 900_00)
    assert done.is_provisional
    assert (done.restored_points, done.taken_points) == (10_000, 2_700)
    body = last_body(other)
    assert isinstance(body, ReturnedBySlip)
    assert (body.store, body.sale, body.money_minor) == ("101", sale.receipt, 900_00)
    assert last_envelope(other).moves == ()
    with reading(other.station.journal) as connection:
        paper = spool.slip_and_copies(connection, done.slip)
    assert paper is not None
    assert Text("Бонусы пересчитаем, когда появится связь с центром") in paper[0].blocks


@pytest.mark.edge("E49")
@pytest.mark.parametrize(
    ("stated", "own", "foreign"),
    [
        ("offline_return: own_store", None, SoldElsewhereError),
        (CAP, None, SlipNeededError),
        ("offline_return: none", LineNeededError, LineNeededError),
    ],
)
def test_without_the_line_the_programme_says_who_takes_goods_back(
    seller: Shop,
    other: Shop,
    stated: str,
    own: type[Exception] | None,
    foreign: type[Exception],
) -> None:
    policy((seller, other), stated)
    sale = sell(seller, basket(seller))
    other.link.up = seller.link.up = False

    with pytest.raises(foreign):
        bring(other, sale.receipt, (1, 1000))
    if own is None:
        assert take_back(seller, sale.receipt, (1, 1000)).money_minor == 1000_00
    else:
        with pytest.raises(own):
            take_back(seller, sale.receipt, (1, 1000))
    assert kinds(other) == []


def test_what_would_come_back_by_its_slip_is_no_part_of_an_exchange(
    seller: Shop, other: Shop
) -> None:
    policy((seller, other), CAP)
    sale = sell(seller, basket(seller))
    other.link.up = False
    wish = Wish(sale.receipt, (Part(1, 1000),), basket(other))

    with pytest.raises(ReturnAloneError):
        exchange.preview(other.station, wish, other.clock.now())


def test_where_only_the_own_store_takes_back_a_slip_is_a_pointer_and_does_not_help(
    seller: Shop, other: Shop
) -> None:
    sale = sell(seller, basket(seller))
    code = code_of(seller, sale)
    other.link.up = False

    assert code.startswith("KPK1:")
    with pytest.raises(SoldElsewhereError):
        bring(other, sale.receipt, (1, 1000), slip=code)


@pytest.mark.edge("E49")
def test_more_than_the_cap_is_refused(seller: Shop, other: Shop) -> None:
    policy((seller, other), CAP)
    sale = sell(seller, basket(seller, Item(1, 2000, CHEESE), Item(2, 1000, WINE)))
    code = code_of(seller, sale)
    other.link.up = False

    with pytest.raises(OverCapError) as refused:
        bring(other, sale.receipt, (1, 2000), (2, 1000), slip=code)

    assert refused.value.details["cap_minor"] == 2500_00
    assert bring(other, sale.receipt, (1, 500), (2, 1000), slip=code).money_minor == 2500_00


@pytest.mark.edge("E49")
def test_a_photograph_of_a_slip_brings_nothing_back_a_second_time(
    seller: Shop, other: Shop
) -> None:
    policy((seller, other), CAP)
    sale = sell(seller, basket(seller, Item(1, 2000, CHEESE)))
    code = code_of(seller, sale)
    other.link.up = False
    bring(other, sale.receipt, (1, 1000), slip=code)

    for spelling in (code, f"  {code.lower()}\r\n"):
        with pytest.raises(SlipUsedError):
            bring(other, sale.receipt, (1, 1000), slip=spelling)
    assert kinds(other) == ["receipt.returned_by_slip"]


def test_what_came_back_here_online_is_not_brought_back_by_the_slip(
    seller: Shop, other: Shop
) -> None:
    policy((seller, other), CAP)
    sale = sell(seller, basket(seller, Item(1, 2000, CHEESE)))
    tell(other, seller, sale)
    bring(other, sale.receipt, (1, 1000))
    other.link.up = False

    with pytest.raises(NotReturnableError):
        bring(other, sale.receipt, (1, 1001), slip=code_of(seller, sale))
    back = bring(other, sale.receipt, (1, 1000), slip=code_of(seller, sale))
    assert back.money_minor == 1000_00


@pytest.mark.parametrize("fault", ["changed", "of another receipt", "unknown agent", "no root"])
def test_a_slip_that_the_chain_has_not_signed_for_this_receipt_is_refused(
    seller: Shop, other: Shop, tmp_path: Path, fault: str
) -> None:
    policy((seller, other), CAP)
    sale, second = (sell(seller, basket(seller)) for _ in range(2))
    code = code_of(seller, sale)
    if fault == "changed":
        code = code[:-9] + ("A" if code[-9] != "A" else "B") + code[-8:]
    elif fault == "of another receipt":
        code = code_of(seller, second)
    elif fault == "unknown agent":
        stranger = Shop(tmp_path / "stranger", store="103", seed=3).open()
        policy((stranger,), CAP)
        foreign = sell(stranger, basket(stranger))
        code = code_of(stranger, foreign)
        stranger.close()
        sale = foreign
    else:
        other.feed(GLOBAL, agent_row(seller, root=KeyPair.from_seed(b"x" * 32)))
    other.link.up = False

    with pytest.raises(BadSlipError):
        bring(other, sale.receipt, (1, 1000), slip=code)
    assert kinds(other) == []


def test_a_slip_of_a_revoked_agent_counts_only_with_what_the_centre_tells(
    seller: Shop, other: Shop
) -> None:
    """Whoever has the machine could sign slips of sales that never were."""
    policy((seller, other), CAP)
    sale = sell(seller, basket(seller))
    code, who = code_of(seller, sale), seller.station.identity
    told = Trusted((PACKER.public,), revoked=(RevokedAgent(who.agent, who.epoch, 0),))
    other.feed(GLOBAL, signed_list(2, told, ROOT))

    other.link.up = False
    with pytest.raises(BadSlipError):
        bring(other, sale.receipt, (1, 1000), slip=code)

    other.link.up = True
    tell(other, seller, sale)
    scan = classify(other.station, code)
    assert (scan.kind, scan.receipt, scan.sale) == (ScanKind.SLIP, sale.receipt, None)
    assert bring(other, sale.receipt, (1, 1000)).money_minor == 1_000_00


def test_a_sale_that_the_centre_does_not_have_yet_comes_back_by_its_slip(
    seller: Shop, other: Shop
) -> None:
    """The seller has no line: the centre answers, but has not heard of the sale."""
    policy((seller, other), CAP)
    sale = sell(seller, basket(seller))

    assert bring(other, sale.receipt, (1, 1000), slip=code_of(seller, sale)).is_provisional


def test_a_receipt_too_long_for_a_code_that_prints_well_is_a_pointer(seller: Shop) -> None:
    policy((seller,), CAP)
    items = [Item(no, 1000, CHEESE, price_minor=123_456) for no in range(1, 61)]

    long, short = (sell(seller, basket(seller, *items[:count])) for count in (60, 20))

    assert code_of(seller, long).startswith("KPK1:")
    found = read(code_of(seller, short))
    assert found is not None
    assert len(found[0].lines) == 20
    assert classify(seller.station, code_of(seller, long)).receipt == long.receipt


def test_a_day_before_all_slips_is_no_reason_to_refuse_a_sale(seller: Shop) -> None:
    text = wine_text().replace("2026-01-01T00:00", "1969-01-01T00:00")
    seller.feed(GLOBAL, pack_row(f"{text}\n  {CAP}\n"))
    seller.clock.move(days=-20_000)

    sale = sell(seller, basket(seller))

    assert code_of(seller, sale).startswith("KPK1:")


def test_a_pointer_of_a_slip_is_known_by_its_prefix(seller: Shop) -> None:
    code = pointer(UUID(int=5), b"0123456789")

    scan = classify(seller.station, code.lower())

    assert (scan.kind, scan.receipt, scan.token) == (ScanKind.SLIP, UUID(int=5), b"0123456789")
