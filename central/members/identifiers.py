"""Who claimed which index: cards and phones, looked up by index and by owner."""

from dataclasses import dataclass, field, replace
from itertools import islice
from uuid import UUID

from central.members.store import Identifier, IdentifierState
from shared.crypto.blind import IdentifierKind


@dataclass(slots=True)
class Identifiers:
    """Identifiers by index and owner, as they are now."""

    identifiers: dict[tuple[bytes, UUID], Identifier] = field(default_factory=dict)
    changed_identifiers: set[tuple[bytes, UUID]] = field(default_factory=set)
    shown: set[tuple[bytes, UUID]] = field(default_factory=set)
    """Identifiers that stores have heard of."""
    _by_index: dict[bytes, list[UUID]] = field(default_factory=dict)
    _by_owner: dict[UUID, list[bytes]] = field(default_factory=dict)
    _sorted: int = 0
    """How many identifiers stand in the two above: the first ones, in the order of entry."""

    def is_claimed(self, index: bytes) -> bool:
        """Tell whether anybody has, or had, an index."""
        self._sort()
        return bool(self._by_index.get(index))

    def claims_on(self, index: bytes) -> list[Identifier]:
        """Return who has claimed an index, the first one first."""
        self._sort()
        return [self.identifiers[(index, owner)] for owner in self._by_index.get(index, ())]

    def claims_of(self, owner: UUID) -> list[Identifier]:
        """Return what a member has claimed himself."""
        self._sort()
        return [self.identifiers[(index, owner)] for index in self._by_owner.get(owner, ())]

    def phones_of(self, member: UUID) -> list[Identifier]:
        """Return the phones that a member has claimed himself, as his own."""
        known = (one for one in self.claims_of(member) if one.is_own_phone)
        return [one for one in known if one.state is not IdentifierState.REVOKED]

    def add_card(self, member: UUID, index: bytes, tail: str) -> None:
        """Let one more card find a member who has one, and redeem what that one may."""
        kind = IdentifierKind.CARD
        one = next((own for own in self.claims_of(member) if own.kind is kind), None)
        assert one is not None, f"member {member} has no card"
        self.claim(replace(one, index=index, tail=tail))

    def claim(self, one: Identifier) -> None:
        """Enter how a member is found now."""
        self._sort()
        self.identifiers[(one.index, one.owner)] = one
        self.changed_identifiers.add((one.index, one.owner))
        if len(self.identifiers) > self._sorted:
            self._enter_key(one.index, one.owner)

    def _sort(self) -> None:
        if len(self.identifiers) > self._sorted:
            for index, owner in islice(self.identifiers, self._sorted, None):
                self._enter_key(index, owner)

    def _enter_key(self, index: bytes, owner: UUID) -> None:
        self._by_index.setdefault(index, []).append(owner)
        self._by_owner.setdefault(owner, []).append(index)
        self._sorted += 1

    def forget(self, key: tuple[bytes, UUID]) -> None:
        """Drop an identifier of somebody who is erased; the caller removes its row."""
        self._sort()
        if self.identifiers.pop(key, None) is not None:
            index, owner = key
            self._by_index[index].remove(owner)
            self._by_owner[owner].remove(index)
            self._sorted -= 1
        self.changed_identifiers.discard(key)
