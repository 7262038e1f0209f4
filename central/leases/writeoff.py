"""Write-off: what a store that will not come back held is free again, at a stated risk.

What it has spent and not told is spent twice then, at most what it held; told later, it is debt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.agents import roster
from central.centre import Centre
from central.feed import service as feed
from central.leases import store
from central.ledger import service as ledger
from central.schema import Turn, take_turn
from shared.bearer import worth_of
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.ledger.books import Holder
from shared.ledger.debts import settle
from shared.ledger.entries import Document
from shared.ledger.postings import write_off
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

LOTS_PER_TRANSACTION = 500
REASON = "written_off"
_ENDED = ("replaced", "branch")
Key = tuple[UUID, UUID]
"""Account and lot of a lease."""

log = structlog.get_logger()


class UnknownHolderError(LoyaltyError):
    """A store that has never had an agent, or an epoch that no agent of it had."""

    kind = Kind.NOT_FOUND
    code = "unknown_holder"
    ru = "У магазина {store} нет такого агента или эпохи."
    en = "Store {store} has no such agent or epoch."


@dataclass(frozen=True, slots=True)
class Stranded:
    """Points (hundredths) that one epoch of a store's agent holds, in so many lots, and what it
    holds of certificates (kopecks) and of codes (uses).

    `present` tells whether it is the epoch with which the store works now; `reason` why it gets no
    leases any more, empty if it does.
    """

    store: str
    holder: Holder
    lots: int
    points: int
    present: bool
    reason: str
    seen_at: datetime
    certificates_minor: int = 0
    uses: int = 0


def holdings(centre: Centre) -> list[Stranded]:
    """Return what each epoch of each agent holds, by store; nothing is changed."""
    with reading(centre.engine) as connection:
        return held_by(connection)


def write_off_store(centre: Centre, code: str, *, only_ended: bool = False) -> tuple[int, int]:
    """Close the leases of a store's agents; return lots, and members' points, that became free.

    With `only_ended` the leases with which the store works now stay. Repeating changes nothing.
    Raises UnknownHolderError.
    """
    with reading(centre.engine) as connection:
        known = roster.of_store(connection, code)
    if not known:
        raise UnknownHolderError(store=code)
    at, lots, points = centre.clock.now(), 0, 0
    if not only_ended:  # before it is seen what they hold: nothing is added after
        _bar(centre, [Holder(agent.id, agent.epoch) for agent in known], at)
    with reading(centre.engine) as connection:
        held = [one for one in held_by(connection) if one.store == code]
    for one in (one for one in held if not (only_ended and one.present)):
        for keys in _pieces(centre, one.holder):
            several = _close(centre, one.holder, keys, at)
            lots, points = lots + several[0], points + several[1]
    log.warning("lease.written_off", store=code, lots=lots, points=points)
    return lots, points


def held_by(connection: Connection) -> list[Stranded]:
    """Return what each epoch of each agent holds; it reads every lease."""
    sums = ledger.leased(connection)
    agents = roster.by_ids(connection, {holder.agent for holder in sums})
    bars = store.bars(connection, sums)
    found = []
    for holder, wallets in sums.items():
        lots = sum(count for count, _ in wallets.values())
        worth = worth_of({wallet: left for wallet, (_, left) in wallets.items()})
        agent = agents[holder.agent]
        present = agent.active_store is not None and agent.epoch == holder.epoch
        reason = bars.get(holder, "" if present else _ENDED[holder.epoch < 0])
        found.append(
            Stranded(
                store=agent.store,
                holder=holder,
                lots=lots,
                points=worth.points,
                present=present,
                reason=reason,
                seen_at=agent.seen_at,
                certificates_minor=worth.certificates_minor,
                uses=worth.uses,
            )
        )
    return sorted(found, key=lambda one: (one.store, one.holder.epoch, one.holder.agent))


@retried
def _bar(centre: Centre, holders: Sequence[Holder], at: datetime) -> None:
    with transaction(centre.engine) as connection:
        take_turn(connection, Turn.ROSTER)
        for holder in holders:
            store.bar(connection, holder, REASON, at)


def _pieces(centre: Centre, holder: Holder) -> Iterator[Sequence[Key]]:
    """Find what a holder has, in pieces of one transaction each.

    No index leads from an agent to its leases, as each lease would pay for it: the pieces are one
    walk through all leases, and it stands in nobody's way.
    """
    after: Key | None = None
    while True:
        with reading(centre.engine) as connection:
            keys = ledger.leases_of(connection, holder, after, LOTS_PER_TRANSACTION)
        if not keys:
            return
        yield keys
        after = keys[-1]


@retried
def _close(centre: Centre, holder: Holder, keys: Sequence[Key], at: datetime) -> tuple[int, int]:
    with transaction(centre.engine) as connection:
        books = ledger.load(
            connection, {account for account, _ in keys}, lots={lot for _, lot in keys}
        )
        lots = points = 0
        for lot in (books.lot(lot_id) for _, lot_id in keys):
            lease = books.leases.get((lot.id, holder.agent, holder.epoch))
            if lease is None or not lease.left:  # given back since it was found
                continue
            freed = write_off(books, lot, lease)
            lots += 1
            points += 0 if books.accounts[lot.account].is_bearer else freed
            uid = derived("write-off", lot.id, holder.agent, holder.epoch)
            settle(books, lot, Document(uid, at))
        feed.append(connection, ledger.save(connection, books))
    return lots, points
