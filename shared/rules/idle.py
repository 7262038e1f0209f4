"""Rules that do nothing on any receipt, or always give way to others."""

from typing import Final

from shared.rules.borders import borders
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.model import Pack
from shared.rules.part_of_pack import together
from shared.rules.trial import staged
from shared.rules.worst import GIVES_WAY, Survey, survey

REPLAYS_MAX: Final = 100
"""Trials of a rule by itself that are tried with the whole pack."""
RIVALS_MAX: Final = 8
TOGETHER_MAX: Final = 4_000
"""Trials of a rule and those that it gives way to."""
_FAMILIES: Final = (
    frozenset({"price", "discount", "add_percent_points", "bundle", "entitlement"}),
    frozenset({"earn_times"}),
)


def idle(pack: CompiledPack, tried: Survey, rule: str) -> frozenset[str] | None:
    """Return the rules that one always gives way to, none of them if it never does anything.

    None tells that it does something, or that not enough could be tried to say.
    """
    if rule in tried.applied:
        return None
    if tried.complete:
        return _rivals(pack.source, rule, tried.gave_way.get(rule, set()))
    by_itself = tried.alone[rule]
    if not by_itself.fits:
        return frozenset() if by_itself.complete else None
    rivals: set[str] = set()
    for trial in by_itself.fits[:REPLAYS_MAX]:
        answer = evaluate(pack, *staged(pack.source, trial))
        if rule in answer.applied:
            return None
        if any(one.rule == rule and one.reason.code in GIVES_WAY for one in answer.rejected):
            rivals.update(answer.applied)
    return _always(pack.source, rule, _rivals(pack.source, rule, rivals))


def _always(pack: Pack, rule: str, rivals: frozenset[str]) -> frozenset[str] | None:
    """Return the rivals of a rule if with them alone it never does anything: more help nobody."""
    if not rivals or len(rivals) > RIVALS_MAX:
        return None
    part = together(pack, {rule, *rivals})
    if borders(part.source).count() > TOGETHER_MAX:
        return None
    tried = survey(part, TOGETHER_MAX)
    if not tried.complete or rule in tried.applied:
        return None
    return _rivals(pack, rule, tried.gave_way.get(rule, set())) or None


def _rivals(pack: Pack, rule: str, applied: set[str]) -> frozenset[str]:
    """Return those of the rules that did something which do what the rule would have done."""
    kinds = {one.id: {effect.effect for effect in one.then} for one in pack.rules}
    mine = frozenset[str]().union(*(kind for kind in _FAMILIES if kind & kinds[rule]))
    return frozenset(one for one in applied if mine & kinds.get(one, set()))
