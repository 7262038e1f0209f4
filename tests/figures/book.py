"""What a long measurement has come to so far: pieces by name, on the disk as soon as each is done.

A run that was killed goes on with the piece that it was at.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Book:
    """The pieces of one figure at one scale."""

    path: Path
    pieces: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> "Book":
        """Read the book, or begin one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path, json.loads(path.read_text()) if path.exists() else {})

    def once(self, name: str, work: Callable[[], Json]) -> Json:
        """Return what a piece came to; do it if it is not done."""
        if name not in self.pieces:
            self.put(name, work())
        return self.pieces[name]

    def put(self, name: str, told: Json) -> None:
        """Write down what a piece came to, or how far it is."""
        self.pieces[name] = told
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(self.pieces, ensure_ascii=False, indent=1))
        draft.replace(self.path)

    def forget(self) -> None:
        """Begin anew."""
        self.pieces.clear()
        self.path.unlink(missing_ok=True)
