"""Laws of explanations: every kopeck and point is told once, and every reason is true."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.basket import Goods, Line
from shared.member import MemberView
from shared.receipt import Receipt, TenderKind
from shared.rules.account import accounts
from shared.rules.compile import CompiledPack, gate_of
from shared.rules.evaluate import evaluate
from shared.rules.explain import findings
from shared.rules.finding import ENOUGH, Answered, Finding
from shared.rules.moment import Moment
from shared.rules.phases.normalise import normalise
from shared.rules.result import Evaluation, Need
from shared.rules.retell import retell
from shared.rules.sentences import Lang
from tests.shared.rules.builders import compiled
from tests.shared.rules.strategies import members, moments, packs, receipts

EXAMPLES = sorted((Path(__file__).parents[3] / "shared/rules/examples").glob("*.yaml"))
OPEN = {
    "asked_is_paid",
    "no_effect",
    "no_effect_line",
    "no_goods",
    "no_open_goods",
    "nobody",
    "not_asked",
    "not_this_line",
}
"""Reasons that say that the receipt itself does not keep a rule out."""


@cache
def example(path: Path) -> CompiledPack:
    return compiled(path.read_text(encoding="utf-8"))


PACKS = st.one_of(packs(), packs(), st.sampled_from(EXAMPLES).map(example))
MEMBERS, RECEIPTS, MOMENTS = members(), receipts(), moments()


def asked(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> tuple[Answered, tuple[Finding, ...]]:
    answered = Answered(pack, who, bought, moment, evaluate(pack, who, bought, moment))
    return answered, findings(answered)


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_what_is_told_of_a_line_leads_from_its_price_to_what_is_paid(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    """The steps, in the order of the phases, go on from one another, and none is left out."""
    answered, found = asked(pack, who, bought, moment)

    for row in answered.evaluation.lines:
        moves = [one for one in found if one.line_no == row.no and one.moves]
        spans = Counter((one.before, one.after) for one in moves if one.before != one.after)
        left = row.base_minor
        for step in _price_steps(answered.evaluation, row.no):
            assert step[0] == left
            assert spans[step] > 0
            spans[step] -= 1
            left = step[1]
        assert left == row.payable_minor
        assert spans.total() == 0
        assert sum(one.before - one.after for one in moves) == row.base_minor - row.payable_minor
        assert sum(one.points for one in moves) == row.redeemed_points
        told = [one for one in found if one.line_no == row.no]
        assert sum(one.earns for one in told) == row.earned_points


def _price_steps(evaluation: Evaluation, no: int) -> list[tuple[int, int]]:
    """The steps of a line that the trace tells as they came, but for what only might have been."""
    hypothetical = {"outweighed_price", "no_lower_price", "not_discounted", "till_differs"}
    return [
        (step.before, step.after)
        for step in evaluation.trace
        if step.line_no == no
        and step.phase != "earn"
        and step.reason.code not in hypothetical
        and step.before != step.after
    ]


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_every_rule_that_did_something_has_a_word_for_every_line_and_nothing_is_said_twice(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    answered, found = asked(pack, who, bought, moment)

    applied = set(answered.evaluation.applied) & {rule.id for rule in pack.source.rules}
    told = {(one.rule, one.line_no) for one in found}
    assert {one.rule for one in found} >= {rule.id for rule in pack.source.conditional}
    for rule in applied:
        assert {line.no for line in bought.lines} <= {no for of, no in told if of == rule}
    said = Counter(
        (one.rule, one.line_no, one.subject, one.reason.code, one.before) for one in found
    )
    assert max(said.values(), default=1) == 1, said.most_common(1)
    assert [one.subject for one in found if one.phase == "codes"] == [
        code.code for code in answered.evaluation.codes
    ]
    assert not any("(другое)" in line for line in _text(answered, "ru"))
    assert not any("(other)" in line for line in _text(answered, "en"))


def _text(answered: Answered, lang: Lang) -> list[str]:
    source, lines = answered.pack.source, answered.receipt.lines
    return [
        *accounts(source, lines, answered.evaluation, lang),
        *retell(source, lines, findings(answered), lang),
    ]


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
@settings(max_examples=150)
def test_what_is_said_to_be_enough_is_enough_and_else_the_reason_is_the_next_one(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    """Each trial is made again from the words of the explanation, by this test's own hands."""
    answered, found = asked(pack, who, bought, moment)

    for one in found:
        if one.tried is None:
            continue
        changed = answered
        for need in one.ways[0]:
            changed = DO[need.condition](changed, need)
        again = evaluate(pack, changed.member, changed.receipt, changed.moment)
        reasons = {refused.rule: refused.reason for refused in again.rejected}
        if one.tried.code == ENOUGH:
            assert one.rule in again.applied
        else:
            assert reasons[one.rule] == one.tried
            assert one.tried.code not in {"condition", "no_goods"}


@given(PACKS, MEMBERS, RECEIPTS, MOMENTS)
def test_a_rule_is_said_to_lack_goods_only_where_the_receipt_itself_lets_it_in(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    """What closes a rule to the receipt is told first: no goods would open it."""
    _, found = asked(pack, who, bought, moment)

    facts = normalise(pack, who, bought, moment).facts
    rules = {rule.id: rule for rule in pack.source.rules}
    for one in found:
        if one.rule in rules and one.reason.code in OPEN:
            assert gate_of(rules[one.rule], pack.source.lists)(facts) is None


Doing = Callable[[Answered, Need], Answered]


def _word(need: Need) -> str:
    assert isinstance(need.needed, tuple)
    return need.needed[0]


def _bought(answered: Answered, **fields: object) -> Answered:
    return replace(answered, receipt=replace(answered.receipt, **fields))  # type: ignore[arg-type]


def _buys_more(answered: Answered, need: Need) -> Answered:
    assert isinstance(need.needed, int)
    assert isinstance(need.has, int)
    lines = answered.receipt.lines
    more = Line(1000, Goods("bread"), 1000, need.needed - need.has)
    return _bought(answered, lines=(*lines, more))


def _comes_on(answered: Answered, need: Need) -> Answered:
    day = date.fromisoformat(_word(need))
    noon = datetime.combine(day, time(12), ZoneInfo(answered.moment.zone))
    return replace(answered, moment=Moment(noon.astimezone(UTC), answered.moment.zone))


def _is_in(answered: Answered, need: Need) -> Answered:
    assert answered.member is not None
    segments = answered.member.segments | {_word(need)}
    return replace(answered, member=replace(answered.member, segments=segments))


def _names_a_code(answered: Answered, need: Need) -> Answered:
    word = answered.pack.source.codes[_word(need)].words[0]
    return _bought(answered, promo_codes=(*answered.receipt.promo_codes, word))


DO: dict[str, Doing] = {
    "store_in": lambda one, need: _bought(one, store=_word(need)),
    "region_in": lambda one, need: _bought(one, region=_word(need)),
    "channel_in": lambda one, need: _bought(one, channel=_word(need)),
    "paid_in": lambda one, need: _bought(one, paid_in=TenderKind(_word(need))),
    "mark_in": lambda one, need: _bought(one, marks=(*one.receipt.marks, _word(need))),
    "code_in": _names_a_code,
    "segment_in": _is_in,
    "receipt_sum_from": _buys_more,
    "day_from": _comes_on,
    "on_days": _comes_on,
}
