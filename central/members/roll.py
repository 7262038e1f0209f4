"""The members that one transaction may touch, and how a newcomer takes his place among them.

Pure: the caller has loaded everyone whom the newcomers' identifiers may mean.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from central.members.identifiers import Identifiers
from central.members.newcomer import Newcomer, Place, Placed
from central.members.profile import Edit, in_force
from central.members.store import Identifier, IdentifierState, Member, MemberState, Person
from shared.crypto.blind import IdentifierKind
from shared.ledger.books import Account, Books
from shared.member import FamilyRole, PhoneRole, ProfileField, display_name
from shared.names import compatible

PHONE_TAIL_DIGITS = 4
_VERIFIED = IdentifierState.VERIFIED


@dataclass(slots=True)
class Roll(Identifiers):
    """Members by id, their names, and who claimed which index."""

    members: dict[UUID, Member] = field(default_factory=dict)
    persons: dict[UUID, Person] = field(default_factory=dict)
    changed_members: set[UUID] = field(default_factory=set)
    changed_persons: set[UUID] = field(default_factory=set)
    edits: dict[UUID, list[Edit]] = field(default_factory=dict)
    """What profiles were edited to, by member."""
    new_edits: list[Edit] = field(default_factory=list)
    limited: set[UUID] = field(default_factory=set)
    """Who joined others by a phone that is only claimed, of those with edits."""

    def survivor(self, member: UUID) -> Member:
        """Follow merges to the member that lives on."""
        found = self.members[member]
        while found.merged_into is not None:
            found = self.members[found.merged_into]
        return found

    def payer(self, member: UUID) -> UUID:
        """Return on whose accounts a member buys: on his own, or on those of his family's head."""
        living = self.survivor(member)
        return living.id if living.head is None else self.survivor(living.head).id

    @property
    def survivors(self) -> set[UUID]:
        """The members that live on, of all these."""
        return {self.survivor(member).id for member in self.members}

    @property
    def payers(self) -> set[UUID]:
        """The members on whose accounts all these buy."""
        return {self.payer(member) for member in self.members}

    def group(self, member: UUID) -> list[UUID]:
        """Return who is one person with a member, as far as his profile counts for all of them.

        Who has joined by a phone that is only claimed does not say what the others are called, and
        they do not say it of him.
        """
        if self.is_limited(member):
            return [member]
        return [one for one in self.joined(member) if not self.is_limited(one)]

    def joined(self, member: UUID) -> list[UUID]:
        """Return who lives on in the same member."""
        living = self.survivor(member).id
        return [one for one in self.members if self.survivor(one).id == living]

    def is_limited(self, member: UUID) -> bool:
        """Tell whether a member's cards redeem nothing but his own account."""
        claims = self.claims_of(member)
        limits = [one.account for one in claims if one.state is not IdentifierState.REVOKED]
        return any(limits) if limits else member in self.limited

    def note_limits(self, books: Books, owners: Iterable[UUID]) -> None:
        """Note on the accounts of owners, who are loaded with all that finds them, whether these
        redeem nothing else: who joined by a claimed phone, whom he brought, who only earns for his
        family."""
        for owner in set(owners):
            living = self.survivor(owner)
            limited = living.family_role == FamilyRole.EARNS or self._is_claimed(owner, living.id)
            for account in books.accounts_of(self.payer(owner)):
                if account.owner == owner:
                    books.limit(account, limited=limited)

    def _is_claimed(self, one: UUID, living: UUID) -> bool:
        into = self.members[one].merged_into
        if into is None or into == living or self.is_limited(one):
            return self.is_limited(one)
        return self._is_claimed(into, living)

    def edits_of(self, members: Iterable[UUID], field: ProfileField) -> list[Edit]:
        """Return to what a field of these members was edited."""
        return [edit for one in members for edit in self.edits.get(one, ()) if edit.field is field]

    def name_of(self, member: UUID) -> str:
        """Return by which name a member is known; empty if by none."""
        group = self.group(member) if self.edits else ()
        edited = in_force(self.edits_of(group, ProfileField.NAME))
        known = self.persons.get(member)
        return edited.value or "" if edited else known.name if known else ""

    def add_edit(self, edit: Edit) -> None:
        """Keep a value to which a profile was edited; whoever shows it is told anew."""
        member = self.members[edit.member]
        self.edits.setdefault(edit.member, []).append(edit)
        self.new_edits.append(edit)
        self.put(replace(member, edits=member.edits + 1))
        self.changed_members.add(self.survivor(edit.member).id)

    def provisional(self, member: UUID, at: datetime) -> None:
        """Enter a member whose registration has not arrived, unless he is known."""
        if member not in self.members:
            self.put(Member(member, MemberState.PROVISIONAL, at))

    def register(self, books: Books, newcomer: Newcomer) -> Placed:
        """Enter a newcomer; who has the same phone under a compatible name takes him in.

        The caller has checked that the member is not registered and the account not another's.
        """
        self._enter(newcomer)
        account = books.open(newcomer.account, newcomer.member, newcomer.known_at)
        living = self.survivor(newcomer.member)
        self._claim_other(newcomer, living.id)
        if living.id != newcomer.member:  # merged by hand before the registration came
            self.give(books, account)
            self._claim(newcomer, IdentifierKind.CARD, living.id, None)
            self._claim(newcomer, IdentifierKind.PHONE, living.id, None)
            return Placed(Place.NEW)
        on_card = self.owners(newcomer.card_index, newcomer.member)
        on_phone = self.owners(newcomer.phone_index, newcomer.member)
        same = [other for other in on_phone if self._same_name(other, newcomer)]
        if len(same) == 1 and not on_card:
            self._merge(books, newcomer, same[0])
            return Placed(Place.MERGED, tuple(same))
        self._claim(newcomer, IdentifierKind.CARD, newcomer.member, None)
        self._claim(newcomer, IdentifierKind.PHONE, newcomer.member, None)
        if on_card:
            return Placed(Place.SHARED_CARD, tuple(on_card))
        return Placed(Place.SHARED_PHONE if on_phone else Place.NEW, tuple(on_phone))

    def give(self, books: Books, account: Account) -> None:
        """Give an account that was opened to him on whose accounts its owner buys."""
        payer, living = self.payer(account.owner), self.survivor(account.owner)
        own = (one for one in books.accounts_of(payer) if one.owner == account.owner)
        earns = living.family_role == FamilyRole.EARNS
        books.limit(account, limited=earns or any(one.limited for one in own))
        if account.member != payer:
            books.repoint(account, payer)

    def join(self, books: Books, member: UUID, survivor: UUID) -> None:
        """Merge a living member into another; no point moves, and what joined him comes along.

        The caller has loaded all accounts and identifiers of both.
        """
        joining = self.members[member]
        assert joining.merged_into is None, f"member {member} is merged already"
        assert not joining.is_in_family, f"member {member} is in a family"
        assert self.survivor(survivor).id == survivor != member, f"member {survivor} is merged"
        self.put(replace(joining, state=MemberState.MERGED, merged_into=survivor))
        self._follow(books)
        self.note_limits(books, self.joined(survivor))

    def part(self, books: Books, member: UUID) -> None:
        """Let a merged member live on his own again, with whatever has joined him.

        His cards redeem all that is his then. The caller has loaded all accounts and identifiers of
        the survivor.
        """
        parting = self.members[member]
        assert parting.merged_into is not None, f"member {member} is not merged"
        former = self.survivor(member).id
        known = parting.registered_on is not None
        state = MemberState.ACTIVE if known else MemberState.PROVISIONAL
        self.put(replace(parting, state=state, merged_into=None))
        self._free(member)
        self._follow(books)
        if all(one.owner == former for one in self.identifiers.values() if one.member == former):
            self._free(former)
        self.note_limits(books, [*self.joined(member), *self.joined(former)])

    def share(self, books: Books, member: Member, head: Member) -> None:
        """Put a relative and a head as they are now; his accounts follow, and all that finds him is
        told anew. The caller has loaded all accounts and identifiers of both."""
        self.put(member)
        self.put(head)
        self._follow(books)
        self.note_limits(books, self.joined(member.id))
        self.changed_identifiers |= {
            key for key, one in self.identifiers.items() if one.member == member.id
        }

    def _free(self, member: UUID) -> None:
        """Let all that a member has claimed himself find him, and redeem all that is his."""
        for one in self.claims_of(member):
            self._claim_freely(one, joined=IdentifierState.CLAIMED)

    def verify(self, member: UUID) -> None:
        """Note that a person has shown that a member's phone is his: his cards are limited no more
        if it is also the phone of somebody with whom he is one, and who is not limited.

        What others claim of the same phone stays claimed. The caller has loaded all identifiers of
        the survivor, and notes the limits of accounts.
        """
        is_one = self._has_phone_of_his_person(member)
        for one in self.claims_of(member):
            if one.state is not IdentifierState.REVOKED:
                shown = replace(one, state=_VERIFIED) if one.is_own_phone else one
                if is_one:
                    self._claim_freely(shown)
                else:
                    self.claim(shown)
        self.changed_members.add(self.survivor(member).id)

    def _has_phone_of_his_person(self, member: UUID) -> bool:
        living = self.survivor(member).id
        return any(
            one.is_own_phone and one.account is None and one.member == living
            for phone in self.phones_of(member)
            for one in self.claims_on(phone.index)
            if one.owner != member and one.state is not IdentifierState.REVOKED
        )

    def _claim_freely(
        self, one: Identifier, joined: IdentifierState = IdentifierState.JOINED
    ) -> None:
        """Let an identifier redeem all that is its member's."""
        state = joined if one.state is IdentifierState.JOINED else one.state
        self.identifiers[(one.index, one.owner)] = replace(one, account=None, state=state)
        self.changed_identifiers.add((one.index, one.owner))

    def _follow(self, books: Books) -> None:
        """Point identifiers to whom their owners have become, and accounts to who buys on them.

        Owners who are not loaded are of others: nothing has become of them.
        """
        for account in [*books.accounts.values()]:
            if account.is_bearer or account.owner not in self.members:
                continue
            now = self.payer(account.owner)
            if account.member != now:
                self.changed_members |= {account.member, now}
                books.repoint(account, now)
        known = [item for item in self.identifiers.items() if item[1].owner in self.members]
        for key, one in known:
            now = self.survivor(one.owner).id
            if one.member != now:
                self.identifiers[key] = replace(one, member=now)
                self.changed_identifiers.add(key)

    def _enter(self, newcomer: Newcomer) -> None:
        before = self.members.get(newcomer.member)
        merged_into = before.merged_into if before else None
        self.put(
            Member(
                id=newcomer.member,
                state=MemberState.MERGED if merged_into else MemberState.ACTIVE,
                merged_into=merged_into,
                known_at=before.known_at if before else newcomer.known_at,
                display_name=display_name(newcomer.person.name),
                registered_on=newcomer.day,
                birthday=newcomer.birthday,
                segments=newcomer.segments,
                tier_floor=newcomer.tier_floor,
                tier_until=newcomer.tier_until,
                dates=newcomer.dates,
                home_store=newcomer.store,
                person=newcomer.phone_index,
                referrer=newcomer.referrer if newcomer.referrer in self.members else None,
                edits=before.edits if before else 0,
            )
        )
        self.persons[newcomer.member] = newcomer.person
        self.changed_persons.add(newcomer.member)

    def owners(self, index: bytes, but: UUID) -> list[Member]:
        """Return the living members whose own an index is, the one known longest first."""
        found = {
            self.survivor(one.member).id
            for one in self.claims_on(index)
            if index and one.state is not IdentifierState.REVOKED and one.role is PhoneRole.OWN
        }
        others = [self.members[member] for member in found - {but}]
        return sorted(others, key=lambda member: (member.known_at, member.id))

    def _same_name(self, other: Member, newcomer: Newcomer) -> bool:
        return compatible(self.name_of(other.id), newcomer.person.name)

    def _merge(self, books: Books, newcomer: Newcomer, survivor: Member) -> None:
        """Join the newcomer's account and card to the survivor; move no points.

        The phone is only claimed, so that the card redeems nothing but its own account: else
        anyone could register your number and spend your points.
        """
        merged = replace(
            self.members[newcomer.member], state=MemberState.MERGED, merged_into=survivor.id
        )
        self.put(merged)
        for account in books.accounts_of(newcomer.member):
            books.limit(account, limited=True)
            books.repoint(account, self.payer(survivor.id))
        self._claim(newcomer, IdentifierKind.CARD, survivor.id, newcomer.account)
        self._claim(newcomer, IdentifierKind.PHONE, survivor.id, newcomer.account)
        self.changed_members.add(survivor.id)

    def _claim(
        self, newcomer: Newcomer, kind: IdentifierKind, member: UUID, account: UUID | None
    ) -> None:
        is_card = kind is IdentifierKind.CARD
        index = newcomer.card_index if is_card else newcomer.phone_index
        if not index:
            return
        joined = not is_card and account is not None
        state = IdentifierState.JOINED if joined else IdentifierState.CLAIMED
        tail = newcomer.card_tail if is_card else newcomer.person.phone[-PHONE_TAIL_DIGITS:]
        self.claim(Identifier(index, newcomer.member, member, kind, tail, account, state))

    def _claim_other(self, newcomer: Newcomer, member: UUID) -> None:
        """Let a phone that is not the newcomer's own find him: others keep it, it is no case."""
        index = newcomer.other_phone_index
        if index:
            tail, kind = newcomer.person.phone[-PHONE_TAIL_DIGITS:], IdentifierKind.PHONE
            state = IdentifierState.CLAIMED
            owner, role = newcomer.member, newcomer.role
            self.claim(Identifier(index, owner, member, kind, tail, None, state, role))

    def put(self, member: Member) -> None:
        """Enter a member as he is now."""
        self.members[member.id] = member
        self.changed_members.add(member.id)

    def enter(
        self,
        members: Iterable[Member],
        identifiers: Iterable[Identifier],
        persons: Iterable[Person],
        edits: Iterable[Edit] = (),
    ) -> None:
        """Enter what the database has."""
        self.members.update((member.id, member) for member in members)
        found = {(one.index, one.owner): one for one in identifiers}
        self.identifiers.update(found)
        self.shown |= {key for key, one in found.items() if one.is_shown}
        self.persons.update((person.member, person) for person in persons)
        for edit in edits:
            self.edits.setdefault(edit.member, []).append(edit)
