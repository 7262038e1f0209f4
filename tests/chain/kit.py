"""A chain of stores in one process: real agents, a real centre, lines that are cut by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from agent.bearers.certificates import CertificateStanding, Offer, look_up
from agent.commit import store as sales
from agent.commit.service import Committed, Sale, commit
from agent.link import LinkDownError
from agent.members.service import Registered, Registration, register
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.quote.service import Basket, Quote, quote
from agent.receipts import look_up as look_up_receipt
from agent.reserve.service import ReserveOrder, cancel, reserve
from agent.reserve.store import Claim
from agent.returns.service import Returned, ReturnOrder, give_back_goods
from agent.returns.void import Voided, VoidOrder, void
from agent.station import Station
from central.auditor import service as auditor
from central.bearers.certificates import Shown, release, show
from central.bearers.issuing import Order, make, order, sheets
from central.budgets import service as budgets
from central.campaigns import codes as campaigns
from central.campaigns.codes import CodeOrder
from central.centre import Centre
from central.ledger.audit import check
from central.members.imports import COLUMNS, Row, import_lots
from central.packs.service import publish
from shared.ids import uuid7
from shared.receipt import Tender, TenderKind
from shared.rules.returns import Part
from shared.runtime.sqlite import Synchronous, reading, transaction
from shared.slip import Qr
from tests.builders import wine_text
from tests.simulation.carried import with_coupons as couponed
from tests.simulation.machine import Machine
from tests.simulation.plan import Options
from tests.simulation.wire import LineMode
from tests.simulation.world import World

NOMINAL = 1_000_00
OPENS_S = 9 * 3600


@dataclass
class Store:
    """A store of the chain."""

    machine: Machine
    code: str

    @property
    def station(self) -> Station:
        return self.machine.station

    def uid(self) -> UUID:
        return uuid7(self.machine.clock.now(), self.machine.chance)

    def cut(self) -> None:
        """Cut the line, and let the agent notice it."""
        self.machine.line.mode = LineMode.DOWN
        with pytest.raises(LinkDownError):
            self.machine.pull()

    def sync(self) -> None:
        """Send and read everything."""
        for _ in range(2):
            self.machine.push()
            self.machine.pull()

    def basket(self, *items: Item, **more: Any) -> Basket:
        things = items or (Item(1, 1000, "CHEESE"),)
        return Basket(self.uid(), "1", things, **more)

    def quote(self, wanted: Basket) -> Quote:
        return quote(self.station, wanted, self.machine.clock.now())

    def reserve(self, wanted: Basket) -> Claim:
        return self.claim(wanted, self.quote(wanted))

    def claim(self, wanted: Basket, agreed: Quote) -> Claim:
        """Reserve as quoted."""
        return reserve(self.station, self._order(wanted, agreed), self.machine.clock.now())

    def _order(self, wanted: Basket, agreed: Quote) -> ReserveOrder:
        return ReserveOrder(self.uid(), b"content", wanted, agreed.digest, "0018")

    def pay(self, claim: Claim) -> Committed:
        totals = claim.evaluation.totals
        tenders = [Tender(TenderKind.CASH, totals.money_minor)]
        if totals.certificate_minor:
            tenders.append(Tender(TenderKind.CERTIFICATE, totals.certificate_minor))
        sale = Sale(self.uid(), b"content", claim.receipt.uid, tuple(tenders), "17", "7")
        return commit(self.station, sale, self.machine.clock.now())

    def pay_at_once(self, wanted: Basket, agreed: Quote) -> Committed:
        """Commit as quoted, for cash and without a reserve."""
        tenders = (Tender(TenderKind.CASH, agreed.evaluation.totals.money_minor),)
        order = self._order(wanted, agreed)
        sale = Sale(self.uid(), b"content", wanted.uid, tenders, "17", "7", order=order)
        return commit(self.station, sale, self.machine.clock.now())

    def slip(self, claim: Claim) -> str:
        return look_up_receipt(self.station, claim.receipt.uid).slip_text

    def cancel(self, claim: Claim) -> None:
        with transaction(self.station.journal) as connection:
            cancel(connection, self.station, claim.receipt.uid, self.machine.clock.now())

    def sell(self, *items: Item, **more: Any) -> Claim:
        """Quote, reserve and commit."""
        claim = self.reserve(self.basket(*items, **more))
        self.pay(claim)
        return claim

    def sell_gift(self, code: str, amount_minor: int = NOMINAL) -> Claim:
        """Sell a certificate for cash."""
        return self.sell(Item(1, 1000, "GIFT", price_minor=amount_minor, certificate=code))

    def buy_with(self, *codes: str, wanted: int | None = None, price: int = 1_000_00) -> Claim:
        """Sell a cheese of a price and take certificates for it."""
        offers = tuple(Offer(code, wanted) for code in codes)
        return self.sell(Item(1, 1000, "CHEESE", price_minor=price), certificates=offers)

    def code_of_slip(self, claim: Claim) -> str:
        """Return the code at the end of a sale's slip."""
        with reading(self.station.journal) as connection:
            sold = sales.find(connection, claim.receipt.uid)
            assert sold is not None
            found = spool.slip_and_copies(connection, sold.slip)
        assert found is not None
        return next(block.text for block in found[0].blocks if isinstance(block, Qr))

    def take_back(
        self, claim: Claim, no: int = 1, quantity: int = 1000, slip: str = ""
    ) -> Returned:
        """Take goods back, also of another store."""
        parts = (Part(no, quantity),)
        made = ReturnOrder(self.uid(), b"content", claim.receipt.uid, parts, "7", slip=slip)
        return give_back_goods(self.station, made, self.machine.clock.now())

    def void(self, claim: Claim) -> Voided:
        """Undo a receipt of this shift."""
        made = VoidOrder(self.uid(), b"content", claim.receipt.uid, "1", reason="mistaken")
        return void(self.station, made, self.machine.clock.now())

    def offer(self, code: str, wanted: int | None = None) -> Offer:
        return Offer(code, wanted)

    def certificate(self, code: str) -> CertificateStanding:
        """Return how a certificate stands here."""
        with reading(self.station.journal) as connection:
            return look_up(self.station, connection, [code])[code]

    def balance(self, code: str) -> tuple[int, int]:
        """Return what a store sees on a certificate, and what it may take of that."""
        lots = self.certificate(code).lots
        return sum(lot.amount + lot.held for lot in lots), sum(lot.here for lot in lots)


