"""What every use case of the centre is given: database, clock, chance, secrets and settings."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from central.pace import Pace
from central.roots import KEY_FILE, ROOT_FILE, RootNeededError, Roots, read_roots, write_roots
from central.settings import Settings
from shared.clock import Clock
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import keep
from shared.runtime.metrics import Counts

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
SIGNER_OF_PASSES = "pass.key"
_FILES = ("pack.key", "index.key", "pin.pepper", "stream.key")


class NoKeysError(LoyaltyError):
    """The folder of secrets is not there, or a secret in it is not whole."""

    kind = Kind.STORAGE
    code = "no_keys"
    ru = "Нет ключа {path}. Выполните: kopilka central init."
    en = "Key {path} is missing. Run: kopilka central init."


@dataclass(frozen=True, slots=True)
class Keys:
    """The chain's secrets; none of them is ever in the database."""

    root: KeyPair | None
    """None while it lies elsewhere: few commands need it."""
    roots: Roots
    pack: KeyPair
    index: bytes = field(repr=False)
    pin_pepper: bytes = field(repr=False)
    streams: bytes = field(repr=False)
    """From which the keys follow under which rows travel."""
    passes: KeyPair
    """Signs passes; the pack key until one of their own was made."""

    @property
    def root_key(self) -> bytes:
        """Return the public root key, which every store pins."""
        return self.roots.present

    def demand_root(self) -> KeyPair:
        """Return the root key to sign with; raises RootNeededError where it is not at hand."""
        if self.root is None:
            raise RootNeededError
        return self.root


@dataclass(frozen=True, slots=True)
class Centre:
    """The centre as one process sees it; `request.app.state.centre` in routes.

    `incarnation` names this life of the database: it changes by a restore only.
    """

    engine: Engine
    clock: Clock
    chance: random.Random
    keys: Keys
    settings: Settings
    incarnation: UUID
    counts: Counts = field(default_factory=Counts, repr=False)
    """What this process has counted, for its metrics."""
    pace: Pace = field(default_factory=Pace, repr=False)


def make_keys(folder: Path, chance: random.Random) -> None:
    """Write the secrets that are missing; what is there stays, so that repeating is safe.

    A folder that names a root key gets no other one.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    folder.chmod(_FOLDER_MODE)
    has_root = (folder / ROOT_FILE).exists()
    for name in _FILES if has_root else (KEY_FILE, *_FILES):
        path = folder / name
        if not path.exists():
            _write_secret(path, chance)
    if not has_root:
        write_roots(folder, _roots(folder))


def read_keys(folder: Path) -> Keys:
    """Read the secrets; raises NoKeysError, RootFileError."""
    roots = _roots(folder)
    root = _pair(folder / KEY_FILE) if (folder / KEY_FILE).exists() else None
    if root is not None and root.public != roots.present:
        root = None  # of a renewal that was interrupted: it signs no more
    secrets = [_read_secret(folder / name) for name in _FILES]
    own = folder / SIGNER_OF_PASSES
    return _keys(root, roots, secrets, _read_secret(own) if own.exists() else None)


def keys_from(chance: random.Random) -> Keys:
    """Make secrets that are nowhere on disk, for tests and simulations."""
    root = KeyPair.from_seed(chance.randbytes(SEED_BYTES))
    secrets = [chance.randbytes(SEED_BYTES) for _ in _FILES]
    return _keys(root, Roots(root.public), secrets, None)


def next_pair(folder: Path, name: str, chance: random.Random) -> KeyPair:
    """Return the pair that is to take the place of a named one, durable before anybody hears of it;
    repeating is safe."""
    path = folder / f"{name}.next"
    if not path.exists():
        _write_secret(path, chance)
    return _pair(path)


def use_next(folder: Path, name: str) -> None:
    """Put the pair that was made into the place of the named one."""
    keep(folder / f"{name}.next", folder / f"{name}.key")


def _keys(
    root: KeyPair | None, roots: Roots, secrets: Sequence[bytes], passes: bytes | None
) -> Keys:
    pack, index, pin_pepper, streams = secrets
    signer = KeyPair.from_seed(pack)
    own = signer if passes is None else KeyPair.from_seed(passes)
    return Keys(root, roots, signer, index, pin_pepper, streams, own)


def _roots(folder: Path) -> Roots:
    """Return who the root is; in a folder of the version before the secret alone tells."""
    return read_roots(folder) or Roots(_pair(folder / KEY_FILE).public)


def _pair(path: Path) -> KeyPair:
    return KeyPair.from_seed(_read_secret(path))


def _write_secret(path: Path, chance: random.Random) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.touch(mode=_FILE_MODE)
    draft.write_text(chance.randbytes(SEED_BYTES).hex())
    keep(draft, path)


def _read_secret(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text())
    except (OSError, ValueError) as error:
        raise NoKeysError(path=path) from error
    if len(secret) != SEED_BYTES:
        raise NoKeysError(path=path)
    return secret
