"""Reading the text of a pack within bounds: YAML as plain text scalars, canonical JSON as it is."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import yaml

from shared.rules.faults import PackError, dotted

BYTES_MAX: Final = 4 * 1024 * 1024
DEPTH_MAX: Final = 24
NODES_MAX: Final = 400_000
ITEMS_MAX: Final = 20_000
_DIGITS_MAX: Final = 18
_UNSEEN: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff]"
)
"""Control characters, marks of writing direction, blanks of no width, halves of characters."""

Place = tuple[str | int, ...]


def read_yaml(text: str) -> object:
    """Return a YAML document as dicts, lists and texts.

    No scalar is interpreted: plain loading would make a float of 11.11, 5349 of 0012345 and False
    of NO. Raises PackError for a document too large, too deep, with anchors, repeated keys, or
    that is not YAML.
    """
    _check_size(text)
    try:
        return _Builder(_events(text)).document()
    except yaml.MarkedYAMLError as error:
        raise _broken(error) from error
    except yaml.YAMLError as error:
        raise PackError("pack", "bad_yaml", ru="это не YAML", en="this is not YAML") from error


def decoded(content: bytes) -> str:
    """Return the text of a file; raises PackError for one that is too large or not UTF-8."""
    if len(content) > BYTES_MAX:
        raise _too_large()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad_text() from error


def read_json(content: bytes) -> object:
    """Return a canonical JSON document; raises PackError as `read_yaml` does, and for fractions."""
    try:
        text = content.decode()
        _check_size(text)
        found: object = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        raise PackError("pack", "bad_json", ru="это не JSON", en="this is not JSON") from error
    _check_bounds(found)
    return found


def _check_size(text: str) -> None:
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as error:
        raise _bad_text() from error
    if size_bytes > BYTES_MAX:
        raise _too_large()


def _bad_text() -> PackError:
    return PackError("pack", "bad_text", ru="текст не в UTF-8", en="the text is not UTF-8")


def _too_large() -> PackError:
    return PackError(
        "pack",
        "too_large",
        ru=f"документ больше {BYTES_MAX} байт",
        en=f"the document has more than {BYTES_MAX} bytes",
    )


def _events(text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    yield from yaml.parse(text, Loader=loader)


class _Builder:
    """Builds one document of YAML events, counting nodes and depth while it goes."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> object:
        next(self._events)
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            raise PackError("pack", "empty", ru="документ пуст", en="the document is empty")
        found = self._node(next(self._events), ())
        next(self._events)
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise PackError(
                "pack", "several", ru="документ должен быть один", en="one document is expected"
            )
        return found

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> str:
        self._count(event, place)
        text: str = event.value
        _check_text(text, place)
        return text

    def _node(self, event: yaml.Event, place: Place) -> object:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        self._count(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place)
        return self._mapping(place)

    def _count(self, event: yaml.Event, place: Place) -> None:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise _too_many(place)
        if len(place) > DEPTH_MAX:
            raise _too_deep(place)
        if getattr(event, "anchor", None) is not None:
            raise PackError(
                dotted(place),
                "anchor",
                ru="якоря и ссылки YAML не допускаются",
                en="YAML anchors and aliases are not allowed",
            )

    def _sequence(self, place: Place) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            if len(found) == ITEMS_MAX:
                raise _too_many(place)
            found.append(self._node(event, (*place, len(found))))
        return found

    def _mapping(self, place: Place) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise PackError(
                    dotted(place), "bad_key", ru="ключ должен быть текстом", en="a key is a text"
                )
            key = self._scalar(event, place)
            if key in found:
                raise _repeated((*place, key))
            if len(found) == ITEMS_MAX:
                raise _too_many(place)
            found[key] = self._node(next(self._events), (*place, key))
        return found


def _check_bounds(document: object) -> None:
    waiting: list[tuple[object, Place]] = [(document, ())]
    nodes = 0
    while waiting:
        node, place = waiting.pop()
        nodes += 1
        if nodes > NODES_MAX:
            raise _too_many(place)
        if len(place) > DEPTH_MAX:
            raise _too_deep(place)
        if isinstance(node, str):
            _check_text(node, place)
        waiting += _inside(node, place)


def _inside(node: object, place: Place) -> list[tuple[object, Place]]:
    if not isinstance(node, dict | list):
        return []
    if len(node) > ITEMS_MAX:
        raise _too_many(place)
    if isinstance(node, list):
        return [(child, (*place, index)) for index, child in enumerate(node)]
    for key in node:
        _check_text(key, place)
    return [(child, (*place, key)) for key, child in node.items()]


def _check_text(text: str, place: Place) -> None:
    """Refuse characters that people do not see: they would let one text pass for another."""
    if (found := _UNSEEN.search(text)) is not None:
        code = f"U+{ord(found[0]):04X}"
        raise PackError(
            dotted(place),
            "unseen",
            ru=f"невидимый знак {code} в тексте",
            en=f"the text has an invisible character {code}",
        )


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = max(Counter(key for key, _ in pairs).items(), key=lambda pair: pair[1])[0]
        raise _repeated((twice,))
    return found


def _repeated(place: Place) -> PackError:
    return PackError(dotted(place), "repeated_key", ru="ключ повторяется", en="the key is repeated")


def _too_many(place: Place) -> PackError:
    return PackError(
        dotted(place), "too_many", ru="слишком много значений", en="there are too many values"
    )


def _too_deep(place: Place) -> PackError:
    return PackError(
        dotted(place[:4]) + "...",
        "too_deep",
        ru=f"вложенность больше {DEPTH_MAX}",
        en=f"nested deeper than {DEPTH_MAX}",
    )


def _broken(error: yaml.MarkedYAMLError) -> PackError:
    mark = error.problem_mark
    line = mark.line + 1 if mark is not None else 1
    return PackError(
        f"line {line}",
        "bad_yaml",
        ru=f"это не YAML: {error.problem}",
        en=f"this is not YAML: {error.problem}",
    )


def _no_fraction(text: str) -> object:
    raise ValueError(text)


def _whole(text: str) -> int:
    if len(text) > _DIGITS_MAX:
        raise ValueError(text)
    return int(text)
