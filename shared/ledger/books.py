"""The ledger's working set: accounts, lots and leases that one transaction may touch.

For every lot: balance = free + held + what its leases have left. The numbers are kept side by
side and none is derived, so that a check of this sum can fail. `postings.py` moves them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from shared.errors import Kind, LoyaltyError
from shared.ledger.entries import Entry, Turnover
from shared.member import NO_HISTORY, History

LeaseKey = tuple[UUID, UUID, int]
"""Lot, agent, epoch."""

HeldKey = tuple[UUID, UUID]
"""Fact, lot."""


class UnknownLotError(LoyaltyError):
    """A move of a lot that these books have not seen: its birth has not arrived."""

    kind = Kind.NOT_FOUND
    code = "unknown_lot"
    ru = "Партия {lot} ещё не известна центру."
    en = "Lot {lot} is not known at the centre yet."


class BrokenCountError(LoyaltyError):
    """A cumulative `gone` that does not continue the one before."""

    kind = Kind.CONFLICT
    code = "broken_count"
    ru = "Счётчик аренды партии {lot}: пришло {told}, по журналу {counted}."
    en = "Lease count of lot {lot}: told {told}, counted {counted}."


@dataclass(slots=True)
class Account:
    """Owner of lots. A merge re-points `member`; `owner` stays the member that it was opened for.

    An account of no member belongs to itself.

    Debt in hundredths of a point; turnover in kopecks and receipts are counted per account, so
    that a member's figures are the sums over his accounts and a merge moves no number.
    """

    id: UUID
    member: UUID
    owner: UUID
    opened_at: datetime
    debt: int = 0
    turnover_minor: int = 0
    receipts: int = 0
    history: History = NO_HISTORY
    passes_over: int = 0
    """Up to this counter signed passes are used or replaced; it only grows."""
    limited: bool = False
    """Its owner's cards redeem nothing else: it pays for no other account, and none for it."""

    @property
    def is_bearer(self) -> bool:
        """Tell whether it belongs to no member, but to a certificate, a code or a budget."""
        return self.member == self.id

    @property
    def seniority(self) -> tuple[bool, datetime, UUID]:
        """A member's own accounts first, then joined ones, each in the order of opening."""
        return (self.owner != self.member, self.opened_at, self.id)


@dataclass(slots=True)
class Lot:
    """Points granted at once, in hundredths."""

    id: UUID
    account: UUID
    wallet: str
    kind: str
    rule: str
    document: UUID
    granted: int
    balance: int
    free: int
    held: int
    activates_at: datetime
    expires_on: date | None
    frozen: bool = False
    """Nothing of it is leased any more, as of a certificate that is blocked."""
    burnt: int = 0
    """What expiry has taken of it, less what late spends and claw-backs have had of that."""

    @property
    def spending_order(self) -> tuple[date, datetime, int]:
        """Earliest expiry first, then earliest activation, then id."""
        return (self.expires_on or date.max, self.activates_at, self.id.int)


@dataclass(slots=True)
class Lease:
    """One epoch's right of one agent to spend a lot; `granted` and `gone` only grow.

    `wanted_back` is what the holder is asked to have given back in all; it falls when he has spent
    so much that he can no longer give it, or a later raise would be given back at once.
    """

    lot: UUID
    account: UUID
    agent: UUID
    epoch: int
    granted: int = 0
    gone: int = 0
    wanted_back: int = 0
    given_back: int = 0
    closed: bool = False

    @property
    def key(self) -> LeaseKey:
        """Lot, agent, epoch."""
        return (self.lot, self.agent, self.epoch)

    @property
    def left(self) -> int:
        """What the holder may still spend, nothing once the lease is written off."""
        return 0 if self.closed else max(0, self.granted - self.gone)

    @property
    def recalled(self) -> int:
        """What the holder was asked to give back and has not given yet."""
        return max(0, self.wanted_back - self.given_back)


@dataclass(frozen=True, slots=True)
class Holder:
    """The agent whose journal moves a lease."""

    agent: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Held:
    """A spend of a fact that cannot be posted yet: `covered` of `amount` is kept aside.

    What is kept for facts that a count lacks are those behind the count `since` of their lease.
    """

    fact: UUID
    lot: UUID
    account: UUID
    amount: int
    covered: int
    since: int = 0
    closed: bool = False
    """Its lease had been written off by then."""


