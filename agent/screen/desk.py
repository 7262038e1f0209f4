"""A till's screen between two taps: who is signed in, which sale is open, what is shown of it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from agent.members.service import Found
from agent.screen.sale import OpenSale
from agent.station import Station
from shared.ids import uuid7
from shared.rules.returns import Part
from shared.rules.sentences import Lang
from shared.rules.wording import Wording

DONE_MAX = 10
SALE, REGISTER, RECEIPT, DONE = "sale", "register", "receipt", "done"
EXCHANGE, PROFILE = "exchange", "profile"


@dataclass(slots=True)
class Present:
    """Who is signed in at a till; `seen_s` is when he last did something."""

    token: str = field(repr=False)
    no: str
    name: str
    role: str
    seen_s: float


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of a receipt that may come back: thousandths, of which some came back before."""

    no: int
    name: str
    quantity: int
    returned: int


@dataclass(slots=True)
class Lookup:
    """A receipt that is looked at: its goods, and what of them is to come back."""

    receipt: UUID
    slip: str
    """The code of the slip, if it was scanned."""
    goods: tuple[Goods, ...]
    state: str
    print_state: str
    slip_text: str
    return_uid: UUID
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """A durable sale or return, by its document's uid, and the kopecks that changed hands."""

    uid: UUID
    kind: str
    amount_minor: int
    at: datetime


@dataclass(slots=True)
class Desk:
    """One till's screen; whatever changes it holds the lock."""

    till: str
    sale: OpenSale
    lang: Lang
    lock: threading.RLock = field(default_factory=threading.RLock)
    present: Present | None = None
    last_cashier: str = ""
    panel: str = SALE
    notices: list[tuple[str, Wording]] = field(default_factory=list)
    """What to say until the next action: `error`, `warning` or `done`, and a sentence."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What was in a form that was refused."""
    choices: tuple[Found, ...] = ()
    """Members of whom one is meant."""
    named: str = ""
    """The name that has found the choices; empty when it was a phone or a card."""
    lookup: Lookup | None = None
    finished: list[Finished] = field(default_factory=list)
    """The last ones, the newest first."""
    form_uid: UUID | None = None
    """Of the registration that is being typed."""
    left_open: list[OpenSale] = field(default_factory=list)
    """Further claims of this till that the journal holds."""
    edition: int = 0
    """Counts the changes, by which a page knows that it is old."""
    listener: object = None
    """The newest page that listens: scans go to it alone."""

    def tell(self, level: str, words: Wording) -> None:
        """Say something until the next action."""
        self.notices.append((level, words))

    def begin(self, station: Station) -> None:
        """Begin the next sale, or go on with a claim that is left open; scans that waited are
        the caller's to take."""
        waiting = self.sale.waiting
        if self.left_open:
            self.sale = self.left_open.pop(0)
        else:
            self.sale = OpenSale(new_uid(station))
        self.sale.waiting.extend(waiting)
        self.offer_choices(())

    def offer_choices(self, found: tuple[Found, ...], named: str = "") -> None:
        """Ask which of several members is meant; none: nobody is asked about any more."""
        self.choices, self.named = found, named

    def show(self, panel: str) -> None:
        """Turn to a panel."""
        self.panel = panel

    def finish(self, done: Finished) -> None:
        """Show what has become durable."""
        self.finished = [done, *self.finished][:DONE_MAX]
        self.panel = DONE

    def is_signed_in(self, token: str, now_s: float, lock_s: float) -> bool:
        """Tell whether a browser's cashier is the one here, and was busy not long ago."""
        who = self.present
        return who is not None and who.token == token and now_s - who.seen_s < lock_s

    def is_locked(self, now_s: float, lock_s: float) -> bool:
        """Tell whether nobody is signed in, or he was idle for too long."""
        return self.present is None or now_s - self.present.seen_s >= lock_s


def new_uid(station: Station) -> UUID:
    """Mint a uid for what begins at a screen."""
    return uuid7(station.time.now(), station.chance)
