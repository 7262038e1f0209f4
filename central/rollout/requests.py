"""A change request: a table of a published pack, sent as a file, is the next version's draft."""

import re

from sqlalchemy import Connection

from central.centre import Centre
from central.packs import drafting
from central.packs import service as packs
from central.packs import store as shelf
from central.packs.drafting import DraftShown
from central.packs.library import catalogue
from central.rollout.service import named
from central.rollout.table_file import read_table
from shared.packs.sheets import sheet_of
from shared.packs.table_kinds import TableKind
from shared.packs.tables import Sheet, with_table
from shared.rules.model import Pack
from shared.rules.pack import canonical
from shared.runtime.sqlite import reading

OF_TABLE = re.compile(rf"({'|'.join(TableKind)}) of (\S+), (.+)", re.DOTALL)
"""What a change request writes as the source of its draft: the table, the pack, the file."""


def published(centre: Centre, pack: str) -> Pack:
    """Return what a published pack says; raises UnknownPackError."""
    with reading(centre.engine) as connection:
        return _published(connection, pack)


def table(centre: Centre, pack: str, kind: TableKind) -> Sheet:
    """Return a table of a published pack as it stands; raises UnknownPackError."""
    return sheet_of(published(centre, pack), kind)


def request(
    centre: Centre, pack: str, kind: TableKind, file: tuple[str, bytes], by: str, note: str = ""
) -> DraftShown:
    """Begin a draft of a pack's next version with a table from a file, by its name and content.

    Raises SheetError with row and column of the first cell that cannot be read, TableFileError,
    PackError, UnknownPackError, NobodyError.
    """
    name, content = file
    sheet = read_table(name, content)
    with reading(centre.engine) as connection:
        old = _published(connection, pack)
        newest = shelf.newest_version(connection, old.name) or old.version
    new = with_table(old, kind, sheet, newest + 1)
    source = f"{kind.value} of {old.name}:{old.version}, {name}"
    text = canonical(new).decode()
    return drafting.write(centre, text, by, source=source, note=note)


def _published(connection: Connection, pack: str) -> Pack:
    found = named(catalogue(connection), pack)
    return packs.of_hashes(connection, [found.hash])[found.hash]
