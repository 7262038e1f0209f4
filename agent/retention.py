"""Facts leave the journal after some days, once a confirmed backup of the centre holds them.

Who a registered person is leaves earlier: the journal keeps its digest alone.

The chain's end stays, and whatever something else still needs: what the centre has not posted, what
the rows do not show, a sale of which a return is here, a slip that is to be printed. What keeps
money from going out twice stays too: that a receipt is paid, and what came back of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from agent.commit import store as sales
from agent.journal import answers, leaving, outages
from agent.journal import store as facts
from agent.leases import beyond
from agent.leases import store as leases
from agent.printing import store as spool
from agent.replica import store as rows
from agent.reserve import store as claims
from agent.returns import elsewhere
from agent.returns import store as returns
from agent.statements import store as statements
from agent.station import Station
from shared.ids import derived
from shared.rules.moment import Trust
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import Fact, LeaseAsked, ReceiptCommitted, is_intact, known_body
from shared.wire.feed import GLOBAL

LEAVE_MAX = 20
"""Facts that leave in one transaction: a sale beside it waits no longer than for some others."""
ROWS_MAX = 200
"""Rows of a table that are looked at in one transaction."""

Sweep = Callable[[Connection, bytes, datetime, int], bytes]
_SWEPT: tuple[Sweep, ...] = (
    answers.forget,
    elsewhere.forget,
    claims.forget_cancelled,
    statements.forget,
    outages.forget,
)

log = structlog.get_logger()


@dataclass(slots=True)
class Retention:
    """Goes through the journal again and again, a few facts at a time."""

    station: Station
    _after: dict[int, int] = field(default_factory=dict)
    """By line: behind which number it looks next."""
    _bared: dict[int, int] = field(default_factory=dict)
    """By line: up to which number personal parts were dropped."""
    _passed: dict[int, int] = field(default_factory=dict)
    """By line: up to which number behind that the facts are dated ahead."""
    _swept: dict[Sweep, bytes] = field(default_factory=dict)

    def turn(self) -> int:
        """Let some of the oldest facts leave, and what is as old beside them; return how many facts
        left. Interrupted, it goes on from the beginning. By a time that is not trusted nothing is
        old: it may be ahead by a year."""
        station = self.station
        now, settings = station.time.now(), station.settings
        if station.time.trust(now) is Trust.UNTRUSTED:
            return 0
        before = now - timedelta(days=settings.keep_facts_days)
        lines = self._lines()
        gone = sum(self._line(line, upto, before) for line, upto in lines)
        for line, upto in lines:
            self._bare(line, upto, now - timedelta(days=settings.keep_personal_days))
        with transaction(station.journal) as connection:
            for sweep in _SWEPT:
                after = self._swept.get(sweep, b"")
                self._swept[sweep] = sweep(connection, after, before, ROWS_MAX)
        if gone:
            log.info("facts.left", facts=gone)
        return gone

    def _lines(self) -> list[tuple[int, int]]:
        """Return the lines of the journal with the last number of each that may leave."""
        with reading(self.station.journal) as connection:
            found = [
                (line, leaving.last_backed_up(connection, line, told))
                for told in self.station.backed_up
                for line in (told.epoch, -told.epoch)
            ]
        return [(line, upto) for line, upto in found if upto > 0]

    def _line(self, line: int, upto: int, before: datetime) -> int:
        after = self._after.get(line, 0)
        with reading(self.station.journal) as connection:
            agent = self.station.identity.agent
            looked = facts.facts_from(connection, agent, line, after + 1, LEAVE_MAX)
            last, self._after[line] = self._old(connection, line, after, upto, before)
        old = [fact for fact in looked if fact.seq <= last]
        due = {fact.id: goes for fact in old if (goes := _goes_with(fact)) is not None}
        return self._let_go(line, due) if due else 0

    def _bare(self, line: int, upto: int, before: datetime) -> None:
        """Drop who a person is from the next old facts of a line: the centre and its backup know.

        What was not posted by then is looked at again by the next process.
        """
        after = self._bared.get(line, 0)
        behind = max(after, self._passed.get(line, 0))
        with reading(self.station.journal) as connection:
            last, self._passed[line] = self._old(connection, line, behind, upto, before)
        if last:
            with transaction(self.station.journal) as connection:
                leaving.bare(connection, line, after, last)
            self._bared[line] = last

    def _old(
        self, connection: Connection, line: int, after: int, upto: int, before: datetime
    ) -> tuple[int, int]:
        """Return up to which number the next facts of a line are old, 0 if none is, and behind
        which one is looked next, 0 for the beginning.

        What stands before an old fact is as old, though a clock that was ahead has dated it; where
        all behind that are dated ahead nothing is known of them, and they are passed over.
        """
        now = self.station.time.now()
        next_ones = leaving.written_from(connection, line, after + 1, LEAVE_MAX)
        looked = [(seq, at) for seq, at in next_ones if seq <= upto]
        last = max((seq for seq, at in looked if at < before), default=0)
        if len(looked) < LEAVE_MAX:
            return last, 0
        is_ahead = all(at > now for seq, at in looked if seq > last)
        return last, looked[-1][0] if is_ahead else 0

    def _let_go(self, line: int, due: "dict[UUID, _Going]") -> int:
        with reading(self.station.replica) as read:
            cursor = rows.cursor(read, GLOBAL).number
        with transaction(self.station.journal) as connection:
            free = leaving.free(connection, due.keys(), cursor)
            free -= _needed(connection, due)
            going = [due[fact] for fact in sorted(free)]
            if going:
                leaving.remove(connection, line, free, max(one.seq for one in going))
                sales.forget(connection, [one.sale for one in going if one.sale])
                leases.forget_asks(connection, [one.ask for one in going if one.ask])
                spool.forget(connection, [one.slip for one in going])
        return len(going)


@dataclass(frozen=True, slots=True)
class _Going:
    """A fact with what goes with it."""

    seq: int
    fact: UUID
    slip: UUID
    sale: UUID | None = None
    ask: UUID | None = None


def _goes_with(fact: Fact) -> _Going | None:
    """Return what goes with a fact; None for one that the disk has damaged, which stays."""
    if not is_intact(fact):
        return None
    body = known_body(fact)
    sale = body.receipt.uid if isinstance(body, ReceiptCommitted) else None
    ask = body.ask if isinstance(body, LeaseAsked) else None
    return _Going(fact.seq, fact.id, derived("slip", fact.id), sale, ask)


def _needed(connection: Connection, due: dict[UUID, _Going]) -> set[UUID]:
    """Return the facts that something which stays needs."""
    by_sale = {one.sale: one.fact for one in due.values() if one.sale}
    by_ask = {one.ask: one.fact for one in due.values() if one.ask}
    by_slip = {one.slip: one.fact for one in due.values()}
    return {
        *(by_sale[sale] for sale in returns.with_facts(connection, by_sale.keys())),
        *(by_ask[ask] for ask in leases.still_open(connection, by_ask.keys())),
        *(by_slip[slip] for slip in spool.not_printed(connection, by_slip.keys())),
        *beyond.counted_facts(connection, due.keys()),
    }