@dataclass(slots=True)
class Books:
    """Everything that a transaction may touch, by id, and what it posts."""

    accounts: dict[UUID, Account] = field(default_factory=dict)
    lots: dict[UUID, Lot] = field(default_factory=dict)
    leases: dict[LeaseKey, Lease] = field(default_factory=dict)
    held: dict[HeldKey, Held] = field(default_factory=dict)
    released: list[Held] = field(default_factory=list)
    """What is no longer kept aside."""
    posted: set[UUID] = field(default_factory=set)
    """Ids of entries that are in the ledger already."""
    entries: list[Entry] = field(default_factory=list)
    turnovers: list[Turnover] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)
    """Accounts whose rows have changed."""
    stored: dict[object, tuple[object, ...]] = field(default_factory=dict)
    """What the database has, by key, so that only what changed is written."""
    _by_member: dict[UUID, set[UUID]] = field(default_factory=dict)
    _by_lot: dict[UUID, list[Lease]] = field(default_factory=dict)
    _by_account: dict[UUID, list[Lot]] = field(default_factory=dict)

    def open(self, account: UUID, member: UUID, at: datetime) -> Account:
        """Return an account, a new one of the member if there was none."""
        if account not in self.accounts:
            self.add_account(Account(account, member, member, at))
            self.touched.add(account)
        return self.accounts[account]

    def open_bearer(self, account: UUID, at: datetime) -> Account:
        """Return an account of no member, a new one if there was none."""
        return self.open(account, account, at)

    def add_account(self, account: Account) -> None:
        """Enter an account that is not there yet."""
        assert account.id not in self.accounts, f"account {account.id} is entered twice"
        self.accounts[account.id] = account
        self._by_member.setdefault(account.member, set()).add(account.id)

    def repoint(self, account: Account, member: UUID) -> None:
        """Give an account to another member: merge and unmerge do nothing else to the ledger."""
        self._by_member[account.member].remove(account.id)
        account.member = member
        self._by_member.setdefault(member, set()).add(account.id)
        self.touched.add(account.id)

    def limit(self, account: Account, *, limited: bool) -> None:
        """Note whether an account's owner redeems nothing else."""
        if account.limited is not limited:
            account.limited = limited
            self.touched.add(account.id)

    def debtors(self, account: UUID) -> list[Account]:
        """Return the accounts whose debts an account's points pay: its own is the first."""
        own = self.accounts[account]
        if own.limited or len(self._by_member[own.member]) == 1:
            return [own]
        others = (one for one in self.accounts_of(own.member) if one is not own)
        return [own, *(one for one in others if not one.limited)]

    def post(self, entry: Entry) -> bool:
        """Add an entry unless its id is posted already; return whether it was added."""
        if entry.id in self.posted:
            return False
        self.posted.add(entry.id)
        self.touched.add(entry.account)
        self.entries.append(entry)
        return True

    def lot(self, lot: UUID) -> Lot:
        """Return a lot; raises UnknownLotError."""
        if lot not in self.lots:
            raise UnknownLotError(lot=lot)
        return self.lots[lot]

    def add_lot(self, lot: Lot) -> None:
        """Enter a lot that is not there yet; its account is."""
        assert lot.id not in self.lots, f"lot {lot.id} is entered twice"
        assert lot.account in self.accounts, f"lot {lot.id} is of no account"
        self.lots[lot.id] = lot
        self._by_account.setdefault(lot.account, []).append(lot)

    def add_leases(self, leases: Iterable[Lease]) -> None:
        """Enter leases that are not there yet."""
        for lease in leases:
            key = lease.key
            assert key not in self.leases, f"lease {key} is entered twice"
            self.leases[key] = lease
            self._by_lot.setdefault(lease.lot, []).append(lease)

    def lease(self, lot: Lot, holder: Holder) -> Lease:
        """Return the holder's lease of a lot, an empty one if there was none."""
        key = (lot.id, holder.agent, holder.epoch)
        if key not in self.leases:
            self.add_leases([Lease(lot.id, lot.account, holder.agent, holder.epoch)])
        return self.leases[key]

    def leases_of(self, lot: UUID) -> list[Lease]:
        """Return the leases of a lot in the order of their holders."""
        found = self._by_lot.get(lot, [])
        return sorted(found, key=lambda lease: lease.key) if len(found) > 1 else [*found]

    def lots_of(self, account: UUID) -> list[Lot]:
        """Return the lots of an account in spending order."""
        return sorted(self._by_account.get(account, ()), key=lambda lot: lot.spending_order)

    def accounts_of(self, member: UUID) -> list[Account]:
        """Return a member's accounts: new grants go to the first."""
        found = [self.accounts[account] for account in self._by_member.get(member, ())]
        return sorted(found, key=lambda account: account.seniority)
