"""A file of members, from CSV: whose personal codes are; every row that names none is told."""

from uuid import UUID

from central.centre import Centre
from central.estate.rows import Numbered, read_csv, refused, whole
from central.members import service as members
from central.members.imports import BadIdentifierError, identifier_of
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading

COLUMNS = ("identifier",)


class BadOwnerError(LoyaltyError):
    """A row that is no card or phone of exactly one member."""

    kind = Kind.INVALID
    code = "bad_owner"
    ru = "{reason_ru}"
    en = "{reason_en}"

    def __init__(self) -> None:
        super().__init__(
            reason_ru="identifier: нужен номер карты или телефона одного участника",
            reason_en="identifier: the card or phone of one member is needed",
        )


def read_owners(centre: Centre, content: bytes) -> tuple[UUID, ...]:
    """Return the members of a file, in its order; raises BadFileError."""
    faults: list[tuple[int, LoyaltyError]] = []
    found: list[UUID] = []
    for row in read_csv(content, COLUMNS):
        try:
            found.append(_owner(centre, row))
        except LoyaltyError as error:
            faults.append((row.number, error))
    if faults:
        raise refused(faults)
    return tuple(found)


def _owner(centre: Centre, row: Numbered) -> UUID:
    try:
        kind, value = identifier_of(centre, whole(row)["identifier"])
    except BadIdentifierError as error:
        raise BadOwnerError from error
    with reading(centre.engine) as connection:
        living = members.find(connection, centre, kind, value)
    if len(living) != 1:
        raise BadOwnerError
    return living[0].id
