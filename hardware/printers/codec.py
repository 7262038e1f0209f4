"""Text that CP866 can print: what the page lacks is replaced, never by a question mark."""

import unicodedata

NO_BREAK_SPACE = "\u00a0"
UNKNOWN_LETTER = "■"
UNKNOWN_SIGN = "*"

_REPLACEMENTS = {
    **dict.fromkeys("«»“”„‟″〝〞", '"'),
    **dict.fromkeys("‘’‚‛′´ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys("\u2007\u2009\u202f", NO_BREAK_SPACE),
    "₽": "руб.",
    "€": "евро",
    "£": "фунт.",
    "…": "...",
    "•": "∙",
    "‣": "∙",
    "◦": "∙",
    "×": "x",
    "÷": "/",
    "±": "+/-",
    "≈": "~",
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "→": "->",
    "←": "<-",
    "©": "(c)",
    "®": "(r)",
    "™": "(tm)",
    "§": "п.",
    "і": "i",
    "І": "I",
    "ґ": "г",
    "Ґ": "Г",
    "ß": "ss",
    "⁄": "/",
    "\t": " ",
    **dict.fromkeys("\x85\u2028\u2029", "\n"),
    **dict(zip("ӘәӨөҮүҰұҚқҒғҢңҺһҖҗ", "АаОоУуУуКкГгНнХхЖж", strict=True)),
}
"""What people write and the page lacks; the rest goes through Unicode's own decompositions."""

_ON_PAPER = frozenset(bytes([*range(0x20, 0x7F), *range(0x80, 0x100)]).decode("cp866")) | {"\n"}
_AS_IT_IS = _ON_PAPER - _REPLACEMENTS.keys()
_INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Me", "Sk", "Zl", "Zp"})


def printable(text: str) -> str:
    """Return the text as a printer can show it: every character left is in CP866.

    Control characters go, so that no text can command the printer; line feeds and no-break spaces
    stay, because layout needs them. Unknown letters become `■` and unknown signs `*`.
    """
    if _AS_IT_IS.issuperset(text):
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(map(_on_paper, composed))


def to_cp866(text: str) -> bytes:
    """Return the bytes of a text; whatever the page lacks is replaced as `printable` does."""
    return printable(text).replace(NO_BREAK_SPACE, " ").encode("cp866")


def _on_paper(character: str) -> str:
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    if character in _ON_PAPER:
        return character
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return ""
    if (plain := _decomposed(character)) is not None:
        return plain
    if category.startswith("Z"):
        return " "
    return UNKNOWN_LETTER if category[0] in "LNC" else UNKNOWN_SIGN


def _decomposed(character: str) -> str | None:
    """Return a letter without its accents, a ligature in parts, a fraction in digits."""
    parts = unicodedata.normalize("NFKD", character)
    kept = [part for part in parts if unicodedata.category(part) not in _INVISIBLE]
    plain = "".join(_REPLACEMENTS.get(part, part) for part in kept)
    return plain if plain and plain != character and _ON_PAPER.issuperset(plain) else None
