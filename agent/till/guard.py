"""Who may call the till API: this machine, or a till with a token; never a foreign web page."""

import ipaddress
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, cast

from agent.pairing import TOKEN_COOKIE, UNPAIRED, TillTokenError, till_of
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.runtime.web import App, Receive, Scope, Send, problem

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SCREEN = "/screen/"
"""Forms of the cashier's screen: the check of their origin keeps foreign pages out."""
PAIRING = frozenset({"/", "/screen/pair", "/screen/static/screen.css"})
"""What a browser of another machine is shown, to enter its till's token."""
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


class JsonRequiredError(LoyaltyError):
    """A body that is not labelled as JSON."""

    kind = Kind.INVALID
    code = "json_required"
    ru = "Нужен заголовок Content-Type: application/json."
    en = "The header Content-Type: application/json is needed."


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
        if not _is_loopback(scope) and not self._has_token(headers):
            if scope["path"] not in PAIRING:
                return TillTokenError()
            scope[UNPAIRED] = True
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

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = _kept(headers.get("cookie", ""))
        try:
            return bool(token) and bool(till_of(self._station, token))
        except TillTokenError:
            return False


def _kept(cookies: str) -> str:
    """Return the token that a browser keeps."""
    try:
        found = SimpleCookie(cookies).get(TOKEN_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


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
