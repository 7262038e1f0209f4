"""Packs brought to stores in stages, halted and rolled back: each act by a person, none undone.

An act is a publication: sent to all stores in one stream, so that a store that was away, that was
added to a rollout meanwhile, or that moved to another region finds what counts there from the
publications alone. What a store has received holds while its line is out.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from central.budgets import service as budgets
from central.centre import Centre
from central.estate import store as estate
from central.estate.rows import Store
from central.feed import service as feed
from central.packs import drafting, publishing
from central.packs import service as packs
from central.packs import store as shelf
from central.packs.library import Catalogue, catalogue, in_force
from central.packs.publishing import AT_ONCE, Act, Announcement
from central.packs.service import Published
from central.packs.store import Edition, StoredPublication
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.packs.halting import without_campaign
from shared.packs.sealed import seal
from shared.rules.force import Place, live
from shared.rules.moment import Moment
from shared.rules.pack import load_canonical
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

SCOPE_MAX = 2_000
"""Stores and regions that one act names."""
NAMED_MAX = 20
"""Stores that an error names."""
HASH_CHARS_MIN = 6
LONG_OVER = timedelta(days=2)
"""The last day of a campaign that is halted: over in every zone."""

log = structlog.get_logger()


class UnknownPackError(LoyaltyError):
    """A pack that is not published."""

    kind = Kind.NOT_FOUND
    code = "unknown_pack"
    ru = "Пакета «{pack}» среди опубликованных нет: имя:версия или начало хеша."
    en = "No published pack is {pack}: name:version or the beginning of its hash."


class NotLiveError(LoyaltyError):
    """A pack that is nowhere in force and will not be."""

    kind = Kind.CONFLICT
    code = "pack_not_live"
    ru = "Пакет {name} версии {version} нигде не действует и не ожидается."
    en = "Pack {name} {version} is in force nowhere, nor to come."


class UnknownPlaceError(LoyaltyError):
    """A store or region that the chain does not have."""

    kind = Kind.NOT_FOUND
    code = "unknown_place"
    ru = "В сети нет магазинов или регионов: {names}."
    en = "The chain has no such stores or regions: {names}."


class BadScopeError(LoyaltyError):
    """More stores and regions than one act may name."""

    kind = Kind.INVALID
    code = "bad_scope"
    ru = "В одном действии не больше {most} магазинов и регионов."
    en = "An act names at most {most} stores and regions."


class BadInstantError(LoyaltyError):
    """A text that is no store-local instant."""

    kind = Kind.INVALID
    code = "bad_effective_from"
    ru = "«{text}» — не время магазина вида 2026-03-31T00:00."
    en = "{text} is no store-local time such as 2026-03-31T00:00."


class NothingLeftError(LoyaltyError):
    """An act after which stores would have no pack at all, and sell nothing by cards."""

    kind = Kind.CONFLICT
    code = "nothing_left"
    ru = "После этого без правил остались бы магазины: {stores}. Назовите пакет взамен."
    en = "Stores would be left without any pack: {stores}. Name one in its place."


@dataclass(frozen=True, slots=True)
class Scope:
    """For which stores an act is: those named, those of regions; neither is all."""

    stores: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """Who does something, and why."""

    by: str
    note: str = ""


def publish(
    centre: Centre,
    draft: int,
    scope: Scope,
    effective_from: str | None,
    word: Word,
    seen: str = "",
) -> Published:
    """Publish an approved draft for a scope; without an instant, from the one that it names.

    An empty instant is at once; `seen` is the hash of the text that was looked at. Raises as
    `drafting.publish` does, UnknownPlaceError, BadScopeError, BadInstantError.
    """
    with reading(centre.engine) as connection:
        _check_scope(scope, estate.stores(connection))
    begins = effective_from
    if begins is None:
        text = drafting.show(centre, draft).draft.text
        begins = drafting.read_text(text).effective_from.isoformat()
    terms = Announcement("", _instant(begins), "", scope.stores, scope.regions, Act.PUBLISH)
    done = drafting.publish(centre, draft, word.by, terms, word.note, seen)
    budgets.run(centre, centre.clock.now())
    return done


def widen(
    centre: Centre, pack: str, scope: Scope, effective_from: str, word: Word
) -> StoredPublication:
    """Let a published pack count in more stores, from a store-local instant or at once.

    Raises UnknownPackError, UnknownPlaceError, BadScopeError, BadInstantError, NobodyError.
    """
    return _act(centre, (pack, ""), scope, (effective_from, Act.ROLLOUT), word)


def halt(centre: Centre, pack: str, scope: Scope, word: Word) -> StoredPublication:
    """Let a pack count no more, at once: in each store the one before it is in force.

    Raises UnknownPackError, NotLiveError, NothingLeftError, and as `widen` does.
    """
    return _act(centre, ("", pack), scope, (AT_ONCE, Act.HALT), word)


def roll_back(
    centre: Centre, pack: str, former: str, effective_from: str, word: Word
) -> StoredPublication:
    """Let a former pack take the place of one wherever that counts or is to come, from an instant.

    Without a `former` it is the one that is in force where the pack was never published. Raises as
    `halt` does.
    """
    if not former:
        with reading(centre.engine) as connection:
            former = _before(catalogue(connection), pack, centre.clock.now())
    return _act(centre, (former, pack), Scope(), (effective_from, Act.ROLLBACK), word)


@retried
def halt_campaign(centre: Centre, pack: str, campaign: str, word: Word) -> Published:
    """Let a rule, grant or promo code campaign of a pack be over, at once, wherever the pack
    counts; all else of it stays.

    The pack's next version takes its place. Raises UnknownCampaignOfPackError, UnknownPackError,
    NotLiveError, NobodyError.
    """
    who, at = drafting.person(word.by), centre.clock.now()
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        known = catalogue(connection)
        old = named(known, pack)
        _check_live(known, old, at)
        newest = shelf.newest_version(connection, old.name)
        body = shelf.bodies(connection, [old.hash])[old.hash]
        version = (newest or old.version) + 1
        last = at.date() - LONG_OVER
        new = without_campaign(load_canonical(body), campaign, version, last)
        terms = Announcement(
            "", AT_ONCE, old.hash, act=Act.HALT_RULE, by=who, note=word.note or campaign
        )
        done, changes = packs.add(connection, centre, (new, seal(new, centre.keys.pack)), terms)
        feed.append(connection, changes)
    log.warning("pack.campaign_halted", pack=old.hash, campaign=campaign, instead=done.hash)
    return done


def named(known: Catalogue, word: str) -> Edition:
    """Return the published pack of a name and version, or of the beginning of a hash.

    Raises UnknownPackError.
    """
    name, _, version = word.partition(":")
    found = [
        one
        for one in known.editions
        if (one.name == name and str(one.version) == version)
        or (len(word) >= HASH_CHARS_MIN and one.hash.startswith(word))
    ]
    if len(found) != 1:
        raise UnknownPackError(pack=word)
    return found[0]


@retried
def _act(
    centre: Centre,
    which: tuple[str, str],
    scope: Scope,
    how: tuple[str, Act],
    word: Word,
) -> StoredPublication:
    who, at, begins = drafting.person(word.by), centre.clock.now(), _instant(how[0])
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.PACKS)
        stores = estate.stores(connection)
        _check_scope(scope, stores)
        adopted = publishing.adopt(connection, centre.keys)
        known = catalogue(connection)
        pack, replaced = (named(known, one) if one else None for one in which)
        wanted = Announcement(
            pack=pack.hash if pack else "",
            effective_from=begins,
            replaces=replaced.hash if replaced else "",
            stores=scope.stores,
            regions=scope.regions,
            act=how[1],
            by=who,
            note=word.note[: drafting.NOTE_CHARS_MAX],
        )
        new, changes = publishing.announce(connection, centre.keys, wanted, at)
        if replaced is not None:
            _check_live(known, replaced, at)
            _check_left(known, new, stores, at)
        feed.append(connection, [*adopted, *changes])
    log.warning("pack.act", act=new.act, no=new.no, pack=new.pack, replaces=new.replaces)
    return new


def _before(known: Catalogue, pack: str, at: datetime) -> str:
    """Return the hash of the pack that is in force everywhere but for one."""
    this = named(known, pack)
    acts = [act for act in known.acts if this.hash not in (act.pack, act.replaces)]
    editions = [one for one in known.editions if one.hash != this.hash]
    found = in_force(Catalogue(editions, acts), Place(), Moment(at, "UTC"))
    if not found:
        raise NothingLeftError(stores="*")
    return found


def _check_live(known: Catalogue, one: Edition, at: datetime) -> None:
    if one.hash not in {found.hash for found in live(known.editions, known.acts, at)}:
        raise NotLiveError(name=one.name, version=one.version)


def _check_left(
    known: Catalogue, new: StoredPublication, stores: Iterable[Store], at: datetime
) -> None:
    """Raise NothingLeftError for an act that would leave stores without a pack."""
    after = Catalogue(known.editions, [*known.acts, new])
    bare = []
    for one in stores:
        place, moment = Place(one.code, one.region), Moment(at, one.zone)
        if in_force(known, place, moment) and not in_force(after, place, moment):
            bare.append(one.code)
    if bare:
        raise NothingLeftError(stores=", ".join(bare[:NAMED_MAX]))


def _check_scope(scope: Scope, stores: Collection[Store]) -> None:
    if len(scope.stores) + len(scope.regions) > SCOPE_MAX:
        raise BadScopeError(most=SCOPE_MAX)
    unknown = {*scope.stores} - {one.code for one in stores}
    unknown |= {*scope.regions} - {one.region for one in stores}
    if unknown:
        raise UnknownPlaceError(names=", ".join(sorted(unknown)[:NAMED_MAX]))


def _instant(text: str) -> str:
    """Return a store-local instant as it is kept; raises BadInstantError."""
    if text == AT_ONCE:
        return AT_ONCE
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInstantError(text=text) from error
    if found.tzinfo is not None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise BadInstantError(text=text)
    return found.replace(microsecond=0).isoformat()


FIRST_YEAR, LAST_YEAR = 2020, 2999
