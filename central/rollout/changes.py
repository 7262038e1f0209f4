"""What a draft changes: against the pack of its name that is in force, or to come."""

from typing import Literal

from sqlalchemy import Connection

from central.centre import Centre
from central.packs import drafting
from central.packs import service as packs
from shared.rules.diff import diff
from shared.rules.model import Pack
from shared.runtime.sqlite import reading


def differences(centre: Centre, no: int, lang: Literal["ru", "en"]) -> list[str]:
    """Return a sentence for each part that a draft changes; raises UnknownDraftError.

    The first pack of a name is told by all that it has.
    """
    new = drafting.read_text(drafting.show(centre, no).draft.text)
    with reading(centre.engine) as connection:
        old = before(connection, centre, new)
    if old is None:
        nothing = {"name": new.name, "version": 0, "title": new.title, "tz": new.tz}
        nothing["effective_from"] = new.effective_from.isoformat(timespec="minutes")
        old = Pack.model_validate(nothing)
    return diff(old, new, lang)


def before(connection: Connection, centre: Centre, new: Pack) -> Pack | None:
    """Return the newest live version of a pack's name, None if there is none."""
    known = packs.live(connection, centre.clock.now())
    return next((one for one in reversed(known) if one.name == new.name), None)
