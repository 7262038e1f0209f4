"""Members as an import reads them: one row for each person, with all who joined him."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection

from central.imports.fields import DATE_PREFIX
from central.ledger import service as ledger
from central.members import service as members
from central.members import store
from central.members.editing import counted
from central.members.joined import as_edited, whole
from central.members.roll import Roll
from central.members.store import Identifier, IdentifierState, Person
from central.packs import service as packs
from shared.crypto.blind import IdentifierKind
from shared.ledger.books import Books
from shared.member import PhoneRole, ProfileField

MEMBERS_PER_READ = 500
COLUMNS = (
    "card", "phone", "phone_verified", "phone_role", "email", "name", "birthday", "registered_on",
    "store", "tier", "tier_until", "segments", "points", "points_until", "wallet", "turnover",
    "receipts", "consent",
)  # fmt: skip


def header(connection: Connection) -> tuple[str, ...]:
    """Return the columns: the named days that anybody has come last."""
    names = {
        word.partition(":")[0] for days in store.all_dates(connection) for word in days.split()
    }
    return (*COLUMNS, *(f"{DATE_PREFIX}{name}" for name in sorted(names)))


def rows(connection: Connection, columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield members who live on, in the order of ids; who has two wallets has a row for each."""
    after: UUID | None = None
    while found := store.living_after(connection, after, MEMBERS_PER_READ):
        roll = members.load(connection, found, ())
        books = ledger.load(connection, (), members={roll.payer(one) for one in found})
        members.load_ways(connection, roll, books, found)
        persons = {one.member: one for one in store.persons(connection, [*roll.members])}
        ways: dict[UUID, list[Identifier]] = {}
        for way in roll.identifiers.values():
            ways.setdefault(way.member, []).append(way)
        for member in found:
            shown = _Shown(connection, roll, books, persons, ways.get(member, []))
            for cells in shown.rows(member):
                yield [cells.get(name, "") for name in columns]
        after = found[-1]


class _Shown:
    """What is read of a page of members."""

    def __init__(
        self,
        connection: Connection,
        roll: Roll,
        books: Books,
        persons: Mapping[UUID, Person],
        ways: Sequence[Identifier],
    ) -> None:
        self._connection, self._roll, self._books = connection, roll, books
        self._persons, self._ways = persons, ways

    def rows(self, member: UUID) -> Iterator[dict[str, str]]:
        """Yield a member's row, and one with the points alone for each further wallet.

        What a family has stands in the row of its head.
        """
        accounts = members.accounts_of(self._roll, self._books, member)
        owners = dict.fromkeys(account.owner for account in accounts)
        own = [one for one in owners if self._roll.survivor(one).id == member]
        cells = self._person(member, own)
        accounts = accounts if self._roll.payer(member) == member else []
        cells["turnover"] = decimal(sum(account.turnover_minor for account in accounts))
        cells["receipts"] = str(sum(account.receipts for account in accounts))
        wallets: dict[str, list[tuple[int, str]]] = {}
        for account in accounts:
            for lot in self._books.lots_of(account.id):
                until = lot.expires_on.isoformat() if lot.expires_on else ""
                wallets.setdefault(lot.wallet, []).append((lot.balance, until))
        for wallet, lots in sorted(wallets.items()) or [("", [])]:
            days = {until for _, until in lots}
            points = {
                "points": decimal(sum(balance for balance, _ in lots)),
                "points_until": days.pop() if len(days) == 1 else "",
                "wallet": wallet,
            }
            yield {**cells, **points}

    def way(self, member: UUID) -> str:
        """Return a card of a member, else his phone."""
        cells = self._person(member, [member])
        return cells["card"].split(",")[0] or cells["phone"]

    def _person(self, member: UUID, owners: Sequence[UUID]) -> dict[str, str]:
        roll = self._roll
        joined = [roll.members[one] for one in dict.fromkeys(owners) if one != member]
        edits = counted(roll, member, [one.id for one in joined])
        own = whole(roll.members[member], joined, lambda: packs.ladder(self._connection))
        one = as_edited(own, edits)
        people = [self._persons[who] for who in (member, *owners) if who in self._persons]
        cards = dict.fromkeys(card for who in people for card in who.card.split(",") if card)
        phone = edits.get(ProfileField.PHONE)
        stated = next((who.phone for who in people if who.phone), "")
        email = edits.get(ProfileField.EMAIL)
        days = dict(_named(word) for word in one.dates.split())
        return {
            "card": ",".join(cards),
            "phone": (phone.value or "") if phone else stated,
            "phone_verified": "yes" if self._is_verified() else "",
            "phone_role": self._role(),
            "email": (email.value or "") if email else "",
            "name": roll.name_of(member),
            "birthday": one.birthday.isoformat() if one.birthday else "",
            "registered_on": one.registered_on.isoformat() if one.registered_on else "",
            "store": one.home_store,
            "tier": one.tier_floor or "",
            "tier_until": one.tier_until.isoformat() if one.tier_until else "",
            "segments": one.segments,
            "consent": next((who.consent for who in people if who.consent), ""),
            **days,
        }

    def _is_verified(self) -> bool:
        phone, verified = IdentifierKind.PHONE, IdentifierState.VERIFIED
        return any(one.kind is phone and one.state is verified for one in self._ways)

    def _role(self) -> str:
        roles = [one.role for one in self._ways if one.kind is IdentifierKind.PHONE]
        return "" if not roles or PhoneRole.OWN in roles else roles[0].value


def ways_of(connection: Connection, wanted: Iterable[UUID]) -> dict[UUID, str]:
    """Return by which card, else by which phone, an import finds members who live on."""
    roll = members.load(connection, wanted, ())
    ids = sorted(roll.members)
    books = ledger.load(connection, (), members=ids)
    members.load_ways(connection, roll, books, ids)
    persons = {one.member: one for one in store.persons(connection, [*roll.members])}
    shown = _Shown(connection, roll, books, persons, [])
    found = {member: shown.way(member) for member in wanted}
    return {member: way for member, way in found.items() if way}


def _named(word: str) -> tuple[str, str]:
    name, _, day = word.partition(":")
    return f"{DATE_PREFIX}{name}", day


def decimal(hundredths: int) -> str:
    """Write hundredths as an import reads them: `-1234.50`."""
    whole, part = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}.{part:02}"
