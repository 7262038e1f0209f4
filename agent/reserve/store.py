"""Claims of open receipts: what a sale will be committed as, whatever changes meanwhile."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, select
from sqlmodel import Field

from agent.schema import JournalTable, id_field, instant_field, table_of
from shared.clock import milliseconds
from shared.member import LotView, MemberView
from shared.receipt import Receipt
from shared.rules.moment import Moment
from shared.rules.result import Draw, Evaluation
from shared.runtime.sqlite import listed, run
from shared.wire.codec import decoder, encode
from shared.wire.facts import Issued, PassUse
from shared.wire.rows import SettingsRow


class Claim(Struct, frozen=True):
    """A receipt as it was reserved: commit takes it from here and asks nothing again."""

    receipt: Receipt
    member: MemberView | None
    moment: Moment
    evaluation: Evaluation
    digest: str
    settings: SettingsRow
    display_name: str
    card_tail: str
    lots: tuple[LotView, ...]
    """All of the member's lots at that instant, for the slip."""
    as_of: datetime | None
    """Set when the line was down: how old what is known of the chain is."""
    bearers: tuple[Draw, ...] = ()
    """What certificates pay, from their lots."""
    issued: tuple[Issued, ...] = ()
    """Certificates that the receipt sells."""
    beyond: int = 0
    """Hundredths of a point that no lease of the store covers."""
    by_pass: PassUse | None = None
    """The pass that the member has shown; without points nothing is drawn by it."""
    asked: bytes = b""
    """A digest of what the till stated; empty of a claim that an earlier version wrote."""


class ClaimState(StrEnum):
    """A claim ends by commit, by cancel or by a person, never by time."""

    OPEN = "open"
    COMMITTED = "committed"
    CANCELLED = "cancelled"


class ClaimRecord(JournalTable, table=True):
    """A claim in canonical bytes, closed; of a committed one they are empty, for it stands in its
    fact.

    That a receipt has ended is kept for good: no till sells it a second time.
    """

    __tablename__ = "claim"

    receipt: UUID = id_field(primary_key=True)
    state: str = Field(index=True)
    body: bytes
    at: datetime = instant_field()


_CLAIMS = table_of(ClaimRecord)
_decode = decoder(Claim)

_ADD = "INSERT INTO claim (receipt, state, body, at) VALUES (?1, ?2, closed(?1, ?3), ?4)"
_FIND = "SELECT state, opened(receipt, body) FROM claim WHERE receipt = ?"
_CANCEL = "UPDATE claim SET state = ? WHERE receipt = ?"
_END = """
INSERT INTO claim (receipt, state, body, at) VALUES (?, ?, x'', ?)
ON CONFLICT (receipt) DO UPDATE SET state = excluded.state, body = excluded.body
"""
_NEXT = "SELECT receipt FROM claim WHERE receipt > ? ORDER BY receipt LIMIT ?"
_FORGET = (
    "UPDATE claim SET body = x'' WHERE state = ? AND at < ? AND body <> x'' AND receipt IN (?*)"
)
_OPEN = "SELECT opened(receipt, body) FROM claim WHERE state = ? ORDER BY at DESC"
_OPEN_COUNT = "SELECT count(*) FROM claim WHERE state = ?"


def add(connection: Connection, claim: Claim, at: datetime) -> None:
    """Write an open claim."""
    body = encode(claim)
    run(connection, _ADD, (claim.receipt.uid.bytes, ClaimState.OPEN.value, body, milliseconds(at)))


def find(connection: Connection, receipt: UUID) -> Claim | ClaimState | None:
    """Return a receipt's claim while it is open, then the state in which it ended."""
    row = run(connection, _FIND, (receipt.bytes,)).fetchone()
    if row is None:
        return None
    state = ClaimState(row[0])
    return _decode(row[1]) if state is ClaimState.OPEN else state


def find_cancelled(connection: Connection, receipt: UUID) -> Claim | None:
    """Return the claim of a receipt that came to nothing, if it is still kept."""
    row = run(connection, _FIND, (receipt.bytes,)).fetchone()
    return _decode(row[1]) if row and row[0] == ClaimState.CANCELLED and row[1] else None


def cancel(connection: Connection, receipt: UUID) -> None:
    """End a claim without a sale."""
    run(connection, _CANCEL, (ClaimState.CANCELLED.value, receipt.bytes))


def never(connection: Connection, receipt: UUID, at: datetime) -> None:
    """Let a receipt without a claim end as one that was cancelled."""
    run(connection, _END, (receipt.bytes, ClaimState.CANCELLED.value, milliseconds(at)))


def commit(connection: Connection, receipt: UUID, at: datetime) -> None:
    """End a claim, or the want of one, by a sale, whose fact says from here on what it was."""
    run(connection, _END, (receipt.bytes, ClaimState.COMMITTED.value, milliseconds(at)))


def open_receipts(connection: Connection) -> set[UUID]:
    """Return the receipts whose claims are open."""
    rows = connection.execute(select(_CLAIMS.c.receipt).where(_CLAIMS.c.state == ClaimState.OPEN))
    return set(rows.scalars())


def open_of_till(connection: Connection, till: str) -> list[Claim]:
    """Return the open claims of a till, the last one first."""
    found = [_decode(row[0]) for row in run(connection, _OPEN, (ClaimState.OPEN.value,))]
    return [claim for claim in found if claim.receipt.till == till]


def open_count(connection: Connection) -> int:
    """Count open claims."""
    (count,) = run(connection, _OPEN_COUNT, (ClaimState.OPEN.value,)).fetchone()
    return int(count)


def forget_cancelled(connection: Connection, after: bytes, before: datetime, most: int) -> bytes:
    """Forget what old cancelled receipts had been, of the next claims behind a receipt; return
    where the following begin."""
    receipts = [row[0] for row in run(connection, _NEXT, (after, most))]
    values = (ClaimState.CANCELLED.value, milliseconds(before), *receipts)
    run(connection, listed(_FORGET, len(receipts)), values)
    return receipts[-1] if len(receipts) == most else b""
