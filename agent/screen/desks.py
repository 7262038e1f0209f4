"""The screens of a store's tills, and what a new one finds in the journal."""

import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta

from agent.journal import store as facts
from agent.reserve import store as claims
from agent.screen.desk import DONE, DONE_MAX, Desk, Finished, new_uid
from agent.screen.sale import OpenSale, restored
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading
from shared.wire.facts import Fact, FactKind, ReceiptCommitted, known_body
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip

LOOKED_MAX = 200
"""Facts at the journal's end that are looked through."""
SALE, RETURN, VOID, EXCHANGE_PAID = "sale", "return", "void", "exchange_paid"
AT_ONCE = timedelta(minutes=5)
"""A document that is no older is shown at once: its answer may have been lost with the process."""
_DOCUMENTS = frozenset(
    {
        FactKind.RECEIPT_COMMITTED,
        FactKind.RECEIPT_RETURNED,
        FactKind.RECEIPT_VOIDED,
        FactKind.RECEIPT_RETURNED_BY_SLIP,
    }
)


class TooManyScreensError(LoyaltyError):
    """More tills have a screen than the settings allow."""

    kind = Kind.UNAVAILABLE
    code = "too_many_screens"
    ru = "Экранов касс уже {limit}: больше настройки не позволяют."
    en = "{limit} tills have a screen already: the settings allow no more."


class Desks:
    """The screens of a store's tills, bounded; safe for several threads."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._desks: dict[str, Desk] = {}
        self._lock = threading.Lock()

    def of(self, till: str) -> Desk:
        """Return a till's screen; a new one shows what the journal holds reserved for the till, or
        the document that has just become durable.

        Raises TooManyScreensError.
        """
        with self._lock:
            found = self._desks.get(till)
            if found is not None:
                return found
            limit = self._station.settings.screens_max
            if len(self._desks) >= limit:
                raise TooManyScreensError(limit=limit)
            self._desks[till] = made = self._open(till)
            return made

    def _open(self, till: str) -> Desk:
        station = self._station
        with reading(station.journal) as connection:
            held = [restored(claim) for claim in claims.open_of_till(connection, till)]
        first, *others = held or [OpenSale(new_uid(station))]
        desk = Desk(till, first, station.settings.screen_language, left_open=others)
        desk.finished = recent(station, till, DONE_MAX)
        if desk.finished and not held and station.time.now() - desk.finished[0].at < AT_ONCE:
            desk.show(DONE)
        return desk


def recent(station: Station, till: str, most: int) -> list[Finished]:
    """Return the last documents, the newest first: sales and voids of the till, and the store's
    returns, which name no till."""
    who = station.identity
    with reading(station.journal) as connection:
        end = facts.tip(connection, who.epoch).seq
        first = max(1, end + 1 - LOOKED_MAX)
        found = facts.facts_from(connection, who.agent, who.epoch, first, LOOKED_MAX)
    return list(_documents(reversed(found), till))[:most]


def _documents(found: Iterable[Fact], till: str) -> Iterator[Finished]:
    for fact in found:
        if fact.kind not in _DOCUMENTS:
            continue
        body = known_body(fact)
        match body:
            case ReceiptCommitted() if body.receipt.till == till:
                credit_minor = body.exchange.credit_minor if body.exchange else 0
                paid_minor = body.evaluation.totals.money_minor - credit_minor
                kind = EXCHANGE_PAID if body.exchange else SALE
                yield Finished(body.receipt.uid, kind, paid_minor, body.at)
            case ReceiptVoided() if body.till == till:
                yield Finished(body.uid, VOID, body.money_minor, body.at)
            case ReceiptReturned():
                credit_minor = body.exchange.credit_minor if body.exchange else 0
                yield Finished(body.uid, RETURN, body.money_minor - credit_minor, body.at)
            case ReturnedBySlip():
                yield Finished(body.uid, RETURN, body.money_minor, body.at)
            case _:
                pass
