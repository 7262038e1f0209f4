"""Phase 0: which lines take part, what they are closed to by law, and how low they may go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from shared.basket import Flag, Goods, Line
from shared.member import DayCount, MemberView
from shared.receipt import Receipt
from shared.rules.codes import good_codes, judge
from shared.rules.compile import CompiledPack
from shared.rules.facts import Facts
from shared.rules.moment import Moment, Trust
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.question_terms import within
from shared.rules.result import Sentence
from shared.rules.sentences import say
from shared.rules.tiers import tier_of
from shared.rules.wording import Wording, joined

_BANS: Final = {
    Flag.TOBACCO: frozenset({Benefit.DISCOUNT, Benefit.REDEEM}),
    Flag.CERTIFICATE: frozenset(Benefit),
    Flag.SERVICE: frozenset(Benefit),
    Flag.EXCLUDE_TURNOVER: frozenset({Benefit.TURNOVER}),
}
"""What law and sense forbid, whatever a pack says (tobacco: 15-FZ, article 16)."""

_CLOSES: Final = {
    "discounts": Benefit.DISCOUNT,
    "payment_with_points": Benefit.REDEEM,
    "earning": Benefit.EARN,
    "turnover": Benefit.TURNOVER,
}
_CLOSED_WORDS: Final = {
    Benefit.DISCOUNT: Wording("скидки", "discounts"),
    Benefit.REDEEM: Wording("оплата бонусами", "payment with points"),
    Benefit.EARN: Wording("начисление", "earning"),
    Benefit.TURNOVER: Wording("сумма покупок", "turnover"),
}
_OPEN: Final = frozenset[Benefit]()
_UNKNOWN: Final = frozenset({Benefit.REDEEM})


def normalise(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> Draft:
    """Open the draft of a receipt; lines of nothing, or at a negative price, are left out."""
    taking_part = [line for line in receipt.lines if line.quantity > 0 and line.price_minor >= 0]
    today = moment.day
    clock = moment.clock if pack.price_side.bans else ""
    items = [_item(pack, line, today, clock) for line in taking_part]
    counted_on = pack.counting_day(moment)
    now = _counted(pack, items, counted_on)
    facts = Facts(
        receipt=receipt,
        member=member,
        tier=None if member is None else tier_of(pack, member, counted_on, now),
        moment=moment,
        day=today,
        counted_on=counted_on,
        sum_minor=sum([item.base_minor for item in items]),
        open_lines=tuple([one.line for one in items if Benefit.DISCOUNT not in one.closed]),
    )
    judged = judge(pack.codes, facts)
    if judged:
        facts = replace(facts, codes=good_codes(judged))
    draft = Draft(facts, items, judged=judged)
    _explain(pack, draft, receipt)
    return draft


def _counted(pack: CompiledPack, items: Sequence[Item], day: date) -> DayCount | None:
    """Return what counts towards the tier on this very receipt, if the programme says so."""
    track = pack.ladder.track
    if track is None or not track.same_receipt:
        return None
    counting = [item.base_minor for item in items if Benefit.TURNOVER not in item.closed]
    return DayCount(day, sum(counting), visits=1)


def _item(pack: CompiledPack, line: Line, day: date, clock: str) -> Item:
    side, base_minor = pack.price_side, line.base_minor
    unit_minor = max(line.goods.floor_minor, side.floors.of(line.goods, day))
    floor_minor = line.floor_at(unit_minor) if unit_minor > 0 else 0
    if side.line_pays_at_least_minor:
        floor_minor = max(floor_minor, min(base_minor, side.line_pays_at_least_minor))
    return Item(line, base_minor, floor_minor, _closed(pack, line.goods, clock), base_minor)


def _closed(pack: CompiledPack, goods: Goods, clock: str) -> frozenset[Benefit]:
    closed = (_OPEN if goods.known else _UNKNOWN) | _banned(pack, goods, clock)
    if not goods.flags:
        return closed
    for flag in goods.flags:
        closed |= _BANS.get(flag, _OPEN) - _opened(pack, flag)
    if Flag.TOBACCO in goods.flags and pack.source.policies.tobacco_earning == "off":
        closed |= {Benefit.EARN}
    return closed


def _opened(pack: CompiledPack, flag: Flag) -> frozenset[Benefit]:
    """Return what the programme's policies take out of a ban that is sense, not law."""
    counts = flag is Flag.SERVICE and pack.source.policies.services == "turnover"
    return frozenset({Benefit.TURNOVER}) if counts else _OPEN


def _banned(pack: CompiledPack, goods: Goods, clock: str) -> frozenset[Benefit]:
    """Return what the programme itself keeps goods out of."""
    bans = pack.price_side.bans
    if not bans:
        return _OPEN
    return frozenset(
        _CLOSES[word]
        for ban in bans.of(goods)
        if not ban.time_in or within(ban.time_in, clock)
        for word in ban.closes
    )


def closed_by(
    pack: CompiledPack, goods: Goods, benefit: Benefit, moment: Moment
) -> Sentence | None:
    """Return what closes goods to a benefit, if something does."""
    for flag in _BANS:
        if flag in goods.flags and benefit in _BANS[flag] - _opened(pack, flag):
            return say(f"ban_{flag}")
    no_earning = pack.source.policies.tobacco_earning == "off"
    if benefit is Benefit.EARN and no_earning and Flag.TOBACCO in goods.flags:
        return say("ban_tobacco_earning")
    banned = _banned(pack, goods, moment.clock)
    if benefit in banned:
        return say("ban_pack", what=joined(_CLOSED_WORDS[one] for one in Benefit if one in banned))
    return say("goods_unknown") if benefit is Benefit.REDEEM and not goods.known else None


def _explain(pack: CompiledPack, draft: Draft, receipt: Receipt) -> None:
    if draft.facts.moment.trusted is Trust.UNTRUSTED:
        draft.note(Phase.NORMALISE, say("untrusted_clock"))
    for line in receipt.lines:
        if line.quantity <= 0 or line.price_minor < 0:
            draft.note(Phase.NORMALISE, say("line_out"), line=line.no)
    for item in draft.items:
        if item.line.stated_minor is not None and item.line.difference_minor:
            span = (item.base_minor + item.line.difference_minor, item.base_minor)
            draft.note(Phase.NORMALISE, say("till_differs"), line=item.line.no, span=span)
        if item.closed:
            _explain_bans(pack, draft, item)


def _explain_bans(pack: CompiledPack, draft: Draft, item: Item) -> None:
    span = (item.base_minor, item.base_minor)
    for flag in _BANS:
        if flag in item.line.goods.flags:
            draft.note(Phase.NORMALISE, say(f"ban_{flag}"), line=item.line.no, span=span)
    if banned := _banned(pack, item.line.goods, draft.facts.moment.clock):
        words = say("ban_pack", what=joined(_CLOSED_WORDS[one] for one in Benefit if one in banned))
        draft.note(Phase.NORMALISE, words, line=item.line.no, span=span)
    if not item.line.goods.known:
        draft.note(Phase.NORMALISE, say("goods_unknown"), line=item.line.no, span=span)
