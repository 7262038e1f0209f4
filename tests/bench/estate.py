"""A served centre with members, beside which peers are given the same as documents."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from central.centre import Centre
from tests.bench import chain
from tests.bench.peer import write_documents
from tests.central.journal_builder import Person

MEMBERS = 10_000


@dataclass(frozen=True)
class Estate:
    """A served centre with members."""

    centre: Centre
    url: str
    people: list[Person]
    folder: Path

    def empty(self, name: str) -> str:
        """Make an empty folder; return its name."""
        made = self.folder / name
        made.mkdir()
        return str(made)

    def documents(self) -> Path:
        """Write what a store reads of each member as one document."""
        made = (
            {
                "_id": str(person.member),
                "name": "Анна П.",
                "card": person.card,
                "phone": person.phone,
                "tier": "base",
                "account": str(person.account),
                "balance": chain.WELCOME_POINTS,
                "lots": [[str(person.account), chain.WELCOME_POINTS, "2027-01-01"]],
            }
            for person in self.people
        )
        return write_documents(self.folder / "members.jsonl", made)


@contextmanager
def served(folder: Path) -> Iterator[Estate]:
    """Serve a centre whose members were registered at one store, each with points."""
    centre, people = chain.with_members(folder / "centre", MEMBERS)
    with chain.serving(centre, folder / "ready.json") as url:
        yield Estate(centre, url, people, folder)
    centre.engine.dispose()
