"""Who may call the till API: this machine, or a till with a token; never a foreign web page."""

import ipaddress
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, insert, select
from sqlmodel import Field

from agent.schema import JournalTable, instant_field, table_of
from agent.station import Station
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading
from shared.runtime.web import App, Receive, Scope, Send, problem

TOKEN_BYTES = 24
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SCREEN = "/screen/"
"""Forms of the cashier's screen: the check of their origin keeps foreign pages out."""
UNSUPPORTED = 415
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


NEEDS_NO_ROOM = ("/commit", "/cancel", "/quotes", "/trace", "/scans", "/find", "/preview")
"""What ends an open receipt, and what only asks."""


class ForeignHostError(LoyaltyError):
    """A request under a name that is not this agent's: a rebound DNS name, or a wrong setting."""

    kind = Kind.FORBIDDEN
    code = "foreign_host"
    ru = "Имя узла в запросе не принадлежит этому агенту."
    en = "The host named in the request is not this agent's."


class ForeignOriginError(LoyaltyError):
    """A request that a web page of another origin has sent."""

    kind = Kind.FORBIDDEN
    code = "foreign_origin"
    ru = "Запрос пришёл с чужой веб-страницы."
    en = "The request comes from a foreign web page."


class TillTokenError(LoyaltyError):
    """A request from another machine without a till's token."""

    kind = Kind.UNAUTHENTICATED
    code = "till_token"
    ru = "Нужен токен кассы: «kopilka agent till-token» на машине агента выдаст его."
    en = "A till token is needed: run “kopilka agent till-token” on the agent's machine."


class JsonRequiredError(LoyaltyError):
    """A body that is not labelled as JSON."""

    kind = Kind.INVALID
    code = "json_required"
    ru = "Нужен заголовок Content-Type: application/json."
    en = "The header Content-Type: application/json is needed."


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


class Guard:
    """ASGI middleware in front of every route."""

    def __init__(self, app: App, station: Station) -> None:
        self._app = app
        self._station = station

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                status = UNSUPPORTED if isinstance(refusal, JsonRequiredError) else None
                await problem(refusal, status)(scope, cast("Any", receive), cast("Any", send))
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> LoyaltyError | None:
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        host = headers.get("host", "")
        if not self._is_own(host):
            return ForeignHostError()
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return ForeignOriginError()
        if not _is_loopback(scope) and not self._has_token(headers.get("authorization", "")):
            return TillTokenError()
        content = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["path"].startswith(SCREEN) and content in ("", FORM):
            return None
        if scope["method"] == "POST" and content != JSON:
            return JsonRequiredError()
        return self._station.disk.refusal if _begins_something(scope) else None

    def _is_own(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if host.count(":") == 1 or "]:" in host else host
        name = name.strip("[]").lower()
        settings = self._station.settings
        return name in LOCAL_HOSTS or name == settings.host or name in settings.allowed_hosts

    def _has_token(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return False
        with reading(self._station.journal) as connection:
            found = connection.execute(
                select(_TOKENS.c.till).where(_TOKENS.c.token_digest == digest(token.encode()))
            ).first()
        return found is not None


def _begins_something(scope: Scope) -> bool:
    """Tell whether a request writes what can wait for room on the disk."""
    path = scope["path"].rstrip("/")
    return scope["method"] == "POST" and not path.endswith(NEEDS_NO_ROOM)


def _is_loopback(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        return client is None or ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
