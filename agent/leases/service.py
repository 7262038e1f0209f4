"""Get leases for a receipt, end what was asked, and give back what the centre wants back."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from agent.counted import ASKS
from agent.journal import service as journal
from agent.journal import uses
from agent.journal.service import NewFact, Taking
from agent.leases import beyond, passes, store
from agent.link import CentreBusyError, LinkDownError, RefusedByCentreError
from agent.replica import store as rows
from agent.station import Station
from shared.ids import uuid7
from shared.ledger.leases import LeaseUse, spendable, to_give_back
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LeaseAnswer, LeaseAsk, LeaseRaise, LotWish
from shared.wire.codec import decoder, encode
from shared.wire.facts import FactKind, LeaseAsked, LeaseGivenBack, ReceiptCancelled

RECALL_POLL_S = 0.1
FULL = "full"

log = structlog.get_logger()
_decode_given = decoder(tuple[LeaseRaise, ...])


@dataclass(frozen=True, slots=True)
class Want:
    """How much of an account a receipt lacks: hundredths of a point, kopecks of a certificate.

    For points also of which lots: a receipt may spend one wallet and not another.
    """

    account: UUID
    amount: int
    lots: tuple[LotWish, ...] = ()


def ask(station: Station, receipt: UUID, wants: Sequence[Want], at: datetime) -> set[UUID]:
    """Ask the centre to lease what one receipt lacks to this store, of several accounts together.

    Each ask is a fact before it is sent; all wait for one another, at most the settings' time-outs,
    and an absent or refusing centre changes nothing: the receipt then has what the store has.
    Returns the accounts of which less came than was wanted.
    """
    asks = [_written(station, receipt, want, at) for want in wants if want.amount > 0]
    if not asks:
        return set()
    station.wakes.push.set()
    deadline = station.clock.monotonic() + station.settings.recall_timeout_s
    heard: dict[UUID, LeaseAnswer] = {}
    coming = _ask_round(station, asks, heard)
    while coming and station.clock.monotonic() < deadline:
        station.clock.wait(threading.Event(), RECALL_POLL_S)
        coming = _ask_round(station, coming, heard)
    results = {request.account: _result(heard.get(request.ask)) for request in asks}
    for result in results.values():
        station.counts.add(ASKS, result)
    return {account for account, result in results.items() if result != FULL}


def _result(answer: LeaseAnswer | None) -> str:
    if answer is None or not answer.raised:
        return "none"
    return "part" if answer.missing else FULL


def _written(station: Station, receipt: UUID, want: Want, at: datetime) -> LeaseAsk:
    ask_id = uuid7(at, station.chance)
    with transaction(station.journal) as connection:
        who = station.identity
        request = LeaseAsk(
            ask_id, who.agent, who.epoch, receipt, want.account, want.amount, want.lots
        )
        body = LeaseAsked(ask_id, receipt, want.account, want.amount, at)
        journal.append(connection, station, NewFact(FactKind.LEASE_ASKED, body), at)
        store.add_ask(connection, request, at)
    return request


def _ask_round(
    station: Station, asks: Sequence[LeaseAsk], heard: dict[UUID, LeaseAnswer]
) -> list[LeaseAsk]:
    """Send asks and write down their answers; return those for which holders are giving back.

    `heard` keeps the last answer to each. When the centre is away or busy, no further one is tried.
    """
    coming = []
    for request in asks:
        try:
            answer = station.link.ask(request, station.settings.ask_timeout_s)
        except (LinkDownError, CentreBusyError) as error:
            log.info("lease.not_given", reason=error.code)
            return []
        except RefusedByCentreError as error:
            log.info("lease.not_given", reason=error.code)
            continue
        _write_down(station, request, answer)
        heard[request.ask] = answer
        if answer.missing > 0 and answer.recalling > 0:
            coming.append(request)
    return coming


def _write_down(station: Station, request: LeaseAsk, answer: LeaseAnswer) -> None:
    with transaction(station.journal) as connection:
        for raised in answer.raised:
            store.put_answer(connection, request.epoch, raised)
        store.put_given(connection, request.ask, encode(answer.raised))


def cancel(connection: Connection, station: Station, receipt: UUID, at: datetime) -> None:
    """Free what a receipt holds; if it had asked, end the asks and give back what they brought.

    What an ended epoch was given stays with it: no other journal can give it back.
    """
    store.release(connection, receipt)
    beyond.cancel(connection, receipt)
    passes.cancel(connection, receipt)
    asks = store.open_asks(connection, receipt)
    if not asks:
        return
    epoch = station.identity.epoch
    own = [one.given for one in asks if one.given and one.epoch == epoch]
    given = [raised for body in own for raised in _decode_given(body)]
    new = NewFact(
        FactKind.RECEIPT_CANCELLED,
        ReceiptCancelled(receipt, at),
        takings=_back(connection, station, given),
        ends=[one.ask for one in asks],
    )
    journal.append(connection, station, new, at)
    store.end_asks(connection, receipt)


def _back(connection: Connection, station: Station, given: list[LeaseRaise]) -> list[Taking]:
    """Return what can still be given back of what asks have brought, one taking a lot."""
    epoch = station.identity.epoch
    accounts = {raised.account for raised in given}
    used = uses.of(connection, epoch, accounts)
    held = store.held(connection, accounts)
    brought: dict[UUID, LeaseRaise] = {}
    for raised in given:
        before = brought.get(raised.lot)
        total = raised.given + (before.given if before else 0)
        granted = max(raised.granted, before.granted if before else 0)
        brought[raised.lot] = LeaseRaise(raised.lot, raised.account, granted, total)
    takings = []
    for raised in brought.values():
        use = used.get(raised.lot, LeaseUse(raised.lot, raised.account))
        left = spendable(raised.granted, use, held.get(raised.lot, 0))
        amount = min(raised.given, left)
        if amount:
            takings.append(Taking(raised.lot, raised.account, given_back=amount))
    return takings


def cancel_orphans(station: Station, reserved: set[UUID], at: datetime) -> int:
    """End asks whose receipt was never reserved because the agent stopped in between."""
    with transaction(station.journal) as connection:
        orphans = [
            receipt
            for receipt in store.receipts_with_open_asks(connection)
            if receipt not in reserved
        ]
        for receipt in orphans:
            cancel(connection, station, receipt, at)
    return len(orphans)


def give_back(station: Station, at: datetime) -> int:
    """Give back what the centre has asked for and no open receipt holds; return hundredths.

    Amounts that an earlier call has given back are not given again.
    """
    me, epoch = station.identity.agent, station.identity.epoch
    with reading(station.replica) as replica:
        found = rows.leases_wanted_back(replica)
    wanted = [row for row in found if (row.agent, row.epoch) == (me, epoch)]
    if not wanted:
        return 0
    accounts = {row.account for row in wanted}
    with transaction(station.journal) as connection:
        used = uses.of(connection, epoch, accounts)
        held = store.held(connection, accounts)
        takings = []
        for row in wanted:
            use = used.get(row.lot, LeaseUse(row.lot, row.account))
            amount = to_give_back(row.granted, row.wanted_back, use, held.get(row.lot, 0))
            if amount:
                takings.append(Taking(row.lot, row.account, given_back=amount))
        if takings:
            body = LeaseGivenBack("recalled", at)
            new = NewFact(FactKind.LEASE_GIVEN_BACK, body, takings=takings)
            journal.append(connection, station, new, at)
    if takings:
        station.wakes.push.set()
    return sum(taking.given_back for taking in takings)
