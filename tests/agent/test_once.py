"""What a person gets once: granted with the registration or the receipt, and by no store twice."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from msgspec import structs

from agent.commit.service import commit
from agent.members.service import BadReferrerError, Registered, Registration, find, register
from agent.quote.lines import Item
from agent.quote.service import quote
from agent.till import render
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ids import account_lot, once_lot
from shared.member import History
from shared.receipt import Redeem
from shared.rules.result import Draw
from shared.wire.facts import Body, MemberRegistered, ReceiptCommitted, read_body
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, LotRow
from shared.wire.taken_back import ReceiptReturned
from tests.agent.kit import claim, envelopes, last_body, last_envelope, paid, seen, sell, take_back
from tests.builders import (
    CHEESE,
    INDEX_KEY,
    WINE,
    Person,
    Shop,
    basket,
    member_row,
    pack_row,
    wine_text,
    wine_with,
)

PHONE = "+79161234567"
GRANTS = """
grants:
  - id: welcome
    title: {ru: Приветственные бонусы, en: Welcome points}
    on: registration
    points: 300.00
    wallet: bonus
    expiry: 30 days
  - id: birthday
    title: {ru: С днём рождения, en: Happy birthday}
    on: birthday
    before_days: 3
    after_days: 7
    points: 500.00
    wallet: bonus
    expiry: 14 days
  - id: friend
    title: {ru: За друга, en: For a friend}
    on: first_purchase
    to: referrer
    points: 200.00
    wallet: bonus
    expiry: 3 months