def with_coupons(text: str) -> str:
    """Return the wine pack, later, with a coupon for the next purchase."""
    return couponed(text.replace("version: 1\n", "version: 2\n"), "wine")


def with_voids(text: str) -> str:
    """Return a pack with which anyone may void."""
    return text.replace("version: 1\n", "version: 2\n").replace(
        "\npolicies:\n", "\npolicies:\n  voided_by: anyone\n", 1
    )


def with_slips(text: str) -> str:
    """Return a pack by which any store takes goods back by their slip alone."""
    return text.replace("version: 1\n", "version: 2\n").replace(
        "\npolicies:\n",
        "\npolicies:\n  offline_return: cap\n  offline_return_cap: 5000.00\n",
        1,
    )


class Chain:
    """Stores and their centre."""

    def __init__(self, folder: Path, stores: int = 2) -> None:
        self.world = World(folder, Options(11, stores=stores, days=1))
        self.stores = [Store(tills.machine, tills.code) for tills in self.world.tills]
        self.world.time.pass_by(OPENS_S)
        self.sync()

    @property
    def centre(self) -> Centre:
        return self.world.central.centre

    def sync(self, *stores: Store) -> None:
        """Let stores send and read everything, as long as there may be something.

        Each has two turns; one that has moved something is followed by another at once.
        """
        for _ in range(2):
            for store in stores or self.stores:
                if self._turn(store):
                    self._turn(store)

    def _turn(self, store: Store) -> bool:
        """Let a store send and read; tell whether that wrote to its disk or to the centre's."""
        disks = (store.machine.disk, self.world.central.disk)
        before = [disk.writes for disk in disks]
        store.machine.push()
        store.machine.pull()
        return [disk.writes for disk in disks] != before

    def renew(self, no: int) -> Store:
        """Enrol another machine in a store's place."""
        code, world = self.stores[no].code, self.world
        folder = world.central.disk.folder.with_name(f"{code}-renewed")
        world.add_store(folder, code, world.options.zones[code], Synchronous.FULL)
        self.stores[no] = Store(world.tills[-1].machine, code)
        self.sync(self.stores[no])
        return self.stores[no]

    def heal(self) -> None:
        """Mend all lines; everything is sent and read."""
        for store in self.stores:
            store.machine.line.mode = LineMode.UP
        self.sync()

    def gifts(self, count: int = 1, nominal_minor: int = NOMINAL, **more: Any) -> list[str]:
        """Make certificates and let the stores sell them."""
        wanted = Order(count, nominal_minor, **more)
        batch = make(self.centre, order(self.centre, wanted).no)
        release(self.centre, batch.no)
        self.sync()
        return [sheet.code for sheet in sheets(self.centre, batch.no)]

    def active(self, count: int = 1, nominal_minor: int = NOMINAL, **more: Any) -> list[str]:
        """Make certificates and sell them in the first store; all stores know of it."""
        codes = self.gifts(count, nominal_minor, **more)
        for code in codes:
            self.stores[0].sell_gift(code, nominal_minor)
        self.sync()
        return codes

    def codes(self, count: int = 1, **more: Any) -> list[str]:
        """Make unique codes of the wine pack's tasting; all stores know of them."""
        wanted = CodeOrder("tasting", count, **more)
        batch = campaigns.make(self.centre, campaigns.order(self.centre, wanted).no)
        self.sync()
        return [sheet.code for sheet in campaigns.sheets(self.centre, batch.no)]

    def code_state(self, code: str) -> str:
        return campaigns.show(self.centre, code).state(self.world.time.at.date()).value

    def member(self, points: int, phone: str = "+79161234567") -> Registered:
        """Register a member in the first store and give him so many points (hundredths)."""
        store = self.stores[0]
        new = Registration(store.uid(), b"content", "Анна Петрова", phone, "v1", cashier="7")
        done = register(store.station, new, store.machine.clock.now())
        self.sync()
        cells = (done.card, f"{points // 100}.00", "bonus", "")
        row = Row(1, dict(zip(COLUMNS, cells, strict=True)))
        assert not import_lots(self.centre, [row], self.centre.clock.now()).faults
        self.sync()
        return done

    def publish(self, change: Callable[[str], str]) -> None:
        """Let all stores price by another pack."""
        publish(self.centre, change(wine_text()))
        self.sync()

    def budgets(self) -> int:
        """Let the centre open and spread budgets; all stores know of it."""
        opened = budgets.run(self.centre, self.centre.clock.now())
        self.sync()
        return opened

    def shown(self, code: str) -> Shown:
        return show(self.centre, code)

    def state(self, code: str) -> tuple[str, int]:
        standing = self.shown(code).standing
        return standing.state.value, standing.balance_minor

    def conflicts(self) -> list[str]:
        query = "SELECT kind FROM conflict ORDER BY at, id"
        with reading(self.centre.engine) as connection:
            return list(connection.exec_driver_sql(query).scalars())

    def debts(self) -> list[int]:
        """Return what is owed on accounts: kopecks of certificates, uses of codes, points."""
        with reading(self.centre.engine) as connection:
            query = "SELECT debt FROM account WHERE debt > 0 ORDER BY debt"
            return list(connection.exec_driver_sql(query).scalars())

    def audit(self) -> list[tuple[str, str]]:
        """Evaluate every receipt a second time; return those that do not come out as printed."""
        audited = auditor.job()
        while audited(self.centre, self.centre.clock.now()):
            pass
        query = "SELECT store, verdict FROM audit WHERE verdict <> 'same' ORDER BY receipt"
        with reading(self.centre.engine) as connection:
            return [(row[0], row[1]) for row in connection.exec_driver_sql(query)]

    def close(self) -> None:
        """Check the centre's books and every receipt in them, and close everything."""
        assert self.audit() == []
        with reading(self.centre.engine) as connection:
            assert check(connection) == []
        self.world.close()
