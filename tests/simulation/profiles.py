"""The judge of profiles: which value of a field counts follows from what tills were told alone.

Each edit names the one whose value its till has shown. Its stamp is its own clock's, but no later
than when the centre had it, and at least a millisecond after that of what it replaces.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.simulation import laws
from tests.simulation.files import replica_of, rows_of
from tests.simulation.told import Store, ViolationError

CODE = 3
"""Characters of a store's code; a copy of its disk has one more."""
FIRST_NAME, VERSIONS = 1, 16
"""Places in a member's row."""
MERGED_INTO, BIRTHDAY = 2, 7
LIVES = "SELECT id, merged_into FROM member"
LIMITED = "SELECT DISTINCT owner FROM identifier WHERE account IS NOT NULL AND state <> 'revoked'"
OWNERS = "SELECT member, owner FROM account WHERE member <> owner"
PHONES = """
SELECT owner, hex("index") FROM identifier WHERE kind = 'phone' AND state <> 'revoked'"""
POSTED = """
SELECT inbox.id, fact.received_at FROM inbox JOIN fact ON fact.id = inbox.id
WHERE outcome IN ('accepted', 'adjusted') AND kind = 'member.edited'"""
OWN = "SELECT id, hlc, body FROM fact WHERE kind = 'member.edited'"


@dataclass(frozen=True, slots=True)
class Told:
    """An edit as a till has seen and heard it: what was shown before and after, by fields.

    Nothing is shown by rows that went back meanwhile, or that are not current.
    """

    store: str
    uid: str
    values: dict[str, str]
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Edit:
    """A value of a field of one member; ids are hex, stamps milliseconds."""

    store: str
    version: str
    member: str
    field: str
    value: str
    replaces: str
    stamp_ms: int
    phone: str = ""


