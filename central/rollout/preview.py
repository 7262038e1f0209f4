"""A draft tried on receipts of the past: what it would have given, and whom it would have moved.

Reads only, and not more than so many receipts. Each is priced as its fact says, under the pack of
the draft and under the one that it follows; nobody pays with points, so that what is granted is
the whole cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from heapq import nlargest
from typing import Literal
from uuid import UUID

from central.auditor.bench import body_of
from central.centre import Centre
from central.ingest import looking
from central.packs import drafting
from central.rollout.changes import before as pack_before
from shared.errors import Kind, LoyaltyError
from shared.member import MemberView
from shared.packs.backtest import Replayed, Sale, points_worth, replay
from shared.packs.show_backtest import replayed
from shared.receipt import Redeem
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.evaluate import evaluate
from shared.rules.in_words import explained
from shared.rules.model import Pack
from shared.rules.pack import canonical, pack_hash
from shared.rules.result import Evaluation
from shared.rules.sentences import Lang, rubles, spoken
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, ReceiptCommitted

RECEIPTS_MAX = 5_000
RECEIPTS_USUAL = 1_000
COMPARED_MAX = 100
"""Receipts that are told one by one, those with the largest differences."""
_BESIDE = Wording(
    "По прежним правилам на них: скидки {discount}, бонусы на {points}; новые — {more}",
    "By the former rules: discounts {discount}, points worth {points}; the new ones {more}",
)
TOLD_MAX = 10
"""Of them those that are told in words."""


class NoReceiptsError(LoyaltyError):
    """A centre that has no receipts to try a draft on."""

    kind = Kind.CONFLICT
    code = "no_receipts"
    ru = "В центре ещё нет чеков, на которых можно проверить черновик."
    en = "The centre has no receipts yet on which a draft can be tried."


@dataclass(frozen=True, slots=True)
class Priced:
    """What a pack gives on a receipt: kopecks, hundredths of a point and what these are worth."""

    discount_minor: int
    points: int
    points_minor: int

    @property
    def cost_minor(self) -> int:
        """Both together."""
        return self.discount_minor + self.points_minor


@dataclass(frozen=True, slots=True)
class Compared:
    """A receipt that a draft prices otherwise; what is told of it no more, and what anew."""

    receipt: UUID
    at: datetime
    store: str
    was: Priced
    now: Priced
    gone: dict[Lang, list[str]]
    new: dict[Lang, list[str]]

    @property
    def more_minor(self) -> int:
        """By how much it costs more, below zero less."""
        return self.now.cost_minor - self.was.cost_minor


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would have done on the latest receipts, beside the pack that it follows."""

    pack: CompiledPack
    first: date
    last: date
    after: Replayed
    before: Replayed | None
    """None for the first pack of a name."""
    compared: tuple[Compared, ...] = ()
    """Those that differ most, by the sum; the first `TOLD_MAX` of them in words."""
    differing: int = 0
    """How many differ in all."""

    def text(self, lang: Literal["ru", "en"]) -> str:
        """Return it as lines for people."""
        return replayed(self.pack, self.after, lang, self.before)

    def beside(self, lang: Literal["ru", "en"]) -> str:
        """Return what the pack before comes to on the same receipts; empty without one."""
        if self.before is None:
            return ""
        was, now = (one.discount_minor + one.points_minor for one in (self.before, self.after))
        return spoken(_BESIDE, lang).format(
            discount=rubles(self.before.discount_minor),
            points=rubles(self.before.points_minor),
            more=f"{'+' if now > was else ''}{rubles(now - was)}",
        )


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
    now = _Heard(_compiled(new))
    after = replay(now.pack, sales, members, now.hear)
    if old is None:
        return Preview(now.pack, sales[0].moment.day, sales[-1].moment.day, after, None)
    was = _Heard(_compiled(old))
    before = replay(was.pack, sales, members, was.hear)
    differing = [one for one in _compared(was, now) if one.was != one.now]
    most_first = nlargest(COMPARED_MAX, differing, key=lambda one: abs(one.more_minor))
    return Preview(
        now.pack,
        sales[0].moment.day,
        sales[-1].moment.day,
        after,
        before,
        (*(_in_words(one, was, now) for one in most_first[:TOLD_MAX]), *most_first[TOLD_MAX:]),
        len(differing),
    )


@dataclass(slots=True)
class _Heard:
    """What a pack has given, receipt by receipt, and the buyer as he was before each.

    Evaluations are not kept, which are large: those that are told in words are made again.
    """

    pack: CompiledPack
    sales: dict[str, tuple[Sale, MemberView | None]] = field(default_factory=dict)
    priced: dict[str, Priced] = field(default_factory=dict)

    def hear(self, sale: Sale, member: MemberView | None, answer: Evaluation) -> None:
        """Keep what a receipt gets."""
        points = answer.totals.earned_points + sum(one.amount for one in answer.once)
        worth_minor = points_worth(self.pack, answer)
        self.sales[sale.no] = (sale, member)
        self.priced[sale.no] = Priced(answer.totals.discount_minor, points, worth_minor)

    def words(self, no: str) -> dict[Lang, list[str]]:
        """Return a receipt in words."""
        sale, member = self.sales[no]
        answer = evaluate(self.pack, member, sale.receipt, sale.moment)
        return explained(self.pack, sale.receipt, member, sale.moment, answer).words


def _compared(was: _Heard, now: _Heard) -> Iterator[Compared]:
    for no, (sale, _) in now.sales.items():
        receipt = sale.receipt
        pair = (was.priced[no], now.priced[no])
        yield Compared(receipt.uid, sale.moment.instant, receipt.store, *pair, {}, {})


def _in_words(one: Compared, was: _Heard, now: _Heard) -> Compared:
    before, after = was.words(str(one.receipt)), now.words(str(one.receipt))
    gone = {lang: _only(told, after[lang]) for lang, told in before.items()}
    new = {lang: _only(told, before[lang]) for lang, told in after.items()}
    return replace(one, gone=gone, new=new)


def _only(told: Sequence[str], beside: Sequence[str]) -> list[str]:
    known = set(beside)
    return [line.strip() for line in told if line not in known]


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
