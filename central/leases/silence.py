"""Stores that stay silent: written off after days that the chain has chosen, never most of them."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from central.agents import roster
from central.agents import store as agents
from central.centre import Centre
from central.leases import store
from central.leases.risk import held_by_store
from central.leases.writeoff import write_off_store
from shared.clock import EPOCH
from shared.money import format_money
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

MINUTE: Final = timedelta(minutes=1)
LOOKS_MISSED_MAX: Final = 4
"""Of the looks for silent stores: after a break that is longer their days are counted anew."""
BREAK_MIN: Final = timedelta(hours=1)
_SINCE, _UNTIL = "heard_since_min", "heard_until_min"

log = structlog.get_logger()


def run(centre: Centre, at: datetime) -> int:
    """Write off stores that were not heard for `write_off_after_days`; return how many.

    Where more than half of the stores are silent, the centre was away and not they: then nothing is
    done, nor while a restored centre waits for reports, nor until it has been there for as many
    days since then, or since its clock was set: before that nobody could be heard. Repeating
    changes nothing.
    """
    days = centre.settings.write_off_after_days
    if not days:
        return 0
    with reading(centre.engine) as connection:
        present = roster.every_present(connection)
        is_recovering = store.is_recovering(connection)
    silent = [agent.store for agent in present if agent.seen_at < at - timedelta(days=days)]
    if is_recovering:
        return 0
    if 2 * len(silent) > len(present):
        log.error("lease.most_are_silent", silent=len(silent), stores=len(present))
        _count_anew(centre, at)
        return 0
    if at - _there_since(centre, at) < timedelta(days=days):
        return 0
    return sum(_write_off(centre, code) for code in sorted(silent))


@retried
def _there_since(centre: Centre, at: datetime) -> datetime:
    """Note that the centre is there; return since when it is without a long break, as far as that
    was noted."""
    every = timedelta(seconds=centre.settings.silence_every_s)
    break_max, now = max(BREAK_MIN, LOOKS_MISSED_MAX * every) // MINUTE, (at - EPOCH) // MINUTE
    with transaction(centre.engine) as connection:
        since = agents.number(connection, _SINCE)
        until = agents.number(connection, _UNTIL)
        if until and abs(now - until) > break_max:
            since = now
        agents.keep_number(connection, _SINCE, since)
        agents.keep_number(connection, _UNTIL, now)
    return EPOCH + since * MINUTE


@retried
def _count_anew(centre: Centre, at: datetime) -> None:
    """Note that nobody could be heard until now, if it was noted before that the centre is there:
    it ran on behind a line that was down."""
    now = (at - EPOCH) // MINUTE
    with transaction(centre.engine) as connection:
        if agents.number(connection, _UNTIL):
            agents.keep_number(connection, _SINCE, now)
            agents.keep_number(connection, _UNTIL, now)


def _write_off(centre: Centre, code: str) -> bool:
    """Write a store off if it holds anything; its risk is in the log before."""
    held = held_by_store(centre, code)
    if not held:
        return False
    rubles = format_money(sum(one.worth_minor for one in held))
    log.warning("lease.silent_too_long", store=code, rubles=rubles)
    write_off_store(centre, code)
    return True
