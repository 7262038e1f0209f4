"""What this store's disk has lost of ended epochs, fetched from the centre.

A disk that went back forgets what it had pushed: its sales could not be returned, its returns would
be taken twice. The facts come back as history: nothing of them is sent again, none moves a lease.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import structlog
from sqlalchemy import Connection

from agent.commit import recall as sales
from agent.journal import former, leaving
from agent.journal import store as facts
from agent.journal.former import Fetch, FetchState
from agent.journal.store import Change
from agent.members import recall as members
from agent.push import cover_of
from agent.returns import recall as returns
from agent.station import Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import (
    Fact,
    LotActivated,
    MemberEdited,
    MemberRegistered,
    ReceiptCommitted,
    is_intact,
    known_body,
)
from shared.wire.push import BATCH_MAX, Outcome, PushedFacts
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip

PAGES_MAX = 100
"""Of one epoch at a time: the rows are not kept waiting for a year of sales."""

log = structlog.get_logger()


def fetch(station: Station) -> int:
    """Take in what the centre has of this agent's ended epochs and this disk has not; return how
    many facts that were. Repeating is safe.

    Raises what the link raises, NoSettingsError; pages that were taken in stay.
    """
    return sum(_fetch_epoch(station, epoch) for epoch in sorted(station.identity.former))


def _fetch_epoch(station: Station, epoch: int) -> int:
    """Fetch what an epoch has behind the place that was reached: another copy of the disk may have
    pushed more since."""
    found = 0
    for _ in range(PAGES_MAX):
        with reading(station.journal) as connection:
            at = former.progress(connection, epoch)
        page = station.link.history(epoch, at.after)
        with transaction(station.journal) as connection:
            reached, new = _turn(connection, station, at, page)
        found += new
        if reached == at:
            break
    if found:
        log.info("facts.fetched", epoch=epoch, facts=found)
    return found


def _turn(
    connection: Connection, station: Station, at: Fetch, page: PushedFacts
) -> tuple[Fetch, int]:
    """Take a page in and note where the next begins; look further back if it is of another branch
    than what this disk has at that place, but not at what has left. Return that place, and how many
    facts were new."""
    known = facts.hash_at(connection, at.epoch, at.after)
    departed = leaving.departed(connection, at.epoch)
    if at.state is FetchState.SEARCHING and page.hash != known and at.after > departed:
        further = replace(at, after=max(departed, at.after - BATCH_MAX))
        former.note(connection, further)
        return further, 0
    words = {word.id: word for word in page.outcomes}
    found = sum(_take_in(connection, station, fact, words) for fact in page.facts)
    reached = Fetch(at.epoch, page.upto, FetchState.FETCHING)
    if reached != at:
        former.note(connection, reached)
    return reached, found


def _take_in(
    connection: Connection, station: Station, fact: Fact, words: Mapping[UUID, Outcome]
) -> bool:
    """Enter a fact that this disk lacks; False if it has it, or if the bytes are not sound."""
    who = station.identity
    is_own = fact.agent == who.agent and fact.epoch in who.former and fact.id in words
    if facts.fact_by_id(connection, who.agent, fact.id) or not is_own or not is_intact(fact):
        return False
    word = words[fact.id]
    former.enter(connection, fact, word, cover_of(word), _recall(connection, station, fact))
    return True


def _recall(connection: Connection, station: Station, fact: Fact) -> list[Change]:
    """Enter what a fact says into its stage's tables; return what it changed for the display."""
    body = known_body(fact)
    found: list[Change] = []
    match body:
        case ReceiptCommitted():
            found = sales.recall(connection, station, fact, body)
        case ReceiptReturned():
            found = returns.recall_return(connection, station, fact, body)
        case ReturnedBySlip():
            returns.recall_by_slip(connection, fact, body)
        case ReceiptVoided():
            found = returns.recall_void(connection, station, fact, body)
        case MemberRegistered():
            found = members.recall(connection, fact, body)
        case MemberEdited():
            found = members.recall_edit(connection, station, fact, body)
        case LotActivated():
            found = [Change(body.account, lot=body.lot, activates_at=body.at)]
    return found
