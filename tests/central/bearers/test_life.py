"""The life of a certificate at the centre: sold once, paid with, blocked, refunded, taken back."""

from dataclasses import replace as changed
from datetime import timedelta

import pytest
from msgspec.structs import replace

from central.bearers import certificates
from central.bearers.certificates import (
    LeasedCertificateError,
    SetAsideCertificateError,
    block,
    refund,
    show,
    unblock,
)
from central.bearers.issuing import Order
from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Ending
from central.leases import expiry
from central.ledger import service as ledger
from central.settling.service import correct
from shared.certificate import CertificateError
from shared.ids import derived
from shared.ledger.books import Books
from shared.runtime.sqlite import reading
from shared.wire.codec import encode
from shared.wire.facts import FactKind, body_of, decode_envelope, seal
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, CertificateRow
from tests.central.app.kit import SetClock
from tests.central.bearers.kit import NOMINAL, drawn, issued, made, on_sale
from tests.central.chain_kit import conflicts, dump, kinds, rows
from tests.central.journal_builder import Journal


def loaded(centre: Centre, code: str) -> Books:
    with reading(centre.engine) as connection:
        return ledger.load(connection, [show(centre, code).card.account])


def state(centre: Centre, code: str) -> tuple[str, int]:
    standing = show(centre, code).standing
    return standing.state.value, standing.balance_minor


def told(centre: Centre, code: str) -> tuple[str, int]:
    """How a store that has read all rows sees a certificate."""
    card = show(centre, code).card
    found = rows(centre, GLOBAL).values()
    (row,) = [one for one in found if isinstance(one, CertificateRow) and one.index == card.index]
    accounts = [one for one in found if isinstance(one, AccountRow) and one.id == card.account]
    return row.state, sum(lot.amount for account in accounts for lot in account.lots)


