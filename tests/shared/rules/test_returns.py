"""Shares of returned lines: whatever the order and the split, all of a sale goes back exactly."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.basket import Line
from shared.certificate import Certificate, CertificateState
from shared.member import MemberView
from shared.receipt import OfferedCertificate, Receipt
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import CertificatePayment, Draw, Evaluation
from shared.rules.returns import (
    Before,
    EarnedLot,
    Frozen,
    Part,
    Shares,
    certificate_shares,
    refills,
    shares,
)
from shared.rules.sentences import say
from tests.shared.rules.builders import (
    ACCOUNT,
    EARN,
    MOMENT,
    earn_rule,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import members, moments, pack_of, packs, receipts

NOTHING = Before({}, {})
USED = say("certificate_used")
NO_RULES = evaluate(pack_of(pack_text()), None, receipt(line(1, 100_00)), MOMENT)


def frozen_of(bought: Receipt, found: Evaluation) -> Frozen:
    earned = tuple(
        EarnedLot(grant.effect_no, UUID(int=10_000 + grant.effect_no), grant.account or ACCOUNT, 1)
        for grant in found.grants
    )
    return Frozen(bought.lines, found, earned, ACCOUNT)


@some.composite
def pieces(draw: some.DrawFn, lines: Sequence[Line]) -> list[Part]:
    """All of the lines in pieces, in any order."""
    parts: list[Part] = []
    for one in lines:
        cuts = draw(some.sets(some.integers(1, one.quantity), max_size=3))
        edges = sorted({0, one.quantity} | cuts)
        parts += [Part(one.no, high - low) for low, high in pairwise(edges)]
    return draw(some.permutations(parts))


def in_turn(frozen: Frozen, parts: Sequence[Part]) -> list[Shares]:
    """Return piece by piece."""
    quantities: Counter[int] = Counter()
    restored: Counter[int] = Counter()
    found = []
    for part in parts:
        found.append(shares(frozen, Before(quantities, restored), [part]))
        quantities[part.no] += part.quantity
        restored[part.no] += found[-1].lines[0].restored_points
    return found


def by_lot(draws: Sequence[Draw]) -> Counter[UUID]:
    sums: Counter[UUID] = Counter()
    for draw in draws:
        sums[draw.lot] += draw.amount
    return sums


@pytest.mark.edge("E46")
@given(some.data(), packs(), members(), receipts(), moments(), some.integers(0, 3_000_00))
def test_any_order_and_split_brings_back_exactly_what_the_sale_has_moved(
    data: some.DataObject,
    pack: CompiledPack,
    who: MemberView | None,
    drawn: Receipt,
    moment: Moment,
    balance_minor: int,
) -> None:
    certificate = Certificate("C", CertificateState.ACTIVE, balance_minor, balance_minor)
    bought = replace(
        drawn,
        lines=tuple(one for one in drawn.lines if one.quantity > 0),
        certificates=(OfferedCertificate(certificate),),
    )
    found = evaluate(pack, who, bought, moment)
    certificate_draw = Draw(UUID(int=7), UUID(int=8), found.totals.certificate_minor)
    frozen = replace(frozen_of(bought, found), bearers=(certificate_draw,))

    parts = in_turn(frozen, data.draw(pieces(bought.lines)))

    sums: Counter[tuple[int, str]] = Counter()
    for one in (share for part in parts for share in part.lines):
        for name in ("money_minor", "restored_points", "taken_points", "turnover_minor"):
            sums[one.no, name] += getattr(one, name)
            assert getattr(one, name) >= 0
    for row in found.lines:
        assert sums[row.no, "money_minor"] == row.payable_minor
        assert sums[row.no, "restored_points"] == row.redeemed_points
        assert sums[row.no, "turnover_minor"] == row.turnover_minor
        assert sums[row.no, "taken_points"] == row.earned_points
    restored = by_lot([draw for part in parts for draw in part.restored])
    assert restored == by_lot(found.redemption.draws)
    taken = by_lot([draw for part in parts for draw in part.taken])
    lots = {grant.effect_no: grant.amount for grant in found.grants if grant.amount}
    assert taken == {UUID(int=10_000 + no): amount for no, amount in lots.items()}
    back = Counter[str]()
    for code, amount in (pair for part in parts for pair in part.certificates):
        back[code] += amount
        assert amount >= 0
    assert back["C"] == found.totals.certificate_minor
    refilled = by_lot([draw for part in parts for draw in part.refilled])
    assert refilled[certificate_draw.lot] == certificate_draw.amount


@pytest.mark.edge("E46")
@given(some.data(), packs(), members(), receipts(), moments())
def test_what_a_line_gives_back_does_not_depend_on_the_other_lines(
    data: some.DataObject,
    pack: CompiledPack,
    who: MemberView | None,
    drawn: Receipt,
    moment: Moment,
) -> None:
    bought = replace(drawn, lines=tuple(one for one in drawn.lines if one.quantity > 0))
    frozen = frozen_of(bought, evaluate(pack, who, bought, moment))
    whole = {one.no: shares(frozen, NOTHING, [Part(one.no, one.quantity)]) for one in bought.lines}

    order = data.draw(some.permutations([Part(one.no, one.quantity) for one in bought.lines]))

    for part, found in zip(order, in_turn(frozen, order), strict=True):
        assert found.lines == whole[part.no].lines
        assert found.taken == whole[part.no].taken


def test_what_who_brought_the_buyer_has_earned_goes_out_of_his_lot_alone() -> None:
    """2 x 500.00: the buyer 5 %, his friend 2 %; of each piece half goes back."""
    pack = pack_of(
        pack_text(
            earn_rule("back"),
            earn_rule("friend", EARN.replace("5 %", "2 %, to: referrer")),
        )
    )
    who = replace(member(), referrer=UUID(int=77))
    bought = receipt(line(1, 500_00, quantity=2000))
    found = evaluate(pack, who, bought, MOMENT)

    parts = in_turn(frozen_of(bought, found), [Part(1, 1000), Part(1, 1000)])

    assert found.totals.earned_points == 50_00
    assert [share.taken_points for part in parts for share in part.lines] == [25_00, 25_00]
    for part in parts:
        assert [(draw.account, draw.amount) for draw in part.taken] == [
            (ACCOUNT, 25_00),
            (UUID(int=77), 10_00),
        ]


def test_each_certificate_gets_of_a_line_what_it_has_paid_of_it() -> None:
    """Of three pieces one certificate paid 100.00, the other 50.00; of line 2 only the second."""
    paid = (
        CertificatePayment("A", 100_00, 0, "used", ((1, 100_00),), USED),
        CertificatePayment("B", 70_00, 0, "used", ((1, 50_00), (2, 20_00)), USED),
    )
    lines = (line(1, 60_00, quantity=3000), line(2, 20_00))
    frozen = Frozen(lines, replace(NO_RULES, certificates=paid), (), None)

    own = [Draw(UUID(int=1), UUID(int=2), 100_00), Draw(UUID(int=3), UUID(int=4), 70_00)]
    paid_by_lots = replace(frozen, bearers=tuple(own))
    quantities: tuple[dict[int, int], ...] = ({}, {1: 1000}, {1: 2000})
    parts = ([Part(1, 1000)], [Part(1, 1000)], [Part(1, 1000), Part(2, 1000)])
    refilled = [
        shares_of(paid_by_lots, Before(done, {}), part)
        for done, part in zip(quantities, parts, strict=True)
    ]

    first = certificate_shares(frozen, NOTHING, [Part(1, 1000)])
    second = certificate_shares(frozen, Before({1: 1000}, {}), [Part(1, 1000)])
    rest = certificate_shares(frozen, Before({1: 2000}, {}), [Part(1, 1000), Part(2, 1000)])

    assert first == (("A", 33_33), ("B", 16_67))
    assert second == (("A", 33_34), ("B", 16_66))
    assert rest == (("A", 33_33), ("B", 36_67))
    assert refilled == [(33_33, 16_67), (33_34, 16_66), (33_33, 36_67)]


def shares_of(frozen: Frozen, before: Before, parts: list[Part]) -> tuple[int, ...]:
    return tuple(draw.amount for draw in refills(frozen, before, parts))
