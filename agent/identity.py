"""An agent's identity on disk: a private key that never leaves it, and what enrolment brought."""

import json
import random
from pathlib import Path
from uuid import UUID

from agent.station import Identity
from agent.vault import write_private
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.crypto.vault import Vault
from shared.errors import Kind, LoyaltyError
from shared.wire.agents import EnrolAnswer

KEY_FILE = "agent-{epoch}.key"
IDENTITY_FILE = "identity.json"
FIRST_KEY_FILE = "enrolling.key"
_SECRETS = b"identity"
_SEED = b"seed"
_ENROLLING = b"enrolling "


class NotEnrolledError(LoyaltyError):
    """There is no identity in the data folder."""

    kind = Kind.UNAVAILABLE
    code = "not_enrolled"
    ru = "Агент не зарегистрирован: выполните «kopilka agent enrol --code КОД»."
    en = "The agent is not enrolled: run “kopilka agent enrol --code CODE”."


class AlreadyEnrolledError(LoyaltyError):
    """A folder that belongs to an agent already: another one needs a folder of its own."""

    kind = Kind.CONFLICT
    code = "already_enrolled"
    ru = (
        "В папке {folder} уже есть агент. Чтобы подключить компьютер заново, остановите агента и "
        "переименуйте папку: в ней может быть то, чего нет в центре."
    )
    en = (
        "Folder {folder} has an agent already. To enrol this machine anew, stop the agent and "
        "rename the folder: it may hold what the centre does not have."
    )


class BrokenIdentityError(LoyaltyError):
    """The identity's files cannot be read."""

    kind = Kind.STORAGE
    code = "broken_identity"
    ru = "Файл личности агента {file} не читается: {reason}."
    en = "The agent's identity file {file} cannot be read: {reason}."


class OtherVaultError(LoyaltyError):
    """The identity lies closed under another key than the vault has."""

    kind = Kind.STORAGE
    code = "other_vault"
    ru = "Личность агента закрыта другим ключом хранилища: верните тот ключ из копии."
    en = "The agent's identity is closed under another vault key: put that key back from its copy."


def is_enrolled(data_dir: Path) -> bool:
    """Tell whether the folder has an identity."""
    return (data_dir / IDENTITY_FILE).exists()


def first_keys(data_dir: Path, code: str, vault: Vault, chance: random.Random) -> KeyPair:
    """Return the key to enrol with, made and durable before the centre hears of it.

    The same code again has the same key, by which the centre knows that its answer was lost;
    another code has another one, since a key enrols once.
    """
    file, context = data_dir / FIRST_KEY_FILE, _ENROLLING + code.encode()
    seed = vault.open(context, file.read_bytes()) if file.exists() else None
    if not seed:
        seed = chance.randbytes(SEED_BYTES)
        write_private(file, vault.close(context, seed))
    return KeyPair.from_seed(seed)


def enrolled(keys: KeyPair, answer: EnrolAnswer, vault: Vault) -> Identity:
    """Return the identity that an enrolment has brought."""
    return Identity(
        agent=answer.agent,
        epoch=answer.epoch,
        store=answer.store,
        keys=keys,
        root_key=answer.root_key,
        card_prefix=answer.card_prefix,
        card_block=answer.card_block,
        index_key=answer.index_key,
        pin_pepper=answer.pin_pepper,
        vault=vault,
    )


def save(data_dir: Path, who: Identity) -> None:
    """Write the identity, its secrets closed in the vault; durable when it returns."""
    secrets = {"index_key": who.index_key.hex(), "pin_pepper": who.pin_pepper.hex()}
    told = {
        "agent": str(who.agent),
        "epoch": who.epoch,
        "store": who.store,
        "root_key": who.root_key.hex(),
        "card_prefix": who.card_prefix,
        "card_block": who.card_block,
        "closed": who.vault.close(_SECRETS, json.dumps(secrets).encode()).hex(),
    }
    _write_key(data_dir, who.epoch, who.keys.seed, who.vault)
    write_private(data_dir / IDENTITY_FILE, json.dumps(told, indent=2).encode())
    (data_dir / FIRST_KEY_FILE).unlink(missing_ok=True)


def next_keys(data_dir: Path, ended: Identity, chance: random.Random) -> KeyPair:
    """Return the key for the epoch to come, made and durable before the centre hears of it."""
    epoch = ended.epoch + 1
    if not _key_file(data_dir, epoch).exists():
        _write_key(data_dir, epoch, chance.randbytes(SEED_BYTES), ended.vault)
    return _key(data_dir, epoch, ended.vault)


def load(data_dir: Path, vault: Vault) -> Identity:
    """Read the identity; raises NotEnrolledError, BrokenIdentityError, OtherVaultError.

    One that a version without a vault has written is closed in it now.
    """
    if not is_enrolled(data_dir):
        raise NotEnrolledError
    try:
        told = json.loads((data_dir / IDENTITY_FILE).read_bytes())
        epoch = int(told["epoch"])
        secrets = told if "closed" not in told else _opened(vault, bytes.fromhex(told["closed"]))
        who = Identity(
            agent=UUID(told["agent"]),
            epoch=epoch,
            store=told["store"],
            keys=_key(data_dir, epoch, vault),
            root_key=bytes.fromhex(told["root_key"]),
            card_prefix=told["card_prefix"],
            card_block=int(told["card_block"]),
            index_key=bytes.fromhex(secrets["index_key"]),
            pin_pepper=bytes.fromhex(secrets["pin_pepper"]),
            vault=vault,
            former={
                no: _key(data_dir, no, vault)
                for no in range(1, epoch)
                if _key_file(data_dir, no).exists()
            },
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenIdentityError(file=IDENTITY_FILE, reason=type(error).__name__) from error
    if "closed" not in told:
        _close(data_dir, who)
    return who


def _close(data_dir: Path, who: Identity) -> None:
    """Close what lies open; a stop on the way leaves the rest for the next start."""
    for epoch in who.former:
        _write_key(data_dir, epoch, who.former[epoch].seed, who.vault)
    save(data_dir, who)


def _opened(vault: Vault, closed: bytes) -> dict[str, str]:
    secrets = vault.open(_SECRETS, closed)
    if secrets is None:
        raise OtherVaultError
    told: dict[str, str] = json.loads(secrets)
    return told


def _key_file(data_dir: Path, epoch: int) -> Path:
    return data_dir / KEY_FILE.format(epoch=epoch)


def _key(data_dir: Path, epoch: int, vault: Vault) -> KeyPair:
    content = _key_file(data_dir, epoch).read_bytes()
    seed = content if len(content) == SEED_BYTES else vault.open(_SEED, content)
    if seed is None:
        raise OtherVaultError
    return KeyPair.from_seed(seed)


def _write_key(data_dir: Path, epoch: int, seed: bytes, vault: Vault) -> None:
    write_private(_key_file(data_dir, epoch), vault.close(_SEED, seed))
