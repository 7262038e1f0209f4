"""A pack compiled once, to be evaluated many times and from any thread."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from shared.rules.codes import Codes, code_fields, compile_codes
from shared.rules.compile_price import PriceSide, compile_price_side
from shared.rules.condition_model import Condition
from shared.rules.conditions import (
    conjuncts,
    line_test,
    member_fields,
    reads_lines,
    reads_lines_only,
    receipt_test,
)
from shared.rules.counting_rules import CompiledCounter, compile_counters
from shared.rules.earnings import Earnings, earning, lot_terms, percent_shares
from shared.rules.facts import Facts
from shared.rules.goods_index import GoodsIndex, goods_index
from shared.rules.goods_tests import LineTest, Lists
from shared.rules.grammar import Rated, Title
from shared.rules.index import Gate, LineRule, Rate, RuleIndex, Share, anchor_of, any_line, index_of
from shared.rules.limit_terms import DISCOUNT, MEMBER, Limit, spent_budget, used_up
from shared.rules.model import (
    OnceGrantRule,
    Pack,
    Rule,
    Wallet,
)
from shared.rules.moment import Moment
from shared.rules.offers import Values
from shared.rules.once import ONCE_FIELDS, CompiledOnce
from shared.rules.operators import NAMES
from shared.rules.points_terms import EarnEffect, EarnTimesEffect, RedeemEffect
from shared.rules.result import Sentence
from shared.rules.sentences import day_of, say, say_spent, say_used_up
from shared.rules.slip_fill import Papers, compile_papers, usual_papers
from shared.rules.table_rows import table_fields
from shared.rules.terms import read_activation, read_expiry
from shared.rules.tier_terms import TierStep
from shared.rules.tiers import TIER_FIELDS, Ladder, Tier
from shared.rules.tracks import compile_track
from shared.rules.tree import Trees, compile_trees, tree_effects
from shared.rules.wording import Wording

_E = TypeVar("_E", RedeemEffect, EarnEffect, EarnTimesEffect)


@dataclass(frozen=True, slots=True, eq=False)
class RedeemRule:
    """A rule by which points pay; lines that `covered` tells, or the rule gave, are closed."""

    rule: LineRule
    shares: Values
    wallet: str
    share_base: str
    most: int | None
    least: int
    covered: LineTest | None
    covered_by: str | None


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPack:
    """A pack ready for `evaluate`: closures and tables, never changed."""

    pack_hash: str
    source: Pack
    ladder: Ladder
    trees: Trees
    discounts: RuleIndex
    redeems: tuple[RedeemRule, ...]
    earnings: Earnings
    fields_read: tuple[str, ...]
    price_side: PriceSide
    codes: Codes
    once: tuple[CompiledOnce, ...] = ()
    limited: frozenset[str] = frozenset()
    """Rules whose use is counted for the member."""
    budgeted: tuple[tuple[str, Limit], ...] = ()
    """What the whole chain, a store and a till may use of rules."""
    discount_limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    """Of rules whose discounts are limited."""
    counters: tuple[CompiledCounter, ...] = ()
    lists_of: GoodsIndex[str] = field(default_factory=lambda: goods_index(()))
    """The lists that goods are on."""
    papers: Papers = field(default_factory=usual_papers)

    def counting_day(self, moment: Moment) -> date:
        """Return the day by which turnover and tiers are counted: in the programme's zone."""
        zone = self.source.zone
        return moment.day if zone is None else Moment(moment.instant, zone).day

    def wallet(self, name: str) -> Wallet:
        """Return a wallet's units and value."""
        return self.source.wallets[name]


