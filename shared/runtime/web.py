"""HTTP's edge: failures as problem details (RFC 9457) and a bound on every request body."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.errors import Kind, LoyaltyError
from shared.runtime.storage import StorageBusyError, storage_failure

PROBLEM_TYPE = "application/problem+json"
STATUSES = {
    Kind.INVALID: 422,
    Kind.TOO_LARGE: 413,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.UNAVAILABLE: 503,
    Kind.STORAGE: 507,
}
FAULTS_MAX = 5
RETRY_AFTER_S = 1

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


log = structlog.get_logger()


class InvalidRequestError(LoyaltyError):
    """A body or parameter that is not what the operation takes."""

    kind = Kind.INVALID
    code = "invalid_request"
    ru = "Запрос составлен неверно. Проверьте поля: {fields}."
    en = "The request is not valid: {faults}."


class BrokenJsonError(LoyaltyError):
    """A body that is not JSON, or not labelled as it."""

    kind = Kind.INVALID
    code = "broken_json"
    ru = "Тело запроса не читается как JSON."
    en = "The request body is not JSON: {reason}."


class BodyTooLargeError(LoyaltyError):
    """A body over the limit."""

    kind = Kind.TOO_LARGE
    code = "body_too_large"
    ru = "Тело запроса больше {limit_bytes} байт."
    en = "The request body is larger than {limit_bytes} bytes."


class NoSuchRouteError(LoyaltyError):
    """An address or method that is not served."""

    kind = Kind.NOT_FOUND
    code = "no_such_route"
    ru = "Такого адреса или метода нет: {method} {path}."
    en = "There is no such address or method: {method} {path}."


class StoppingError(LoyaltyError):
    """The process ends while the operation is under way: it may be done, or not."""

    kind = Kind.UNAVAILABLE
    code = "stopping"
    ru = "Программа останавливается, исход операции неизвестен. Повторите её через секунду."
    en = "The program is stopping, how the operation ends is not known. Repeat it in a second."


def install_problems(app: FastAPI) -> None:
    """Answer every anticipated failure as a problem with a code and a sentence in two languages."""
    app.add_middleware(Interruption)
    app.add_exception_handler(LoyaltyError, _on_loyalty_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(DBAPIError, _on_database_error)
    app.add_exception_handler(PoolTimeoutError, _on_no_connection)


def problem(error: LoyaltyError, status: int | None = None) -> Response:
    """Render a failure as problem details; `detail` is Russian, `sentence` has both languages."""
    status = status or STATUSES[error.kind]
    body = {
        "type": f"urn:kopilka:problem:{error.code}",
        "title": error.code,
        "status": status,
        "code": error.code,
        "detail": error.sentence("ru"),
        "sentence": {"ru": error.sentence("ru"), "en": error.sentence("en")},
        "details": {key: _plain(value) for key, value in error.details.items()},
    }
    headers = None
    if status == STATUSES[Kind.UNAVAILABLE]:
        after_s = error.details.get("retry_after_s", RETRY_AFTER_S)
        headers = {"Retry-After": str(math.ceil(float(str(after_s))))}
    content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return Response(content, status, headers, media_type=PROBLEM_TYPE)


class BodyLimit:
    """ASGI middleware that refuses bodies over a limit, declared or streamed."""

    def __init__(self, app: App, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its body is here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            whole = await with_body(scope, receive, self._limit_bytes)
        except ClientDisconnect:
            return  # half a body is no request, and nobody hears an answer
        except BodyTooLargeError as error:
            await problem(error)(scope, cast("Any", receive), cast("Any", send))
            return
        await self._app(scope, whole, send)


async def with_body(scope: Scope, receive: Receive, limit_bytes: int) -> Receive:
    """Wait for a request's body and return what gives it at once.

    Raises BodyTooLargeError, and ClientDisconnect when its sender has left off.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > limit_bytes:
        raise BodyTooLargeError(limit_bytes=limit_bytes)
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit_bytes:
            raise BodyTooLargeError(limit_bytes=limit_bytes)
        more = message.get("more_body", False)
    return _replay(b"".join(chunks), receive)


class Interruption:
    """ASGI middleware that says so when a stopping server does not wait for an answer."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; if it is cancelled unanswered, tell the caller to ask again."""
        is_answered = False

        async def noting(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            if is_answered or scope["type"] != "http":
                raise
            await problem(StoppingError())(scope, cast("Any", receive), cast("Any", send))


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def replay() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return replay


async def _on_loyalty_error(_request: Request, error: Exception) -> Response:
    return problem(cast("LoyaltyError", error))


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    faults = cast("RequestValidationError", error).errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(BrokenJsonError(reason=_reason(faults)), 400)
    return problem(InvalidRequestError(fields=_fields(faults), faults=_reason(faults)))


async def _on_http_error(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    if status in (404, 405):
        route = {"method": request.method, "path": request.url.path}
        return problem(NoSuchRouteError(**route), status)
    reason = str(cast("HTTPException", error).detail)
    return problem(BrokenJsonError(reason=reason), status)


async def _on_database_error(request: Request, error: Exception) -> Response:
    failed = cast("DBAPIError", error)
    getattr(request.app.state, "storage_failed", bool)()
    log.error("storage.failed", path=request.url.path, reason=str(failed.orig))
    return problem(storage_failure(failed))


async def _on_no_connection(_request: Request, _error: Exception) -> Response:
    return problem(StorageBusyError())


def _fields(faults: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(_place(fault) for fault in faults[:FAULTS_MAX]))


def _place(fault: Any) -> str:
    return ".".join(str(part) for part in fault["loc"])


def _reason(faults: Sequence[Any]) -> str:
    shown = [f"{_place(fault)}: {fault['msg']}" for fault in faults[:FAULTS_MAX]]
    rest = len(faults) - len(shown)
    return "; ".join(shown) + (f"; +{rest}" if rest else "")


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | float | list | dict) else str(value)
