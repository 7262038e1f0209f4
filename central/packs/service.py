"""Packs of rules: checked, made canonical, signed and sent to all."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.packs import store
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.packs.sealed import SealedPack, is_sealed, open_sealed, seal
from shared.rules.document import decoded
from shared.rules.pack import Pack, load_canonical, read_pack
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.feed import GLOBAL
from shared.wire.rows import PackRow

PARSED_MAX = 16
"""Packs that are kept read, by which stores price now or have priced lately."""

log = structlog.get_logger()


class Novelty(Enum):
    """Whether a publication changed anything."""

    NEW = auto()
    SAME = auto()


@dataclass(frozen=True, slots=True)
class Published:
    """A pack that is on its way to the stores, or was already."""

    hash: str
    name: str
    version: int
    effective_from: str
    novelty: Novelty


class StaleVersionError(LoyaltyError):
    """A pack whose version is not above the published one, with other content."""

    kind = Kind.CONFLICT
    code = "stale_pack_version"
    ru = (
        "Пакет {name} версии {version} не опубликован: уже есть версия {newest}. Увеличьте version."
    )
    en = "Pack {name} {version} is not published: there is version {newest}. Raise `version`."


def publish(centre: Centre, text: str) -> Published:
    """Publish a pack from YAML; the same one again changes nothing.

    Raises PackError with the path of the first fault, StaleVersionError.
    """
    pack = read_pack(text)
    return _publish(centre, pack, seal(pack, centre.keys.pack))


def publish_file(centre: Centre, content: bytes) -> Published:
    """Publish a pack from a file: YAML, or a pack that this centre's key signed elsewhere.

    Raises NotSealedError, and as `publish` does.
    """
    text = decoded(content)
    if not is_sealed(text):
        return publish(centre, text)
    sealed = open_sealed(content, centre.keys.pack.public)
    return _publish(centre, load_canonical(sealed.body), sealed)


@retried
def _publish(centre: Centre, pack: Pack, sealed: SealedPack) -> Published:
    new = store.StoredPack(
        hash=sealed.hash,
        name=pack.name,
        version=pack.version,
        effective_from=pack.effective_from.isoformat(),
        body=sealed.body,
        signature=sealed.signature,
        published_at=centre.clock.now(),
    )
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        if store.pack(connection, new.hash) is not None:
            return _published(new, Novelty.SAME)
        newest = store.newest_version(connection, new.name)
        if newest is not None and newest >= new.version:
            raise StaleVersionError(name=new.name, version=new.version, newest=newest)
        store.insert_pack(connection, new)
        feed.append(connection, [feed.changed(GLOBAL, row_of(new))])
    log.info("pack.published", pack=new.name, version=new.version, hash=new.hash)
    return _published(new, Novelty.NEW)


def ladder(connection: Connection) -> tuple[str, ...]:
    """Return the tiers of the pack that was published last, by id, ascending."""
    newest = store.latest(connection)
    track = None if newest is None else load_canonical(newest.body).tiers
    return () if track is None else tuple(step.id for step in track.steps)


def of_hashes(connection: Connection, hashes: Collection[str]) -> dict[str, Pack]:
    """Return published packs by their hashes; one that is not there is left out."""
    found = store.bodies(connection, hashes)
    return {key: _parsed(body) for key, body in sorted(found.items())}


@lru_cache(maxsize=PARSED_MAX)
def _parsed(body: bytes) -> Pack:
    return load_canonical(body)


def newest(connection: Connection) -> list[Pack]:
    """Return the newest version of each published pack."""
    return [load_canonical(body) for body in store.newest_bodies(connection)]


def _published(pack: store.StoredPack, novelty: Novelty) -> Published:
    return Published(pack.hash, pack.name, pack.version, pack.effective_from, novelty)


def row_of(pack: store.StoredPack) -> PackRow:
    """Return a published pack as it is sent."""
    return PackRow(
        pack.hash,
        pack.name,
        str(pack.version),
        pack.effective_from,
        pack.body,
        pack.signature,
    )
