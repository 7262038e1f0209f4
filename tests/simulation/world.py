"""The world of a run: stores, centre, people and the judge, taken through a plan step by step."""

import hashlib
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from msgspec.structs import replace
from sqlalchemy.exc import DatabaseError

from agent.journal import store as facts
from agent.keyring import UnknownKeyError
from agent.link import CentreBusyError, LinkDownError, RefusedByCentreError
from agent.replica import repair, sums
from agent.replica import service as replica
from agent.replica.service import GapError, InDoubtError, OtherIncarnationError
from agent.station import Station
from central.agents import streams
from central.auditor import service as auditor
from central.backups import service as backups
from central.centre import Centre
from central.feed import service as feed
from central.ingest import recovering
from central.ingest import service as ingest
from central.leases import expiry
from central.leases.writeoff import holdings, write_off_store
from central.members.imports import COLUMNS, Row, import_lots
from central.owners_file import read_owners
from central.packs import keylist, keyring
from central.packs import store as packs
from central.passes.service import Renewal
from central.settings import Settings
from central.snapshots import service as snapshots
from shared.errors import LoyaltyError
from shared.ids import derived
from shared.ledger.entries import lot_id
from shared.receipt import Redeem
from shared.runtime.sqlite import Synchronous, reading, transaction
from shared.wire.feed import GLOBAL, BrokenSegmentError
from shared.wire.keylist import trusted_by
from shared.wire.rows import KeysRow
from tests.simulation import editing
from tests.simulation.beyond import Caps
from tests.simulation.carried import CODES, Carried
from tests.simulation.centre import CENTRAL, CentreMachine
from tests.simulation.clocks import START, MachineClock, TrueTime
from tests.simulation.disk import End, Moment, StoppedError
from tests.simulation.files import rows_of
from tests.simulation.foreign import FOREIGN_LISTS, INTRUDER, first_list
from tests.simulation.goods_back import code_of, swap, take_back, undo
from tests.simulation.joining import Deed, merging, parting
from tests.simulation.machine import Machine, wrong_by
from tests.simulation.oracle import Oracle
from tests.simulation.passes import Purses, ask
from tests.simulation.passes import told as told_pass
from tests.simulation.plan import Fault, Options, Step, instant
from tests.simulation.programmes import FIRST_FROM, once_of, pack_text
from tests.simulation.rolling import Rolling, midnight_after, publish_next, repeating, roll, said
from tests.simulation.sightings import Sightings
from tests.simulation.till import (
    LeftError,
    OpenReceipt,
    StoreClosedError,
    Tills,
    Wanted,
    priced_as,
)
from tests.simulation.told import SURPRISE, Points, Store, ViolationError
from tests.simulation.wire import LineMode, Network

HEAL_ROUNDS_MAX = 40
STILL_ROUNDS = 2
"""A round may end without a visible move: an agent asks a restored centre for its epoch again."""
POISON_POINTS = 5_000
CYRILLIC = b"\xd0"
"""Begins most of the alphabet's capitals: a bit of what follows makes another letter."""
AUDIT_EVERY = 4
"""Steps by which a pull is preceded by an audit."""
HELPERS_MAX = 3
"""Other stores that work while one waits for points to be called back."""
FISCAL_SHARE = 0.2
"""Of visits, in which the till tells what its fiscal clock shows."""
FISCAL_OFF_S = 120
SILENT = 50
"""The level that nothing in the product logs at."""

_NO_LINE = (
    LinkDownError,
    CentreBusyError,
    RefusedByCentreError,
    GapError,
    InDoubtError,
    OtherIncarnationError,
    BrokenSegmentError,
    UnknownKeyError,
)
"""What a loop meets on a bad line: it tries again later."""


