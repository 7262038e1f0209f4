"""From when on a store is an alert: numbers of the settings, or what people put in their place."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

from central.alerts import store
from central.centre import Centre
from central.settings import Settings
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

_UNITS: Final = ((86_400, "дн", "d"), (3_600, "ч", "h"), (60, "мин", "min"), (1, "с", "s"))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a store may come to before it is an alert; times in seconds."""

    silent_s: int
    unsent_s: int
    queue_facts: int
    behind_changes: int
    clock_s: int


LEAST: Final = Thresholds(60, 60, 1, 1, 1)
MOST: Final = Thresholds(30 * 86_400, 30 * 86_400, 10_000_000, 1_000_000_000, 86_400)


class WrongThresholdError(LoyaltyError):
    """A threshold that would be an alert always, or never."""

    kind = Kind.INVALID
    code = "wrong_threshold"
    ru = "Порог — от {least} до {most}."
    en = "A threshold is from {least} to {most}."


def of_settings(settings: Settings) -> Thresholds:
    """Return what the settings say."""
    return Thresholds(
        settings.alert_silent_s,
        settings.alert_unsent_s,
        settings.alert_queue_facts,
        settings.alert_behind_changes,
        settings.alert_clock_s,
    )


def in_force(centre: Centre) -> Thresholds:
    """Return what counts now, the same in every process."""
    return replace(of_settings(centre.settings), **chosen(centre))


def chosen(centre: Centre) -> dict[str, int]:
    """Return what people have put in the place of the settings, by its name in Thresholds."""
    with reading(centre.engine) as connection:
        return store.thresholds(connection)


@retried
def choose(centre: Centre, numbers: Mapping[str, int]) -> None:
    """Let numbers count from the next look on; one that is not named is the settings' again.

    Repeating is safe. Raises WrongThresholdError.
    """
    least, most = asdict(LEAST), asdict(MOST)
    for name, number in numbers.items():
        if not least[name] <= number <= most[name]:
            raise WrongThresholdError(least=least[name], most=most[name])
    with transaction(centre.engine) as connection:
        store.keep_thresholds(connection, numbers)


def spelled(seconds: int, language: str) -> str:
    """Write a length of time, to the second."""
    told = []
    for unit_s, ru, en in _UNITS:
        number, seconds = divmod(seconds, unit_s)
        if number:
            told.append(f"{number} {ru if language == 'ru' else en}")
    return " ".join(told)
