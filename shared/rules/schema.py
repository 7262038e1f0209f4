"""The JSON Schema of pack files, for editors: derived from the models and their docstrings."""

import ast
import inspect
import sys
from collections.abc import Iterator
from typing import Final

from shared.rules.grammar import Document
from shared.rules.model import Pack

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NULL: Final = {"type": "null"}
_NOISE: Final = frozenset({"title", "default"})
"""Titles repeat the keys; defaults are in the kernel's units, not in those of the file."""


def pack_schema() -> dict[str, object]:
    """Return the schema of a pack file: keys, words, forms of scalars, and what each is for."""
    schema = Pack.model_json_schema(by_alias=True)
    definitions = schema["$defs"] | {Pack.__name__: schema}
    for model in _below(Document):
        keys = definitions.get(model.__name__, {}).get("properties", {})
        for name, text in _attribute_docs(model):
            alias = model.model_fields[name].alias or name
            if alias in keys:
                keys[alias]["description"] = text
    plain = _plain(schema)
    assert isinstance(plain, dict), "a schema is a mapping"
    return {"$schema": DIALECT, "title": "Kopilka rule pack", **plain}


def _plain(node: object) -> object:
    """Drop what means nothing to a writer: nulls (a key is left out instead) and noise."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    options = node.get("anyOf")
    if isinstance(options, list) and _NULL in options:
        rest = [option for option in options if option != _NULL]
        kept = {key: value for key, value in node.items() if key != "anyOf"}
        return _plain(kept | (rest[0] if len(rest) == 1 else {"anyOf": rest}))
    return {
        key: (
            {name: _plain(value) for name, value in found.items()}
            if key in ("properties", "$defs")
            else _plain(found)
        )
        for key, found in node.items()
        if key not in _NOISE
    }


def _below(model: type[Document]) -> Iterator[type[Document]]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def _attribute_docs(model: type[Document]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a class with the strings that stand below them in its source."""
    module = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == model.__name__:
            for field, text in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(text, ast.Expr)
                    and isinstance(text.value, ast.Constant)
                ):
                    yield field.target.id, str(text.value.value)
