"""Facts that nobody has any more: a centre from an old backup goes on behind them.

A store lets facts go that a confirmed backup holds. If an older backup is put back all the same,
waiting for them would hold the store's journal up for ever.
"""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from central.agents.store import Agent
from central.conflicts import service as conflicts
from central.conflicts.service import conflict_of
from central.conflicts.values import Conflict, ConflictKind, Finding, Role, parties
from central.ingest.chain import first_seq
from central.ingest.values import Watermark
from shared.ids import derived
from shared.wire.push import PushBatch

log = structlog.get_logger()


def passed_over(
    connection: Connection, sender: Agent, batch: PushBatch, before: Watermark, at: datetime
) -> Watermark:
    """Return where a batch goes on: behind `before`, or behind a gap of which its agent says that
    nothing of it is left; that is told to people."""
    first, expected = first_seq(batch), before.seq + 1
    if not batch.facts or first <= expected or not 0 < batch.lacks_from <= expected:
        return before
    told = _told(sender, batch.head.epoch, expected, first - 1, at)
    conflicts.record(connection, [told])
    log.error("journal.gap", store=sender.store, epoch=batch.head.epoch, first=expected, upto=first)
    return Watermark(first - 1, batch.facts[0].prev_hash)


def _told(sender: Agent, epoch: int, first: int, last: int, at: datetime) -> Conflict:
    details = {"store": sender.store, "epoch": epoch, "first": first, "last": last}
    key = derived("journal gap", sender.id, epoch, first, last)
    finding = Finding(ConflictKind.JOURNAL_GAP, details, subject=sender.id)
    return conflict_of(finding, key, parties(Role.STORE, [sender.store]), at)
