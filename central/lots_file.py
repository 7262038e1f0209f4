"""A file of points, from CSV to the ledger: every row that cannot be taken is named."""

from central.centre import Centre
from central.estate.rows import Numbered, read_csv, refused, whole
from central.members.imports import COLUMNS, Report, Row, import_lots
from shared.errors import Kind, LoyaltyError

_REASONS = {
    "bad_points": ("points: нужно число баллов вида 500.00", "points: needed as 500.00"),
    "bad_wallet": ("wallet: нужно имя кошелька", "wallet: a name is needed"),
    "unknown_wallet": (
        "wallet: такого кошелька нет в правилах",
        "wallet: the rules have no such wallet",
    ),
    "bad_identifier": (
        "identifier: нужен номер карты или телефона",
        "identifier: the number of a card or phone is needed",
    ),
    "bad_day": ("expires_on: нужен день вида 2026-12-31", "expires_on: needed as 2026-12-31"),
    "unknown_member": ("identifier: такого участника нет", "identifier: no such member"),
    "ambiguous": (
        "identifier: так находятся несколько участников, укажите карту",
        "identifier: several members have it, give the card",
    ),
}


class BadLotError(LoyaltyError):
    """A row of points that cannot be granted."""

    kind = Kind.INVALID
    code = "bad_lot"
    ru = "{reason_ru}"
    en = "{reason_en}"


def import_file(centre: Centre, content: bytes) -> Report:
    """Grant the points of a CSV file, all or none; raises BadFileError.

    The same file again grants nothing.
    """
    rows = [_row(row) for row in read_csv(content, COLUMNS)]
    report = import_lots(centre, rows, centre.clock.now())
    if report.faults:
        raise refused([(fault.number, _fault(fault.reason)) for fault in report.faults])
    return report


def _row(row: Numbered) -> Row:
    try:
        return Row(row.number, whole(row))
    except LoyaltyError as error:
        raise refused([(row.number, error)]) from error


def _fault(reason: str) -> BadLotError:
    reason_ru, reason_en = _REASONS.get(reason, (reason, reason))
    return BadLotError(reason_ru=reason_ru, reason_en=reason_en)
