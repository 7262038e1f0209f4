"""Alerts: what is over a threshold at a store begins one, what is not any more ends it.

A channel is told what has begun and ended since it was last told, in one message, and not again
for some minutes: a thousand stores that fall silent at once are one message. What could not be
told stays to be told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from central.alerts import store
from central.alerts.store import Alert, Channel
from central.alerts.thresholds import Thresholds, in_force, spelled
from central.centre import Centre
from central.fleet.service import OK, Board, board
from central.ledger import nightly
from central.ledger.nightly import LawCheck
from shared.clock import EPOCH
from shared.ids import uuid7
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

CHANGES_MAX: Final = 50_000
"""Of one message: more than stores and thresholds there are, so that none is passed over."""
PAUSE: Final = timedelta(minutes=5)
"""Between two messages of a channel, at least."""
BACKOFF_MAX: Final = timedelta(hours=1)
ERROR_CHARS_MAX: Final = 200
INSTANT: Final = timedelta(microseconds=1)

log = structlog.get_logger()


class Sender(Protocol):
    """Somebody who is told; `send` has a deadline of its own and raises OSError if it failed."""

    @property
    def name(self) -> str:
        """Under which it is remembered how far he was told."""
        ...

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        """Tell of alerts that began or ended."""
        ...


@dataclass(frozen=True, slots=True)
class Amiss:
    """A threshold that a store is over; of no store is what is amiss with the whole chain."""

    kind: str
    store: str
    ru: str
    en: str


def look(centre: Centre, at: datetime) -> int:
    """Begin and end alerts by how the stores are now; return how many changed. A job."""
    with reading(centre.engine) as connection:
        checked = nightly.last(connection)
    amiss = [*_of_chain(checked), *_amiss(in_force(centre), board(centre), at)]
    found = {(one.kind, one.store): one for one in amiss}
    return _keep(centre, found, at)


def tell(senders: Sequence[Sender], centre: Centre, at: datetime) -> int:
    """Tell each channel what has changed, if it is time to; return how many were told."""
    return sum(_tell_one(centre, sender, at) for sender in senders)


def latest(centre: Centre, limit: int) -> list[Alert]:
    """Return alerts: those that have not ended first."""
    with reading(centre.engine) as connection:
        return store.latest(connection, limit)


def channels(centre: Centre) -> list[Channel]:
    """Return how far each channel was told that has been told of anything, or could not be."""
    with reading(centre.engine) as connection:
        return store.channels(connection)


@retried
def _keep(centre: Centre, found: Mapping[tuple[str, str], Amiss], at: datetime) -> int:
    with transaction(centre.engine) as connection:
        # Channels are told what is later than what they know: a clock may have been put back.
        at = max(at, store.newest(connection) + INSTANT)
        known = {(one.kind, one.store): one for one in store.open_alerts(connection)}
        new = [
            Alert(uuid7(at, centre.chance), one.kind, one.store, at, None, one.ru, one.en)
            for key, one in sorted(found.items())
            if key not in known
        ]
        over = [one for key, one in known.items() if key not in found]
        store.add(connection, new)
        store.end(connection, over, at)
    if new or over:
        log.warning("alerts.changed", began=len(new), ended=len(over))
    return len(new) + len(over)


def _tell_one(centre: Centre, sender: Sender, at: datetime) -> bool:
    with reading(centre.engine) as connection:
        known = store.channel(connection, sender.name) or Channel(sender.name, EPOCH, EPOCH)
        news = store.changed(connection, known.told_to, CHANGES_MAX)
    if not news or known.next_at - BACKOFF_MAX <= at < known.next_at:
        return False
    last = max(_changed_at(one) for one in news)
    try:
        sender.send(news, at)
    except OSError as error:
        pause = min(BACKOFF_MAX, PAUSE * (1 << min(known.failures, 8)))
        told = f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX]
        log.warning("alerts.not_told", channel=sender.name, reason=type(error).__name__)
        _keep_channel(
            centre,
            replace(known, failures=known.failures + 1, next_at=at + pause, last_error=told),
        )
        return False
    _keep_channel(centre, Channel(sender.name, last, at + PAUSE))
    return True


@retried
def _keep_channel(centre: Centre, channel: Channel) -> None:
    with transaction(centre.engine) as connection:
        store.keep_channel(connection, channel)


def _changed_at(one: Alert) -> datetime:
    return one.ended_at or one.began_at


def _of_chain(checked: LawCheck | None) -> Iterator[Amiss]:
    if checked is not None and checked.broken:
        ru = f"Законы учёта нарушены, мест: {checked.broken}. Журнал службы: ledger.law_broken."
        en = f"The ledger's laws are broken in {checked.broken} places. Log: ledger.law_broken."
        yield Amiss("laws", "", ru, en)


def _amiss(least: Thresholds, boards: Sequence[Board], at: datetime) -> Iterator[Amiss]:
    for one in boards:
        for kind, ru, en in _of_store(least, one, at):
            code = one.store.code
            yield Amiss(kind, code, f"Магазин {code}: {ru}.", f"Store {code}: {en}.")


def _of_store(least: Thresholds, one: Board, at: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield what a store is over: kind and sentence in two languages."""
    if one.agent is None:
        return
    silent = (at - one.agent.seen_at).total_seconds()
    if silent >= least.silent_s:
        ru, en = (spelled(least.silent_s, language) for language in ("ru", "en"))
        yield "silent", f"молчит дольше {ru}", f"silent for over {en}"
    unsent = one.unsent_for(at)
    if unsent is not None and unsent.total_seconds() >= least.unsent_s:
        ru, en = (spelled(least.unsent_s, language) for language in ("ru", "en"))
        yield "unsent", f"факты не отправлены дольше {ru}", f"facts unsent for over {en}"
    if one.lag >= least.queue_facts:
        yield "queue", "очередь фактов слишком длинна", "the queue of facts is too long"
    if one.divergences:
        yield "divergence", "ядро разошлось с чеком", "the kernel differs from a receipt"
    yield from _told(least, one)


def _told(least: Thresholds, one: Board) -> Iterator[tuple[str, str, str]]:
    if one.heard is None:
        return
    if refused := one.heard.report.refused:
        ru, en = _listed(one.ru for one in refused), _listed(one.en for one in refused)
        yield "refused", f"не принимает правила: {ru}", f"it refuses a pack: {en}"
    if one.heard.report.root_unknown:
        yield "root", "не доверяет корневому ключу", "it does not trust the root key"
    if broken := [device for device in one.heard.report.devices if device.condition != OK]:
        ru = _listed(device.ru or device.name for device in broken)
        en = _listed(device.en or device.name for device in broken)
        yield "device", f"неисправно устройство: {ru}", f"a device is broken: {en}"
    if abs(one.heard.ahead_s) >= least.clock_s:
        yield "clock", "часы неверны", "its clock is wrong"
    if one.behind >= least.behind_changes:
        yield "behind", "реплика отстала", "its replica is behind"


def _listed(reasons: Iterable[str]) -> str:
    """Write what stores say in their own words, without the stop that the sentence has itself."""
    return "; ".join(one.rstrip(". ") for one in reasons)
