"""One fact on the desk: posted, or set aside with its reason, so that nothing it drew is lost.

A fact is checked completely before anything moves: a refused one leaves no half of itself behind.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from central.ingest import edits, findings, receipts, registrations, slips, voids
from central.ingest.chain import Standing
from central.ingest.desk import Desk, RefusedError, Verdict
from central.ingest.envelopes import awaited_lot, note_pass, post_moves, set_aside
from central.ingest.reading import Reading
from central.leases.store import Ask
from shared.ledger.books import BrokenCountError
from shared.ledger.entries import Document
from shared.wire.facts import (
    LeaseAsked,
    LeaseGivenBack,
    LeasesReported,
    LotActivated,
    MemberEdited,
    MemberRegistered,
    ReceiptCancelled,
    ReceiptCommitted,
)
from shared.wire.push import OutcomeKind
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip

FORKED = "forked"

Note = list[str]
"""Why a posted fact is `adjusted`; empty if it is accepted as it came."""


def plan(desk: Desk, reading: Reading) -> Verdict:
    """Post a fact on the desk or set it aside; return what became of it."""
    desk.ends.update((ask, reading.fact.id) for ask in reading.envelope.ends)
    if reading.standing is Standing.DAMAGED:
        set_aside(desk, reading)
        findings.not_read(desk, reading)
        return Verdict(OutcomeKind.DAMAGED, "hash")
    note_pass(desk, reading)
    try:
        awaited = _checked(desk, reading)
    except RefusedError as refused:
        return _quarantine(desk, reading, refused.reason)
    except BrokenCountError as broken:
        return _quarantine(desk, reading, broken.code)
    if awaited is not None:
        set_aside(desk, reading)
        return Verdict(OutcomeKind.WAITING, "waits", awaited)
    return _post(desk, reading)


def _checked(desk: Desk, reading: Reading) -> UUID | None:
    """Return what the fact must wait for; raises RefusedError, BrokenCountError."""
    if reading.fault:
        raise RefusedError(reading.fault)
    lot = awaited_lot(desk, reading)
    other = _CHECKS[type(reading.body)](desk, reading, reading.body)
    return lot or other


def _quarantine(desk: Desk, reading: Reading, reason: str) -> Verdict:
    set_aside(desk, reading)
    findings.not_posted(desk, reading, reason)
    return Verdict(OutcomeKind.QUARANTINED, reason)


def _post(desk: Desk, reading: Reading) -> Verdict:
    notes = _POSTERS[type(reading.body)](desk, reading, reading.body)
    if reading.standing is Standing.BRANCH:
        notes = [*notes, FORKED]
    findings.posted(desk, reading)
    if notes:
        return Verdict(OutcomeKind.ADJUSTED, notes[0])
    return Verdict(OutcomeKind.ACCEPTED)


def _check_sale(desk: Desk, reading: Reading, sale: ReceiptCommitted) -> None:
    receipts.check_sale(desk, reading, sale)


def _check_return(desk: Desk, reading: Reading, returned: ReceiptReturned) -> UUID | None:
    receipts.check_new(desk, reading)
    return receipts.awaited_sale(desk, returned)


def _check_activation(desk: Desk, reading: Reading, activated: LotActivated) -> UUID | None:
    receipts.check_new(desk, reading)
    return receipts.awaited_activation(desk, activated)


def _check_nothing(_desk: Desk, _reading: Reading, _body: object) -> None:
    return None


def _post_back(desk: Desk, reading: Reading, _body: object) -> Note:
    post_moves(desk, reading, Document(reading.fact.id, reading.at))
    return []


def _post_ask(desk: Desk, reading: Reading, asked: LeaseAsked) -> Note:
    agent, epoch = reading.holder.agent, reading.holder.epoch
    desk.asks.append(Ask(asked.ask, agent, epoch, asked.receipt, asked.account, desk.at))
    return []


def _post_report(desk: Desk, reading: Reading, report: LeasesReported) -> Note:
    if report.incarnation == desk.incarnation and reading.standing is not Standing.BRANCH:
        desk.reports.append((reading, report))
    return []


_CHECKS: dict[Any, Callable[[Desk, Reading, Any], UUID | None]] = {
    ReceiptCommitted: _check_sale,
    ReceiptReturned: _check_return,
    ReceiptVoided: voids.check_void,
    ReturnedBySlip: slips.check_by_slip,
    LotActivated: _check_activation,
    MemberRegistered: registrations.check_registration,
    MemberEdited: edits.check_edit,
    ReceiptCancelled: _check_nothing,
    LeaseAsked: _check_nothing,
    LeaseGivenBack: _check_nothing,
    LeasesReported: _check_nothing,
}
_POSTERS: dict[Any, Callable[[Desk, Reading, Any], Note]] = {
    ReceiptCommitted: receipts.post_sale,
    ReceiptReturned: receipts.post_return,
    ReceiptVoided: voids.post_void,
    ReturnedBySlip: slips.post_by_slip,
    LotActivated: receipts.post_activation,
    MemberRegistered: registrations.post_registration,
    MemberEdited: edits.post_edit,
    ReceiptCancelled: _post_back,
    LeaseAsked: _post_ask,
    LeaseGivenBack: _post_back,
    LeasesReported: _post_report,
}
