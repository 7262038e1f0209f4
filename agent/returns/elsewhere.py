"""Sales of other stores: what the centre tells of them, and what was taken back elsewhere."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.commit import store as sales
from agent.journal import store as facts
from agent.link import LinkDownError, RefusedByCentreError
from agent.returns import store
from agent.returns.store import Done
from agent.schema import JournalTable, id_field, instant_field, table_of
from agent.station import Station
from shared.clock import milliseconds
from shared.rules.returns import Before
from shared.runtime.sqlite import listed, run, transaction
from shared.wire.agents import SaleAnswer, SaleAsk, ToldReturn
from shared.wire.codec import decoder, encode
from shared.wire.facts import ReceiptCommitted, is_intact, read_body
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, TakenBack

log = structlog.get_logger()


class ToldSaleRecord(JournalTable, table=True):
    """What the centre has told of a sale when it was asked last; of an own one without its body."""

    __tablename__ = "told_sale"

    uid: UUID = id_field(primary_key=True)
    store: str = Field()
    body: bytes
    returns: bytes
    at: datetime = instant_field()


@dataclass(frozen=True, slots=True)
class Told:
    """A sale of another store, as the centre has it."""

    store: str
    sale: ReceiptCommitted


_TOLD = table_of(ToldSaleRecord)
_NOTHING = encode(())
_NEXT = "SELECT uid FROM told_sale WHERE uid > ? ORDER BY uid LIMIT ?"
_FORGET = """
DELETE FROM told_sale WHERE at < ? AND returns = ? AND uid NOT IN (SELECT uid FROM receipt)
AND uid IN (?*)"""

_decode_sale = decoder(ReceiptCommitted)
_decode_returns = decoder(tuple[ToldReturn, ...])


def ask(station: Station, receipt: UUID, at: datetime) -> bool:
    """Ask the centre for a sale and keep what it tells; False when it did not answer in time.

    It is asked for a bounded time, and only with the line up; repeating is safe. Of an own sale
    only what came back in other stores is kept, unless the disk has damaged it.
    """
    if not station.link.state().up:
        return False
    who = station.identity
    request = SaleAsk(who.agent, who.epoch, receipt)
    try:
        answer = station.link.sale(request, station.settings.sale_timeout_s)
    except (LinkDownError, RefusedByCentreError) as error:
        log.info("sale.not_told", reason=error.code)
        return False
    if answer.sale:
        with transaction(station.journal) as connection:
            _keep(connection, receipt, answer, at, own=_is_here(station, connection, receipt))
    return True


def find(connection: Connection, receipt: UUID) -> Told | None:
    """Return a sale of another store, or one that is damaged here, that the centre has told of."""
    row = connection.execute(_TOLD.select().where(_TOLD.c.uid == receipt)).first()
    return Told(row.store, _decode_sale(row.body)) if row is not None and row.body else None


def done(connection: Connection, receipt: UUID) -> Done:
    """Sum up what has come back of a sale, here and, as far as the centre has told, elsewhere."""
    own = store.done(connection, receipt)
    told = _returns(connection, receipt)
    quantities, restored = Counter(own.before.quantities), Counter(own.before.restored)
    for line in (line for one in told for line in one.lines):
        quantities[line.no] += line.quantity
        restored[line.no] += line.restored_points
    recharged = [one.recharged_minor for one in told if isinstance(one, ReceiptReturned)]
    return Done(
        Before(quantities, restored),
        recharged_minor=own.recharged_minor + sum(recharged),
        is_voided=own.is_voided or any(isinstance(one, ReceiptVoided) for one in told),
    )


def _returns(connection: Connection, receipt: UUID) -> list[TakenBack]:
    """Return what has come back of a sale by documents that this store has not written."""
    row = connection.execute(_TOLD.select().where(_TOLD.c.uid == receipt)).first()
    told = _decode_returns(row.returns) if row is not None else ()
    bodies = [read_body(one.kind, one.body) for one in told]
    own = store.uids(connection, receipt)
    return [body for body in bodies if isinstance(body, TakenBack) and body.uid not in own]


def _is_here(station: Station, connection: Connection, receipt: UUID) -> bool:
    """Tell whether a sale stands whole in this store's journal."""
    sold = sales.find(connection, receipt)
    if sold is None:
        return False
    fact = facts.fact_by_id(connection, station.identity.agent, sold.fact)
    return fact is not None and is_intact(fact)


def _keep(
    connection: Connection, receipt: UUID, answer: SaleAnswer, at: datetime, *, own: bool
) -> None:
    values = {
        "uid": receipt,
        "store": answer.store,
        "body": b"" if own else answer.sale,
        "returns": encode(answer.returns),
        "at": at,
    }
    statement = upsert(_TOLD).on_conflict_do_update(index_elements=[_TOLD.c.uid], set_=values)
    connection.execute(statement, values)


def forget(connection: Connection, after: bytes, before: datetime, most: int) -> bytes:
    """Forget what was told long ago of sales that are not here, of the next ones behind a receipt;
    return where the following begin. What had come back elsewhere is kept."""
    uids = [row[0] for row in run(connection, _NEXT, (after, most))]
    run(connection, listed(_FORGET, len(uids)), (milliseconds(before), _NOTHING, *uids))
    return uids[-1] if len(uids) == most else b""
