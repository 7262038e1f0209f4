"""Coupons made where they are printed: codes of chance for the next purchase."""

from collections.abc import Iterable
from datetime import datetime

from agent.bearers.certificates import certificate_index
from agent.bearers.codes import USES, code_index
from agent.station import Station
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.member import MemberView
from shared.rules.result import Coupon, OnceGrant
from shared.tokens import CERTIFICATE_CHARS, CODE_CHARS, SECRET_BYTES, grouped, tail_of, token
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


def give(
    station: Station, told: Iterable[OnceGrant], member: MemberView, at: datetime
) -> list[tuple[str, Issued]]:
    """Make a code for each certificate or coupon that a person gets once, as `mint` does."""
    return [_give(station, grant, member, at) for grant in told]


def gift_births(issued: Iterable[Issued]) -> list[Birth]:
    """Keep nothing of what a person gets once: another store may have given it too."""
    return [Birth(one.lot, one.account, one.amount, kept=0) for one in issued]


def _give(
    station: Station, grant: OnceGrant, member: MemberView, at: datetime
) -> tuple[str, Issued]:
    bearer = Bearer(grant.wallet)
    is_certificate = bearer is Bearer.CERTIFICATE
    chars = CERTIFICATE_CHARS if is_certificate else CODE_CHARS
    code = token(station.chance.randbytes(SECRET_BYTES), chars)
    index = certificate_index(station, code) if is_certificate else code_index(station, code)
    account = bearer_account(bearer, index)
    issued = Issued(
        bearer=bearer,
        index=index,
        tail=tail_of(code),
        lot=bearer_lot(account),
        account=account,
        amount=grant.amount,
        activates_at=at,
        expires_on=grant.expires_on,
        rule=grant.rule,
        campaign=grant.campaign,
        owner=None if is_certificate else member.id,
        once=grant.lot,
        person=member.person_key,
        period=grant.period,
    )
    return grouped(code), issued


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
