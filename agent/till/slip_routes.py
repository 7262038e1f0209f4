"""Routes by which tills print slips that no sale prints, with their bodies and answers."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints

from agent import receipts
from agent.statements import service as statements
from agent.statements.service import Printed, StatementKind, StatementOrder
from agent.statements.shift import ShiftOrder, print_shift
from agent.station import Station
from agent.till import answers as view
from agent.till import models, render
from agent.till.days import Day
from agent.till.here import Cashier, Here, content_of

router = APIRouter(prefix="/v1", tags=["slips"])


class StatementBody(models.Body):
    """A slip for a member: `account` and `card_tail` are those of the member's `ref`."""

    uid: UUID
    kind: StatementKind
    account: UUID | None = None
    card_tail: models.Word = ""


class CouponSlipBody(models.Body):
    """A slip with a coupon, by its code in any case, with or without hyphens."""

    uid: UUID
    code: Annotated[models.Word, StringConstraints(min_length=1)]


class ShiftBody(models.Body):
    """A summary of a till's day, today unless a day is said."""

    uid: UUID
    till: models.Word = "1"
    day: Day | None = None


class SlipAnswer(view.Answer):
    """A slip in the spool; `copy_no` above 0 is a further paper, headed «КОПИЯ»."""

    slip: UUID
    copy_no: int
    slip_text: str


class ShiftAnswer(SlipAnswer):
    """A summary: counts, kopecks, hundredths of a point, minutes."""

    till: str
    day: date
    sales: int
    sales_minor: int
    returns: int
    returns_minor: int
    voids: int
    voids_minor: int
    registrations: int
    earned_points: int
    redeemed_points: int
    taken_points: int
    restored_points: int
    offline_minutes: int
    late: int
    unsent: int


@router.post("/members/{member}/slips")
def post_member_slip(member: UUID, body: StatementBody, here: Here) -> SlipAnswer:
    """Print a member's balance, or what of it expires soon."""
    at = here.time.now()
    order = StatementOrder(
        uid=body.uid,
        content=content_of(body, member),
        member=member,
        kind=body.kind,
        account=body.account,
        card_tail=body.card_tail,
    )
    return SlipAnswer(**_slip(here, statements.print_statement(here, order, at), at))


@router.post("/coupons/slips")
def post_coupon_slip(body: CouponSlipBody, here: Here) -> SlipAnswer:
    """Print a coupon with its code; further papers of it are copies."""
    at = here.time.now()
    done = statements.print_coupon(here, body.uid, content_of(body), body.code, at)
    return SlipAnswer(**_slip(here, done, at))


@router.post("/shifts/slips")
def post_shift_slip(body: ShiftBody, here: Here, cashier: Cashier) -> ShiftAnswer:
    """Print what a till has done in a day: earned, redeemed, returned, minutes offline."""
    at = here.time.now()
    order = ShiftOrder(body.uid, content_of(body), body.till, cashier, body.day)
    done, shift = print_shift(here, order, at)
    numbers = {name: getattr(shift, name) for name in shift.__struct_fields__}
    return ShiftAnswer(**_slip(here, done, at), **numbers)


def _slip(station: Station, done: Printed, at: datetime) -> dict[str, Any]:
    return {
        **render.frame(station, at),
        "slip": done.slip,
        "copy_no": done.copy_no,
        "slip_text": receipts.text_of(station, done.slip, done.copy_no),
    }
