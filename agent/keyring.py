"""The keys under which rows travel: brought by sessions, kept in the journal, used by the pull.

They lie in the vault, as the rows of people do that came under them.
"""

from uuid import UUID

import structlog
from sqlalchemy import Connection, delete, insert, select
from sqlmodel import Field

from agent.schema import JournalTable, closed_field, id_field, table_of
from agent.station import Identity, KeyName, RowsCome, Station
from shared.crypto.secrecy import decrypt
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import SessionAnswer
from shared.wire.feed import Change, Segment, changes_of
from shared.wire.keys import StreamKey, session_context, unwrap_keys
from shared.wire.snapshot import SnapshotPiece, context_of

log = structlog.get_logger()


class StreamKeyRecord(JournalTable, table=True):
    """A key of a stream in a life of the centre."""

    __tablename__ = "stream_key"

    stream: str = Field(primary_key=True)
    incarnation: UUID = id_field(primary_key=True)
    number: int = Field(primary_key=True)
    key: bytes = closed_field("stream key")


class UnknownKeyError(LoyaltyError):
    """Rows under a key that this agent does not have: the next session may bring it."""

    kind = Kind.UNAVAILABLE
    code = "stream_key_unknown"
    ru = "Строки потока {stream} зашифрованы ключом {number}, которого ещё нет; он запрашивается."
    en = "The rows of {stream} are under key {number}, which is not here yet; it is asked for."


class FormerKeyError(UnknownKeyError):
    """Rows under a key that is told no more, of another life or from many renewals ago: a cache has
    them so, the centre has them under the present key."""

    code = "stream_key_former"
    ru = "Строки потока {stream} зашифрованы прежним ключом {number}: они запрашиваются мимо кэша."
    en = "The rows of {stream} are under former key {number}: they are asked for past caches."


class NotEncryptedError(LoyaltyError):
    """Plain rows, though the session says that the centre encrypts: they may be somebody else's."""

    kind = Kind.INVALID
    code = "rows_not_encrypted"
    ru = "Строки потока {stream} пришли незашифрованными, хотя центр шифрует: они не приняты."
    en = "The rows of {stream} came unencrypted, though the centre encrypts: they are not taken."


class BrokenRowsError(LoyaltyError):
    """Rows of a snapshot that were damaged on their way, or are of another piece, or too old."""

    kind = Kind.INVALID
    code = "broken_rows"
    ru = "Часть {piece} снимка {stream} повреждена в пути или не та, что запрошена."
    en = (
        "Piece {piece} of the snapshot of {stream} was damaged on its way, or is not the one asked "
        "for."
    )


_KEYS = table_of(StreamKeyRecord)


def take(station: Station, who: Identity, session: SessionAnswer) -> None:
    """Keep the keys that a session has brought, in place of those before; repeating is safe.

    Raises KeysUnreadableError, and lets the next session bring them again.
    """
    if not session.keys:
        station.rows_come = RowsCome.PLAIN
        return
    context = session_context(who.agent, who.epoch, session.incarnation, session.session)
    try:
        told = unwrap_keys(session.keys, who.keys, context)
    except LoyaltyError:
        station.link.forget_session()
        raise
    station.rows_come = RowsCome.ENCRYPTED
    with reading(station.journal) as connection:
        held = _held(connection)
    now = {_name(one): one.key for one in told}
    if held != now:
        with transaction(station.journal) as connection:
            connection.execute(delete(_KEYS))
            connection.execute(insert(_KEYS), [_row(one) for one in told])
        log.info("keys.taken", keys=len(now))
    station.stream_keys = now


def changes(station: Station, segment: Segment) -> tuple[Change, ...]:
    """Return a segment's changes; raises UnknownKeyError, NotEncryptedError, BrokenSegmentError,
    MalformedError."""
    if not segment.key:
        _demand_plain(station, segment.stream)
        return changes_of(segment)
    return changes_of(segment, _key(station, segment.stream, segment.incarnation, segment.key))


def body(station: Station, piece: SnapshotPiece) -> bytes:
    """Return the compressed rows of a piece; raises UnknownKeyError, NotEncryptedError,
    BrokenRowsError."""
    if not piece.key:
        _demand_plain(station, piece.stream)
        return piece.body
    key = _key(station, piece.stream, piece.incarnation, piece.key)
    content = decrypt(key, context_of(piece), piece.body)
    if content is None:
        raise BrokenRowsError(stream=piece.stream, piece=piece.piece)
    return content


def _key(station: Station, stream: str, incarnation: UUID, number: int) -> bytes:
    name = (stream, incarnation, number)
    found = station.stream_keys.get(name)
    if found is None:
        with reading(station.journal) as connection:
            station.stream_keys = _held(connection)
        found = station.stream_keys.get(name)
    if found is None:
        station.link.forget_session()
        told = [(life, of) for named, life, of in station.stream_keys if named == stream]
        is_former = all(life != incarnation or number < of for life, of in told)
        kind = FormerKeyError if told and is_former else UnknownKeyError
        raise kind(stream=stream, number=number)
    return found


def _demand_plain(station: Station, stream: str) -> None:
    if station.rows_come is not RowsCome.PLAIN:
        station.link.forget_session()  # a centre that was put back says so in the next
        raise NotEncryptedError(stream=stream)


def _held(connection: Connection) -> dict[KeyName, bytes]:
    query = select(_KEYS.c.stream, _KEYS.c.incarnation, _KEYS.c.number, _KEYS.c.key)
    return {(row[0], row[1], row[2]): row[3] for row in connection.execute(query)}


def _name(one: StreamKey) -> KeyName:
    return one.stream, one.incarnation, one.number


def _row(one: StreamKey) -> dict[str, object]:
    named = {"stream": one.stream, "incarnation": one.incarnation, "number": one.number}
    return {**named, "key": one.key}
