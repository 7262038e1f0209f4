"""Tills that may call from another machine: each has a token, of which only the digest is kept."""

from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlmodel import Field

from agent.schema import JournalTable, instant_field, table_of
from agent.station import Station
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading

TOKEN_BYTES = 24
TOKEN_COOKIE = "kopilka-till-token"  # noqa: S105
"""Where a browser keeps its till's token; programs send it as `Authorization: Bearer`."""

UNPAIRED = "kopilka.unpaired"
"""Set in a request's scope that has no token and may only ask for one."""


class TillTokenError(LoyaltyError):
    """A request from another machine without a till's token."""

    kind = Kind.UNAUTHENTICATED
    code = "till_token"
    ru = "Нужен токен кассы: «kopilka agent till-token» на машине агента выдаст его."
    en = "A till token is needed: run “kopilka agent till-token” on the agent's machine."


class TillTokenRecord(JournalTable, table=True):
    """A till that may call from another machine; of its token only the digest is kept."""

    __tablename__ = "till_token"

    token_digest: bytes = Field(primary_key=True)
    till: str
    at: datetime = instant_field()


_TOKENS = table_of(TillTokenRecord)


def add_token(connection: Connection, token: str, till: str, at: datetime) -> None:
    """Let a till in by its token."""
    connection.execute(
        insert(_TOKENS), {"token_digest": digest(token.encode()), "till": till, "at": at}
    )


def till_of(station: Station, token: str) -> str:
    """Return which till a token is of; raises TillTokenError."""
    with reading(station.journal) as connection:
        found = connection.execute(
            select(_TOKENS.c.till).where(_TOKENS.c.token_digest == digest(token.encode()))
        ).first()
    if found is None:
        raise TillTokenError
    return str(found[0])
