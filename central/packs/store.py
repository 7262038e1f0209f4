"""Tables of packs: what was published and signed, and the root-signed lists of keys."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update
from sqlmodel import Field

from central.schema import Instant, Table, table_of
from shared.crypto.secrecy import KEY_BYTES
from shared.wire.codec import decoder, encode
from shared.wire.rows import KeysRow


class PackTable(Table, table=True):
    """A published pack; nothing but its signature is ever changed."""

    __tablename__ = "pack"
    hash: str = Field(primary_key=True)
    name: str = Field(index=True)
    version: int
    effective_from: str
    body: bytes
    signature: bytes
    published_at: datetime = Field(sa_type=Instant)


class KeyListTable(Table, table=True):
    """A version of the list of keys that agents trust; the packs' keys stand one after another."""

    __tablename__ = "key_list"
    version: int = Field(primary_key=True)
    pack_keys: bytes
    signature: bytes
    row: bytes | None = Field(default=None, nullable=True)
    """As it is sent; none of one that the version before has signed."""


@dataclass(frozen=True, slots=True)
class StoredPack:
    """A published pack."""

    hash: str
    name: str
    version: int
    effective_from: str
    body: bytes
    signature: bytes
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """A published pack without its content."""

    hash: str
    name: str
    version: int
    effective_from: str
    published_at: datetime


decode_keys = decoder(KeysRow)
_pack = table_of(PackTable)
_key_list = table_of(KeyListTable)


def pack(connection: Connection, pack_hash: str) -> StoredPack | None:
    """Find a pack by its hash."""
    row = connection.execute(select(_pack).where(_pack.c.hash == pack_hash)).one_or_none()
    return None if row is None else StoredPack(**row._mapping)


def editions(connection: Connection) -> list[Edition]:
    """Return all published packs, without their content."""
    columns = [_pack.c[field.name] for field in fields(Edition)]
    return [Edition(*row) for row in connection.execute(select(*columns).order_by(_pack.c.hash))]


def newest_version(connection: Connection, name: str) -> int | None:
    """Return the highest published version of a pack."""
    query = select(_pack.c.version).where(_pack.c.name == name).order_by(_pack.c.version.desc())
    return connection.scalars(query.limit(1)).first()


def latest(connection: Connection) -> StoredPack | None:
    """Return the pack that was published last."""
    query = select(_pack).order_by(_pack.c.published_at.desc(), _pack.c.hash).limit(1)
    row = connection.execute(query).first()
    return None if row is None else StoredPack(**row._mapping)


def newest_bodies(connection: Connection) -> list[bytes]:
    """Return the newest version of each pack, in the order of their names."""
    newest = select(_pack.c.name, func.max(_pack.c.version).label("version"))
    last = newest.group_by(_pack.c.name).subquery()
    same = and_(last.c.name == _pack.c.name, last.c.version == _pack.c.version)
    query = select(_pack.c.body).join_from(_pack, last, same).order_by(_pack.c.name)
    return list(connection.scalars(query))


def bodies(connection: Connection, hashes: Iterable[str]) -> dict[str, bytes]:
    """Return the bodies of packs by their hashes."""
    query = select(_pack.c.hash, _pack.c.body).where(_pack.c.hash.in_(sorted(hashes)))
    return {row.hash: row.body for row in connection.execute(query)}


def insert_pack(connection: Connection, new: StoredPack) -> None:
    """Write a published pack."""
    connection.execute(insert(_pack), asdict(new))


def newest_keys(connection: Connection) -> KeysRow | None:
    """Return the list of keys with the highest version."""
    query = select(_key_list).order_by(_key_list.c.version.desc()).limit(1)
    found = connection.execute(query).one_or_none()
    if found is None or found.row is not None:
        return None if found is None else decode_keys(found.row)
    told: bytes = found.pack_keys
    pack_keys = [told[at : at + KEY_BYTES] for at in range(0, len(told), KEY_BYTES)]
    return KeysRow(found.version, tuple(pack_keys), found.signature)


def insert_keys(connection: Connection, new: KeysRow) -> None:
    """Write a version of the list of keys."""
    told = b"".join(new.pack_keys)
    row = {"version": new.version, "pack_keys": told, "signature": new.signature}
    connection.execute(insert(_key_list), {**row, "row": encode(new)})


def signatures(connection: Connection) -> dict[str, bytes]:
    """Return the signature of each published pack by its hash."""
    rows = connection.execute(select(_pack.c.hash, _pack.c.signature).order_by(_pack.c.hash))
    return {row.hash: row.signature for row in rows}


def sign_anew(connection: Connection, pack_hash: str, signature: bytes) -> None:
    """Put another signature under a published pack."""
    this = _pack.c.hash == pack_hash
    connection.execute(update(_pack).where(this).values(signature=signature))
