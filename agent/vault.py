"""The agent's vault: what names people lies closed in its files, under a key in a file of its own.

The key is the machine's: made on it, never sent. Whoever has the files without it reads no name;
where it lies, and who seals it to the machine, is the operator's choice (docs/security.md).
"""

import os
import random
import sqlite3
from pathlib import Path

import structlog
from sqlalchemy import Engine, event

from shared.crypto.vault import VAULT_KEY_BYTES, Vault
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import keep

VAULT_FILE = "vault.key"
PRIVATE = 0o600

log = structlog.get_logger()


class NoVaultKeyError(LoyaltyError):
    """The file of the vault's key is not there, or is none."""

    kind = Kind.STORAGE
    code = "no_vault_key"
    ru = (
        "Ключ хранилища агента {file} не читается: {reason}. Без него файлы агента не открыть: "
        "верните ключ из копии."
    )
    en = (
        "The agent's vault key {file} cannot be read: {reason}. Without it the agent's files stay "
        "closed: put it back from its copy."
    )


def vault_of(data_dir: Path, key_file: Path | None, chance: random.Random) -> Vault:
    """Return the vault of a data folder; a folder whose key is to lie in it gets one.

    A key that is to lie elsewhere is somebody else's to make. Raises NoVaultKeyError.
    """
    path = key_file or data_dir / VAULT_FILE
    if key_file is None and not path.exists():
        write_private(path, chance.randbytes(VAULT_KEY_BYTES).hex().encode() + b"\n")
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except OSError as error:
        raise NoVaultKeyError(file=path, reason=error.strerror) from error
    except ValueError as error:
        raise NoVaultKeyError(file=path, reason="not hexadecimal") from error
    if len(key) != VAULT_KEY_BYTES:
        raise NoVaultKeyError(file=path, reason=f"{len(key)} bytes, not {VAULT_KEY_BYTES}")
    return Vault(key)


def guarded(engine: Engine, vault: Vault) -> Engine:
    """Let a database's statements close and open what lies in it: `closed` and `opened` return the
    bytes of a context and a content, `opened_text` a text.

    What cannot be opened is returned as it lies there, so that its reader finds it damaged; a text
    is empty then.
    """

    def closed(context: bytes | str, content: bytes | str | None) -> bytes | None:
        return None if content is None else vault.close(_bytes(context), _bytes(content))

    def opened(context: bytes | str, content: bytes | str | None) -> bytes | str | None:
        if content is None:
            return None
        found = vault.open(_bytes(context), _bytes(content))
        return content if found is None else found

    def opened_text(context: bytes | str, content: bytes | str | None) -> str:
        found = vault.open(_bytes(context), _bytes(content or b""))
        if found is None:
            log.error("vault.unopened")
            return ""
        return found.decode()

    @event.listens_for(engine, "connect")
    def _equip(connection: sqlite3.Connection, _record: object) -> None:
        for function in (closed, opened, opened_text):
            connection.create_function(function.__name__, 2, function, deterministic=True)

    return engine


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone reads; durable when it returns."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), PRIVATE)
        file.write(content)
    keep(draft, path)
