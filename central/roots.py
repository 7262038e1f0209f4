"""The root key: who it is stands in the folder of keys, its secret there or elsewhere.

`root.pub` has the first root key and the hand-overs that lead from it to the present one, and all
that the centre's processes need. `root.key`, the secret, is wanted by a few commands alone, which
take it from any file.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.crypto.keys import KeyPair, read_key
from shared.crypto.locked import SALT_BYTES, is_locked, lock, unlock
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import keep
from shared.wire.codec import MalformedError, decoder, encode
from shared.wire.roots import HandOver, hand_over, present_root

KEY_FILE = "root.key"
ROOT_FILE = "root.pub"
LISTED_MAX = 32
"""Hand-overs that a list names: an agent that has missed more is told of the root by hand."""
_PRIVATE = 0o600
_WHY: tuple[tuple[type[Exception], tuple[str, str]], ...] = (
    (FileNotFoundError, ("такого файла или папки нет", "there is no such file or folder")),
    (FileExistsError, ("он уже есть, назовите новый", "it is there already, name a new one")),
    (PermissionError, ("к нему нет доступа", "it may not be opened")),
    (OSError, ("он не открывается", "it cannot be opened")),
)
_NO_KEY = ("в нём нет корневого ключа", "there is no root key in it")

_decode = decoder(HandOver)


class RootNeededError(LoyaltyError):
    """Something that the root key has to sign, while it is not at the centre."""

    kind = Kind.CONFLICT
    code = "root_needed"
    ru = "Список ключей подписывает корневой ключ, а здесь его нет: назовите его файл, --root ФАЙЛ."
    en = "The root key signs the list of keys, and it is not here: name its file, --root FILE."


class WrongRootError(LoyaltyError):
    """A key that is not the root key that stores trust."""

    kind = Kind.CONFLICT
    code = "root_wrong"
    ru = "В файле ключ {found}, а корневой ключ сети — {wanted}."
    en = "The file has key {found}, and the chain's root key is {wanted}."


class FormerRootError(LoyaltyError):
    """A key that was root before: it does not become so again."""

    kind = Kind.CONFLICT
    code = "root_former"
    ru = "Ключ {key} уже был корневым: сделайте новый, keys root make."
    en = "Key {key} was the root before: make a new one, keys root make."


class RootFileError(LoyaltyError):
    """A file of a root key that cannot be read or written."""

    kind = Kind.STORAGE
    code = "root_file"
    ru = "Файл {file} не годится: {reason_ru}."
    en = "File {file} does not do: {reason_en}."


@dataclass(frozen=True, slots=True)
class Roots:
    """The chain's first root key, and the hand-overs since."""

    first: bytes
    handed_over: tuple[HandOver, ...] = ()

    @property
    def present(self) -> bytes:
        """Return the root key that counts now."""
        return present_root(self.first, self.handed_over)

    @property
    def listed(self) -> tuple[HandOver, ...]:
        """Return the hand-overs that a list of keys names."""
        return self.handed_over[-LISTED_MAX:]

    def followed_by(self, former: KeyPair, new: KeyPair) -> "Roots":
        """Return these with another root key at the end; raises WrongRootError, FormerRootError."""
        check_is(former, self.present)
        if new.public == self.first or any(new.public == one.root for one in self.handed_over):
            raise FormerRootError(key=new.public.hex())
        number = self.handed_over[-1].number + 1 if self.handed_over else 1
        return Roots(self.first, (*self.handed_over, hand_over(number, former, new)))


def check_is(pair: KeyPair, root: bytes) -> None:
    """Raise WrongRootError for a key that is not this root key."""
    if pair.public != root:
        raise WrongRootError(found=pair.public.hex(), wanted=root.hex())


def read_roots(folder: Path) -> Roots | None:
    """Read who the root is; None in a folder that does not say. Raises RootFileError."""
    path = folder / ROOT_FILE
    if not path.exists():
        return None
    try:
        first, *rest = path.read_text().split()
        return Roots(bytes.fromhex(first), tuple(_decode(bytes.fromhex(one)) for one in rest))
    except (OSError, ValueError, MalformedError) as error:
        raise _unfit(path, error) from error


def write_roots(folder: Path, roots: Roots) -> None:
    """Write who the root is; durable when it returns."""
    lines = [roots.first.hex(), *(encode(one).hex() for one in roots.handed_over)]
    draft = folder / f"{ROOT_FILE}.draft"
    draft.write_text("\n".join(lines) + "\n")
    keep(draft, folder / ROOT_FILE)


def forget_secret(folder: Path) -> None:
    """Take the secret out of the folder; repeating is safe."""
    (folder / KEY_FILE).unlink(missing_ok=True)


def read_root(file: Path, ask: Callable[[], str]) -> KeyPair:
    """Read a root key from a file, asking for the passphrase if it needs one.

    Raises RootFileError, BadKeyError, WrongPassphraseError.
    """
    try:
        text = file.read_text()
    except (OSError, ValueError) as error:
        raise _unfit(file, error) from error
    return unlock(text, ask()) if is_locked(text) else read_key(text)


def write_root(file: Path, pair: KeyPair, passphrase: str, chance: random.Random) -> None:
    """Write a root key into a new file that the passphrase opens, and read it back.

    Raises RootFileError, also for a file that is there; ShortPassphraseError.
    """
    text = lock(pair, passphrase, chance.randbytes(SALT_BYTES))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        back = unlock(file.read_text(), passphrase)
    except OSError as error:
        raise _unfit(file, error) from error
    check_is(back, pair.public)


def _unfit(file: Path, error: Exception) -> RootFileError:
    """Return the refusal of a file, with the reason in words."""
    ru, en = next((words for kind, words in _WHY if isinstance(error, kind)), _NO_KEY)
    return RootFileError(file=file, reason_ru=ru, reason_en=en)
