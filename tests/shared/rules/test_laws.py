"""Laws that every evaluation obeys, whatever the pack, the member and the receipt."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.basket import Flag
from shared.member import MemberView
from shared.points import worth
from shared.receipt import Receipt
from shared.rules.canonical import evaluation_bytes
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import EffectKind, Evaluation, PricedLine, Totals
from tests.shared.rules.builders import EARN, discount_rule, earn_rule, redeem_rule
from tests.shared.rules.strategies import members, moments, pack_of, packs, receipts, texts

PACKS, MEMBERS, RECEIPTS, MOMENTS = packs(), members(), receipts(), moments()
NOTHING_LIKE_IT = "{sku_in: [no-such-sku]}"


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_base_is_discount_and_points_and_what_is_left_to_pay(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    rows: list[PricedLine | Totals] = [*found.lines, found.totals]
    for row in rows:
        assert row.base_minor == row.discount_minor + row.redeemed_minor + row.payable_minor
        assert min(row.discount_minor, row.redeemed_minor, row.payable_minor) >= 0
    for column in ("payable_minor", "redeemed_points", "earned_points", "turnover_minor"):
        assert getattr(found.totals, column) == sum(getattr(row, column) for row in found.lines)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_no_line_is_lowered_below_its_price_or_its_floor(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    lines = {line.no: line for line in receipt.lines}
    for row in found.lines:
        assert row.payable_minor >= max(0, lines[row.no].floor_minor)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_banned_goods_get_nothing(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    banned = {Flag.TOBACCO, Flag.CERTIFICATE, Flag.SERVICE}
    goods = {line.no: line.goods for line in receipt.lines}
    for row in found.lines:
        if goods[row.no].flags & banned:
            assert row.payable_minor == row.base_minor
            assert row.earned_points == 0
        if not goods[row.no].known:
            assert row.redeemed_minor == 0


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_effects_are_the_sum_of_their_allocations_and_lines_the_sum_of_effects(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    columns = {
        "discount_minor": {
            EffectKind.CASHIER,
            EffectKind.PRICE,
            EffectKind.DISCOUNT,
            EffectKind.CHANGE,
        },
        "redeemed_points": {EffectKind.REDEEM},
        "earned_points": {EffectKind.EARN},
    }
    for effect in found.effects:
        assert effect.amount == sum(amount for _, amount in effect.allocations)
    others = {grant.effect_no for grant in found.grants if grant.account is not None}
    for column, kinds in columns.items():
        for row in found.lines:
            assert getattr(row, column) == _allocated(found, kinds, row.no, but=others)
    assert [effect.no for effect in found.effects] == list(range(1, len(found.effects) + 1))


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_a_benefit_is_the_discount_and_the_bonus_that_it_was_taken_as(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    given = {(e.kind, e.rule, no): n for e in found.effects for no, n in e.allocations}
    for told in found.entitlements:
        assert told.amount == told.discount + told.bonus
        assert told.discount == sum(discount for _, discount, _ in told.allocations)
        assert told.bonus == sum(bonus for _, _, bonus in told.allocations)
        assert told.bonus == sum(g.amount for g in found.grants if g.rule == told.rule)
        assert min(told.discount, told.bonus) >= 0
        for no, discount, bonus in told.allocations:
            assert given.get((EffectKind.DISCOUNT, told.rule, no), 0) == discount
            assert given.get((EffectKind.EARN, told.rule, no), 0) == bonus


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_no_line_has_more_benefit_than_its_cap(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    if pack.source.caps.line is None:
        return
    fixed = {EffectKind.CASHIER, EffectKind.PRICE}
    for row in found.lines:
        most = row.base_minor * pack.source.caps.line // 10_000
        change = _allocated(found, {EffectKind.CHANGE}, row.no)
        benefit = row.discount_minor + row.redeemed_minor - change
        assert benefit <= max(most, _allocated(found, fixed, row.no))


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_draws_sum_to_what_is_redeemed_and_stay_within_spendable_lots(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    redemption = evaluate(pack, member, receipt, moment).redemption

    lots = {} if member is None else {lot.id: lot for lot in member.lots}
    assert sum(draw.amount for draw in redemption.draws) == redemption.redeemed
    assert len({draw.lot for draw in redemption.draws}) == len(redemption.draws)
    for draw in redemption.draws:
        lot = lots[draw.lot]
        assert 0 < draw.amount <= lot.amount
        assert lot.wallet == "bonus"
        assert lot.activates_at <= moment.instant
        assert lot.expires_on is None or moment.day <= lot.expires_on
    orders = [lots[draw.lot].spending_order for draw in redemption.draws]
    assert orders == sorted(orders)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_redeemed_is_within_every_maximum_and_worth_what_it_pays(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    redemption = found.redemption
    assert 0 <= redemption.redeemed <= redemption.maximum <= redemption.programme_maximum
    assert redemption.redeemed <= redemption.requested
    assert found.totals.redeemed_points == redemption.redeemed
    assert found.totals.redeemed_minor == worth(redemption.redeemed, 100)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_grants_are_earning_effects_of_whole_units_that_are_not_dead_at_birth(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    found = evaluate(pack, member, receipt, moment)

    effects = {effect.no: effect for effect in found.effects if effect.kind is EffectKind.EARN}
    assert [grant.effect_no for grant in found.grants] == sorted(effects)
    for grant in found.grants:
        assert grant.amount == effects[grant.effect_no].amount
        assert grant.amount % pack.wallet(grant.wallet).earning_unit == 0
        assert grant.expires_on is None or grant.expires_on >= moment.day


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_the_same_input_gives_the_same_bytes(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    once = evaluate(pack, member, receipt, moment)
    again = evaluate(pack, member, receipt, moment)

    assert once == again
    assert evaluation_bytes(once) == evaluation_bytes(again)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_what_was_read_of_the_member_is_enough_to_find_the_same_bytes(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    assume(member is not None)
    assert member is not None
    found = evaluate(pack, member, receipt, moment)

    kept = {name: getattr(member, name) for name in found.fields_read}
    lots = {lot.id: lot for lot in member.lots}
    view = MemberView(member.id, member.account, lots=tuple(lots[id_] for id_ in found.lots_read))

    assert evaluation_bytes(
        evaluate(pack, replace(view, **kept), receipt, moment)
    ) == evaluation_bytes(found)


@given(texts(), st.sampled_from(["discount", "redeem", "earn"]), MEMBERS, RECEIPTS, MOMENTS)
def test_a_rule_that_fits_nothing_changes_nothing_but_the_trace(
    text: str, kind: str, member: MemberView | None, receipt: Receipt, moment: Moment
) -> None:
    extra = {
        "discount": discount_rule("extra", "99 %", NOTHING_LIKE_IT),
        "redeem": redeem_rule("extra", "percent: 99 %", NOTHING_LIKE_IT),
        "earn": earn_rule("extra", EARN, NOTHING_LIKE_IT),
    }[kind]
    richer = text.replace("rules:\n", f"rules:\n{extra}", 1)
    if kind == "discount":
        richer = richer.replace("children: [", "children: [extra, ", 1)

    before = evaluate(pack_of(text), member, receipt, moment)
    after = evaluate(pack_of(richer), member, receipt, moment)

    assert _without_pack(after) == _without_pack(before)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_evaluation_never_raises_and_names_only_lines_of_the_receipt(
    pack: CompiledPack,
    member: MemberView | None,
    receipt: Receipt,
    moment: Moment,
    later: timedelta,
) -> None:
    moved = Moment(moment.instant + later, moment.zone)

    found = evaluate(pack, member, receipt, moved)

    taking_part = [line.no for line in receipt.lines if line.quantity > 0]
    assert [line.no for line in found.lines] == taking_part


def _allocated(
    found: Evaluation, kinds: set[EffectKind], no: int, but: Collection[int] = ()
) -> int:
    return sum(
        amount
        for effect in found.effects
        if effect.kind in kinds and effect.no not in but
        for line_no, amount in effect.allocations
        if line_no == no
    )


def _without_pack(found: Evaluation) -> Evaluation:
    return replace(found, pack_hash="", trace=())
