"""An agent's identity on disk: a private key that never leaves it, and what enrolment brought."""

import json
import os
import random
from pathlib import Path
from uuid import UUID

from agent.station import Identity
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import keep
from shared.wire.agents import EnrolAnswer

KEY_FILE = "agent-{epoch}.key"
IDENTITY_FILE = "identity.json"
PRIVATE = 0o600


class NotEnrolledError(LoyaltyError):
    """There is no identity in the data folder."""

    kind = Kind.UNAVAILABLE
    code = "not_enrolled"
    ru = "Агент не зарегистрирован: выполните «kopilka agent enrol --code КОД»."
    en = "The agent is not enrolled: run “kopilka agent enrol --code CODE”."


class BrokenIdentityError(LoyaltyError):
    """The identity's files cannot be read."""

    kind = Kind.STORAGE
    code = "broken_identity"
    ru = "Файл личности агента {file} не читается: {reason}."
    en = "The agent's identity file {file} cannot be read: {reason}."


def is_enrolled(data_dir: Path) -> bool:
    """Tell whether the folder has an identity."""
    return (data_dir / IDENTITY_FILE).exists()


def enrolled(keys: KeyPair, answer: EnrolAnswer) -> Identity:
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
    )


def save(data_dir: Path, who: Identity) -> None:
    """Write the identity, readable by its owner alone; durable when it returns."""
    told = {
        "agent": str(who.agent),
        "epoch": who.epoch,
        "store": who.store,
        "root_key": who.root_key.hex(),
        "card_prefix": who.card_prefix,
        "card_block": who.card_block,
        "index_key": who.index_key.hex(),
        "pin_pepper": who.pin_pepper.hex(),
    }
    _write(_key_file(data_dir, who.epoch), who.keys.seed)
    _write(data_dir / IDENTITY_FILE, json.dumps(told, indent=2).encode())


def next_keys(data_dir: Path, epoch: int, chance: random.Random) -> KeyPair:
    """Return the key for an epoch to come, made and durable before the centre hears of it."""
    path = _key_file(data_dir, epoch)
    if not path.exists():
        _write(path, chance.randbytes(SEED_BYTES))
    return KeyPair.from_seed(path.read_bytes())


def load(data_dir: Path) -> Identity:
    """Read the identity; raises NotEnrolledError, BrokenIdentityError."""
    if not is_enrolled(data_dir):
        raise NotEnrolledError
    try:
        told = json.loads((data_dir / IDENTITY_FILE).read_bytes())
        epoch = int(told["epoch"])
        return Identity(
            agent=UUID(told["agent"]),
            epoch=epoch,
            store=told["store"],
            keys=_key(data_dir, epoch),
            root_key=bytes.fromhex(told["root_key"]),
            card_prefix=told["card_prefix"],
            card_block=int(told["card_block"]),
            index_key=bytes.fromhex(told["index_key"]),
            pin_pepper=bytes.fromhex(told["pin_pepper"]),
            former={
                no: _key(data_dir, no) for no in range(1, epoch) if _key_file(data_dir, no).exists()
            },
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenIdentityError(file=IDENTITY_FILE, reason=type(error).__name__) from error


def _key_file(data_dir: Path, epoch: int) -> Path:
    return data_dir / KEY_FILE.format(epoch=epoch)


def _key(data_dir: Path, epoch: int) -> KeyPair:
    return KeyPair.from_seed(_key_file(data_dir, epoch).read_bytes())


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), PRIVATE)
        file.write(content)
    keep(draft, path)
