"""The list of keys that a chain trusts: signed by its root, only ever replaced by a later one."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct

from shared.crypto.keys import KeyPair, verify
from shared.wire.agents import keys_bytes
from shared.wire.codec import encode
from shared.wire.roots import HandOver, present_root
from shared.wire.rows import KeysRow, RevokedAgent


class Trusted(Struct, frozen=True):
    """What a list of keys says: whose packs and passes count, and which agents do no more."""

    pack_keys: tuple[bytes, ...]
    pass_keys: tuple[bytes, ...] = ()
    """Empty while passes are signed by pack keys."""
    revoked: tuple[RevokedAgent, ...] = ()


def signed_list(
    version: int, told: Trusted, root: KeyPair, handed_over: Sequence[HandOver] = ()
) -> KeysRow:
    """Sign a list: as a whole, and its pack keys alone for agents of the version before.

    The hand-overs that lead to this root go with it; each is signed on its own.
    """
    return KeysRow(
        version,
        told.pack_keys,
        root.sign(keys_bytes(version, told.pack_keys)),
        told.pass_keys,
        told.revoked,
        root.sign(_bytes(version, told)),
        tuple(handed_over),
    )


def trusted_by(row: KeysRow) -> Trusted:
    """Return what a list says."""
    return Trusted(row.pack_keys, row.pass_keys, row.revoked)


def is_signed(row: KeysRow, pinned: bytes, held: KeysRow | None = None) -> bool:
    """Tell whether the root has signed a list: the pinned one, or whom it has handed over to by the
    list at hand or by this one.

    It must have all hand-overs from the pinned root on itself, since it is what is kept. One of a
    centre of the version before has pack keys and nothing else.
    """
    root = present_root(pinned, row.handed_over)
    if held and root != present_root(pinned, (*held.handed_over, *row.handed_over)):
        return False
    told = trusted_by(row)
    if row.whole:
        return verify(root, _bytes(row.version, told), row.whole)
    plain = verify(root, keys_bytes(row.version, row.pack_keys), row.signature)
    return plain and told == Trusted(row.pack_keys)


def may_follow(row: KeysRow, held: KeysRow | None) -> bool:
    """Tell whether a list may take the place of the one at hand: a later one, or itself."""
    return held is None or row.version > held.version or row == held


def later(one: KeysRow | None, other: KeysRow | None) -> KeysRow | None:
    """Return the later of two lists."""
    found = [row for row in (one, other) if row is not None]
    return max(found, key=lambda row: row.version, default=None)


def keys_of_passes(row: KeysRow | None) -> tuple[bytes, ...]:
    """Return the keys whose passes count."""
    return () if row is None else row.pass_keys or row.pack_keys


def is_revoked(row: KeysRow | None, agent: UUID, epoch: int) -> bool:
    """Tell whether an agent's key of an epoch counts no more."""
    revoked: Iterable[RevokedAgent] = () if row is None else row.revoked
    return any(one.agent == agent and epoch <= one.epoch for one in revoked)


def _bytes(version: int, told: Trusted) -> bytes:
    content = (version, told.pack_keys, told.pass_keys, told.revoked)
    return b"kopilka/keys/2" + encode(content)
