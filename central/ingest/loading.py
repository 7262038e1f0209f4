"""The desk laid: everything that facts may touch, read in bulk before the first one is planned."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.agents import roster
from central.bearers import posting as bearers
from central.campaigns import posting as codes
from central.campaigns.posting import CodeBook
from central.centre import Centre
from central.ingest import born, looking, personal_store, store
from central.ingest.chain import Standing
from central.ingest.desk import Desk
from central.ingest.moved import restored_by
from central.ingest.reading import Reading, read
from central.ingest.values import Document, KeptFact
from central.leases import service as leases
from central.ledger import service as ledger
from central.ledger.entries import draws_of
from central.ledger.rows import storable
from central.members import service as members
from central.members.roll import Roll
from central.packs import service as packs
from central.passes import posting as passes
from shared.errors import LoyaltyError
from shared.ledger.books import Books, BrokenCountError
from shared.wire.facts import (
    Fact,
    LotActivated,
    MemberEdited,
    MemberRegistered,
    ReceiptCommitted,
    read_body,
)
from shared.wire.push import OutcomeKind
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip, TakenBack


@dataclass(slots=True)
class _Wanted:
    """What facts name."""

    accounts: set[UUID] = field(default_factory=set)
    owners: dict[UUID, UUID] = field(default_factory=dict)
    """Lots and the accounts that they are said to be of."""
    members: set[UUID] = field(default_factory=set)
    indexes: set[bytes] = field(default_factory=set)
    documents: set[UUID] = field(default_factory=set)
    sales: set[UUID] = field(default_factory=set)
    certificates: set[bytes] = field(default_factory=set)
    bearers: set[UUID] = field(default_factory=set)
    campaigns: set[str] = field(default_factory=set)
    packs: set[str] = field(default_factory=set)
    passes: set[tuple[UUID, int]] = field(default_factory=set)
    gifts: set[UUID] = field(default_factory=set)
    """What stands for what a person gets once."""
    edited: list[MemberEdited] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        """Note what a fact names in its envelope and body."""
        for move in reading.envelope.moves:
            self._add_lot(move.lot, move.account)
        for birth in reading.envelope.births:
            self._add_lot(birth.lot, birth.account)
        if (use := reading.by_pass) is not None:
            self.accounts.add(use.account)
            self.passes.add((use.account, use.counter))
        if reading.document is not None:
            self.documents.add(reading.document)
        self._add_body(reading.body)

    def _add_body(self, body: object) -> None:
        if isinstance(body, ReceiptCommitted):
            self.add_sale(body)
        elif isinstance(body, ReceiptReturned | ReceiptVoided):
            self.sales.add(body.sale)
            back = (*body.restored, *body.taken, *body.reached)
            for draw in (*back, *body.refilled, *body.revoked):
                self._add_lot(draw.lot, draw.account)
        elif isinstance(body, ReturnedBySlip):
            self.sales.add(body.sale)
        elif isinstance(body, MemberRegistered):
            self.accounts.add(body.account)
            self.members |= {body.member, body.referrer or body.member}
            self.indexes |= {body.card_index, body.phone_index, body.other_phone_index} - {b""}
            self.gifts.update(one.once for one in body.granted if one.once is not None)
        elif isinstance(body, LotActivated):
            self._add_lot(body.lot, body.account)
        elif isinstance(body, MemberEdited):
            self.edited.append(body)
            self.members.add(body.member)
            self.accounts |= set() if body.account is None else {body.account}
            self.indexes |= {body.phone_index} - {b""}

    def add_sale(self, sale: ReceiptCommitted) -> None:
        """Note whom a sale names, which lots it has moved and which certificates it has sold."""
        for draw in (*sale.evaluation.redemption.draws, *sale.bearers):
            self._add_lot(draw.lot, draw.account)
        for lot in sale.granted:
            self._add_lot(lot.lot, lot.account)
        for issued in sale.issued:
            self._add_lot(issued.lot, issued.account)
        self.certificates.update(issued.index for issued in sale.issued)
        self.bearers.update(draw.account for draw in sale.bearers)
        self.bearers.update(issued.account for issued in sale.issued)
        given = [*(lot.once for lot in sale.granted), *(one.once for one in sale.issued)]
        self.gifts.update(one for one in given if one is not None)
        self.campaigns.update(storable(one.campaign) for one in sale.issued if one.campaign)
        if sale.member is not None:
            self.accounts.add(sale.member.account)
            self.members.add(sale.member.id)
        if sale.member is not None or sale.bearers:
            self.packs.add(storable(sale.evaluation.pack_hash))

    def _add_lot(self, lot: UUID, account: UUID) -> None:
        self.owners[lot] = account
        self.accounts.add(account)


def lay(connection: Connection, centre: Centre, readings: Sequence[Reading], at: datetime) -> Desk:
    """Read and lock what these facts may touch, in the order of docs/protocol.md."""
    wanted = _Wanted()
    for reading in readings:
        wanted.add(reading)
    store.lock_sales(connection, wanted.sales)
    documents = store.documents(connection, wanted.documents | wanted.sales, wanted.sales)
    sales, returns, heard = sales_of(connection, wanted.sales, documents)
    for sale in sales.values():
        wanted.add_sale(sale)
    shelf = bearers.load(connection, wanted.certificates)
    book = codes.load(connection, wanted.bearers, wanted.campaigns)
    members.lock(connection, wanted.indexes)
    roll, locked = members.load_locked(connection, wanted.members, wanted.indexes, wanted.accounts)
    books = ledger.read(connection, locked, wanted.owners.keys())
    owned = (account for account in books.accounts.values() if not account.is_bearer)
    members.extend(connection, roll, {account.member for account in owned})
    if used := _used_too(connection, readings, sales, book):
        others = sales_of(connection, used, store.documents(connection, used, used))
        sales, returns, heard = sales | others[0], returns | others[1], heard | others[2]
    members.load_ways(connection, roll, books, _edited(wanted.edited, roll, books))
    return Desk(
        at=at,
        incarnation=centre.incarnation,
        index_key=centre.keys.index,
        books=books,
        roll=roll,
        visits=leases.load_visits(connection, centre, books.accounts),
        documents={document.uid: document for document in documents},
        sales=sales,
        sales_heard=heard,
        returns=returns,
        births=born.births(connection, wanted.owners.keys() - books.lots.keys()),
        once=born.once(connection, wanted.gifts),
        shelf=shelf,
        codes=book,
        passes=passes.load(connection, wanted.passes),
        packs=packs.of_hashes(connection, wanted.packs),
        ends_told=roster.ends_told(connection, {one.fact.agent for one in readings}),
    )


def _used_too(
    connection: Connection,
    readings: Sequence[Reading],
    sales: Mapping[UUID, ReceiptCommitted],
    book: CodeBook,
) -> set[UUID]:
    """Return the documents of others that have drawn the codes of sales which are voided here."""
    voided = {one.body.sale for one in readings if isinstance(one.body, ReceiptVoided)}
    drawn = {draw.account for uid in voided & sales.keys() for draw in sales[uid].bearers}
    entries = (draws_of(connection, one) for one in sorted(drawn & book.codes.keys()))
    return {entry.document for several in entries for entry in several} - sales.keys()


def _edited(edits: Sequence[MemberEdited], roll: Roll, books: Books) -> set[UUID]:
    """Return whose profiles are edited, and who has their new phones."""
    accounts = [books.accounts[one.account] for one in edits if one.account in books.accounts]
    phones = {one.phone_index for one in edits}
    found = {one.member for one in roll.identifiers.values() if one.index in phones}
    return {*found, *(one.member for one in edits), *(account.owner for account in accounts)}


def waiters(connection: Connection, readings: Iterable[Reading]) -> list[tuple[UUID, Reading]]:
    """Return the facts that wait for one of these with what they wait for, and those that wait for
    them in turn; in the order of their places."""
    keys = {key for reading in readings for key in keys_of(reading)}
    asked: set[UUID] = set()
    awaited: dict[UUID, UUID] = {}
    found: list[Reading] = []
    while more := keys - asked:
        asked |= more
        new = dict(store.waiting_for(connection, more))
        for reading in kept(connection, new.keys() - awaited.keys()):
            found.append(reading)
            keys |= keys_of(reading)
        awaited |= new
    return [(awaited[reading.fact.id], reading) for reading in sorted(found, key=place_of)]


def cut_off(connection: Connection, readings: Iterable[Reading]) -> tuple[list[Reading], set[UUID]]:
    """Lock and return the facts that are set aside behind such of these that come whole now, and
    draw their lots; and which of them are, because their counts lack others."""
    reasons: dict[UUID, str] = {}
    lots: set[UUID] = set()
    for one in readings:
        if one.standing is Standing.MENDED:
            reasons |= looking.refused_behind(connection, one.holder, one.fact.seq)
            lots.update(move.lot for move in one.moves)
    if not reasons or not lots:
        return [], set()
    of_lots = [
        one
        for one in kept(connection, reasons)
        if not lots.isdisjoint(move.lot for move in one.moves)
    ]
    still = store.lock_open(connection, [one.fact.id for one in of_lots], OutcomeKind.QUARANTINED)
    by_count = {one for one in still if reasons[one] == BrokenCountError.code}
    return [one for one in of_lots if one.fact.id in still], by_count


def lots_needed(reading: Reading) -> set[tuple[UUID, UUID]]:
    """Return (account, lot) of the lots without which a fact is refused: others that a return
    takes from may never have come to life."""
    body, needed = reading.body, [(move.account, move.lot) for move in reading.moves]
    if isinstance(body, ReceiptReturned | ReceiptVoided):
        needed += [(draw.account, draw.lot) for draw in (*restored_by(body), *body.reached)]
    elif isinstance(body, LotActivated):
        needed.append((body.account, body.lot))
    return set(needed)


def place_of(reading: Reading) -> tuple[UUID, int, int]:
    """Return the place of a fact, which orders the facts of one journal."""
    return (reading.fact.agent, reading.fact.epoch, reading.fact.seq)


def keys_of(reading: Reading) -> set[UUID]:
    """Return by what other facts may wait for this one: its id, and its document's uid."""
    return {reading.fact.id, reading.document or reading.fact.id}


