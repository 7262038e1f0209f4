"""A certificate or a unique code that was used twice: both receipts stand, and what a person can
undo of it is said where it is shown."""

from uuid import UUID

import pytest
from msgspec.structs import replace as changed

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Role
from central.packs.service import publish
from central.settling import by_policy
from central.settling.explaining import explain
from central.settling.service import undo
from central.settling.used_twice import NoPointsBroughtError
from shared.basket import Line
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ledger.entries import lot_id
from shared.receipt import CodeState, PresentedCode, Receipt
from shared.rules.canonical import result_hash
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.tokens import plain_token
from shared.wire.facts import Birth, Envelope, FactKind, Granted, Issued, ReceiptCommitted
from tests.builders import wine_text
from tests.central.auditor.kit import CHEESE, MOSCOW, THOUSAND, shop
from tests.central.bearers.kit import NOMINAL, drawn, issued, on_sale
from tests.central.campaigns.test_coupons import coupon, coupon_here, use
from tests.central.chain_kit import balance, books, conflicts, dump
from tests.central.journal_builder import PIECE, Journal, Person, Sold

WORD = Word("Ольга", "посмотрела оба чека")
CODE = "A8N6-T74N-6JWN"
BONUS = """
  - id: tasting_bonus
    title: {ru: Дегустация, en: Tasting}
    if: {code_in: [tasting]}
    then:
      - effect: earn
        wallet: bonus
        kind: promo
        percent: 10 %
        activation: at once
        expiry: 7 days
"""
DISCOUNT = """
  - id: tasting_discount
    title: {ru: Дегустация, en: Tasting}
    if: {code_in: [tasting]}
    then:
      - effect: discount
        percent: 10 %
"""

GROUP = ("tasting_code]", "tasting_code, tasting_discount]")


def with_rule(rule: str) -> str:
    text = wine_text().replace("\nrules:\n", f"\nrules:{rule}", 1)
    return text.replace(*GROUP) if rule is DISCOUNT else text


def the(centre: Centre, kind: ConflictKind) -> Conflict:
    (found,) = [one for one in conflicts(centre) if one.kind is kind]
    return found


def worth(centre: Centre, person: Person) -> int:
    """What a member has, less what he owes: points that stores hold are debt until they come."""
    return balance(centre, person.account) - debt(centre, person.account)


def debt(centre: Centre, account: UUID) -> int:
    return books(centre, account).accounts[account].debt


# Certificates


@pytest.fixture
def gift(centre: Centre, journal: Journal) -> Issued:
    """A certificate of 1 000.00 that 101 holds whole."""
    (code,) = on_sale(centre)
    one = issued(centre, journal, code)
    journal.sell(None, issued=[one])
    journal.push()
    journal.ask(one.account, NOMINAL)
    return one


def test_what_is_shown_names_all_receipts_that_have_used_it(
    centre: Centre, journal: Journal, other: Journal, gift: Issued
) -> None:
    first = journal.sell(None, paid=[drawn(gift, NOMINAL)])
    journal.push()
    journal.clock.go(hours=1)
    second = other.sell(None, paid=[drawn(gift, 400_00)])
    other.push()

    told = explain(centre, the(centre, ConflictKind.USED_TWICE).id)

    assert [one.en.split(",")[0] for one in told.values] == [
        f"used: {first.uid}",
        f"used: {second.uid}",
    ]


def test_the_debt_of_a_certificate_may_be_let_go_and_no_money_is_taken_of_anybody(
    centre: Centre, other: Journal, gift: Issued
) -> None:
    other.sell(None, paid=[drawn(gift, 400_00)])
    other.push()
    told = the(centre, ConflictKind.USED_TWICE)
    shown = explain(centre, told.id)
    before = debt(centre, gift.account)

    done = undo(centre, told.id, WORD)

    assert told.amount_minor == before == 400_00
    assert "400,00" in told.sentence.en.replace("\xa0", " ")
    assert "has no owner, the chain bears the difference" in shown.undoing.en
    assert "у сертификата нет владельца" in shown.undoing.ru
    assert "400,00 of the certificate's debt let go, 0,00 put back" in done.en.replace("\xa0", " ")
    assert debt(centre, gift.account) == 0
    assert balance(centre, gift.account) == NOMINAL


