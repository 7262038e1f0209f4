"""The moment of an evaluation as its store sees it: an argument, never read from a clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from shared.errors import Kind, LoyaltyError


class Trust(StrEnum):
    """Whether the clock that gave the instant was confirmed since the machine started."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class UnknownZoneError(LoyaltyError):
    """A store's zone is not in the time zone database."""

    kind = Kind.INVALID
    code = "zone_unknown"
    ru = "Часовой пояс «{zone}» неизвестен."
    en = "Time zone '{zone}' is unknown."


class ImpossibleInstantError(LoyaltyError):
    """An instant so far away that nobody sells then."""

    kind = Kind.INVALID
    code = "instant_impossible"
    ru = "Время {at} невозможно: ожидаются годы с 1970 по 2999."
    en = "The time {at} is impossible: years from 1970 to 2999 are expected."


FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
LAST: Final = datetime(2999, 12, 30, tzinfo=UTC)


def is_zone(name: str) -> bool:
    """Tell whether the database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in UTC and the IANA zone of the store that sells.

    Raises UnknownZoneError for a zone that the database does not have, ImpossibleInstantError for
    an instant from which not every term can be counted.
    """

    instant: datetime
    zone: str
    trusted: Trust = Trust.TRUSTED

    def __post_init__(self) -> None:
        assert self.instant.tzinfo is not None, "an instant is aware"
        if not FIRST <= self.instant <= LAST:
            raise ImpossibleInstantError(at=self.instant.isoformat())
        if not is_zone(self.zone):
            raise UnknownZoneError(zone=self.zone)

    @property
    def local(self) -> datetime:
        """The instant on the store's clock."""
        return self.instant.astimezone(ZoneInfo(self.zone))

    @property
    def clock(self) -> str:
        """The minute on the store's clock, such as `09:30`."""
        return f"{self.local:%H:%M}"

    @property
    def day(self) -> date:
        """The store's calendar day."""
        return self.local.date()

    def day_of(self, instant: datetime) -> date:
        """Return the store's calendar day of an instant."""
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def start_of(self, day: date) -> datetime:
        """Return the UTC instant at which a day begins in the store."""
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)