@dataclass(slots=True)
class Profiles:
    """Everything that tills were told of profiles."""

    edits: dict[tuple[str, str], _Edit] = field(default_factory=dict)
    """By version and field."""

    def note(self, store: Store, told: Told) -> str:
        """Check what a till has shown, and keep what it was told; return the fact."""
        fact, stamp_ms, body = _fact_of(store, told.uid)
        if {name for name, _ in body["fields"]} != told.values.keys():
            raise ViolationError("profile", f"edit {told.uid} says {body['fields']}")
        for name, replaces in body["fields"]:
            known = replaces.hex() if replaces else ""
            edit = _Edit(
                told.store,
                fact,
                body["member"].hex(),
                name,
                told.values[name],
                known,
                stamp_ms,
                body["phone_index"].hex(),
            )
            self._check_shown(told, edit)
            self.edits[fact, name] = edit
        return fact

    def _check_shown(self, told: Told, edit: _Edit) -> None:
        """Check that an edit replaces what was shown, and that what was typed is shown then."""
        if edit.field == "phone":
            return
        if told.after.get(edit.field) not in (None, _displayed(edit)):
            raise ViolationError("profile", f"store {told.store} shows {told.after} of {edit}")
        before = self.edits.get((edit.replaces, edit.field))
        seen = told.before.get(edit.field)
        stood = [
            one.version
            for one in self.edits.values()
            if one.field == edit.field and _displayed(one) == seen
        ]
        if seen is not None and (before is None) != (not stood):
            raise ViolationError("profile", f"{edit} replaces {before}, shown was {seen}")
        if before is not None and seen not in (None, _displayed(before)):
            raise ViolationError("profile", f"{edit} replaces {before}, shown was {seen}")

    def check(self, central: Path, stores: Iterable[Store], fenced: str) -> None:
        """Check that the centre and every store show of everybody what counts."""
        if not self.edits:
            return
        capped, people = self._capped(central), _people(central)
        self._check_phones(central, capped)
        for store in stores:
            if not rows_of(store.journal, fenced):
                self._check_rows(store, capped, people)

    def check_shown(self, central: Path, code: str, member: str, shown: dict[str, str]) -> None:
        """Check that a cashier sees what counts; an edit that was set aside stays shown there, also
        on a copy of the store's disk."""
        capped, people = self._capped(central), _people(central)
        own = {key for key, edit in self.edits.items() if edit.store[:CODE] == code[:CODE]}
        aside = own - capped.keys()
        for name, seen in shown.items():
            edit = self._counts(capped, people, member, name)
            if edit is not None and not aside and seen != _displayed(edit):
                raise ViolationError("profile", f"store {code} shows {seen}, should {edit}")

    def _capped(self, central: Path) -> dict[tuple[str, str], int]:
        """Return the stamps of what is posted: no later than when the centre had it."""
        received = {fact: _ms(central, at) for fact, at in rows_of(central, POSTED)}
        return {
            key: min(edit.stamp_ms, received[edit.version])
            for key, edit in self.edits.items()
            if edit.version in received
        }

    def _check_rows(
        self, store: Store, capped: dict[tuple[str, str], int], people: dict[str, set[str]]
    ) -> None:
        for (body,) in rows_of(replica_of(store), laws.MEMBERS):
            row = msgspec.msgpack.decode(body)
            if row[MERGED_INTO] is not None:
                continue
            member = row[0].hex()
            told = {name: version.hex() for name, version, _ in row[VERSIONS]}
            should = {
                name: edit
                for name in ("name", "birthday", "phone")
                if (edit := self._counts(capped, people, member, name)) is not None
            }
            if told != {name: edit.version for name, edit in should.items()}:
                raise ViolationError("profile", f"{store.code}: {member} {told}, should {should}")
            shown = {"name": row[FIRST_NAME], "birthday": row[BIRTHDAY]}
            for name, edit in should.items():
                if name in shown and shown[name] != _displayed(edit):
                    raise ViolationError("profile", f"{store.code}: {member} is shown {shown}")

    def _counts(
        self,
        capped: dict[tuple[str, str], int],
        people: dict[str, set[str]],
        member: str,
        name: str,
    ) -> _Edit | None:
        """Return the edit of a field that counts: of a phone, each one's own."""
        group = {member} if name == "phone" else {member, *people.get(member, ())}
        mine = {
            edit.version: (edit, capped[key])
            for key, edit in self.edits.items()
            if key in capped and edit.member in group and edit.field == name
        }
        stamps: dict[str, int] = {}

        def stamp(version: str) -> int:
            edit, own = mine[version]
            if version not in stamps:
                before = stamp(edit.replaces) + 1 if edit.replaces in mine else 0
                stamps[version] = max(own, before)
            return stamps[version]

        latest = max(mine, key=lambda version: (stamp(version), version), default=None)
        return None if latest is None else mine[latest][0]

    def _check_phones(self, central: Path, capped: dict[tuple[str, str], int]) -> None:
        """Check that of the phones that tills were told the one that counts finds each member."""
        claimed: dict[str, set[str]] = defaultdict(set)
        for owner, index in rows_of(central, PHONES):
            claimed[owner].add(index.lower())
        for member in {edit.member for edit in self.edits.values() if edit.field == "phone"}:
            edit = self._counts(capped, {}, member, "phone")
            if edit is not None and claimed[member] != {edit.phone}:
                what = f"{member} is found by {claimed[member]}, should by {edit}"
                raise ViolationError("profile", what)


def _people(central: Path) -> dict[str, set[str]]:
    """Return who has joined whom, but for those who are limited to their own accounts."""
    limited = {owner for (owner,) in rows_of(central, LIMITED)}
    found: dict[str, set[str]] = defaultdict(set)
    for member, owner in rows_of(central, OWNERS):
        if owner not in limited:
            found[member].add(owner)
    return found


def _fact_of(store: Store, uid: str) -> tuple[str, int, dict[str, Any]]:
    """Return id, stamp and body of the fact that an edit has become, by the format of the wire."""
    for fact, hlc, body in rows_of(store.journal, OWN):
        if bytes.fromhex(uid) in body:
            return fact.hex(), hlc >> 16, msgspec.msgpack.decode(body)
    raise ViolationError("durable", f"store {store.code} has no fact of edit {uid}")


def _displayed(edit: _Edit) -> str:
    """Return a value as screens show it."""
    if edit.field != "name":
        return edit.value
    first, last = edit.value.split()
    return f"{first} {last[0]}."


def _ms(central: Path, at: str) -> int:
    query = "SELECT CAST(round((julianday(?) - 2440587.5) * 86400000) AS INTEGER)"
    return int(rows_of(central, query, at)[0][0])
