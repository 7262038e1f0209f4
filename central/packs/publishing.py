"""Acts by which a pack counts: numbered, signed and sent; only ever added.

Everything here runs in the caller's transaction, which has taken its turn with packs, and returns
the changes for its last statements.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from central.centre import Keys
from central.feed import service as feed
from central.feed.service import NewChange
from central.packs import store
from central.packs.store import StoredPack, StoredPublication
from shared.errors import Kind, LoyaltyError
from shared.rules.force import Place, is_everywhere, newest_first
from shared.rules.moment import LAST, Moment
from shared.wire.agents import publication_bytes
from shared.wire.feed import GLOBAL
from shared.wire.rows import PackRow, PublicationRow

NEVER = "9999-12-31T00:00:00"
"""From when a pack counts for agents that read no publications, where it must not."""
AT_ONCE = ""


class NeverInForceError(LoyaltyError):
    """A pack that would begin before one that counts in its place: it would never be in force."""

    kind = Kind.CONFLICT
    code = "never_in_force"
    ru = (
        "Пакет {name} {version} не вступил бы в силу: вместо него действует {other}, который "
        "начинается позже. Назовите более позднее начало или опубликуйте сразу."
    )
    en = (
        "Pack {name} {version} would never be in force: {other} counts in its place, which begins "
        "later. Name a later beginning, or publish it at once."
    )


class Act(StrEnum):
    """What a person did with a pack, in a word."""

    PUBLISH = "publish"
    ROLLOUT = "rollout"
    HALT = "halt"
    HALT_RULE = "halt_rule"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Announcement:
    """From when and where a pack is to count, or take another's place; who says so, and why.

    `effective_from` is a store-local instant, empty for at once; without stores and regions it is
    everywhere; an empty `pack` leaves the replaced one without another in its place.
    """

    pack: str
    effective_from: str = AT_ONCE
    replaces: str = ""
    stores: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    act: Act = Act.PUBLISH
    by: str = ""
    note: str = ""


def adopt(connection: Connection, keys: Keys) -> list[NewChange]:
    """Write an act for each pack that was published before there were any; call it first."""
    if store.publications(connection):
        return []
    editions = sorted(store.editions(connection), key=lambda one: (one.published_at, one.hash))
    found = [
        signed(keys, _unsigned(no, Announcement(one.hash, one.effective_from), one.published_at))
        for no, one in enumerate(editions, start=1)
    ]
    store.insert_publications(connection, found)
    return [feed.changed(GLOBAL, row_of_publication(one)) for one in found]


def announce(
    connection: Connection, keys: Keys, wanted: Announcement, at: datetime
) -> tuple[StoredPublication, list[NewChange]]:
    """Write an act and return it with what is to be sent for it; raises NeverInForceError."""
    known = store.publications(connection)
    new = signed(keys, _unsigned(known[-1].no + 1 if known else 1, wanted, at))
    if not new.replaces:
        _check_comes(connection, known, new)
    store.insert_publications(connection, [new])
    told = feed.changed(GLOBAL, row_of_publication(new))
    return new, [*_retold(connection, new), told]


def row_of(pack: StoredPack) -> PackRow:
    """Return a published pack as it is sent."""
    return PackRow(
        pack.hash,
        pack.name,
        str(pack.version),
        pack.effective_from,
        pack.body,
        pack.signature,
    )


def row_of_publication(one: StoredPublication) -> PublicationRow:
    """Return a publication as it is sent."""
    return PublicationRow(
        one.no,
        one.pack,
        one.replaces,
        one.at,
        one.effective_from,
        one.stores,
        one.regions,
        one.signature,
    )


def signed(keys: Keys, one: StoredPublication) -> StoredPublication:
    """Return a publication under the signature of the key that signs packs now."""
    return replace(one, signature=keys.pack.sign(publication_bytes(row_of_publication(one))))


def first_from(wanted: Announcement, at: datetime) -> str:
    """Return from when a new pack counts for agents that read no publications."""
    if wanted.stores or wanted.regions or wanted.replaces:
        return NEVER
    return wanted.effective_from or _local(at)


def _unsigned(no: int, wanted: Announcement, at: datetime) -> StoredPublication:
    return StoredPublication(
        no=no,
        pack=wanted.pack,
        replaces=wanted.replaces,
        at=at,
        effective_from=wanted.effective_from,
        stores=tuple(sorted(wanted.stores)),
        regions=tuple(sorted(wanted.regions)),
        signature=b"",
        act=wanted.act.value,
        by=wanted.by,
        note=wanted.note,
    )


def _check_comes(
    connection: Connection, known: Sequence[StoredPublication], new: StoredPublication
) -> None:
    """Raise NeverInForceError for a pack that stands by itself and counts nowhere at its start."""
    editions = {one.hash: one for one in store.editions(connection)}
    begins = datetime.fromisoformat(new.effective_from or new.at.isoformat()).replace(tzinfo=UTC)
    moment = Moment(min(max(begins, new.at), LAST), "UTC")
    counting = []
    for place in _places(new):
        due = newest_first(editions.values(), [*known, new], place, moment)
        counting.append(next((one for one, has_come in due if has_come), editions[new.pack]))
    if new.pack not in {one.hash for one in counting}:
        mine, other = editions[new.pack], counting[0]
        raise NeverInForceError(
            name=mine.name, version=mine.version, other=f"{other.name} {other.version}"
        )


def _places(act: StoredPublication) -> Iterator[Place]:
    if is_everywhere(act):
        yield Place()
    yield from (Place(store=one) for one in act.stores)
    yield from (Place(region=one) for one in act.regions)


def _retold(connection: Connection, new: StoredPublication) -> list[NewChange]:
    """Send packs again whose turn is another one for agents that read no publications."""
    if not is_everywhere(new):
        return []
    begins = new.effective_from or _local(new.at)
    if not new.replaces:
        return _count_from(connection, {new.pack: begins})
    replaced = store.pack(connection, new.replaces)
    if replaced is None or (was := replaced.effective_from) == NEVER:
        return []
    if new.effective_from and was <= new.effective_from:
        return _count_from(connection, {new.pack: begins})
    ends = {new.replaces: NEVER}
    if _counts_before(connection, new, was):
        return _count_from(connection, ends)
    return _count_from(connection, ends | {new.pack: was})


def _counts_before(connection: Connection, new: StoredPublication, was: str) -> bool:
    """Tell whether the pack that takes another's place counts already when that would begin."""
    found = store.pack(connection, new.pack)
    if found is None or found.effective_from > was:
        return False
    others = [one for one in store.editions(connection) if one.hash not in (new.pack, new.replaces)]
    return not any(found.effective_from <= one.effective_from < was for one in others)


def _count_from(connection: Connection, begins: Mapping[str, str]) -> list[NewChange]:
    changes = []
    for name, effective_from in begins.items():
        pack = store.pack(connection, name)
        if pack is not None and pack.effective_from != effective_from:
            store.count_from(connection, name, effective_from)
            told = row_of(replace(pack, effective_from=effective_from))
            changes.append(feed.changed(GLOBAL, told))
    return changes


def _local(at: datetime) -> str:
    """Return an instant as the clocks of UTC show it."""
    return at.replace(tzinfo=None, microsecond=0).isoformat()
