"""Whether two names, as cashiers typed them, may be one person's."""

import unicodedata
from itertools import permutations

WORDS_MAX = 5
_LETTERS_APART = str.maketrans(
    {"ё": "е", ".": " ", ",": " ", "-": " ", "—": " ", "'": None, "’": None}
)
_ENDING_LETTERS = 1


def compatible(left: str, right: str) -> bool:
    """Tell whether two names agree: equal but for case, ё, word order, initials and cut words.

    A word agrees with its own initial and with a beginning of it that lacks two letters or more:
    one letter less is a man's form of a woman's name (Александр, Петров), so that spouses who
    share a phone stay two. Words that one side lacks do not matter; a name without words agrees
    with nothing.
    """
    fewer, more = sorted((_words(left), _words(right)), key=len)
    if not fewer:
        return False
    if len(more) > WORDS_MAX:
        return sorted(fewer) == sorted(more)
    return any(all(map(_agree, fewer, chosen)) for chosen in permutations(more, len(fewer)))


def _words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    words = (
        "".join(letter for letter in word if letter.isalpha())
        for word in folded.translate(_LETTERS_APART).split()
    )
    return [word for word in words if word]


def _agree(left: str, right: str) -> bool:
    short, long = sorted((left, right), key=len)
    if short == long:
        return True
    cut = len(long) - len(short)
    return long.startswith(short) and (len(short) == 1 or cut > _ENDING_LETTERS)