def test_what_a_refund_has_settled_of_it_goes_back_on_the_certificate(
    centre: Centre, other: Journal, gift: Issued
) -> None:
    """102's customer brings goods of 250.00 back: they pay the debt first, until it is let go."""
    sold = other.sell(None, paid=[drawn(gift, 400_00)])
    other.push()
    other.take_back(sold, refilled=[drawn(gift, 250_00)])
    other.push()
    before = (debt(centre, gift.account), balance(centre, gift.account))

    done = undo(centre, the(centre, ConflictKind.USED_TWICE).id, WORD)

    assert before == (150_00, NOMINAL)
    assert "150,00 of the certificate's debt let go, 250,00 put back" in done.en
    assert (debt(centre, gift.account), balance(centre, gift.account)) == (0, NOMINAL + 250_00)
    (lot,) = books(centre, gift.account).lots_of(gift.account)
    assert lot.id == gift.lot


@pytest.mark.parametrize("last", [ConflictKind.DEBT, ConflictKind.USED_TWICE])
def test_what_a_member_owes_and_what_a_certificate_does_are_let_go_apart(
    centre: Centre, journal: Journal, other: Journal, gift: Issued, last: ConflictKind
) -> None:
    """A receipt of 102 draws points and a certificate that 101 holds: each record tells of one."""
    person, _ = journal.register()
    earned = journal.sell(person, earn=[100_00])
    journal.push()
    other.sell(person, spend=[(earned.lots[0], 60_00)], paid=[drawn(gift, 400_00)])
    other.push()
    owed = {ConflictKind.DEBT: person.account, ConflictKind.USED_TWICE: gift.account}
    assert [debt(centre, one) for one in owed.values()] == [60_00, 400_00]

    for kind in sorted(owed, key=lambda kind: kind is last):
        before = [debt(centre, one) for one in owed.values()]
        undo(centre, the(centre, kind).id, WORD)
        let_go = [debt(centre, one) != was for one, was in zip(owed.values(), before, strict=True)]
        assert let_go == [one is kind for one in owed]

    assert (balance(centre, person.account), balance(centre, gift.account)) == (100_00, NOMINAL)


# Codes


class Tasting:
    """Two stores to which the same unique code is shown; only one of them holds it."""

    def __init__(self, centre: Centre, journal: Journal, rule: str, text: str = "") -> None:
        self.centre = centre
        self.shop = shop(centre, journal, text or with_rule(rule))
        index = blind_index(centre.keys.index, IdentifierKind.CODE, plain_token(CODE))
        account = bearer_account(Bearer.CODE, index)
        made = coupon(journal)
        self.code = changed(
            made, index=index, account=account, lot=bearer_lot(account), campaign="tasting"
        )
        journal.sell(None, issued=[self.code])
        journal.push()
        journal.ask(account, 1)

    def sell(self, journal: Journal, person: Person) -> ReceiptCommitted:
        """Sell cheese of 10 000.00 with the code."""
        pack, seen = self.shop.pack, journal.view(person)
        shown = PresentedCode(CODE, "tasting", CodeState.ACTIVE)
        line = Line(1, CHEESE, PIECE, 10 * THOUSAND)
        uid = journal.new_id()
        receipt = Receipt(
            uid, journal.store, "1", (line,), person.member, promo_codes=(CODE,), codes=(shown,)
        )
        moment = Moment(journal.clock.now(), MOSCOW)
        evaluation = evaluate(pack, seen, receipt, moment)
        granted = tuple(
            Granted(
                one.effect_no,
                lot_id(uid, one.effect_no, person.account),
                person.account,
                one.wallet,
                one.kind,
                one.rule,
                one.amount,
                one.activates_at,
                one.expires_on,
            )
            for one in evaluation.grants
        )
        body = ReceiptCommitted(
            receipt=receipt,
            member=seen,
            moment=moment,
            evaluation=evaluation,
            result_hash=result_hash(evaluation),
            granted=granted,
            tenders=(),
            fiscal_number="1",
            cashier="1",
            at=moment.instant,
            day=moment.day,
            slip_token_hash=bytes(32),
            bearers=(use(self.code),),
        )
        births = tuple(Birth(lot.lot, lot.account, lot.amount, 0) for lot in granted)
        moves = (journal.move(self.code.lot, self.code.account, drawn=1),)
        journal.append(FactKind.RECEIPT_COMMITTED, body, Envelope(moves, births))
        journal.push()
        return body


@pytest.fixture
def twice(centre: Centre, journal: Journal, other: Journal) -> tuple[Person, ReceiptCommitted]:
    """Boris's receipt, the second one that a code has served, by which it brought him points."""
    tasting = Tasting(centre, journal, BONUS)
    anna, _ = journal.register()
    boris, _ = journal.register("Борис", "+79160000011")
    journal.push()
    tasting.sell(journal, anna)
    return boris, tasting.sell(other, boris)


