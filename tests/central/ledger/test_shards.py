"""The ledger can be spread over servers by account: its keys and its statements allow it.

The fixture `centre` watches the statements of every test of ingest, leases and the ledger.
"""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, Table, UniqueConstraint, delete, select, update

from central.centre import Centre
from central.ingest.store import InboxTable, WatermarkTable
from central.leases import expiry, recovery, writeoff
from central.ledger.store import AccountTable, LeaseTable, LotTable
from central.members.store import MemberTable
from central.schema import table_of
from shared.runtime.sqlite import open_engine, transaction
from tests.central.app.kit import SetClock
from tests.central.journal_builder import Journal
from tests.central.shards import SHARD_KEY, TABLES, Watch, can_be_spread
from tests.databases import Databases

_account, _lot, _lease = (table_of(one) for one in (AccountTable, LotTable, LeaseTable))
_member = table_of(MemberTable)
SOME = UUID(int=1)


@pytest.mark.parametrize("table", sorted(TABLES, key=str), ids=str)
def test_a_ledgers_key_begins_with_the_account(table: Table) -> None:
    assert next(iter(table.primary_key)).name == SHARD_KEY
    assert not [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    assert not [index for index in table.indexes if index.unique]


@pytest.mark.parametrize("model", [InboxTable, WatermarkTable])
def test_what_is_known_of_a_journal_is_keyed_by_its_agent(model: type[InboxTable]) -> None:
    assert next(iter(table_of(model).primary_key)).name == "agent"


def test_the_life_of_points_joins_no_two_accounts(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    watch = Watch(centre.engine)
    person, _ = journal.register(welcome=5_00)
    other.register()  # merged
    first = journal.sell(person, earn=[100_00], expires_on=journal.day)
    second = journal.sell(person, earn=[50_00], spend=[(first.lots[0], 30_00)], kept=0)
    journal.push()
    other.push()
    other.ask(person.account, 10_00)
    other.take_back(second, restored=[(first.lots[0], 30_00)], taken=[(second.lots[0], 50_00)])
    other.push()
    journal.give_back(person.account, (first.lots[0], 20_00))
    journal.rewrite(len(journal.facts), body=b"?")
    journal.push()
    clock.go(days=3)
    expiry.run(centre, clock.now())
    writeoff.write_off_store(centre, "101")
    recovery.begin(centre)
    recovery.accept(centre)
    recovery.run(centre, clock.now() + timedelta(days=1))

    assert watch.looked_at > 50
    assert watch.broken == []


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (select(_lot).where(_lot.c.account == SOME), True),
        (select(_lot).join(_lease, _lease.c.account == _lot.c.account), True),
        (select(_lot).join(_lease, _lease.c.lot == _lot.c.lot), False),
        (select(_account).join(_member, _member.c.id == _account.c.member), False),
        (select(_lot).where(_lot.c.account.in_(select(_account.c.account))), False),
        (update(_lot).where(_lot.c.account == SOME).values(free=0), True),
        (update(_lot).where(_lot.c.lot == SOME).values(free=0), False),
        (delete(_lease).where(_lease.c.closed), False),
        (delete(_lease), False),
    ],
)
def test_the_watch_tells_what_can_be_spread(statement: ClauseElement, allowed: bool) -> None:
    assert can_be_spread(statement) is allowed


def test_the_watch_sees_a_statement_each_time_it_is_run(
    databases: Databases, tmp_path: Path
) -> None:
    for no in range(2):  # the second engine has nothing to compile
        engine = open_engine(databases.fresh(tmp_path / f"{no}.db"))
        watch = Watch(engine)

        with transaction(engine) as connection:
            connection.execute(delete(_lease))
            connection.execute(select(_lot).where(_lot.c.account == SOME))
        engine.dispose()

        assert watch.looked_at == 2
        assert watch.broken == ["DELETE FROM lease"]
