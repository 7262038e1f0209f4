"""Receipts found and told to a person: what was sold, why so, what it moved, what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.agents import roster
from central.agents.store import Agent
from central.centre import Centre
from central.estate import store as estate
from central.ingest import looking, telling
from central.ingest.telling import ToldFact
from central.ingest.values import KeptFact
from central.ledger.entries import entries_of_documents
from central.packs.library import Library
from shared.clock import instant_of
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Holder
from shared.ledger.entries import Entry
from shared.rules.in_words import Explained, explained
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, ReceiptCommitted, read_body

LATEST_MAX = 200
"""Receipts of a store's day that are shown."""
FACTS_READ_MAX = 2_000
"""Of a journal, to find them."""
SALE = FactKind.RECEIPT_COMMITTED.value


class NoReceiptError(LoyaltyError):
    """No receipt, return or fact has this id here: it was not sent yet, or never was."""

    kind = Kind.NOT_FOUND
    code = "no_receipt"
    ru = "Чека {receipt} в центре нет: магазин его ещё не прислал или номер неверен."
    en = "Receipt {receipt} is not here: its store has not sent it yet, or the number is wrong."


@dataclass(frozen=True, slots=True)
class Shown:
    """A sale with everything about it.

    `became` are the facts that took it back, `entries` what it and they have moved. `zone` is that
    of its store; of a pack that the centre does not have `pack` is empty and words are fewer.
    """

    fact: KeptFact
    sale: ReceiptCommitted
    told: ToldFact
    became: tuple[ToldFact, ...]
    entries: tuple[Entry, ...]
    words: Explained
    pack: str
    zone: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A receipt in a list; money in kopecks, points in hundredths."""

    uid: UUID
    at: datetime
    till: str
    fiscal_number: str
    cashier: str
    payable_minor: int
    redeemed_points: int
    earned_points: int
    member: UUID | None


def show(centre: Centre, uid: UUID) -> Shown:
    """Return a sale by its uid, that of a return or void of it, or a fact's; raises NoReceiptError.

    The words follow from the pack that priced it and what the store knew then.
    """
    with reading(centre.engine) as connection:
        fact, sale = _sale(connection, uid)
        documents = looking.documents(connection, [sale.receipt.uid], [sale.receipt.uid])
        back = [one.fact for one in documents if one.sale == sale.receipt.uid]
        told = telling.tell(connection, [fact.id, *back])
        uids = {one.uid for one in documents} | {sale.receipt.uid}
        entries = _entries(connection, sale, uids)
        pack = Library().pack(connection, sale.evaluation.pack_hash)
        zones = {one.code: one.zone for one in estate.stores(connection)}
    words = explained(pack, sale.receipt, sale.member, sale.moment, sale.evaluation)
    mine = next(one for one in told if one.fact == fact.id)
    became = tuple(one for one in told if one.fact != fact.id)
    name = f"{pack.source.name} {pack.source.version}" if pack else ""
    return Shown(fact, sale, mine, became, entries, words, name, zones.get(fact.store, "UTC"))


def of_day(centre: Centre, store: str, day: date) -> tuple[list[Listed], str]:
    """Return the receipts that a store's agents have sent of one of its days, and its zone.

    The latest first, at most LATEST_MAX.
    """
    with reading(centre.engine) as connection:
        zone = {one.code: one.zone for one in estate.stores(connection)}.get(store, "UTC")
        start = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
        span = (start, start + timedelta(days=1))
        found: list[Listed] = []
        for agent in roster.of_store(connection, store):
            for epoch in range(1, agent.epoch + 1):
                found.extend(_of_journal(connection, agent, epoch, span))
    found.sort(key=lambda one: (one.at, one.uid), reverse=True)
    return found[:LATEST_MAX], zone


def _sale(connection: Connection, uid: UUID) -> tuple[KeptFact, ReceiptCommitted]:
    documents = {one.uid: one for one in looking.documents(connection, [uid])}
    named = documents.get(uid)
    if named is not None and named.sale is not None and named.kind != SALE:
        documents = {one.uid: one for one in looking.documents(connection, [named.sale])}
        named = documents.get(named.sale)
    for fact in looking.facts(connection, [named.fact if named else uid]):
        body = read_body(fact.kind, fact.body) if fact.kind == SALE else None
        if isinstance(body, ReceiptCommitted):
            return fact, body
    raise NoReceiptError(receipt=uid)


def _entries(
    connection: Connection, sale: ReceiptCommitted, documents: set[UUID]
) -> tuple[Entry, ...]:
    if sale.member is None:
        return ()
    found = entries_of_documents(connection, sale.member.account, documents)
    return tuple(sorted(found, key=lambda one: (one.at, one.id)))


def _of_journal(
    connection: Connection, agent: Agent, epoch: int, span: tuple[datetime, datetime]
) -> list[Listed]:
    holder = Holder(agent.id, epoch)
    first = _first_after(connection, holder, span[0])
    found: list[Listed] = []
    for place in looking.places_after(connection, holder, first, FACTS_READ_MAX):
        fact = place.fact
        if fact is None or fact.kind != SALE:
            continue
        if instant_of(fact.hlc) >= span[1]:
            break
        body = read_body(fact.kind, fact.body)
        if isinstance(body, ReceiptCommitted) and span[0] <= body.at < span[1]:
            found.append(_listed(body))
    return found


def _first_after(connection: Connection, holder: Holder, at: datetime) -> int:
    """Return the last place of a journal before an instant, by halves: its stamps only grow."""
    low, high = 0, looking.journals(connection).get(holder, 0)
    while low < high:
        middle = (low + high + 1) // 2
        if _is_before(looking.places_at(connection, [(holder, middle)]), at):
            low = middle
        else:
            high = middle - 1
    return low


def _is_before(places: Sequence[looking.Place], at: datetime) -> bool:
    return all(one.fact is None or instant_of(one.fact.hlc) < at for one in places)


def _listed(body: ReceiptCommitted) -> Listed:
    totals = body.evaluation.totals
    return Listed(
        uid=body.receipt.uid,
        at=body.at,
        till=body.receipt.till,
        fiscal_number=body.fiscal_number,
        cashier=body.cashier,
        payable_minor=totals.payable_minor,
        redeemed_points=totals.redeemed_points,
        earned_points=totals.earned_points,
        member=body.receipt.member,
    )
