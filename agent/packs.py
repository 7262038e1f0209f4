"""The shelf of packs: each verified and compiled once, chosen by publications and local time."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.crypto.keys import verify
from shared.errors import Kind, LoyaltyError
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.features import FEATURES
from shared.rules.force import Place, newest_first, to_come
from shared.rules.moment import Moment
from shared.rules.pack import PackError, load_canonical, pack_hash, required_features
from shared.rules.result import Sentence
from shared.runtime.zones import EDITION
from shared.wire.agents import pack_signing_bytes, publication_bytes
from shared.wire.rows import KeysRow, PackRow, PublicationRow

READY_MAX: Final = 4
"""Publications for other stores whose packs are kept ready."""
MISSING_MAX: Final = 20
"""Names of missing features that a status shows."""


class NoPackError(LoyaltyError):
    """No pack of rules that this agent may use has arrived yet."""

    kind = Kind.UNAVAILABLE
    code = "no_pack"
    ru = "Правила программы ещё не загружены. Проверьте связь с центром."
    en = "The programme's rules are not here yet. Check the line to the centre."


@dataclass(frozen=True, slots=True)
class Refused:
    """A published pack that this agent does not use, and why."""

    hash: str
    reason: Sentence


@dataclass(frozen=True, slots=True)
class Published:
    """The packs of a store, and what says from when and where each counts."""

    packs: Sequence[PackRow]
    publications: Sequence[PublicationRow]
    keys: KeysRow | None
    place: Place
    zone: str


class PackShelf:
    """Compiled packs by hash; safe for several threads."""

    def __init__(self, zones: str = EDITION) -> None:
        self._zones = zones
        """Edition of the time zone database that this process reads."""
        self._compiled: dict[str, CompiledPack] = {}
        self._refused: dict[tuple[str, int], Refused] = {}
        """By pack and by the version of the key list that it was judged under."""
        self._lock = threading.Lock()

    def refused(self) -> list[Refused]:
        """Tell which published packs this agent does not use."""
        with self._lock:
            return [
                verdict for verdict in self._refused.values() if verdict.hash not in self._compiled
            ]

    def damaged(self) -> bool:
        """Tell whether a pack is not whole: so none is published, its row was damaged here."""
        return any(one.reason is _NOT_WHOLE for one in self.refused())

    def ready(self) -> list[str]:
        """Tell which packs are compiled, by hash."""
        with self._lock:
            return sorted(self._compiled)

    def effective(self, published: Published, at: datetime) -> CompiledPack:
        """Return the last pack whose time has come; raises NoPackError, UnknownZoneError.

        A pack that this agent does not understand is passed over: the last good one stays.
        """
        for row, has_come in _newest_first(published, at):
            if has_come:
                pack = self.load(row, published.keys)
                if pack is not None:
                    return pack
        raise NoPackError

    def prepare(self, published: Published, at: datetime) -> None:
        """Compile the pack that is in force and those to come, so that no sale waits for it; also
        what was published last for other stores: it may be widened to this one.

        For when rows have changed: what was refused as if its row was damaged is judged again.
        """
        with self._lock:
            self._refused = {
                verdict: refused
                for verdict, refused in self._refused.items()
                if refused.reason not in _OF_DAMAGE
            }
        for row, has_come in _newest_first(published, at):
            if self.load(row, published.keys) is not None and has_come:
                break
        moment = Moment(at, published.zone)
        awaited = set(to_come(published.publications, published.place, moment))
        latest = sorted(published.publications, key=lambda act: act.no, reverse=True)
        awaited.update(act.pack for act in latest[:READY_MAX])
        for row in published.packs:
            if row.hash in awaited:
                self.load(row, published.keys)

    def load(self, row: PackRow, keys: KeysRow | None) -> CompiledPack | None:
        """Return a pack, compiled; None when this agent may not use it.

        What has been judged before is told at once, also while another pack is being compiled.
        """
        verdict = (row.hash, keys.version if keys else 0)
        known = self._compiled.get(row.hash)
        if known is not None or verdict in self._refused:
            return known
        with self._lock:
            if row.hash not in self._compiled and verdict not in self._refused:
                reason = self._admit(row, keys)
                if reason is not None:
                    self._refused[verdict] = Refused(row.hash, reason)
            return self._compiled.get(row.hash)

    def _admit(self, row: PackRow, keys: KeysRow | None) -> Sentence | None:
        """Compile a pack that is whole, signed and understood; else return why not.

        What it requires is asked first: a newer pack may not even parse here.
        """
        fault = _fault(row, keys)
        if fault is not None:
            return fault
        try:
            missing = required_features(row.body) - FEATURES
            if missing:
                return _needs(sorted(missing))
            pack = load_canonical(row.body)
            if pack.tz > self._zones:
                return _older_zones(pack.tz, self._zones)
            self._compiled[row.hash] = compile_pack(pack, pack_hash=row.hash)
        except PackError as error:
            return Sentence(error.code, error.sentence("ru"), error.sentence("en"))
        return None


def genuine(rows: Iterable[PublicationRow], keys: KeysRow | None) -> tuple[PublicationRow, ...]:
    """Return the publications that a key of the list has signed."""
    known = () if keys is None else keys.pack_keys
    return tuple(
        row
        for row in rows
        if any(verify(key, publication_bytes(row), row.signature) for key in known)
    )


def _newest_first(published: Published, at: datetime) -> Iterator[tuple[PackRow, bool]]:
    moment = Moment(at, published.zone)
    return newest_first(published.packs, published.publications, published.place, moment)


def _needs(missing: Sequence[str]) -> Sentence:
    named = ", ".join(missing[:MISSING_MAX])
    return Sentence(
        "features_missing",
        f"Агент не умеет: {named}. Обновите агента; действует прежний пакет.",
        f"The agent lacks: {named}. Update it; the pack before stays in force.",
    )


def _older_zones(wanted: str, here: str) -> Sentence:
    return Sentence(
        "zones_older",
        f"База часовых поясов агента ({here}) старше, чем у пакета ({wanted}). Обновите агента; "
        "действует прежний пакет.",
        f"The agent's time zones ({here}) are older than the pack's ({wanted}). Update it; the "
        "pack before stays in force.",
    )


def _fault(row: PackRow, keys: KeysRow | None) -> Sentence | None:
    if keys is None:
        return _NO_KEYS
    if pack_hash(row.body) != row.hash:
        return _NOT_WHOLE
    message = pack_signing_bytes(row.hash)
    if not any(verify(key, message, row.signature) for key in keys.pack_keys):
        return _NOT_SIGNED
    return None


_NO_KEYS: Final = Sentence(
    "no_keys", "Список ключей ещё не получен.", "The list of keys has not arrived yet."
)
_NOT_WHOLE: Final = Sentence(
    "hash_differs", "Содержимое пакета не даёт его хеш.", "The bytes do not give the hash."
)
_NOT_SIGNED: Final = Sentence(
    "not_signed",
    "Пакет не подписан ключом из списка.",
    "The pack is not signed by a key of the list.",
)
_OF_DAMAGE: Final = (_NOT_WHOLE, _NOT_SIGNED)
