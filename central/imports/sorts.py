"""Which rows each kind of file has, and what the pipeline asks of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.centre import Centre
from central.estate import service as estate
from central.estate.service import How
from central.imports.candidates import Known
from central.imports.estate import Estate
from central.imports.fields import ImportKind
from central.imports.people import Members
from central.imports.purchases import Receipts
from central.imports.relatives import Families
from central.imports.store import Run
from central.imports.verdicts import Verdict
from central.members.merging import Hand
from central.packs import service as packs
from shared.runtime.sqlite import reading


class Sort(Protocol):
    """Rows of one kind: read one by one, written in batches."""

    def read(self, number: int, record: Mapping[str, str], /) -> Any:
        """Read a row; raises RefusedError."""
        ...

    def stated(self, record: Mapping[str, str], /) -> int:
        """Return the points (hundredths) that a row states, as far as that can be read."""
        ...

    def write(self, connection: Connection, rows: Sequence[Any], /) -> list[Verdict]:
        """Write a batch; return what became of each row, in order."""
        ...

    def together(self, record: Mapping[str, str], /) -> object:
        """Return what rows have in common that may not be parted, None if each stands alone."""
        ...

    def learn(self, connection: Connection, /) -> None:
        """Let the database look how much there is by now."""
        ...


def sort_of(centre: Centre, how: How, dates: tuple[str, ...], run: Run) -> Sort:
    """Return how rows of an import are read and written, against what the centre knows now."""
    at = centre.clock.now()
    match run.kind:
        case ImportKind.STORES:
            return Estate(estate.STORES)
        case ImportKind.GOODS:
            return Estate(estate.GOODS)
        case ImportKind.CASHIERS:
            return Estate(estate.cashiers_of(centre))
        case ImportKind.RECEIPTS:
            zones = {one.code: one.zone for one in estate.stores(centre)}
            return Receipts(centre, zones, dates, run.id, at)
        case ImportKind.FAMILIES:
            return Families(centre, Hand(run.actor, run.file, at))
        case ImportKind.MEMBERS:
            seen: dict[bytes, str] | None = {} if how is How.DRY_RUN else None
            return Members(centre, _known(centre, dates, at), at, seen, run)


def _known(centre: Centre, dates: tuple[str, ...], at: datetime) -> Known:
    with reading(centre.engine) as connection:
        tiers, wallets = frozenset(packs.ladder(connection)), packs.wallets(connection, at)
    stores = estate.stores(centre)
    codes = frozenset(one.code for one in stores)
    today = max((at.astimezone(ZoneInfo(one.zone)).date() for one in stores), default=at.date())
    return Known(codes, tiers, wallets, dates, centre.settings.card_prefix, today)
