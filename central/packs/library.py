"""Published packs as the centre reads them again: by hash, and by what was in force when."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.packs import store
from central.packs.store import Edition, StoredPublication
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.force import Place, newest_first
from shared.rules.moment import Moment
from shared.rules.pack import load_canonical

COMPILED_MAX = 16


@dataclass(slots=True)
class Library:
    """Packs compiled when they are first asked for, of which the last used are kept."""

    _compiled: OrderedDict[str, CompiledPack] = field(default_factory=OrderedDict)

    def pack(self, connection: Connection, pack_hash: str) -> CompiledPack | None:
        """Return a published pack; None for one that this centre does not know."""
        found = self._compiled.get(pack_hash)
        if found is None:
            stored = store.pack(connection, pack_hash)
            if stored is None:
                return None
            found = compile_pack(load_canonical(stored.body), pack_hash=pack_hash)
            self._compiled[pack_hash] = found
        self._compiled.move_to_end(pack_hash)
        if len(self._compiled) > COMPILED_MAX:
            self._compiled.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is published: packs without their content, and the acts by which they count."""

    editions: Sequence[Edition]
    acts: Sequence[StoredPublication]


def catalogue(connection: Connection) -> Catalogue:
    """Return all that is published."""
    return Catalogue(store.editions(connection), store.publications(connection))


def in_force(known: Catalogue, place: Place, moment: Moment, used: str = "") -> str:
    """Return the hash of the pack that was in force in a store, empty if none was.

    What was published later does not count, but for the pack that the store has `used`: it cannot
    have had it before it was published, whatever a restored centre remembers.
    """
    begun = min((act.no for act in known.acts if act.pack == used), default=0)
    acts = [act for act in known.acts if act.at <= moment.instant or act.no <= begun]
    spoken_of = {act.pack for act in known.acts}
    editions = [
        one
        for one in known.editions
        if one.hash in spoken_of or one.published_at <= moment.instant or one.hash == used
    ]
    heard = {act.pack for act in acts}
    due = newest_first(
        [one for one in editions if one.hash in heard or one.hash not in spoken_of],
        acts,
        place,
        moment,
    )
    return next((one.hash for one, has_come in due if has_come), "")


def in_force_since(known: Catalogue, place: Place, since: datetime, now: Moment) -> set[str]:
    """Return the hashes of the packs by which a store may have worked since it was heard last.

    What was published later it may know or not.
    """
    acts = [act for act in known.acts if act.at <= since]
    editions = [one for one in known.editions if one.published_at <= since]
    heard = Catalogue(editions, acts)
    told = [*(one.effective_from for one in acts), *(one.effective_from for one in editions)]
    zone = ZoneInfo(now.zone)
    begins = [datetime.fromisoformat(one).replace(tzinfo=zone) for one in told if one]
    instants = {since, now.instant, *(one for one in begins if since < one <= now.instant)}
    by_heard = {in_force(heard, place, Moment(one, now.zone)) for one in instants}
    return (by_heard | {in_force(known, place, now)}) - {""}
