"""Sessions: a signed request opens one, its key then authenticates polls, tails and downloads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.agents import store, streams
from central.agents.service import (
    VERSION_CHARS_MAX,
    AgentIdentity,
    FencedAgentError,
    UnknownAgentError,
    admitted,
    checked_proof,
)
from central.centre import Centre
from shared.crypto.requests import SignedRequest
from shared.crypto.secrecy import KEY_BYTES
from shared.crypto.sessions import SESSION_KEY_BYTES, SESSION_TTL_S
from shared.ids import uuid7
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.agents import (
    BackedUp,
    LifeBegan,
    SessionAnswer,
    SessionRequest,
    StreamHead,
    decode_session_request,
)
from shared.wire.keys import StreamKey, session_context, wrap_keys
from shared.wire.snapshot import Tally

SESSIONS_MAX = 8
"""Of one agent; the oldest end first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What later stages know of an agent: the number its next push begins with and the hash of the
    fact before it, its streams, why it gets no leases, if so, and the lives of the centre."""

    expects: int
    hash: bytes
    streams: tuple[StreamHead, ...]
    barred: str
    lives: tuple[LifeBegan, ...]
    tallies: tuple[Tally, ...] = ()
    """What the rows of its streams sum up to."""
    backed_up: tuple[BackedUp, ...] = ()
    """What a backup holds of its journals."""


StandingOf = Callable[[Connection, AgentIdentity], Standing]


@retried
def open_session(centre: Centre, signed: SignedRequest, standing_of: StandingOf) -> SessionAnswer:
    """Open a session for the agent that signed; raises as `authenticate` does, MalformedError."""
    proof = checked_proof(centre, signed)
    request = decode_session_request(signed.body)
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        identity = admitted(connection, proof, at)
        if request.agent != identity.agent:
            raise UnknownAgentError
        if request.epoch != identity.epoch:
            raise FencedAgentError(store=identity.store)
        version = request.version[:VERSION_CHARS_MAX]
        told = {
            "last_seq": request.last_seq,
            "oldest_unsent_at": _sane(request.oldest_unsent_at),
            "wrapping_key": request.wrapping_key[:KEY_BYTES] or None,
        }
        store.touch(connection, identity.agent, at, version=version, **told)
        session = store.Session(
            id=uuid7(at, centre.chance),
            agent=identity.agent,
            epoch=identity.epoch,
            key=centre.chance.randbytes(SESSION_KEY_BYTES),
            expires_at=at + timedelta(seconds=SESSION_TTL_S),
        )
        store.insert_session(connection, session, SESSIONS_MAX)
        standing = standing_of(connection, identity)
        keys = streams.keys_of_store(connection, centre, identity.store)
    return SessionAnswer(
        session=session.id,
        key=session.key,
        expires_at=session.expires_at,
        now=at,
        incarnation=centre.incarnation,
        expects=standing.expects,
        streams=standing.streams,
        barred=standing.barred,
        lives=standing.lives,
        hash=standing.hash,
        tallies=standing.tallies,
        backed_up=standing.backed_up,
        keys=_wrapped(centre, session, request, keys),
    )


def _wrapped(
    centre: Centre, session: store.Session, request: SessionRequest, keys: Sequence[StreamKey]
) -> bytes:
    """Wrap the keys of an agent's streams for it; nothing for one that reads no encrypted rows."""
    if not request.wrapping_key:
        return b""
    context = session_context(session.agent, session.epoch, centre.incarnation, session.id)
    once = centre.chance.randbytes(KEY_BYTES)
    return wrap_keys(keys, request.wrapping_key, context, once=once)


def _sane(at: datetime | None) -> datetime | None:
    """Return an instant that can be stored."""
    return None if at is None or at.tzinfo is None else at
