"""What is known of each kind of printer, and where that knowledge comes from."""

from collections.abc import Set
from dataclasses import dataclass, replace
from enum import StrEnum

from hardware.transport.url import RASTER
from shared.errors import Kind, LoyaltyError


class Feature(StrEnum):
    """What a printer may be able to do beyond text."""

    ECHO = "echo"
    """Answers `GS ( H` function 48 with the id of what it has printed."""
    STATUS_BACK = "status_back"
    """Tells of paper and cover by itself once asked to (`GS a`)."""


class Provenance(StrEnum):
    """Why a capability is believed."""

    DOCUMENTED = "documented"
    PROBED = "probed"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Capability:
    """A feature and the reason to count on it."""

    feature: Feature
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Page:
    """The number of a printer's CP866 table and why it is believed; without one, text is drawn."""

    number: int | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of printer: its roll, its fonts, its Cyrillic, its features."""

    name: str
    roll_mm: int
    dots: int
    columns: int
    page: Page
    slowest_bytes_s: int
    capabilities: tuple[Capability, ...] = ()

    def has(self, feature: Feature) -> bool:
        """Tell whether the printer is believed to have a feature."""
        return any(capability.feature is feature for capability in self.capabilities)


_OF_EPSON = Page(17, Provenance.DOCUMENTED)
BUILT_IN = (
    Profile(
        name="TM-T20III",
        roll_mm=80,
        dots=576,
        columns=48,
        page=_OF_EPSON,
        slowest_bytes_s=960,
        capabilities=(
            Capability(Feature.ECHO, Provenance.UNVERIFIED),
            Capability(Feature.STATUS_BACK, Provenance.DOCUMENTED),
        ),
    ),
    Profile(
        name="generic-58",
        roll_mm=58,
        dots=384,
        columns=32,
        page=Page(17, Provenance.UNVERIFIED),
        slowest_bytes_s=960,
    ),
    Profile(
        name="generic-80",
        roll_mm=80,
        dots=576,
        columns=48,
        page=Page(17, Provenance.UNVERIFIED),
        slowest_bytes_s=960,
    ),
    Profile(
        name="emupos",
        roll_mm=80,
        dots=576,
        columns=48,
        page=_OF_EPSON,
        slowest_bytes_s=960,
        capabilities=(Capability(Feature.STATUS_BACK, Provenance.DOCUMENTED),),
    ),
)
DEFAULT_PROFILE = "generic-58"
"""The least that any receipt printer can do: narrow paper and no extras."""


class UnknownProfileError(LoyaltyError):
    """The settings name a kind of printer that is not built in."""

    kind = Kind.INVALID
    code = "printer_profile_unknown"
    ru = "Неизвестный профиль принтера «{profile}»; есть: {known}."
    en = "Unknown printer profile {profile!r}; there are: {known}."


def with_page(profile: Profile, page: str) -> Profile:
    """Return a profile with the table that the settings name after a test strip, or `raster`."""
    number = None if page == RASTER else int(page)
    return replace(profile, page=Page(number, Provenance.PROBED))


def learned(profile: Profile, answered: Set[Feature]) -> Profile:
    """Return a profile that counts on what a probe has found alone."""
    found = tuple(Capability(feature, Provenance.PROBED) for feature in sorted(answered))
    return replace(profile, capabilities=found)


def profile_named(name: str | None) -> Profile:
    """Return a built-in profile, the most modest one for None; raises UnknownProfileError."""
    wanted = name or DEFAULT_PROFILE
    for profile in BUILT_IN:
        if profile.name == wanted:
            return profile
    known = ", ".join(profile.name for profile in BUILT_IN)
    raise UnknownProfileError(profile=wanted, known=known)
