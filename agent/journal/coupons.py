"""Coupons that this store has printed and that the rows may not know yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlmodel import Field

from agent.schema import JournalTable, id_field, table_of
from shared.wire.facts import Issued


class CouponRecord(JournalTable, table=True):
    """A coupon by the blind index of its code."""

    __tablename__ = "coupon"

    index: bytes = Field(primary_key=True)
    account: UUID = id_field()
    campaign: str
    owner: UUID | None = id_field(nullable=True)
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class OwnCoupon:
    """A coupon as this store printed it."""

    index: bytes
    account: UUID
    campaign: str
    owner: UUID | None
    first_day: date | None
    last_day: date | None


_COUPONS = table_of(CouponRecord)


def add(connection: Connection, issued: Iterable[Issued]) -> None:
    """Remember coupons, in the transaction of their fact."""
    rows = [
        {
            "index": one.index,
            "account": one.account,
            "campaign": one.campaign,
            "owner": one.owner,
            "first_day": one.first_day,
            "last_day": one.expires_on,
        }
        for one in issued
        if one.campaign
    ]
    if rows:
        connection.execute(insert(_COUPONS), rows)


def find(connection: Connection, indexes: Iterable[bytes]) -> list[OwnCoupon]:
    """Return the coupons of this store that have these indexes."""
    query = select(_COUPONS).where(_COUPONS.c.index.in_(list(indexes)))
    return [OwnCoupon(**row._mapping) for row in connection.execute(query)]
