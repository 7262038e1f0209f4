"""The line to the centre: every call has a deadline, and a silent line is an answer too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.heard import Told
from shared.crypto.keys import KeyPair
from shared.errors import Kind, LoyaltyError
from shared.wire.agents import (
    EpochAnswer,
    EpochRequest,
    LeaseAnswer,
    LeaseAsk,
    SaleAnswer,
    SaleAsk,
    SessionAnswer,
)
from shared.wire.feed import Segment
from shared.wire.push import (
    PushAnswer,
    PushBatch,
    PushedFacts,
)
from shared.wire.reports import AgentReport
from shared.wire.snapshot import (
    PartTallies,
    Snapshot,
    SnapshotPiece,
)


class LinkDownError(LoyaltyError):
    """The centre was not reached, or did not answer in time: whether it heard is unknown."""

    kind = Kind.UNAVAILABLE
    code = "link_down"
    ru = "Нет связи с центром: {reason}."
    en = "The centre cannot be reached: {reason}."


class RefusedByCentreError(LoyaltyError):
    """The centre answered and refused."""

    kind = Kind.CONFLICT
    code = "refused_by_centre"
    ru = "Центр отказал ({status} {refusal}): {reason_ru}."
    en = "The centre refused ({status} {refusal}): {reason}."

    def __init__(self, *, status: int, refusal: str, reason: str, reason_ru: str = "") -> None:
        super().__init__(
            status=status, refusal=refusal, reason=reason, reason_ru=reason_ru or reason
        )


class CentreBusyError(LoyaltyError):
    """The centre had no place for the request: it has not heard it, and says when to come back."""

    kind = Kind.UNAVAILABLE
    code = "centre_busy"
    ru = "Центр занят, повтор через {retry_after_s} с."
    en = "The centre is busy, another try in {retry_after_s} s."


@dataclass(frozen=True, slots=True)
class LinkState:
    """What is known of the line: when the centre last answered, why it does not now, and what time
    the last session's answer told."""

    up: bool
    last_contact_at: datetime | None
    reason: str
    told: Told | None = None


class Link(Protocol):
    """The centre as an agent sees it.

    Every call raises LinkDownError, CentreBusyError or RefusedByCentreError.
    """

    def state(self) -> LinkState:
        """Tell whether the last exchange succeeded; never waits."""
        ...

    def session(self) -> SessionAnswer:
        """Return the open session, or open one."""
        ...

    def report(self, last_seq: int, oldest_unsent_at: datetime | None) -> None:
        """Remember where the journal ends, and what of it is unsent, for the next session."""
        ...

    def tell(self, report: AgentReport) -> None:
        """Tell how this agent is; telling again is safe."""
        ...

    def begin_epoch(self, request: EpochRequest, keys: KeyPair) -> EpochAnswer:
        """Ask for a new epoch, signed by a key of an old one; asking again is safe."""
        ...

    def become(self, epoch: int, keys: KeyPair) -> None:
        """Speak for a new epoch from now on."""
        ...

    def push(self, batch: PushBatch) -> PushAnswer:
        """Send facts; sending again is safe."""
        ...

    def ask(self, ask: LeaseAsk, timeout_s: float) -> LeaseAnswer:
        """Ask for points for one receipt; asking again with the same id is safe."""
        ...

    def sale(self, ask: SaleAsk, timeout_s: float) -> SaleAnswer:
        """Ask for a sale of the chain, to take it back; asking again is safe."""
        ...

    def forget_session(self) -> None:
        """Let the next call open another session: this one lacks something."""
        ...

    def segment(self, stream: str, after: int, again: int = 0) -> Segment | None:
        """Fetch the piece of a stream behind a number, None if none; `again`: from no cache."""
        ...

    def snapshot(self, stream: str) -> Snapshot:
        """Ask where a stream's snapshot stands; its number is 0 when there is none."""
        ...

    def piece(self, stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        """Fetch one of 2^bits pieces of a stream's rows; `again`: from no cache."""
        ...

    def part_tallies(self, stream: str, after: int) -> PartTallies:
        """Ask what each part of a stream sums up to, at a number or later."""
        ...

    def history(self, epoch: int, after: int) -> PushedFacts:
        """Fetch a page of what this agent has pushed in an ended epoch behind a place."""
        ...

    def tail(self, after: Mapping[str, int]) -> Iterator[Segment | None]:
        """Listen to streams from given numbers; None is a sign of life."""
        ...
