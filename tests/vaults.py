"""The one vault of all stores that tests build themselves, for agents and for judges."""

import sqlite3
from pathlib import Path

from agent.vault import VAULT_FILE
from shared.crypto.vault import Vault

_KEY = b"v" * 32
VAULT = Vault(_KEY)


def lay_key(folder: Path) -> None:
    """Put the vault's key where an agent of this folder looks for it."""
    (folder / VAULT_FILE).write_text(_KEY.hex())


def let_open(connection: sqlite3.Connection, folder: Path) -> None:
    """Let a judge's statements open what lies closed in a folder, and leave what does not."""
    file = folder / VAULT_FILE
    vault = Vault(bytes.fromhex(file.read_text())) if file.exists() else VAULT

    def opened(context: bytes, content: bytes) -> bytes:
        found = vault.open(context, content)
        return content if found is None else found

    connection.create_function("opened", 2, opened, deterministic=True)
