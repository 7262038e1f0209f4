"""Lots of accounts as this store sees them: rows, its own facts, and what may be spent here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import store as facts
from agent.journal import uses
from agent.leases import store
from agent.replica import store as rows
from agent.station import Station
from shared.ledger.leases import LeaseUse, spendable
from shared.member import LotView
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, Holding, LeaseRow


class Reach(Enum):
    """Which points a receipt may count on: the store's leases, or all that the centre may lease."""

    NOTHING = auto()
    STORE = auto()
    CHAIN = auto()


@dataclass(slots=True)
class LotStanding:
    """A lot in hundredths: `amount` in all, `here` what this store may draw of it now.

    What open receipts hold here is in neither.
    """

    id: UUID
    account: UUID
    wallet: str
    amount: int
    here: int
    activates_at: datetime
    expires_on: date | None
    holdings: tuple[Holding, ...] = ()
    held: int = 0
    is_told: bool = False
    """Whether the centre's rows have it; else it was born here and may be nobody's yet."""

    @property
    def spending_order(self) -> tuple[date, datetime, int]:
        """Return the key by which the kernel takes lots."""
        return self.expires_on or date.max, self.activates_at, self.id.int

    def view(self, amount: int) -> LotView:
        """Return what the kernel may read of it, with the hundredths that count."""
        return LotView(
            self.id, self.account, self.wallet, amount, self.activates_at, self.expires_on
        )

    def within(self, reach: Reach, thin: Mapping[UUID, int]) -> int:
        """Return the hundredths that count within a reach; `thin` as of `reachable`."""
        if reach is Reach.NOTHING:
            return 0
        return max(0, self.here if reach is Reach.STORE else self.reachable(thin))

    def reachable(self, thin: Mapping[UUID, int]) -> int:
        """Return what a receipt may count on with the line up."""
        had = thin.get(self.id, self.amount) if thin else self.amount
        return max(self.here, min(self.amount, had))


def lots_here(
    station: Station,
    journal: Connection,
    accounts: list[AccountRow],
    leased: list[LeaseRow],
    changes: list[facts.Change],
) -> dict[UUID, LotStanding]:
    """Put together the lots of accounts: rows, what own facts add, and what may be drawn here.

    The rows are read before the journal, or what is acknowledged in between would count twice.
    """
    lots = _gathered(accounts, changes)
    ids = {lot.account for lot in lots.values()}
    _open_here(station, journal, lots, leased, tuple(sorted(ids)))
    return lots


def lots_of(
    station: Station, journal: Connection, accounts: Iterable[UUID]
) -> dict[UUID, LotStanding]:
    """Return the lots of accounts that rows or own facts tell of."""
    ids = sorted(set(accounts))
    with reading(station.replica) as replica:
        cursor = rows.cursor(replica, GLOBAL).number
        owned = rows.many(replica, AccountRow, [one.bytes for one in ids])
        leased = rows.leases(replica, ids)
    changes = facts.uncovered(journal, ids, cursor)
    return lots_here(station, journal, owned, leased, changes)


def _gathered(accounts: list[AccountRow], changes: list[facts.Change]) -> dict[UUID, LotStanding]:
    lots = {
        lot.id: LotStanding(
            lot.id,
            account.id,
            lot.wallet,
            lot.amount,
            0,
            lot.activates_at,
            lot.expires_on,
            lot.holdings,
            is_told=True,
        )
        for account in accounts
        for lot in account.lots
    }
    in_rows = frozenset(lots)
    for change in changes:
        is_birth = change.activates_at is not None and change.amount > 0
        if change.lot is None or (is_birth and change.lot in in_rows):
            continue
        if change.lot in lots:
            lots[change.lot].amount += change.amount
            lots[change.lot].activates_at = change.activates_at or lots[change.lot].activates_at
        elif change.activates_at is not None:
            lots[change.lot] = LotStanding(
                change.lot,
                change.account,
                change.wallet,
                change.amount,
                0,
                change.activates_at,
                change.expires_on,
            )
    return lots


def _open_here(
    station: Station,
    journal: Connection,
    lots: dict[UUID, LotStanding],
    leased: list[LeaseRow],
    accounts: tuple[UUID, ...],
) -> None:
    """Fill in what the store may draw of each lot, and take off what open receipts hold."""
    me, epoch = station.identity.agent, station.identity.epoch
    used = uses.of(journal, epoch, accounts)
    held = store.held(journal, accounts)
    answered = store.answered(journal, epoch, accounts)
    granted = {row.lot: row.granted for row in leased if (row.agent, row.epoch) == (me, epoch)}
    for lot in lots.values():
        use = used.get(lot.id) or LeaseUse(lot.id, lot.account)
        told = max(granted.get(lot.id, 0), answered.get(lot.id, 0))
        in_hold = held.get(lot.id, 0)
        if not station.barred:
            lot.here = min(spendable(told, use, in_hold), max(0, lot.amount - in_hold))
        lot.amount -= in_hold
        lot.held = in_hold
