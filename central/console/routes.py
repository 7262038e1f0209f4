"""Addresses of the console on the centre's application, and the door in front of each of them.

Every address is a `Way` that names the right it takes; nothing is served that is none. What a form
does stands in the trail, written by the transaction that does it.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import js_lib_htmx
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError
from starlette.background import BackgroundTask

from central.centre import Centre
from central.console import plots
from central.console.ask import HOME, ONCE, SIGN_IN, Answer, Ask, File, Go, Page, Way, is_seen
from central.console.forms import FIELDS_MAX, Form, form_of, plain
from central.console.pages import FOLDER, STATIC, Pages, said
from central.console.ways import WAYS
from central.people import sessions
from central.people.sessions import Present
from central.trail.service import note, on_trail
from central.trail.store import Deed
from shared.errors import Kind, LoyaltyError
from shared.runtime.storage import storage_failure
from shared.runtime.web import STATUSES

PREFIX: Final = "/console"
REASONED: Final = frozenset(
    {
        "keys_renewed", "agent_fenced", "agent_revoked", "leases_written_off",
        "pack_widened", "pack_halted", "pack_rolled_back", "campaign_halted",
    }
)  # fmt: skip
"""Deeds that are not done without saying why; others have services that ask for it."""
FORM_TOKEN: Final = "form_token"  # noqa: S105
SEE_OTHER: Final = 303
OUR_MISTAKE: Final = 500
HTMX = Path(js_lib_htmx.__file__).parent / "static/htmx/htmx.min.js"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TLS_HEADERS: Final = {"Strict-Transport-Security": "max-age=31536000"}


class NoRightError(LoyaltyError):
    """Somebody whose role may not go there."""

    kind = Kind.FORBIDDEN
    code = "no_right"
    ru = "Вашей роли сюда нельзя. Нужно — попросите администратора."
    en = "Your role may not go here. If it should, ask an administrator."


class LargeFormError(LoyaltyError):
    """A text or a file that is larger than any page asks for."""

    kind = Kind.TOO_LARGE
    code = "large_form"
    ru = "Слишком много данных: файл — до 4 МиБ, текст — до 1 МиБ."
    en = "That is too much: a file may have 4 MiB, a text 1 MiB."


class ForeignFormError(LoyaltyError):
    """A form that did not come from a page of this session."""

    kind = Kind.FORBIDDEN
    code = "foreign_form"
    ru = "Форма устарела или пришла не отсюда. Откройте страницу снова и повторите."
    en = "The form is old or not from here. Open the page again and repeat."


class OurMistakeError(LoyaltyError):
    """A page that fails for no reason that anybody has foreseen; the log has it whole."""

    kind = Kind.UNAVAILABLE
    code = "our_mistake"
    ru = "Страница не открылась из-за ошибки программы, она в журнале центра; повторите позже."
    en = "The page failed by a mistake of the program. It is in the centre's log; try again later."


class DeedWithoutReasonError(LoyaltyError):
    """A deed that needs a reason, without one."""

    kind = Kind.INVALID
    code = "deed_without_reason"
    ru = "Напишите причину: она останется в журнале действий."
    en = "Say why: it stays in the trail."


class Console:
    """The console of a centre."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._pages = Pages()
        self._is_warm = False

    def warm(self) -> None:
        """Do what further pages and the first plot would wait for: while the first page is read."""
        self._pages.compile()
        plots.warm()

    def serve(self, app: FastAPI, ways: Iterable[Way] = WAYS) -> None:
        """Let an app serve the console under /console."""
        app.add_api_route(f"{STATIC}/htmx.js", _htmx, methods=["GET"], include_in_schema=False)
        app.add_exception_handler(Exception, self._broken)
        app.mount(STATIC, StaticFiles(directory=FOLDER / "static"))
        for way in ways:
            app.add_api_route(
                f"{PREFIX}{way.path}",
                self._endpoint(way),
                methods=[way.method],
                include_in_schema=False,
            )

    def _endpoint(self, way: Way) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            body = await request.body() if way.method == "POST" else b""
            answered = await run_in_threadpool(self._answered, way, request, body)
            if not self._is_warm:
                self._is_warm = True
                answered.background = BackgroundTask(self.warm)
            return answered

        return answer

    def _answered(self, way: Way, request: Request, body: bytes) -> Response:
        """Open the door or not, do what is asked, and render the answer."""
        token = request.cookies.get(cookie_name(request), "")
        here = sessions.present(self._centre, token)
        form = form_of(request.headers.get("Content-Type", ""), body)
        pairs = request.query_params.multi_items()[:FIELDS_MAX]
        query = {name: plain(value) for name, value in pairs}
        at = self._centre.clock.now()
        path = {name: plain(str(value)) for name, value in request.path_params.items()}
        ask = Ask(
            self._centre, here, path, query, form.fields, at, token, form.files, request.url.path
        )
        if way.right is not None and here is None:
            return _with_headers(request, _to_door(request))
        if here is not None and here.who.has_first_password and not _is_open(way, here):
            return _with_headers(request, RedirectResponse(f"{PREFIX}/me", SEE_OTHER))
        try:
            self._check(way, ask, request, form)
            answered = _done(way, ask)
        except (LoyaltyError, DBAPIError) as error:
            failed = storage_failure(error) if isinstance(error, DBAPIError) else error
            return _with_headers(request, self._refused(way, ask, failed))
        return _with_headers(request, self._rendered(request, ask, answered))

    def _check(self, way: Way, ask: Ask, request: Request, form: Form) -> None:
        if not _is_open(way, ask.here):
            raise NoRightError
        if way.method != "POST":
            return
        if form.is_too_large:
            raise LargeFormError
        if _is_foreign(request):
            raise ForeignFormError
        if way.right is not None:
            brought = ask.form.get(FORM_TOKEN, "").encode()
            if not hmac.compare_digest(brought, ask.me.form_token.encode()):
                raise ForeignFormError
        if way.deed in REASONED and not ask.text("note"):
            raise DeedWithoutReasonError

    def _refused(self, way: Way, ask: Ask, error: LoyaltyError) -> Response:
        """Show the form again with what was typed and why it is refused; else a page of its own."""
        status = STATUSES[error.kind]
        if way.back is not None and not isinstance(error, NoRightError | ForeignFormError):
            try:
                page = way.back(ask)
            except LoyaltyError:
                page = Page("refused")
        else:
            page = Page("refused")
        if not isinstance(page, Page):
            page = Page("refused")
        return HTMLResponse(self._pages.render(ask, page, error=said(error)), status)

    async def _broken(self, request: Request, _error: Exception) -> Response:
        """Answer for a mistake of ours, which goes on to the log: a person gets a page."""
        if not request.url.path.startswith(f"{PREFIX}/"):
            return PlainTextResponse("Internal Server Error", OUR_MISTAKE)
        ask = Ask(self._centre, None, {}, {}, {}, self._centre.clock.now())
        page = self._pages.render(ask, Page("refused"), error=said(OurMistakeError()))
        return _with_headers(request, HTMLResponse(page, OUR_MISTAKE))

    def _rendered(self, request: Request, ask: Ask, answered: Answer) -> Response:
        if isinstance(answered, Go):
            joint = "&" if "?" in answered.to else "?"
            to = f"{answered.to}{joint}done={answered.done}" if answered.done else answered.to
            answer: Response = RedirectResponse(to, SEE_OTHER)
            if answered.token is not None:
                _keep(request, answer, answered.token)
        elif isinstance(answered, File):
            answer = Response(answered.content, media_type=answered.media_type)
            if answered.name:
                kept = f"attachment; filename={quote(answered.name)}"
                answer.headers["Content-Disposition"] = kept
        else:
            block = request.headers.get("HX-Target", "") if "HX-Request" in request.headers else ""
            text = self._pages.render(ask, answered, block="list" if block == "list" else "")
            answer = HTMLResponse(text, answered.status)
            answer.headers["Vary"] = "HX-Request"
        return answer


