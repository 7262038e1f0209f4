"""The centre's ingest on PostgreSQL beside bare idempotent SQL, and through two real processes."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from central.centre import Centre
from central.ingest import service as ingest
from central.ledger.audit import check
from central.opening import initialise, on_this_machine
from central.settings import Settings
from shared.clock import SystemClock
from shared.runtime.serve import settle
from shared.runtime.sqlite import reading
from shared.wire.codec import pack
from shared.wire.facts import ReceiptCommitted, read_body
from shared.wire.push import BATCH_MAX, PushBatch, decode_answer
from tests.bench.chain import WAIT_S, serving
from tests.bench.results import Comparison, in_turn, now_text, write_down
from tests.central.journal_builder import Journal, Person, make_journal
from tests.postgres import Cluster, conninfo

RATIO_MIN = 0.4
RECEIPTS_PER_S_MIN = 4750
STORES = 4
MEMBERS = 1000
"""Of each store."""
ROUNDS = 20
BATCHES = 10
"""Of each store, through the processes."""
PROCESSES = 2
DURABLE = ("shared_buffers=256MB",)
_BARE = """
CREATE TABLE bare_fact (id uuid PRIMARY KEY, agent uuid, seq bigint, body bytea);
CREATE TABLE bare_entry (account uuid, id uuid, amount bigint, PRIMARY KEY (account, id));
CREATE TABLE bare_balance (account uuid PRIMARY KEY, amount bigint);
CREATE TEMP TABLE staged (id uuid, agent uuid, seq bigint, body bytea, account uuid, amount bigint)
    ON COMMIT DELETE ROWS;
"""
_POST = (
    "INSERT INTO bare_fact SELECT id, agent, seq, body FROM staged ON CONFLICT DO NOTHING",
    "WITH new AS (INSERT INTO bare_entry SELECT account, id, amount FROM staged "
    "ON CONFLICT DO NOTHING RETURNING account, amount) "
    "INSERT INTO bare_balance SELECT account, sum(amount) FROM new GROUP BY account "
    "ON CONFLICT (account) DO UPDATE SET amount = bare_balance.amount + excluded.amount",
)

pytestmark = pytest.mark.bench


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    made.start(*DURABLE)
    yield made
    made.remove()


@pytest.fixture
def centre(cluster: Cluster, tmp_path: Path) -> Iterator[Centre]:
    url = cluster.url.set(database=cluster.create()).render_as_string(hide_password=False)
    settings = Settings(data_dir=tmp_path / "centre", database_url=url)
    made = initialise(settings, *on_this_machine())
    yield made
    with reading(made.engine) as connection:
        assert check(connection) == []
    made.engine.dispose()


@dataclass
class Seller:
    """A store's journal, its members, and the lots that it kept for them."""

    journal: Journal
    people: list[Person]
    kept: dict[UUID, UUID]

    def sell(self, chance: random.Random) -> PushBatch:
        """Sell a batch of receipts: each earns a lot, many spend of an earlier one."""
        first = len(self.journal.facts) + 1
        for _ in range(BATCH_MAX):
            person = chance.choice(self.people)
            lot = self.kept.pop(person.account, None)
            spend = [(lot, 3_00)] if lot is not None else []
            sold = self.journal.sell(person, earn=[10_00], kept=10_00, spend=spend)
            self.kept[person.account] = sold.lots[0]
        return self.journal.batch(first)


def _opened(centre: Centre) -> list[Seller]:
    """Stores whose members are registered already, each its own."""
    clock: Any = SystemClock()
    sellers = []
    for store in range(STORES):
        journal = make_journal(centre, clock, str(101 + store))
        people = [
            journal.register(name=f"Имя{number} Ф", phone=f"+79{store}{number:08}")[0]
            for number in range(MEMBERS)
        ]
        for first in range(1, MEMBERS + 1, BATCH_MAX):
            journal.push(first, first + BATCH_MAX - 1)
        sellers.append(Seller(journal, people, {}))
    return sellers


def _push(seller: Seller, batch: PushBatch) -> None:
    body = pack(batch)
    answer = ingest.push(seller.journal.centre, seller.journal.signed("/v1/facts", body))
    assert {outcome.kind.value for outcome in answer.outcomes} == {"accepted"}


