"""Which of several packs is in force in a store at a moment: the same answer in every process."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

from shared.rules.moment import Moment


class Dated(Protocol):
    """A pack as far as its turn goes: a store-local instant without a zone, and a number."""

    @property
    def effective_from(self) -> str:
        """From when it counts."""
        ...

    @property
    def version(self) -> str | int:
        """Which of two that count from the same instant wins: the higher."""
        ...


D = TypeVar("D", bound=Dated)


def newest_first(packs: Iterable[D], moment: Moment) -> Iterator[tuple[D, bool]]:
    """Yield packs, the last to come first, and whether their time has come in the store."""
    local = moment.local.replace(tzinfo=None)
    for pack in sorted(packs, key=lambda one: (one.effective_from, int(one.version)), reverse=True):
        yield pack, datetime.fromisoformat(pack.effective_from) <= local
