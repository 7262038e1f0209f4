"""Who is asking: agents' identities, from signed requests and from sessions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from central.agents import store
from central.centre import Centre
from shared.clock import EPOCH
from shared.crypto.requests import Proof, SignedRequest, verify
from shared.crypto.sessions import SKEW_MAX_S, mac_equal, session_mac
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

SKEW_MAX = timedelta(seconds=SKEW_MAX_S)
NONCES_MAX = 20_000
"""Of one key within the time in which a replay would be fresh."""
SEEN_EVERY = timedelta(minutes=1)
VERSION_CHARS_MAX = 40


class UnknownAgentError(LoyaltyError):
    """A valid signature of a key that no agent of this centre has."""

    kind = Kind.FORBIDDEN
    code = "agent_unknown"
    ru = "Агент не зарегистрирован в этом центре: нужен новый код подключения."
    en = "The agent is not enrolled at this centre: it needs a new code."


class FencedAgentError(LoyaltyError):
    """An agent that another one has replaced, or an epoch that is over."""

    kind = Kind.FORBIDDEN
    code = "agent_fenced"
    ru = "Агент отстранён: магазин {store} обслуживает другой."
    en = "The agent is fenced: another one serves store {store}."


class RevokedAgentError(LoyaltyError):
    """An agent whose machine is in strangers' hands: nothing that it signs counts any more."""

    kind = Kind.FORBIDDEN
    code = "agent_revoked"
    ru = "Агент магазина {store} отозван: его подпись больше не действует."
    en = "The agent of store {store} was revoked: its signature counts no more."


class ClockSkewError(LoyaltyError):
    """A request whose clock is too far from the centre's; the answer tells the centre's time."""

    kind = Kind.UNAUTHENTICATED
    code = "clock_skew"
    ru = "Часы агента расходятся с центром: в центре {now}."
    en = "The agent's clock differs from the centre's: there it is {now}."


class ReplayedError(LoyaltyError):
    """A nonce that was used before."""

    kind = Kind.UNAUTHENTICATED
    code = "replayed"
    ru = "Такой подписанный запрос уже приходил."
    en = "This signed request has come before."


class TooManyRequestsError(LoyaltyError):
    """More signed requests of one key than are remembered."""

    kind = Kind.UNAVAILABLE
    code = "too_many_signed_requests"
    ru = "Слишком много подписанных запросов подряд, повторите позже."
    en = "Too many signed requests in a row, repeat later."


class SessionExpiredError(LoyaltyError):
    """A session that has ended, or that this centre does not know (any more)."""

    kind = Kind.UNAUTHENTICATED
    code = "session_expired"
    ru = "Сессия агента закончилась, нужна новая."
    en = "The agent's session has ended, open a new one."


class BadMacError(LoyaltyError):
    """A request that the session's key did not authenticate."""

    kind = Kind.UNAUTHENTICATED
    code = "bad_mac"
    ru = "Запрос не подтверждён ключом сессии."
    en = "The session's key does not authenticate the request."


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """An agent that has proved who it is."""

    agent: UUID
    epoch: int
    store: str
    wrapping_key: bytes | None = None

    @property
    def reads_plain(self) -> bool:
        """Whether it is of a version that reads no encrypted rows."""
        return not self.wrapping_key


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """What a request without a body says: its session, its clock, and the MAC over its target."""

    session: str
    at_s: str
    mac: str
    method: str
    target: str


@retried
def authenticate(centre: Centre, request: SignedRequest) -> AgentIdentity:
    """Return whose signed request this is; it is taken once only.

    Raises BadSignatureError, ClockSkewError, UnknownAgentError, FencedAgentError, ReplayedError,
    TooManyRequestsError.
    """
    proof = checked_proof(centre, request)
    with transaction(centre.engine) as connection:
        return admitted(connection, proof, centre.clock.now())


def checked_proof(centre: Centre, request: SignedRequest) -> Proof:
    """Return a valid and fresh request's proof; raises BadSignatureError, ClockSkewError."""
    proof = verify(request)
    check_skew(proof.created, centre.clock.now())
    return proof


def admitted(connection: Connection, proof: Proof, at: datetime) -> AgentIdentity:
    """Return the present agent that made a proof, in the caller's transaction; notes the nonce.

    Raises UnknownAgentError, FencedAgentError, ReplayedError, TooManyRequestsError.
    """
    agent = store.agent_by_key(connection, proof.public)
    if agent is None:
        _refuse_former(connection, proof.public)
        raise UnknownAgentError
    if agent.active_store is None:
        raise FencedAgentError(store=agent.store)
    remember(connection, proof)
    store.touch(connection, agent.id, at)
    return _identity(agent)


def _refuse_former(connection: Connection, public_key: bytes) -> None:
    former = store.former_by_key(connection, public_key)
    if former is not None:
        agent = store.agent_by_id(connection, former.agent)
        raise FencedAgentError(store=agent.store if agent else "")


def remember(connection: Connection, proof: Proof) -> None:
    """Note a proof's nonce; raises ReplayedError, TooManyRequestsError."""
    if store.count_nonces(connection, proof.public) >= NONCES_MAX:
        raise TooManyRequestsError
    if not store.remember_nonce(connection, proof.public, proof.nonce, proof.created):
        raise ReplayedError


@retried
def authenticate_session(centre: Centre, claim: SessionClaim) -> tuple[AgentIdentity, datetime]:
    """Return whose request without a body this is, and when its session ends.

    Raises SessionExpiredError, BadMacError, ClockSkewError, FencedAgentError.
    """
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        session = store.session(connection, _session_id(claim.session))
        if session is None or session.expires_at <= at:
            raise SessionExpiredError
        agent = store.agent_by_id(connection, session.agent)
    sent = _checked_mac(claim, session.key)
    check_skew(sent, at)
    if agent is None or agent.active_store is None or agent.epoch != session.epoch:
        raise FencedAgentError(store=agent.store if agent else "")
    if at - agent.seen_at >= SEEN_EVERY:
        with transaction(centre.engine) as connection:
            store.touch(connection, agent.id, at)
    return _identity(agent), session.expires_at


def _identity(agent: store.Agent) -> AgentIdentity:
    return AgentIdentity(agent.id, agent.epoch, agent.store, agent.wrapping_key)


@retried
def saw(centre: Centre, agents: Collection[UUID], at: datetime) -> None:
    """Note that agents hold a connection now, in one transaction for all of them."""
    if agents:
        with transaction(centre.engine) as connection:
            store.touch_all(connection, sorted(agents), at)


def check_skew(sent: datetime, at: datetime) -> None:
    """Raise ClockSkewError, which tells the centre's time, for an instant that is too far off."""
    if abs(sent - at) > SKEW_MAX:
        raise ClockSkewError(now=at.isoformat(timespec="seconds"), now_s=int(at.timestamp()))


@retried
def tidy(centre: Centre, at: datetime) -> None:
    """Delete what nobody can use any more: ended sessions and old nonces."""
    with transaction(centre.engine) as connection:
        store.forget(connection, sessions_before=at, nonces_before=at - SKEW_MAX)


def _session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise SessionExpiredError from error


def _checked_mac(claim: SessionClaim, key: bytes) -> datetime:
    if not (claim.at_s.isascii() and claim.at_s.isdigit() and len(claim.at_s) <= 10):
        raise BadMacError
    at_s = int(claim.at_s)
    if not mac_equal(session_mac(key, claim.method, claim.target, at_s), claim.mac):
        raise BadMacError
    return EPOCH + timedelta(seconds=at_s)
