"""What a return would move: shares of lines by the sale, the rest by the programme's policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from agent.leases.lots import Reach
from agent.leases.standing import Standing
from agent.packs import NoPackError
from agent.quote.service import effective_pack, pack_of
from agent.returns import elsewhere
from agent.returns.endings import Endings, endings
from agent.returns.shares import (
    ReceiptVoidedError,
    buyer,
    check_left,
    earned_terms,
    priced_from,
    reachable,
    restoring_unit,
    with_burnt,
)
from agent.returns.store import Done
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.member import DayCount
from shared.rules.clawback import ClawedBack, claw_back
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment
from shared.rules.remainder import broken, charged_minor
from shared.rules.result import Draw
from shared.rules.return_terms import ReturnPolicies
from shared.rules.returns import Before, Frozen, LineShare, Part, Shares, shares, without
from shared.rules.tiers import tier_of
from shared.rules.tracks import counted
from shared.wire.facts import ReceiptCommitted
from shared.wire.frozen import frozen_of

TAIL_CHARS = 4
"""Of a certificate's code no more is shown or kept."""


class BundleBrokenError(LoyaltyError):
    """A part of a bundle that has to come back whole."""

    kind = Kind.CONFLICT
    code = "bundle_broken"
    ru = "Набор возвращается целиком: добавьте в возврат всё, что осталось в строках {lines}."
    en = "The bundle comes back whole: return what is left of lines {lines} as well."


@dataclass(frozen=True, slots=True)
class TierEffect:
    """What a return does to the member's level, today and by the rules in force.

    `metric` is what the level is counted in: kopecks, hundredths of points or of visits, in the
    running period; turnover is that of all time.
    """

    before: str
    after: str
    metric: str
    counted_before: int
    counted_after: int
    turnover_before_minor: int
    turnover_after_minor: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a return would move: kopecks and hundredths of a point."""

    lines: tuple[LineShare, ...]
    restored: tuple[Draw, ...]
    lapsed: tuple[Draw, ...]
    """Points that paid and do not come back: their lots have expired."""
    clawed: ClawedBack
    own: frozenset[UUID]
    """The buyer's accounts."""
    policies: ReturnPolicies
    certificates: tuple[tuple[str, int], ...]
    """Kopecks that go back to certificates, by the ends of their codes."""
    refilled: tuple[Draw, ...]
    recharged_minor: int
    tier: TierEffect | None
    endings: Endings

    @property
    def money_minor(self) -> int:
        """What is paid out: the lines less what is charged, withheld or goes to certificates."""
        whole = sum(line.money_minor for line in self.lines)
        to_certificates = sum(amount for _, amount in self.certificates)
        return whole - to_certificates - self.recharged_minor - self.clawed.withheld_minor

    @property
    def turnover_minor(self) -> int:
        """What the turnover is less."""
        return sum(line.turnover_minor for line in self.lines)

    @property
    def restored_points(self) -> int:
        """What points had paid for the lines; less `lapsed_points` it comes back."""
        return sum(line.restored_points for line in self.lines)

    @property
    def lapsed_points(self) -> int:
        """What does not come back."""
        return sum(draw.amount for draw in self.lapsed)

    @property
    def taken_points(self) -> int:
        """What the lines had earned: out of lots, of the refund, let go, or debt."""
        return sum(line.taken_points for line in self.lines)

    @property
    def withheld_points(self) -> int:
        """What the refund pays for."""
        return sum(draw.amount for draw in self.clawed.withheld)

    @property
    def forgiven_points(self) -> int:
        """What is let go of the buyer's own points."""
        kept = sum(draw.amount for draw in self.clawed.kept if draw.account in self.own)
        return kept + (self.clawed.missing_points if self.policies.lets_go else 0)

    @property
    def debt_points(self) -> int:
        """What becomes debt, as far as this store can see."""
        return 0 if self.policies.lets_go else self.clawed.missing_points


