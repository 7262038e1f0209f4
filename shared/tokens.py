"""Codes that people read aloud and type: no look-alikes, a check character, any case and layout.

23 is a prime, so that the weighted sum finds every single wrong character and every swap of two.
"""

from typing import Final

ALPHABET: Final = "23456789ACEFHJKMNPRTVWX"
CODE_CHARS: Final = 12
"""Of a promo code or coupon: 11 of chance are 49 bits."""
CERTIFICATE_CHARS: Final = 16
"""Of a certificate, which is money: 15 of chance are 67 bits."""
LENGTHS: Final = frozenset({CODE_CHARS, CERTIFICATE_CHARS})
SECRET_BYTES: Final = 16
TAIL_CHARS: Final = 4
_GROUP: Final = 4
_BASE: Final = len(ALPHABET)
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_SEEN_AS: Final = str.maketrans("АВСЕНКМРТХ", "A8CEHKMPTX", " -–—_.\t")
"""Cyrillic letters look like these; what separates groups is left out."""
_LATIN: Final = str.maketrans("BSZG", "8526")
"""Letters that are none of ours, for the figures that they look like."""


def token(secret: bytes, chars: int) -> str:
    """Write 16 secret bytes as a code of so many characters, the last of which checks the rest."""
    assert len(secret) == SECRET_BYTES, "a code is made of 16 bytes"
    number, letters = int.from_bytes(secret, "big"), list[str]()
    for _ in range(chars - 1):
        number, value = divmod(number, _BASE)
        letters.append(ALPHABET[value])
    body = "".join(letters)
    return body + _check(body)


def plain_token(text: str) -> str:
    """Return a code as it is compared: capitals without blanks and hyphens, in Latin letters."""
    return text.upper().translate(_SEEN_AS).translate(_LATIN)


def is_token(text: str) -> bool:
    """Tell whether a plain code is one that we might have made: length, letters and check."""
    known = len(text) in LENGTHS and all(letter in _VALUES for letter in text)
    return known and _check(text[:-1]) == text[-1]


def grouped(text: str) -> str:
    """Write a code for people, in groups of four."""
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def tail_of(text: str) -> str:
    """Return what may be shown of a code."""
    return text[-TAIL_CHARS:]


def _check(body: str) -> str:
    """Return the character that makes Σ place × value, with its own place, a multiple of 23."""
    total = sum(place * _VALUES[letter] for place, letter in enumerate(body, 1))
    inverse = pow(len(body) + 1, -1, _BASE)
    return ALPHABET[-total * inverse % _BASE]