def test_a_certificate_lives_from_its_sale(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    assert told(centre, code) == ("for_sale", 0)

    journal.sell(None, issued=[issued(centre, journal, code)])
    journal.push()

    assert state(centre, code) == ("active", NOMINAL)
    assert told(centre, code) == ("active", NOMINAL)


def test_it_pays_in_parts_in_any_store(centre: Centre, journal: Journal, other: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()

    other.ask(gift.account, 300_00)
    other.sell(None, paid=[drawn(gift, 300_00)])
    other.push()
    assert state(centre, code) == ("partly_used", 700_00)

    journal.ask(gift.account, 700_00)
    journal.sell(None, paid=[drawn(gift, 700_00)])
    journal.push()
    assert state(centre, code) == ("used", 0)
    assert told(centre, code) == ("active", 0)


def test_a_nominal_may_be_free(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre, nominal_minor=0)

    journal.sell(None, issued=[issued(centre, journal, code, 1234_56)])
    journal.push()

    assert state(centre, code) == ("active", 1234_56)
    assert show(centre, code).standing.nominal_minor == 1234_56


def test_two_stores_that_sell_one_number_activate_one(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    (code,) = on_sale(centre)
    journal.sell(None, issued=[issued(centre, journal, code)])
    other.sell(None, issued=[issued(centre, other, code)])

    assert kinds(journal.push_new()) == ["accepted"]
    (second,) = other.push_new()

    assert (second.kind, second.reason) == ("adjusted", "sold_before")
    assert state(centre, code) == ("active", NOMINAL)
    assert [one.kind for one in conflicts(centre)] == ["sold_before"]


def test_one_sale_cannot_activate_a_certificate_twice(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)

    journal.sell(None, issued=[gift, gift])

    (outcome,) = journal.push_new()
    assert (outcome.kind, outcome.reason) == ("quarantined", "envelope_senseless")
    assert state(centre, code) == ("for_sale", 0)


def test_a_certificate_that_nobody_made_is_no_money(centre: Centre, journal: Journal) -> None:
    made(centre, Order(1, NOMINAL))

    journal.sell(None, issued=[issued(centre, journal, "2222-2222-2222-2222")])

    (outcome,) = journal.push_new()
    assert (outcome.kind, outcome.reason) == ("adjusted", "unknown_certificate")
    assert [one.kind for one in conflicts(centre)] == ["unknown_certificate"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lot": derived("another lot")},
        {"account": derived("another account")},
        {"bearer": "@code"},
        {"amount": 0},
        {"index": b"short"},
        {"tail": "a\0b"},
    ],
)
def test_what_does_not_follow_from_its_index_is_set_aside(
    centre: Centre, journal: Journal, wrong: dict[str, object]
) -> None:
    (code,) = on_sale(centre)

    journal.sell(None, issued=[replace(issued(centre, journal, code), **wrong)])

    (outcome,) = journal.push_new()
    assert outcome.kind == "quarantined"
    assert state(centre, code) == ("for_sale", 0)


def test_a_certificate_is_not_born_leased(centre: Centre, journal: Journal) -> None:
    """Two stores could each keep what they sold of one number."""
    (code,) = on_sale(centre)
    sold = journal.sell(None, issued=[issued(centre, journal, code)])
    journal.facts.pop()
    envelope = decode_envelope(sold.fact.envelope)
    kept = tuple(replace(birth, kept=birth.amount) for birth in envelope.births)
    journal.append(FactKind.RECEIPT_COMMITTED, encode(sold.body), replace(envelope, births=kept))

    (outcome,) = journal.push_new()

    assert (outcome.kind, outcome.reason) == ("quarantined", "issue_senseless")


def test_points_do_not_come_from_a_certificate(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    person, _ = journal.register()
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 100_00)
    sold = journal.sell(person, paid=[drawn(gift, 100_00)])
    journal.facts.pop()
    evaluation = sold.body.evaluation
    points = changed(evaluation.redemption, draws=(drawn(gift, 100_00),))
    body = replace(sold.body, evaluation=changed(evaluation, redemption=points), bearers=())
    journal.append(FactKind.RECEIPT_COMMITTED, encode(body), decode_envelope(sold.fact.envelope))

    outcome = journal.push_new()[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "lot_of_another")


def test_a_lease_of_a_certificate_is_the_only_right_to_it(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Who spends without a lease, as a copied disk may, is recorded; the receipt stands."""
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, NOMINAL)

    other.sell(None, paid=[drawn(gift, 400_00)])
    (outcome,) = other.push_new()

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert [one.kind for one in conflicts(centre)] == ["used_twice"]
    assert state(centre, code) == ("active", NOMINAL)


def test_what_a_certificate_paid_goes_back_on_it(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 600_00)
    sold = journal.sell(None, paid=[drawn(gift, 600_00)])
    journal.push()
    assert state(centre, code) == ("partly_used", 400_00)

    journal.take_back(sold, refilled=[drawn(gift, 250_00)])
    journal.take_back(sold, refilled=[drawn(gift, 500_00)], quantity=1)
    journal.push()

    assert state(centre, code) == ("active", NOMINAL)


@pytest.mark.capability("FASHION-44")
def test_a_return_of_its_sale_ends_it(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    sold = journal.sell(None, issued=[gift])
    journal.take_back(sold, revoked=[drawn(gift, NOMINAL)])

    assert kinds(journal.push_new()) == ["accepted", "accepted"]

    assert state(centre, code) == ("refunded", 0)
    assert told(centre, code) == ("refunded", 0)


def test_what_a_certificate_has_paid_is_not_let_go_with_points_when_its_sale_comes_back(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """Its money is out, and it was used in a store that the other one had not heard of."""
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    sold = journal.sell(None, issued=[gift])
    journal.push()
    other.ask(gift.account, 400_00)
    other.sell(None, paid=[drawn(gift, 400_00)])
    other.push()

    journal.take_back(sold, revoked=[drawn(gift, NOMINAL)], forgives=True)
    outcome = journal.push_new()[-1]

    assert (outcome.kind, outcome.reason) == ("adjusted", "debt")
    assert [one.kind for one in conflicts(centre)] == ["coupon_used"]
    assert loaded(centre, code).accounts[gift.account].debt == 400_00


def test_a_certificate_of_another_sale_is_not_taken_back(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    plain = journal.sell(None)
    journal.take_back(plain, revoked=[drawn(gift, NOMINAL)])

    assert journal.push_new()[-1].reason == "not_of_its_sale"
    assert state(centre, code) == ("active", NOMINAL)


def test_a_blocked_certificate_is_leased_to_nobody(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 300_00)

    block(centre, code, "stolen")
    _, answer = other.ask(gift.account, 100_00)
    assert (answer.raised, answer.missing) == ((), 100_00)
    (lease,) = loaded(centre, code).leases_of(gift.lot)
    assert lease.recalled == 300_00

    journal.give_back(gift.account, (gift.lot, 300_00))
    journal.push()
    assert other.ask(gift.account, 100_00)[1].missing == 100_00
    assert told(centre, code) == ("blocked", NOMINAL)

    unblock(centre, code, "found")
    assert other.ask(gift.account, 100_00)[1].missing == 0
    assert told(centre, code) == ("active", NOMINAL)


def test_a_certificate_that_was_used_up_while_it_was_blocked_is_not_for_sale_again(
    centre: Centre, journal: Journal
) -> None:
    """The store that held it had not heard of the block."""
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, NOMINAL)
    block(centre, code, "stolen")
    paid = journal.sell(None, paid=[drawn(gift, NOMINAL)])
    journal.push()

    unblock(centre, code, "found")

    assert state(centre, code) == ("used", 0)
    assert told(centre, code) == ("active", 0)
    journal.take_back(paid, refilled=[drawn(gift, 400_00)])
    journal.push()
    assert state(centre, code) == ("partly_used", 400_00)


def test_a_refund_takes_what_is_left_once(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()

    refund(centre, code, "asked")

    assert state(centre, code) == ("refunded", 0)
    assert told(centre, code) == ("refunded", 0)
    with pytest.raises(CertificateError):
        refund(centre, code, "asked again")


def test_a_refund_waits_for_what_a_store_holds(centre: Centre, journal: Journal) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 300_00)

    with pytest.raises(LeasedCertificateError) as refused:
        refund(centre, code, "asked")

    assert refused.value.details["stores"] == "101"
    assert state(centre, code) == ("active", NOMINAL)
    journal.give_back(gift.account, (gift.lot, 300_00))
    journal.push()
    refund(centre, code, "asked")
    assert state(centre, code) == ("refunded", 0)


def test_a_refund_waits_for_a_receipt_that_is_set_aside(centre: Centre, journal: Journal) -> None:
    """What it may have paid is not paid out as well."""
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 300_00)
    paid = journal.sell(None, paid=[drawn(gift, 300_00)])
    journal.facts[-1] = seal(replace(paid.fact, body=b"?"))
    journal.push()
    before = dump(centre)

    with pytest.raises(SetAsideCertificateError) as refused:
        refund(centre, code, "asked")

    assert refused.value.details["held"] == "300,00"
    assert dump(centre) == before
    (kept_out,) = conflicts(centre)
    correct(centre, kept_out.id, Word("Ольга", "по ленте"), Ending.SPENT)
    refund(centre, code, "asked")
    assert state(centre, code) == ("refunded", 0)
    assert show(centre, code).records[-1].what.endswith("700,00: asked")


@pytest.mark.parametrize("step", [unblock, refund])
def test_a_certificate_that_was_not_sold_takes_no_such_step(centre: Centre, step: object) -> None:
    (code,) = on_sale(centre)

    with pytest.raises(CertificateError):
        step(centre, code, "why")  # type: ignore[operator]

    assert state(centre, code) == ("for_sale", 0)
    assert show(centre, code).records == ()


def test_every_step_leaves_a_record(centre: Centre, journal: Journal, clock: SetClock) -> None:
    (code,) = on_sale(centre)
    journal.sell(None, issued=[issued(centre, journal, code)])
    journal.push()
    for step, reason in ((block, "stolen"), (unblock, "found"), (refund, "asked")):
        clock.go(seconds=1)
        step(centre, code, reason)

    steps = [(one.step, one.what.rpartition(": ")[2]) for one in show(centre, code).records]

    assert [step for step, _ in steps] == ["sold", "blocked", "unblocked", "refunded"]
    assert [why for _, why in steps[1:]] == ["stolen", "found", "asked"]


def test_it_expires_after_its_last_day(centre: Centre, journal: Journal, clock: SetClock) -> None:
    (code,) = on_sale(centre)
    last_day = journal.day + timedelta(days=3)
    journal.sell(None, issued=[issued(centre, journal, code, expires_on=last_day)])
    journal.push()

    clock.go(days=3)
    expiry.run(centre, clock.now())
    assert state(centre, code) == ("active", NOMINAL)

    clock.go(days=2)
    expiry.run(centre, clock.now())
    assert told(centre, code) == ("active", 0)
    assert state(centre, code) == ("expired", 0)


def test_a_bound_certificate_is_leased_to_its_store_once_sold(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    (code,) = on_sale(centre, store="102")
    journal.sell(None, issued=[issued(centre, journal, code)])
    journal.push()

    assert show(centre, code).holdings == (("102", NOMINAL),)
    assert other.agent != journal.agent


def test_a_member_is_not_a_certificate(centre: Centre, journal: Journal) -> None:
    """An account that names itself as its member would pass for a bearer's."""
    person, fact = journal.register()
    journal.facts.pop()
    body = replace(body_of(fact), account=person.member)
    journal.append(FactKind.MEMBER_REGISTERED, encode(body), personal=fact.personal)

    assert journal.push_new()[-1].reason == "account_of_another"
    assert certificates.summaries(centre) == []


def test_what_comes_back_on_a_refunded_certificate_is_refunded_too(
    centre: Centre, journal: Journal
) -> None:
    """It has paid, the rest was paid out, and then the goods come back."""
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 400_00)
    paid = journal.sell(None, paid=[drawn(gift, 400_00)])
    journal.push()
    refund(centre, code, "asked")
    journal.take_back(paid, refilled=[drawn(gift, 250_00)])
    journal.take_back(paid, refilled=[drawn(gift, 150_00)], quantity=1)
    journal.push()
    assert state(centre, code) == ("refunded", 400_00)

    refund(centre, code, "the goods came back")

    assert state(centre, code) == ("refunded", 0)
    assert told(centre, code) == ("refunded", 0)
    assert "400,00" in show(centre, code).records[-1].what
    with pytest.raises(CertificateError):
        refund(centre, code, "asked again")


def test_what_an_expired_certificate_paid_comes_back_though_points_would_not(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    """It was bought for money, and the refund is less by what goes back on it."""
    (code,) = on_sale(centre)
    last_day = journal.day + timedelta(days=3)
    gift = issued(centre, journal, code, expires_on=last_day)
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 400_00)
    paid = journal.sell(None, paid=[drawn(gift, 400_00)])
    journal.push()
    clock.go(days=6)
    expiry.run(centre, clock.now())

    journal.take_back(paid, refilled=[drawn(gift, 400_00)], grace_days=None)
    journal.push()

    assert state(centre, code) == ("partly_used", 400_00)


def test_what_comes_back_on_an_expired_certificate_that_is_blocked_is_not_leased(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    (code,) = on_sale(centre)
    gift = issued(centre, journal, code, expires_on=journal.day + timedelta(days=3))
    journal.sell(None, issued=[gift])
    journal.push()
    journal.ask(gift.account, 400_00)
    paid = journal.sell(None, paid=[drawn(gift, 400_00)])
    journal.push()
    block(centre, code, "stolen")
    clock.go(days=6)
    expiry.run(centre, clock.now())
    journal.take_back(paid, refilled=[drawn(gift, 400_00)], grace_days=None)
    journal.push()

    _, answer = journal.ask(gift.account, 100_00)

    assert answer.missing == 100_00
