"""The till API: each route reads its body, calls one service and renders the answer.

A quote is asked inline, since it only reads and takes less than a hop to a thread and back. What
writes, checks a PIN or may ask the centre has a thread (`def`, or `run_in_threadpool`): nothing may
hold up the event loop.
"""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse

from agent import cashiers, receipts
from agent.bearers.service import find_certificate
from agent.commit.service import Sale, commit
from agent.members import lots
from agent.members import service as members
from agent.members.lots import Activation
from agent.members.search import find_by_name
from agent.members.service import Registration
from agent.operations import cancel_receipt, reprint_receipt
from agent.quote.service import quote
from agent.reserve.service import reserve
from agent.scan import ScanKind, classify
from agent.till import answers as view
from agent.till import models, receipt_render, render
from agent.till import receipt_answers as receipts_view
from agent.till.device_routes import router as devices
from agent.till.edit_routes import router as edits
from agent.till.events import EventsResponse
from agent.till.here import Cashier, Here, SignedIn, content_of
from agent.till.late_routes import router as late
from agent.till.return_routes import router as returns
from agent.till.slip_routes import router as slips
from agent.till.status import status

router = APIRouter(prefix="/v1")
ROUTERS = (router, devices, edits, late, returns, slips)


@router.post("/scans", tags=["scan"])
def post_scan(body: models.ScanBody, here: Here) -> view.ScanAnswer:
    """Tell what a scanned code is: a card, a pass, a slip, goods."""
    at = here.time.now()
    scan = classify(here, body.code)
    is_someone = scan.kind is ScanKind.CARD or scan.granted is not None
    found = members.find(here, body.code) if is_someone else []
    top = render.frame(here, at)
    if scan.refusal is not None:
        top["warnings"] = [*top["warnings"], render.said(scan.refusal)]
    return view.ScanAnswer(
        **top,
        kind=scan.kind,
        code=scan.code,
        members=[render.member(here, one, at) for one in found],
        goods=render.goods(scan.goods) if scan.goods else None,
        receipt=scan.receipt,
        lines=render.slip_lines(scan.sale),
        granted=render.granted(scan.granted),
    )


@router.post("/members/find", tags=["members"])
def post_find(body: models.FindBody, here: Here) -> view.FoundAnswer:
    """Find members by card number, phone or pass; none, one, or several who share a phone."""
    at = here.time.now()
    found = members.find(here, body.identifier)
    cards = [render.member(here, one, at) for one in found]
    return view.FoundAnswer(**render.frame(here, at), members=cards)


@router.post("/members/search", tags=["members"])
def post_search(body: models.SearchBody, here: Here, cashier: SignedIn) -> view.NamedAnswer:
    """Find members by part of a name, for a signed-in cashier: ask which of them it is."""
    at = here.time.now()
    named = find_by_name(here, body.name, cashier)
    cards = [render.member(here, one, at) for one in named.found]
    return view.NamedAnswer(**render.frame(here, at), members=cards, more=named.more)


@router.post("/certificates/find", tags=["certificates"])
def post_find_certificate(
    body: models.FindCertificateBody, here: Here
) -> view.FoundCertificateAnswer:
    """Find a certificate by its code: what is on it and to which day it pays."""
    at = here.time.now()
    return render.certificate(here, find_certificate(here, body.code, body.pin, at), at)


@router.post("/members", status_code=201, tags=["members"])
def post_member(body: models.MemberBody, here: Here, cashier: Cashier) -> view.RegisteredAnswer:
    """Register a member by name and phone, also offline; a known phone gives its member."""
    at = here.time.now()
    order = Registration(
        body.uid,
        content_of(body),
        body.name,
        body.phone,
        body.consent,
        body.till,
        cashier,
        body.birthday,
        body.referrer,
        body.phone_role,
    )
    return render.registered(here, members.register(here, order, at), at)


@router.post("/quotes", tags=["sale"], response_model=receipts_view.QuoteAnswer)
async def post_quote(body: models.ReceiptBody, here: Here) -> Response:
    """Price a receipt; nothing is written, but for wrong PINs of certificates."""
    price = partial(quote, here, body.basket(), here.time.now())
    priced = await run_in_threadpool(price) if body.certificates else price()
    return receipt_render.quoted(here, priced)


@router.post("/quotes/trace", tags=["sale"])
def post_quote_trace(body: models.ReceiptBody, here: Here) -> receipts_view.TraceAnswer:
    """Explain how a receipt would be priced, and what the rules that refuse it would take."""
    at = here.time.now()
    return receipt_render.trace(here, quote(here, body.basket(), at), at)


