"""Laws of the ledger, over random histories of stores that hear of each other late."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.ids import derived
from shared.ledger.books import Books, Holder, Lot
from shared.ledger.debts import settle
from shared.ledger.entries import BESIDE_BALANCE, Document, EntryKind
from shared.ledger.held import release_held
from shared.ledger.leases import LeaseUse, spendable, to_give_back
from shared.ledger.postings import (
    Drawing,
    check_count,
    draw,
    expire,
    give_back,
    grant,
    raise_lease,
    restore,
    take,
    want_back,
    write_off,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 3, 1)
ACCOUNT, MEMBER = UUID(int=1), UUID(int=2)
STORES = range(3)
AMOUNTS = st.integers(1, 100)


@dataclass
class Fact:
    """What a store has printed and the centre has not heard yet."""

    document: Document
    lot: UUID
    born: int = 0
    kept: int = 0
    drawn: int = 0
    given_back: int = 0
    gone: int = 0


@dataclass
class Store:
    """A store with its journal; `told` is the highest `granted` it has heard of, by lot."""

    holder: Holder
    uses: dict[UUID, LeaseUse] = field(default_factory=dict)
    told: dict[UUID, int] = field(default_factory=dict)
    wanted: dict[UUID, int] = field(default_factory=dict)
    outbox: list[Fact] = field(default_factory=list)

    def use(self, lot: UUID) -> LeaseUse:
        return self.uses.get(lot, LeaseUse(lot, ACCOUNT))

    def spendable(self, lot: UUID) -> int:
        return spendable(self.told.get(lot, 0), self.use(lot), 0)


class Chain(RuleBasedStateMachine):
    """A centre and three stores; facts of a store arrive in order, as late as it likes."""

    written_off = False

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.books.open(ACCOUNT, MEMBER, AT)
        self.stores = [Store(Holder(UUID(int=100 + no), 1)) for no in STORES]
        self.lots: list[UUID] = []
        self.granted: dict[UUID, int] = defaultdict(int)
        self.spent: dict[UUID, int] = defaultdict(int)
        self.posted_spends: dict[UUID, int] = defaultdict(int)
        self.numbers = count(1000)

    def document(self) -> Document:
        return Document(UUID(int=next(self.numbers)), AT)

    @rule(store=st.sampled_from(STORES), amount=AMOUNTS, kept=st.integers(0, 100))
    def sell(self, store: int, amount: int, kept: int) -> None:
        """A store earns a lot and keeps a part of it."""
        document, kept = self.document(), min(kept, amount)
        lot = derived("lot", document.uid)
        self.lots.append(lot)
        self.granted[lot] = amount
        one = self.stores[store]
        one.uses[lot] = LeaseUse(lot, ACCOUNT, kept=kept)
        one.outbox.append(Fact(document, lot, born=amount, kept=kept))

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), store=st.sampled_from(STORES), amount=AMOUNTS)
    def spend(self, data: st.DataObject, store: int, amount: int) -> None:
        """A store spends of its leases alone, asking nobody."""
        one, lot = self.stores[store], data.draw(st.sampled_from(self.lots))
        amount = min(amount, one.spendable(lot))
        if amount:
            use = one.use(lot)
            one.uses[lot] = replace(use, drawn=use.drawn + amount)
            self.spent[lot] += amount
            fact = Fact(self.document(), lot, drawn=amount, gone=one.uses[lot].gone)
            one.outbox.append(fact)

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), store=st.sampled_from(STORES))
    def return_lease(self, data: st.DataObject, store: int) -> None:
        """A store gives back what it was asked for, as far as it heard."""
        one, lot = self.stores[store], data.draw(st.sampled_from(self.lots))
        use = one.use(lot)
        amount = to_give_back(one.told.get(lot, 0), one.wanted.get(lot, 0), use, 0)
        if amount:
            one.uses[lot] = replace(use, given_back=use.given_back + amount)
            fact = Fact(self.document(), lot, given_back=amount, gone=one.uses[lot].gone)
            one.outbox.append(fact)

    @rule(store=st.sampled_from(STORES), how=st.sampled_from(Drawing))
    def deliver(self, store: int, how: Drawing) -> None:
        """The centre hears the oldest fact of a store; its body may be unreadable for now."""
        one = self.stores[store]
        if one.outbox:
            self.post(one, one.outbox.pop(0), how)

    def post(self, one: Store, fact: Fact, how: Drawing) -> None:
        if fact.born:
            lot = _lot(fact)
            assert grant(self.books, lot, fact.document, holder=one.holder, kept=fact.kept)
            assert not grant(self.books, lot, fact.document, holder=one.holder, kept=fact.kept)
            return
        if fact.lot not in self.books.lots:
            one.outbox.insert(0, fact)
            return
        lot = self.books.lot(fact.lot)
        lease = self.books.lease(lot, one.holder)
        check_count(lot.id, lease.gone + fact.drawn + fact.given_back, fact.gone)
        if fact.given_back:
            give_back(self.books, lot, lease, fact.given_back, fact.document)
        if fact.drawn:
            debt = draw(self.books, lot, lease, fact.drawn, fact.document, how)
            assert self.written_off or not debt
            if how is Drawing.POSTED:
                self.posted_spends[lot.id] += fact.drawn - debt

    @rule()
    def resolve(self) -> None:
        """A held spend is posted after all."""
        if self.books.held:
            held = self.books.held[min(self.books.held)]
            debt = release_held(self.books, held, self.document())
            assert self.written_off or not debt
            self.posted_spends[held.lot] += held.amount - debt

    @precondition(lambda self: self.books.lots)
    @rule(data=st.data(), store=st.sampled_from(STORES), amount=AMOUNTS)
    def lease(self, data: st.DataObject, store: int, amount: int) -> None:
        """The centre leases free points."""
        lot = self.any_lot(data)
        holder = self.stores[store].holder
        amount = min(amount, lot.free)
        if amount and not self.books.lease(lot, holder).closed:
            raise_lease(self.books, lot, holder, amount)

    @precondition(lambda self: self.books.lots)
    @rule(data=st.data(), store=st.sampled_from(STORES))
    def hear(self, data: st.DataObject, store: int) -> None:
        """A store reads the row of a lease; another time it is behind."""
        lot, one = self.any_lot(data), self.stores[store]
        lease = self.books.lease(lot, one.holder)
        one.told[lot.id] = max(one.told.get(lot.id, 0), lease.granted)
        one.wanted[lot.id] = lease.wanted_back

    @precondition(lambda self: self.books.lots)
    @rule(data=st.data(), amount=AMOUNTS)
    def recall(self, data: st.DataObject, amount: int) -> None:
        """The centre asks for points back."""
        lot = self.any_lot(data)
        before = sum(lease.left for lease in self.books.leases_of(lot.id))
        assert 0 <= want_back(self.books, lot, amount) <= min(amount, before)

    @precondition(lambda self: self.books.lots)
    @rule(data=st.data(), amount=AMOUNTS)
    def claw_back(self, data: st.DataObject, amount: int) -> None:
        """Goods come back, and the points that they earned."""
        lot = self.any_lot(data)
        take(self.books, lot, amount, self.document())

    @precondition(lambda self: any(self.posted_spends.values()))
    @rule(data=st.data(), day=st.sampled_from([DAY, date(2027, 1, 1)]))
    def bring_back(self, data: st.DataObject, day: date) -> None:
        """Goods come back, and the points that paid."""
        paid = [lot for lot, amount in sorted(self.posted_spends.items()) if amount]
        lot = self.books.lot(data.draw(st.sampled_from(paid)))
        amount = data.draw(st.integers(1, self.posted_spends[lot.id]))
        self.posted_spends[lot.id] -= amount
        grace = timedelta(days=14)
        into = restore(self.books, lot, amount, self.document(), day=day, grace=grace)
        assert into is not None
        self.granted[into.id] += amount

    @precondition(lambda self: self.books.lots)
    @rule(data=st.data())
    def burn(self, data: st.DataObject) -> None:
        """A lot's day is over; the same run twice burns once."""
        lot, document = self.any_lot(data), self.document()
        expire(self.books, lot, document)
        entries = len(self.books.entries)
        expire(self.books, lot, document)
        assert len(self.books.entries) == entries

    def any_lot(self, data: st.DataObject) -> Lot:
        return self.books.lots[data.draw(st.sampled_from(sorted(self.books.lots)))]

    @invariant()
    def every_lot_adds_up(self) -> None:
        sums: dict[UUID, int] = defaultdict(int)
        for entry in self.books.entries:
            if entry.kind not in BESIDE_BALANCE:
                sums[entry.lot] += entry.amount
        for lot in self.books.lots.values():
            left = sum(lease.left for lease in self.books.leases_of(lot.id))
            assert lot.balance == sums[lot.id] == lot.free + lot.held + left
            assert min(lot.balance, lot.free, lot.held) >= 0

    @invariant()
    def what_burnt_is_what_entries_say(self) -> None:
        burnt: dict[UUID, int] = defaultdict(int)
        for entry in self.books.entries:
            if entry.kind is EntryKind.EXPIRE:
                burnt[entry.lot] -= entry.amount
        for lot in self.books.lots.values():
            assert 0 <= lot.burnt <= burnt[lot.id]

    @invariant()
    def debt_is_what_entries_say(self) -> None:
        debts = [entry.amount for entry in self.books.entries if entry.kind in BESIDE_BALANCE]
        assert self.books.accounts[ACCOUNT].debt == sum(debts) >= 0

    @invariant()
    def nothing_is_free_while_a_draw_that_is_set_aside_lacks_it(self) -> None:
        for held in self.books.held.values():
            assert held.covered == held.amount or not self.books.lot(held.lot).free

    @invariant()
    def holders_are_asked_for_what_they_have(self) -> None:
        for lease in self.books.leases.values():
            assert lease.recalled <= lease.left

    @invariant()
    def nobody_can_spend_more_than_was_granted(self) -> None:
        """Printed spends, what stores may still print and what the centre may still lease."""
        if self.written_off:
            return
        for lot in self.granted:
            entered = self.books.lots.get(lot)
            could = sum(self._could_spend(one, lot) for one in self.stores)
            free = entered.free if entered else 0
            assert self.spent[lot] + could + free <= self.granted[lot]

    def _could_spend(self, one: Store, lot: UUID) -> int:
        """What a store may print once it has heard everything."""
        lease = self.books.leases.get((lot, one.holder.agent, one.holder.epoch))
        return spendable(max(lease.granted if lease else 0, one.told.get(lot, 0)), one.use(lot), 0)


