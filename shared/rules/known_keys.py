"""Which keys a part of a pack file may have: what a key that is not known is answered with."""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel

Document = type[BaseModel]
_UNIONS = (Union, UnionType)


def keys_beside(document: Document, place: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys of the part of a document that holds `place`, which is named by pydantic."""
    kinds: list[object] = [document]
    for step in place[:-1]:
        effects = [kind for kind in kinds if step in _effects(kind)]
        kinds = effects or [inner for kind in kinds for inner in _inside(kind, step)]
    documents = [kind for kind in kinds if _is_document(kind)]
    return tuple(_fields(documents[0])) if len(documents) == 1 else ()


def _inside(kind: object, step: str | int) -> Iterator[object]:
    """Yield what stands under a step: items, values, or the field of that name."""
    if get_origin(kind) is tuple:
        yield from _kinds(get_args(kind)[0])
    elif get_origin(kind) in (dict, Mapping):
        yield from _kinds(get_args(kind)[1])
    elif _is_document(kind) and step in _fields(kind):
        yield from _kinds(_fields(kind)[str(step)])


def _kinds(annotation: object) -> Iterator[object]:
    """Yield what an annotation admits, without its bounds and without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in _UNIONS:
        for option in get_args(annotation):
            yield from _kinds(option)
    elif annotation is not NoneType:
        yield annotation


def _effects(kind: object) -> tuple[object, ...]:
    """Return the names of the effect, or of a slip's block, that a document is, if it is one."""
    if not _is_document(kind):
        return ()
    fields = _fields(kind)
    return get_args(fields.get("effect") or fields.get("block"))


def _is_document(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _fields(document: object) -> dict[str, object]:
    """Return the annotations of a document's fields by the keys of a file."""
    assert isinstance(document, type)
    assert issubclass(document, BaseModel)
    return {field.alias or name: field.annotation for name, field in document.model_fields.items()}