def cookie_name(request: Request) -> str:
    """Return the cookie's name: with TLS one that no other host or path can set (RFC 6265bis)."""
    return "__Host-kopilka" if _is_secure(request) else "kopilka-console"


def _done(way: Way, ask: Ask) -> Answer:
    if not way.deed:
        return way.handler(ask)
    if way.method == "GET":  # a page may be looked at; what is taken away as a file stands there
        answer = way.handler(ask)
        if isinstance(answer, File):
            note(ask.centre, _deed(way, ask))
        return answer
    with on_trail(ask.centre, _deed(way, ask)):
        return way.handler(ask)


def _deed(way: Way, ask: Ask) -> Deed:
    """Return what stands in the trail: the fields' names, and the values of those that may."""
    hidden = {FORM_TOKEN, ONCE, "note", *way.kept}
    fields = sorted(name for name in ask.form if name not in hidden and not is_seen(name))
    told = {name: ask.text(name) for name in way.kept if name in ask.form}
    details = {**told, **({"fields": " ".join(fields)} if fields else {})}
    subject = " ".join(ask.path.values())
    who = ask.me.who
    return Deed(who.login, who.role.value, way.deed, subject, ask.text("note"), details)


def _is_open(way: Way, here: Present | None) -> bool:
    return way.right is None or (here is not None and here.may(way.right))


def _is_foreign(request: Request) -> bool:
    """Tell whether a browser says that a form comes from another site's page."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "null")
    host = request.headers.get("Host", "")
    is_other = origin != "null" and urlsplit(origin).netloc != host
    return is_other or site not in ("same-origin", "none")


def _to_door(request: Request) -> Response:
    """Lead to the door; htmx is told to go there with the whole page."""
    if "HX-Request" in request.headers:
        return Response(headers={"HX-Redirect": SIGN_IN})
    path, query = request.url.path, request.url.query
    is_worth = request.method == "GET" and path != HOME
    to = quote(f"{path}?{query}" if query else path)
    return RedirectResponse(f"{SIGN_IN}?next={to}" if is_worth else SIGN_IN, SEE_OTHER)


def _keep(request: Request, answer: Response, token: str) -> None:
    name, secure = cookie_name(request), _is_secure(request)
    if token:
        answer.set_cookie(name, token, path="/", secure=secure, httponly=True, samesite="strict")
    else:
        answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _with_headers(request: Request, answer: Response) -> Response:
    answer.headers.update(HEADERS | (TLS_HEADERS if _is_secure(request) else {}))
    return answer


async def _htmx(_request: Request) -> Response:
    """Serve the one script, from the installed package."""
    return FileResponse(HTMX, media_type="text/javascript")
