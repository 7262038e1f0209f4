"""The root key gives its place to another one, or to one that no hand-over leads to.

Who the root is changes in the folder of keys first, then in what is sent. Interrupted, either is
repeated with the same new key.
"""

from dataclasses import replace

import structlog
from sqlalchemy import Connection

from central.centre import Centre, Keys
from central.feed import service as feed
from central.packs import keylist, keyring
from central.roots import Roots, check_is, forget_secret, write_roots
from central.schema import Turn, take_turn
from shared.crypto.keys import KeyPair
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

log = structlog.get_logger()


def with_root(centre: Centre, root: KeyPair) -> Centre:
    """Return the centre with its root key at hand; raises WrongRootError for another key."""
    check_is(root, centre.keys.root_key)
    return replace(centre, keys=replace(centre.keys, root=root))


def renew(centre: Centre, former: KeyPair, new: KeyPair) -> int:
    """Let a new root key take the place of the present one, by a hand-over that stores accept.

    Return the version of the list that it has signed. Its secret is not kept here, and that of the
    former one leaves the folder. Repeating with the same keys changes nothing. Raises
    WrongRootError, FormerRootError.
    """
    roots = centre.keys.roots
    if new.public != roots.present:
        roots = roots.followed_by(former, new)
        write_roots(centre.settings.keys_dir, roots)
    return _begin(centre, new, roots)


def replace_lost(centre: Centre, new: KeyPair) -> int:
    """Let a new root key take the place of a lost one; return the version of the list that it has
    signed. No store accepts it before somebody has named it there. Repeating changes nothing.
    """
    roots = centre.keys.roots
    if new.public != roots.present:
        roots = Roots(new.public)
        write_roots(centre.settings.keys_dir, roots)
    return _begin(centre, new, roots)


def _begin(centre: Centre, new: KeyPair, roots: Roots) -> int:
    version = send(centre, replace(centre.keys, root=new, roots=roots))
    forget_secret(centre.settings.keys_dir)
    log.warning("root.renewed", root=new.public.hex(), handed_over=len(roots.handed_over))
    return version


@retried
def send(centre: Centre, keys: Keys) -> int:
    """Send what the former root had signed under signatures of now, then the list of these keys;
    return its version. Repeating changes nothing."""
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        if keylist.is_due(connection, keys):
            feed.append(connection, _signed_anew(connection, keys))
        version = keylist.publish(connection, keys)
    assert version is not None
    return version


def _signed_anew(connection: Connection, keys: Keys) -> list[feed.NewChange]:
    """Return the keys of agents, signed by the pack key: stores trust it by either root's list."""
    return keyring.sign_anew(connection, replace(keys, root=None))
