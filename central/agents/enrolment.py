"""A store's agent comes to be: a one-time code, a key made on the device, a card block.

The code has eight base32 characters. The first three find its row, so that a wrong try is counted
against one code and not against all; the other 25 bits stand against a few tries in ten minutes.
"""

import hashlib
import hmac
import random
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from central.agents import store, streams
from central.agents.service import VERSION_CHARS_MAX, checked_proof, remember
from central.centre import Centre
from central.schema import Turn, take_turn
from shared.crypto.requests import BadSignatureError, SignedRequest
from shared.crypto.secrecy import KEY_BYTES
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.agents import EnrolAnswer, EnrolRequest, code_as_made, decode_enrol_request

CODE_CHARS = 8
CODE_TTL = timedelta(minutes=10)
TRIES_MAX = 5
CARD_BLOCK_MAX = 9999
FIRST_EPOCH = 1
_SELECTOR_CHARS = 3
_SELECTORS_TRIED_MAX = 20
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
log = structlog.get_logger()


class WrongCodeError(LoyaltyError):
    """A code that is not known, has expired, is used up or was guessed at too often."""

    kind = Kind.FORBIDDEN
    code = "wrong_code"
    ru = "Код подключения неверен, истёк или уже использован. Возьмите новый в центре."
    en = "The code is wrong, expired or already used. Ask the centre for a new one."


class KnownKeyError(LoyaltyError):
    """A key that an agent has enrolled with before."""

    kind = Kind.CONFLICT
    code = "key_known"
    ru = "С этим ключом агент уже подключался. Удалите каталог агента и подключите заново."
    en = "An agent has enrolled with this key before. Remove the agent's folder and enrol again."


class CardBlocksOverError(LoyaltyError):
    """All blocks of card numbers of this prefix are given away."""

    kind = Kind.CONFLICT
    code = "card_blocks_over"
    ru = "Номера карт с этим префиксом закончились: смените card_prefix."
    en = "The card numbers of this prefix are used up: change card_prefix."


class TooManyCodesError(LoyaltyError):
    """No free place for another live code."""

    kind = Kind.UNAVAILABLE
    code = "too_many_codes"
    ru = "Слишком много действующих кодов подключения, повторите через десять минут."
    en = "Too many codes are live, repeat in ten minutes."


def issue_code(connection: Connection, centre: Centre, store_code: str) -> str:
    """Make a code for a store in place of its earlier one; only a keyed hash of it is kept."""
    at = centre.clock.now()
    code = _free_code(connection, centre.chance, at)
    row = store.EnrolCode(
        selector=code[:_SELECTOR_CHARS],
        store=store_code,
        code_hash=_hash(centre, code),
        tries_left=TRIES_MAX,
        expires_at=at + CODE_TTL,
        used_by=None,
    )
    store.replace_code(connection, row)
    return f"{code[: CODE_CHARS // 2]}-{code[CODE_CHARS // 2 :]}"


@retried
def enrol(centre: Centre, signed: SignedRequest) -> EnrolAnswer:
    """Make the sender its store's agent and fence the former one.

    The same key may repeat with the same code, if the answer was lost. Raises BadSignatureError,
    ClockSkewError, MalformedError, WrongCodeError (the try is counted), KnownKeyError.
    """
    proof = checked_proof(centre, signed)
    request = decode_enrol_request(signed.body)
    if request.public_key != proof.public:
        raise BadSignatureError(reason="another key has signed")
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        remember(connection, proof)
        code = _tried(connection, centre, request.code, at)
        agent = None if code is None else _agent_of(connection, centre, code, request)
    if agent is None:
        raise WrongCodeError
    log.info("agent.enrolled", agent=str(agent.id), store=agent.store, block=agent.card_block)
    return _answer(centre, agent)


def next_card_block(connection: Connection) -> int:
    """Take the next block of card numbers; raises CardBlocksOverError."""
    card_block = store.next_card_block(connection)
    if card_block > CARD_BLOCK_MAX:
        raise CardBlocksOverError
    return card_block


def _tried(
    connection: Connection, centre: Centre, typed: str, at: datetime
) -> store.EnrolCode | None:
    code = code_as_made(typed)
    found = store.code_by_selector(connection, code[:_SELECTOR_CHARS])
    if found is None or found.expires_at <= at or found.tries_left <= 0:
        return None
    if not hmac.compare_digest(found.code_hash, _hash(centre, code)):
        store.spend_try(connection, found.selector)
        return None
    return found


def _agent_of(
    connection: Connection, centre: Centre, code: store.EnrolCode, request: EnrolRequest
) -> store.Agent | None:
    known = store.agent_by_key(connection, request.public_key)
    if code.used_by is not None:
        return known if known is not None and known.id == code.used_by else None
    if known is not None:
        raise KnownKeyError
    fenced = store.fence(connection, code.store, centre.clock.now())
    take_turn(connection, Turn.ROSTER)
    if fenced:
        streams.renew_keys(connection, code.store)
    agent = _new_agent(connection, centre, code.store, request)
    store.insert_agent(connection, agent)
    store.use_code(connection, code.selector, agent.id)
    return agent


def _new_agent(
    connection: Connection, centre: Centre, store_code: str, request: EnrolRequest
) -> store.Agent:
    at = centre.clock.now()
    card_block = next_card_block(connection)
    return store.Agent(
        id=uuid7(at, centre.chance),
        store=store_code,
        active_store=store_code,
        epoch=FIRST_EPOCH,
        public_key=request.public_key,
        card_block=card_block,
        version=request.version[:VERSION_CHARS_MAX],
        last_seq=0,
        enrolled_at=at,
        fenced_at=None,
        seen_at=at,
        wrapping_key=request.wrapping_key[:KEY_BYTES] or None,
    )


def _answer(centre: Centre, agent: store.Agent) -> EnrolAnswer:
    return EnrolAnswer(
        agent=agent.id,
        epoch=agent.epoch,
        store=agent.store,
        root_key=centre.keys.root_key,
        card_prefix=centre.settings.card_prefix,
        card_block=agent.card_block,
        index_key=centre.keys.index,
        pin_pepper=centre.keys.pin_pepper,
    )


def _free_code(connection: Connection, chance: random.Random, at: datetime) -> str:
    for _ in range(_SELECTORS_TRIED_MAX):
        code = "".join(chance.choices(_ALPHABET, k=CODE_CHARS))
        there = store.code_by_selector(connection, code[:_SELECTOR_CHARS])
        if there is None or there.expires_at <= at or there.used_by is not None:
            return code
    raise TooManyCodesError


def _hash(centre: Centre, code: str) -> bytes:
    return hmac.digest(centre.keys.pin_pepper, b"kopilka/enrol/1" + code.encode(), hashlib.sha256)