def compile_pack(pack: Pack, *, pack_hash: str) -> CompiledPack:
    """Compile a pack that was read; the hash names its canonical bytes in every answer."""
    places = {rule.id: place for place, rule in enumerate(pack.rules)}
    tree_rules = [(places[rule], effect) for rule, effect in tree_effects(pack).items()]
    return CompiledPack(
        pack_hash=pack_hash,
        source=pack,
        ladder=_ladder(pack),
        trees=compile_trees(pack),
        discounts=_index(pack, tree_rules),
        redeems=tuple(
            _redeem(pack, place, effect) for place, effect in _effects(pack, RedeemEffect)
        ),
        earnings=_earnings(pack),
        fields_read=_fields_read(pack),
        codes=compile_codes(pack),
        price_side=compile_price_side(pack, lambda place: _line_rule(pack, place, None)),
        once=tuple(_once(pack, place) for place in range(len(pack.grants))),
        limited=_limited(pack, lambda limit: limit.per == MEMBER),
        counters=compile_counters(pack),
        lists_of=goods_index((listed, name) for name, listed in pack.lists.items()),
        papers=compile_papers(pack.slips),
        budgeted=tuple(
            (rule.id, limit) for rule in pack.rules for limit in rule.limits if limit.per != MEMBER
        ),
        discount_limits={
            rule.id: rule.limits
            for rule in pack.rules
            if any(limit.what == DISCOUNT for limit in rule.limits)
        },
    )


def _limited(pack: Pack, wanted: Callable[[Limit], bool]) -> frozenset[str]:
    return frozenset(rule.id for rule in pack.rules if any(map(wanted, rule.limits)))


def _effects(pack: Pack, kind: type[_E]) -> list[tuple[int, _E]]:
    return [
        (place, effect)
        for place, rule in enumerate(pack.rules)
        for effect in rule.then
        if isinstance(effect, kind)
    ]


def _index(pack: Pack, effects: Iterable[tuple[int, object]]) -> RuleIndex:
    return index_of(
        (
            _line_rule(pack, place, effect),
            anchor_of(conjuncts(pack.rules[place].condition), pack.lists),
        )
        for place, effect in effects
    )


def _line_rule(pack: Pack, place: int, effect: object) -> LineRule:
    rule = pack.rules[place]
    must_hold = conjuncts(rule.condition)
    return LineRule(
        id=rule.id,
        title=_wording(rule.title),
        place=place,
        gate=gate_of(rule, pack.lists),
        matches=_together([part for part in must_hold if reads_lines(part)], pack.lists),
        rate=_rate(effect),
        applied=say("applied", title=_wording(rule.title)),
    )


def _once(pack: Pack, place: int) -> CompiledOnce:
    terms = pack.grants[place]
    return CompiledOnce(
        terms=terms,
        place=len(pack.rules) + place,
        gate=gate_of(terms, pack.lists),
        activation=read_activation(terms.activation),
        expiry=read_expiry(terms.expiry),
        applied=say("applied", title=_wording(terms.title)),
    )


def gate_of(rule: Rule | OnceGrantRule, lists: Lists) -> Gate:
    """Compile what closes a rule to a receipt, whatever its lines are."""
    must_hold = [part for part in conjuncts(rule.condition) if not reads_lines(part)]
    first, last = rule.when.first, rule.when.last
    not_yet = say("not_yet", day=day_of(first)) if first is not None else None
    ended = say("ended", day=day_of(last)) if last is not None else None
    tests = [
        (say("condition", operator=NAMES[part.operator.rstrip("_")]), receipt_test(part, lists))
        for part in must_hold
    ]

    limits = rule.limits if isinstance(rule, Rule) else ()

    def over(facts: Facts) -> Limit | None:
        member = facts.member
        return None if member is None else used_up(limits, rule.id, member, facts.day)

    def gate(facts: Facts) -> Sentence | None:
        if limits and (limit := over(facts)) is not None:
            return say_used_up(limit.window)
        if limits and (spent := spent_budget(facts.receipt.budgets, rule.id)) is not None:
            return say_spent(spent.per, spent.window)
        if first is not None and facts.day < first:
            return not_yet
        if last is not None and facts.day > last:
            return ended
        return next((reason for reason, holds in tests if not holds(facts)), None)

    return gate


