"""What the chain has erased of persons, erased in this store's journal too."""

from typing import Final

import structlog

from agent.journal import erased
from agent.replica import store as rows
from agent.station import Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.rows import ErasedRow

AT_ONCE: Final = 500

log = structlog.get_logger()


def follow(station: Station) -> int:
    """Erase what the rows say is to be erased and was not yet; return how many members.

    Repeating is safe; the next turn takes up what is left.
    """
    with reading(station.journal) as connection:
        last = erased.upto(connection)
    with reading(station.replica) as connection:
        due = rows.numbered_after(connection, ErasedRow, last, AT_ONCE)
    if not due:
        return 0
    with transaction(station.journal) as connection:
        wanted = [(one.no, one.member) for one in due]
        facts = erased.follow(connection, wanted, station.time.now())
    log.info("members.erased", members=len(due), facts=facts)
    return len(due)
