"""A new epoch of an agent: it begins without leases; those of the old one stay until written off.

The new key tells copies of one disk apart: whoever asks first goes on, the other is fenced.
"""

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from central.agents import roster
from central.agents import store as agents
from central.agents.enrolment import next_card_block
from central.agents.service import (
    FencedAgentError,
    UnknownAgentError,
    admitted,
    checked_proof,
    remember,
)
from central.agents.store import Agent
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import conflict_of
from central.conflicts.values import Conflict, ConflictKind, Finding, Role, Sentence, parties
from central.leases import store
from central.schema import Turn, take_turn
from shared.crypto.requests import SignedRequest
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.ledger.books import Holder
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.agents import EpochAnswer, EpochRequest, decode_epoch_request

REASON_CHARS_MAX = 40
_WHY: Final = {
    "behind": Sentence(
        "центр или касса слышали о журнале больше, чем есть на диске",
        "the centre or a till has heard more of the journal than the disk holds",
    ),
    "restored": Sentence(
        "папку агента вернули из копии", "the agent's folder was put back from a copy"
    ),
    "forked": Sentence("у журнала две ветви: диск скопирован", "a copied disk: two branches"),
    "written_off": Sentence("лимит магазина был списан", "the store was written off"),
    "asked": Sentence("так попросил агент", "the agent asked for it"),
}
"""Why an epoch has ended, by the word of the agent; another word is told as it is."""
KEY_BYTES = 32

log = structlog.get_logger()


class BadKeyError(LoyaltyError):
    """A new epoch's key that is none, or that is in use."""

    kind = Kind.INVALID
    code = "bad_key"
    ru = "Ключ новой эпохи не годится: нужен новый ключ Ed25519."
    en = "The key of the new epoch will not do: it must be a new Ed25519 key."


@retried
def begin_epoch(centre: Centre, signed: SignedRequest) -> EpochAnswer:
    """End the sender's epoch and begin the next under another key; it may be repeated.

    Raises FencedAgentError when a copy of the sender was faster, BadKeyError, MalformedError, and
    as `authenticate` does.
    """
    proof = checked_proof(centre, signed)
    request = decode_epoch_request(signed.body)
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        done = _done_before(connection, proof.public, request)
        if done is not None:
            remember(connection, proof)
            return done
        sender = admitted(connection, proof, at)
        if request.agent != sender.agent:
            raise UnknownAgentError
        if request.epoch != sender.epoch:
            raise FencedAgentError(store=sender.store)
        take_turn(connection, Turn.ROSTER)
        _check_key(connection, request.public_key)
        agent = roster.by_ids(connection, [sender.agent])[sender.agent]
        block = next_card_block(connection)
        reason = request.reason[:REASON_CHARS_MAX] or "asked"
        store.bar(connection, Holder(agent.id, agent.epoch), reason, at)
        agents.end_epoch(connection, agent, request.public_key, block, at)
        conflicts.record(connection, [_begun(agent, reason, at)])
    log.warning("epoch.begun", store=sender.store, epoch=sender.epoch + 1, reason=reason)
    return EpochAnswer(sender.epoch + 1, block)


def _begun(agent: Agent, reason: str, at: datetime) -> Conflict:
    """Return the record of an epoch that has ended."""
    why = _WHY.get(reason, Sentence(reason, reason))
    details = {
        "store": agent.store,
        "epoch": agent.epoch,
        "next": agent.epoch + 1,
        "reason_ru": why.ru,
        "reason_en": why.en,
    }
    key = derived("epoch", agent.id, agent.epoch)
    finding = Finding(ConflictKind.NEW_EPOCH, details, subject=agent.id)
    return conflict_of(finding, key, parties(Role.STORE, [agent.store]), at)


def _done_before(
    connection: Connection, public_key: bytes, request: EpochRequest
) -> EpochAnswer | None:
    """Return the answer that this very request had, if it is a repetition."""
    former = roster.by_former_key(connection, public_key)
    if former is None:
        return None
    agent, ended = former
    is_same = (agent.id, ended, agent.public_key) == (
        request.agent,
        request.epoch,
        request.public_key,
    )
    if not is_same or agent.epoch != ended + 1:
        raise FencedAgentError(store=agent.store)
    return EpochAnswer(agent.epoch, agent.card_block)


def _check_key(connection: Connection, key: bytes) -> None:
    known = roster.by_key(connection, key) or roster.by_former_key(connection, key)
    if len(key) != KEY_BYTES or known is not None:
        raise BadKeyError
