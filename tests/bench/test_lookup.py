"""Finding a member in the replica: our stores beside the same look-ups by hand."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.members.search import find_by_name
from agent.replica import store
from shared.clock import SystemClock
from shared.runtime.sqlite import reading
from shared.wire.codec import decoder
from shared.wire.rows import MemberRow
from tests.bench.crowd import crowded_shop
from tests.bench.results import Comparison, in_turn, now_text, write_down
from tests.builders import Person, Shop, identifier_rows
from tests.vaults import VAULT

MEMBERS = 100_000
ROUNDS = 5_000
RATIO_MAX = 2.0
IDENTIFIED = "SELECT row FROM row WHERE kind = 'identifier' AND key >= ? AND key < ? ORDER BY key"
CONTAINING = """
SELECT row FROM row WHERE kind = 'member' AND (instr(row, ?) OR instr(row, ?))"""
SEARCHES = 20
KEY_END = b"\xff" * 17
MEMBER = "SELECT row FROM row WHERE kind = 'member' AND key = ?"

pytestmark = pytest.mark.bench


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = crowded_shop(tmp_path, MEMBERS)
    yield made
    made.close()


def test_a_member_by_his_card(shop: Shop) -> None:
    """From the blind index to the member: two look-ups, ours read into values."""
    chance = random.Random(6)
    people = [Person(number=chance.randrange(1, MEMBERS + 1)) for _ in range(ROUNDS * 2)]
    wanted = [(identifier_rows(person)[0].index, person.id.bytes) for person in people]
    ours_turn, raw_turn = iter(wanted), iter(wanted)

    with (
        reading(shop.station.replica) as connection,
        closing(sqlite3.connect(str(shop.station.replica.url.database))) as raw,
    ):
        raw.isolation_level = None
        raw.execute("BEGIN")

        def by_store() -> MemberRow | None:
            index, _ = next(ours_turn)
            (found,) = store.identified(connection, index)
            return store.find(connection, MemberRow, found.member.bytes)

        def by_hand() -> bytes:
            index, member = next(raw_turn)
            raw.execute(IDENTIFIED, (index, index + KEY_END)).fetchall()
            (row,) = raw.execute(MEMBER, (member,)).fetchone()
            return bytes(row)

        lies = by_hand()
        assert by_store() == decoder(MemberRow)(VAULT.open(wanted[0][1], lies) or b"")
        ours, floor = in_turn(by_store, by_hand, ROUNDS)

    ratio = ours.median_us / floor.median_us
    write_down(
        Comparison(
            name="member look-up through our stores / raw sqlite3",
            ours=ours.median_us,
            peer=floor.median_us,
            unit="us (median)",
            ratio=round(ratio, 2),
            goal=f"<= {RATIO_MAX:.0f}",
            reached=ratio <= RATIO_MAX,
            how=(
                f"make bench: by card, identifier then member, of {MEMBERS:,} members, each in one "
                "read transaction; ours opened and read into values, in turn"
            ),
            at=now_text(SystemClock().now()),
        )
    )


def test_a_member_by_part_of_his_name(shop: Shop) -> None:
    """All rows are looked through: ours opens each, by hand the same bytes are compared closed."""
    parts = ["ива".encode(), "ИВА".encode()]

    with closing(sqlite3.connect(str(shop.station.replica.url.database))) as raw:

        def by_search() -> int:
            return len(find_by_name(shop.station, "ива", "7").found)

        def by_hand() -> int:
            return len(raw.execute(CONTAINING, parts).fetchall())

        assert by_search() == by_hand() == 0
        ours, floor = in_turn(by_search, by_hand, SEARCHES)

    write_down(
        Comparison(
            name="search by part of a name / raw sqlite3 over closed rows",
            ours=ours.median_us,
            peer=floor.median_us,
            unit="us (median)",
            ratio=round(ours.median_us / floor.median_us, 2),
            goal="none",
            reached=None,
            how=f"make bench: of {MEMBERS:,} members none is found; ours opens every row, in turn",
            at=now_text(SystemClock().now()),
        )
    )
