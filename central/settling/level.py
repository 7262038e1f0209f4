"""The level that a member has now, by the rules in force where he is at home, and how far the next
one is."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from central.centre import Centre
from central.estate import store as estate
from central.members.joined import Ladder, whole
from central.packs import service as packs
from central.packs.library import Library, catalogue, in_force
from central.settling.lookup import Shown
from shared.ledger.history import joined
from shared.member import MemberView
from shared.rules.compile import CompiledPack
from shared.rules.force import Place
from shared.rules.moment import Moment
from shared.rules.sentences import amount_of, spoken, to_next_tier
from shared.rules.tiers import Tier, distance, tier_of
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading


@dataclass(frozen=True, slots=True)
class Level:
    """A member's tier, and in words what is missing to the next one, if there is one; whether it
    was set by hand rather than reached, and how long that counts."""

    title: Wording
    missing: Wording | None
    is_by_hand: bool
    until: date | None


def level(centre: Centre, shown: Shown) -> Level | None:
    """Return the level of a member now; None where the rules have no levels, or none are in
    force."""
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        zone = estate.zone_of(connection, shown.member.home_store) or "UTC"
        pack = _pack(connection, shown.member.home_store, Moment(at, zone))
        if pack is None or pack.ladder.track is None:
            return None
        view = _view(shown, lambda: packs.ladder(connection))
    day = pack.counting_day(Moment(at, zone))
    tier = tier_of(pack, view, day)
    reached = tier_of(pack, replace(view, tier_floor=None), day)
    assert tier is not None, "a track has tiers"
    return Level(tier.title, _missing(pack, tier, view, day), tier != reached, view.tier_until)


def _pack(connection: Connection, home: str, moment: Moment) -> CompiledPack | None:
    place = Place(home, estate.region_of(connection, home) or "")
    name = in_force(catalogue(connection), place, moment)
    return Library().pack(connection, name) if name else None


def _missing(pack: CompiledPack, tier: Tier, view: MemberView, day: date) -> Wording | None:
    above = distance(pack, tier, view, day)
    if above is None:
        return None
    told = to_next_tier(above.tier.reach, amount_of(above.metric, above.missing))
    return Wording(spoken(told, "ru"), spoken(told, "en"))


def _view(shown: Shown, ladder: Ladder) -> MemberView:
    """Return what levels are reckoned from: the whole person, and all his accounts."""
    one = whole(shown.member, shown.joined, ladder)
    accounts = [account for account, _ in shown.accounts]
    return MemberView(
        id=one.id,
        account=accounts[0].id if accounts else one.id,
        turnover_minor=sum(account.turnover_minor for account in accounts),
        receipts=sum(account.receipts for account in accounts),
        registered_on=one.registered_on,
        segments=frozenset(one.segments.split()),
        tier_floor=one.tier_floor,
        history=joined(account.history for account in accounts),
        tier_until=one.tier_until,
    )