class ChainWithLosses(Chain):
    """The same with stores that are given up: then there may be debt, but the books stay right."""

    written_off = True

    @precondition(lambda self: self.books.lots)
    @rule(data=st.data(), store=st.sampled_from(STORES))
    def give_up(self, data: st.DataObject, store: int) -> None:
        lot = self.any_lot(data)
        lease = self.books.lease(lot, self.stores[store].holder)
        freed = write_off(self.books, lot, lease)
        assert write_off(self.books, lot, lease) == 0 <= freed
        settle(self.books, lot, self.document())

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), store=st.sampled_from(STORES), amount=AMOUNTS)
    def overspend(self, data: st.DataObject, store: int, amount: int) -> None:
        """A restored disk has forgotten what it spent."""
        one, lot = self.stores[store], data.draw(st.sampled_from(self.lots))
        use = one.use(lot)
        one.uses[lot] = replace(use, drawn=use.drawn + amount)
        fact = Fact(self.document(), lot, drawn=amount, gone=one.uses[lot].gone)
        one.outbox.append(fact)


def _lot(fact: Fact) -> Lot:
    return Lot(
        id=fact.lot,
        account=ACCOUNT,
        wallet="bonus",
        kind="purchase",
        rule="rule",
        document=fact.document.uid,
        granted=fact.born,
        balance=0,
        free=0,
        held=0,
        activates_at=AT,
        expires_on=date(2026, 12, 31),
    )


TestChain = pytest.mark.edge("E34")(Chain.TestCase)
TestChain.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestChainWithLosses = ChainWithLosses.TestCase
TestChainWithLosses.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
