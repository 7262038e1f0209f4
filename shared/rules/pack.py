"""Packs as files: read from YAML, written to canonical bytes, hashed, and read back."""

import hashlib
import json

from pydantic import ValidationError

from shared.rules.checks import check
from shared.rules.document import decoded, read_json, read_yaml
from shared.rules.faults import PackError, refused
from shared.rules.features import FEATURES, missing_features, used_features
from shared.rules.model import Pack

__all__ = [
    "FEATURES",
    "Pack",
    "PackError",
    "canonical",
    "load_canonical",
    "missing_features",
    "pack_hash",
    "read_pack",
    "read_pack_file",
    "required_features",
]


def read_pack(text: str) -> Pack:
    """Read a pack from YAML and add to `requires` what it uses.

    Raises PackError with the path of the first fault.
    """
    pack = _parsed(read_yaml(text))
    return pack.model_copy(
        update={"requires": tuple(sorted(used_features(pack).union(pack.requires)))}
    )


def read_pack_file(content: bytes) -> Pack:
    """Read a pack from the bytes of a YAML file; raises PackError as `read_pack` does."""
    return read_pack(decoded(content))


def canonical(pack: Pack) -> bytes:
    """Return the bytes that are signed, hashed and sent: JSON, sorted keys, defaults left out.

    A key that later versions add does not change the bytes of older packs. A default, once
    published, therefore never changes.
    """
    content = pack.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def load_canonical(content: bytes) -> Pack:
    """Read canonical bytes; raises PackError as `read_pack` does."""
    return _parsed(read_json(content))


def required_features(content: bytes) -> frozenset[str]:
    """Return what canonical bytes require, without understanding the rest of them.

    An agent asks this first: a newer pack may not parse here at all. Raises PackError.
    """
    found = read_json(content)
    names = found.get("requires", ()) if isinstance(found, dict) else ()
    if not isinstance(names, list | tuple):
        raise PackError("requires", "not_list", ru="ожидается список", en="a list is expected")
    return frozenset(str(name) for name in names)


def pack_hash(content: bytes) -> str:
    """Return the name of a pack's content: SHA-256 of its canonical bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def _parsed(document: object) -> Pack:
    try:
        pack = Pack.model_validate(document)
    except ValidationError as error:
        raise refused(error, Pack) from error
    check(pack)
    return pack
