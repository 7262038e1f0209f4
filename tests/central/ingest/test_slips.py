"""Returns by slip: the centre moves of their sale what is left, when it has both."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from central.centre import Centre
from central.conflicts.values import ConflictKind, Role
from central.ingest.asking import tell_sale
from central.packs import keyring
from central.snapshots import service as snapshots
from shared.basket import Goods, Line
from shared.crypto.keys import verify
from shared.ledger.entries import lot_id
from shared.member import LotView
from shared.receipt import Receipt, Redeem
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.wire.agents import SaleAsk, agent_bytes
from shared.wire.codec import decoder, encode
from shared.wire.facts import (
    Birth,
    Envelope,
    Fact,
    FactKind,
    Granted,
    ReceiptCommitted,
    read_body,
)
from shared.wire.feed import GLOBAL
from shared.wire.rows import AgentRow, MemberRow
from shared.wire.taken_back import ReceiptReturned, ReturnedBySlip, ReturnedLine
from tests.central.chain_kit import balance, books, conflicts, kinds, rows
from tests.central.journal_builder import PIECE, Journal, Person, Sold, make_journal
from tests.shared.rules.builders import wine

CHEESE = Goods("CHEESE", "Сыр", "delicacy/cheese")


def sell(journal: Journal, person: Person, old: Sold, *, pieces: int, spend: int) -> Sold:
    """A sale as a till prices it: pieces of cheese at 1 000.00, a part paid with an old lot."""
    moment = Moment(journal.clock.now(), "Europe/Moscow")
    lot = old.body.granted[0]
    view = replace(
        journal.view(person),
        lots=(LotView(lot.lot, lot.account, "bonus", 5_000_00, lot.activates_at, None),),
    )
    receipt = Receipt(
        journal.new_id(),
        journal.store,
        "1",
        (Line(1, CHEESE, pieces * PIECE, 1000_00),),
        member=person.member,
        redeem=Redeem.EXACT,
        redeem_points=spend,
    )
    priced = evaluate(wine(), view, receipt, moment)
    granted = tuple(
        Granted(
            grant.effect_no,
            lot_id(receipt.uid, grant.effect_no, person.account),
            person.account,
            grant.wallet,
            grant.kind,
            grant.rule,
            grant.amount,
            grant.activates_at,
            grant.expires_on,
            unit=100,
        )
        for grant in priced.grants
    )
    body = ReceiptCommitted(
        receipt=receipt,
        member=view,
        moment=moment,
        evaluation=priced,
        result_hash="",
        granted=granted,
        tenders=(),
        fiscal_number="1",
        cashier="1",
        at=journal.clock.now(),
        day=journal.day,
        slip_token_hash=bytes(32),
    )
    envelope = Envelope(
        tuple(
            journal.move(draw.lot, draw.account, drawn=draw.amount)
            for draw in priced.redemption.draws
        ),
        tuple(Birth(one.lot, one.account, one.amount, 0) for one in granted),
    )
    fact = journal.append(FactKind.RECEIPT_COMMITTED, body, envelope)
    return Sold(fact, receipt.uid, tuple(one.lot for one in granted), body)


def by_slip(journal: Journal, sold: Sold, pieces: int, no: int = 1) -> Fact:
    """A return by slip: the line, its pieces, and the money by the slip."""
    line = ReturnedLine(no, pieces * PIECE, pieces * 900_00, 0, 0, 0)
    body = ReturnedBySlip(
        uid=journal.new_id(),
        sale=sold.uid,
        store="101",
        lines=(line,),
        money_minor=pieces * 900_00,
        cashier=f"of {journal.store}",
        at=journal.clock.now(),
        day=journal.day,
    )
    return journal.append(FactKind.RECEIPT_RETURNED_BY_SLIP, body)


def bought(centre: Centre, journal: Journal) -> tuple[Person, Sold]:
    """Somebody with 5,000.00 points buys three pieces, pays 300.00 with points and earns 81.00."""
    person, _ = journal.register()
    soon = journal.day + timedelta(days=1)
    old = journal.sell(person, earn=[5_000_00], turnover=0, expires_on=soon)
    sold = sell(journal, person, old, pieces=3, spend=300_00)
    totals = sold.body.evaluation.totals
    assert (totals.payable_minor, totals.redeemed_points, totals.earned_points) == (
        2700_00,
        300_00,
        81_00,
    )
    assert centre.engine is not None
    return person, sold


@pytest.mark.edge("E49")
def test_a_return_by_slip_moves_the_points_of_its_goods(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = bought(centre, journal)
    by_slip(other, sold, 1)
    journal.push()

    assert kinds(other.push().outcomes) == ["accepted"]

    assert balance(centre, person.account) == 5_000_00 - 300_00 + 81_00 + 100_00 - 27_00
    (member,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, MemberRow)]
    assert member.turnover_minor == 1800_00


@pytest.mark.edge("E49")
@pytest.mark.edge("E50")
def test_a_return_by_slip_waits_for_its_sale(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = bought(centre, journal)
    by_slip(other, sold, 3)
    (waiting,) = other.push().outcomes
    assert (waiting.kind, waiting.waits_for) == ("waiting", sold.uid)

    journal.push()

    assert kinds(other.push().outcomes) == ["accepted"]
    assert balance(centre, person.account) == 5_000_00


@pytest.mark.edge("E49")
def test_pieces_that_come_back_in_different_stores_add_up_to_the_sale(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = bought(centre, journal)
    journal.push()
    by_slip(other, sold, 1)
    other.push()
    by_slip(other, sold, 1)
    other.push()
    journal.take_back(
        sold,
        restored=[(draw.lot, 100_00) for draw in sold.body.evaluation.redemption.draws],
        taken=[(sold.lots[0], 27_00)],
        turnover=900_00,
    )

    journal.push()

    account = books(centre, person.account).accounts[person.account]
    assert (balance(centre, person.account) - account.debt, account.turnover_minor) == (5_000_00, 0)


@pytest.mark.edge("E49")
def test_the_last_goods_by_slip_leave_nothing_however_stores_have_rounded(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = bought(centre, journal)
    for _ in range(2):
        journal.take_back(
            sold,
            restored=[(draw.lot, 99_99) for draw in sold.body.evaluation.redemption.draws],
            taken=[(sold.lots[0], 26_00)],
            turnover=899_99,
        )
    journal.push()
    by_slip(other, sold, 1)

    other.push()

    account = books(centre, person.account).accounts[person.account]
    assert (balance(centre, person.account) - account.debt, account.turnover_minor) == (5_000_00, 0)


@pytest.mark.edge("E49")
def test_the_same_goods_by_the_same_slip_in_two_stores_move_once_and_are_a_case(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = bought(centre, journal)
    by_slip(other, sold, 3)
    by_slip(journal, sold, 2)
    journal.push()

    (outcome,) = other.push().outcomes

    assert (outcome.kind, outcome.reason) == ("adjusted", "returned_twice")
    account = books(centre, person.account).accounts[person.account]
    assert (balance(centre, person.account) - account.debt, account.turnover_minor) == (5_000_00, 0)
    told = {one.kind: one for one in conflicts(centre)}
    assert set(told) == {ConflictKind.DEBT, ConflictKind.RETURNED_TWICE}
    assert told[ConflictKind.DEBT].ids(Role.ACCOUNT) == (person.account,)
    record = told[ConflictKind.RETURNED_TWICE]
    assert record.named(Role.STORE) == ("101", "102")
    assert record.named(Role.CASHIER) == ("101/of 101", "102/of 102")
    assert record.ids(Role.ACCOUNT) == (person.account,)
    assert "101/of 101, 102/of 102" in record.sentence.en


def test_a_line_that_the_sale_does_not_have_moves_nothing_and_is_a_case(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = bought(centre, journal)
    by_slip(other, sold, 1, no=9)
    journal.push()

    (outcome,) = other.push().outcomes

    assert (outcome.kind, outcome.reason) == ("adjusted", "returned_twice")
    assert balance(centre, person.account) == 4_781_00


def test_a_slip_with_amounts_below_nothing_is_quarantined(journal: Journal) -> None:
    sold = journal.sell(None)
    fact = by_slip(journal, sold, 1)
    body = read_body(fact.kind, fact.body)
    assert isinstance(body, ReturnedBySlip)
    journal.facts.pop()
    journal.append(FactKind.RECEIPT_RETURNED_BY_SLIP, structs.replace(body, money_minor=-1))

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "amount_senseless")


# What stores ask


@pytest.mark.edge("E49")
def test_a_store_is_told_a_sale_with_all_that_came_back_of_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    _, sold = bought(centre, journal)
    journal.push()
    by_slip(other, sold, 1)
    other.push()

    request = SaleAsk(other.agent, other.epoch, sold.uid)
    answer = tell_sale(centre, other.signed("/v1/receipts/asks", encode(request)))

    assert answer.store == "101"
    assert decoder(ReceiptCommitted)(answer.sale) == sold.body
    (told,) = answer.returns
    body = read_body(told.kind, told.body)
    assert isinstance(body, ReceiptReturned)
    assert [draw.amount for draw in (*body.restored, *body.taken)] == [100_00, 27_00]


def test_a_sale_that_has_not_arrived_is_not_told(centre: Centre, other: Journal) -> None:
    request = SaleAsk(other.agent, other.epoch, other.new_id())

    answer = tell_sale(centre, other.signed("/v1/receipts/asks", encode(request)))

    assert (answer.sale, answer.returns) == (b"", ())


@pytest.mark.edge("E49")
def test_the_keys_of_all_agents_are_told_once_and_signed_by_the_root(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    assert keyring.publish(centre, centre.clock.now()) == 2
    assert keyring.publish(centre, centre.clock.now()) == 0

    found = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AgentRow)]

    assert {(row.agent, row.store) for row in found} == {
        (journal.agent, "101"),
        (other.agent, "102"),
    }
    for row in found:
        signed = agent_bytes(row.agent, row.epoch, row.store, row.public_key)
        assert verify(centre.keys.root_key, signed, row.signature)


def test_keys_that_were_told_are_not_told_again_when_the_changes_are_not_kept_any_more(
    centre: Centre, journal: Journal
) -> None:
    at = centre.clock.now()
    keyring.publish(centre, at)
    snapshots.run(centre, at)
    kept = timedelta(days=centre.settings.changes_kept_days)

    assert snapshots.prune(centre, at + kept + timedelta(hours=1)) > 0

    assert keyring.publish(centre, at) == 0
    make_journal(centre, journal.clock, "103")
    assert keyring.publish(centre, at) == 1
    assert keyring.publish(centre, at) == 0
