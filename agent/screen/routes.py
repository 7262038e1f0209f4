"""Addresses of the cashier's screen: one page, one form each action, news, and files."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DatabaseError

from agent import cashiers
from agent.pairing import TOKEN_COOKIE, UNPAIRED, TillTokenError, till_of
from agent.screen import exchanging, gifts, papers, paying, people, selling, serving
from agent.screen.act import Act
from agent.screen.desk import SALE, Desk, Present, new_uid
from agent.screen.desks import Desks
from agent.screen.news import NewsResponse
from agent.screen.pages import FOLDER, HERE, Pages
from agent.screen.views import said
from agent.station import Station
from shared.errors import LoyaltyError
from shared.runtime.storage import storage_failure
from shared.runtime.web import NoSuchRouteError

FIELDS_MAX = 600
TILL = "1"
SEE_OTHER = 303
MONTHS_S = 400 * 86_400
"""As long as browsers keep anything."""
PART = "kopilka-part"
"""The header of the page's own script, which wants the next page at once."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_TILL_NAME = re.compile(r"[\w-]{1,32}")

Action = Callable[[Act], None]
ACTIONS: Final[dict[str, Action]] = {
    "code": selling.take_code,
    "line": selling.set_line,
    "sell-certificate": gifts.set_certificate,
    "pick": selling.pick,
    "forget-member": selling.forget_member,
    "redeem": selling.redeem,
    "take": selling.choose,
    "promo": selling.add_code,
    "drop-code": selling.drop_code,
    "clear": selling.clear,
    "reserve": paying.to_payment,
    "back": paying.back,
    "pay": paying.pay,
    "next": paying.next_sale,
    "registration": people.open_registration,
    "register": people.register,
    "profile": people.open_profile,
    "edit": people.edit_profile,
    "activate": serving.activate,
    "receipts": serving.open_lookup,
    "look-up": serving.look_up,
    "parts": serving.choose_parts,
    "change-parts": serving.change_parts,
    "take-back": serving.take_back,
    "total": exchanging.show_total,
    "give-up": exchanging.give_up,
    "exchange": exchanging.confirm,
    "void": serving.undo,
    "reprint": serving.reprint,
    "paper": papers.say,
    "balance": papers.print_balance,
    "shift": papers.print_summary,
    "drawer": papers.open_the_drawer,
    "sale": lambda act: act.desk.show(SALE),
}
BEGINS: Final = frozenset(
    {"reserve", "register", "edit", "activate", "take-back", "exchange", "void", "reprint"}
)
"""What writes and can wait for room on the disk."""


