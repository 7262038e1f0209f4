"""A conflict explained: what happened, the facts behind it, their entries, what can be done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Role, Sentence
from central.conflicts.words import UNDOINGS
from central.ingest import looking, telling
from central.ingest.telling import ToldFact
from central.ledger.entries import DRAWS_MAX, draws_of, entries_of_documents
from central.ledger.service import entries_of
from central.members import profiles
from central.members.profile import Edit
from central.settling import naming
from central.settling.service import correction_of
from shared.ledger.entries import Entry, EntryKind
from shared.runtime.sqlite import reading

NOT_UNDONE = Sentence(
    "отменить нечего: что произошло в магазине, остаётся; закройте с пояснением",
    "nothing can be undone: what happened in a shop stays; close it with words",
)
VERIFIED = Sentence("подтверждено", "verified")
CLAIMED = Sentence("заявлено", "claimed")


@dataclass(frozen=True, slots=True)
class Explained:
    """A conflict with its facts, the entries of its documents and corrections, and the way back.

    `undoing` is empty once the conflict is settled. `values` stand in no record: what a field was
    edited to, which is personal, as far as it is not erased; which receipts have used a certificate
    or code.
    """

    conflict: Conflict
    facts: tuple[ToldFact, ...]
    entries: tuple[Entry, ...]
    undoing: Sentence
    values: tuple[Sentence, ...] = ()
    names: Mapping[UUID, Sentence] = field(default_factory=dict)
    """What its documents and facts are called."""
    cashiers: Mapping[str, str] = field(default_factory=dict)
    """By store/number."""


def explain(centre: Centre, conflict: UUID) -> Explained:
    """Return what people need to judge a conflict; raises UnknownConflictError."""
    with reading(centre.engine) as connection:
        found = conflicts.find(connection, conflict)
        facts = tuple(telling.tell(connection, found.ids(Role.FACT)))
        entries = tuple(_entries(connection, found, facts))
        values = _values(connection, found)
        texts = [*naming.texts_of([found]), *(one.en for one in values)]
        texts += map(str, found.ids(Role.DOCUMENT))
        names = naming.papers(connection, texts, found.ids(Role.FACT))
        cashiers = naming.cashiers(connection, found.named(Role.CASHIER))
    is_open = found.state is ConflictState.OPEN
    undoing = UNDOINGS.get(found.kind, NOT_UNDONE) if is_open else Sentence("", "")
    return Explained(found, facts, entries, undoing, values, names, cashiers)


def _values(connection: Connection, found: Conflict) -> tuple[Sentence, ...]:
    if found.kind in (ConflictKind.USED_TWICE, ConflictKind.CODE_USED_TWICE):
        draws = [draw for one in found.ids(Role.ACCOUNT) for draw in draws_of(connection, one)]
        return tuple(map(_use, {draw.document: draw for draw in draws}.values()))
    if found.kind is ConflictKind.SOLD_BEFORE:
        return tuple(_sold(connection, found))
    if found.kind is ConflictKind.OTHER_BYTES:
        return tuple(_posted(connection, found))
    known = None
    if found.kind is ConflictKind.EDITED_TWICE:
        known = profiles.find(connection, found.subject)
    if known is None:
        return ()
    lost, counts = known
    return (
        Sentence(f"другое: {_told(lost, 'ru')}", f"the other: {_told(lost, 'en')}"),
        Sentence(f"действует: {_told(counts, 'ru')}", f"counts: {_told(counts, 'en')}"),
    )


def _sold(connection: Connection, found: Conflict) -> Iterator[Sentence]:
    """Say which receipt has sold a certificate that was sold again."""
    for account in found.ids(Role.ACCOUNT):
        for one in entries_of(connection, account, DRAWS_MAX):
            if one.kind is EntryKind.GRANT:
                yield Sentence(f"продан раньше: чек {one.document}", f"sold by {one.document}")


def _posted(connection: Connection, found: Conflict) -> Iterator[Sentence]:
    """Say which fact was posted under the id that another one has, too."""
    for one in looking.documents(connection, found.ids(Role.DOCUMENT)):
        if one.fact not in found.ids(Role.FACT) and one.sale is None:
            yield Sentence(
                f"под этим номером проведён факт {one.fact} магазина {one.store}",
                f"under this id fact {one.fact} of store {one.store} is posted",
            )


def _use(draw: Entry) -> Sentence:
    """Say which receipt has used a certificate or code, and when."""
    when = f"{draw.at:%Y-%m-%d %H:%M} UTC"
    return Sentence(f"использован: чек {draw.document}, {when}", f"used: {draw.document}, {when}")


def _told(edit: Edit, locale: str) -> str:
    """Return a value with who has entered it, where and when."""
    sure = VERIFIED if edit.verified else CLAIMED
    return f"«{edit.value}», {edit.where}, {edit.at:%Y-%m-%d %H:%M} UTC, {sure.in_words(locale)}"


def _entries(connection: Connection, found: Conflict, facts: tuple[ToldFact, ...]) -> list[Entry]:
    """Return what the named documents and the correction have moved on the named accounts."""
    documents = {
        *found.ids(Role.DOCUMENT),
        *found.ids(Role.FACT),
        *(fact.document for fact in facts if fact.document is not None),
        correction_of(found),
    }
    entries = [
        entry
        for account in found.ids(Role.ACCOUNT)
        for entry in entries_of_documents(connection, account, documents)
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.account, entry.id))
