"""Apply the centre's rows: a piece of a stream and its cursor in one transaction."""

from collections.abc import Iterable, Sequence

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection

from agent import keylist, keyring
from agent.packs import genuine
from agent.replica import store, sums
from agent.station import Premises, Station
from shared.errors import Kind, LoyaltyError
from shared.rules.moment import is_zone
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import MalformedError, encode
from shared.wire.feed import (
    GLOBAL,
    SEGMENT_ROWS_MAX,
    Change,
    Segment,
    region_stream,
    store_stream,
)
from shared.wire.keylist import later
from shared.wire.rows import (
    KEYS_KEY,
    KeysRow,
    PackRow,
    PublicationRow,
    RowKind,
    SettingsRow,
    read_row,
)

PULL = "pull"
"""The loop that brings rows."""
KINDS = frozenset(kind.value for kind in RowKind)
PREMISES = frozenset(
    kind.value for kind in (RowKind.KEYS, RowKind.PACK, RowKind.SETTINGS, RowKind.PUBLICATION)
)

log = structlog.get_logger()


class GapError(LoyaltyError):
    """A piece of a stream that does not continue what has been applied."""

    kind = Kind.CONFLICT
    code = "gap"
    ru = "Пропуск в потоке {stream}: применено до {cursor}, пришло с {first}."
    en = "A gap in stream {stream}: applied up to {cursor}, got from {first}."


class OtherIncarnationError(LoyaltyError):
    """A piece of a stream from another life of the centre than the rows that are here."""

    kind = Kind.CONFLICT
    code = "other_incarnation"
    ru = "Кусок потока {stream} из другой жизни центра: строки собираются заново."
    en = "A piece of stream {stream} is from another life of the centre: rows are read anew."


class InDoubtError(LoyaltyError):
    """The answer to a push is not known: the rows wait for it."""

    kind = Kind.UNAVAILABLE
    code = "in_doubt"
    ru = "Ответ центра на отправку ещё не получен; строки подождут."
    en = "The answer to a push is not here yet; the rows wait."


def streams(station: Station) -> list[str]:
    """Name the streams of this store; its region is known once its settings have arrived."""
    own = _own_streams(station)
    with reading(station.replica) as connection:
        region = _region(connection, station)
    return [*own, region_stream(region)] if region else own


def _own_streams(station: Station) -> list[str]:
    return [GLOBAL, store_stream(station.identity.store)]


def settings(connection: Connection, code: str) -> SettingsRow | None:
    """Return the store's requisites."""
    return store.find(connection, SettingsRow, code.encode())


def cursors(station: Station) -> dict[str, int]:
    """Return up to where each stream of this store has been applied."""
    names = streams(station)
    with reading(station.replica) as connection:
        return {stream: store.cursor(connection, stream).number for stream in names}


def apply(station: Station, segment: Segment, up_to: int | None = None) -> int:
    """Write a piece of a stream with its cursor, together or not at all; return the cursor.

    The same piece again changes nothing; of one that goes beyond `up_to` only a part is written.
    Raises GapError when a piece before it is missing, InDoubtError while a push is unanswered,
    OtherIncarnationError, BrokenSegmentError or MalformedError for damage, UnknownKeyError,
    RowsWaitError when the disk is almost full.
    """
    station.disk.demand_for_changes()
    changes = keyring.changes(station, segment)
    last = segment.last if up_to is None else min(segment.last, up_to)
    if segment.stream == GLOBAL:
        with station.doubt.lock:
            if station.doubt.open:
                raise InDoubtError
            return _write(station, segment, changes, last)
    return _write(station, segment, changes, last)


def put(connection: Connection, station: Station, stream: str, changes: Sequence[Change]) -> None:
    """Write changed rows of a stream, counted; those that this store cannot use are kept aside."""
    sums.count(connection, stream, changes)
    sums.take_from_aside(connection, stream, changes)
    latest = list({(change.kind, change.key): change for change in changes}.values())
    used = [_usable(connection, station, change) for change in latest]
    store.put_changes(connection, [change for change in used if change is not None])
    unused = [change for change, mine in zip(latest, used, strict=True) if mine != change]
    sums.set_aside(connection, stream, unused)


def forget_premises(station: Station, changes: Iterable[Change]) -> None:
    """Let the premises be read again if some of these changes are theirs."""
    if any(change.kind in PREMISES for change in changes):
        prepare(station)
        station.premises.forget()


