"""Members by the million, as the rows of a centre whose changes have long been counted.

They are rows of the streams alone, written with the stores' own functions: who sells has to be
registered. What a member looks like follows from his chunk's number, so that a build that was
stopped goes on with the same members. Ids and indexes rise with the number, as if members had come
in that order: rows sorted by their keys cost a database a tenth.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.feed import store as feed
from central.schema import table_of
from central.sets import insert_rows
from central.snapshots import service as snapshots
from central.snapshots import store as rows
from central.snapshots.store import Count, Part
from shared.crypto.blind import INDEX_BYTES
from shared.ids import uuid7
from shared.runtime.sqlite import transaction
from shared.wire.codec import encode
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import (
    AccountRow,
    Holding,
    IdentifierRow,
    LeaseRow,
    LotRow,
    MemberRow,
    Row,
    key_of,
    kind_of,
)
from shared.wire.snapshot import StoredRow, added, part_of, tally_of

CHUNK = 10_000
"""Members of one transaction."""
MEMBERS_PER_STORE = 4_000
HOME_PERCENT, SECOND_PERCENT = 60, 30
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=1200)
CACHE = "PRAGMA cache_size = -262144"
_NAMES = (
    "Анна", "Мария", "Елена", "Ольга", "Наталья", "Ирина", "Светлана", "Татьяна", "Екатерина",
    "Юлия", "Александр", "Сергей", "Дмитрий", "Алексей", "Андрей", "Михаил", "Иван", "Максим",
    "Владимир", "Николай", "Павел", "Роман", "Виктор", "Егор", "Кирилл", "Людмила", "Галина",
    "Валентина", "Алина", "Дарья", "Полина", "Вера", "Нина", "Константин", "Олег", "Артём",
)  # fmt: skip
_INITIALS = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯ"
_PLACE_BYTES = 5


@dataclass(frozen=True, slots=True)
class Mass:
    """How many members there are, in which stores, and the agents whose leases are told."""

    members: int
    codes: tuple[str, ...]
    agents: Mapping[str, UUID] = field(default_factory=dict)
    seed: str = "mass"

    @property
    def chunks(self) -> int:
        """Into how many transactions they are divided."""
        return -(-self.members // CHUNK)


def stores_for(members: int) -> int:
    """Return how many stores so many members have."""
    return max(2, members // MEMBERS_PER_STORE)


def build(centre: Centre, mass: Mass, note: Callable[[int], None]) -> None:
    """Write the rows of all members that are not there yet; `note` hears of each chunk.

    Everything that the feed has must be counted. Repeating goes on behind the last chunk.
    """
    told = _told(centre, mass)
    for no in range(told, mass.chunks):
        streams: defaultdict[str, list[StoredRow]] = defaultdict(list)
        for stream, row in chunk_of(mass, no):
            streams[stream].append(StoredRow(kind_of(row).value, key_of(row), encode(row)))
        with transaction(centre.engine) as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(CACHE)
            for stream in sorted(streams):
                _write(connection, stream, streams[stream])
            _note(connection, mass, no + 1)
        note(no + 1)


def count(centre: Centre) -> None:
    """Count everything that the feed has into the rows that snapshots are read from."""
    while snapshots.run(centre, centre.clock.now()):
        pass


def chunk_of(mass: Mass, no: int) -> Iterator[tuple[str, Row]]:
    """Return the rows of a chunk's members, each with its stream."""
    chance = random.Random(f"{mass.seed}/{no}")
    for number in range(no * CHUNK, min((no + 1) * CHUNK, mass.members)):
        home = mass.codes[number * len(mass.codes) // mass.members]
        yield from _member(chance, mass, number, (home, chance.choice(mass.codes)))


def _member(
    chance: random.Random, mass: Mass, number: int, stores: tuple[str, str]
) -> Iterator[tuple[str, Row]]:
    at = FIRST + SPAN * (number / mass.members)
    member, account = uuid7(at, chance), uuid7(at, chance)
    place = ((number << 8 * _PLACE_BYTES) // mass.members).to_bytes(_PLACE_BYTES, "big")
    card, phone = (place + chance.randbytes(INDEX_BYTES - _PLACE_BYTES) for _ in range(2))
    lots = tuple(_lot(chance, stores) for _ in range(chance.choice((1, 1, 2))))
    receipts = chance.randrange(60)
    yield (
        GLOBAL,
        MemberRow(
            id=member,
            display_name=f"{chance.choice(_NAMES)} {chance.choice(_INITIALS)}.",
            merged_into=None,
            accounts=(account,),
            turnover_minor=receipts * chance.randrange(200_00, 3000_00),
            receipts=receipts,
            registered_on=at.date(),
            birthday=date(1950 + chance.randrange(55), chance.randrange(1, 13), 7),
            segments=(),
            tier_floor=None,
            home_store=stores[0],
            person=phone,
        ),
    )
    tail = f"{chance.randrange(10_000):04}"
    yield GLOBAL, IdentifierRow(card, member, tail, None)
    yield GLOBAL, IdentifierRow(phone, member, tail, None)
    yield GLOBAL, AccountRow(account, member, 0, lots)
    for lot in lots:
        for holding in lot.holdings:
            if holding.store in mass.agents:
                lease = lease_of(lot, account, mass.agents[holding.store], holding.amount)
                yield store_stream(holding.store), lease


def _lot(chance: random.Random, stores: tuple[str, str]) -> LotRow:
    amount = chance.randrange(1_00, 900_00)
    home, second = stores
    shares = {second: SECOND_PERCENT, home: HOME_PERCENT}
    at = FIRST + SPAN + timedelta(days=chance.randrange(90), seconds=chance.randrange(86_400))
    return LotRow(
        id=UUID(bytes=chance.randbytes(16)),
        wallet="bonus",
        kind="purchase",
        amount=amount,
        activates_at=at,
        expires_on=at.date() + timedelta(days=365),
        holdings=tuple(Holding(code, amount * share // 100) for code, share in shares.items()),
    )


def lease_of(lot: LotRow, account: UUID, agent: UUID, granted: int) -> LeaseRow:
    """Return an agent's lease of a lot."""
    return LeaseRow(
        lot=lot.id,
        account=account,
        agent=agent,
        epoch=1,
        granted=granted,
        wanted_back=0,
        wallet=lot.wallet,
        activates_at=lot.activates_at,
        expires_on=lot.expires_on,
    )


def _write(connection: Connection, stream: str, new: list[StoredRow]) -> None:
    """Write rows as if they had been told, counted and forgotten as changes."""
    before = rows.locked_count(connection, stream)
    taken = feed.take_numbers(connection, {stream: len(new)})
    assert taken[stream] == before.number, f"{stream}: not everything is counted"
    number = before.number + len(new)
    feed.drop_changes(connection, stream, number)
    parts: defaultdict[int, list[StoredRow]] = defaultdict(list)
    for row in new:
        parts[part_of(row.kind, row.key)].append(row)
    names = ("stream", "kind", "key", "part", "row")
    values = [
        (stream, row.kind, row.key, no, row.row) for no, mine in parts.items() for row in mine
    ]
    values.sort(key=lambda one: (one[1], one[2]))
    insert_rows(connection, table_of(rows.RowTable), names, values)
    known = {part.no: part for part in rows.parts(connection, stream)}
    total, changed = before.sum, list[Part]()
    for no, mine in parts.items():
        part, came = known.get(no, Part(no)), tally_of(mine)
        total = added(total, came)
        changed.append(
            replace(
                part,
                rows=part.rows + len(mine),
                size_bytes=part.size_bytes + sum(len(row.key) + len(row.row) for row in mine),
                sum=added(part.sum, came),
                changed_at=number,
            )
        )
    rows.put_parts(connection, stream, changed)
    rows.put_count(connection, stream, Count(number, total))


_TOLD = "CREATE TABLE IF NOT EXISTS mass (seed TEXT PRIMARY KEY, members BIGINT, chunks BIGINT)"


def _told(centre: Centre, mass: Mass) -> int:
    with transaction(centre.engine) as connection:
        connection.exec_driver_sql(_TOLD)
        query = "SELECT members, chunks FROM mass WHERE seed = ?"
        found = connection.exec_driver_sql(query, (mass.seed,)).first()
    assert found is None or found[0] == mass.members, "another mass is half built here"
    return found[1] if found else 0


def _note(connection: Connection, mass: Mass, chunks: int) -> None:
    values = (mass.seed, mass.members, chunks)
    connection.exec_driver_sql("INSERT OR REPLACE INTO mass VALUES (?, ?, ?)", values)
