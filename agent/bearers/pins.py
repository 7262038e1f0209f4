"""PINs of certificates: asked for before anything is told or taken, with few tries."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from agent import tries
from agent.bearers.certificates import CertificateStanding, Offer
from agent.station import Station
from shared.crypto.pins import verify_pin
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import transaction


class CertificatePinError(LoyaltyError):
    """A certificate whose PIN is missing or wrong."""

    kind = Kind.FORBIDDEN
    code = "certificate_pin"
    ru = "Сертификат …{tail}: PIN не указан или неверен."
    en = "Certificate …{tail}: the PIN is missing or wrong."


class CertificateLockedError(LoyaltyError):
    """Too many wrong PINs of a certificate."""

    kind = Kind.FORBIDDEN
    code = "certificate_locked"
    ru = "Сертификат …{tail}: слишком много неверных PIN. Повторите через {minutes} мин."
    en = "Certificate …{tail}: too many wrong PINs. Try again in {minutes} min."


def check_pins(
    station: Station,
    standings: Mapping[str, CertificateStanding],
    offers: Iterable[Offer],
    at: datetime,
) -> None:
    """Check the PINs of certificates that have one; a try is counted before it is judged.

    Raises CertificatePinError, CertificateLockedError. Not within a transaction of the journal.
    """
    for offer in offers:
        standing = standings[offer.code]
        if standing.pin_hash:
            _check(station, standing, offer.pin, at)


def _check(station: Station, standing: CertificateStanding, pin: str, at: datetime) -> None:
    settings, name = station.settings, f"certificate {standing.index.hex()}"
    with transaction(station.journal) as connection:
        if minutes := tries.minutes_locked(connection, name, at):
            raise CertificateLockedError(tail=standing.tail, minutes=minutes)
        tries.count(connection, name, settings.pin_failures_max, settings.pin_lock_s, at)
    if not verify_pin(station.identity.pin_pepper, pin, standing.pin_hash):
        raise CertificatePinError(tail=standing.tail)
    with transaction(station.journal) as connection:
        tries.forget(connection, name)
