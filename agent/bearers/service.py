"""Look at a certificate: what is on it, for who has its code and knows its PIN."""

from datetime import datetime

from agent import tries
from agent.bearers.certificates import CertificateStanding, Offer, look_up
from agent.bearers.pins import check_pins
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading, transaction

GUESSES = "certificates nobody has"
GUESSES_MAX = 50
"""Unknown codes in a row before looking at certificates pauses: a person mistypes now and then."""


class UnknownCertificateError(LoyaltyError):
    """A code that no certificate has that this store knows of."""

    kind = Kind.NOT_FOUND
    code = "no_such_certificate"
    ru = "Такого сертификата нет. Проверьте код."
    en = "There is no such certificate. Check the code."


class GuessingError(LoyaltyError):
    """Too many unknown codes in a row."""

    kind = Kind.FORBIDDEN
    code = "certificates_paused"
    ru = "Слишком много неизвестных сертификатов подряд. Повторите через {minutes} мин."
    en = "Too many unknown certificates in a row. Try again in {minutes} min."


def find_certificate(station: Station, code: str, pin: str, at: datetime) -> CertificateStanding:
    """Return how a certificate stands here.

    Raises UnknownCertificateError, GuessingError after many of them, and as `check_pins` does.
    """
    offer = Offer(code, pin=pin)
    with reading(station.journal) as journal:
        standings = look_up(station, journal, [code])
        minutes = tries.minutes_locked(journal, GUESSES, at)
    if minutes:
        raise GuessingError(minutes=minutes)
    found = standings[code]
    with transaction(station.journal) as connection:
        if found.known:
            tries.forget(connection, GUESSES)
        else:
            tries.count(connection, GUESSES, GUESSES_MAX, station.settings.pin_lock_s, at)
    if not found.known:
        raise UnknownCertificateError
    check_pins(station, standings, [offer], at)
    return found
