"""A draft tried on receipts of the past: what it would have given, and whom it would have moved.

Reads only, and not more than so many receipts. Each is priced as its fact says, under the pack of
the draft and under the one that it follows; nobody pays with points, so that what is granted is
the whole cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from central.auditor.bench import body_of
from central.centre import Centre
from central.ingest import looking
from central.packs import drafting
from central.rollout.changes import before as pack_before
from shared.errors import Kind, LoyaltyError
from shared.member import MemberView
from shared.packs.backtest import Replayed, Sale, replay
from shared.packs.show_backtest import replayed
from shared.receipt import Redeem
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.model import Pack
from shared.rules.pack import canonical, pack_hash
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, ReceiptCommitted

RECEIPTS_MAX = 5_000
RECEIPTS_USUAL = 1_000


class NoReceiptsError(LoyaltyError):
    """A centre that has no receipts to try a draft on."""

    kind = Kind.CONFLICT
    code = "no_receipts"
    ru = "В центре ещё нет чеков, на которых можно проверить черновик."
    en = "The centre has no receipts yet on which a draft can be tried."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would have done on the latest receipts, beside the pack that it follows."""

    pack: CompiledPack
    first: date
    last: date
    after: Replayed
    before: Replayed | None
    """None for the first pack of a name."""

    def text(self, lang: Literal["ru", "en"]) -> str:
        """Return it as lines for people."""
        return replayed(self.pack, self.after, lang, self.before)


def preview(
    centre: Centre, no: int, *, receipts: int = RECEIPTS_USUAL, on: date | None = None
) -> Preview:
    """Try a draft on the latest receipts of the chain.

    With a day they count as if the latest of them were of that day, so that rules which begin later
    are tried too. Raises UnknownDraftError, NoReceiptsError.
    """
    new = drafting.read_text(drafting.show(centre, no).draft.text)
    most = max(1, min(receipts, RECEIPTS_MAX))
    with reading(centre.engine) as connection:
        old = pack_before(connection, centre, new)
        kept = looking.latest(connection, FactKind.RECEIPT_COMMITTED, most)
    found = [body for fact in kept if isinstance(body := body_of(fact), ReceiptCommitted)]
    if not found:
        raise NoReceiptsError
    found.sort(key=lambda sale: sale.moment.instant)
    shift = timedelta() if on is None else on - found[-1].moment.day
    sales = [_sale(one, shift) for one in found]
    members = _members(found)
    pack = _compiled(new)
    return Preview(
        pack,
        sales[0].moment.day,
        sales[-1].moment.day,
        replay(pack, sales, members),
        None if old is None else replay(_compiled(old), sales, members),
    )


def _compiled(pack: Pack) -> CompiledPack:
    return compile_pack(pack, pack_hash=pack_hash(canonical(pack)))


def _sale(found: ReceiptCommitted, shift: timedelta) -> Sale:
    receipt = replace(found.receipt, redeem=Redeem.NONE, redeem_points=0)
    moment = replace(found.moment, instant=found.moment.instant + shift)
    given = {line.no: line.discount_minor for line in found.evaluation.lines}
    member = "" if found.member is None else str(found.member.id)
    return Sale(str(found.receipt.uid), member, receipt, moment, given)


def _members(found: Sequence[ReceiptCommitted]) -> dict[str, MemberView]:
    """Return each member as his first receipt has seen him."""
    members: dict[str, MemberView] = {}
    for one in found:
        if one.member is not None:
            members.setdefault(str(one.member.id), one.member)
    return members
