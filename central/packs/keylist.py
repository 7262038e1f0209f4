"""The root-signed list of keys: published before everything else, changed by an operator alone.

A key is renewed first, so that both count, and revoked when nothing hangs on it any more. What was
signed by a revoked one is signed anew, so that nobody who was away lacks it.
"""

from collections.abc import Callable

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection

from central.agents import roster
from central.centre import Centre, Keys, next_pair, use_next
from central.feed import service as feed
from central.packs import keyring, store
from central.packs.publishing import row_of, row_of_publication, signed
from central.schema import Turn, take_turn
from shared.crypto.keys import KeyUse, verify
from shared.errors import Kind, LoyaltyError
from shared.ids import minted_at
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import pack_signing_bytes, publication_bytes
from shared.wire.feed import GLOBAL
from shared.wire.keylist import Trusted, is_signed, signed_list, trusted_by
from shared.wire.passes import FIRST_MINUTE, MINUTE
from shared.wire.rows import KeysRow

FIRST_VERSION = 1
LISTED_MAX = 16
"""Of a sort: an operator revokes what he renews."""
REVOKED_MAX = 1_000
"""Machines that were stolen or lost, in the life of a chain."""

log = structlog.get_logger()


_NAMES = {KeyUse.PACKS: "pack", KeyUse.PASSES: "pass"}
"""Of the files in the folder of keys."""


class UnknownSignerError(LoyaltyError):
    """A key that is not in the list."""

    kind = Kind.NOT_FOUND
    code = "signer_unknown"
    ru = "Ключа {key} нет в списке: смотрите kopilka central keys list."
    en = "Key {key} is not in the list: look at kopilka central keys list."


class SignerInUseError(LoyaltyError):
    """A key with which this centre signs now."""

    kind = Kind.CONFLICT
    code = "signer_in_use"
    ru = "Ключом {key} центр подписывает сейчас: сначала kopilka central keys renew {use}."
    en = "The centre signs with key {key} now: first kopilka central keys renew {use}."


class TooManySignersError(LoyaltyError):
    """A list that would name more keys of a sort than agents should have to try."""

    kind = Kind.CONFLICT
    code = "too_many_signers"
    ru = "В списке уже {most} ключей этого вида: сначала отзовите старые."
    en = "The list names {most} keys of this sort already: revoke old ones first."


class TooManyRevokedError(LoyaltyError):
    """More revoked agents than the list may name."""

    kind = Kind.CONFLICT
    code = "too_many_revoked"
    ru = "В списке уже {most} отозванных агентов: больше он не вмещает."
    en = "The list names {most} revoked agents already: it holds no more."


def present(centre: Centre) -> KeysRow | None:
    """Return the list that counts now."""
    with reading(centre.engine) as connection:
        return store.newest_keys(connection)


def is_due(connection: Connection, keys: Keys) -> bool:
    """Tell whether stores should have another list than the newest: it says less than is so, is not
    of the present root, or is older than this life of the database."""
    newest = store.newest_keys(connection)
    if newest is None or not newest.whole or newest.version < _least(connection):
        return True
    if newest.handed_over != keys.roots.listed or not is_signed(newest, keys.root_key):
        return True
    return _present(connection, keys) != trusted_by(newest)


def publish(connection: Connection, keys: Keys) -> int | None:
    """Send the list if it is due; return the version that counts, None if there is none yet.

    Without the root at hand it stays due, and is told so (`keys sign`). That of a restored database
    goes above every version that its former life has sent: there were fewer than minutes.
    """
    newest = store.newest_keys(connection)
    if is_due(connection, keys):
        if keys.root is None:
            log.warning("keys.unsigned")
        else:
            version = max(newest.version + 1 if newest else FIRST_VERSION, _least(connection))
            _send(connection, keys, _present(connection, keys), version)
            return version
    return newest.version if newest else None


@retried
def sign(centre: Centre) -> int | None:
    """Send the list that is due, signed; return the version that counts. Repeating is safe.

    Raises RootNeededError.
    """
    centre.keys.demand_root()
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        return publish(connection, centre.keys)


def renew(centre: Centre, use: KeyUse) -> bytes:
    """Make a key that signs from now on, beside the former ones; return its public part.

    It is in the list before it signs; interrupted, the same key is taken up again. Raises
    TooManySignersError, RootNeededError.
    """
    centre.keys.demand_root()
    new = next_pair(centre.settings.keys_dir, _NAMES[use], centre.chance).public

    def add(told: Trusted) -> Trusted:
        if use is KeyUse.PACKS:
            return replace(told, pack_keys=_first(new, told.pack_keys))
        return replace(told, pass_keys=_first(new, told.pass_keys or told.pack_keys))

    _change(centre, add)
    use_next(centre.settings.keys_dir, _NAMES[use])
    log.warning("keys.renewed", use=use.value, key=new.hex())
    return new


