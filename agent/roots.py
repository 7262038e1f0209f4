"""A root key to which no hand-over leads: a list of keys that it has signed waits aside until a
person has named the key here.
"""

from dataclasses import replace

import structlog

from agent import identity as identities
from agent import keylist
from agent.replica import service as replica
from agent.replica import store, sums
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import GLOBAL, Change
from shared.wire.keylist import is_signed
from shared.wire.rows import KEYS_KEY, KeysRow, RowKind, read_row

log = structlog.get_logger()


class UnknownRootError(LoyaltyError):
    """A list of keys that is signed by a root key which this store does not trust."""

    kind = Kind.CONFLICT
    code = "root_unknown"
    ru = (
        "Список ключей версии {version} подписан корневым ключом, которому этот магазин не "
        "доверяет; действует прежний список. Остановите агента и выполните kopilka agent trust "
        "КЛЮЧ с ключом, который в центре показывает kopilka central keys list."
    )
    en = (
        "The list of keys of version {version} is signed by a root key that this store does not "
        "trust; the former list is in use. Stop the agent and run kopilka agent trust KEY with the "
        "key that kopilka central keys list shows at the centre."
    )


class NotTheRootError(LoyaltyError):
    """A root key that has not signed the list of keys which waits here."""

    kind = Kind.CONFLICT
    code = "root_not_signer"
    ru = (
        "Ключ {key} не подписывал список ключей, пришедший из центра: сверьте его с kopilka "
        "central keys list. Ничего не изменено."
    )
    en = (
        "Key {key} has not signed the list of keys that came from the centre: compare it with "
        "kopilka central keys list. Nothing was changed."
    )


def unknown(station: Station) -> UnknownRootError | None:
    """Tell that a list waits whose root this store does not trust; None if none does, or only one
    that is older than the one in use."""
    row, in_use = _aside(station), replica.premises(station).keys
    if row is None:
        return None
    if in_use and row.version <= in_use.version and is_signed(row, station.identity.root_key):
        return None
    return UnknownRootError(version=row.version)


def take_up(station: Station) -> None:
    """Use a list that waits if it may be used by now: the version before knew no hand-overs."""
    row = _aside(station)
    if row is not None and keylist.is_admissible(station, row, keylist.held(station)):
        _use(station)


def trust(station: Station, root: bytes) -> int:
    """Pin a root key that a person has named, and use the list that it has signed; return its
    version. Not while the agent runs; repeating is safe.

    What another root has signed counts no more, whatever its version. Raises NotTheRootError.
    """
    row = _aside(station) or keylist.held(station)
    if row is None or not is_signed(row, root):
        raise NotTheRootError(key=root.hex())
    station.identity = replace(station.identity, root_key=root)
    identities.save(station.data_dir, station.identity)
    keylist.begin_anew(station, row)
    with transaction(station.replica) as connection:
        store.forget_rows(connection, [(RowKind.KEYS.value, KEYS_KEY)])
    _use(station)
    log.warning("root.trusted", root=root.hex(), version=row.version)
    return row.version


def _aside(station: Station) -> KeysRow | None:
    with reading(station.replica) as connection:
        found = sums.aside(connection, GLOBAL, RowKind.KEYS.value, KEYS_KEY)
    row = read_row(RowKind.KEYS, found) if found else None
    assert row is None or isinstance(row, KeysRow)
    return row


def _use(station: Station) -> None:
    """Write what waits, as if it had just come."""
    with transaction(station.replica) as connection:
        row = sums.aside(connection, GLOBAL, RowKind.KEYS.value, KEYS_KEY)
        if row:
            change = Change(0, RowKind.KEYS.value, KEYS_KEY, row)
            replica.put(connection, station, GLOBAL, [change])
    replica.prepare(station)
    station.premises.forget()