def kept(connection: Connection, ids: Iterable[UUID]) -> list[Reading]:
    """Read facts again as they were kept, in the order of their places."""
    facts = store.facts(connection, ids)
    personal = personal_store.personal(connection, [fact.id for fact in facts])
    return [
        replace(
            read(
                as_sent(fact, personal.get(fact.id, b"")),
                fact.store,
                Standing.BRANCH if fact.branch else Standing.NEXT,
            ),
            heard_at=fact.received_at,
        )
        for fact in facts
    ]


def sales_of(
    connection: Connection, wanted: Collection[UUID], documents: Sequence[Document]
) -> tuple[dict[UUID, ReceiptCommitted], dict[UUID, list[TakenBack]], dict[UUID, datetime]]:
    """Return the wanted sales that are among posted documents, what took them back, and when the
    centre heard of them."""
    facts = {fact.id: fact for fact in store.facts(connection, [one.fact for one in documents])}
    resolved = store.resolved(connection, [document.uid for document in documents])
    sales: dict[UUID, ReceiptCommitted] = {}
    returns: dict[UUID, list[TakenBack]] = {}
    heard: dict[UUID, datetime] = {}
    for document in documents:
        body = resolved.get(document.uid) or body_of(facts[document.fact])
        if isinstance(body, ReceiptCommitted) and document.uid in wanted:
            sales[document.uid] = body
            heard[document.uid] = facts[document.fact].received_at
        if isinstance(body, ReceiptReturned | ReceiptVoided) and body.sale in wanted:
            returns.setdefault(body.sale, []).append(body)
    return sales, returns, heard


def body_of(fact: KeptFact) -> object:
    """Return what a kept fact says, None if that cannot be read."""
    try:
        return read_body(fact.kind, fact.body)
    except LoyaltyError:
        return None


def as_sent(fact: KeptFact, personal: bytes) -> Fact:
    """Return a kept fact as its agent sent it, with what is left of its personal part."""
    return Fact(
        agent=fact.agent,
        epoch=fact.epoch,
        seq=fact.seq,
        id=fact.id,
        hlc=fact.hlc,
        kind=fact.kind,
        prev_hash=fact.prev_hash,
        hash=fact.hash,
        envelope=fact.envelope,
        body=fact.body,
        personal=personal,
        personal_digest=fact.personal_digest,
    )
