"""What is doubted of a pack as text for people."""

from typing import Final

from shared.rules.basket_words import basket_words
from shared.rules.lint import Opinion
from shared.rules.model import Pack
from shared.rules.sentences import Lang, spoken
from shared.rules.wording import Wording

_WORST_DISCOUNT: Final = Wording("Самая большая скидка", "Largest discount")
_WORST: Final = Wording("Самая большая выгода с бонусами", "Largest benefit with points")
_ALL: Final = Wording("Проверены все границы условий: {tried}", "All borders tried: {tried}")
_SOME: Final = Wording("Проверено чеков: {tried}, не все", "Receipts tried: {tried}, not all")


def opinion(pack: Pack, found: Opinion, lang: Lang) -> str:
    """Return the doubts about a pack, a line each, and the baskets that cost it the most."""
    tried = found.survey
    lines = [f"{doubt.path}: {spoken(doubt.words, lang)}" for doubt in found.doubts]
    for title, probe in ((_WORST_DISCOUNT, tried.worst_discount), (_WORST, tried.worst)):
        if probe is not None:
            lines.append(f"{spoken(title, lang)}: {spoken(basket_words(pack, probe), lang)}")
    lines.append(spoken(_ALL if tried.complete else _SOME, lang).format(tried=tried.tried))
    return "".join(f"{line}\n" for line in lines)