def look(
    station: Station,
    connection: Connection,
    sold: ReceiptCommitted,
    parts: Sequence[Part],
    moment: Moment,
) -> Preview:
    """Work out what a return would move.

    Raises NotReturnableError, BundleBrokenError, ReceiptVoidedError, CertificateUsedError.
    """
    done = elsewhere.done(connection, sold.receipt.uid)
    if done.is_voided:
        raise ReceiptVoidedError(receipt=sold.receipt.uid)
    pack = pack_of(station, sold.evaluation.pack_hash)
    frozen = frozen_of(sold, restoring_unit(pack, sold))
    check_left(frozen, done.before.quantities, parts)
    policies = ReturnPolicies() if pack is None else pack.source.policies
    found = shares(frozen, done.before, parts)
    refund_minor = _money(found)
    recharged_minor = _recharged(sold, pack, done, parts, refund_minor)
    who = buyer(station, connection, sold)
    within = reachable(connection, who, found.taken, moment)
    lapsed = _lapsed(sold, found, policies, moment)
    return Preview(
        lines=found.lines,
        restored=without(found.restored, lapsed),
        lapsed=lapsed,
        clawed=claw_back(
            found.taken,
            earned_terms(sold, pack),
            with_burnt(station, connection, within, sold, _taken_before(frozen, done)),
            policies,
            refund_minor - recharged_minor,
        ),
        own=frozenset(who.accounts if who else ()),
        policies=policies,
        certificates=tuple((code[-TAIL_CHARS:], amount) for code, amount in found.certificates),
        refilled=found.refilled,
        recharged_minor=recharged_minor,
        tier=_tier(station, who, pack, moment, found),
        endings=endings(station, connection, sold, done.before.quantities, parts),
    )


def _taken_before(frozen: Frozen, done: Done) -> dict[UUID, int]:
    """Return by lot what the goods that have come back had earned."""
    back = done.before.quantities
    parts = [Part(no, quantity) for no, quantity in back.items() if frozen.line(no) is not None]
    taken = shares(frozen, Before({}, {}), parts).taken
    return {draw.lot: draw.amount for draw in taken}


def _money(found: Shares) -> int:
    """Return what of the lines was paid in money."""
    whole = sum(line.money_minor for line in found.lines)
    return whole - sum(amount for _, amount in found.certificates)


def _recharged(
    sold: ReceiptCommitted,
    pack: CompiledPack | None,
    done: Done,
    parts: Sequence[Part],
    refund_minor: int,
) -> int:
    """Return what the goods that stay cost more than they did, after what was charged already.

    At most the refund; without the rules of the sale nothing. Raises BundleBrokenError.
    """
    if pack is None:
        return 0
    policies, source = pack.source.policies, priced_from(sold, pack)
    if (policies.broken_threshold, policies.broken_bundle) == ("keep", "keep"):
        return 0
    before = done.before.quantities
    after = dict(before)
    for part in parts:
        after[part.no] = after.get(part.no, 0) + part.quantity
    found = broken(source, after)
    is_torn = policies.broken_bundle == "must_come_back" and found.bundle_lines
    if is_torn and found.bundle_minor > broken(source, before).bundle_minor:
        raise BundleBrokenError(lines=", ".join(map(str, found.bundle_lines)))
    due_minor = charged_minor(
        found, threshold=policies.broken_threshold, bundle=policies.broken_bundle
    )
    return min(due_minor - done.recharged_minor, refund_minor)


def _lapsed(
    sold: ReceiptCommitted, found: Shares, policies: ReturnPolicies, moment: Moment
) -> tuple[Draw, ...]:
    if policies.grace_days is not None or sold.member is None:
        return ()
    last_days = {lot.id: lot.expires_on for lot in sold.member.lots}
    return tuple(
        draw
        for draw in found.restored
        if (last_day := last_days.get(draw.lot)) is not None and last_day < moment.day
    )


def _tier(
    station: Station,
    who: Standing | None,
    sold_by: CompiledPack | None,
    moment: Moment,
    found: Shares,
) -> TierEffect | None:
    """Compare the buyer's level now and after the return; None without a buyer or levels."""
    try:
        _, pack = effective_pack(station, moment.instant)
    except NoPackError:
        if sold_by is None:
            return None
        pack = sold_by
    track = pack.ladder.track
    if who is None or track is None:
        return None
    view, day = who.view(Reach.CHAIN), pack.counting_day(moment)
    turnover_minor = sum(line.turnover_minor for line in found.lines)
    less = DayCount(day, -turnover_minor, -sum(line.taken_points for line in found.lines))
    before, after = tier_of(pack, view, day), tier_of(pack, view, day, less)
    assert before is not None, "a track has levels"
    assert after is not None, "a track has levels"
    return TierEffect(
        before=before.id,
        after=after.id,
        metric=track.metric,
        counted_before=counted(track, view, day),
        counted_after=counted(track, view, day, less),
        turnover_before_minor=view.turnover_minor,
        turnover_after_minor=view.turnover_minor - turnover_minor,
    )
