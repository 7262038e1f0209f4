"""The list of keys at a store: the latest that the root has signed, kept whatever rows come.

Rows are read anew now and then, and a restored centre may have an older list: the one in the
journal counts against both. By its hand-overs the root that was pinned leads to the present one.
"""

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.schema import JournalTable, table_of
from agent.station import Station
from shared.crypto.keys import verify
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import agent_bytes
from shared.wire.codec import encode
from shared.wire.keylist import is_signed, may_follow
from shared.wire.roots import present_root
from shared.wire.rows import AgentRow, KeysRow, RowKind, read_row

_ONE = 1


class KeyListRecord(JournalTable, table=True):
    """The latest list of keys that this agent has accepted."""

    __tablename__ = "key_list"

    no: int = Field(primary_key=True)
    version: int
    row: bytes


_LISTS = table_of(KeyListRecord)


def held(station: Station) -> KeysRow | None:
    """Return the latest list that was accepted."""
    with reading(station.journal) as connection:
        return _held(connection)


def root(station: Station) -> bytes:
    """Return the root key that counts now: the pinned one, or whom it has handed over to."""
    latest = held(station)
    return present_root(station.identity.root_key, latest.handed_over if latest else ())


def is_admissible(station: Station, row: KeysRow, before: KeysRow | None) -> bool:
    """Tell whether a list is the root's and not older than the one before it."""
    return is_signed(row, station.identity.root_key, before) and may_follow(row, before)


def is_vouched(station: Station, agent: AgentRow, keys: KeysRow | None) -> bool:
    """Tell whether the root, or a pack key of its list, has signed the key of an agent's epoch."""
    said = agent_bytes(agent.agent, agent.epoch, agent.store, agent.public_key)
    signers = (root(station), *(keys.pack_keys if keys else ()))
    return any(verify(key, said, agent.signature) for key in signers)


def keep(station: Station, row: KeysRow | None) -> None:
    """Keep an accepted list if it is a later one; repeating is safe."""
    if row is None or row == held(station):
        return
    values = {"no": _ONE, "version": row.version, "row": encode(row)}
    statement = upsert(_LISTS).on_conflict_do_update(
        index_elements=["no"], set_=values, where=_LISTS.c.version < row.version
    )
    with transaction(station.journal) as connection:
        connection.execute(statement, values)


def begin_anew(station: Station, row: KeysRow) -> None:
    """Keep a list in place of the latest, whatever that was; for a root that a person has pinned.

    Repeating is safe.
    """
    with transaction(station.journal) as connection:
        connection.execute(delete(_LISTS))
        values = {"no": _ONE, "version": row.version, "row": encode(row)}
        connection.execute(insert(_LISTS), values)


def _held(connection: Connection) -> KeysRow | None:
    found = connection.execute(select(_LISTS.c.row)).scalar()
    row = None if found is None else read_row(RowKind.KEYS, found)
    assert row is None or isinstance(row, KeysRow)
    return row
