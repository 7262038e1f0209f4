"""Why a store may redeem less than a member has, and the sentences for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.errors import Kind, LoyaltyError
from shared.points import format_points

CENTRE: Final = "centre"
"""Who holds the points of a lot that no store has leased."""


class Because(StrEnum):
    """What keeps a receipt from more points."""

    LEASE = "lease"
    HELD = "held"
    """With the line up: who holds the rest has not given it back."""
    FORBIDDEN = "forbidden"
    LIMIT = "limit"
    PASS = "pass"  # noqa: S105
    NO_PASS = "no_pass"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Shortage:
    """Points (hundredths) that the member has, but this store may not spend now."""

    requested: int
    available: int
    elsewhere: tuple[tuple[str, int], ...]
    """Store code, or `centre`, and what it holds."""
    because: Because = Because.LEASE


class OverLeaseError(LoyaltyError):
    """More points than this store may spend without the centre, which did not lease them."""

    kind = Kind.CONFLICT
    code = "over_lease"
    ru = (
        "Здесь сейчас можно списать {available} из {requested} бонусов. Остальные закреплены: "
        "{elsewhere_ru}. Больше можно будет списать, когда {when_ru}."
    )
    en = (
        "{available} of {requested} points can be redeemed here now. The rest is held: "
        "{elsewhere_en}. More can be redeemed when {when_en}."
    )

    def __init__(self, shortage: Shortage) -> None:
        is_held = shortage.because is Because.HELD
        super().__init__(
            available=format_points(shortage.available),
            requested=format_points(shortage.requested),
            available_points=shortage.available,
            requested_points=shortage.requested,
            elsewhere_ru=_places(shortage, "в центре", "в магазине {}"),
            elsewhere_en=_places(shortage, "at the centre", "at store {}"),
            when_ru="они освободятся" if is_held else "появится связь",
            when_en="it is given back" if is_held else "the line is back",
            elsewhere=[{"store": who, "points": points} for who, points in shortage.elsewhere],
        )


class OfflineForbiddenError(OverLeaseError):
    """Points asked for while the line is out, of a programme that redeems online only."""

    code = "offline_forbidden"
    ru = (
        "Без связи программа бонусы только начисляет. "
        "Списать {requested} бонусов можно будет, когда появится связь."
    )
    en = (
        "Offline the programme only earns points. "
        "{requested} points can be redeemed when the line is back."
    )


class OfflineLimitError(OverLeaseError):
    """More points than the programme lets a store redeem while the line is out."""

    code = "offline_limit"
    ru = (
        "Без связи здесь сегодня можно списать не больше {available} из {requested} бонусов. "
        "Больше можно будет списать, когда появится связь."
    )
    en = (
        "Offline: at most {available} of {requested} points today. "
        "More can be redeemed when the line is back."
    )


class OfflinePassError(OverLeaseError):
    """More points than the member's pass lets a store redeem while the line is out."""

    code = "offline_pass"
    ru = (
        "Без связи по пропуску можно списать здесь не больше {available} из {requested} бонусов. "
        "Больше можно будет списать, когда появится связь."
    )
    en = (
        "Offline: at most {available} of {requested} points can be redeemed here by this pass. "
        "More can be redeemed when the line is back."
    )


class OfflinePassNeededError(OverLeaseError):
    """Points asked for while the line is out, of a programme that wants the member's pass."""

    code = "offline_pass_needed"
    ru = (
        "Без связи здесь можно списать {available} из {requested} бонусов. Больше — по пропуску: "
        "отсканируйте код участника или повторите, когда появится связь."
    )
    en = (
        "Offline: {available} of {requested} points can be redeemed here. More takes a pass: "
        "scan the member's code, or try again when the line is back."
    )


_ERRORS: Final[dict[Because, type[OverLeaseError]]] = {
    Because.LEASE: OverLeaseError,
    Because.HELD: OverLeaseError,
    Because.FORBIDDEN: OfflineForbiddenError,
    Because.LIMIT: OfflineLimitError,
    Because.PASS: OfflinePassError,
    Because.NO_PASS: OfflinePassNeededError,
}


def refusal(shortage: Shortage) -> OverLeaseError:
    """Return what says to people why a shortage is one."""
    return _ERRORS[shortage.because](shortage)


def _places(shortage: Shortage, centre: str, store: str) -> str:
    return ", ".join(
        f"{format_points(points)} {centre if who == CENTRE else store.format(who)}"
        for who, points in shortage.elsewhere
    )
