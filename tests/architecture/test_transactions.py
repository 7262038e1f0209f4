"""A use case of the centre is one transaction, and is run again when the database breaks it off."""

import ast
from collections.abc import Iterator
from pathlib import Path

import central

NOT_USE_CASES = {"draft.py"}
"""Works on a file of its own."""


def _transactions(function: ast.FunctionDef) -> int:
    found = [
        item.context_expr for node in ast.walk(function) for item in getattr(node, "items", ())
    ]
    return sum(isinstance(one, ast.Call) and _name(one.func) == "transaction" for one in found)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    folder = Path(central.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        if path.name not in NOT_USE_CASES:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    yield f"{path.relative_to(folder)}: {node.name}", node


def test_every_writing_transaction_is_alone_in_a_use_case_that_is_retried() -> None:
    writing = {name: node for name, node in _functions() if _transactions(node)}

    not_whole = [
        name
        for name, node in writing.items()
        if _transactions(node) > 1 or "retried" not in map(_name, node.decorator_list)
    ]

    assert len(writing) > 20
    assert not_whole == []
