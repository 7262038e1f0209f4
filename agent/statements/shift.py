"""The summary of a shift: what a till's journal says of a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection

from agent.journal import outages
from agent.journal import store as facts
from agent.printing import parts
from agent.printing.parts import Paper
from agent.quote.paper import present_paper
from agent.quote.service import store_settings
from agent.returns.sources import UnknownReceiptError, find_sale
from agent.statements.service import Printed, print_once
from agent.station import Station
from shared.clock import instant_of
from shared.money import format_money
from shared.points import format_points
from shared.receipt import Benefits
from shared.rules.moment import Moment
from shared.rules.slip_fill import Told
from shared.runtime.sqlite import reading
from shared.slip import Slip
from shared.wire.codec import decoder, encode
from shared.wire.facts import Fact, MemberRegistered, ReceiptCommitted, is_intact, known_body
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip

SHIFT: Final = "shift_slip"
FACTS_READ: Final = 200
"""In one look at the journal."""
FACTS_MAX: Final = 100_000
"""What is looked through for one summary at most."""
SLACK: Final = timedelta(days=2)
"""How far a fact may stand from its day: clocks go back, days are those of a zone."""


class Shift(Struct, frozen=True):
    """What happened in a day of a till: counts, kopecks, hundredths of a point, minutes."""

    till: str
    day: date
    sales: int = 0
    sales_minor: int = 0
    returns: int = 0
    returns_minor: int = 0
    voids: int = 0
    voids_minor: int = 0
    registrations: int = 0
    earned_points: int = 0
    """All that was granted, welcome and gifts too."""
    redeemed_points: int = 0
    taken_points: int = 0
    restored_points: int = 0
    offline_minutes: int = 0
    late: int = 0
    """Sales that were made without the agent and handed over later."""
    unsent: int = 0


_decode = decoder(Shift)


@dataclass(frozen=True, slots=True)
class ShiftOrder:
    """A summary of a till, of today unless a day is said."""

    uid: UUID
    content: bytes
    till: str
    cashier: str = ""
    day: date | None = None


def print_shift(station: Station, order: ShiftOrder, at: datetime) -> tuple[Printed, Shift]:
    """Spool the summary of a shift and return it; repeating a uid prints nothing more.

    Returns that do not name their till belong to the till of their sale, or to none.
    Raises NoSettingsError, UidReusedError.
    """
    settings = store_settings(station)
    moment, paper = station.time.moment(at, settings.zone), present_paper(station, settings, at)

    station.downtime.note(at, up=station.link.state().up)
    with reading(station.journal) as connection:
        shift = _summed(connection, station, order.till, order.day or moment.day, moment)

    def compose(_journal: Connection, slip_id: UUID) -> tuple[Slip, bytes]:
        told = _told(paper, shift, order.cashier, moment)
        return paper.slip("shift", told, slip_id), encode(shift)

    printed = print_once(station, (order.uid, SHIFT, order.content), compose, at)
    return printed, _decode(printed.told)


def _summed(
    connection: Connection, station: Station, till: str, day: date, moment: Moment
) -> Shift:
    total = _Total(connection, station, till, day)
    for fact in _facts_of(connection, station, day, moment):
        if is_intact(fact):
            total.add(fact)
    start, end = moment.start_of(day), moment.start_of(day + timedelta(days=1))
    down = outages.offline(connection, station, start, min(end, moment.instant))
    return Shift(
        till=till,
        day=day,
        **total.counts,
        offline_minutes=int(down.total_seconds()) // 60,
        unsent=facts.queue(connection, station.identity.lines).depth,
    )


class _Total:
    """Adds up the facts of a till and day."""

    def __init__(self, connection: Connection, station: Station, till: str, day: date) -> None:
        self._connection = connection
        self._station = station
        self._till = till
        self._day = day
        self.counts: dict[str, int] = {}

    def add(self, fact: Fact) -> None:
        """Count a fact, if it is of the till and the day."""
        body = known_body(fact)
        if getattr(body, "day", None) != self._day:
            return
        match body:
            case ReceiptCommitted() if body.receipt.till == self._till:
                self._sold(body)
            case ReceiptReturned() | ReturnedBySlip() if self._is_here(body.till, body.sale):
                self._count(returns=1, returns_minor=body.money_minor)
                self._back(body)
            case ReceiptVoided() if body.till == self._till:
                self._count(voids=1, voids_minor=body.money_minor)
                self._back(body)
            case MemberRegistered() if body.till == self._till:
                granted = sum(lot.amount for lot in body.granted)
                self._count(registrations=1, earned_points=granted)

    def _sold(self, body: ReceiptCommitted) -> None:
        totals, is_late = body.evaluation.totals, body.receipt.benefits is Benefits.EARNING
        self._count(
            sales=1,
            sales_minor=totals.payable_minor,
            earned_points=sum(lot.amount for lot in body.granted),
            redeemed_points=totals.redeemed_points,
            late=int(is_late),
        )

    def _back(self, body: ReceiptReturned | ReceiptVoided | ReturnedBySlip) -> None:
        if isinstance(body, ReturnedBySlip):
            return
        left = (*body.taken, *body.reached, *body.kept)
        self._count(
            taken_points=sum(draw.amount for draw in left),
            restored_points=sum(draw.amount for draw in body.restored),
        )

    def _is_here(self, till: str, sale: UUID) -> bool:
        if till:
            return till == self._till
        try:
            return find_sale(self._station, self._connection, sale)[1].receipt.till == self._till
        except UnknownReceiptError:
            return False

    def _count(self, **more: int) -> None:
        for name, amount in more.items():
            self.counts[name] = self.counts.get(name, 0) + amount


def _facts_of(
    connection: Connection, station: Station, day: date, moment: Moment
) -> Iterator[Fact]:
    """Yield facts from the end of the journal back to what is surely older than the day."""
    start = moment.start_of(day) - SLACK
    looked = 0
    for epoch in reversed(station.identity.epochs):
        seq = facts.tip(connection, epoch).seq
        while seq > 0 and looked < FACTS_MAX:
            first = max(1, seq - FACTS_READ + 1)
            found = facts.facts_from(
                connection, station.identity.agent, epoch, first, seq - first + 1
            )
            yield from found
            looked, seq = looked + len(found), first - 1
            if not found or instant_of(found[0].hlc) < start:
                return


def _told(paper: Paper, shift: Shift, cashier: str, moment: Moment) -> Told:
    def some(count: int) -> str:
        return str(count) if count else ""

    values = {
        **parts.shop(paper),
        **parts.time_mark(paper, moment.trusted),
        "day": parts.day(shift.day),
        "till": shift.till,
        "cashier": cashier,
        "at": parts.when(moment.instant, paper.settings.zone),
        "sales": str(shift.sales),
        "sales_money": format_money(shift.sales_minor),
        "returns": str(shift.returns),
        "returns_money": format_money(shift.returns_minor),
        "voids": some(shift.voids),
        "voids_money": format_money(shift.voids_minor) if shift.voids else "",
        "registrations": str(shift.registrations),
        "earned": format_points(shift.earned_points),
        "redeemed": format_points(shift.redeemed_points),
        "taken": format_points(shift.taken_points),
        "restored": format_points(shift.restored_points),
        "offline_minutes": str(shift.offline_minutes),
        "late": some(shift.late),
        "unsent": some(shift.unsent),
    }
    return Told(values)