"""


def programme() -> str:
    """The wine programme with these grants."""
    return wine_with(GRANTS).replace("version: 1", "version: 2")


PERSON = blind_index(INDEX_KEY, IdentifierKind.PHONE, PHONE).hex()


@pytest.fixture
def generous(shop: Shop) -> Shop:
    """A store whose programme grants on occasions, with the cable out."""
    shop.feed(GLOBAL, pack_row(programme()))
    shop.link.up = False
    return shop


def join(shop: Shop, name: str = "Анна Петрова", phone: str = PHONE, **more: object) -> Registered:
    order = Registration(shop.uid(), b"content", name, phone, "v1", "1", "7", **more)  # type: ignore[arg-type]
    return register(shop.station, order, shop.clock.now())


def person_of(joined: Registered) -> Person:
    person = Person()
    person.id = joined.member
    return person


def born_today(shop: Shop) -> Person:
    """A member whom the centre knows, with his birthday and phone."""
    anna = Person(phone=PHONE)
    shop.member(anna)
    row = member_row(anna)
    day = shop.clock.now().date().replace(year=1990)
    shop.feed(GLOBAL, structs.replace(row, birthday=day, person=bytes.fromhex(PERSON)))
    return anna


@pytest.mark.capability("WINE-32")
def test_a_registration_carries_the_welcome_and_no_store_keeps_it(generous: Shop) -> None:
    anna = join(generous)

    body, envelope = last_body(generous), last_envelope(generous)

    assert isinstance(body, MemberRegistered)
    (lot,) = body.granted
    assert (lot.once, lot.amount, lot.kind) == (once_lot("welcome", PERSON, ""), 300_00, "welcome")
    assert lot.lot == account_lot(once_lot("welcome", PERSON, ""), body.account)
    assert [(birth.lot, birth.kept) for birth in envelope.births] == [(lot.lot, 0)]
    (shown,) = seen(generous, anna.member).lots
    assert (shown.amount, shown.here) == (300_00, 0)


def test_the_welcome_cannot_be_spent_before_the_centre_has_it(generous: Shop) -> None:
    anna = person_of(join(generous))

    wanted = basket(generous, member=anna, redeem=Redeem.MAXIMUM)
    priced = quote(generous.station, wanted, generous.clock.now())

    assert priced.evaluation.redemption.redeemed == 0
    assert priced.headroom is not None


def test_two_stores_that_hear_nothing_of_each_other_grant_the_same_to_accounts_of_their_own(
    generous: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = Shop(tmp_path_factory.mktemp("there"), store="102", seed=2).open()
    there.feed(GLOBAL, pack_row(programme()))

    anna, again = join(generous), join(there)

    assert anna.member != again.member
    bodies = last_body(generous), last_body(there)
    lots = [one.granted[0] for one in bodies if isinstance(one, MemberRegistered)]
    assert lots[0].once == lots[1].once == once_lot("welcome", PERSON, "")
    assert lots[0].lot != lots[1].lot
    there.close()


@pytest.mark.edge("E37")
def test_a_birthday_offline_is_granted_with_the_first_receipt_and_not_with_the_next(
    generous: Shop,
) -> None:
    anna = born_today(generous)

    sell(generous, basket(generous, member=anna))
    first = last_body(generous)
    sell(generous, basket(generous, member=anna))
    second = last_body(generous)

    assert isinstance(first, ReceiptCommitted)
    assert isinstance(second, ReceiptCommitted)
    year = str(generous.clock.now().year)
    assert [lot.once for lot in first.granted if lot.person] == [once_lot("birthday", PERSON, year)]
    assert [lot for lot in second.granted if lot.person] == []
    assert [birth.kept > 0 for birth in last_envelope(generous).births] == [True]


def test_a_birthday_that_another_store_has_granted_is_not_granted_again(generous: Shop) -> None:
    anna = born_today(generous)
    had = once_lot("birthday", PERSON, str(generous.clock.now().year))
    generous.feed(GLOBAL, AccountRow(anna.account, anna.id, 0, (), History(once=(had,))))

    priced = quote(generous.station, basket(generous, member=anna), generous.clock.now())

    assert priced.evaluation.once == ()


def test_two_receipts_that_were_reserved_together_grant_once(generous: Shop) -> None:
    anna = born_today(generous)
    one, two = (
        claim(generous, basket(generous, member=anna)),
        claim(generous, basket(generous, member=anna)),
    )

    granted = []
    for held in (one, two):
        commit(generous.station, paid(generous, held), generous.clock.now())
        body = last_body(generous)
        assert isinstance(body, ReceiptCommitted)
        granted.append([lot.amount for lot in body.granted if lot.person])

    assert granted == [[500_00], []]
    (gift,) = (lot for lot in seen(generous, anna).lots if lot.amount == 500_00)
    assert gift.here == 0


def test_a_lot_that_the_rows_have_already_is_not_shown_twice(generous: Shop) -> None:
    anna = born_today(generous)
    sell(generous, basket(generous, member=anna))
    had = account_lot(once_lot("birthday", PERSON, str(generous.clock.now().year)), anna.account)
    now = generous.clock.now()
    row = LotRow(had, "bonus", "birthday", 500_00, now, None, ())
    generous.feed(GLOBAL, AccountRow(anna.account, anna.id, 0, (row,)))

    assert [lot.amount for lot in seen(generous, anna).lots if lot.id == had] == [500_00]


def test_the_first_purchase_of_a_friend_grants_to_who_brought_him(generous: Shop) -> None:
    plumber = Person(phone="+79160000000")
    generous.member(plumber)
    friend = join(generous, referrer=plumber.card)

    sell(generous, basket(generous, member=person_of(friend)))
    first = last_body(generous)
    sell(generous, basket(generous, member=person_of(friend)))
    second = last_body(generous)

    assert isinstance(first, ReceiptCommitted)
    assert isinstance(second, ReceiptCommitted)
    assert [(lot.account, lot.amount) for lot in first.granted if lot.person] == [
        (plumber.account, 200_00)
    ]
    assert [lot for lot in second.granted if lot.person] == []
    assert [lot.amount for lot in seen(generous, plumber).lots] == [200_00]


@pytest.mark.capability("PLUMB-40")
@pytest.mark.parametrize("referrer", [PHONE, "+79169999999", "nonsense"])
def test_nobody_brings_himself_nor_is_brought_by_nobody(generous: Shop, referrer: str) -> None:
    with pytest.raises(BadReferrerError):
        join(generous, referrer=referrer)


def test_who_is_registered_already_is_not_welcomed_again(generous: Shop) -> None:
    first = join(generous)

    again = join(generous)

    assert (again.member, again.state) == (first.member, "existing")
    assert len(seen(generous, first.member).lots) == 1


def test_a_birthday_told_at_the_registration_counts(generous: Shop) -> None:
    today = generous.clock.now().date()
    anna = person_of(join(generous, birthday=date(1990, today.month, today.day)))
    generous.clock.move(hours=24)

    sell(generous, basket(generous, member=anna))

    body = last_body(generous)
    assert isinstance(body, ReceiptCommitted)
    assert [lot.kind for lot in body.granted if lot.person] == ["birthday"]
    assert find(generous.station, PHONE)[0].standing.birthday is not None


EARN_TWICE = """
  - id: friend_share
    title: {ru: Доля друга, en: Share of a friend}
    then:
      - effect: earn
        wallet: bonus
        percent: 2 %
        to: referrer
        activation: at once
        expiry: never
  - id: fast
    title: {ru: Быстрые, en: Fast}
    if: {group_in: [wine]}
    then:
      - {effect: earn, wallet: bonus, kind: fast, percent: 1 %, activation: at once, expiry: 7 days}
