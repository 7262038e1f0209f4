"""What open receipts hold of the store's leases, and what the centre answered to asks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.schema import WITHOUT_ROWID, JournalTable, id_field, instant_field, table_of
from shared.clock import milliseconds
from shared.rules.result import Draw
from shared.runtime.sqlite import listed, run, run_many
from shared.wire.agents import LeaseAsk, LeaseRaise


class HoldRecord(JournalTable, table=True):
    """Points (hundredths) of a lot that a reserved receipt will draw."""

    __tablename__ = "hold"
    __table_args__ = WITHOUT_ROWID

    receipt: UUID = id_field(primary_key=True)
    lot: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)
    amount: int


class AnsweredRecord(JournalTable, table=True):
    """The highest `granted` that the centre named in an answer: it may be ahead of the rows."""

    __tablename__ = "lease_answer"

    epoch: int = Field(primary_key=True)
    lot: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)
    granted: int


class AskRecord(JournalTable, table=True):
    """An ask for points for one receipt; open until a fact ends it."""

    __tablename__ = "ask"

    ask: UUID = id_field(primary_key=True)
    receipt: UUID = id_field(index=True)
    account: UUID = id_field()
    epoch: int
    amount: int
    given: bytes = b""
    ended: bool = Field(default=False, index=True)
    at: datetime = instant_field()


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """An ask that no fact has ended, the epoch whose leases it raised, and the encoded answer."""

    ask: UUID
    epoch: int
    given: bytes


_HOLDS = table_of(HoldRecord)
_ANSWERS = table_of(AnsweredRecord)
_ASKS = table_of(AskRecord)

_HOLD = "INSERT INTO hold (receipt, lot, account, amount) VALUES (?, ?, ?, ?)"
_HELD = "SELECT lot, sum(amount) FROM hold WHERE account IN (?*) GROUP BY lot"
_RELEASE = "DELETE FROM hold WHERE receipt = ?"
_ADD_ASK = """
INSERT INTO ask (ask, receipt, account, epoch, amount, given, ended, at)
VALUES (?, ?, ?, ?, ?, x'', 0, ?)
"""
_OPEN_ASKS = "SELECT ask, epoch, given FROM ask WHERE receipt = ? AND ended = 0"
_END_ASKS = "UPDATE ask SET ended = 1 WHERE receipt = ?"
_STILL_OPEN = "SELECT ask FROM ask WHERE ended = 0 AND ask IN (?*)"
_FORGET_ASKS = "DELETE FROM ask WHERE ask IN (?*)"
_ANSWERED = "SELECT lot, granted FROM lease_answer WHERE epoch = ? AND account IN (?*)"


def hold(connection: Connection, receipt: UUID, draws: Iterable[Draw]) -> None:
    """Keep lots for a receipt until it ends."""
    rows = [(receipt.bytes, draw.lot.bytes, draw.account.bytes, draw.amount) for draw in draws]
    run_many(connection, _HOLD, rows)


def release(connection: Connection, receipt: UUID) -> None:
    """Free what a receipt held; what it drew stands in the journal by then."""
    run(connection, _RELEASE, (receipt.bytes,))


def held(connection: Connection, accounts: Collection[UUID]) -> dict[UUID, int]:
    """Return by lot what open receipts hold of some accounts."""
    keys = [account.bytes for account in accounts]
    return {UUID(bytes=lot): sum_ for lot, sum_ in run(connection, listed(_HELD, len(keys)), keys)}


def answered(connection: Connection, epoch: int, accounts: Collection[UUID]) -> dict[UUID, int]:
    """Return by lot the highest `granted` that an answer has named."""
    keys = [account.bytes for account in accounts]
    rows = run(connection, listed(_ANSWERED, len(keys)), (epoch, *keys))
    return {UUID(bytes=lot): granted for lot, granted in rows}


def all_answered(connection: Connection, epoch: int) -> list[tuple[UUID, UUID, int]]:
    """Return lot, account and the highest `granted` of every answer of an epoch."""
    query = select(_ANSWERS.c.lot, _ANSWERS.c.account, _ANSWERS.c.granted)
    rows = connection.execute(query.where(_ANSWERS.c.epoch == epoch))
    return [(row.lot, row.account, row.granted) for row in rows]


def put_answer(connection: Connection, epoch: int, raised: LeaseRaise) -> None:
    """Remember a raise; a number only grows."""
    statement = upsert(_ANSWERS)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[_ANSWERS.c.epoch, _ANSWERS.c.lot],
            set_={"granted": func.max(_ANSWERS.c.granted, statement.excluded.granted)},
        ),
        {
            "epoch": epoch,
            "lot": raised.lot,
            "account": raised.account,
            "granted": raised.granted,
        },
    )


def add_ask(connection: Connection, ask: LeaseAsk, at: datetime) -> None:
    """Write down an ask before it is sent."""
    whose = (ask.ask.bytes, ask.receipt.bytes, ask.account.bytes)
    run(connection, _ADD_ASK, (*whose, ask.epoch, ask.amount, milliseconds(at)))


def put_given(connection: Connection, ask: UUID, given: bytes) -> None:
    """Remember what an ask was given, to give it back when its receipt comes to nothing."""
    connection.execute(update(_ASKS).where(_ASKS.c.ask == ask).values(given=given))


def open_asks(connection: Connection, receipt: UUID) -> list[OpenAsk]:
    """Return the asks of a receipt that no fact has ended, with what they were given."""
    rows = run(connection, _OPEN_ASKS, (receipt.bytes,))
    return [OpenAsk(UUID(bytes=ask), epoch, given) for ask, epoch, given in rows]


def holds_any(connection: Connection) -> bool:
    """Tell whether open receipts hold points."""
    return connection.execute(select(_HOLDS.c.receipt).limit(1)).first() is not None


def receipts_with_open_asks(connection: Connection) -> list[UUID]:
    """Return the receipts that have open asks."""
    rows = connection.execute(select(_ASKS.c.receipt).where(_ASKS.c.ended.is_(False)).distinct())
    return list(rows.scalars())


def end_asks(connection: Connection, receipt: UUID) -> None:
    """Mark the asks of a receipt as ended, in the transaction of the fact that ends them."""
    run(connection, _END_ASKS, (receipt.bytes,))


def still_open(connection: Connection, asks: Collection[UUID]) -> set[UUID]:
    """Return which of some asks no fact has ended."""
    keys = [ask.bytes for ask in asks]
    return {UUID(bytes=row[0]) for row in run(connection, listed(_STILL_OPEN, len(keys)), keys)}


def forget_asks(connection: Connection, asks: Collection[UUID]) -> None:
    """Forget asks that have ended, with their facts."""
    run(connection, listed(_FORGET_ASKS, len(asks)), [ask.bytes for ask in asks])
