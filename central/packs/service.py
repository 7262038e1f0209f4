"""Packs of rules: checked, made canonical, signed and sent to all."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.feed.service import NewChange
from central.packs import store
from central.packs.library import catalogue
from central.packs.library import in_force as pack_in_force
from central.packs.publishing import Announcement, adopt, announce, first_from, row_of
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.packs.sealed import SealedPack, is_sealed, open_sealed, seal
from shared.rules import force
from shared.rules.document import decoded
from shared.rules.force import Place
from shared.rules.moment import Moment
from shared.rules.pack import Pack, load_canonical, read_pack
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import GLOBAL

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


class UnknownWalletError(LoyaltyError):
    """A wallet that no pack in force has: points in it could be spent nowhere."""

    kind = Kind.INVALID
    code = "unknown_wallet"
    ru = "Кошелька «{wallet}» нет в правилах. Есть: {known}."
    en = "The rules have no wallet '{wallet}'. There are: {known}."


class ReviewNeededError(LoyaltyError):
    """A pack from a file where another person has to approve packs first."""

    kind = Kind.FORBIDDEN
    code = "review_needed"
    ru = (
        "Пакет {name} версии {version} не опубликован: его должен утвердить другой человек. "
        "Начните с kopilka central packs draft."
    )
    en = (
        "Pack {name} {version} is not published: another person must approve it. "
        "Begin with kopilka central packs draft."
    )


def publish(centre: Centre, text: str, terms: Announcement | None = None) -> Published:
    """Publish a pack from YAML; the same one again changes nothing.

    Without terms it counts everywhere, from the instant that it names itself. Raises PackError with
    the path of the first fault, StaleVersionError.
    """
    pack = read_pack(text)
    return _publish(centre, pack, seal(pack, centre.keys.pack), terms)


def publish_file(centre: Centre, content: bytes) -> Published:
    """Publish a pack from a file: YAML, or a pack that this centre's key signed elsewhere.

    It is for the first pack of a chain, and for chains that require no review. Raises
    ReviewNeededError, NotSealedError, and as `publish` does.
    """
    text = decoded(content)
    if is_sealed(text):
        sealed = open_sealed(content, centre.keys.pack.public)
        pack = load_canonical(sealed.body)
    else:
        pack = read_pack(text)
        sealed = seal(pack, centre.keys.pack)
    if centre.settings.pack_review == "required":
        with reading(centre.engine) as connection:
            known = store.editions(connection)
        if known and all(one.hash != sealed.hash for one in known):
            raise ReviewNeededError(name=pack.name, version=pack.version)
    return _publish(centre, pack, sealed, None)


@retried
def _publish(
    centre: Centre, pack: Pack, sealed: SealedPack, terms: Announcement | None
) -> Published:
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        found, changes = add(connection, centre, (pack, sealed), terms)
        feed.append(connection, changes)
    if found.novelty is Novelty.NEW:
        log.info("pack.published", pack=pack.name, version=pack.version, hash=found.hash)
    return found


def add(
    connection: Connection,
    centre: Centre,
    sealed: tuple[Pack, SealedPack],
    terms: Announcement | None,
) -> tuple[Published, list[NewChange]]:
    """Write a new pack with its first act, in the caller's transaction and turn; return what is to
    be sent. Raises StaleVersionError."""
    pack, content = sealed
    at = centre.clock.now()
    wanted = terms or Announcement("", effective_from=pack.effective_from.isoformat())
    wanted = replace(wanted, pack=content.hash)
    new = store.StoredPack(
        hash=content.hash,
        name=pack.name,
        version=pack.version,
        effective_from=first_from(wanted, at),
        body=content.body,
        signature=content.signature,
        published_at=at,
    )
    if store.pack(connection, new.hash) is not None:
        return _published(new, Novelty.SAME), []
    newest = store.newest_version(connection, new.name)
    if newest is not None and newest >= new.version:
        raise StaleVersionError(name=new.name, version=new.version, newest=newest)
    adopted = adopt(connection, centre.keys)
    store.insert_pack(connection, new)
    _, told = announce(connection, centre.keys, wanted, at)
    return _published(new, Novelty.NEW), [*adopted, feed.changed(GLOBAL, row_of(new)), *told]


def ladder(connection: Connection) -> tuple[str, ...]:
    """Return the tiers of the pack that was published last, by id, ascending."""
    newest = store.latest(connection)
    track = None if newest is None else load_canonical(newest.body).tiers
    return () if track is None else tuple(step.id for step in track.steps)


def wallets(connection: Connection, at: datetime) -> frozenset[str]:
    """Return the wallets of the packs that are in force or to come; empty before the first pack."""
    return frozenset(name for pack in live(connection, at) for name in pack.wallets)


def check_wallet(connection: Connection, wallet: str, at: datetime) -> None:
    """Raise UnknownWalletError for a wallet that no pack has; before the first pack any will do."""
    known = wallets(connection, at)
    if known and wallet not in known:
        raise UnknownWalletError(wallet=wallet, known=", ".join(sorted(known)))


def of_hashes(connection: Connection, hashes: Collection[str]) -> dict[str, Pack]:
    """Return published packs by their hashes; one that is not there is left out."""
    found = store.bodies(connection, hashes)
    return {key: _parsed(body) for key, body in sorted(found.items())}


@lru_cache(maxsize=PARSED_MAX)
def _parsed(body: bytes) -> Pack:
    return load_canonical(body)


def live(connection: Connection, at: datetime) -> list[Pack]:
    """Return the packs that are in force somewhere or may be later, the newest version last."""
    known = catalogue(connection)
    found = force.live(known.editions, known.acts, at)
    told = store.bodies(connection, [one.hash for one in found])
    return [_parsed(told[one.hash]) for one in found]


def in_force(
    connection: Connection, stores: Iterable[tuple[Place, str]], at: datetime
) -> list[Pack]:
    """Return the packs by which stores, given with their zones, price now, the newest last."""
    known = catalogue(connection)
    named = {code for act in known.acts for code in act.stores}
    alike = {
        (place if place.store in named else replace(place, store=""), zone)
        for place, zone in stores
    }
    now = {pack_in_force(known, place, Moment(at, zone)) for place, zone in alike}
    found = sorted((int(one.version), one.hash) for one in known.editions if one.hash in now)
    told = store.bodies(connection, now)
    return [_parsed(told[name]) for _, name in found]


def _published(pack: store.StoredPack, novelty: Novelty) -> Published:
    return Published(pack.hash, pack.name, pack.version, pack.effective_from, novelty)
