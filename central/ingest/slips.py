"""Returns by slip on the desk: what they move is found from their sale, which they did not have."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from central.ingest.desk import Desk
from central.ingest.moved import left_to_move
from central.ingest.reading import Reading
from central.ingest.receipts import check_new, post_return
from central.ingest.twice import done_before, left_of, moved_by
from shared.rules.result import Draw
from shared.rules.returns import Before, Part, shares
from shared.wire.facts import Granted, Issued, ReceiptCommitted
from shared.wire.frozen import frozen_of
from shared.wire.taken_back import ReceiptReturned, ReturnedBySlip, TakenBack


def check_by_slip(desk: Desk, reading: Reading, returned: ReturnedBySlip) -> UUID | None:
    """Return the sale's uid if that has not been posted: the return waits for it."""
    check_new(desk, reading)
    return None if returned.sale in desk.sales else returned.sale


def post_by_slip(desk: Desk, reading: Reading, returned: ReturnedBySlip) -> list[str]:
    """Post a return by slip as the return that it would have been with the sale's data.

    By the defaults of programmes: what is spent of the earned points is debt. Returns what was
    adjusted.
    """
    sale = desk.sales[returned.sale]
    whole = resolved(sale, desk.returns.get(returned.sale, ()), returned)
    desk.resolved[returned.uid] = whole
    return post_return(desk, reading, whole)


def resolved(
    sale: ReceiptCommitted, before: Sequence[TakenBack], returned: ReturnedBySlip
) -> ReceiptReturned:
    """Return what a return by slip moves of what is left of its sale; its lines are as it says.

    When no goods stay, nothing that they have moved does, however stores have rounded before.
    """
    frozen, done = frozen_of(sale), done_before(sale, before)
    parts = left_of(sale, done, returned.lines)
    found = shares(frozen, done, parts)
    moved = {share.no for share in found.lines}
    resolved = ReceiptReturned(
        uid=returned.uid,
        sale=returned.sale,
        lines=moved_by(returned.lines, found),
        restored=found.restored,
        taken=found.taken,
        money_minor=returned.money_minor,
        turnover_minor=sum(share.turnover_minor for share in found.lines),
        member=sale.member.id if sale.member else None,
        cashier=returned.cashier,
        at=returned.at,
        day=returned.day,
        counted_on=returned.counted_on,
        refilled=found.refilled,
        revoked=tuple(_draw(one) for one in sale.issued if one.line_no in moved),
    )
    back = Counter(done.quantities)
    back.update({part.no: part.quantity for part in parts})
    stays = any(line.quantity > back[line.no] for line in sale.receipt.lines)
    return resolved if stays else _with_all_that_is_left(resolved, sale, before)


def _with_all_that_is_left(
    returned: ReceiptReturned, sale: ReceiptCommitted, before: Sequence[TakenBack]
) -> ReceiptReturned:
    whole = [Part(line.no, line.quantity) for line in sale.receipt.lines]
    everything = replace(
        returned,
        restored=sale.evaluation.redemption.draws,
        refilled=shares(frozen_of(sale), Before({}, {}), whole).refilled,
        taken=tuple(_draw(lot) for lot in sale.granted if not lot.person),
        revoked=tuple(_draw(one) for one in sale.issued),
        turnover_minor=sale.evaluation.totals.turnover_minor,
    )
    left = left_to_move(sale, before, everything)
    return replace(
        everything,
        restored=_cut(everything.restored, left.restored),
        refilled=_cut(everything.refilled, left.restored),
        taken=_cut(everything.taken, left.taken),
        revoked=_cut(everything.revoked, left.taken),
        turnover_minor=left.turnover_minor,
    )


def _draw(lot: Granted | Issued) -> Draw:
    return Draw(lot.lot, lot.account, lot.amount)


def _cut(draws: Iterable[Draw], left: Mapping[UUID, int]) -> tuple[Draw, ...]:
    accounts = {draw.lot: draw.account for draw in draws}
    return tuple(Draw(lot, account, left[lot]) for lot, account in accounts.items() if left[lot])
