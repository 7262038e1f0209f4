"""Members at the centre: loaded, saved, found by card or phone, and told to every store."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from central import sets
from central.centre import Centre
from central.feed.service import NewChange, changed
from central.ledger import service as ledger
from central.ledger.rows import Locked
from central.members import store, word_store
from central.members.editing import counted
from central.members.joined import Ladder, as_edited, whole
from central.members.roll import Roll
from central.members.store import Identifier, IdentifierState, Member
from central.packs import service as packs
from central.schema import is_alone
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ledger.books import Account, Books
from shared.member import FamilyRole, FieldVersion, NamedDay, person_key
from shared.wire.codec import encode
from shared.wire.feed import GLOBAL
from shared.wire.rows import IdentifierRow, MemberRow, RowKind


def load(connection: Connection, ids: Iterable[UUID], indexes: Iterable[bytes]) -> Roll:
    """Read members, whoever claimed these indexes, and the survivors of all of them."""
    roll = Roll()
    identifiers = store.identifiers(connection, indexes)
    extend(connection, roll, {*ids, *(one.member for one in identifiers)})
    persons = store.persons(connection, {roll.survivor(one.member).id for one in identifiers})
    roll.enter((), identifiers, persons)
    return roll


def load_locked(
    connection: Connection, ids: Collection[UUID], indexes: Collection[bytes], accounts: set[UUID]
) -> tuple[Roll, Locked]:
    """Read members as `load` does, with these accounts and all of theirs locked: only under such a
    lock does a member change.

    Who they are must be known for that, so that they are read twice; more often only when they
    have been merged meanwhile.
    """
    roll = load(connection, ids, indexes)
    while True:
        known = roll.survivors | roll.payers
        locked = ledger.lock(connection, accounts, known)
        if is_alone(connection):
            return roll, locked
        roll = load(connection, ids, indexes)
        if roll.survivors | roll.payers <= known:
            return roll, locked


def lock(connection: Connection, indexes: Iterable[bytes]) -> None:
    """Let nobody else claim these indexes until the transaction ends; before they are read."""
    store.lock_indexes(connection, indexes)


def extend(connection: Connection, roll: Roll, ids: Iterable[UUID]) -> None:
    """Read more members, their survivors and on whose accounts these buy, with what their profiles
    were edited to."""
    wanted = set(ids)
    edited: list[UUID] = []
    while missing := wanted - roll.members.keys():
        found = store.members(connection, missing)
        roll.enter(found, (), ())
        edited += [member.id for member in found if member.edits]
        followed = (one for member in found for one in (member.merged_into, member.head))
        wanted = {one for one in followed if one is not None}
    if edited:
        roll.enter((), (), (), store.edits_of(connection, edited))
        merged = [one for one in edited if roll.members[one].merged_into is not None]
        survivors = {roll.survivor(one).id for one in merged}
        roll.limited |= store.limited_among(connection, survivors)


def load_ways(connection: Connection, roll: Roll, books: Books, ids: Iterable[UUID]) -> None:
    """Read all identifiers of members whose profiles are edited, and everybody who joined them."""
    living = {roll.survivor(one).id for one in ids if one in roll.members}
    if not living:
        return
    payers = {roll.payer(one) for one in living}
    accounts = [account for one in payers for account in books.accounts_of(one)]
    identifiers = store.identifiers_of(connection, living)
    owners = {account.owner for account in accounts} | {one.owner for one in identifiers}
    extend(connection, roll, owners)
    roll.enter((), identifiers, store.persons(connection, living))


def join_whole(connection: Connection, roll: Roll, member: UUID) -> None:
    """Read everybody who is one person with a member, without a lock: for a look."""
    living = roll.survivor(member).id
    books = ledger.load(connection, (), members=[roll.payer(living)])
    load_ways(connection, roll, books, [living])


def find(connection: Connection, centre: Centre, kind: IdentifierKind, value: str) -> list[Member]:
    """Return the living members that a normalised card number or phone finds."""
    index = blind_index(centre.keys.index, kind, value)
    roll = load(connection, (), [index])
    living = [one for one in roll.identifiers.values() if one.state is not IdentifierState.REVOKED]
    found = {member.id: member for member in (roll.survivor(one.member) for one in living)}
    return [found[member] for member in sorted(found)]


def learn(connection: Connection) -> None:
    """Let the database look how much there is by now, after very many members came at once."""
    tables = (store.MemberTable, store.IdentifierTable, store.IndexTable, store.PersonTable)
    sets.learn(connection, (*tables, store.EditTable, word_store.WordTable))


def save(connection: Connection, roll: Roll, books: Books) -> list[NewChange]:
    """Write what the roll changed; return the rows that stores must hear of, for the feed.

    A member's row carries his accounts' figures, so that it follows every account that moved.
    """
    store.upsert_members(connection, [roll.members[one] for one in sorted(roll.changed_members)])
    identifiers = [roll.identifiers[key] for key in sorted(roll.changed_identifiers)]
    store.upsert_identifiers(connection, identifiers)
    store.upsert_persons(connection, [roll.persons[one] for one in sorted(roll.changed_persons)])
    store.insert_edits(connection, roll.new_edits)
    word_store.note(connection, roll)
    touched = (books.accounts[account] for account in books.touched)
    moved = {account.member for account in touched if not account.is_bearer}
    told = _with_relatives(connection, roll, moved | roll.changed_members)
    owners = {account.owner for member in told for account in accounts_of(roll, books, member)}
    extend(connection, roll, owners)
    rows = [_row(roll, member, books, lambda: packs.ladder(connection)) for member in told]
    ways = [_as_shown(roll, books, one) for one in identifiers]
    return [*(changed(GLOBAL, row) for row in rows), *_identifier_changes(roll, ways)]


def accounts_of(roll: Roll, books: Books, member: UUID) -> list[Account]:
    """Return the accounts on which a member buys: new grants go to the first. A merged one has
    none, and all of a family have the same."""
    if roll.members[member].merged_into is not None:
        return []
    return books.accounts_of(roll.payer(member))


def _with_relatives(connection: Connection, roll: Roll, told: set[UUID]) -> list[UUID]:
    """Add those who buy on the accounts of members: their rows carry the same figures."""
    heads = {one for one in told if roll.members[one].relatives}
    if not heads:
        return sorted(told)
    relatives = store.relatives_of(connection, heads)
    extend(connection, roll, relatives)
    here = {one.id for one in roll.members.values() if one.head in heads}
    return sorted(told | {one for one in (*relatives, *here) if roll.members[one].head in heads})


def _as_shown(roll: Roll, books: Books, one: Identifier) -> Identifier:
    """Return an identifier as stores see it: who only earns for his family pays with his own."""
    living = roll.survivor(one.member)
    if one.account is not None or living.family_role != FamilyRole.EARNS:
        return one
    own = (account for account in accounts_of(roll, books, living.id) if account.owner == living.id)
    return replace(one, account=next((account.id for account in own), living.id))


def _row(roll: Roll, who: UUID, books: Books, ladder: Ladder) -> MemberRow:
    accounts = accounts_of(roll, books, who)
    others = (account.owner for account in accounts if account.owner != who)
    owners = dict.fromkeys(one for one in others if roll.survivor(one).id == who)
    joined = [roll.members[owner] for owner in owners]
    edits = counted(roll, who, owners)
    member = as_edited(whole(roll.members[who], joined, ladder), edits)
    return MemberRow(
        id=member.id,
        display_name=member.display_name,
        merged_into=member.merged_into,
        accounts=tuple(account.id for account in accounts),
        turnover_minor=sum(account.turnover_minor for account in accounts),
        receipts=sum(account.receipts for account in accounts),
        registered_on=member.registered_on,
        birthday=member.birthday,
        segments=tuple(member.segments.split()),
        tier_floor=member.tier_floor,
        home_store=member.home_store,
        person=member.person,
        referrer=member.referrer,
        tier_until=member.tier_until,
        dates=tuple(_named_days(member.dates)),
        joined=tuple(sorted({person_key(one.person, one.id) for one in joined})),
        versions=tuple(
            FieldVersion(field.value, edit.version, edit.verified) for field, edit in edits.items()
        ),
    )


def _named_days(text: str) -> Iterator[NamedDay]:
    for word in text.split():
        name, _, day = word.partition(":")
        yield NamedDay(name, date.fromisoformat(day))


def _identifier_changes(roll: Roll, identifiers: Iterable[Identifier]) -> Iterator[NewChange]:
    """Carry identifiers under index and owner: several members may share an index."""
    for one in identifiers:
        key = one.index + one.owner.bytes
        if one.is_shown:
            row = IdentifierRow(one.index, one.member, one.tail, one.account, one.role.value)
            yield NewChange(GLOBAL, RowKind.IDENTIFIER, key, encode(row))
        elif (one.index, one.owner) in roll.shown:
            yield NewChange(GLOBAL, RowKind.IDENTIFIER, key, None)
