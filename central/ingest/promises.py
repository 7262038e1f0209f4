"""What a store gave by its replica and the centre knows better: kept, told to people, its cost too.

A limit for a member, and whether a purchase is his first, are decided where he stands; two stores
that do not hear of each other may both say yes. What came first may be heard last: it uses nothing
up of a window that was over by then, but two first purchases are told in whatever order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from msgspec import structs

from central.conflicts.values import ConflictKind, Finding
from central.ingest.desk import Desk
from central.ingest.reading import Reading
from shared.ledger.books import Account
from shared.ledger.history import joined
from shared.member import MemberView
from shared.money import format_money
from shared.points import format_points
from shared.rules.codes import APPLIED, compile_codes, use_of
from shared.rules.conditions import conjuncts
from shared.rules.limit_terms import Limit, discount_left, discount_use, points_left, used_up
from shared.rules.pack import Pack
from shared.rules.result import EffectKind
from shared.wire.facts import ReceiptCommitted

NOT_FIRST, OVER_LIMIT = ConflictKind.NOT_FIRST_PURCHASE, ConflictKind.OVER_LIMIT


@dataclass(frozen=True, slots=True)
class Broken:
    """A benefit that would not have been given; `rules` are those that gave it."""

    kind: ConflictKind
    rules: frozenset[str]


def recheck(desk: Desk, reading: Reading, sale: ReceiptCommitted, account: Account) -> list[str]:
    """Report what a sale gave its member beyond his limits, before the sale itself is counted."""
    pack = desk.packs.get(sale.evaluation.pack_hash)
    if pack is None:
        return []
    accounts = desk.books.accounts_of(account.member)
    view = MemberView(
        id=account.member,
        account=account.id,
        receipts=sum(one.receipts for one in accounts),
        history=joined([one.history for one in accounts]),
    )
    found = [*_by_codes(pack, sale, view), *_by_rules(pack, sale, view)]
    for kind in sorted({one.kind for one in found}):
        rules = frozenset(rule for one in found if one.kind == kind for rule in one.rules)
        _tell(desk, reading, sale, Broken(kind, rules))
    return sorted({one.kind.value for one in found})


def _by_codes(pack: Pack, sale: ReceiptCommitted, view: MemberView) -> Iterator[Broken]:
    applied = {told.campaign for told in sale.evaluation.codes if told.kind == APPLIED}
    for name in sorted(applied & pack.codes.keys()):
        campaign = pack.codes[name]
        rules = _rules_of(pack, name)
        if campaign.first_purchase == "yes" and view.receipts:
            yield Broken(NOT_FIRST, rules)
        most = campaign.per_member_max
        used = sum(use.times for use in view.history.uses if use.rule == use_of(name))
        if most is not None and used >= most:
            yield Broken(OVER_LIMIT, rules)


def _by_rules(pack: Pack, sale: ReceiptCommitted, view: MemberView) -> Iterator[Broken]:
    given = {use.rule: use.points for use in sale.evaluation.uses}
    for rule in (one for one in pack.rules if one.id in sale.evaluation.applied):
        asked = [] if rule.condition is None else conjuncts(rule.condition)
        if view.receipts and any(node.first_purchase == "yes" for node in asked):
            yield Broken(NOT_FIRST, frozenset({rule.id}))
        if rule.id in given and any(
            _is_over(one, rule.id, given, view, sale) for one in rule.limits
        ):
            yield Broken(OVER_LIMIT, frozenset({rule.id}))


def _is_over(
    limit: Limit, rule: str, given: Mapping[str, int], view: MemberView, sale: ReceiptCommitted
) -> bool:
    """Tell whether a sale gave by a rule what a limit of its member had no more of."""
    seen = _upto(view, limit.span(sale.day).last)
    amounts = (
        (given[rule], points_left((limit,), rule, seen, sale.day)),
        (given.get(discount_use(rule), 0), discount_left((limit,), rule, seen, sale.day)),
    )
    too_much = any(left is not None and amount > left for amount, left in amounts)
    return too_much or used_up((limit,), rule, seen, sale.day) is not None


def _upto(view: MemberView, day: date) -> MemberView:
    """Return a member as if limited rules had not served him after a day."""
    uses = tuple(use for use in view.history.uses if use.day <= day)
    return replace(view, history=structs.replace(view.history, uses=uses))


def _rules_of(pack: Pack, campaign: str) -> frozenset[str]:
    places = compile_codes(pack).places.get(campaign, ())
    return frozenset(pack.conditional[place].id for place in places)


def _tell(desk: Desk, reading: Reading, sale: ReceiptCommitted, broken: Broken) -> None:
    """Tell people what rules took off the receipt, and which points they gave."""
    ours = [effect for effect in sale.evaluation.effects if effect.rule in broken.rules]
    off = (EffectKind.DISCOUNT, EffectKind.PRICE)
    discount_minor = sum(effect.amount for effect in ours if effect.kind in off)
    points = sum(effect.amount for effect in ours if effect.kind is EffectKind.EARN)
    told = {"amount": format_money(discount_minor), "points": format_points(points)}
    details = {"document": sale.receipt.uid, **told}
    found = Finding(broken.kind, details, points=points, amount_minor=discount_minor)
    desk.report(reading, found)
