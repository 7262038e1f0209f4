"""Stores in virtual time, whose members pay with points while lines are down: real agents' services
and a real centre in one process."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.leases.lots import Reach
from agent.link import LinkDownError
from agent.members.service import Registration, find, register
from agent.quote.lines import Item
from agent.quote.service import Basket, Quote
from agent.quote.shortage import OverLeaseError
from central.agents.service import saw
from central.leases.writeoff import holdings, write_off_store
from central.ledger.audit import check
from central.members.imports import COLUMNS, Row, import_lots
from central.settings import Settings
from shared.points import POINT
from shared.receipt import Redeem
from shared.runtime.sqlite import Synchronous, reading
from tests.chain.kit import OPENS_S, Store
from tests.figures.book import Json
from tests.figures.run import Run
from tests.figures.seeds import seeded
from tests.quiet import quiet
from tests.simulation.clocks import MachineClock
from tests.simulation.machine import wrong_by
from tests.simulation.plan import Options
from tests.simulation.wire import LineMode
from tests.simulation.world import World

STORES = 200
WINDOWS_MAX = 1_000
"""Of a piece."""
WINDOW_S = 8 * 3600
GIFT_SHARES = (0.2, 0.8)
"""Of the members, in runs of even and of odd seeds: points that are scarce, and that are not."""
HOME_SHARE, REST_SHARE = 0.9, 0.5
WISH_SHARE = 0.2
RECEIPT_MU, RECEIPT_SIGMA = 7.3, 0.8
"""Log-normal rubles: half of the receipts are below 1,500."""
INSISTING = 0.2
"""Of cashiers who are offered less: they try all the same."""
AT_ONCE = 0.5
"""Of offline sales: they are paid without a reserve."""
CLOCK_H = 48
_OWED = "SELECT coalesce(sum(debt), 0) FROM account"
_REDEEMED = "SELECT coalesce(sum(-amount), 0) FROM entry WHERE kind = 'REDEEM'"


@dataclass(frozen=True, slots=True)
class Profile:
    """What happens to the lines and clocks of the stores in each window of 8 hours."""

    name: str
    offline: float
    """Share of the stores."""
    clocks: float = 0.0
    """Share of those whose clock is wrong by up to 48 hours meanwhile."""
    visits: int = 2
    """Of a window, by members, for each store."""
    members: int = 10
    """Who have a store as their home."""
    only_offline: bool = False
    """Whether nobody comes where the line is up."""
    silent: int = 0
    """Stores that are heard only at the end; the first of them is written off before."""
    gift: int = 600
    """Points that a member is given now and then, one more each time, so that there is something to
    spend."""
    of_piece: int = 5_000
    """Spends."""


@dataclass(slots=True)
class Member:
    """A member: his card, and his two usual stores."""

    card: str
    id: Any
    home: int
    second: int
    seen: set[int] = field(default_factory=set)
    """Stores where he was."""


class Shops:
    """Stores, their members, and a book of what cashiers were told."""

    def __init__(self, folder: Path, seed: int, stores: int, profile: Profile) -> None:
        self.chance = random.Random(f"{profile.name}/{seed}")
        options = Options(seed, stores=stores, days=1, first_need=Settings().first_need)
        self.world = World(folder, options, Synchronous.OFF)
        self.world.central.disk.may_be_cut = False
        self.world.time.pass_by(OPENS_S)
        self.stores = [Store(tills.machine, tills.code) for tills in self.world.tills]
        self.profile = profile
        self.seed = seed
        self.silent = set(range(profile.silent))
        self.told: Counter[str] = Counter()
        self.spent = 0
        self.given = 0
        """How often points were given."""
        self.asking: tuple[int, ...] = ()
        """The stores that hear of it while a receipt waits for points."""
        for store in self.stores:
            store.machine.disk.may_be_cut = False
            store.machine.clock = MachineClock(self.world.time, self._help)
            store.machine.restart()
            store.sync()
        self.members = [
            self._register(no, home)
            for home in range(stores)
            for no in range(home * profile.members, (home + 1) * profile.members)
        ]
        self.give(1.0)
        for store in self.stores:
            store.sync()

    def _register(self, no: int, home: int) -> Member:
        store = self.stores[home]
        new = Registration(store.uid(), b"c", f"Имя{no} Ф", f"+7916{no:07}", "v1", cashier="7")
        done = register(store.station, new, store.machine.clock.now())
        store.machine.push()
        return Member(done.card, done.member, home, self.chance.randrange(len(self.stores)))

    def give(self, share: float) -> None:
        """Let the centre give points to a share of the members; leases are sized with that."""
        centre = self.world.central.centre
        lucky = [one for one in self.members if self.chance.random() < share]
        self.given += 1
        points = f"{self.profile.gift + self.given}.00"  # a row that was there would give nothing
        rows = [
            Row(no, dict(zip(COLUMNS, (one.card, points, "bonus", ""), strict=True)))
            for no, one in enumerate(lucky, 1)
        ]
        assert not import_lots(centre, rows, centre.clock.now()).faults

    def window(self) -> None:
        """Let some lines be down for 8 hours, in which members come; then all of these heal."""
        share = self.profile.offline
        count = max(1, round(len(self.stores) * share)) if share else 0
        down = {*self.chance.sample(range(len(self.stores)), count), *self.silent}
        for no in down:
            self._cut(no)
        visits = len(self.stores) * self.profile.visits
        for _ in range(visits):
            self.world.time.pass_by(WINDOW_S / visits)
            self._visit(self.chance.choice(self.members), down)
        for no in down - self.silent:
            self._mend(no)
        self.give(GIFT_SHARES[self.seed % 2])
        for no in set(range(len(self.stores))) - self.silent:
            self.stores[no].sync()

    def end(self) -> int:
        """Write one silent store off in every second run, mend all lines, and let all be heard;
        return the most that the write-off may cost."""
        held = 0
        centre = self.world.central.centre
        if self.silent and self.seed % 2 == 0:
            code = self.stores[min(self.silent)].code
            held = sum(one.points for one in holdings(centre) if one.store == code)
            write_off_store(centre, code)
        for no in self.silent:
            self._mend(no)
        for _ in range(3):
            for store in self.stores:
                store.sync()
        return held

    def _help(self) -> None:
        """Let the stores that hold a member's points give them back, as they do within a moment."""
        stores, self.asking = self.asking, ()
        for no in stores:
            self.stores[no].machine.pull()
            self.stores[no].machine.push()
        self.asking = stores

    def _cut(self, no: int) -> None:
        machine = self.stores[no].machine
        if machine.line.mode is not LineMode.DOWN:
            machine.line.mode = LineMode.DOWN
            with suppress(LinkDownError):
                machine.pull()
        if self.chance.random() < self.profile.clocks:
            machine.clock.offset = wrong_by(self.chance.randint(-CLOCK_H, CLOCK_H))

    def _mend(self, no: int) -> None:
        machine = self.stores[no].machine
        machine.line.mode, machine.clock.offset = LineMode.UP, timedelta()

    def _visit(self, member: Member, down: set[int]) -> None:
        """Let a member wish to pay a fifth of a receipt with points, in one of three places."""
        no = member.home
        if self.chance.random() >= HOME_SHARE:
            anywhere = self.chance.randrange(len(self.stores))
            no = member.second if self.chance.random() < REST_SHARE else anywhere
        if no not in down and self.profile.only_offline:
            return
        store = self.stores[no]
        if no not in down:
            self._see(down)
            store.machine.pull()
        member.seen.add(no)
        price = max(1_00, round(self.chance.lognormvariate(RECEIPT_MU, RECEIPT_SIGMA) * 100))
        wish = min(_balance(store, member.card), round(price * WISH_SHARE)) // POINT * POINT
        if wish:
            where = "usual" if no in (member.home, member.second) else "elsewhere"
            line = "offline" if no in down else "online"
            self.asking = tuple({member.home, member.second, *member.seen} - down - {no})
            granted = self._redeem(no, price, member, wish)
            self.asking = ()
            self.spent += granted
            self.told[f"{line} {where}"] += 1
            self.told[f"{line} {where} in full"] += granted == wish
            self.told[f"{line} spends"] += granted > 0
        if no not in down:
            store.machine.push()

    def _see(self, down: set[int]) -> None:
        """Let the centre know who listens, as its tail tells it every few seconds."""
        centre = self.world.central.centre
        up = set(range(len(self.stores))) - down
        agents = {self.stores[no].station.identity.agent for no in up}
        saw(centre, agents, centre.clock.now())

    def _redeem(self, no: int, price: int, member: Member, wish: int) -> int:
        """Sell for points as wished, or for as many as the store says that it may take; who may
        spend none leaves. Return how many were taken."""
        store, points = self.stores[no], wish
        item = Item(1, 1000, "CHEESE", price_minor=price)
        while points:
            wanted = store.basket(item, member=member.id, redeem=Redeem.EXACT, redeem_points=points)
            priced = store.quote(wanted)
            less = _offered(priced, points)
            if less == points or self.chance.random() < INSISTING:
                try:
                    return self._pay(store, wanted, priced)
                except OverLeaseError as refused:
                    less = int(str(refused.details["available_points"])) // POINT * POINT
                    if store.machine.line.mode is LineMode.UP:
                        store.machine.push()  # what was asked for goes back at once
            assert less < points, "what is refused is offered"
            points = less
        return 0

    def _pay(self, store: Store, wanted: Basket, priced: Quote) -> int:
        """Sell as quoted, reserved before or not; with the line up a reserve asks for points."""
        if priced.reach is Reach.STORE and self.chance.random() < AT_ONCE:
            store.pay_at_once(wanted, priced)
            return priced.evaluation.redemption.redeemed
        claim = store.claim(wanted, priced)
        store.pay(claim)
        return claim.evaluation.redemption.redeemed


