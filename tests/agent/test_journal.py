"""The journal: one chain, cumulative counts, and all of a use case or nothing."""

import os
import signal
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec.structs import replace
from sqlalchemy.exc import DatabaseError

from agent.commit.service import Sale, commit
from agent.journal import counted, store
from agent.journal.store import Change
from agent.members.service import Registration, register
from agent.reserve.service import reserve
from agent.returns.service import give_back_goods
from shared.crypto.chain import GENESIS
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import Fact, is_intact
from shared.wire.push import Outcome, OutcomeKind
from tests.agent.kit import (
    claim,
    drawn,
    facts,
    kinds,
    last_envelope,
    order_of,
    paid,
    return_order,
    sell,
)
from tests.builders import Person, PersonLot, Shop, basket


def test_facts_of_all_kinds_make_one_chain(shop: Shop) -> None:
    shop.link.up = False
    register(
        shop.station,
        Registration(shop.uid(), b"", "Анна", "+7 916 123-45-67", "2026-01"),
        shop.clock.now(),
    )
    sale = sell(shop, basket(shop))
    give_back_goods(shop.station, return_order(shop, sale.receipt, (1, 1000)), shop.clock.now())

    chain = facts(shop)

    assert [fact.kind for fact in chain] == [
        "member.registered",
        "receipt.committed",
        "receipt.returned",
    ]
    assert chain[0].prev_hash == GENESIS


@settings(max_examples=20, deadline=None)
@given(where=some.floats(0, 1), part=some.sampled_from(["envelope", "body", "personal"]))
def test_a_flipped_bit_of_a_fact_shows(
    tmp_path_factory: pytest.TempPathFactory, where: float, part: str
) -> None:
    fact = registered_fact(tmp_path_factory)
    kept = bytearray(getattr(fact, part))
    bit = min(int(where * len(kept) * 8), len(kept) * 8 - 1)
    kept[bit // 8] ^= 1 << bit % 8

    damaged = replace(fact, **{part: bytes(kept)})

    assert is_intact(fact)
    assert not is_intact(damaged)


_sealed: list[Fact] = []


def registered_fact(folders: pytest.TempPathFactory) -> Fact:
    if not _sealed:
        shop = Shop(folders.mktemp("chain")).open()
        order = Registration(shop.uid(), b"", "Анна", "+7 916 123-45-67", "2026-01")
        register(shop.station, order, shop.clock.now())
        _sealed.extend(facts(shop))
        shop.close()
    return _sealed[0]


def test_gone_counts_on_over_several_sales_and_lots(shop: Shop) -> None:
    first, second = PersonLot(30_000, 30_000, number=1), PersonLot(90_000, 90_000, number=2)
    anna = Person(first, second)
    shop.member(anna)
    shop.link.up = False

    for points in (20_000, 25_000, 50_000):
        sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=points))

    assert drawn(shop, [first, second]) == 95_000
    assert [(move.lot, move.gone) for move in last_envelope(shop).moves] == [
        (second.row.id, 65_000)
    ]


def test_a_clock_that_goes_back_does_not_turn_the_chain(shop: Shop) -> None:
    sell(shop, basket(shop))
    shop.clock.move(days=-30)

    sell(shop, basket(shop))

    earlier, later = facts(shop)
    assert earlier.hlc < later.hlc


TABLES_OF_A_SALE = ["fact", "change", "lease_use", "print_job", "receipt", "answer", "claim"]


@pytest.mark.parametrize("table", TABLES_OF_A_SALE)
def test_a_commit_that_fails_at_any_table_leaves_nothing(shop: Shop, table: str) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))
    sale = paid(shop, held)
    before = content(shop)
    break_table(shop, table)

    with pytest.raises(DatabaseError):
        commit(shop.station, sale, shop.clock.now())

    mend_tables(shop)
    assert content(shop) == before
    commit(shop.station, sale, shop.clock.now())
    assert kinds(shop) == ["receipt.committed"]


@pytest.mark.parametrize("table", ["claim", "hold", "answer"])
def test_a_reserve_that_fails_at_any_table_holds_nothing(shop: Shop, table: str) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    wanted = basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000)
    order = order_of(shop, wanted)
    before = content(shop)
    break_table(shop, table)

    with pytest.raises(DatabaseError):
        reserve(shop.station, order, shop.clock.now())

    mend_tables(shop)
    assert content(shop) == before
    assert reserve(shop.station, order, shop.clock.now()).receipt.uid == wanted.uid


@pytest.mark.parametrize("table", ["fact", "newcomer", "print_job", "answer"])
def test_a_registration_that_fails_at_any_table_leaves_nobody(shop: Shop, table: str) -> None:
    order = Registration(shop.uid(), b"", "Анна", "+7 916 123-45-67", "2026-01")
    before = content(shop)
    break_table(shop, table)

    with pytest.raises(DatabaseError):
        register(shop.station, order, shop.clock.now())

    mend_tables(shop)
    assert content(shop) == before


@pytest.mark.parametrize("table", ["fact", "change", "lease_use", "returned", "print_job"])
def test_a_return_that_fails_at_any_table_moves_nothing(shop: Shop, table: str) -> None:
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, member=anna))
    order = return_order(shop, sale.receipt, (1, 1000))
    before = content(shop)
    break_table(shop, table)

    with pytest.raises(DatabaseError):
        give_back_goods(shop.station, order, shop.clock.now())

    mend_tables(shop)
    assert content(shop) == before


