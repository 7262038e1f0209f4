"""Which of several packs is in force in a store at a moment: the same answer in every process.

A publication says from when a pack counts, and where. One that replaces a pack takes its place
wherever that counts, from its own instant on: with another pack (a rule was halted, the programme
is rolled back), or with none (the pack is halted). Publications are only ever added, and the answer
follows from those that are known, the store, its region and its time.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from shared.rules.moment import Moment

ZONES_APART: Final = timedelta(hours=14)
"""By as much a store's clock may differ from UTC."""


class Dated(Protocol):
    """A pack as far as its turn goes."""

    @property
    def hash(self) -> str:
        """Its name."""
        ...

    @property
    def effective_from(self) -> str:
        """From when it counts if no publication speaks of it: a store-local instant, no zone."""
        ...

    @property
    def version(self) -> str | int:
        """Which of two that count from the same instant wins then: the higher."""
        ...


class Publication(Protocol):
    """One act: from when a pack counts, and where."""

    @property
    def no(self) -> int:
        """Its place in the order of all acts, from 1."""
        ...

    @property
    def pack(self) -> str:
        """The pack's hash; empty where a halted one has no other in its place."""
        ...

    @property
    def replaces(self) -> str:
        """The hash of the pack whose place it takes; empty for one that stands by itself."""
        ...

    @property
    def at(self) -> datetime:
        """When it was made."""
        ...

    @property
    def effective_from(self) -> str:
        """From when it counts by the store's clock; empty for at once."""
        ...

    @property
    def stores(self) -> Sequence[str]:
        """Where it counts, with `regions`; both empty for everywhere."""
        ...

    @property
    def regions(self) -> Sequence[str]:
        """In all stores of which regions it counts too."""
        ...


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Place:
    """A store and its region; empty names stand for what is true everywhere."""

    store: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class _Turn:
    begins: datetime
    """By the store's clock."""
    no: int
    version: int
    pack: str
    has_come: bool

    @property
    def order(self) -> tuple[datetime, int, int]:
        return self.begins, self.no, self.version


def newest_first(
    packs: Iterable[D], acts: Collection[Publication], place: Place, moment: Moment
) -> Iterator[tuple[D, bool]]:
    """Yield packs, the last to come first, and whether their time has come in the store.

    A pack may come more than once. What counts at once has come wherever it is known, whatever the
    store's clock says. A pack of which no publication speaks counts by its own word, everywhere.
    """
    here = sorted((act for act in acts if _is_for(act, place)), key=lambda act: act.no)
    known = {pack.hash: pack for pack in packs}
    turns = [*_published(here, moment), *_unspoken(known.values(), acts, moment)]
    for turn in sorted(turns, key=lambda one: one.order, reverse=True):
        name = turn.pack
        for act in here:
            if name and act.no > turn.no and act.replaces == name and _has_come(act, moment):
                name = act.pack
        if name in known:
            yield known[name], turn.has_come


def to_come(acts: Iterable[Publication], place: Place, moment: Moment) -> Iterator[str]:
    """Yield the hashes of packs that will take another's place in a store."""
    for act in acts:
        if act.replaces and act.pack and _is_for(act, place) and not _has_come(act, moment):
            yield act.pack


def live(packs: Iterable[D], acts: Collection[Publication], at: datetime) -> list[D]:
    """Return the packs that are in force in some store at an instant, or may be later, by version.

    It may name some that are nowhere in force any more, and leaves none out.
    """
    known = {pack.hash: pack for pack in packs}
    certain = Moment(at - ZONES_APART, "UTC")
    in_order = sorted(acts, key=lambda act: act.no)
    turns = [*_published(in_order, certain), *_unspoken(known.values(), acts, certain)]
    somewhere = {act.no for act in acts if not is_everywhere(act)}
    found: dict[str, D] = {}
    for turn in sorted(turns, key=lambda one: one.order, reverse=True):
        names = _possible(turn, in_order, certain)
        found |= {name: known[name] for name in sorted(names) if name in known}
        if names <= known.keys() and turn.has_come and turn.no not in somewhere:
            break
    return sorted(found.values(), key=lambda pack: (int(pack.version), pack.hash))


def is_everywhere(act: Publication) -> bool:
    """Tell whether a publication is for all stores."""
    return not act.stores and not act.regions


def _published(acts: Iterable[Publication], moment: Moment) -> Iterator[_Turn]:
    for act in acts:
        if not act.replaces:
            yield _Turn(_begins(act, moment), act.no, 0, act.pack, _has_come(act, moment))


def _unspoken(packs: Iterable[D], acts: Iterable[Publication], moment: Moment) -> Iterator[_Turn]:
    spoken_of = {act.pack for act in acts}
    local = moment.local.replace(tzinfo=None)
    for pack in packs:
        if pack.hash not in spoken_of:
            begins = datetime.fromisoformat(pack.effective_from)
            yield _Turn(begins, 0, int(pack.version), pack.hash, begins <= local)


def _possible(turn: _Turn, acts: Iterable[Publication], moment: Moment) -> set[str]:
    """Return the packs that may stand in a turn's place in one store or another."""
    names = {turn.pack}
    for act in acts:
        if act.no > turn.no and act.replaces and act.replaces in names:
            if is_everywhere(act) and _has_come(act, moment):
                names.discard(act.replaces)
            names.add(act.pack)
    return names


def _is_for(act: Publication, place: Place) -> bool:
    return is_everywhere(act) or place.store in act.stores or place.region in act.regions


def _begins(act: Publication, moment: Moment) -> datetime:
    if act.effective_from:
        return datetime.fromisoformat(act.effective_from)
    return act.at.astimezone(ZoneInfo(moment.zone)).replace(tzinfo=None)


def _has_come(act: Publication, moment: Moment) -> bool:
    return not act.effective_from or _begins(act, moment) <= moment.local.replace(tzinfo=None)
