"""Measures: levels of the whole chain, taken by a job, and what this process has counted.

What a scrape reads is a small table, however large the ledger is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from uuid import UUID

from sqlalchemy import Connection

from central import counted as names
from central.agents import reports
from central.agents.report_store import Heard
from central.agents.store import Agent, agents
from central.auditor import telling
from central.auditor.store import DIVERGENT
from central.backups import service as backups
from central.centre import Centre
from central.conflicts import service as conflicts
from central.feed import service as feed
from central.ingest import looking
from central.leases import recovery
from central.leases.writeoff import holdings
from central.ledger import figures, nightly
from central.measures import store
from central.packs import keylist
from shared.ledger.books import Holder
from shared.points import POINT
from shared.runtime.metrics import Labels, page
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

RUBLE_MINOR = 100
LEASES_REST = 100
"""So many times as long as a look through all leases took, there is no other one."""
ONLINE_WITHIN = timedelta(minutes=1)
"""An agent that was heard since then is online."""
Levels = dict[str, dict[Labels, float]]


def measure(centre: Centre, at: datetime) -> int:
    """Take every level that asks the whole ledger; return how many."""
    return job()(centre, at)


def job() -> Callable[[Centre, datetime], int]:
    """Return `measure` as a job, which looks through all leases seldom: there are millions."""
    leased: dict[Labels, float] = {}
    rests_until_s = 0.0

    def levels(centre: Centre, at: datetime) -> int:
        nonlocal leased, rests_until_s
        began_s = centre.clock.monotonic()
        if not leased or began_s >= rests_until_s:
            leased = _leased(centre)
            ended_s = centre.clock.monotonic()
            rests_until_s = ended_s + LEASES_REST * (ended_s - began_s)
        found = {**_measured(centre), names.LEASED: leased}
        _write(centre, found, at)
        return sum(map(len, found.values()))

    return levels


def metrics(centre: Centre, at: datetime) -> bytes:
    """Write the centre's page of metrics."""
    with reading(centre.engine) as connection:
        levels = {**store.every(connection), **_agents(connection, at)}
        measured_at = store.measured_at(connection)
        backed_up_at = backups.last_confirmed(connection)
        checked = nightly.last(connection)
    levels[names.INFO] = {(version("kopilka"), str(centre.incarnation)): 1}
    if measured_at is not None:
        levels[names.MEASURED_AGE] = {(): (at - measured_at).total_seconds()}
    if backed_up_at is not None:
        levels[names.BACKUP_AGE] = {(): (at - backed_up_at).total_seconds()}
    if checked is not None:
        levels[names.BROKEN_LAWS] = {(): checked.broken}
        levels[names.CHECK_AGE] = {(): (at - checked.at).total_seconds()}
    return page(names.METRICS, levels, centre.counts)


@retried
def _write(centre: Centre, levels: Levels, at: datetime) -> None:
    with transaction(centre.engine) as connection:
        store.replace(connection, levels, at)


def _measured(centre: Centre) -> Levels:
    streams, waiting = feed.heads(centre.engine), recovery.look(centre)
    with reading(centre.engine) as connection:
        debt, debtors = figures.debts(connection)
        return {
            names.OPEN_FACTS: _by(looking.count_open(connection)),
            names.STREAM: _by({name: no for name, no in streams.items() if "store:" not in name}),
            names.DEBT_POINTS: {(): debt / POINT},
            names.DEBT_ACCOUNTS: {(): debtors},
            names.RECOVERY: {(): 0 if waiting is None else len(waiting.missing)},
            names.CONFLICTS: dict(conflicts.counts(connection)),
            names.KEYS_DUE: {(): float(keylist.is_due(connection, centre.keys))},
            **_audit(connection),
        }


def _audit(connection: Connection) -> Levels:
    found = telling.standing(connection)
    sums = found.sums
    return {
        names.AUDIT_LAG: {(): found.behind},
        names.AUDIT_GAPS: {(): found.gaps},
        names.DIVERGENT: _by({one.value: found.verdicts.get(one, 0) for one in DIVERGENT}),
        names.STALE: {(): sums.stale},
        names.UNTIMED: {(): sums.untimed},
        names.STALE_DISCOUNT: {
            ("withheld",): sums.discount_more_minor / RUBLE_MINOR,
            ("too_much",): sums.discount_less_minor / RUBLE_MINOR,
        },
        names.STALE_POINTS: {
            ("withheld",): sums.points_more / POINT,
            ("granted",): sums.granted / POINT,
            ("too_many",): sums.points_less / POINT,
        },
    }


def _leased(centre: Centre) -> dict[Labels, float]:
    sums = Counter({("present",): 0, ("stranded",): 0})
    for one in holdings(centre):
        is_present = one.present and not one.reason
        sums[("present" if is_present else "stranded",)] += one.points
    return {labels: points / POINT for labels, points in sums.items()}


def _agents(connection: Connection, at: datetime) -> Levels:
    """Return what is known of the stores' present agents, as of now."""
    present = [one for one in agents(connection) if one.active_store is not None]
    known = looking.journals(connection)
    ages = {one.store: (at - one.seen_at).total_seconds() for one in present}
    online = sum(age_s <= ONLINE_WITHIN.total_seconds() for age_s in ages.values())
    return {
        names.AGENTS: {("online",): online, ("silent",): len(ages) - online},
        names.SEEN_AGE: _by(ages),
        names.JOURNAL_LAG: _by(
            {one.store: _lag(one, known.get(Holder(one.id, one.epoch), 0)) for one in present}
        ),
        names.OLDEST_UNSENT: _by(dict(_unsent(present, reports.latest(connection), at))),
    }


def _lag(agent: Agent, known: int) -> int:
    return max(0, agent.last_seq - known)


def _unsent(
    present: Iterable[Agent], told: Mapping[UUID, Heard], at: datetime
) -> Iterable[tuple[str, float]]:
    """Yield the age of each store's oldest unsent fact by what its agent told last: a report comes
    each minute, a session tells of it when it is opened."""
    for one in present:
        heard = told.get(one.id)
        oldest = heard.report.oldest_unsent_at if heard else one.oldest_unsent_at
        yield one.store, 0.0 if oldest is None else max(0.0, (at - oldest).total_seconds())


def _by(values: dict[str, float] | dict[str, int]) -> dict[Labels, float]:
    return {(name,): float(value) for name, value in values.items()}
