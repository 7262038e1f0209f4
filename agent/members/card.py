"""A member as a cashier may see him: masked, with his tier, his points and the lots they are in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from agent.leases.lots import LotStanding, Reach
from agent.members.service import Found
from agent.packs import NoPackError
from agent.quote.service import NoSettingsError, effective_pack
from agent.station import Station
from shared.ledger.leases import is_live
from shared.rules.moment import Moment
from shared.rules.tiers import Tier, tier_of

ACTIVE, PENDING, EXPIRED = "active", "pending", "expired"
BURNS_IN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ShownLot:
    """A lot in hundredths: `amount` in all, `here` what this store may spend of it now."""

    id: UUID
    amount: int
    here: int
    state: str
    activates_at: datetime
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Card:
    """What a cashier is shown; points in hundredths."""

    found: Found
    tier: Tier | None
    """None without levels, or while there are no rules."""
    day: date
    lots: tuple[ShownLot, ...]

    @property
    def balance(self) -> int:
        """What could be spent somewhere."""
        return sum(lot.amount for lot in self._in(ACTIVE))

    @property
    def here(self) -> int:
        """What this store may spend now."""
        return sum(lot.here for lot in self._in(ACTIVE))

    @property
    def pending(self) -> tuple[ShownLot, ...]:
        """Lots that are not active yet."""
        return self._in(PENDING)

    @property
    def burning(self) -> tuple[ShownLot, ...]:
        """Active lots that soon expire, first to expire first."""
        last = self.day + BURNS_IN
        found = [(lot.expires_on, lot) for lot in self._in(ACTIVE) if lot.expires_on]
        return tuple(lot for day, lot in sorted(found, key=lambda pair: pair[0]) if day <= last)

    def _in(self, state: str) -> tuple[ShownLot, ...]:
        return tuple(lot for lot in self.lots if lot.state == state)


def card_of(station: Station, found: Found, at: datetime) -> Card:
    """Return a member's card as of now; lots of other accounts are left out if the card says so."""
    who = found.standing
    lots = [lot for lot in who.lots if found.account in (None, lot.account) and lot.amount > 0]
    try:
        settings, pack = effective_pack(station, at)
        moment = station.time.moment(at, settings.zone)
        tier = tier_of(pack, who.view(Reach.CHAIN), pack.counting_day(moment))
    except (NoPackError, NoSettingsError):
        tier, moment = None, station.time.moment(at, "UTC")
    return Card(found, tier, moment.day, tuple(_shown(lot, moment) for lot in lots))


def _shown(lot: LotStanding, moment: Moment) -> ShownLot:
    if lot.activates_at > moment.instant:
        state = PENDING
    else:
        live = is_live(lot.activates_at, lot.expires_on, moment.instant, moment.day)
        state = ACTIVE if live else EXPIRED
    return ShownLot(lot.id, lot.amount, lot.here, state, lot.activates_at, lot.expires_on)