def _post_bare(connection: psycopg.Connection, batch: PushBatch) -> None:
    """Keep the bytes once, add an entry once, and move a balance by what is new."""
    with connection.cursor() as cursor:
        with cursor.copy("COPY staged FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "uuid", "int8", "bytea", "uuid", "int8"])
            for fact in batch.facts:
                body = read_body(fact.kind, fact.body)
                assert isinstance(body, ReceiptCommitted)
                assert body.member is not None
                moved = sum(lot.amount for lot in body.granted)
                moved -= body.evaluation.redemption.redeemed
                account = body.member.account
                copy.write_row((fact.id, fact.agent, fact.seq, fact.body, account, moved))
        for statement in _POST:
            cursor.execute(statement)
    connection.commit()


def test_ingest_beside_bare_sql(centre: Centre, cluster: Cluster) -> None:
    """Receipts a second of one process, a batch of 200 after another; equal sums are asserted."""
    sellers = _opened(centre)
    chance = random.Random(1)
    work = [
        (seller, seller.sell(chance))
        for _ in range(-(-(ROUNDS + ROUNDS // 10) // STORES))
        for seller in sellers
    ]
    ours, theirs = iter(work), iter(work)
    with psycopg.connect(conninfo(cluster.url)) as connection:
        connection.execute(_BARE)
        settle()
        pushes, posts = in_turn(
            lambda: _push(*next(ours)), lambda: _post_bare(connection, next(theirs)[1]), ROUNDS
        )
        bare_sum = connection.execute("SELECT sum(amount) FROM bare_balance").fetchone()
    with reading(centre.engine) as connection:
        sum_ = connection.exec_driver_sql("SELECT sum(balance) FROM lot").scalar()
    assert bare_sum is not None
    assert bare_sum[0] == sum_

    ratio = posts.median_us / pushes.median_us
    _write(
        "central ingest of receipts on PostgreSQL / bare idempotent SQL",
        BATCH_MAX * 1e6 / pushes.median_us,
        BATCH_MAX * 1e6 / posts.median_us,
        f">= {RATIO_MIN}",
        reached=ratio >= RATIO_MIN,
        how="one process; ledger, lots, leases, feed and signatures against COPY staging, entries "
        "and balances; median batch of 200, in turn",
    )


def test_ingest_through_two_processes(centre: Centre, tmp_path: Path) -> None:
    """Receipts a second over HTTP, every store sending batch after batch, all at once."""
    sellers = _opened(centre)
    chance = random.Random(1)
    work = {
        seller.journal.store: [seller.sell(chance) for _ in range(BATCHES)] for seller in sellers
    }
    with ExitStack() as stack:
        urls = [
            stack.enter_context(serving(centre, tmp_path / f"ready-{number}.json"))
            for number in range(PROCESSES)
        ]

        def send(number: int) -> None:
            journal = sellers[number].journal
            with httpx.Client(base_url=urls[number % PROCESSES], timeout=WAIT_S) as client:
                for batch in work[journal.store]:
                    body = pack(batch)
                    signed = journal.signed("/v1/facts", body)
                    answer = client.post("/v1/facts", content=body, headers=dict(signed.headers))
                    assert answer.status_code == 200, answer.text
                    kinds = {one.kind.value for one in decode_answer(answer.content).outcomes}
                    assert kinds == {"accepted"}

        start = perf_counter()
        with ThreadPoolExecutor(STORES) as pool:
            list(pool.map(send, range(STORES)))
        seconds = perf_counter() - start

    per_s = STORES * BATCHES * BATCH_MAX / seconds
    _write(
        "central ingest of receipts on PostgreSQL, two processes / goal 9",
        per_s,
        RECEIPTS_PER_S_MIN,
        f">= {RECEIPTS_PER_S_MIN} receipts/s",
        reached=per_s >= RECEIPTS_PER_S_MIN,
        how=f"{STORES} stores with members of their own, over HTTP; a durable server; all here",
    )


def _write(name: str, ours: float, peer: float, goal: str, *, reached: bool, how: str) -> None:
    write_down(
        Comparison(
            name=name,
            ours=ours,
            peer=peer,
            unit="receipts/s",
            ratio=round(ours / peer, 3),
            goal=goal,
            reached=reached,
            how=f"make bench: {how}",
            at=now_text(SystemClock().now()),
        )
    )
