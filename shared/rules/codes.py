"""Promo codes: which of those presented are good, and why the others are not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.receipt import CodeState, PresentedCode
from shared.rules.code_model import CodeCampaign, folded
from shared.rules.facts import Facts
from shared.rules.features import nodes
from shared.rules.model import Pack
from shared.rules.result import CodeOutcome, RuleUse, Sentence
from shared.rules.sentences import day_of, places, rubles, say
from shared.rules.wording import Wording


class Refusal(StrEnum):
    """Kinds of reasons for which a code does nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    USED_UP = "used_up"
    NOT_YOURS = "not_yours"
    WRONG_STORE = "wrong_store"
    WRONG_SEGMENT = "wrong_segment"
    BELOW_MINIMUM = "below_minimum"
    NO_EFFECT = "no_effect"
    HELD_ELSEWHERE = "held_elsewhere"
    BLOCKED = "blocked"


APPLIED: Final = "applied"
_NOTHING: Final = say("no_effect")
Verdict = tuple[Refusal, Sentence]


@dataclass(frozen=True, slots=True)
class Judged:
    """A code as presented, its campaign if there is one, and why it is refused."""

    presented: PresentedCode
    campaign: str
    refusal: Verdict | None


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """The campaigns of a pack; `places` are those of the rules that ask for a campaign's code."""

    campaigns: Mapping[str, CodeCampaign]
    by_word: Mapping[str, str]
    places: Mapping[str, tuple[int, ...]]


def compile_codes(pack: Pack) -> Codes:
    """Compile the campaigns of a pack that was checked."""
    places: dict[str, list[int]] = {name: [] for name in pack.codes}
    for place, rule in enumerate(pack.conditional):
        asked = nodes(rule.condition) if rule.condition is not None else ()
        for name in {name for node in asked for name in node.code_in or ()}:
            places[name].append(place)
    return Codes(
        campaigns=pack.codes,
        by_word={folded(word): name for name, codes in pack.codes.items() for word in codes.words},
        places={name: tuple(found) for name, found in places.items()},
    )


def code_fields(pack: Pack) -> frozenset[str]:
    """Return the names of the member's fields that codes read, but for the tier's."""
    by_segment = any(campaign.segments is not None for campaign in pack.codes.values())
    by_history = any(campaign.per_member_max is not None for campaign in pack.codes.values())
    by_receipts = any(campaign.first_purchase == "yes" for campaign in pack.codes.values())
    read = {"segments": by_segment, "receipts": by_receipts, "history": by_history}
    return frozenset(name for name, is_read in read.items() if is_read)


def use_of(campaign: str) -> str:
    """Return the name by which a member's history counts a campaign's codes; no rule has it."""
    return f"code.{campaign}"


def uses_of(codes: Codes, told: Iterable[CodeOutcome]) -> Iterator[RuleUse]:
    """Yield the uses to count for the member, of campaigns that are limited for him."""
    for outcome in told:
        if outcome.kind == APPLIED and codes.campaigns[outcome.campaign].per_member_max is not None:
            yield RuleUse(use_of(outcome.campaign), 0)


def judge(codes: Codes, facts: Facts) -> tuple[Judged, ...]:
    """Judge each presented code by what the receipt states of it; one code counts a campaign."""
    judged: list[Judged] = []
    good: set[str] = set()
    for code in _presented(facts):
        name = code.campaign or codes.by_word.get(folded(code.code), "")
        campaign = codes.campaigns.get(name)
        if campaign is None:
            judged.append(Judged(code, "", (Refusal.UNKNOWN, say("code_unknown"))))
            continue
        refusal = next(_refusals(code, campaign, facts), None)
        refusal = refusal or _per_member(name, code, campaign, facts)
        if refusal is None and name in good:
            refusal = (Refusal.NO_EFFECT, say("code_again"))
        if refusal is None:
            good.add(name)
        judged.append(Judged(code, name, refusal))
    return tuple(judged)


def good_codes(judged: tuple[Judged, ...]) -> frozenset[str]:
    """Return the campaigns of the codes that were not refused."""
    return frozenset(code.campaign for code in judged if code.refusal is None)


def outcomes(
    codes: Codes, judged: tuple[Judged, ...], reasons: Mapping[int, Sentence | None]
) -> tuple[CodeOutcome, ...]:
    """Tell what became of each code; `reasons` has each rule's by place, None if it applied.

    A code whose rules all gave way, or fitted nothing, is not used up.
    """
    return tuple(_outcome(codes, code, reasons) for code in judged)