def revoke(centre: Centre, use: KeyUse, key: bytes) -> int:
    """Let a key count no more; return how many packs were signed anew. Repeating is refused.

    Raises UnknownSignerError, SignerInUseError, RootNeededError.
    """
    centre.keys.demand_root()
    own = centre.keys.pack if use is KeyUse.PACKS else centre.keys.passes
    if key == own.public:
        raise SignerInUseError(key=key.hex(), use=use.value)

    def drop(told: Trusted) -> Trusted:
        listed = told.pack_keys if use is KeyUse.PACKS else told.pass_keys
        if key not in listed:
            raise UnknownSignerError(key=key.hex())
        left = tuple(one for one in listed if one != key)
        if use is KeyUse.PACKS:
            return replace(told, pack_keys=left)
        return replace(told, pass_keys=left)

    signed = _change(centre, drop)
    log.warning("keys.revoked", use=use.value, key=key.hex(), packs=signed)
    return signed


def revoke_agent(connection: Connection, keys: Keys) -> int | None:
    """Let what a revoked agent signs count no more in any store; among the caller's last
    statements, after the agent was noted so.

    Return the version that tells it; None while the root has to sign it yet. Raises
    TooManyRevokedError.
    """
    take_turn(connection, Turn.PACKS)
    if len(_present(connection, keys).revoked) > REVOKED_MAX:
        raise TooManyRevokedError(most=REVOKED_MAX)
    version = publish(connection, keys)
    return None if is_due(connection, keys) else version


def send(connection: Connection, keys: Keys, told: Trusted) -> None:
    """Send a list that says something else, under the next version; raises RootNeededError."""
    newest = store.newest_keys(connection)
    _send(connection, keys, told, newest.version + 1 if newest else FIRST_VERSION)


@retried
def _change(centre: Centre, change: Callable[[Trusted], Trusted]) -> int:
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        told = _present(connection, centre.keys)
        now = change(told)
        if now == told:
            return 0
        signed = _sign_anew(connection, centre.keys, now)
        if set(told.pack_keys) - set(now.pack_keys):
            feed.append(connection, keyring.sign_anew(connection, centre.keys))
        send(connection, centre.keys, now)
    return signed


def _sign_anew(connection: Connection, keys: Keys, told: Trusted) -> int:
    """Sign anew the packs and publications that no key of the list has signed, and send them before
    it; return how many packs."""
    lost = [
        name
        for name, signature in store.signatures(connection).items()
        if not any(verify(key, pack_signing_bytes(name), signature) for key in told.pack_keys)
    ]
    changes = []
    for name in lost:
        store.sign_anew(connection, name, keys.pack.sign(pack_signing_bytes(name)))
        pack = store.pack(connection, name)
        assert pack is not None
        changes.append(feed.changed(GLOBAL, row_of(pack)))
    for act in store.publications(connection):
        said = publication_bytes(row_of_publication(act))
        if not any(verify(key, said, act.signature) for key in told.pack_keys):
            again = signed(keys, act)
            store.resign(connection, act.no, again.signature)
            changes.append(feed.changed(GLOBAL, row_of_publication(again)))
    feed.append(connection, changes)
    return len(lost)


def _send(connection: Connection, keys: Keys, told: Trusted, version: int) -> None:
    row = signed_list(version, told, keys.demand_root(), keys.roots.listed)
    store.insert_keys(connection, row)
    feed.append(connection, [feed.changed(GLOBAL, row)])


def _least(connection: Connection) -> int:
    """Return the version below which a former life of the database may have sent another list."""
    lives = feed.lives(connection)
    return (minted_at(lives[-1].incarnation) - FIRST_MINUTE) // MINUTE if len(lives) > 1 else 0


def _present(connection: Connection, keys: Keys) -> Trusted:
    """Return what a list of now has to say."""
    newest = store.newest_keys(connection)
    told = _with_signers(trusted_by(newest) if newest else Trusted(()), keys)
    known = {one.agent for one in told.revoked}
    added = [one for one in roster.revoked(connection) if one.agent not in known]
    return replace(told, revoked=(*told.revoked, *added))


def _with_signers(told: Trusted, keys: Keys) -> Trusted:
    """Return a list that names the keys with which the centre signs now."""
    passes = told.pass_keys or told.pack_keys
    packs = told.pack_keys
    if keys.pack.public not in packs:
        packs = (keys.pack.public, *packs)
    if keys.passes.public not in passes:
        passes = (keys.passes.public, *passes)
    is_apart = bool(told.pass_keys) or keys.passes.public not in packs
    return replace(told, pack_keys=packs, pass_keys=passes if is_apart else ())


def _first(new: bytes, listed: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if new in listed:
        return listed
    if len(listed) >= LISTED_MAX:
        raise TooManySignersError(most=LISTED_MAX)
    return (new, *listed)
