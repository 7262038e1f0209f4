"""Stores that sell, spend, ask, give back and lose power at random: nobody spends a point twice."""

import random
from pathlib import Path
from uuid import UUID

import pytest

from central.centre import Centre
from central.estate.service import How, import_stores
from central.ingest import service as ingest
from central.leases import expiry
from central.ledger.audit import check
from shared.ledger.leases import LeaseUse, spendable, to_give_back
from shared.runtime.sqlite import reading
from shared.wire.feed import store_stream
from shared.wire.push import OutcomeKind
from shared.wire.rows import LeaseRow
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.chain_kit import balance, books, rows
from tests.central.journal_builder import NOON, Journal, Person, Sold, make_centre, make_journal
from tests.databases import Databases

STEPS = 80


class Store:
    """An agent that spends from its journal's counts and the rows it has read, and from no more."""

    def __init__(self, centre: Centre, clock: SetClock, code: str) -> None:
        self.centre = centre
        self.journal: Journal = make_journal(centre, clock, code)
        self.uses: dict[UUID, LeaseUse] = {}
        self.rows: dict[UUID, LeaseRow] = {}
        self.answered: dict[UUID, int] = {}
        self.sales: list[Sold] = []

    def read(self) -> None:
        stream = store_stream(self.journal.store)
        found = rows(self.centre, stream).values()
        self.rows = {row.lot: row for row in found if isinstance(row, LeaseRow)}

    def granted(self, lot: UUID) -> int:
        row = self.rows.get(lot)
        return max(row.granted if row else 0, self.answered.get(lot, 0))

    def use(
        self, lot: UUID, account: UUID, drawn: int = 0, back: int = 0, kept: int = 0
    ) -> LeaseUse:
        old = self.uses.get(lot, LeaseUse(lot, account))
        self.uses[lot] = LeaseUse(
            lot, account, old.kept + kept, old.drawn + drawn, old.given_back + back
        )
        return self.uses[lot]

    def can(self, lot: UUID, account: UUID) -> int:
        return spendable(self.granted(lot), self.use(lot, account), 0)

    def sell(self, chance: random.Random, person: Person) -> int:
        lots = [
            lot
            for lot in sorted({*self.rows, *self.uses, *self.answered})
            if self._account(lot) == person.account and self.can(lot, person.account)
        ]
        spend = [
            (lot, chance.randint(1, self.can(lot, person.account)))
            for lot in chance.sample(lots, min(len(lots), chance.randint(0, 2)))
        ]
        earn = [chance.randint(1, 100_00) for _ in range(chance.randint(0, 2))]
        kept = chance.choice([None, 0])
        sold = self.journal.sell(person, earn=earn, kept=kept, spend=spend)
        for lot, amount in spend:
            self.use(lot, person.account, drawn=amount)
        for lot, amount in zip(sold.lots, earn, strict=True):
            self.use(lot, person.account, kept=amount if kept is None else 0)
        self.sales.append(sold)
        return sum(amount for _, amount in spend)

    def give_back(self) -> None:
        for row in self.rows.values():
            use = self.use(row.lot, row.account)
            amount = to_give_back(self.granted(row.lot), row.wanted_back, use, 0)
            if amount:
                self.journal.give_back(row.account, (row.lot, amount))
                self.use(row.lot, row.account, back=amount)

    def ask(self, chance: random.Random, person: Person) -> None:
        _, answer = self.journal.ask(person.account, chance.randint(1, 80_00))
        for raised in answer.raised:
            self.answered[raised.lot] = max(self.answered.get(raised.lot, 0), raised.granted)
            self.uses.setdefault(raised.lot, LeaseUse(raised.lot, raised.account))

    def push(self, chance: random.Random) -> None:
        if self.journal.facts:
            first = chance.randint(1, len(self.journal.facts))
            last = chance.randint(first, len(self.journal.facts))
            self.journal.push(first, last)

    def _account(self, lot: UUID) -> UUID:
        return self.rows[lot].account if lot in self.rows else self.uses[lot].account


@pytest.mark.parametrize("seed", range(6))
def test_nobody_spends_a_point_twice(tmp_path: Path, databases: Databases, seed: int) -> None:
    chance, clock = random.Random(seed), SetClock(NOON)
    centre = make_centre(databases.fresh(tmp_path / "central.db"), clock)
    import_stores(centre, STORES_CSV.encode(), How.APPLY)
    stores = [Store(centre, clock, code) for code in ("101", "102", "103")]
    people = [
        stores[no % 3].journal.register(name=f"Имя{no}а Б", phone=f"+7916000000{no}")[0]
        for no in range(3)
    ]
    for store in stores:
        store.journal.push()
    for _ in range(STEPS):
        store, person = chance.choice(stores), chance.choice(people)
        _step(chance, store, person)
        clock.go(seconds=chance.choice([0, 1, 20]))
        with reading(centre.engine) as connection:
            assert check(connection) == [], f"seed {seed}"

    answers = [store.journal.push() for store in stores]

    outcomes = [outcome for answer in answers for outcome in answer.outcomes]
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}, f"seed {seed}"
    with reading(centre.engine) as connection:
        assert ingest.outcomes(connection) == {"accepted": len(outcomes)}
    for person in people:
        earned, spent = _told(stores, person)
        assert balance(centre, person.account) == earned - spent >= 0, f"seed {seed}"
        account = books(centre, person.account).accounts[person.account]
        assert account.debt == 0
    centre.engine.dispose()


def _step(chance: random.Random, store: Store, person: Person) -> None:
    what = chance.choice(
        ["sell", "sell", "sell", "read", "give_back", "ask", "push", "push", "burn"]
    )
    if what == "sell":
        store.sell(chance, person)
    elif what == "read":
        store.read()
    elif what == "give_back":
        store.give_back()
    elif what == "ask":
        store.ask(chance, person)
    elif what == "push":
        store.push(chance)
    else:
        expiry.run(store.centre, store.journal.clock.now())


def _told(stores: list[Store], person: Person) -> tuple[int, int]:
    """What was printed for a member: points earned and spent."""
    bodies = [
        sold.body
        for store in stores
        for sold in store.sales
        if sold.body.member is not None and sold.body.member.account == person.account
    ]
    earned = sum(lot.amount for body in bodies for lot in body.granted)
    return earned, sum(body.evaluation.redemption.redeemed for body in bodies)
