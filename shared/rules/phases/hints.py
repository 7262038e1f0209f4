"""What rules have the cashier say."""

from shared.rules.compile import CompiledPack
from shared.rules.phases.draft import Draft, Phase
from shared.rules.sentences import say


def say_hints(pack: CompiledPack, draft: Draft) -> None:
    """Say the words of each rule that is open and fits some line."""
    for rule, words in pack.price_side.hints:
        if not draft.open(rule):
            continue
        if not any(rule.matches(draft.facts, item.line) for item in draft.items):
            draft.did_nothing(rule, say("no_goods"))
            continue
        draft.applied[rule.place] = rule.id
        draft.hints.append(say("hint", words=words))
        draft.note(Phase.AFTER, rule.applied, rule=rule.id)