@router.post("/receipts/{uid}/reserve", tags=["sale"], response_model=receipts_view.ReservedAnswer)
def post_reserve(uid: UUID, body: models.ReserveBody, here: Here) -> Response:
    """Claim a receipt before payment; it may refuse, and then nothing is held."""
    at = here.time.now()
    models.same_receipt(uid, body.receipt)
    claim = reserve(here, body.order(content_of(body, uid)), at)
    return receipt_render.reserved(here, claim, at)


@router.post("/receipts/{uid}/commit", tags=["sale"])
def post_commit(
    uid: UUID, body: models.CommitBody, here: Here, cashier: Cashier
) -> receipts_view.CommittedAnswer:
    """Commit a paid receipt; a reserved one is never refused for price, pack, balance or lease."""
    at = here.time.now()
    if body.receipt is not None:
        models.same_receipt(uid, body.receipt)
    sale = Sale(
        uid=body.uid,
        content=content_of(body, uid),
        receipt=uid,
        tenders=tuple(tender.tender() for tender in body.tenders),
        fiscal_number=body.fiscal_number,
        cashier=cashier,
        order=body.order(),
    )
    return receipt_render.committed(here, commit(here, sale, at), at)


@router.post("/receipts/{uid}/cancel", tags=["sale"])
def post_cancel(uid: UUID, body: models.CancelBody, here: Here) -> receipts_view.CancelledAnswer:
    """End a reserved receipt without a sale and free its points."""
    at = here.time.now()
    cancel_receipt(here, uid, body.uid, content_of(body, uid), at)
    return receipts_view.CancelledAnswer(**render.frame(here, at), receipt=uid)


@router.post("/receipts/{uid}/reprint", tags=["receipts"])
def post_reprint(uid: UUID, body: models.ReprintBody, here: Here) -> receipts_view.ReprintAnswer:
    """Print a copy of a receipt's slip, headed «КОПИЯ»."""
    at = here.time.now()
    copy_no = reprint_receipt(here, uid, body.uid, content_of(body, uid), at)
    return receipts_view.ReprintAnswer(**render.frame(here, at), receipt=uid, copy_no=copy_no)


@router.get("/receipts/{uid}", tags=["receipts"])
def get_receipt(uid: UUID, here: Here) -> receipts_view.ReceiptAnswer:
    """Return a receipt of this store, its place in the synchronisation and its slip."""
    found = receipts.look_up(here, uid)
    return receipts_view.ReceiptAnswer(
        **render.frame(here, here.time.now()),
        receipt=uid,
        state=found.state,
        sync=found.sync,
        sync_reason=found.sync_reason,
        print_state=found.print_state,
        lines=receipt_render.lines(found.receipt, found.evaluation),
        totals=receipt_render.totals(found.evaluation),
        returned=dict(found.returned or {}),
        exchange=receipt_render.exchange(found.exchange),
        slip_text=found.slip_text,
    )


@router.get("/receipts/{uid}/trace", tags=["receipts"])
def get_trace(uid: UUID, here: Here) -> receipts_view.TraceAnswer:
    """Explain a receipt: which rules applied, which did not and why, step by step."""
    return receipt_render.trace(here, receipts.look_up(here, uid), here.time.now())


@router.post("/lots/{lot}/activate", tags=["members"])
def post_activate(
    lot: UUID, body: models.ActivateBody, here: Here, cashier: Cashier
) -> view.ActivatedAnswer:
    """Make a member's pending points spendable now, where the programme allows it."""
    at = here.time.now()
    order = Activation(body.uid, content_of(body, lot), lot, body.member, body.reason, cashier)
    done = lots.activate(here, order, at)
    return view.ActivatedAnswer(
        **render.frame(here, at),
        lot=done.lot,
        member=done.member,
        amount=done.amount,
        activates_at=done.activates_at,
    )


@router.post("/sign-in", tags=["cashiers"])
def post_sign_in(body: models.SignInBody, here: Here) -> view.SignedInAnswer:
    """Sign a cashier in; the token goes into the header `Kopilka-Cashier` from then on."""
    at = here.time.now()
    done = cashiers.sign_in(here, body.uid, body.cashier, body.pin, at)
    return view.SignedInAnswer(
        **render.frame(here, at),
        token=done.token,
        cashier=done.cashier,
        name=done.name,
        role=done.role,
        ends_at=done.ends_at,
    )


@router.get("/status", tags=["agent"])
def get_status(here: Here) -> view.StatusAnswer:
    """Tell how this store's agent is."""
    return status(here, here.time.now())


@router.get(
    "/events",
    tags=["agent"],
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def get_events(here: Here) -> EventsResponse:
    """Listen to what happens in the store: scans, prints, the line (server-sent events)."""
    return EventsResponse(here)
