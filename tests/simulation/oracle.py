"""The judge: knows what members did and what tills and papers said, and reads the files.

It shares no code with the product: tills' answers come as plain numbers, and what stores and centre
have written is read by SQL. What a store may still spend of a lot is the highest `granted` that
anyone has written down, less what its own journal has let go; the free rest is a column of the
centre's, never a difference.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.simulation import laws
from tests.simulation.backs import Backs, is_within
from tests.simulation.beyond import NO_CAPS, Caps, PassBook, check_store
from tests.simulation.files import (
    ChangeLog,
    fact_ids,
    gone_of,
    granted_to,
    is_barred,
    kept_of,
    reading,
    rows_of,
    twice_of,
)
from tests.simulation.healed import (
    SHOWN_MAX,
    check_history,
    check_leases,
    check_members,
    check_replica,
)
from tests.simulation.persons import Persons
from tests.simulation.profiles import Profiles, Told
from tests.simulation.times import Times
from tests.simulation.told import Bought, Points, Returned, Store, ViolationError


@dataclass(frozen=True, slots=True)
class _Move:
    """What a fact did to an account, for the sums; a `born` lot is there once if sold twice."""

    account: str
    points: int
    turnover: int = 0
    receipts: int = 0
    born: str = ""


class Oracle:
    """Hears everything, and raises ViolationError where the files contradict it."""

    def __init__(
        self, central: Path, caps: Caps = NO_CAPS, counts: Counter[str] | None = None
    ) -> None:
        self.central = central
        self.times = Times(Counter() if counts is None else counts)
        self.caps = caps
        self.passes = PassBook()
        self.log = ChangeLog(central)
        self.stores: dict[str, Store] = {}
        self.checks = 0
        self.persons = Persons(central)
        self._granted: Counter[str] = Counter()
        self._spent: Counter[str] = Counter()
        self._born: set[str] = set()
        """Lots whose grant was told; one that takes in the points of an expired lot was not."""
        self._lots: dict[str, set[str]] = defaultdict(set)
        self._moves: dict[str, list[_Move]] = {}
        self._backs = Backs()
        self._profiles = Profiles()
        self._flipped: dict[str, bytes] = {}
        self._allowed: Counter[str] = Counter()
        """What write-offs and images that were put back may cost."""
        self._held: set[str] = set()
        """Facts that a backup of the centre has held."""
        self._is_forked = False
        self._is_restored = False
        self._put_back = 0
        self._fenced: dict[tuple[str, int], dict[str, int]] = {}
        """What forked epochs had left of each lot when they were last seen."""
        self._promised: dict[str, int] = {}
        """What the centre was seen to grant, by its audit or once: a backup may not know it."""
        self._above: dict[str, int] = {}
        """Of each lot what is spent, leased and free above what was told and may be lost."""

    # What happened

    def imported(self, points: Points) -> None:
        """Note points that the centre was told to give."""
        self._grant([points])
        self._moves[f"import {points.lot}"] = [_Move(points.account, points.amount)]

    def bought(self, sale: Bought) -> None:
        """Note a sale that the till has heard of, and check its arithmetic."""
        self._acknowledge(sale.store, sale.fact, sale.slip)
        payable = sum(line[3] for line in sale.lines)
        for base, discount, by_points, to_pay in sale.lines:
            if base - discount - by_points != to_pay or min(discount, by_points, to_pay) < 0:
                raise ViolationError("totals", f"sale {sale.fact}: {base, discount, by_points}")
        if sum(sale.tenders) != payable:
            raise ViolationError("totals", f"sale {sale.fact}: {sale.tenders} for {payable}")
        for account, amount, _ in sale.by_bearer:
            if amount != sum(one.amount for one in sale.drawn if one.account == account):
                raise ViolationError("bearers", f"sale {sale.fact}: {amount} of {account}")
        for amount, allocations in sale.effects:
            if sum(allocations) != amount:
                raise ViolationError("allocations", f"sale {sale.fact}: {allocations} of {amount}")
        self._spend(sale.drawn)
        self._grant(sale.granted)
        self._backs.sold[sale.receipt] = sale
        born = [_Move(one.account, one.amount, born=one.lot) for one in sale.granted]
        bought = _Move(sale.account, 0, sale.turnover_minor, 1)
        self._moves[sale.fact] = [bought, *born, *_moves([], sale.drawn)]

    def returned(self, returned: Returned) -> None:
        """Note what came back as the till has heard: points that paid may be spent once more."""
        self._acknowledge(returned.store, returned.fact, returned.slip)
        self._granted.update(self._backs.note(returned))
        sale = self._backs.sold[returned.sale]
        accounts = {one.account for one in (*sale.drawn, *sale.granted, *returned.once)}
        self._moves[returned.fact] = [_Move(one, 0) for one in sorted({*accounts, sale.account})]

    def edited(self, told: Told) -> None:
        """Note a profile that was edited, with what its till has shown."""
        store = self.stores[told.store]
        store.facts.add(self._profiles.note(store, told))

    def check_shown_profile(self, code: str, member: str, shown: dict[str, str]) -> None:
        """Check what a cashier sees of a profile when all is healed."""
        self._profiles.check_shown(self.central, code, member, shown)

    def claimed(self, code: str, draws: int) -> None:
        """Note points of a receipt that was reserved: a barred epoch has none."""
        if draws and is_barred(self.stores[code]):
            raise ViolationError("fenced", f"store {code} is barred and reserves {draws}")

    def poisoned(self, store: str, fact: str, points: Points) -> None:
        """Note points that left a till by a fact that the centre cannot read."""
        self.stores[store].facts.add(fact)
        self._spend([points])
        self._moves[fact] = _moves([], [points])

    def flipped(self, fact: str, body: bytes) -> None:
        """Note a fact of which a bit was turned on the disk, and what it said before."""
        self._flipped.setdefault(fact, body)

    def cloned(self, original: str, twin: Store) -> None:
        """Note that a disk goes on twice: what it holds may be spent once too often."""
        twin.image_gone = dict(gone_of(self.stores[original]))
        self.stores[twin.code] = twin
        self.passes.cloned(original, twin.code)
        self._is_forked = True

    def put_back(self, code: str, before: set[str]) -> None:
        """Note that a store's disk is an older image of itself: facts are lost (`before` it had
        these), papers may be printed again, and what it held by the image may be spent again."""
        store = self.stores[code]
        now = fact_ids(store)
        store.lost |= before - now
        store.facts &= now
        there = {row[0].hex() for row in rows_of(store.journal, laws.SLIPS)}
        store.slips = {slip: store.slips[slip] for slip in store.slips.keys() & there}
        store.papers.clear()
        self._is_forked = True
        self._put_back += 1
        self._backs.forget(code)
        self.passes.put_back(code)
        with reading(self.central) as central:
            for key, granted in granted_to(central, store, even_closed=True).items():
                self._allowed[key[1]] += max(0, granted - gone_of(store)[key])
        there = {fact for (fact,) in rows_of(self.central, "SELECT id FROM inbox")}
        for sale in self._backs.sold.values():  # a restored centre may have lost them too
            if sale.store == code and sale.fact in before - now - there:
                for one in sale.drawn:
                    self._allowed[one.lot] += one.amount

    def writing_off(self, code: str) -> None:
        """Note that the centre frees what it believes a store to hold."""
        self._is_forked = True
        agent = self.stores[code].agent
        for lot, left in rows_of(self.central, laws.LEFT, agent):
            self._allowed[lot] += left
        with reading(self.central) as central:
            for twin in [one for one in self.stores.values() if one.agent == agent]:
                self._allowed.update(twice_of(central, twin))

    def restored(self) -> None:
        """Note that the centre goes on from a backup: what a forked epoch reports is not new."""
        self._fenced.clear()
        self._above.clear()  # of lots that it does not know nothing is left
        self._is_restored = True
        self.passes.restored()
        self.log.rewind()

    def backed_up(self) -> None:
        """Note what a backup of the centre holds that is made now: stores may let it go."""
        self._held |= {fact for (fact,) in rows_of(self.central, "SELECT id FROM inbox")}

    # What must hold as the run goes

    def check_accounts(self, accounts: Iterable[str]) -> None:
        """Check lease conservation of every lot of these accounts."""
        with reading(self.central) as central:
            for account in sorted(set(accounts)):
                self.checks += 1
                self._check_account(central, account)
            if not self._is_restored:  # a backup tells less than what was leased
                for store in self.stores.values():
                    check_store(central, store, self.caps, self.passes.drawn(store.code))

    def check_shown(self, code: str, before: object, after: object) -> None:
        """Check that the centre's word changes nothing shown; another life may have sent before."""
        store = self.stores[code]
        if before != after and not store.lost and not self._is_cloned(store):
            raise ViolationError("shown", f"store {code}: {before} became {after} by a push")

    def check_restart(self, store: str) -> None:
        """Check that nothing that a till or a customer was told is missing or printed twice.

        What a backup of the centre holds may have left, with its slip.
        """
        known = self.stores[store]
        left = known.facts - fact_ids(known)
        papers = {row[0].hex() for row in rows_of(known.journal, laws.SLIPS)}
        unprinted = {slip for slip, fact in known.slips.items() if fact not in left} - papers
        if missing := (left - self._held) | unprinted:
            raise ViolationError("durable", f"store {store} lost {sorted(missing)[:SHOWN_MAX]}")
        if twice := [job for job, papers in known.papers.items() if papers > 1]:
            raise ViolationError("papers", f"store {store} printed {twice[:SHOWN_MAX]} twice")
        if copies := rows_of(known.journal, laws.ORIGINALS):
            raise ViolationError("papers", f"store {store}: originals {copies[:SHOWN_MAX]}")

    def check_all(self) -> None:
        """Check everything that holds at any time, for all accounts and stores."""
        self.check_accounts(self._lots)
        self.persons.check(self._above, self._beyond)
        for code in self.stores:
            self.check_restart(code)
        for law, query in laws.LAWS.items():
            if broken := rows_of(self.central, query, *self.persons.rules[: query.count("?1")]):
                raise ViolationError(law, f"{broken[:SHOWN_MAX]}")
        if not self._is_forked and (branches := rows_of(self.central, laws.BRANCHES)):
            raise ViolationError("branch", f"{branches[:SHOWN_MAX]} of disks that nobody copied")
        self._check_forked()
        if again := [what for what, times in self._undone()[0].items() if times > 1]:
            raise ViolationError("once", f"{again[:SHOWN_MAX]} stand more than once")
        owing = {row[0] for row in rows_of(self.central, laws.OWING)} & self._backs.sold.keys()
        if owing and not self._is_forked and not self.caps.store and not self.passes.is_open:
            raise ViolationError("overspent", f"sales {sorted(owing)[:SHOWN_MAX]} became debt")

    def _check_forked(self) -> None:
        """Check that a forked epoch is leased no more than it kept at a birth."""
        if rows_of(self.central, "SELECT 1 FROM recovery"):
            return
        known = set(self._fenced)
        for agent, epoch, lot, left in rows_of(self.central, laws.FORKED):
            lots = self._fenced.setdefault((agent, epoch), {})
            twins = [store for store in self.stores.values() if store.agent == agent]
            born = left if (agent, epoch) not in known else kept_of(twins, abs(epoch), lot)
            if left > (may := lots.get(lot, born)):
                raise ViolationError("fenced", f"agent {agent}, lot {lot}: {may} became {left}")
            lots[lot] = left

    # What must hold when all is healed

    def check_healed(self) -> None:
        """Check what holds when every store has sent and read everything."""
        self.check_all()
        never = rows_of(self.central, laws.FORGOTTEN) if self._is_restored else []
        if unseen := [one for one in rows_of(self.central, laws.UNSEEN) if one not in never]:
            raise ViolationError("audit", f"{unseen[:SHOWN_MAX]} were never evaluated again")
        self._check_sums(self._check_arrivals())
        with reading(self.central) as central:
            self.passes.check_told(central)
        self._profiles.check(self.central, self.stores.values(), laws.FENCED)
        for store in self.stores.values():
            check_replica(self.central, self.log, store)
            check_members(self.central, store)
            check_history(self.central, store, self._held)
            check_leases(self.central, store, is_copied=bool(store.lost) or self._is_cloned(store))
        self.times.check_counted(self.central)

    def _check_account(self, central: sqlite3.Connection, account: str) -> None:
        free: dict[str, int] = {}
        if central.execute("SELECT 1 FROM recovery").fetchone() is None:
            free = dict(central.execute("SELECT lot, free FROM lot WHERE account = ?", (account,)))
        self._note_promises(central, account)
        leased, allowed = Counter[str](), Counter[str]()
        for store in self.stores.values():
            gone = gone_of(store, account)
            for key, granted in granted_to(central, store, account).items():
                leased[key[1]] += max(0, granted - gone[key])
            allowed.update(twice_of(central, store, account))
        bound = self._beyond([account])
        total = -bound
        for lot in sorted({*free, *leased, *self._lots[account]}):
            there = self._spent[lot] + leased[lot] + free.get(lot, 0)
            may = self._granted[lot] + allowed[lot] + self._allowed[lot]
            self._above[lot] = there - may
            may += self._promised.get(lot, 0)
            total += there - may
            if there > may + bound and lot in self._born:
                parts = f"spent {self._spent[lot]} leased {leased[lot]} free {free.get(lot, 0)}"
                raise ViolationError("conservation", f"lot {lot}: {parts} > {may} + {bound}")
        if total > 0:
            raise ViolationError("conservation", f"account {account}: {total} too much")

    def _beyond(self, accounts: Iterable[str]) -> int:
        """Return what all stores may spend of a person beyond what is leased to them."""
        by_passes = sum(self.passes.bound(account) for account in accounts)
        return (len(self.stores) + self._put_back) * (self.caps.member + by_passes)

    def _note_promises(self, central: sqlite3.Connection, account: str) -> None:
        """Note what the centre has granted an account by itself, or once to its person."""
        self._promised.update(self.persons.seen(central, account))
        self._promised.update(central.execute(laws.PROMISED, (account,)))

    def _check_arrivals(self) -> set[str]:
        """Check that each journal is at the centre once and whole; return what is not posted.

        What an image that was put back has lost is there once, or nobody knows of it any more.
        """
        journals: dict[str, set[str]] = defaultdict(set)
        lost: dict[str, set[str]] = defaultdict(set)
        for store in self.stores.values():
            journals[store.agent] |= fact_ids(store) | (store.facts & self._held)
            lost[store.agent] |= store.lost
        outcomes: dict[str, str] = {}
        for agent, facts in journals.items():
            inbox = rows_of(self.central, "SELECT id, outcome FROM inbox WHERE agent = ?", agent)
            there = Counter(fact for fact, _ in inbox)
            odd = there - Counter(facts | ((lost[agent] | self._held) & there.keys()))
            missing = facts - there.keys()
            if odd or missing:
                raise ViolationError("arrivals", f"agent {agent}: {odd} odd, {missing} missing")
            outcomes.update(inbox)
            for fact in lost[agent] - there.keys():
                self._moves.pop(fact, None)
        for fact in self._flipped & outcomes.keys():
            kept = rows_of(self.central, "SELECT body FROM fact WHERE id = ?", fact)
            if outcomes[fact] != "damaged" and kept != [(self._flipped[fact],)]:
                raise ViolationError("flips", f"fact {fact} was damaged and is {outcomes[fact]}")
        return {fact for fact, outcome in outcomes.items() if outcome not in laws.POSTED}

    def _check_sums(self, unposted: set[str]) -> None:
        """Check that every effect is there exactly once, where nothing was set aside."""
        expected: dict[str, Counter[str]] = defaultdict(Counter)
        moves = [move for moves in self._moves.values() for move in moves]
        moves += [_Move(*back) for back in self._backs.moved(self._moves)]
        for move in {move.born or no: move for no, move in enumerate(moves)}.values():
            for name in ("points", "turnover", "receipts"):
                expected[move.account][name] += getattr(move, name)
        unclear = {move.account for fact in unposted for move in self._moves.get(fact, ())}
        found = {row[0]: row[1:] for row in rows_of(self.central, laws.SUMS, *self.persons.rules)}
        undone = self._undone()[1]
        again = self._backs.again_by_account(self._moves)
        for account in sorted(expected.keys() - unclear - {""}):
            points, *counted = found.get(account, (0, 0, 0))
            there = (points + undone[account], *counted)
            should = tuple(expected[account][name] for name in ("points", "turnover", "receipts"))
            if there != should and not is_within(there, should, again[account]):
                raise ViolationError("sums", f"account {account} has {there}, should {should}")

    def _undone(self) -> tuple[Counter[str], Counter[str]]:
        sales = self._backs.sold.values()
        drawn = {(sale.receipt, one.lot) for sale in sales for one in sale.drawn}
        return self.persons.undone(self._backs.voids(), drawn, is_restored=self._is_restored)

    def _is_cloned(self, store: Store) -> bool:
        return sum(one.agent == store.agent for one in self.stores.values()) > 1

    def _spend(self, points: Iterable[Points]) -> None:
        for one in points:
            self._lots[one.account].add(one.lot)
            self._spent[one.lot] += one.amount

    def _grant(self, points: Iterable[Points]) -> None:
        """Note new lots; a certificate that two stores have sold is born once."""
        for one in points:
            self._lots[one.account].add(one.lot)
            self._granted[one.lot] += 0 if one.lot in self._born else one.amount
            self._born.add(one.lot)

    def _acknowledge(self, store: str, fact: str, slip: str) -> None:
        if fact in self.stores[store].facts:
            raise ViolationError("answers", f"fact {fact} was told for two operations")
        self.stores[store].facts.add(fact)
        self.stores[store].slips[slip] = fact


def _moves(more: Iterable[Points], less: Iterable[Points]) -> list[_Move]:
    return [_Move(o.account, o.amount) for o in more] + [_Move(o.account, -o.amount) for o in less]