def settle(station: Station) -> None:
    """Let what was applied stand after a power cut, as far as no reader holds it up.

    Until then a power cut may take the last pieces back, with their cursors.
    """
    with station.replica.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def _write(station: Station, segment: Segment, changes: tuple[Change, ...], last: int) -> int:
    with transaction(station.replica) as connection:
        at = store.cursor(connection, segment.stream)
        if at.incarnation not in (None, segment.incarnation):
            raise OtherIncarnationError(stream=segment.stream)
        if last <= at.number:
            return at.number
        if segment.first > at.number + 1:
            raise GapError(stream=segment.stream, cursor=at.number, first=segment.first)
        fresh = [change for change in changes if at.number < change.number <= last]
        region = _region(connection, station)
        put(connection, station, segment.stream, fresh)
        if _has_moved(connection, station, region):
            store.forget_regions(connection)
            sums.forget(connection, region_stream(""))
        store.put_cursor(connection, segment.stream, last, segment.incarnation)
        if last % SEGMENT_ROWS_MAX == 0:
            sums.note_mark(connection, segment.stream, last)
    forget_premises(station, fresh)
    station.gets_on(PULL)
    station.events.publish("replica.applied", stream=segment.stream, number=last)
    return last


def _has_moved(connection: Connection, station: Station, former: str) -> bool:
    """Tell whether the store is in another region now; its former one may have been unreadable."""
    region = _region(connection, station)
    if former:
        return region != former
    return region != "" and store.follows_another_region(connection, region_stream(region))


def premises(station: Station) -> Premises:
    """Return what the whole store is priced with; read again when its rows have changed."""
    held, edition = station.premises.look()
    if held is None:
        held = _read_premises(station)
        station.premises.keep(held, edition)
    return held


def prepare(station: Station) -> None:
    """Compile the packs that the rows name, before anybody is priced by them, and keep the list of
    keys that they have.

    Nothing is priced by rows that the disk has damaged; the agent starts all the same, and the pull
    reads them again.
    """
    try:
        read = _read_premises(station)
    except MalformedError as damage:
        log.warning("premises.damaged", reason=str(damage))
        station.suspects.update(_own_streams(station))
        return
    keylist.keep(station, read.keys)
    if read.settings is not None:
        now = station.time.now()
        station.packs.prepare(read.published(read.settings), now)
        if station.packs.damaged():
            station.suspects.add(GLOBAL)


def _read_premises(station: Station) -> Premises:
    with reading(station.replica) as connection:
        keys = later(store.find(connection, KeysRow, KEYS_KEY), keylist.held(station))
        publications = genuine(
            store.every(connection, PublicationRow, store.PUBLICATIONS_MAX), keys
        )
        return Premises(
            settings(connection, station.identity.store),
            _packs(connection, publications),
            keys,
            publications,
        )


def _packs(connection: Connection, publications: Sequence[PublicationRow]) -> tuple[PackRow, ...]:
    """Return the packs of the newest publications; all that are there if there are none."""
    if not publications:
        return tuple(store.every(connection, PackRow, store.PACKS_MAX))
    named = dict.fromkeys(row.pack for row in publications if row.pack)
    newest = list(named)[: store.PACKS_MAX]
    return tuple(store.many(connection, PackRow, [name.encode() for name in newest]))


def _region(connection: Connection, station: Station) -> str:
    """Return the store's region; empty while it is not known, or cannot be read."""
    try:
        requisites = settings(connection, station.identity.store)
    except MalformedError:
        station.suspects.update(_own_streams(station))
        return ""
    return "" if requisites is None else requisites.region


def _in_a_known_zone(connection: Connection, station: Station, change: Change) -> Change:
    """Return the change, or this store's settings with the last good zone in place of a bad one.

    Without a zone, no receipt could be priced; settings that never had a good one count as none.
    """
    if change.kind != RowKind.SETTINGS or not change.row:
        return change
    row = read_row(change.kind, change.row)
    assert isinstance(row, SettingsRow)
    if row.store != station.identity.store:
        return change
    if is_zone(row.zone):
        station.premises.refuse_zone("")
        return change
    held = settings(connection, row.store)
    log.error("settings.zone_unknown", zone=row.zone, held=held.zone if held else "")
    station.premises.refuse_zone(row.zone)
    kept = b"" if held is None else encode(replace(row, zone=held.zone))
    return replace(change, row=kept)


def _usable(connection: Connection, station: Station, change: Change) -> Change | None:
    """Return a change as this store may write it, None if it may not."""
    if not _admissible(connection, station, change):
        return None
    return _in_a_known_zone(connection, station, change)


def _stored_keys(connection: Connection) -> KeysRow | None:
    """Return the list of keys among the rows; of one that is damaged the journal has another."""
    try:
        return store.find(connection, KeysRow, KEYS_KEY)
    except MalformedError:
        return None


def _admissible(connection: Connection, station: Station, change: Change) -> bool:
    """Refuse a list of keys that the root did not sign, or that is older than the one at hand."""
    if change.kind != RowKind.KEYS:
        return change.kind in KINDS
    if not change.row:
        return False
    row = read_row(change.kind, change.row)
    assert isinstance(row, KeysRow)
    held = later(_stored_keys(connection), keylist.held(station))
    if keylist.is_admissible(station, row, held):
        return True
    log.error("keys.refused", version=row.version, held=held.version if held else 0)
    return False
