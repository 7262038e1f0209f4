"""An agent whose machine was stolen or lost: nothing that it signs counts any more, and what it
could read travels under new keys."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from central.agents import roster, streams
from central.agents import store as agents
from central.agents.service import AgentIdentity
from central.centre import Centre
from central.ingest import service as ingest
from central.leases import service as leases
from central.packs import keylist
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Holder
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

REASON = "revoked"

log = structlog.get_logger()


class NoAgentError(LoyaltyError):
    """A store without a present agent."""

    kind = Kind.NOT_FOUND
    code = "no_agent"
    ru = "У магазина {store} нет действующего агента."
    en = "Store {store} has no present agent."


@dataclass(frozen=True, slots=True)
class Revocation:
    """Whom an operator has revoked, and the last place of its journal that counts."""

    agent: UUID
    epoch: int
    last_seq: int
    list_version: int | None
    """Of the list that tells stores so; None while the root has to sign it."""


@retried
def revoke_agent(centre: Centre, store: str) -> Revocation:
    """Revoke a store's agent; its leases stay until they are written off.

    What it has sent so far stays; what it sends from now on is refused, and taken only from a file
    that an operator imports. Without the root at hand the centre refuses it at once all the same,
    and stores hear of it when the list is signed. Raises NoAgentError, TooManyRevokedError.
    """
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        fenced = agents.fence(connection, store, at)
        if not fenced:
            raise NoAgentError(store=store)
        take_turn(connection, Turn.ROSTER)
        agent = roster.by_ids(connection, fenced)[fenced[0]]
        last = ingest.known(connection, AgentIdentity(agent.id, agent.epoch, store)).seq
        agents.revoke(connection, agent.id, last)
        streams.renew_keys(connection, store)
        leases.bar(connection, Holder(agent.id, agent.epoch), REASON, at)
        version = keylist.revoke_agent(connection, centre.keys)
    log.warning("agent.revoked", store=store, agent=str(agent.id), last_seq=last, list=version)
    return Revocation(agent.id, agent.epoch, last, version)


@retried
def fence_agent(centre: Centre, store: str) -> UUID:
    """Let a store's agent work for it no more: what it has journalled is still taken in.

    Its leases stay until they are written off or another one is enrolled. Raises NoAgentError.
    """
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        fenced = agents.fence(connection, store, at)
        if not fenced:
            raise NoAgentError(store=store)
        take_turn(connection, Turn.ROSTER)
        streams.renew_keys(connection, store)
    log.warning("agent.fenced", store=store, agent=str(fenced[0]))
    return fenced[0]


@retried
def renew_keys(centre: Centre, store: str) -> None:
    """Let what a store's streams tell from now on travel under new keys.

    Its agent gets them with its next session. Raises NoAgentError.
    """
    with transaction(centre.engine) as connection:
        if not roster.present(connection, [store]):
            raise NoAgentError(store=store)
        streams.renew_keys(connection, store)
    log.info("store.keys_renewed", store=store)