"""
TWICE = (
    wine_text().replace("version: 1", "version: 2").replace("\nrules:\n", f"\nrules:\n{EARN_TWICE}")
)


@pytest.mark.capability("PLUMB-40")
@pytest.mark.edge("E55")
def test_who_brought_the_member_earns_on_each_purchase_and_gives_it_back_with_the_goods(
    shop: Shop,
) -> None:
    """Of 1 000.00 two percent are 20.00; two pieces of three back take 13.34 of 20.00, in whole
    points 13."""
    shop.feed(GLOBAL, pack_row(TWICE))
    plumber = Person(phone="+79160000000")
    shop.member(plumber)
    friend = person_of(join(shop, referrer=plumber.card))
    shop.link.up = False

    cheese = Item(1, 3000, CHEESE, price_minor=333_33)
    done = sell(shop, basket(shop, cheese, Item(2, 1000, WINE), member=friend))
    sold = last_body(shop)
    back = take_back(shop, done.receipt, (1, 2000))

    assert isinstance(sold, ReceiptCommitted)
    granted = {(lot.rule, lot.account == plumber.account): lot for lot in sold.granted}
    assert set(granted) == {("friend_share", True), ("fast", False), ("purchase_bonus", False)}
    births = [birth for envelope in envelopes(shop) for birth in envelope.births]
    assert [birth.kept for birth in births if birth.account == plumber.account] == [0]
    taken = last_body(shop)
    assert isinstance(taken, ReceiptReturned)
    by_lot = {draw.lot: draw.amount for draw in taken.taken}
    assert by_lot[granted["friend_share", True].lot] == 13_00
    assert granted["fast", False].lot not in by_lot
    assert back.taken_points == by_lot[granted["purchase_bonus", False].lot]


def test_a_return_takes_back_of_each_lot_what_its_lines_have_earned(shop: Shop) -> None:
    """Cheese and wine earn 3 %; wine 1 % of fast points beside it: cheese back leaves those."""
    shop.feed(GLOBAL, pack_row(TWICE))
    anna = Person()
    shop.member(anna)
    done = sell(shop, basket(shop, Item(1, 1000, WINE), Item(2, 1000, CHEESE), member=anna))
    sold = last_body(shop)
    assert isinstance(sold, ReceiptCommitted)
    lots = {lot.rule: lot for lot in sold.granted}
    assert set(lots) == {"fast", "purchase_bonus"}

    take_back(shop, done.receipt, (2, 1000))
    cheese = last_body(shop)
    take_back(shop, done.receipt, (1, 1000))
    wine = last_body(shop)

    assert isinstance(cheese, ReceiptReturned)
    assert isinstance(wine, ReceiptReturned)
    assert {draw.lot for draw in cheese.taken} == {lots["purchase_bonus"].lot}
    together = Counter[UUID]()
    for draw in (*cheese.taken, *wine.taken):
        together[draw.lot] += draw.amount
    assert together == {lot.lot: lot.amount for lot in sold.granted}


@pytest.mark.capability("SPIRITS-20")
def test_the_cashier_sees_the_privileges_of_the_tier(shop: Shop) -> None:
    silver = "    - id: silver\n"
    cleaning = f"{silver}      privileges: [{{ru: Ранний доступ, en: Early access}}]\n"
    rules = wine_text().replace("version: 1", "version: 2").replace(silver, cleaning)
    shop.feed(GLOBAL, pack_row(rules))
    anna, boris = Person(turnover_minor=60_000_00), Person(number=2, turnover_minor=0)
    shop.member(anna)
    shop.member(boris)

    def privileges(who: Person) -> list[str]:
        (found,) = find(shop.station, who.card)
        return [one.ru for one in render.member(shop.station, found, shop.clock.now()).privileges]

    assert privileges(anna) == ["Ранний доступ"]
    assert privileges(boris) == []


@pytest.mark.capability("PLUMB-40")
def test_a_phone_brings_nobody_under_another_name(generous: Shop) -> None:
    join(generous)

    with pytest.raises(BadReferrerError):
        join(generous, "Борис Иванов", referrer=PHONE)


def reaching_anywhere(shop: Shop) -> None:
    """A programme whose returns take spent points of other lots; the line is out."""
    text = programme().replace("policies:", "policies:\n  claw_back: unlimited")
    shop.feed(GLOBAL, pack_row(text))
    shop.link.up = False


def reached_for_spent_points(shop: Shop, anna: Person) -> tuple[tuple[Draw, ...], int]:
    """Buy, spend 20.00 of what that has earned, bring it back; return what else it took, and the
    debt."""
    sale = sell(shop, basket(shop, member=anna))
    shop.clock.move(hours=25)
    dear = Item(1, 1000, CHEESE, price_minor=1_000_000)
    sell(shop, basket(shop, dear, member=anna, redeem=Redeem.EXACT, points=2_000))
    done = take_back(shop, sale.receipt, (1, 1000))
    back = last_body(shop)
    assert isinstance(back, ReceiptReturned)
    return back.reached, done.debt_points


def test_a_claw_back_reaches_no_welcome_that_the_centre_has_not_told(shop: Shop) -> None:
    """Another store may have welcomed this person first; then the centre grants nothing here."""
    reaching_anywhere(shop)
    anna = person_of(join(shop))

    assert reached_for_spent_points(shop, anna) == ((), 2_000)


def test_what_was_bought_before_costs_a_claw_back_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = Person()
    shop.member(anna)
    for _ in range(3):
        sell(shop, basket(shop, member=anna))
    shop.feed(GLOBAL, *rows_of(shop, anna))
    shop.link.up = True
    sale = sell(shop, basket(shop, member=anna))
    read = list[str]()

    def counted(kind: str, body: bytes) -> Body:
        read.append(kind)
        return read_body(kind, body)

    monkeypatch.setattr("agent.journal.once.read_body", counted)  # how much is read is asked

    take_back(shop, sale.receipt, (1, 1000))

    assert read == ["receipt.committed"]


def rows_of(shop: Shop, who: Person) -> list[AccountRow]:
    """The lots of a member as the centre tells of them, when it has all that this store has."""
    lots = tuple(
        LotRow(lot.id, lot.wallet, "purchase", lot.amount, lot.activates_at, lot.expires_on, ())
        for lot in seen(shop, who).lots
    )
    return [AccountRow(who.account, who.id, 0, lots)]


def test_a_claw_back_reaches_no_gift_of_its_own_sale_that_the_centre_has_not_told(
    shop: Shop,
) -> None:
    """Another store may have congratulated this person first, under another number."""
    reaching_anywhere(shop)
    anna = born_today(shop)

    assert reached_for_spent_points(shop, anna) == ((), 2_000)
