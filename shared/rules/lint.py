"""What is probably not meant in a well formed pack, and the basket that costs it the most."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.rules.compile import CompiledPack
from shared.rules.doubts import Doubt, doubts_of, path_of
from shared.rules.idle import idle
from shared.rules.wording import Wording
from shared.rules.worst import PROBES_MAX, Survey, survey


@dataclass(frozen=True, slots=True)
class Opinion:
    """Doubts about a pack, and the trials behind them with the dearest baskets."""

    doubts: tuple[Doubt, ...]
    survey: Survey


def lint(pack: CompiledPack, probes_max: int = PROBES_MAX) -> Opinion:
    """Look for floor conflicts, windows that never open, dead rules, tiers and caps out of reach.

    A rule is called dead or shadowed only when every border of it was tried, by itself or beside
    those that it gives way to.
    """
    tried = survey(pack, probes_max)
    return Opinion((*doubts_of(pack.source), *_idle(pack, tried)), tried)


def _idle(pack: CompiledPack, tried: Survey) -> Iterator[Doubt]:
    source = pack.source
    titles = {rule.id: rule.title for rule in source.rules}
    for place, rule in enumerate(source.rules):
        rivals = idle(pack, tried, rule.id)
        if rivals is None:
            continue
        winners = sorted(rivals, key=list(titles).index)
        if winners:
            russian = ", ".join(f"«{titles[winner].ru}»" for winner in winners)
            english = ", ".join(f"'{titles[winner].en}'" for winner in winners)
            words = Wording(
                f"«{rule.title.ru}» всегда уступает: {russian}",
                f"'{rule.title.en}' always gives way to {english}",
            )
            yield Doubt("shadowed", path_of(source, place), words)
        else:
            words = Wording(
                f"«{rule.title.ru}» ничего не даёт ни в одном чеке",
                f"'{rule.title.en}' does nothing on any receipt",
            )
            yield Doubt("dead", path_of(source, place), words)
