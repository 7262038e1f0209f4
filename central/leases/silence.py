"""Stores that stay silent: written off after days that the chain has chosen, never most of them."""

from datetime import datetime, timedelta

import structlog

from central.agents import roster
from central.centre import Centre
from central.leases import store
from central.leases.risk import held_by_store
from central.leases.writeoff import write_off_store
from shared.money import format_money
from shared.runtime.sqlite import reading

log = structlog.get_logger()


def run(centre: Centre, at: datetime) -> int:
    """Write off stores that were not heard for `write_off_after_days`; return how many.

    Where more than half of the stores are silent, the centre was away and not they: then nothing is
    done, nor while a restored centre waits for reports. Repeating changes nothing.
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
        return 0
    return sum(_write_off(centre, code) for code in sorted(silent))


def _write_off(centre: Centre, code: str) -> bool:
    """Write a store off if it holds anything; its risk is in the log before."""
    held = held_by_store(centre, code)
    if not held:
        return False
    rubles = format_money(sum(one.worth_minor for one in held))
    log.warning("lease.silent_too_long", store=code, rubles=rubles)
    write_off_store(centre, code)
    return True
