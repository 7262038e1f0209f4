"""Whether two names, as cashiers typed them, may be one person's."""

import re
import unicodedata
from itertools import combinations, permutations

WORDS_MAX = 5
LETTERS_MIN = 3
"""A shorter word is in too many names to be looked for."""
_LETTERS_APART = str.maketrans(
    {"ё": "е", ".": " ", ",": " ", "-": " ", "—": " ", "'": None, "’": None}
)
_ENDING_LETTERS = 1
_APOSTROPHE = re.compile("['’]")


def compatible(left: str, right: str) -> bool:
    """Tell whether two names agree: equal but for case, ё, word order, initials and cut words.

    A word agrees with its own initial and with a beginning of it that lacks two letters or more:
    one letter less is a man's form of a woman's name (Александр, Петров), so that spouses who
    share a phone stay two. Words that one side lacks do not matter; a name without words agrees
    with nothing.
    """
    fewer, more = sorted((folded_words(left), folded_words(right)), key=len)
    if not fewer:
        return False
    if len(more) > WORDS_MAX:
        return sorted(fewer) == sorted(more)
    return any(all(map(_agree, fewer, chosen)) for chosen in permutations(more, len(fewer)))


def may_be(typed: str, shown: str) -> bool:
    """Tell whether what a cashier typed may be a shown name: parts of its words, in any order.

    A shown initial agrees with a word that begins with it; one word at least is not an initial.
    """
    wanted, words = folded_words(typed)[:WORDS_MAX], folded_words(shown)[:WORDS_MAX]
    fewer = min(len(wanted), len(words))
    return bool(fewer) and any(
        all(map(_may_mean, these, those)) and any(len(word) > 1 for word in those)
        for these in permutations(wanted, fewer)
        for those in combinations(words, fewer)
    )


def longest_plain_parts(typed: str) -> list[str]:
    """Return of each word with three letters or more the longest run of letters that folding leaves
    alone, but for its first letter: what a row of that name holds, in small letters or capitals."""
    found = [word for word in folded_words(typed) if len(word) >= LETTERS_MIN]
    return [max(word[1:].split("е"), key=len) for word in found]


def _may_mean(wanted: str, shown: str) -> bool:
    return wanted.startswith(shown) if len(shown) == 1 else wanted in shown


def folded_words(name: str) -> list[str]:
    """Return the words of a name in the form in which they are compared: small letters, е for ё."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    words = (
        "".join(letter for letter in word if letter.isalpha())
        for word in folded.translate(_LETTERS_APART).split()
    )
    return [word for word in words if word]


def parts_of_words(name: str) -> list[str]:
    """Return what stands behind apostrophes, folded: who is O'Brien is looked for as Brien too."""
    parts = _APOSTROPHE.split(name)[1:]
    found = (folded_words(part)[:1] for part in parts if part[:1].isalpha())
    return [word for words in found for word in words if len(word) >= LETTERS_MIN]


def _agree(left: str, right: str) -> bool:
    short, long = sorted((left, right), key=len)
    if short == long:
        return True
    cut = len(long) - len(short)
    return long.startswith(short) and (len(short) == 1 or cut > _ENDING_LETTERS)
