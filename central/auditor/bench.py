"""The facts of a step laid out: what they say, what was found before, and who bought then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.auditor import store
from central.auditor.store import Audited
from central.auditor.view import Known, Later, later_than
from central.ingest import looking
from central.ingest.clocks import counted_on
from central.ingest.values import KeptFact
from central.ledger import figures
from central.members import service as members
from central.members.deed_store import merged_at
from central.members.joined import whole
from central.members.roll import Roll
from central.members.store import Member
from central.packs import service as packs
from shared.errors import LoyaltyError
from shared.ledger.books import Account
from shared.ledger.entries import Turnover
from shared.member import Use
from shared.wire.facts import ReceiptCommitted, read_body
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided

RELOOKED_MAX = 200
"""Later receipts of a member that one late document lets look at again."""
TAKEN_BACK = (ReceiptReturned, ReceiptVoided)
WITH_TURNOVER = (ReceiptCommitted, *TAKEN_BACK)


@dataclass(slots=True)
class Bench:
    """The facts of a task laid out: bodies, earlier findings, and everything about their buyers."""

    bodies: dict[UUID, object] = field(default_factory=dict)
    before: dict[UUID, Audited] = field(default_factory=dict)
    sales: dict[UUID, ReceiptCommitted] = field(default_factory=dict)
    """By uid: the sales of returns, and later ones of the same members."""
    heard: dict[UUID, datetime] = field(default_factory=dict)
    """When the centre heard of sales, by uid."""
    voided: dict[UUID, ReceiptCommitted] = field(default_factory=dict)
    """The sales of later voids, by the uid of the void."""
    accounts: dict[UUID, list[Account]] = field(default_factory=dict)
    later: list[Turnover] = field(default_factory=list)
    roll: Roll = field(default_factory=Roll)
    merged_at: dict[UUID, datetime] = field(default_factory=dict)
    """When members were merged by hand."""
    ladder: Sequence[str] = ()

    def known(self, sale: ReceiptCommitted) -> Known:
        """Return what the centre knows of a sale's buyer, as of then."""
        assert sale.member is not None
        accounts = self._together(sale.member.account, sale.moment.instant)
        ids = {account.id for account in accounts}
        entries = [entry for entry in self.later if entry.account in ids]
        later = later_than(entries, sale.moment.instant, sale.receipt.uid)
        known = {one: self._later(found) for one, found in later.items()}
        own = self._own(sale.member.id, accounts, sale.moment.instant)
        return Known(self._whole(own, sale.moment.instant), accounts, known)

    def _together(self, own: UUID, at: datetime) -> list[Account]:
        """Return the accounts that were one member's with this one at an instant."""
        found = self.accounts.get(own, [])
        paid = {one.id: self._paid(one.owner, at) for one in found}
        return [one for one in found if paid[one.id] == paid[own]]

    def _own(self, member: UUID, accounts: Sequence[Account], at: datetime) -> list[Account]:
        """Return which of the accounts of a family are a member's own; all, of somebody unknown."""
        if member not in self.roll.members:
            return [*accounts]
        living = self._lived(member, at)
        return [one for one in accounts if self._lived(one.owner, at) == living] or [*accounts]

    def _paid(self, member: UUID, at: datetime) -> UUID:
        """Return on whose accounts a member bought at an instant; who has left a family since is
        taken for one who was in none."""
        living = self.roll.members[self._lived(member, at)]
        if living.head is None or living.family_since is None or living.family_since > at:
            return living.id
        return self._lived(living.head, at)

    def _whole(self, accounts: Sequence[Account], at: datetime) -> Member | None:
        """Return the one person whom the owners of accounts were at an instant."""
        if not accounts:
            return None
        living = self._lived(accounts[0].owner, at)
        owners = dict.fromkeys(one.owner for one in accounts if one.owner != living)
        known = self.roll.members
        return whole(known[living], [known[one] for one in owners], lambda: self.ladder)

    def _lived(self, member: UUID, at: datetime) -> UUID:
        """Follow the merges that were done by an instant; those of registrations always were."""
        found = self.roll.members[member]
        while found.merged_into is not None and self.merged_at.get(found.id, at) <= at:
            found = self.roll.members[found.merged_into]
        return found.id

    def account_of(self, body: object) -> UUID | None:
        """Return the account that a receipt or a return counts on."""
        if isinstance(body, TAKEN_BACK):
            body = self.sales.get(body.sale)
        if isinstance(body, ReceiptCommitted) and body.member is not None:
            return body.member.account
        return None

    def later_receipts(self, body: object) -> list[UUID]:
        """Return the uids of the buyer's receipts that are later than a receipt or return."""
        account = self.account_of(body)
        if account is None or not isinstance(body, WITH_TURNOVER):
            return []
        ids = {one.id for one in self.accounts.get(account, ())}
        own = body.receipt.uid if isinstance(body, ReceiptCommitted) else body.uid
        return [
            entry.document
            for entry in self.later
            if entry.account in ids
            and entry.visits > 0
            and entry.at > body.at
            and entry.document != own
        ][:RELOOKED_MAX]

    def add_sales(self, facts: Iterable[KeptFact]) -> None:
        """Lay the sales among facts on the bench."""
        for fact in facts:
            body = body_of(fact)
            if isinstance(body, ReceiptCommitted):
                self.sales[body.receipt.uid] = body
                self.heard[body.receipt.uid] = fact.received_at

    def _later(self, entries: Sequence[Turnover]) -> Later:
        sales = [self.sales[one.document] for one in entries if one.document in self.sales]
        undone = [self.voided[one.document] for one in entries if one.document in self.voided]
        uses = (*self._uses(sales, 1), *self._uses(undone, -1))
        given = [lot.once for sale in sales for lot in sale.granted]
        given += [one.once for sale in sales for one in sale.issued]
        once = {one for one in given if one is not None}
        return Later(tuple(entries), uses, frozenset(once))

    def _uses(self, sales: Iterable[ReceiptCommitted], times: int) -> Iterator[Use]:
        for sale in sales:
            day = counted_on(sale.day, self.heard[sale.receipt.uid])
            for used in sale.evaluation.uses:
                yield Use(used.rule, day, times, times * used.points)