def spent(run: Run, figure: int, profile: Profile, stores: int, spends: int) -> Json:
    """Run seeds of a profile until so often points were spent, offline where lines are cut; return
    the sums."""
    line = "offline spends" if profile.offline else "online spends"
    work = partial(_piece, stores, profile, min(profile.of_piece, spends))
    return seeded(run, figure, profile.name, work, (line, spends))


def _piece(stores: int, profile: Profile, spends: int, seed: int) -> Json:
    """Run stores until so much was spent; what was printed must be what the centre has booked."""
    line = "offline spends" if profile.offline else "online spends"
    with TemporaryDirectory(prefix="kopilka-spends-") as folder, quiet():
        shops = Shops(Path(folder), seed, stores, profile)
        try:
            for _ in range(WINDOWS_MAX):
                if shops.told[line] >= spends:
                    break
                shops.window()
            held = shops.end()
            with reading(shops.world.central.centre.engine) as connection:
                owed = int(connection.exec_driver_sql(_OWED).scalar_one())
                booked = int(connection.exec_driver_sql(_REDEEMED).scalar_one())
                assert check(connection) == []
        finally:
            shops.world.close()
    assert booked + owed >= shops.spent, f"{shops.spent} were printed, {booked} booked, {owed} owed"
    assert owed <= held, f"{owed} points are owed, the store that was written off held {held}"
    return {**shops.told, "owed": owed, "held": held, "spent": shops.spent, "runs": 1}


def _balance(store: Store, card: str) -> int:
    """Return what a cashier sees that a member may spend by now."""
    now = store.machine.clock.now()
    (found,) = find(store.station, card)
    return sum(lot.amount for lot in found.standing.lots if lot.activates_at <= now)


def _offered(priced: Quote, points: int) -> int:
    """Return how many of these points a store says that it may take without the centre."""
    if priced.reach is Reach.CHAIN or priced.shortage is None:
        return points
    return priced.shortage.available // POINT * POINT