def _outcome(codes: Codes, code: Judged, reasons: Mapping[int, Sentence | None]) -> CodeOutcome:
    kind, reason = code.refusal or (APPLIED, _NOTHING)
    channel = code.presented.channel
    if code.campaign:
        campaign = codes.campaigns[code.campaign]
        channel = channel or campaign.channel or ""
        if code.refusal is None:
            title = Wording(campaign.title.ru, campaign.title.en)
            reason = say("code_applied", title=title)
            found = [reasons[place] for place in codes.places[code.campaign] if place in reasons]
            if None not in found:
                kind = Refusal.NO_EFFECT
                reason = next((why for why in found if why is not None), _NOTHING)
    return CodeOutcome(code.presented.code, code.campaign, channel, str(kind), reason)


def _presented(facts: Facts) -> Iterator[PresentedCode]:
    known = {folded(code.code): code for code in facts.receipt.codes}
    for text in dict.fromkeys(facts.receipt.promo_codes):
        yield known.get(folded(text), PresentedCode(text))


def _refusals(code: PresentedCode, campaign: CodeCampaign, facts: Facts) -> Iterator[Verdict]:
    for check in _CHECKS:
        if (refusal := check(code, campaign, facts)) is not None:
            yield refusal


def _state(code: PresentedCode, _campaign: CodeCampaign, _facts: Facts) -> Verdict | None:
    if code.state is CodeState.HELD and code.elsewhere:
        return Refusal.HELD_ELSEWHERE, say("code_elsewhere", places=places(code.elsewhere))
    return _STATES.get(code.state)


def _limits(code: PresentedCode, campaign: CodeCampaign, _facts: Facts) -> Verdict | None:
    if campaign.per_code_max is not None and code.used >= campaign.per_code_max:
        return Refusal.USED_UP, say("code_used_up")
    return None


def _per_member(
    name: str, code: PresentedCode, campaign: CodeCampaign, facts: Facts
) -> Verdict | None:
    """Count what the member's history tells beside what is known of the code itself."""
    most = campaign.per_member_max
    if most is None:
        return None
    if facts.member is None:
        return Refusal.WRONG_SEGMENT, say("code_needs_member")
    uses = [use.times for use in facts.member.history.uses if use.rule == use_of(name)]
    used = max(code.used_by_member, sum(uses))
    return (Refusal.USED_UP, say("code_used_by_you")) if used >= most else None


def _days(code: PresentedCode, campaign: CodeCampaign, facts: Facts) -> Verdict | None:
    last = min((day for day in (campaign.when.last, code.last_day) if day), default=None)
    first = max((day for day in (campaign.when.first, code.first_day) if day), default=None)
    if last is not None and facts.day > last:
        return Refusal.EXPIRED, say("ended", day=day_of(last))
    if first is not None and facts.day < first:
        return Refusal.NOT_YET, say("not_yet", day=day_of(first))
    return None


def _owner(code: PresentedCode, campaign: CodeCampaign, facts: Facts) -> Verdict | None:
    if code.owner is None and campaign.personal == "no":
        return None
    mine = facts.member is not None and code.owner == facts.member.id
    return None if mine else (Refusal.NOT_YOURS, say("code_not_yours"))


def _place(_code: PresentedCode, campaign: CodeCampaign, facts: Facts) -> Verdict | None:
    at_store = campaign.stores is None or facts.receipt.store in campaign.stores
    in_region = campaign.regions is None or facts.receipt.region in campaign.regions
    return None if at_store and in_region else (Refusal.WRONG_STORE, say("code_wrong_store"))


def _people(_code: PresentedCode, campaign: CodeCampaign, facts: Facts) -> Verdict | None:
    member, tier = facts.member, facts.tier
    if campaign.segments is not None and (
        member is None or member.segments.isdisjoint(campaign.segments)
    ):
        return Refusal.WRONG_SEGMENT, say("code_wrong_segment")
    if campaign.tiers is not None and (tier is None or tier.id not in campaign.tiers):
        return Refusal.WRONG_SEGMENT, say("code_wrong_segment")
    if campaign.first_purchase == "yes" and (member is None or member.receipts > 0):
        return Refusal.WRONG_SEGMENT, say("code_first_purchase")
    return None


def _sum(_code: PresentedCode, campaign: CodeCampaign, facts: Facts) -> Verdict | None:
    least = campaign.receipt_sum_from or 0
    if facts.sum_minor >= least:
        return None
    missing = rubles(least - facts.sum_minor)
    return Refusal.BELOW_MINIMUM, say("code_below_minimum", least=rubles(least), missing=missing)


_STATES: Final[Mapping[CodeState, Verdict]] = {
    CodeState.REVOKED: (Refusal.BLOCKED, say("code_blocked")),
    CodeState.HELD: (Refusal.HELD_ELSEWHERE, say("code_held")),
    CodeState.USED: (Refusal.USED_UP, say("code_used_up")),
    CodeState.EXPIRED: (Refusal.EXPIRED, say("code_expired")),
}
_Check = Callable[[PresentedCode, CodeCampaign, Facts], Verdict | None]
_CHECKS: Final[tuple[_Check, ...]] = (_state, _days, _limits, _owner, _place, _people, _sum)