def _together(must_hold: Iterable[Condition], lists: Lists) -> LineTest:
    tests = [line_test(part, lists) for part in must_hold]
    if not tests:
        return any_line
    if len(tests) == 1:
        return tests[0]
    return lambda facts, line: all(test(facts, line) for test in tests)


def _rate(effect: object) -> Rate:
    if not isinstance(effect, Rated):
        return lambda _facts, _line: 0
    share = _share(effect)
    return lambda facts, _line: share(facts)


def _share(effect: Rated) -> Share:
    if effect.percent is not None:
        rate_bp = effect.percent
        return lambda _facts: rate_bp
    name = effect.tier_percent or ""
    return lambda facts: 0 if facts.tier is None else facts.tier.percents[name]


def _redeem(pack: Pack, place: int, effect: RedeemEffect) -> RedeemRule:
    by_goods = effect.complement_by == "goods"
    other = next((rule for rule in pack.rules if rule.id == effect.complement_of), None)
    covered = goods_part(other, pack.lists) if other is not None and by_goods else None
    return RedeemRule(
        rule=_line_rule(pack, place, effect),
        shares=percent_shares(pack, effect),
        wallet=effect.wallet,
        share_base=effect.share_base,
        most=effect.at_most,
        least=effect.at_least or 0,
        covered=covered,
        covered_by=None if by_goods else effect.complement_of,
    )


def goods_part(rule: Rule, lists: Lists) -> LineTest:
    """Compile what a rule says of goods alone, whoever buys them and whenever."""
    return _together([part for part in conjuncts(rule.condition) if reads_lines_only(part)], lists)


def _earnings(pack: Pack) -> Earnings:
    earning_effects, times = _effects(pack, EarnEffect), _effects(pack, EarnTimesEffect)
    lots = tuple(dict.fromkeys(lot_terms(effect) for _, effect in earning_effects))
    return Earnings(
        index=_index(pack, earning_effects),
        by_rule={
            pack.rules[place].id: earning(pack, _line_rule(pack, place, None), effect, lots)
            for place, effect in earning_effects
        },
        lots=lots,
        times=_index(pack, times),
        factors={pack.rules[place].id: (effect.wallet, effect.times) for place, effect in times},
    )


def _ladder(pack: Pack) -> Ladder:
    if pack.tiers is None:
        return Ladder()
    return Ladder(tuple(_tier(step) for step in pack.tiers.steps), compile_track(pack.tiers))


def _tier(step: TierStep) -> Tier:
    reach = (
        _wording(step.reach)
        if step.reach is not None
        else Wording(f"до уровня «{step.title.ru}»", f"to {step.title.en}")
    )
    privileges = tuple(map(_wording, step.privileges))
    percents = dict(step.percents)
    return Tier(step.id, _wording(step.title), reach, step.from_minor, percents, privileges)


def _fields_read(pack: Pack) -> tuple[str, ...]:
    by_table = {name for table in pack.tables.values() for name in table_fields(table)}
    by_tier = TIER_FIELDS if pack.tiers is not None else frozenset()
    by_grants = ONCE_FIELDS if pack.grants else frozenset()
    if any(grant.on == "date" for grant in pack.grants):
        by_grants |= {"dates"}
    limited = pack.counters or any(rule.limits for rule in pack.rules)
    by_limits = {"history"} if limited else frozenset()
    to_referrer = any(effect.to == "referrer" for _, effect in _effects(pack, EarnEffect))
    by_earning = {"referrer"} if to_referrer else frozenset()
    asked = [rule.condition for rule in (*pack.conditional, *pack.counters.values())]
    conditions = [condition for condition in asked if condition is not None]
    return tuple(
        sorted(
            by_tier
            | by_table
            | by_earning
            | by_limits
            | code_fields(pack)
            | by_grants
            | member_fields(conditions)
        )
    )


def _wording(title: Title) -> Wording:
    return Wording(title.ru, title.en)
