"""What an agent has pushed, told to it again: a disk that went back forgets what it has sent."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection

from central.agents.service import AgentIdentity
from central.centre import Centre
from central.ingest import letters, personal_store, store
from central.ingest.loading import as_sent
from central.ingest.values import Letter
from shared.crypto.chain import GENESIS
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Holder
from shared.runtime.sqlite import reading
from shared.wire.facts import Fact
from shared.wire.push import BATCH_BYTES_MAX, BATCH_MAX, PushedFacts


class UnknownEpochError(LoyaltyError):
    """An epoch that the agent did not have, or that has not ended."""

    kind = Kind.NOT_FOUND
    code = "unknown_epoch"
    ru = "Эпохи {epoch} у агента нет или она ещё не закончена."
    en = "The agent has no epoch {epoch}, or it has not ended."


def pushed(centre: Centre, sender: AgentIdentity, epoch: int, after: int) -> PushedFacts:
    """Return a page of what the sender has pushed in an ended epoch behind a place.

    Nothing is changed. Raises UnknownEpochError.
    """
    if not 0 < epoch < sender.epoch:
        raise UnknownEpochError(epoch=epoch)
    holder = Holder(sender.agent, epoch)
    with reading(centre.engine) as connection:
        places = store.journal_between(connection, holder, after + 1, BATCH_MAX)
        whole = _facts(connection, places)
        shown = list(_bounded(places, whole))
        facts = tuple(whole[place.id] for place in shown if place.id in whole)
        told = [(place.id, place) for place in shown if place.id in whole]
        covers = store.covers_of(connection, {place.posting for _, place in told})
        return PushedFacts(
            hash=_hash_at(connection, holder, after),
            upto=shown[-1].seq if shown else after,
            facts=facts,
            outcomes=letters.outcomes(told, covers, sender.store),
        )


def _facts(connection: Connection, places: Iterable[Letter]) -> dict[UUID, Fact]:
    """Return the facts at places by id; what came damaged is not kept under its own."""
    kept = store.facts(connection, {place.id for place in places})
    personal = personal_store.personal(connection, [fact.id for fact in kept])
    return {fact.id: as_sent(fact, personal.get(fact.id, b"")) for fact in kept}


def _bounded(places: Iterable[Letter], whole: dict[UUID, Fact]) -> Iterator[Letter]:
    """Yield places whose facts fit into a message, at least one."""
    size = 0
    for number, place in enumerate(places):
        fact = whole.get(place.id)
        size += 0 if fact is None else len(fact.body) + len(fact.envelope) + len(fact.personal)
        if number and size > BATCH_BYTES_MAX:
            return
        yield place


def _hash_at(connection: Connection, holder: Holder, seq: int) -> bytes:
    if seq == 0:
        return GENESIS
    found = store.journal_between(connection, holder, seq, 1)
    return found[0].hash if found and found[0].seq == seq else b""
