"""Cashiers sign in with a PIN: few tries, then a pause, and a session that a till carries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select
from sqlmodel import Field

from agent import tries
from agent.journal import answers
from agent.replica import store as rows
from agent.schema import JournalTable, instant_field, table_of
from agent.station import Station
from shared.crypto.chain import digest
from shared.crypto.pins import verify_pin
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading, transaction
from shared.wire.rows import CashierRow

OPERATION = "sign-in"
TOKEN_BYTES = 24
ANYONE, SENIOR = "anyone", "senior"
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ$"
    "NUxFOTxUVydu95AJTWL1xlGFK3l+rY2Hs93cWmIjfe0"
)
"""No PIN gives this hash; it costs as much to check as a cashier's."""


class WrongPinError(LoyaltyError):
    """An unknown cashier or a wrong PIN: which of the two is not told."""

    kind = Kind.UNAUTHENTICATED
    code = "wrong_pin"
    ru = "Номер кассира или PIN неверны."
    en = "The cashier's number or PIN is wrong."


class PinLockedError(LoyaltyError):
    """Too many wrong PINs."""

    kind = Kind.FORBIDDEN
    code = "pin_locked"
    ru = "Слишком много неверных PIN. Войти можно будет через {minutes} мин."
    en = "Too many wrong PINs. Sign-in opens in {minutes} min."


class NoCashierSessionError(LoyaltyError):
    """A cashier's token that is unknown or has run out."""

    kind = Kind.UNAUTHENTICATED
    code = "no_cashier_session"
    ru = "Вход кассира не найден или истёк. Войдите снова."
    en = "The cashier's sign-in is unknown or has run out. Sign in again."


class CashierSessionRecord(JournalTable, table=True):
    """A sign-in; of its token only the digest is kept."""

    __tablename__ = "cashier_session"

    token_digest: bytes = Field(primary_key=True)
    cashier: str
    ends_at: datetime = instant_field()


class NotPermittedError(LoyaltyError):
    """What the role of the cashier does not allow, or of nobody who is signed in."""

    kind = Kind.FORBIDDEN
    code = "not_permitted"
    ru = "Это действие вам не разрешено: войдите или позовите старшего кассира."
    en = "You are not permitted to do this: sign in, or call the senior cashier."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A cashier at work; the token is told once."""

    token: str
    cashier: str
    name: str
    role: str
    ends_at: datetime


_SESSIONS = table_of(CashierSessionRecord)


def sign_in(station: Station, uid: UUID, cashier: str, pin: str, at: datetime) -> SignedIn:
    """Check a PIN and open a session; repeating a uid opens a further one for the same cashier.

    A try is counted before it is judged, so that many at once are no more than the settings allow,
    and an unknown cashier costs the same time as a known one. Raises WrongPinError, PinLockedError,
    UidReusedError.
    """
    with reading(station.replica) as connection:
        row = rows.find(connection, CashierRow, cashier.encode())
    settings, name = station.settings, f"cashier {cashier}"
    with transaction(station.journal) as connection:
        if minutes := tries.minutes_locked(connection, name, at):
            raise PinLockedError(minutes=minutes)
        tries.count(connection, name, settings.pin_failures_max, settings.pin_lock_s, at)
    pin_hash = NOBODYS_HASH if row is None else row.pin_hash
    if not verify_pin(station.identity.pin_pepper, pin, pin_hash) or row is None:
        raise WrongPinError
    with transaction(station.journal) as connection:
        if answers.recall(connection, uid, OPERATION, row.no.encode()) is None:
            answers.remember(connection, uid, OPERATION, row.no.encode(), b"", at)
        tries.forget(connection, name)
        return _open(connection, station, row, at)


def cashier_of(station: Station, token: str, at: datetime) -> str:
    """Return who carries a token; raises NoCashierSessionError."""
    with reading(station.journal) as connection:
        found = connection.execute(
            select(_SESSIONS.c.cashier, _SESSIONS.c.ends_at).where(
                _SESSIONS.c.token_digest == digest(token.encode())
            )
        ).first()
    if found is None or found[1] <= at:
        raise NoCashierSessionError
    return str(found[0])


def sign_out(station: Station, token: str) -> None:
    """End a cashier's session; repeating is safe."""
    with transaction(station.journal) as connection:
        found = _SESSIONS.c.token_digest == digest(token.encode())
        connection.execute(delete(_SESSIONS).where(found))


def known(station: Station, cashier: str) -> CashierRow | None:
    """Return what the directory says of a cashier."""
    with reading(station.replica) as connection:
        return rows.find(connection, CashierRow, cashier.encode())


def demand_role(station: Station, cashier: str, role: str) -> None:
    """Check that a signed-in cashier has at least a role; `anyone` needs no sign-in.

    Raises NotPermittedError.
    """
    if role == ANYONE:
        return
    with reading(station.replica) as connection:
        row = rows.find(connection, CashierRow, cashier.encode()) if cashier else None
    if row is None or (role == SENIOR and row.role != SENIOR):
        raise NotPermittedError


def _open(connection: Connection, station: Station, row: CashierRow, at: datetime) -> SignedIn:
    token = station.chance.randbytes(TOKEN_BYTES).hex()
    ends_at = at + timedelta(seconds=station.settings.cashier_session_s)
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.ends_at <= at))
    connection.execute(
        insert(_SESSIONS),
        {"token_digest": digest(token.encode()), "cashier": row.no, "ends_at": ends_at},
    )
    return SignedIn(token, row.no, row.name, row.role, ends_at)
