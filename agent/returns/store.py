"""What has been returned of each sale."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, func, insert, select
from sqlmodel import Field

from agent.journal.answers import UidReusedError
from agent.reserve import store as claims
from agent.schema import JournalTable, id_field, table_of
from shared.rules.returns import Before, LineShare
from shared.runtime.sqlite import listed, run
from shared.wire.taken_back import ReturnedLine


class ReturnedRecord(JournalTable, table=True):
    """A line of a return; quantities in thousandths, kopecks, hundredths of a point."""

    __tablename__ = "returned"

    uid: UUID = id_field(primary_key=True)
    line_no: int = Field(primary_key=True)
    sale: UUID = id_field(index=True)
    quantity: int
    restored_points: int
    taken_points: int


class DocumentKind(StrEnum):
    """How a sale was taken back."""

    RETURN = "return"
    VOID = "void"
    BY_SLIP = "by_slip"


class ReturnRecord(JournalTable, table=True):
    """A return or void: where its fact and slip are, what it charged for goods that stay."""

    __tablename__ = "return_document"

    uid: UUID = id_field(primary_key=True)
    sale: UUID = id_field(index=True)
    fact: UUID = id_field()
    slip: UUID = id_field()
    kind: str
    recharged_minor: int


class UsedSlipRecord(JournalTable, table=True):
    """A one-time token of another store's slip by which goods came back here; only its digest."""

    __tablename__ = "used_slip"

    token_digest: bytes = Field(primary_key=True)
    uid: UUID = id_field()


@dataclass(frozen=True, slots=True)
class Document:
    """A return or void as it stands in the journal."""

    uid: UUID
    sale: UUID
    fact: UUID
    slip: UUID
    kind: DocumentKind = DocumentKind.RETURN
    recharged_minor: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """What earlier returns of a sale have moved, and what they charged for goods that stay."""

    before: Before
    recharged_minor: int
    is_voided: bool


_RETURNED = table_of(ReturnedRecord)
_DOCUMENTS = table_of(ReturnRecord)
_USED = table_of(UsedSlipRecord)

_WITH_FACTS = """
SELECT DISTINCT sale FROM return_document JOIN fact ON fact.id = return_document.fact
WHERE sale IN (?*)"""


def done(connection: Connection, sale: UUID) -> Done:
    """Sum up the earlier returns of a sale."""
    rows = connection.execute(
        select(
            _RETURNED.c.line_no,
            func.sum(_RETURNED.c.quantity),
            func.sum(_RETURNED.c.restored_points),
        )
        .where(_RETURNED.c.sale == sale)
        .group_by(_RETURNED.c.line_no)
    ).all()
    documents = connection.execute(
        select(_DOCUMENTS.c.kind, _DOCUMENTS.c.recharged_minor).where(_DOCUMENTS.c.sale == sale)
    ).all()
    return Done(
        Before({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}),
        recharged_minor=sum(document.recharged_minor for document in documents),
        is_voided=any(document.kind == DocumentKind.VOID for document in documents),
    )


def check_new(connection: Connection, uid: UUID) -> None:
    """Raise UidReusedError for a uid by which the centre knows another document, a receipt or one
    that took goods back: it would set the second one aside."""
    if find(connection, uid) is not None or claims.find(connection, uid) is not None:
        raise UidReusedError(uid=uid)


def add(
    connection: Connection, document: Document, lines: Sequence[LineShare | ReturnedLine]
) -> None:
    """Remember a return or void, in the transaction of its fact; raises UidReusedError."""
    if find(connection, document.uid) is not None:
        raise UidReusedError(uid=document.uid)
    connection.execute(
        insert(_DOCUMENTS),
        {
            "uid": document.uid,
            "sale": document.sale,
            "fact": document.fact,
            "slip": document.slip,
            "kind": document.kind.value,
            "recharged_minor": document.recharged_minor,
        },
    )
    connection.execute(
        insert(_RETURNED),
        [
            {
                "uid": document.uid,
                "line_no": line.no,
                "sale": document.sale,
                "quantity": line.quantity,
                "restored_points": line.restored_points,
                "taken_points": line.taken_points,
            }
            for line in lines
        ],
    )


def uids(connection: Connection, sale: UUID) -> frozenset[UUID]:
    """Return the documents of this store that have taken a sale back."""
    query = select(_DOCUMENTS.c.uid).where(_DOCUMENTS.c.sale == sale)
    return frozenset(connection.execute(query).scalars())


def with_facts(connection: Connection, sales: Collection[UUID]) -> set[UUID]:
    """Return which of some sales have a return or void here whose fact is in the journal."""
    keys = [sale.bytes for sale in sales]
    return {UUID(bytes=row[0]) for row in run(connection, listed(_WITH_FACTS, len(keys)), keys)}


def is_used(connection: Connection, token_digest: bytes, sale: UUID) -> bool:
    """Tell whether goods of a sale came back here by a slip before.

    Of a return that the disk had lost only the sale is known again, not the token.
    """
    by_token = select(_USED.c.uid).where(_USED.c.token_digest == token_digest)
    this = (_DOCUMENTS.c.sale == sale, _DOCUMENTS.c.kind == DocumentKind.BY_SLIP)
    by_sale = select(_DOCUMENTS.c.uid).where(*this)
    return connection.execute(by_token.union_all(by_sale)).first() is not None


def use(connection: Connection, token_digest: bytes, uid: UUID) -> None:
    """Use a slip up, in the transaction of its return."""
    connection.execute(insert(_USED), {"token_digest": token_digest, "uid": uid})


def find(connection: Connection, uid: UUID) -> Document | None:
    """Return a return by its uid."""
    row = connection.execute(select(_DOCUMENTS).where(_DOCUMENTS.c.uid == uid)).first()
    if row is None:
        return None
    kind = DocumentKind(row.kind)
    return Document(row.uid, row.sale, row.fact, row.slip, kind, row.recharged_minor)