@pytest.mark.edge("E83")
def test_a_process_killed_inside_the_transaction_leaves_nothing(shop: Shop) -> None:
    sale = paid(shop, claim(shop, basket(shop)))
    before = content(shop)

    killed = in_child(shop, lambda: commit_and_die(shop, sale))

    shop.restart()
    assert killed == -signal.SIGKILL
    assert content(shop) == before
    commit(shop.station, sale, shop.clock.now())
    assert kinds(shop) == ["receipt.committed"]


@pytest.mark.edge("E83")
def test_a_process_killed_right_after_the_answer_has_lost_nothing(shop: Shop) -> None:
    wanted = basket(shop)

    def sell_and_die() -> None:
        sell(shop, wanted)
        os.kill(os.getpid(), signal.SIGKILL)

    killed = in_child(shop, sell_and_die)

    shop.restart()
    assert killed == -signal.SIGKILL
    assert kinds(shop) == ["receipt.committed"]
    with reading(shop.station.journal) as connection:
        assert connection.exec_driver_sql("SELECT state FROM print_job").scalars().all() == [
            "queued"
        ]


def commit_and_die(shop: Shop, sale: Sale) -> None:
    """Kill the process when the slip is spooled: the fact is written then, but not committed."""
    with shop.station.journal.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
        connection.exec_driver_sql(
            "CREATE TEMP TRIGGER dying AFTER INSERT ON main.print_job BEGIN SELECT die(); END"
        )
    commit(shop.station, sale, shop.clock.now())


def in_child(shop: Shop, work: Callable[[], None]) -> int:
    """Do work in a forked process and return how it ended, negative for a signal."""
    shop.station.journal.dispose()
    shop.station.replica.dispose()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of the journal."""
    with reading(shop.station.journal) as connection:
        tables = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).scalars()
        return {
            table: [
                tuple(row)
                for row in connection.exec_driver_sql(f'SELECT * FROM "{table}" ORDER BY 1, 2')  # noqa: S608
            ]
            for table in list(tables)
        }


def break_table(shop: Shop, table: str) -> None:
    """Let every write to a table fail, as a disk would."""
    with transaction(shop.station.journal) as connection:
        for verb in ("INSERT", "UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f'CREATE TRIGGER broken_{verb} BEFORE {verb} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )


def mend_tables(shop: Shop) -> None:
    with transaction(shop.station.journal) as connection:
        for verb in ("INSERT", "UPDATE", "DELETE"):
            connection.exec_driver_sql(f"DROP TRIGGER broken_{verb}")


def test_the_same_later_word_of_a_restored_centre_has_another_cover(shop: Shop) -> None:
    """What waited at the backup and is posted again after it is covered by its new number."""
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    (sale,) = facts(shop)
    with transaction(shop.station.journal) as connection:
        store.acknowledge(
            connection, 1, Outcome(1, sale.id, OutcomeKind.WAITING, "", None, ()), None
        )
        assert store.reword(connection, sale.id, OutcomeKind.ACCEPTED, "", 50)
        store.uncover(connection, 40)

        assert store.reword(connection, sale.id, OutcomeKind.ACCEPTED, "", 60)
        assert not store.reword(connection, sale.id, OutcomeKind.ACCEPTED, "", 60)

    with reading(shop.station.journal) as connection:
        assert not store.uncovered(connection, [anna.account], 60)
        assert not counted.of(connection, [anna.account], 60)


ACCOUNTS = [UUID(int=no) for no in (1, 2)]
CURSOR = 10
COUNTING = some.builds(
    Change,
    account=some.sampled_from(ACCOUNTS),
    amount=some.sampled_from([0, -1]),
    turnover_minor=some.integers(-500, 500),
    receipts=some.integers(-1, 1),
    counted_on=some.none() | some.dates(date(2026, 5, 1), date(2026, 5, 3)),
    earned=some.integers(-9, 9),
    rule=some.sampled_from(["", "wine"]),
)
MOVING = some.builds(
    Change, account=some.sampled_from(ACCOUNTS), lot=some.uuids(), amount=some.integers(-9, 9)
)
FACTS = some.lists(
    some.tuples(some.lists(COUNTING | MOVING, max_size=4), some.sampled_from([None, 9, 10, 11])),
    max_size=6,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=FACTS, asked=some.sampled_from([ACCOUNTS[:1], ACCOUNTS]))
def test_what_facts_have_counted_adds_up_by_day_and_rule_and_lots_stay_one_by_one(
    shop: Shop, told: list[tuple[list[Change], int | None]], asked: list[UUID]
) -> None:
    """Whatever the rows cover is out of both, and nothing else is."""
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql("DELETE FROM change")
        for no, (changes, cover) in enumerate(told):
            store.add_changes(connection, UUID(int=100 + no), changes)
            covered = "UPDATE change SET cover = ? WHERE fact = ?"
            connection.exec_driver_sql(covered, (cover, UUID(int=100 + no).bytes))
        done = counted.of(connection, asked, CURSOR)
        moved = store.uncovered(connection, asked, CURSOR)

    shown = [
        one
        for changes, cover in told
        if cover is None or cover > CURSOR
        for one in changes
        if one.account in asked
    ]
    sums: dict[tuple[date | None, str], list[int]] = {}
    for one in shown:
        if one.lot is None:
            parts = (one.turnover_minor, one.receipts, one.earned, -1 if one.amount < 0 else 1)
            before = sums.get((one.counted_on, one.rule), [0] * len(parts))
            sums[one.counted_on, one.rule] = [sum(pair) for pair in zip(before, parts, strict=True)]
    found = {
        (one.day, one.rule): [one.turnover_minor, one.receipts, one.earned, one.times]
        for one in done
    }
    assert found == sums
    assert moved == [one for one in shown if one.lot is not None]
