"""Why a line is not paid with points, or what it has earned: what the trace has no step for."""

from collections.abc import Iterator

from shared.basket import Line
from shared.receipt import Redeem
from shared.rules.conditions import conjuncts, line_test, reads_lines_only
from shared.rules.counting import count_points
from shared.rules.dates import anniversary
from shared.rules.facts import Facts
from shared.rules.grammar import Title
from shared.rules.model import OnceGrantRule, Pack, Rule
from shared.rules.phases.draft import Phase
from shared.rules.points_terms import EarnEffect, RedeemEffect
from shared.rules.question_terms import BIRTHDAY, REGISTRATION
from shared.rules.questions import days_of
from shared.rules.result import EffectKind, Evaluation, Sentence
from shared.rules.sentences import day_of, say, shorten
from shared.rules.wording import Wording


def redeem_of(rule: Rule | OnceGrantRule) -> RedeemEffect | None:
    """Return the effect by which a rule lets points pay."""
    if isinstance(rule, OnceGrantRule):
        return None
    return next((effect for effect in rule.then if isinstance(effect, RedeemEffect)), None)


def why_not_paid(
    pack: Pack, facts: Facts, evaluation: Evaluation, rule: Rule, effect: RedeemEffect
) -> Sentence:
    """Return why an open rule of payment says nothing: another one governs, or nobody asked."""
    other = _governing(pack, evaluation, rule, effect)
    if other is not None:
        return say("redeem_other_rule", title=_wording(other.title))
    return not_requested(facts, evaluation) or say("no_effect")


def not_requested(facts: Facts, evaluation: Evaluation) -> Sentence | None:
    """Say how many points may pay, where nobody has asked for it."""
    most = evaluation.redemption.maximum
    is_asked = facts.receipt.redeem is not Redeem.NONE
    return None if is_asked or not most else say("not_requested", points=shorten(most))


def covered(
    pack: Pack, facts: Facts, evaluation: Evaluation, effect: RedeemEffect
) -> Iterator[tuple[int, Sentence]]:
    """Yield the lines that points do not pay for as a discount covers them, by their numbers."""
    other = next((rule for rule in pack.rules if rule.id == effect.complement_of), None)
    if other is None:
        return
    said = say("covered", title=_wording(other.title))
    given = {
        no
        for one in evaluation.effects
        if one.rule == other.id and one.kind is EffectKind.DISCOUNT
        for no, _ in one.allocations
    }
    for line in facts.receipt.lines:
        by_goods = effect.complement_by == "goods"
        if _of_goods(pack, other, facts, line) if by_goods else line.no in given:
            yield line.no, said


def earned_by_line(evaluation: Evaluation, rule: Rule) -> Iterator[tuple[int, Sentence]]:
    """Yield what the lines have earned by a rule, and by those that share its lot."""
    if not any(isinstance(effect, EarnEffect) for effect in rule.then):
        return
    for effect in evaluation.effects:
        if effect.rule == rule.id and effect.kind is EffectKind.EARN:
            for no, points in effect.allocations:
                yield no, say("earned_line", points=count_points(points))


def when_given(rule: OnceGrantRule, facts: Facts) -> Sentence | None:
    """Return the next days on which a yearly grant is given; None if it has none."""
    member = facts.member
    if member is None or rule.on not in ("birthday", "anniversary", "date"):
        return None
    name = rule.of or (BIRTHDAY if rule.on == "birthday" else REGISTRATION)
    spans = []
    for of in days_of(member, name):
        for year in (facts.day.year - 1, facts.day.year, facts.day.year + 1):
            ordinal = anniversary(of, year, rule.leap_day).toordinal()
            spans.append((ordinal - rule.before_days, ordinal + rule.after_days))
    coming = [span for span in spans if span[1] >= facts.day.toordinal()]
    if not coming:
        return None
    first, last = (type(facts.day).fromordinal(day) for day in min(coming))
    return say("not_these_days:span", first=day_of(first), last=day_of(last))


def _governing(pack: Pack, evaluation: Evaluation, rule: Rule, effect: RedeemEffect) -> Rule | None:
    """Return the other rule by which points of the same wallet pay on this receipt."""
    told = {step.rule for step in evaluation.trace if step.phase == Phase.REDEEM}
    told |= set(evaluation.applied)
    return next(
        (
            other
            for other in pack.rules
            if other.id != rule.id
            and other.id in told
            and (mine := redeem_of(other)) is not None
            and mine.wallet == effect.wallet
        ),
        None,
    )


def _of_goods(pack: Pack, rule: Rule, facts: Facts, line: Line) -> bool:
    asked = (part for part in conjuncts(rule.condition) if reads_lines_only(part))
    return all(line_test(part, pack.lists)(facts, line) for part in asked)


def _wording(title: Title) -> Wording:
    return Wording(title.ru, title.en)
