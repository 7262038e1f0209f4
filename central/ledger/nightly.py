"""The ledger's laws are looked at each night, and the last look is kept.

What breaks one is a defect: nothing is repaired, somebody is told.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, select
from sqlmodel import Field

from central.centre import Centre
from central.ledger.audit import check
from central.schema import Instant, Table, table_of, upsert
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

_ONLY = 1

log = structlog.get_logger()


class LawCheckTable(Table, table=True):
    """The last look at the ledger's laws: when it began, and how often they were found broken."""

    __tablename__ = "law_check"
    id: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    broken: int


@dataclass(frozen=True, slots=True)
class LawCheck:
    """A look at the ledger's laws: when it began, and how often they were found broken."""

    at: datetime
    broken: int


_law_check = table_of(LawCheckTable)


def run(centre: Centre, at: datetime) -> int:
    """Look at the laws if that was not done since the hour of `check_at_hour` came last; return how
    often they are broken. A job: interrupted, it looks again."""
    with reading(centre.engine) as connection:
        known = last(connection)
        if known is not None and known.at >= _due(at, centre.settings.check_at_hour):
            return 0
        broken = check(connection)
    for one in broken:
        where = {"account": str(one.account), "lot": str(one.lot or "")}
        log.error("ledger.law_broken", law=one.law, found=one.found, expected=one.expected, **where)
    _keep(centre, LawCheck(at, len(broken)))
    log.info("ledger.laws_checked", broken=len(broken))
    return len(broken)


def last(connection: Connection) -> LawCheck | None:
    """Return the last look at the laws."""
    row = connection.execute(select(_law_check.c.at, _law_check.c.broken)).first()
    return None if row is None else LawCheck(*row)


@retried
def _keep(centre: Centre, new: LawCheck) -> None:
    with transaction(centre.engine) as connection:
        row = {"id": _ONLY, **asdict(new)}
        connection.execute(upsert(connection, LawCheckTable), row)


def _due(at: datetime, hour: int) -> datetime:
    """Return when that hour came last."""
    today = at.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= at else today - timedelta(days=1)
