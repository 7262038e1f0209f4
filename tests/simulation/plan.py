"""The plan of a run: customers, loops and misfortunes, drawn from one seed in advance.

A step carries all that is decided about it, so that a run can be repeated from its list of steps,
also from a shortened one.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation import again, carried, editing, passes
from tests.simulation.clocks import START
from tests.simulation.disk import Moment
from tests.simulation.people import Customer, make_customers
from tests.simulation.programmes import NO_CAPS, Programme

ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
DAY_S = 86_400
OPENS_H, AFTERNOON_H, CLOSES_H = 9, 15, 21
CUSTOMERS_PER_STORE = 5
PARTITION_DAYS_MAX = 14
CLOCK_H_MAX = 48


class Fault(StrEnum):
    """Kinds of faults that a run may have."""

    PARTITION = "partition"
    ONE_WAY = "one-way"
    NOISE = "noise"
    KILL = "kill"
    CUT = "cut"
    FULL = "full"
    CLOCK = "clock"
    FLIP = "flip"
    POISON = "poison"
    CLONE = "clone"
    SILENT = "silent"
    BUSY = "busy"
    CENTRE_KILL = "centre-kill"
    CENTRE_CUT = "centre-cut"
    PACK = "pack"
    IMAGE = "image"
    WRITE_OFF = "write-off"
    RESTORE = "restore"
    ROWS = "rows"
    ROT = "rot"
    PRUNE = "prune"
    MERGE = "merge"
    KEYS = "keys"
    CACHE = "cache"
    ROLL = "roll"


PER_STORE_DAY = {
    Fault.PARTITION: 0.8,
    Fault.ONE_WAY: 0.5,
    Fault.NOISE: 1.2,
    Fault.KILL: 2.0,
    Fault.CUT: 2.0,
    Fault.FULL: 0.5,
    Fault.CLOCK: 0.3,
    Fault.FLIP: 0.3,
    Fault.POISON: 0.2,
    Fault.CLONE: 0.05,
    Fault.SILENT: 0.05,
    Fault.IMAGE: 0.15,
    Fault.WRITE_OFF: 0.03,
    Fault.ROWS: 0.1,
    Fault.ROT: 0.2,
    Fault.KEYS: 0.3,
    Fault.CACHE: 0.5,
}
PER_DAY = {
    Fault.BUSY: 2.0,
    Fault.CENTRE_KILL: 3.0,
    Fault.CENTRE_CUT: 3.0,
    Fault.RESTORE: 0.3,
    Fault.PRUNE: 2.0,
}
MERGES = 0.6
"""Of a store and day; most are parted again."""
ROLL_KINDS = ("canary", "canary", "widen", "halt", "halt_rule", "rollback")
ROLLS = 6
"""Acts of people with packs in a day."""
LATER = 0.3
"""Of these from a midnight on."""
PARTED, ONCE_MORE = 0.7, 0.3
IMAGE_AGE_S_MAX = 24 * 3600
BACKUP_AGE_S_MAX = 3 * 3600
BACKUP_EVERY_S = 6 * 3600
FLIP_AFTER_S = 300
"""After a visit: most often its facts are not sent yet."""
VOIDED, EXCHANGED, ELSEWHERE = 0.08, 0.06, 0.12
"""Shares of all sales."""
LEAST = 2
"""Of every kind of fault in a plan that has it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What makes a run: the same options give the same run."""

    seed: int = 1
    stores: int = 3
    days: int = 1
    visits: int = 16
    """Of one store and day."""
    faults: tuple[Fault, ...] = ()
    rate: int = 1
    """Times the usual number of faults."""
    programme: Programme = Programme.WINE
    caps: tuple[int, int, int] = NO_CAPS
    """What the programme lets a receipt, a member and a store spend offline beyond the leases, in
    hundredths of a point; none: leases alone."""
    of_pass: int = 0
    """How much a signed pass lets its account spend at a store, in hundredths; 0: no passes."""
    first_need: int = 0
    """As the centre's settings have it; with none, more lots are held by two stores at once."""

    @property
    def zones(self) -> dict[str, str]:
        """The stores by code, with their zones."""
        return {str(101 + no): ZONES[no % len(ZONES)] for no in range(self.stores)}

    @property
    def customers(self) -> list[Customer]:
        """The people who shop there."""
        chance = random.Random(f"people/{self.seed}")
        return make_customers(self.stores * CUSTOMERS_PER_STORE, self.stores, chance)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: when (seconds since the start), what, where (-1: at the centre)."""

    no: int
    at_s: int
    do: str
    store: int = -1
    args: dict[str, Any] = field(default_factory=dict)


def make_plan(options: Options) -> list[Step]:
    """Return the steps of a run in order."""
    return _Planner(options).steps()


class _Planner:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.chance = random.Random(f"plan/{options.seed}")
        self.customers = options.customers
        self.drafts: list[tuple[int, int, str, int, dict[str, Any]]] = []
        self.sales: list[tuple[int, int, str]] = []
        """Second, store, receipt."""

    def steps(self) -> list[Step]:
        self._first_day()
        for day in range(self.options.days):
            for store in range(self.options.stores):
                self._trade(day, store)
            self._add(day * DAY_S + DAY_S - 60, "expire")
            self._add(day * DAY_S + DAY_S - 30, "judge")
        self._returns()
        self._undoings()
        self._misfortunes()
        if Fault.MERGE in self.options.faults:
            self._merges()
        if Fault.ROLL in self.options.faults:
            self._rolls()
        self.drafts.sort(key=lambda draft: draft[:2])
        steps = [
            Step(no, at_s, do, store, args)
            for no, (at_s, _, do, store, args) in enumerate(self.drafts)
        ]
        steps += self._carried(len(steps))
        steps += self._edits(len(steps))
        if self.options.of_pass:
            steps += self._passes(len(steps))
        if Fault.PARTITION in self.options.faults:
            steps += self._again(steps)
        if Fault.RESTORE in self.options.faults:
            steps += self._backups(steps)
        return sorted(steps, key=lambda step: (step.at_s, step.no))

    def _again(self, steps: list[Step]) -> list[Step]:
        """Return which lines come back in two stores, numbered after everything else."""
        lines = [(step.at_s, step.store, step.args["mode"]) for step in steps if step.do == "line"]
        made = again.plan(self.options.seed, self.options.stores, self.sales, lines)
        return [Step(len(steps) + no, *step) for no, step in enumerate(made)]

    def _passes(self, first: int) -> list[Step]:
        """Return who is issued a pass when, numbered after everything else."""
        made = passes.plan(self.options.seed, len(self.customers), self.options.days)
        return [Step(first + no, at_s, do, args=args) for no, (at_s, do, args) in enumerate(made)]

    def _backups(self, steps: list[Step]) -> list[Step]:
        """Return backups beside those that are put back: what they hold may leave the stores.

        None of them comes in the place of one that is to be put back, or little would be lost.
        """
        chance = random.Random(f"backups/{self.options.seed}")
        starts = range(0, self.options.days * DAY_S, BACKUP_EVERY_S)
        drawn = [start + chance.randrange(10, BACKUP_EVERY_S) for start in starts]
        return [
            Step(len(steps) + no, at_s, "backup")
            for no, at_s in enumerate(drawn)
            if not _is_to_be_put_back(steps, at_s)
        ]

    def _carried(self, first: int) -> list[Step]:
        """Return what is done with certificates and codes, numbered after everything else."""
        options = self.options
        opens = [self._opens(0, store) for store in range(options.stores)]
        made = carried.plan(
            options.seed, options.stores, options.days, opens, (CLOSES_H - OPENS_H) * 3600
        )
        return [
            Step(first + no, at_s, do, store, args)
            for no, (at_s, do, store, args) in enumerate(made)
        ]

    def _edits(self, first: int) -> list[Step]:
        """Return what is changed of profiles, numbered after everything else."""
        options = self.options
        opens = [self._opens(0, store) for store in range(options.stores)]
        made = editing.plan(options.seed, options.stores, options.days, opens, len(self.customers))
        return [
            Step(first + no, at_s, do, store, args)
            for no, (at_s, do, store, args) in enumerate(made)
        ]

    def _add(self, at_s: int, do: str, store: int = -1, **args: Any) -> None:
        self.drafts.append((max(0, at_s), len(self.drafts), do, store, args))

    def _first_day(self) -> None:
        """Register most customers at home, give them points, and tell the stores."""
        regulars = [customer for customer in self.customers if customer.no % 5]
        for store in range(self.options.stores):
            self._add(0, "push", store)
            self._add(0, "pull", store, tail=False)
            self._add(2, "push", store)
            self._add(4, "pull", store, tail=True)
        for customer in regulars:
            self._add(1, "register", customer.stores[0], customer=customer.no, variant=0)
            for _ in range(self.chance.randrange(1, 3)):
                self._add(3, "gift", customer=customer.no, **self._gift())

    def _gift(self) -> dict[str, int]:
        days = self.chance.choice((0, 1, 2, 400))
        return {"points": self.chance.randrange(100, 2500), "days": days}

    def _opens(self, day: int, store: int) -> int:
        zone = ZoneInfo(ZONES[store % len(ZONES)])
        midnight = (START + timedelta(days=day)).replace(tzinfo=None)
        return int((midnight.replace(hour=OPENS_H, tzinfo=zone) - START).total_seconds())

    def _trade(self, day: int, store: int) -> None:
        opens = self._opens(day, store)
        for visit in range(self.options.visits):
            at_s = opens + self.chance.randrange((CLOSES_H - OPENS_H) * 3600)
            if at_s > 10:
                self._visit(at_s, store, f"{day}.{store}.{visit}")
        for at_s in range(opens, opens + DAY_S, 3 * 3600):
            self._sync(at_s + self.chance.randrange(3600), store, 1.0)

    def _visit(self, at_s: int, store: int, name: str) -> None:
        chance, kind = self.chance, self.chance.random()
        who = self._visitor(store)
        if kind < 0.08:
            self._add(at_s, "register", store, customer=who, variant=chance.randrange(5))
        elif kind < 0.14:
            self._add(at_s, "activate", store, customer=who)
        else:
            customer = None if kind < 0.24 else who
            reserve = chance.random() < 0.85
            self._add(at_s, "sell", store, receipt=name, customer=customer, reserve=reserve,
                      **self._basket())  # fmt: skip
            end = "cancel" if chance.random() < 0.08 else "pay"
            takes_s = chance.randrange(1, 600)
            takes_s *= 6 if takes_s % 5 == 0 else 1  # somebody else is served meanwhile
            self._add(at_s + takes_s, end, store, receipt=name)
            self.sales.append((at_s, store, name))
        self._sync(at_s + chance.randrange(700), store, 0.5)

    def _visitor(self, store: int) -> int:
        """Return a customer: most often one of the store's own, sometimes anyone."""
        if self.chance.random() < 0.15:
            return self.chance.randrange(len(self.customers))
        own = [one.no for one in self.customers if store in one.stores]
        return self.chance.choice(own)

    def _basket(self) -> dict[str, Any]:
        chance = self.chance
        skus = chance.choices(("CHEESE", "OPENER", "WINE", "VODKA", "SMOKES"), (8, 4, 4, 1, 1), k=3)
        items = [[sku, chance.choice((1, 1, 2, 3)) * 1000] for sku in dict.fromkeys(skus)]
        redeem = chance.choices(("none", "maximum", "exact"), (3, 4, 4))[0]
        share = chance.choice((0.2, 0.5, 0.6, 0.9, 1.0, 1.2))
        return {"items": items, "redeem": redeem, "share": share}

    def _sync(self, at_s: int, store: int, often: float) -> None:
        for do, args in (
            ("push", {}),
            ("pull", {"tail": self.chance.random() < 0.5}),
            ("print", {}),
        ):
            if self.chance.random() < often:
                self._add(at_s + self.chance.randrange(60), do, store, **args)

    def _returns(self) -> None:
        for at_s, store, name in self.sales:
            often = 0.15
            while self.chance.random() < often:
                elsewhere = self.chance.random() < 0.1
                at = (store + 1) % self.options.stores if elsewhere else store
                share = self.chance.choice((0.5, 1.0))
                later_s = self.chance.randrange(700, 2 * DAY_S)
                self._add(at_s + later_s, "return", at, receipt=name, share=share)
                often = 0.5

    def _undoings(self) -> None:
        """Let some sales be voided, goods be changed for others, or come back in other stores."""
        chance, stores = random.Random(f"undoings/{self.options.seed}"), self.options.stores
        for at_s, store, name in list(self.sales):
            kind, soon_s = chance.random(), at_s + chance.randrange(600, 3600)
            if kind < VOIDED:
                self._add(soon_s, "void", store, receipt=name)
            elif kind < VOIDED + EXCHANGED:
                sku, redeem = chance.choice(("CHEESE", "WINE")), chance.choice(("none", "maximum"))
                share = chance.choice((0.5, 1.0))
                self._add(soon_s, "exchange", store, receipt=name, new=f"{name}.x", share=share,
                          items=[[sku, 1000]], redeem=redeem)  # fmt: skip
            elif kind < VOIDED + EXCHANGED + ELSEWHERE:
                share, slip = chance.choice((0.5, 1.0, 1.0)), chance.random() < 0.8
                for _ in range(chance.choice((1, 2))):
                    at = (store + chance.randrange(stores)) % stores
                    later_s = at_s + chance.randrange(700, DAY_S)
                    self._add(later_s, "return", at, receipt=name, share=share,
                              slip=slip and share == 1.0)  # fmt: skip

    def _merges(self) -> None:
        """Let people turn out to be one, some of them wrongly: while they shop in other stores."""
        chance, options = random.Random(f"merges/{self.options.seed}"), self.options
        for _ in range(max(2 * LEAST, int(MERGES * options.stores * options.days * options.rate))):
            at_s = chance.randrange(10, options.days * DAY_S)
            one, other = chance.sample(range(len(self.customers)), 2)
            self._add(at_s, "merge", customer=one, other=other)
            if chance.random() < PARTED:
                at_s += chance.randrange(60, 18 * 3600)
                self._add(at_s, "part", customer=one, other=other)
                if chance.random() < ONCE_MORE:
                    at_s += chance.randrange(60, 6 * 3600)
                    self._add(at_s, "merge", customer=other, other=one)

    def _rolls(self) -> None:
        """Let people bring packs to some stores first, halt them, and roll them back."""
        chance, options = random.Random(f"rolls/{self.options.seed}"), self.options
        for _ in range(max(3 * LEAST, int(ROLLS * options.days * options.rate))):
            at_s = chance.randrange(OPENS_H * 3600, options.days * DAY_S)
            self._add(at_s, "roll", chance.randrange(options.stores),
                      kind=chance.choice(ROLL_KINDS), later=chance.random() < LATER,
                      percent=chance.randrange(2, 9))  # fmt: skip

    def _misfortunes(self) -> None:
        options = self.options
        if Fault.PACK in options.faults:
            for version in range(2, options.days + 2):
                self._add(version * 3600, "publish", version=version, at=self._in_force(version))
        for fault in sorted(set(options.faults) - {Fault.PACK, Fault.MERGE, Fault.ROLL}):
            if fault in PER_STORE_DAY:
                times = self._times(PER_STORE_DAY[fault] * options.stores * options.days)
            else:
                times = self._times(PER_DAY.get(fault, 0.0) * options.days)
            for _ in range(times):
                at_s = self.chance.randrange(10, options.days * DAY_S)
                self._misfortune(fault, at_s, self.chance.randrange(options.stores))

    def _in_force(self, version: int) -> str:
        """Return the local instant of a pack: a midnight, on a single day its afternoon."""
        if self.options.days == 1:
            return f"{START.date()}T{AFTERNOON_H}:00"
        return f"{(START + timedelta(days=version - 1)).date()}T00:00"

    def _times(self, mean: float) -> int:
        mean *= self.options.rate
        return max(LEAST, int(mean) + (self.chance.random() < mean % 1))

    def _misfortune(self, fault: Fault, at_s: int, store: int) -> None:  # noqa: C901
        chance = self.chance
        if fault is Fault.PARTITION:
            for_s = int(300 * (PARTITION_DAYS_MAX * DAY_S / 300) ** chance.random())
            self._line(at_s, store, for_s, "down")
        elif fault is Fault.ONE_WAY:
            self._line(at_s, store, chance.randrange(60, 4 * 3600), "mute")
        elif fault is Fault.NOISE:
            self._add(at_s, "noise", store, share=chance.choice((0.2, 0.4, 0.6)))
            self._add(at_s + chance.randrange(2 * 3600, 8 * 3600), "noise", store, share=0.0)
        elif fault in (Fault.KILL, Fault.CUT):
            self._add(at_s, "burn", store, how=fault.value, **_burning(chance))
        elif fault in (Fault.CENTRE_KILL, Fault.CENTRE_CUT):
            how = fault.value.removeprefix("centre-")
            self._add(at_s, "burn", how=how, **_burning(chance))
        elif fault is Fault.FULL:
            self._add(at_s, "full", store, writes=chance.randrange(1, 12))
        elif fault is Fault.CLOCK:
            hours = chance.choice((-1, 1)) * chance.randrange(1, CLOCK_H_MAX + 1)
            self._add(at_s, "clock", store, hours=hours)
            self._add(at_s + chance.randrange(3600, 12 * 3600), "clock", store, hours=0)
        elif fault is Fault.BUSY:
            self._add(at_s, "busy", on=True)
            self._add(at_s + chance.randrange(60, 3600), "busy", on=False)
        elif fault is Fault.SILENT:
            self._add(at_s, "line", store, mode="down", silent=True)
        elif fault is Fault.POISON:
            self._add(at_s, "poison", store, customer=self._visitor(store))
        elif fault is Fault.IMAGE:
            self._add(at_s, "image", store)
            self._add(at_s + chance.randrange(600, IMAGE_AGE_S_MAX), "put-back", store)
        elif fault is Fault.ROWS:
            self._add(at_s, "image", store)
            self._add(at_s + chance.randrange(600, IMAGE_AGE_S_MAX), "rows-back", store)
        elif fault is Fault.RESTORE:
            self._add(at_s, "backup")
            self._add(at_s + chance.randrange(600, BACKUP_AGE_S_MAX), "restore")
        elif fault is Fault.KEYS:
            self._add(at_s, "keys", store)
            self._add(at_s + chance.randrange(60, 6 * 3600), "old-list")
        elif fault is Fault.CACHE:
            self._add(at_s, "cache", store, share=chance.choice((0.5, 0.9)))
            self._add(at_s + chance.randrange(2 * 3600, 8 * 3600), "cache", store, share=0.0)
        elif fault is Fault.FLIP:
            sold_at_s, where, _ = chance.choice(self.sales)
            self._add(sold_at_s + FLIP_AFTER_S, "flip", where)
        else:
            self._add(at_s, fault.value, store)

    def _line(self, at_s: int, store: int, for_s: int, mode: str) -> None:
        self._add(at_s, "line", store, mode=mode)
        self._add(at_s + for_s, "line", store, mode="up")


def _is_to_be_put_back(steps: list[Step], at_s: int) -> bool:
    """Tell whether at a time the last backup is one that a step is going to put back."""
    before = [step.at_s for step in steps if step.do == "backup" and step.at_s <= at_s]
    after = [step.at_s for step in steps if step.do == "restore" and step.at_s > at_s]
    later = [step.at_s for step in steps if step.do == "backup" and step.at_s > at_s]
    return bool(before and after) and min(after) <= min(later, default=min(after))


def _burning(chance: random.Random) -> dict[str, Any]:
    """Return after how many writes a machine stops, mostly soon, and at which kind of write."""
    writes = chance.randrange(20) if chance.random() < 0.7 else chance.randrange(200)
    moment = chance.choices(tuple(Moment), (3, 1, 2))[0]
    return {"writes": writes, "moment": moment.value}


def instant(step: Step) -> datetime:
    """Return when a step is due."""
    return START + timedelta(seconds=step.at_s)