class Screen:
    """The cashier's screens of a store."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._desks = Desks(station)
        self._pages = Pages(station)
        agent = station.identity.agent.hex[-8:]
        self._session, self._till = f"kopilka-cashier-{agent}", f"kopilka-till-{agent}"

    def serve(self, app: FastAPI) -> None:
        """Let an app serve the screen at its own address."""
        app.mount(HERE, StaticFiles(directory=FOLDER / "static"))
        told = {"include_in_schema": False}
        app.add_api_route("/", self._page, methods=["GET"], **told)  # type: ignore[arg-type]
        app.add_api_route("/screen/news", self._news, methods=["GET"], **told)  # type: ignore[arg-type]
        app.add_api_route("/screen/pair", self._pair, methods=["POST"], **told)  # type: ignore[arg-type]
        app.add_api_route("/screen/{verb}", self._act, methods=["POST"], **told)  # type: ignore[arg-type]

    async def _page(self, request: Request) -> Response:
        """Show a till's screen; `?till=2` says which till this browser is of."""
        if request.scope.get(UNPAIRED):
            return HTMLResponse(self._pages.pairing(), headers=HEADERS)
        named = request.query_params.get("till")
        if named is not None and _TILL_NAME.fullmatch(named):
            answer = RedirectResponse("/", SEE_OTHER)
            answer.set_cookie(self._till, named, httponly=True, samesite="strict")
            return answer
        desk = self._desk(request)
        return await run_in_threadpool(self._shown, request, desk)

    async def _pair(self, request: Request) -> Response:
        """Let a browser of another machine be a till's by the till's token."""
        form = await _form_of(request)
        token = form.get("token", "").strip()
        try:
            till = await run_in_threadpool(till_of, self._station, token)
        except TillTokenError as error:
            return HTMLResponse(self._pages.pairing(said(error)), headers=HEADERS)
        answer = RedirectResponse("/", SEE_OTHER)
        for name, value in ((TOKEN_COOKIE, token), (self._till, till)):
            answer.set_cookie(name, value, MONTHS_S, httponly=True, samesite="strict")
        return answer

    async def _news(self, request: Request) -> Response:
        """Tell an open page when it is old, and what the scanner read."""
        return NewsResponse(self._station, await run_in_threadpool(self._desk, request))

    async def _act(self, verb: str, request: Request) -> Response:
        """Carry out a form; refused, the page says why and keeps what was typed."""
        form = await _form_of(request)
        return await run_in_threadpool(self._done, request, verb, form)

    def _done(self, request: Request, verb: str, form: dict[str, str]) -> Response:
        desk, at = self._desk(request), self._station.time.now()
        with desk.lock:
            desk.edition += 1
            desk.notices, desk.typed = [], {}
            token = request.cookies.get(self._session, "")
            try:
                token = self._carry_out(Act(self._station, desk, form, at), verb, token)
            except (LoyaltyError, DatabaseError) as error:
                failure = storage_failure(error) if isinstance(error, DatabaseError) else error
                desk.tell("error", said(failure))
                desk.typed = {**desk.typed, **form, "pin": ""}
            answer: Response = RedirectResponse("/", SEE_OTHER)
            if PART in request.headers:
                answer = self._rendered(desk, token, at)
            answer.set_cookie(self._session, token, httponly=True, samesite="strict")
            return answer

    def _carry_out(self, act: Act, verb: str, token: str) -> str:
        """Do what a form asks for and return the browser's session from then on."""
        desk, station = act.desk, self._station
        now_s = station.clock.monotonic()
        if verb == "language":
            desk.lang = "en" if desk.lang == "ru" else "ru"
            return token
        if verb == "sign-in":
            return self._sign_in(act, now_s)
        if not desk.is_signed_in(token, now_s, station.settings.screen_lock_s):
            raise cashiers.NoCashierSessionError
        if verb == "lock":
            desk.present = None
            cashiers.sign_out(station, token)
            return ""
        action = ACTIONS.get(verb)
        if action is None:
            raise NoSuchRouteError(method="POST", path=f"/screen/{verb}")
        if verb in BEGINS and (no_room := station.disk.refusal) is not None:
            raise no_room
        assert desk.present is not None
        desk.present.seen_s = now_s
        action(act)
        return token

    def _sign_in(self, act: Act, now_s: float) -> str:
        desk, station = act.desk, self._station
        no = act.text("cashier")
        done = cashiers.sign_in(station, new_uid(station), no, act.text("pin"), act.at)
        if desk.present is not None:
            cashiers.sign_out(station, desk.present.token)
        desk.present = Present(done.token, done.cashier, done.name, done.role, now_s)
        desk.last_cashier = done.cashier
        return done.token

    def _shown(self, request: Request, desk: Desk) -> Response:
        with desk.lock:
            token = request.cookies.get(self._session, "")
            return self._rendered(desk, token, self._station.time.now())

    def _rendered(self, desk: Desk, token: str, at: datetime) -> Response:
        lock_s = self._station.settings.screen_lock_s
        signed_in = desk.is_signed_in(token, self._station.clock.monotonic(), lock_s)
        return HTMLResponse(self._pages.page(desk, at, signed_in=signed_in), headers=HEADERS)

    def _desk(self, request: Request) -> Desk:
        return self._desks.of(request.cookies.get(self._till, TILL))


async def _form_of(request: Request) -> dict[str, str]:
    """Return a form's fields; what is more than a page of ours has is left out."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return dict(parse_qsl(body, keep_blank_values=True)[:FIELDS_MAX])
