"""What ingest keeps, as values: places of journals, what became of facts, documents."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crypto.chain import GENESIS
from shared.wire.push import OutcomeKind

WRECK = "damaged"
"""The kind under which a damaged fact is kept: all its bytes, as the body."""
POSTED = (OutcomeKind.ACCEPTED, OutcomeKind.ADJUSTED)
"""What became of a fact that the ledger has."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The last known place of a journal."""

    seq: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of the inbox."""

    agent: UUID
    epoch: int
    seq: int
    hash: bytes
    id: UUID
    branch: bool
    outcome: OutcomeKind
    reason: str
    waits_for: UUID | None
    posting: UUID


@dataclass(frozen=True, slots=True)
class Word:
    """What became of a fact, wherever it stands."""

    id: UUID
    outcome: OutcomeKind
    reason: str
    waits_for: UUID | None
    posting: UUID


@dataclass(frozen=True, slots=True)
class KeptFact:
    """A fact's bytes as they came, with its store; the personal part stands apart."""

    id: UUID
    agent: UUID
    epoch: int
    seq: int
    hlc: int
    kind: str
    prev_hash: bytes
    hash: bytes
    envelope: bytes
    body: bytes
    personal_digest: bytes
    store: str
    branch: bool
    content: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A posted document."""

    uid: UUID
    fact: UUID
    kind: str
    sale: UUID | None
    store: str
