"""Coupons made where they are printed: codes of chance for the next purchase."""

from collections.abc import Iterable
from datetime import datetime

from agent.bearers.codes import USES, code_index
from agent.station import Station
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.rules.result import Coupon
from shared.tokens import CODE_CHARS, SECRET_BYTES, grouped, tail_of, token
from shared.wire.facts import Birth, Issued


def mint(station: Station, told: Iterable[Coupon], at: datetime) -> list[tuple[str, Issued]]:
    """Make a code for each coupon of a receipt: as it is printed, and as the fact states it."""
    return [_mint(station, coupon, at) for coupon in told]


def births(station: Station, issued: Iterable[Issued]) -> list[Birth]:
    """Keep new coupons while the centre is out of reach: no other store can have the same one."""
    gives_all = station.link.state().up or bool(station.barred)
    return [
        Birth(one.lot, one.account, one.amount, 0 if gives_all else one.amount) for one in issued
    ]


def _mint(station: Station, coupon: Coupon, at: datetime) -> tuple[str, Issued]:
    code = token(station.chance.randbytes(SECRET_BYTES), CODE_CHARS)
    index = code_index(station, code)
    account = bearer_account(Bearer.CODE, index)
    issued = Issued(
        bearer=Bearer.CODE,
        index=index,
        tail=tail_of(code),
        lot=bearer_lot(account),
        account=account,
        amount=USES,
        activates_at=at,
        expires_on=coupon.last_day,
        rule=coupon.rule,
        campaign=coupon.campaign,
        owner=coupon.owner,
        first_day=coupon.first_day,
    )
    return grouped(code), issued