def test_points_that_a_code_brought_again_are_taken_back_and_its_discount_is_told(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """10 % of 10 000.00 are 1 000 points of the code, beside the 300 of the card."""
    tasting = Tasting(centre, journal, BONUS)
    anna, _ = journal.register()
    boris, _ = journal.register("Борис", "+79160000011")
    journal.push()
    tasting.sell(journal, anna)
    tasting.sell(other, boris)
    told = the(centre, ConflictKind.CODE_USED_TWICE)
    shown = explain(centre, told.id)
    before = [worth(centre, who) for who in (anna, boris)]

    done = undo(centre, told.id, WORD)

    assert told.named(Role.STORE) == ("102",)
    assert "the discount stays: the receipt is paid" in shown.undoing.en
    assert "скидка остаётся: чек оплачен" in shown.undoing.ru
    assert before == [1_300_00, 1_300_00]
    assert done.en.startswith("1\xa0000,00 points taken back")
    assert "The discount of 0,00 stays" in done.en
    assert [worth(centre, who) for who in (anna, boris)] == [1_300_00, 300_00]
    assert the(centre, ConflictKind.CODE_USED_TWICE).state is ConflictState.UNDONE


def test_what_is_spent_of_them_is_debt(
    centre: Centre, other: Journal, twice: tuple[Person, ReceiptCommitted]
) -> None:
    """Of the 1 000 points of the code 900 are spent by then."""
    boris, sold = twice
    lot = next(one.lot for one in sold.granted if one.amount == 1_000_00)
    other.ask(boris.account, 900_00)
    other.sell(boris, spend=[(lot, 900_00)])
    other.push()

    before = worth(centre, boris)

    undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)

    assert (before, worth(centre, boris)) == (400_00, -600_00)
    assert debt(centre, boris.account) > 0


