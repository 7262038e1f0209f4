"""Tables of packs: what was signed, from when and where it counts, and the lists of keys."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import JSON, Connection, insert, select, update
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


class PublicationTable(Table, table=True):
    """An act by which a pack counts somewhere from some time on; nothing but its signature is ever
    changed."""

    __tablename__ = "publication"
    no: int = Field(primary_key=True)
    pack: str = Field(index=True)
    replaces: str
    at: datetime = Field(sa_type=Instant)
    effective_from: str
    stores: list[str] = Field(sa_type=JSON)
    regions: list[str] = Field(sa_type=JSON)
    signature: bytes
    act: str
    by: str
    note: str


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


@dataclass(frozen=True, slots=True)
class StoredPublication:
    """A publication with who made it and why; `act` says in a word what he did."""

    no: int
    pack: str
    replaces: str
    at: datetime
    effective_from: str
    stores: tuple[str, ...]
    regions: tuple[str, ...]
    signature: bytes
    act: str
    by: str
    note: str


decode_keys = decoder(KeysRow)
_pack = table_of(PackTable)
_key_list = table_of(KeyListTable)
_publication = table_of(PublicationTable)


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


def resign(connection: Connection, no: int, signature: bytes) -> None:
    """Put another signature under a publication."""
    this = _publication.c.no == no
    connection.execute(update(_publication).where(this).values(signature=signature))


def count_from(connection: Connection, pack_hash: str, effective_from: str) -> None:
    """Set from when a pack counts for agents that read no publications."""
    this = _pack.c.hash == pack_hash
    connection.execute(update(_pack).where(this).values(effective_from=effective_from))


def publications(connection: Connection) -> list[StoredPublication]:
    """Return all publications in their order."""
    rows = connection.execute(select(_publication).order_by(_publication.c.no))
    return [
        StoredPublication(
            **{**row._mapping, "stores": tuple(row.stores), "regions": tuple(row.regions)}
        )
        for row in rows
    ]


def insert_publications(connection: Connection, new: Iterable[StoredPublication]) -> None:
    """Write publications."""
    rows = [asdict(one) for one in new]
    if rows:
        connection.execute(insert(_publication), rows)
