"""Operations of tills that are one step over a stage: cancelling a receipt, copying a slip."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from msgspec import Struct

from agent.commit import store as sales
from agent.journal import answers
from agent.printing.papers import Verdict, settle
from agent.printing.service import UnknownSlipError, reprint
from agent.reserve import service as reserving
from agent.returns import store as returns
from agent.station import Station
from shared.runtime.sqlite import transaction
from shared.wire.codec import decoder, encode

CANCEL = "cancel"
REPRINT = "reprint"
SETTLE = "settle_paper"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a paper."""

    uid: UUID
    content: bytes
    verdict: Verdict
    person: str


class Copied(Struct, frozen=True):
    """A copy in the spool."""

    copy_no: int


_decode_copied = decoder(Copied)


def cancel_receipt(
    station: Station, receipt: UUID, uid: UUID, content: bytes, at: datetime
) -> None:
    """End a reserved receipt without a sale; repeating is safe.

    Raises NotReservedError, ReceiptEndedError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        if answers.recall(connection, uid, CANCEL, content) is not None:
            return
        reserving.cancel(connection, station, receipt, at)
        answers.remember(connection, uid, CANCEL, content, b"", at)
    station.wakes.push.set()
    log.info("receipt.cancelled", uid=str(receipt))


def settle_paper(station: Station, job_no: int, said: Said, at: datetime) -> int:
    """Write down what a person says of a paper; return the number of the copy, 0 for none.

    Repeating is safe. Raises UnknownPaperError, PaperSettledError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        done = answers.recall(connection, said.uid, SETTLE, said.content)
        if done is not None:
            return _decode_copied(done).copy_no
        copy_no = settle(connection, job_no, said.verdict, said.person, at)
        answers.remember(connection, said.uid, SETTLE, said.content, encode(Copied(copy_no)), at)
    station.wakes.print.set()
    station.events.publish("print.changed", job=job_no, state=said.verdict.value, reason="")
    return copy_no


def reprint_receipt(
    station: Station, receipt: UUID, uid: UUID, content: bytes, at: datetime
) -> int:
    """Spool a copy of the slip of a receipt, return or void; return its number.

    Repeating prints no further one.

    Raises UnknownSlipError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        done = answers.recall(connection, uid, REPRINT, content)
        if done is not None:
            return _decode_copied(done).copy_no
        paper = sales.find(connection, receipt) or returns.find(connection, receipt)
        if paper is None:
            raise UnknownSlipError(receipt=receipt)
        copy_no = reprint(connection, paper.slip, at).copy_no
        answers.remember(connection, uid, REPRINT, content, encode(Copied(copy_no)), at)
    station.wakes.print.set()
    log.info("slip.copied", uid=str(receipt), copy_no=copy_no)
    return copy_no