def test_what_a_return_has_taken_is_not_taken_again(
    centre: Centre, other: Journal, twice: tuple[Person, ReceiptCommitted]
) -> None:
    """Half of the goods is back, and with it half of the points: 500 of the code are left."""
    boris, sold = twice
    half = sold.evaluation.totals.turnover_minor // 2
    taken = [(one.lot, one.amount // 2) for one in sold.granted]
    whole = Sold(other.facts[-1], sold.receipt.uid, (), sold)
    other.take_back(whole, taken=taken, turnover=half, quantity=500)
    other.push()
    before = worth(centre, boris)

    undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)

    assert (before, worth(centre, boris)) == (650_00, 150_00)


def test_what_is_taken_back_is_not_taken_again_when_the_goods_come_back(
    centre: Centre, other: Journal, twice: tuple[Person, ReceiptCommitted]
) -> None:
    """The 1 000 points of the code are gone: a half of the goods takes 150 of the other 300."""
    boris, sold = twice
    undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)
    whole = Sold(other.facts[-1], sold.receipt.uid, (), sold)
    half = [(one.lot, one.amount // 2) for one in sold.granted]
    found = [worth(centre, boris)]

    for _ in range(2):
        other.take_back(whole, taken=half, quantity=PIECE // 2)
        other.push()
        found.append(worth(centre, boris))

    assert found == [300_00, 150_00, 0]


def test_half_before_and_half_after_it_take_all_that_the_goods_had_brought(
    centre: Centre, other: Journal, twice: tuple[Person, ReceiptCommitted]
) -> None:
    boris, sold = twice
    whole = Sold(other.facts[-1], sold.receipt.uid, (), sold)
    half = [(one.lot, one.amount // 2) for one in sold.granted]
    turnover = sold.evaluation.totals.turnover_minor // 2
    other.take_back(whole, taken=half, turnover=turnover, quantity=PIECE // 2)
    other.push()
    undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)
    before = worth(centre, boris)

    other.take_back(whole, taken=half, turnover=turnover, quantity=PIECE // 2)
    other.push()

    assert (before, worth(centre, boris)) == (150_00, 0)


def test_what_is_taken_back_is_not_taken_of_other_points_when_the_goods_come_back(
    centre: Centre, other: Journal, twice: tuple[Person, ReceiptCommitted]
) -> None:
    """A store takes others in place of what is spent of the sale's: the code's 1 000 are none of
    them."""
    boris, sold = twice
    (lot,) = other.sell(boris, earn=[2000_00], kept=0).lots
    other.push()
    whole = Sold(other.facts[-2], sold.receipt.uid, (), sold)
    undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)
    found = [worth(centre, boris)]
    half = sum(one.amount for one in sold.granted) // 2

    for _ in range(2):
        other.take_back(whole, reached=[(lot, half)], quantity=PIECE // 2)
        other.push()
        found.append(worth(centre, boris))

    assert found == [2300_00, 2150_00, 2000_00]


def test_a_code_that_brought_a_discount_alone_cannot_be_undone_and_it_is_said_why(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    tasting = Tasting(centre, journal, DISCOUNT)
    anna, _ = journal.register()
    journal.push()
    tasting.sell(journal, anna)
    tasting.sell(other, anna)
    before = dump(centre)

    with pytest.raises(NoPointsBroughtError) as refused:
        undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)

    assert "its discount of 1 000,00 stays" in refused.value.sentence("en").replace("\xa0", " ")
    assert "скидка 1 000,00 остаётся" in refused.value.sentence("ru").replace("\xa0", " ")
    assert dump(centre) == before


def test_a_code_whose_pack_is_not_here_cannot_be_undone(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    one = coupon_here(journal)
    other.sell(None, paid=[use(one)])
    other.push()

    with pytest.raises(NoPointsBroughtError):
        undo(centre, the(centre, ConflictKind.CODE_USED_TWICE).id, WORD)


# By policy


def chosen(policy: str, rule: str = BONUS) -> str:
    """The wine pack with a rule of the code and a policy of its own."""
    return with_rule(rule).replace("\npolicies:\n", f"\npolicies:\n  {policy}\n", 1)


def settled(centre: Centre, kind: ConflictKind) -> tuple[ConflictState, str]:
    found = the(centre, kind)
    return found.state, found.note


@pytest.mark.parametrize(
    ("policy", "left", "state"),
    [
        ("code_used_twice: stands", 1_300_00, ConflictState.OPEN),
        ("code_used_twice: take_points", 300_00, ConflictState.UNDONE),
    ],
)
def test_a_programme_may_take_back_what_a_code_has_brought_once_more(
    centre: Centre, journal: Journal, other: Journal, policy: str, left: int, state: ConflictState
) -> None:
    tasting = Tasting(centre, journal, BONUS, chosen(policy))
    anna, _ = journal.register()
    boris, _ = journal.register("Борис", "+79160000011")
    journal.push()
    tasting.sell(journal, anna)
    tasting.sell(other, boris)

    settled_first, settled_again = (by_policy.run(centre, centre.clock.now()) for _ in range(2))

    assert [worth(centre, who) for who in (anna, boris)] == [1_300_00, left]
    assert (settled_first, settled_again) == (int(state is ConflictState.UNDONE), 0)
    found, note = settled(centre, ConflictKind.CODE_USED_TWICE)
    assert found is state
    assert (policy in note) == (state is ConflictState.UNDONE)


def test_what_has_brought_a_discount_alone_is_closed_with_the_reason(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    text = chosen("code_used_twice: take_points", DISCOUNT)
    tasting = Tasting(centre, journal, DISCOUNT, text)
    anna, _ = journal.register()
    journal.push()
    tasting.sell(journal, anna)
    tasting.sell(other, anna)

    assert by_policy.run(centre, centre.clock.now()) == 1

    found, note = settled(centre, ConflictKind.CODE_USED_TWICE)
    assert found is ConflictState.RESOLVED
    assert "stays, for the receipt is paid" in note
    assert "остаётся — чек оплачен" in note


@pytest.mark.parametrize("value", ["debt", "forgive"])
def test_a_programme_may_let_go_what_a_certificate_has_paid_too_much(
    centre: Centre, other: Journal, gift: Issued, value: str
) -> None:
    pack = publish(centre, chosen(f"certificate_used_twice: {value}")).hash
    other.sell(None, paid=[drawn(gift, 400_00)], pack_hash=pack)
    other.push()

    by_policy.run(centre, centre.clock.now())

    is_let_go = value == "forgive"
    assert debt(centre, gift.account) == (0 if is_let_go else 400_00)
    found, _ = settled(centre, ConflictKind.USED_TWICE)
    assert found is (ConflictState.UNDONE if is_let_go else ConflictState.OPEN)


def test_a_receipt_whose_pack_is_not_here_is_left_to_people(
    centre: Centre, other: Journal, gift: Issued
) -> None:
    publish(centre, chosen("certificate_used_twice: forgive"))
    other.sell(None, paid=[drawn(gift, 400_00)])
    other.push()

    assert by_policy.run(centre, centre.clock.now()) == 0
    assert debt(centre, gift.account) == 400_00