def lay(connection: Connection, found: Iterable[KeptFact]) -> Bench:
    """Read everything that the facts' receipts and returns ask for."""
    bench = Bench(bodies={fact.id: body_of(fact) for fact in found})
    bodies = [one for one in bench.bodies.values() if isinstance(one, WITH_TURNOVER)]
    bench.before = store.audited(connection, bench.bodies)
    returned = {one.sale for one in bodies if isinstance(one, TAKEN_BACK)}
    bench.add_sales(facts_of(connection, returned))
    named = {bench.account_of(body) for body in bodies} - {None}
    bench.accounts = figures.accounts_of(connection, {one for one in named if one is not None})
    every = {account.id: account for several in bench.accounts.values() for account in several}
    if bodies:
        first = min(_instant(body) for body in bodies)
        bench.later = figures.turnover_since(connection, every, first)
    owners = {one for account in every.values() for one in (account.member, account.owner)}
    members.extend(connection, bench.roll, owners)
    _read_merges(connection, bench)
    ask = {one.id for one in every.values() if one.history.uses or one.history.once}
    uids = {entry.document for entry in bench.later if entry.account in ask}
    later = facts_of(connection, uids - bench.sales.keys())
    bench.add_sales(later)
    voids = [one for one in map(body_of, later) if isinstance(one, ReceiptVoided)]
    bench.add_sales(facts_of(connection, {one.sale for one in voids} - bench.sales.keys()))
    bench.voided = {one.uid: bench.sales[one.sale] for one in voids if one.sale in bench.sales}
    return bench


def _read_merges(connection: Connection, bench: Bench) -> None:
    merged = [one.id for one in bench.roll.members.values() if one.merged_into is not None]
    if merged:
        bench.merged_at = merged_at(connection, merged)
        bench.ladder = packs.ladder(connection)


def facts_of(connection: Connection, documents: Iterable[UUID]) -> list[KeptFact]:
    """Return the facts of posted documents."""
    found = looking.documents(connection, documents)
    return looking.facts(connection, {document.fact for document in found})


def returned_share(connection: Connection, sale: ReceiptCommitted, whole: int) -> int:
    """Return which part of a sale has come back, in so many parts of `whole`, by its turnover."""
    returns = [
        one.uid
        for one in looking.documents(connection, (), [sale.receipt.uid])
        if one.sale == sale.receipt.uid
    ]
    if not returns or sale.member is None:
        return 0
    turnover = sale.evaluation.totals.turnover_minor
    back = figures.turnover_of(connection, sale.member.account, returns)
    back_minor = -sum(entry.amount_minor for entry in back)
    return min(whole, max(0, back_minor) * whole // turnover) if turnover > 0 else whole


def body_of(fact: KeptFact) -> object:
    """Return what a fact says, None if nobody can read it."""
    try:
        return read_body(fact.kind, fact.body)
    except (LoyaltyError, AssertionError, ArithmeticError):
        return None


def _instant(body: object) -> datetime:
    if isinstance(body, ReceiptCommitted):
        return min(body.moment.instant, body.at)
    assert isinstance(body, TAKEN_BACK)
    return body.at
