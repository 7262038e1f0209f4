"""Certificates as a means of payment."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Flag, Line
from shared.certificate import Certificate, CertificateState
from shared.member import MemberView
from shared.receipt import OfferedCertificate, Receipt, Redeem
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Evaluation, PricedLine, Totals
from tests.shared.rules.builders import (
    MOMENT,
    discount_rule,
    earn_rule,
    goods,
    line,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
)
from tests.shared.rules.strategies import members, moments, pack_of, packs, receipts

RULES = (discount_rule("a", "10 %"), redeem_rule("pay", "percent: 50 %"), earn_rule("earn"))
TEXT = pack_text(*RULES)


def certificate(code: str, balance_minor: int, **fields: object) -> Certificate:
    whole = Certificate(code, CertificateState.ACTIVE, balance_minor, balance_minor)
    return replace(whole, **fields)  # type: ignore[arg-type]


def priced(
    bought: Receipt, *offered: OfferedCertificate, text: str = TEXT, owner: MemberView | None = None
) -> Evaluation:
    return evaluate(pack_of(text), owner, replace(bought, certificates=offered), MOMENT)


def sold(*lines: Line) -> Receipt:
    return receipt(*lines)


@pytest.mark.edge("E21")
def test_a_certificate_pays_after_discounts_and_points_and_changes_neither() -> None:
    """1000.00 less 10 %; 450.00 by points; of the 450.00 left the certificate pays 300.00."""
    bought = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)
    owner = member(lot(1, 5000_00))

    without = priced(bought, owner=owner)
    found = priced(bought, OfferedCertificate(certificate("C", 300_00)), owner=owner)

    totals = found.totals
    assert (totals.discount_minor, totals.redeemed_minor) == (100_00, 450_00)
    assert (totals.payable_minor, totals.certificate_minor) == (450_00, 300_00)
    assert replace(totals, certificate_minor=0) == without.totals
    (told,) = found.certificates
    assert (told.amount, told.left, told.state) == (300_00, 0, "used")


@pytest.mark.edge("E21")
@pytest.mark.parametrize(("policy", "points"), [("earns", 45_00), ("earns_nothing", 30_00)])
def test_the_part_of_a_certificate_earns_by_policy(policy: str, points: int) -> None:
    """5 % of 900.00, or of the 600.00 that the certificate of 300.00 leaves."""
    text = pack_text(*RULES, tail=f"policies: {{certificate_part: {policy}}}\n")
    offered = OfferedCertificate(certificate("C", 300_00))

    found = priced(sold(line(1, 1000_00)), offered, text=text, owner=member())

    assert found.totals.earned_points == points


def test_a_part_of_it_several_and_no_more_than_is_to_pay() -> None:
    """900.00 to pay: 200.00 of A as asked, all 500.00 of B, 200.00 of C; D is not needed."""
    found = priced(
        sold(line(1, 600_00), line(2, 400_00)),
        OfferedCertificate(certificate("A", 300_00), wanted_minor=200_00),
        OfferedCertificate(certificate("B", 500_00)),
        OfferedCertificate(certificate("C", 5000_00)),
        OfferedCertificate(certificate("D", 5000_00)),
    )

    assert [(c.code, c.amount, c.left, c.state) for c in found.certificates] == [
        ("A", 200_00, 100_00, "partly_used"),
        ("B", 500_00, 0, "used"),
        ("C", 200_00, 4800_00, "partly_used"),
        ("D", 0, 5000_00, "active"),
    ]
    assert found.certificates[3].reason.code == "certificate_not_needed"
    assert found.totals.certificate_minor == found.totals.payable_minor == 900_00


def test_tobacco_may_be_paid_with_a_certificate() -> None:
    cigarettes = line(1, 200_00, goods("tobacco", flags=[Flag.TOBACCO]))

    found = priced(sold(cigarettes), OfferedCertificate(certificate("A", 300_00)))

    assert found.lines[0].certificate_minor == found.lines[0].payable_minor == 200_00


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires_on": date(2026, 4, 9)}, "certificate_expired"),
        ({"state": CertificateState.EXPIRED}, "certificate_expired"),
        ({"state": CertificateState.USED}, "certificate_used"),
        ({"state": CertificateState.BLOCKED}, "certificate_blocked"),
        ({"state": CertificateState.FOR_SALE}, "certificate_not_active"),
        ({"state": CertificateState.REFUNDED}, "certificate_not_active"),
    ],
)
def test_one_that_cannot_pay_says_why(fields: dict[str, object], reason: str) -> None:
    found = priced(sold(line(1, 100_00)), OfferedCertificate(certificate("A", 300_00, **fields)))

    assert found.totals.certificate_minor == 0
    assert [c.reason.code for c in found.certificates] == [reason]


def test_the_same_certificate_pays_once() -> None:
    same = OfferedCertificate(certificate("A", 300_00))

    found = priced(sold(line(1, 1000_00)), same, same)

    assert [c.amount for c in found.certificates] == [300_00, 0]


@given(packs(), members(), receipts(), moments(), st.lists(st.integers(0, 300_000), max_size=3))
def test_money_points_certificates_and_discounts_are_the_total(
    pack: CompiledPack,
    owner: MemberView | None,
    bought: Receipt,
    moment: Moment,
    balances: list[int],
) -> None:
    offered = tuple(
        OfferedCertificate(certificate(str(no), balance)) for no, balance in enumerate(balances)
    )

    found = evaluate(pack, owner, replace(bought, certificates=offered), moment)

    rows: list[PricedLine | Totals] = [*found.lines, found.totals]
    for row in rows:
        money = row.payable_minor - row.certificate_minor
        assert money >= 0
        assert (
            money + row.certificate_minor + row.redeemed_minor + row.discount_minor
            == row.base_minor
        )
    for told, balance in zip(found.certificates, balances, strict=True):
        assert told.amount + told.left == balance
        assert told.amount == sum(amount for _, amount in told.allocations)
    assert found.totals.certificate_minor == sum(told.amount for told in found.certificates)
