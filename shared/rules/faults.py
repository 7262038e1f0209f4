"""Why a pack is refused: the place of the fault and one sentence in Russian and English."""

import re
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.errors import Kind, LoyaltyError
from shared.rules.known_keys import keys_beside

WHOLE: Final = "pack"
"""The path of a fault of the document as a whole."""


class PackError(LoyaltyError):
    """A pack is malformed; `details` has the `path` of the first fault and its stable `fault`."""

    kind = Kind.INVALID
    code = "pack_invalid"
    ru = "Пакет правил, {path}: {reason_ru}."
    en = "Rule pack, {path}: {reason_en}."

    def __init__(self, path: str, fault: str, *, ru: str, en: str) -> None:
        super().__init__(path=path, fault=fault, reason_ru=ru, reason_en=en)

    @property
    def path(self) -> str:
        """Where the fault is, such as `rules.3.then.0.percent`."""
        return str(self.details["path"])

    @property
    def fault(self) -> str:
        """The stable code of the fault."""
        return str(self.details["fault"])


def fault(code: str, *, ru: str, en: str) -> PydanticCustomError:
    """Return the error by which a validator of a pack refuses a value."""
    return PydanticCustomError(code, "{en}", {"ru": ru, "en": en})


def refused(error: ValidationError, document: type[BaseModel]) -> PackError:
    """Translate the first fault that pydantic found, with the keys or words that would do."""
    first = _first(error.errors(include_url=False, include_input=False))
    code, ru, en = _sentence(first)
    ru, en = with_known(ru, en, _known(first, document))
    return PackError(dotted(first["loc"]), code, ru=ru, en=en)


def _first(errors: Sequence[ErrorDetails]) -> ErrorDetails:
    """Return the first fault; a key that is missing was perhaps written otherwise."""
    first, part = errors[0], errors[0]["loc"][:-1]
    if first["type"] != "missing":
        return first
    others = (one for one in errors if one["loc"][:-1] == part)
    return next((one for one in others if one["type"] == "extra_forbidden"), first)


def with_known(ru: str, en: str, known: Sequence[str]) -> tuple[str, str]:
    """Return a sentence in both languages, followed by the names that would do, if any are."""
    names = ", ".join(known)
    return (f"{ru}, есть {names}", f"{en}; known are {names}") if known else (ru, en)


def _known(error: ErrorDetails, document: type[BaseModel]) -> Sequence[str]:
    if error["type"] == "extra_forbidden":
        return keys_beside(document, error["loc"])
    context = error.get("ctx", {})
    told = str(context.get("expected") or context.get("expected_tags") or "")
    return _QUOTED.findall(told)


def dotted(place: Sequence[str | int]) -> str:
    """Write a place in a document as a path; the top of the document is `pack`."""
    return ".".join(str(step) for step in place) or WHOLE


NO_SUCH_KEY: Final = ("такого ключа нет", "there is no such key")
_NO_SUCH_WORD: Final = ("такого слова здесь нет", "this word is not known here")
_NO_SUCH_BLOCK: Final = ("unknown_block", "такого блока нет", "there is no such block")
_QUOTED: Final = re.compile(r"'([^']*)'")
_SENTENCES: Final = {
    "extra_forbidden": ("unknown_key", *NO_SUCH_KEY),
    "missing": ("missing_key", "ключ обязателен", "the key is required"),
    "literal_error": ("unknown_word", *_NO_SUCH_WORD),
    "enum": ("unknown_word", *_NO_SUCH_WORD),
    "union_tag_invalid": ("unknown_effect", "такого эффекта нет", "there is no such effect"),
    "union_tag_not_found": ("missing_key", "не назван эффект", "the effect is not named"),
    "too_long": ("too_many", "слишком много элементов", "too many items"),
    "too_short": ("too_few", "слишком мало элементов", "too few items"),
    "string_too_long": ("too_long", "слишком длинный текст", "the text is too long"),
    "string_too_short": ("empty", "пустой текст", "the text is empty"),
    "string_pattern_mismatch": ("bad_name", "имя не годится", "the name is not well formed"),
    "string_type": ("not_text", "ожидается текст", "text is expected"),
    "int_parsing": ("not_number", "ожидается целое число", "a whole number is expected"),
    "list_type": ("not_list", "ожидается список", "a list is expected"),
    "tuple_type": ("not_list", "ожидается список", "a list is expected"),
    "dict_type": ("not_mapping", "ожидаются пары «ключ: значение»", "a mapping is expected"),
    "model_type": ("not_mapping", "ожидаются пары «ключ: значение»", "a mapping is expected"),
    "model_attributes_type": (
        "not_mapping",
        "ожидаются пары «ключ: значение»",
        "a mapping is expected",
    ),
}


_BOUNDS: Final = {
    "greater_than": ("gt", "ожидается больше {bound}", "more than {bound} is expected"),
    "greater_than_equal": ("ge", "ожидается не меньше {bound}", "at least {bound} is expected"),
    "less_than_equal": ("le", "ожидается не больше {bound}", "at most {bound} is expected"),
}


def _sentence(error: ErrorDetails) -> tuple[str, str, str]:
    context = error.get("ctx", {})
    if "ru" in context and "en" in context:
        return error["type"], str(context["ru"]), str(context["en"])
    if error["type"] in _BOUNDS:
        name, ru, en = _BOUNDS[error["type"]]
        return "bad_number", ru.format(bound=context[name]), en.format(bound=context[name])
    if error["type"].startswith("union_tag") and "block" in str(context.get("discriminator")):
        return _NO_SUCH_BLOCK
    unknown = ("bad_value", "значение не годится", "the value does not fit")
    return _SENTENCES.get(error["type"], unknown)