class World:
    """One estate in one process: everything that happens follows from the options and the steps."""

    def __init__(
        self, folder: Path, options: Options, synchronous: Synchronous = Synchronous.FULL
    ) -> None:
        self.options = options
        self.chance = random.Random(f"world/{options.seed}")
        self.counts: Counter[str] = Counter()
        self.time = TrueTime()
        self.story = hashlib.sha256()
        self.steps = 0
        self.customers = options.customers
        self.receipts: dict[str, OpenReceipt] = {}
        self.sightings = Sightings(self.counts)
        self.carried = Carried()
        self.purses = Purses()
        self.lists: dict[str, int] = {}
        """The highest version of the list of keys that each store has gone by."""
        self.edited: set[int] = set()
        """Customers whose profiles were changed."""
        self._helping = False
        self._audited = auditor.job()
        clock, settings = MachineClock(self.time), Settings(first_need=options.first_need)
        central = CentreMachine(folder / "centre", clock, self.chance, self.counts, settings)
        self.central = central
        first_pack = pack_text(options.programme, caps=options.caps, of_pass=options.of_pass)
        self.first_pack = central.furnish(options.zones, options.programme, first_pack)
        self.network = Network(self.time, self.chance, self.counts, central.serve)
        self.oracle = Oracle(central.disk.folder / CENTRAL, Caps(*options.caps), self.counts)
        self.oracle.persons.once = once_of(options.programme)
        self.oracle.times.published(said(central.centre))
        self.tills: list[Tills] = []
        self.twins: dict[int, Tills] = {}
        self.images: dict[int, Path] = {}
        self.ordered: list[Callable[[], object]] = []
        """What people have brought and done, to be done again after a restore."""
        for code, zone in options.zones.items():
            self.add_store(folder / code, code, zone, synchronous)
        central.order(lambda centre: keyring.publish(centre, centre.clock.now()))

    def add_store(self, folder: Path, code: str, zone: str, synchronous: Synchronous) -> None:
        """Enrol a machine for a store, also one more for the same."""
        clock = MachineClock(self.time, self._meanwhile)
        identity = self.central.enrol(code)
        machine = Machine(folder, identity, self.network, clock, synchronous)
        self.oracle.stores[code] = _seen(code, zone, machine)
        machine.on_start = lambda: self.oracle.check_restart(code)
        self.tills.append(Tills(code, machine, self.oracle))

    def close(self) -> None:
        """Close all files."""
        for tills in self.everywhere():
            tills.machine.close()
            tills.machine.disk.forget()
        self.central.centre.engine.dispose()
        self.central.disk.forget()

    def facts(self) -> int:
        """Count the facts in all journals."""
        return sum(len(tills.facts()) for tills in self.everywhere())

    def stranded(self) -> tuple[int, int]:
        """Return how many leases and points (hundredths) ended or barred epochs hold."""
        held = holdings(self.central.centre)
        lost = [one for one in held if one.reason or not one.present]
        return sum(one.lots for one in lost), sum(one.points for one in lost)

    def everywhere(self) -> list[Tills]:
        """Return the tills of all stores, and those of cloned machines."""
        return [*self.tills, *(self.twins[no] for no in sorted(self.twins))]

    def at(self, store: int) -> Tills:
        """Return where something happens at a store: one machine, or by chance its clone."""
        twin = self.twins.get(store)
        return self.tills[store] if twin is None or self.chance.random() < 0.5 else twin

    def run(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Take the steps one by one, yielding each that is done; then heal and judge everything.

        Raises ViolationError.
        """
        for step in steps:
            self.take(step)
            yield step
        self.heal()

    def take(self, step: Step) -> None:
        """Do one step; the same step at the same place of the same run does the same."""
        self.steps += 1
        self.chance.seed(f"step/{self.options.seed}/{step.no}")
        self.time.reach(instant(step))
        with self._judged(f"step {step.no} {step.do} at {step.store} {step.args}"):
            self.network.deliver_late()
            told = getattr(self, f"_do_{step.do.replace('-', '_')}")(step)
            self._tell(step.no, step.do, step.store, told)
            self._judge_touched()

    def heal(self) -> None:
        """Mend lines, clocks and disks, end open receipts, sync until nothing moves, judge all."""
        self.chance.seed(f"heal/{self.options.seed}")
        self.network.busy = False
        with self._judged("healing"):
            for tills in self.everywhere():
                tills.machine.line.mode, tills.machine.line.misfortune = LineMode.UP, 0.0
                tills.machine.line.cache = 0.0
                tills.machine.clock.offset = timedelta()
                tills.machine.disk.full_writes = 0
            if self.counts["older list"]:
                self.central.order(lambda centre: _renew_keys(centre, self.tills[0].code))
            self._end_receipts()
            for tills in self.everywhere():
                tills.repeat(_scrub)
            still = 0
            for _ in range(HEAL_ROUNDS_MAX):
                still = 0 if self._heal_once() else still + 1
                if still == STILL_ROUNDS:
                    break
            else:
                raise ViolationError("stall", f"no rest after {HEAL_ROUNDS_MAX} rounds")
            self.oracle.check_healed()
            self._check_profiles()
            self._check_repairs()
        self._tell("healed")

    def _check_profiles(self) -> None:
        """Let every cashier look at those whose profiles were changed."""
        for tills in self.everywhere():
            if tills.machine.station.is_fenced:
                continue
            for no in sorted(self.edited):
                seen = editing.shown(tills, self.customers[no].cards[0])
                if seen is not None:
                    self.oracle.check_shown_profile(tills.code, *seen)

    def _check_repairs(self) -> None:
        """Check that no rows were mended where no disk has changed any."""
        if self.counts["row rotten"] or self.counts["rows put back"]:
            return
        for tills in self.everywhere():
            with reading(tills.machine.station.replica) as connection:
                mended = sum(one.repaired_parts for one in sums.checks(connection))
            if mended:
                raise ViolationError("mended", f"store {tills.code} had {mended} wrong parts")

    def digest(self) -> str:
        """Return the digest of everything that has happened."""
        return self.story.hexdigest()

    def _end_receipts(self) -> None:
        """Let a person end what is still open at the end of the shift."""
        for receipt in list(self.receipts.values()):
            if receipt.committed is None:
                self._finish(receipt, self.chance.choice(("pay", "cancel")))
        for tills in self.everywhere():
            tills.end_shift()

    def _heal_once(self) -> bool:
        """Let every store sync once; tell whether anything moved."""
        moved = False
        for tills in self.everywhere():
            self.time.pass_by(61)
            before = self._state(tills.machine)
            self._loop(tills.machine.push)
            self._loop(tills.machine.pull)
            self._loop(tills.machine.print_all)
            tills.repeat(_scrub_if_due)
            moved = moved or before != self._state(tills.machine)
        taken_over = self.central.order(lambda centre: recovering.run(centre, centre.clock.now()))
        return moved or taken_over > 0 or self._audit() > 0

    def _state(self, machine: Machine) -> tuple[int, ...]:
        with machine.station.journal.connect() as connection:
            facts = connection.exec_driver_sql("SELECT count(*) FROM fact").scalar_one()
        with machine.station.replica.connect() as connection:
            cursor = connection.exec_driver_sql("SELECT sum(number) FROM cursor").scalar_one()
        return (facts, machine.queue(), cursor or 0)

    @contextmanager
    def _judged(self, what: str) -> Iterator[None]:
        """Name the step in a violation; whatever else escapes the product is one too."""
        try:
            yield
        except ViolationError as found:
            raise ViolationError(found.invariant, f"{found} — {what}") from found
        except StoreClosedError as error:
            raise ViolationError("progress", what) from error
        except Exception as error:
            told = "".join(traceback.format_exception(error)[-6:])
            raise ViolationError(SURPRISE, f"{what}\n{told}") from error

    def _tell(self, *parts: object) -> None:
        self.story.update(" ".join(map(str, parts)).encode() + b"\n")

    def _judge_touched(self) -> None:
        touched = {account for tills in self.everywhere() for account in tills.touched}
        self.oracle.check_accounts(touched)
        for tills in self.everywhere():
            tills.touched.clear()

    def _meanwhile(self) -> None:
        """While a store waits for points, others hear that they are wanted, and give them back."""
        if self._helping:
            return
        self._helping = True
        try:
            for tills in self.chance.sample(self.tills, min(HELPERS_MAX, len(self.tills))):
                self._loop(tills.machine.pull)
                self._loop(tills.machine.push)
        finally:
            self._helping = False

    def _loop(self, work: Callable[[], Any]) -> str:
        """Take one turn of a background loop; a bad line or disk is tried again later."""
        try:
            return str(work())
        except _NO_LINE as error:
            self.counts[error.code] += 1
            return error.code
        except StoppedError:
            return "stopped"
        except LoyaltyError as error:
            if error.code != "malformed":
                raise
            self.counts["malformed"] += 1
            return error.code
        except DatabaseError as error:
            if "full" not in str(error.orig):
                raise
            self.counts["disk full"] += 1
            return "full"

    def _refused(self, refusal: LoyaltyError) -> str:
        self.counts[f"refused {refusal.code}"] += 1
        return refusal.code

    # Customers

    def _do_register(self, step: Step) -> str:
        tills, customer = self.at(step.store), self.customers[step.args["customer"]]
        try:
            return tills.register(customer, step.args["variant"]).state
        except LoyaltyError as refusal:
            return self._refused(refusal)

    def _do_edit(self, step: Step) -> str:
        """Let somebody have his profile changed, unless his card is limited to one account."""
        tills, customer = self.at(step.store), self.customers[step.args["customer"]]
        found = tills.member(customer.cards[0]) if customer.cards else None
        if found is None or found.account is not None:
            return "nobody"
        args, taken = dict(step.args), step.args["phone_of"]
        if taken >= 0:
            args["phone"] = self.customers[taken].phone
        try:
            told = editing.change(tills, found, customer, args, step.no)
        except LoyaltyError as refusal:
            return self._refused(refusal)
        self.oracle.edited(told)
        self.edited.add(customer.no)
        self.counts["edits"] += 1
        return told.uid

    def _do_sell(self, step: Step) -> str:
        tills, args = self.at(step.store), step.args
        wanted = Wanted(
            tuple((sku, quantity) for sku, quantity in args["items"]),
            Redeem(args["redeem"]),
            args["share"],
            args["reserve"],
            *self._carrying(args),
            self._pass_shown(args),
        )
        self._show_fiscal_time(tills)
        try:
            found = self._found(tills, args["customer"])
            receipt = tills.open(args["receipt"], wanted, found)
        except LeftError:
            self.counts["customer left"] += 1
            return "left"
        except LoyaltyError as refusal:
            self.oracle.times.refused(self.oracle.stores[tills.code], refusal.code)
            return self._refused(refusal)
        self._judge_time(receipt)
        self.sightings.opened(receipt, self.receipts.values())
        self.receipts[receipt.name] = receipt
        return receipt.claim.digest if wanted.reserve else self._finish(receipt, "pay")

    def _judge_time(self, receipt: OpenReceipt) -> None:
        priced, code = priced_as(receipt.claim), receipt.tills.code
        self.oracle.times.check(self.oracle.stores[code], priced, self.time.at)
        if priced.is_trusted and priced.pack != self.first_pack:
            self.sightings.repriced(self.options.zones[code[:3]])

    def _show_fiscal_time(self, tills: Tills) -> None:
        """Let the till tell by chance what its fiscal clock shows, right within minutes."""
        time = tills.machine.station.time
        if self.chance.random() < FISCAL_SHARE:
            before = time.seen().trust
            off = timedelta(seconds=self.chance.randrange(-FISCAL_OFF_S, FISCAL_OFF_S))
            time.confirm(self.time.at + off)
            self.counts["times confirmed by a fiscal clock"] += before is not time.seen().trust

    def _carrying(self, args: dict[str, Any]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Return the certificate that is bought, those that pay, and the promo codes.

        None of them is there in a history from which the step was left out that makes them.
        """
        carried = self.carried
        gift = carried.gifts[args["gift"]] if "gift" in args and carried.gifts else ""
        codes = [carried.codes[no] for no in args.get("codes", ()) if carried.codes]
        if args.get("own") and args["customer"] in carried.personal:
            codes.append(carried.personal[args["customer"]])
        if args.get("coupon") and carried.coupons:
            codes.append(self.chance.choice(carried.coupons))
        paying = tuple(carried.gifts[no] for no in args.get("certificates", ()) if carried.gifts)
        return gift, paying, tuple(codes)

    def _pass_shown(self, args: dict[str, Any]) -> str:
        """Return the code of the pass that a customer shows."""
        if not self.options.of_pass or args["customer"] is None:
            return ""
        return self.purses.shown(args["customer"], self.chance)

    def _do_pass(self, step: Step) -> str:
        """Let the centre issue a pass to a customer, who has it on his phone from then on."""
        cards = self.customers[step.args["customer"]].cards
        if not cards:
            return "no card"
        renewal = Renewal.REPLACE if step.args["anew"] else Renewal.GIVE_AGAIN
        try:
            accounts = self._accounts_of(self._member_of(cards[0]))
            done = self.central.order(lambda centre: ask(centre, accounts, renewal))
        except LoyaltyError as refusal:
            return self._refused(refusal)
        self.purses.codes[step.args["customer"]].append(done.code)
        at_s, anew = self.central.centre.clock.now().timestamp(), renewal is Renewal.REPLACE
        self.oracle.passes.issued(*told_pass(done.granted), at_s=at_s, anew=anew)
        self.counts["passes issued"] += done.is_new
        return done.code

    def _accounts_of(self, member: Any) -> list[Any]:
        from uuid import UUID

        query = "SELECT account FROM account WHERE member = ? ORDER BY account"
        with self.central.centre.engine.connect() as connection:
            found = connection.exec_driver_sql(query, (member.hex,)).scalars()
            return [UUID(account) for account in found]

    def _found(self, tills: Tills, customer: int | None) -> Any:
        """Return whom a customer's newest card means; without a card nobody, or his phone."""
        if customer is None:
            return None
        who = self.customers[customer]
        return tills.member(who.cards[-1] if who.cards else who.phone)

    def _do_pay(self, step: Step) -> str:
        receipt = self.receipts.get(step.args["receipt"])
        return "none" if receipt is None else self._finish(receipt, "pay")

    def _do_cancel(self, step: Step) -> str:
        receipt = self.receipts.get(step.args["receipt"])
        return "none" if receipt is None else self._finish(receipt, "cancel")

    def _finish(self, receipt: OpenReceipt, how: str) -> str:
        tills, known = receipt.tills, receipt.committed
        if known is not None and known.fact.hex in self.oracle.stores[tills.code].lost:
            return "paid"  # on a disk that knows nothing of it, it would be sold twice
        if how == "cancel" and known is None:
            tills.cancel(receipt)
            del self.receipts[receipt.name]
            return "cancelled"
        try:
            committed = tills.pay(receipt)
        except LoyaltyError as refusal:
            if known is not None and refusal.code == "receipt_ended":
                return refusal.code  # it was answered once, and is long paid
            if receipt.order is None:
                raise ViolationError("paid receipt", f"refused with {refusal.code}") from refusal
            return refusal.code
        self.carried.coupons += committed.coupons
        return f"{committed.fact.hex} {committed.seq} {committed.balance_points}"

    def _do_return(self, step: Step) -> str:
        receipt = self.receipts.get(step.args["receipt"])
        if receipt is None or receipt.committed is None:
            return "none"
        tills = self._returned_at(step, receipt)
        try:
            elsewhere = tills is not receipt.tills
            slip = code_of(receipt) if elsewhere and step.args.get("slip") else ""
            told = take_back(tills, receipt, step.args["share"], slip)
        except LoyaltyError as refusal:
            return self._refused(refusal)
        self.counts["returns elsewhere" if elsewhere else "returns"] += 1
        lost = self.oracle.stores[tills.code].lost
        self.counts["returns of what a disk had lost"] += receipt.committed.fact.hex in lost
        return told

    def _do_void(self, step: Step) -> str:
        receipt = self.receipts.get(step.args["receipt"])
        if receipt is None or receipt.committed is None:
            return "none"
        try:
            told = undo(receipt.tills, receipt)
        except LoyaltyError as refusal:
            return self._refused(refusal)
        self.counts["voids"] += 1
        return told

    def _do_exchange(self, step: Step) -> str:
        receipt, args = self.receipts.get(step.args["receipt"]), step.args
        if receipt is None or receipt.committed is None:
            return "none"
        items = tuple((sku, quantity) for sku, quantity in args["items"])
        tills, redeem = self._returned_at(step, receipt), Redeem(args["redeem"])
        try:
            new, told = swap(tills, args["new"], receipt, args["share"], items, redeem)
        except LoyaltyError as refusal:
            return self._refused(refusal)
        self.receipts[new.name] = new
        self._judge_time(new)
        self.counts["exchanges"] += 1
        return told

    def _returned_at(self, step: Step, receipt: OpenReceipt) -> Tills:
        """Return where goods come back: where they were sold, or at another store."""
        here = self.at(step.store)
        return receipt.tills if here.code[:3] == receipt.tills.code[:3] else here

    def _do_activate(self, step: Step) -> str:
        tills = self.at(step.store)
        try:
            found = self._found(tills, step.args["customer"])
            return "nobody" if found is None else tills.activate(found)
        except LoyaltyError as refusal:
            return self._refused(refusal)

    def _do_carry(self, _step: Step) -> str:
        """Bring certificates and promo codes into the world, some of them people's own."""
        central, codes = self.central, list(self.options.zones)
        central.order(lambda centre: self.carried.make_gifts(centre, codes))
        owners = {
            customer.no: self._member_of(customer.cards[0])
            for customer in self.customers
            if customer.cards
        }
        count = len(codes) * CODES
        for use in central.order(lambda centre: self.carried.make_codes(centre, count, owners)):
            self.oracle.imported(use)
        return f"{len(self.carried.gifts)} {count} {len(owners)}"

    def _member_of(self, card: str) -> Any:
        return read_owners(self.central.centre, f"identifier\n{card}\n".encode())[0]

    def _do_gift(self, step: Step) -> str:
        customer, args = self.customers[step.args["customer"]], step.args
        if not customer.cards:
            return "no card"
        days = timedelta(days=args["days"])
        expires_on = (START + days).date().isoformat()
        cells = (customer.cards[0], f"{args['points']}.00", "bonus", expires_on)
        row = Row(step.no, dict(zip(COLUMNS, cells, strict=True)))
        report = self._import(row)
        if report.faults:
            return str(report)
        self.ordered.append(lambda: self._import(row))
        document = derived("import", *cells, 1)
        account = self._account_of(document)
        lot = lot_id(document, 0, account).hex
        self.oracle.imported(Points(lot, account.hex, args["points"] * 100))
        return lot

    def _import(self, row: Row) -> Any:
        return self.central.order(lambda centre: import_lots(centre, [row], centre.clock.now()))

    def _account_of(self, document: Any) -> Any:
        from uuid import UUID

        query = "SELECT account FROM lot WHERE document = ?"
        with self.central.centre.engine.connect() as connection:
            found = connection.exec_driver_sql(query, (document.hex,)).scalar_one()
        return UUID(found)

    # Loops

    def _do_push(self, step: Step) -> str:
        tills = self.at(step.store)
        read, before = tills.read_up_to(), tills.shown()
        told = self._loop(tills.machine.push)
        if tills.read_up_to() == read:
            self.oracle.check_shown(tills.code, before, tills.shown())
        tills.seen.clear()
        return told

    def _audit(self) -> int:
        """Let the centre evaluate what it has not seen yet a second time, and take in what had to
        wait for that."""
        found = self.central.order(lambda centre: ingest.readmit(centre, centre.clock.now()))
        return len(found) + self.central.order(
            lambda centre: self._audited(centre, centre.clock.now())
        )

    def _do_pull(self, step: Step) -> str:
        tills = self.at(step.store)
        self.central.order(lambda centre: snapshots.run(centre, centre.clock.now()))
        if step.no % AUDIT_EVERY == 0:
            self._audit()
        told = self._loop(lambda: tills.machine.pull(by_tail=step.args["tail"]))
        self._check_list(tills)
        return told

    def _check_list(self, tills: Tills) -> None:
        """Check that a store never goes back to an older list of keys, or by one of nobody's."""
        row = replica.premises(tills.machine.station).keys
        if row and INTRUDER.public in row.pack_keys:
            raise ViolationError("list of keys", f"store {tills.code} goes by a foreign list")
        version, before = row.version if row else 0, self.lists.get(tills.code, 0)
        if version < before:
            what = f"store {tills.code} goes by list {version} after {before}"
            raise ViolationError("list of keys", what)
        self.lists[tills.code] = version

    def _do_print(self, step: Step) -> str:
        tills = self.at(step.store)
        return self._loop(tills.machine.print_all)

    def _do_expire(self, _step: Step) -> str:
        self.central.order(lambda centre: recovering.run(centre, centre.clock.now()))
        burnt = self.central.order(lambda centre: expiry.run(centre, centre.clock.now()))
        self.central.order(lambda centre: feed.seal(centre, centre.clock.now()))
        self._audit()
        return str(burnt)

    def _do_judge(self, _step: Step) -> str:
        self.oracle.check_all()
        return "all well"

    # Misfortunes

    def _do_line(self, step: Step) -> str:
        mode = LineMode(step.args["mode"])
        tills = self.at(step.store)
        tills.machine.line.mode = mode
        self.sightings.line(tills.code, mode, self.time.at)
        if mode is not LineMode.UP:
            self.counts["silent" if step.args.get("silent") else f"line {mode}"] += 1
        return mode

    def _do_noise(self, step: Step) -> str:
        self.at(step.store).machine.line.misfortune = step.args["share"]
        return str(step.args["share"])

    def _do_burn(self, step: Step) -> str:
        how = End.CUT if step.args["how"] == "cut" else End.KILL
        disk = self.central.disk if step.store < 0 else self.at(step.store).machine.disk
        disk.burn(step.args["writes"], how, Moment(step.args["moment"]))
        return how.name

    def _do_full(self, step: Step) -> str:
        self.at(step.store).machine.disk.full_writes = step.args["writes"]
        return "full"

    def _do_clock(self, step: Step) -> str:
        hours = step.args["hours"]
        self.at(step.store).machine.clock.offset = wrong_by(hours)
        self.counts["clock jump"] += bool(hours)
        return str(hours)

    def _do_flip(self, step: Step) -> str:
        """Turn one bit of the body of a fact that is not sent yet, below the agent's feet."""
        machine = self.at(step.store).machine
        place, bit = self.chance.random(), 1 << self.chance.randrange(8)
        found = _first_unsent(machine.station)
        if found is None:
            return "all sent"
        self.oracle.flipped(found[0].hex(), found[1])
        body = bytearray(found[1])
        body[int(place * len(body))] ^= bit
        try:
            machine.run(lambda station: _overwrite(station, found[0], bytes(body)))
        except (StoppedError, DatabaseError):
            return "in vain"
        self.counts["bit flip"] += 1
        return found[0].hex()

    def _do_clone(self, step: Step) -> str:
        """Let a store's disk go on twice, as when an image of it is started beside it."""
        if step.store in self.twins:
            return "two already"
        tills = self.tills[step.store]
        code, machine = f"{tills.code}b", tills.machine.clone(self._meanwhile, self.time)
        self.oracle.cloned(tills.code, _seen(code, self.options.zones[tills.code], machine))
        machine.on_start = lambda: self.oracle.check_restart(code)
        self.twins[step.store] = Tills(code, machine, self.oracle)
        self.counts["clone"] += 1
        return code

    def _do_image(self, step: Step) -> str:
        """Take an image of a store's disk."""
        self.images[step.store] = self.tills[step.store].machine.image()
        return "taken"

    def _do_put_back(self, step: Step) -> str:
        """Let a store go on from an older image of its disk, as after a repair."""
        image = self.images.pop(step.store, None)
        if image is None or step.store in self.twins:
            return "none"
        tills = self.tills[step.store]
        before = tills.facts()
        tills.machine.put_back(image)
        self.oracle.put_back(tills.code, before)
        tills.machine.restart()
        kept = tills.facts()
        for receipt in [one for one in self.receipts.values() if one.tills is tills]:
            if receipt.committed is None or receipt.returned:
                del self.receipts[receipt.name]  # what the till forgot could be done twice
        tills.seen.clear()
        self.lists.pop(tills.code, None)
        self.counts["image put back"] += 1
        return str(len(before) - len(kept))

    def _do_rows_back(self, step: Step) -> str:
        """Let a store's rows be older ones, or none, beside its own journal."""
        tills, image = self.tills[step.store], self.images.get(step.store)
        if image is None:
            return "none"
        tills.machine.put_rows_back(image)
        self.counts["rows put back"] += 1
        return "put back"

    def _do_rot(self, step: Step) -> str:
        """Turn a bit of a stored row, below the agent's feet, and let it look at its rows."""
        machine, place = self.at(step.store).machine, self.chance.random()
        try:
            if machine.run(repair.scrub):
                return "rotten before"  # the same bit would turn back
            rotten = machine.run(lambda station: _rot(station, place))
            found = machine.run(repair.scrub)
        except (StoppedError, DatabaseError):  # the disk is full, or the machine has stopped
            return "in vain"
        if not rotten:
            return "no goods"
        if not found:
            raise ViolationError(
                "rot", f"store {step.store} does not see that {rotten} has changed"
            )
        machine.station.suspects.update(found)
        self.counts["row rotten"] += 1
        return rotten

    def _do_prune(self, _step: Step) -> str:
        """Let the centre keep no changes that are in its snapshots."""
        self.oracle.log.watch()
        old = timedelta(days=self.central.centre.settings.changes_kept_days, seconds=1)
        gone = self.central.order(lambda centre: snapshots.prune(centre, centre.clock.now() + old))
        self.counts["changes let go"] += gone
        return str(gone)

    def _do_keys(self, step: Step) -> str:
        """Let what a store reads travel under other keys, and the list of keys be a later one."""
        code = self.tills[step.store].code
        self.central.order(lambda centre: _renew_keys(centre, code))
        if step.no % 2:
            self.central.hand_over()
            self.counts["root renewed"] += 1
        self.counts["keys renewed"] += 1
        return code

    def _do_old_list(self, step: Step) -> str:
        """Let somebody send a list of keys that does not count."""
        name, made = FOREIGN_LISTS[step.no % len(FOREIGN_LISTS)]
        row = made(self.central) if self._know_the_root() else first_list(self.central)
        self.central.order(lambda centre: _send_list(centre, row))
        self.counts["older list"] += 1
        return name

    def _know_the_root(self) -> bool:
        """Tell whether every store has heard of the present root, and no disk forgets it again.

        One that has not follows whoever has stolen the former one, if it hears him first.
        """
        heard = [self.lists.get(tills.code, 0) for tills in self.everywhere()]
        forgets = {Fault.IMAGE, Fault.CLONE, Fault.ROWS} & {*self.options.faults}
        return min(heard) >= self.central.root_version and not forgets

    def _do_cache(self, step: Step) -> str:
        self.at(step.store).machine.line.cache = step.args["share"]
        return str(step.args["share"])

    def _do_write_off(self, step: Step) -> str:
        """Let the centre give up a store."""
        code = self.tills[step.store].code
        self.oracle.writing_off(code)
        lots, points = self.central.order(lambda centre: write_off_store(centre, code))
        self.counts["written off"] += 1
        return f"{lots} {points}"

    def _do_backup(self, _step: Step) -> str:
        """Copy the centre's database, as an operator does who confirms it afterwards."""
        number = self.central.order(lambda centre: backups.begin(centre, centre.clock.now()))
        self.central.back_up()
        self.oracle.backed_up()
        self.central.order(lambda centre: backups.confirm(centre, number, centre.clock.now()))
        return str(number)

    def _do_restore(self, _step: Step) -> str:
        """Put the centre's backup back; people import and publish again what they had since."""
        # What the centre has granted itself stores may spend, whatever its backup lacks.
        known = rows_of(self.oracle.central, "SELECT account FROM account")
        self.oracle.check_accounts(account for (account,) in known)
        if not self.central.restore():
            return "none"
        self.oracle.restored()
        for again in self.ordered:
            again()
        self.counts["centre restored"] += 1
        return self.central.centre.incarnation.hex

    def _do_merge(self, step: Step) -> str:
        """Let an operator make two customers one member."""
        cards = [self.customers[step.args[name]].cards for name in ("customer", "other")]
        if not all(cards):
            return "no card"
        return self._deed("merged", merging(cards[0][0], cards[1][0]))

    def _do_part(self, step: Step) -> str:
        """Let an operator part one of two customers who were made one, whichever has joined."""
        done = "no card"
        for name in ("customer", "other"):
            cards = self.customers[step.args[name]].cards
            done = self._deed("parted", parting(cards[0])) if cards else "no card"
            if done == "parted":
                break
        return done

    def _deed(self, name: str, deed: Deed) -> str:
        try:
            self.central.order(deed)
        except LoyaltyError as refusal:
            return refusal.code
        self.ordered.append(lambda: self._deed_again(deed))
        self.counts[name] += 1
        return name

    def _deed_again(self, deed: Deed) -> None:
        """Repeat a deed for a restored centre, which may know of it, or not of its members yet."""
        with suppress(LoyaltyError):
            self.central.order(deed)

    def _do_poison(self, step: Step) -> str:
        """Sell for points with a fact whose body nobody can read, as a broken version might."""
        tills = self.at(step.store)
        here = self._spendable(tills, step.args["customer"])
        if not here:
            return "nothing to draw"
        drawn = Points(here[0].lot, here[0].account, min(here[0].amount, POISON_POINTS))
        fact = tills.poison(drawn)
        self.counts["poison"] += 1
        self.oracle.poisoned(tills.code, fact, drawn)
        tills.touched.add(drawn.account)
        return fact

    def _spendable(self, tills: Tills, first: int) -> list[Points]:
        """Return what the store may draw of the first customer, from one on, who has something."""
        for customer in (*self.customers[first:], *self.customers[:first]):
            found = self._found(tills, customer.no)
            if found is not None and (here := tills.here(found.standing.member)):
                return here
        return []

    def _do_publish(self, step: Step) -> str:
        version = step.args["version"]
        at = step.args.get("at", f"{(START + timedelta(days=version - 1)).date()}T00:00")
        options = self.options
        text = pack_text(options.programme, version, at, options.caps, options.of_pass)
        told = self.central.order(lambda centre: publish_next(centre, text))
        self._published(lambda centre: publish_next(centre, text))
        return told

    def _do_roll(self, step: Step) -> str:
        """Let people try a pack in a store, widen it, halt it, or roll it back."""
        options, args = self.options, step.args
        text = pack_text(
            options.programme, args["percent"], FIRST_FROM, options.caps, options.of_pass
        )
        later = midnight_after(self.time.at) if args["later"] else ""
        wanted = Rolling(args["kind"], self.at(step.store).code[:3], text, later)
        try:
            done = self.central.order(lambda centre: roll(centre, wanted))
        except LoyaltyError as refusal:  # of a repetition, when the centre was killed in between
            self.oracle.times.published(said(self.central.centre))
            return refusal.code
        self.counts["pack rolled"] += 1
        self._published(lambda centre: roll(centre, wanted))
        return done

    def _published(self, deed: Callable[[Centre], object]) -> None:
        """Tell the judge what is published now; a restored centre is told it again."""
        repeated = repeating(deed)

        def once_more() -> None:
            self.central.order(repeated)
            self.oracle.times.published(said(self.central.centre))

        self.ordered.append(once_more)
        self.oracle.times.published(said(self.central.centre))

    def _do_busy(self, step: Step) -> str:
        self.network.busy = step.args["on"]
        return str(self.network.busy)


def _renew_keys(centre: Centre, store: str) -> None:
    with transaction(centre.engine) as connection:
        streams.renew_keys(connection, store)
        newest = packs.newest_keys(connection)
        assert newest is not None
        told = trusted_by(newest)
        signers = () if told.pass_keys else (centre.keys.passes.public,)
        keylist.send(connection, centre.keys, replace(told, pass_keys=signers))


def _send_list(centre: Centre, row: KeysRow) -> None:
    with transaction(centre.engine) as connection:
        feed.append(connection, [feed.changed(GLOBAL, row)])


def _first_unsent(station: Station) -> tuple[bytes, bytes] | None:
    """Return the id and body of the first fact that has no word of the centre."""
    with reading(station.journal) as connection:
        seq = facts.next_to_send(connection, station.identity.epoch)
        query = "SELECT id, body FROM fact WHERE seq >= ? ORDER BY seq LIMIT 1"
        found = connection.exec_driver_sql(query, (seq,)).first()
    return None if found is None else (bytes(found[0]), bytes(found[1]))


def _scrub(station: Station) -> None:
    station.suspects.update(repair.scrub(station))


def _scrub_if_due(station: Station) -> None:
    if not station.suspects and repair.is_scrub_due(station, station.time.now()):
        _scrub(station)


def _rot(station: Station, place: float) -> str:
    """Turn a bit of the name of some goods, which stays text; return their number."""
    with transaction(station.replica) as connection:
        query = "SELECT key, row FROM row WHERE kind = 'goods' ORDER BY key"
        rows = connection.exec_driver_sql(query).fetchall()
        if not rows:
            return ""
        key, row = rows[int(place * len(rows))]
        rotten = bytearray(row)
        rotten[row.index(CYRILLIC) + 1] ^= 1
        values = (bytes(rotten), key)
        connection.exec_driver_sql(
            "UPDATE row SET row = ? WHERE kind = 'goods' AND key = ?", values
        )
    return str(bytes(key).decode())


def _overwrite(station: Station, fact: bytes, body: bytes) -> None:
    with transaction(station.journal) as connection:
        connection.exec_driver_sql("UPDATE fact SET body = ? WHERE id = ?", (body, fact))


def _seen(code: str, zone: str, machine: Machine) -> Store:
    """Return a store as the judge sees it."""
    home = machine.disk.folder
    agent = machine.station.identity.agent.hex
    return Store(code, agent, home, zone, machine.tray.papers)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the product's log out of a run."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(SILENT))
    try:
        yield
    finally:
        structlog.configure(**before)
