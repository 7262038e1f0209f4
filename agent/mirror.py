"""The mirror: facts that the centre may lack, on a second disk, and files of facts for it.

When a store's disk dies, what it had not sent yet is gone; with a mirror on another disk it is not.
What is written is what would be sent: batches with signed heads. When persons were erased, or a
restored centre lacks what the file has let go, what the centre has no word of is written anew. A
file of a journal that was put back from a copy, or one that the disk has damaged, is kept beside,
until a person brings it there.
`kopilka central import-facts` takes them in like any other, as often as somebody likes.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy import Connection

from agent.journal import erased, store
from agent.push import batch_from
from agent.station import Identity, Station
from shared.crypto.chain import GENESIS, digest
from shared.runtime.files import keep
from shared.runtime.sqlite import reading
from shared.wire.push import PushBatch, frame, frames

KEPT_BYTES_MAX = 4 * 1024 * 1024
"""A file of facts that the centre has all taken is begun anew when it has grown so large."""
BATCHES_MAX = 100_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Held:
    """The facts in a row at the end of an epoch's file; before `first` it may lack some."""

    first: int = 1
    last: int = 0
    hash: bytes = GENESIS
    """Of the last fact; it tells whose journal the file is of."""


@dataclass(slots=True)
class Mirror:
    """A folder on another disk, with a file of batches for each epoch of an agent."""

    folder: Path
    _known: dict[int, _Held] = field(default_factory=dict)
    """What the file of each epoch holds, once it was looked at."""
    _erased: dict[int, int] = field(default_factory=dict)
    """Which erasures of personal data the file of each epoch has followed."""
    is_away: bool = False
    """Whether the folder failed when it was last written to."""

    def write(self, station: Station) -> int:
        """Write what the files lack and the centre has no word of, durably; return how many facts.

        A folder that is away is told with a warning, and nothing else waits for it.
        """
        try:
            written = self._write(station)
        except OSError as error:
            log.warning("mirror.failed", folder=str(self.folder), reason=str(error))
            self._known.clear()
            self.is_away = True
            return 0
        self.is_away = False
        return written

    def _write(self, station: Station) -> int:
        identity, facts = station.identity, 0
        for epoch in identity.epochs:
            path = self._path(identity, epoch)
            held = self._look(path, epoch)
            with reading(station.journal) as connection:
                tip = store.tip(connection, epoch)
                if _is_of_another(connection, epoch, held):
                    held = self._set_aside(path, epoch, held)
                sent = store.next_to_send(connection, epoch) - 1
                last = erased.upto(connection)
                has_erased = self._erased.get(epoch, 0) < last and held.last > 0
                # A restored centre lacks again what the file has let go since the centre had it.
                is_anew = has_erased or (held.last > 0 and sent + 1 < held.first)
                if held.last >= tip.seq and not is_anew:
                    continue
                start = sent + 1 if is_anew else max(held.last, sent) + 1
                new = list(_batches(connection, identity, epoch, start))
            is_old = sent >= held.last and path.stat().st_size > KEPT_BYTES_MAX
            if is_anew:
                _replace(path, new)
            else:
                _append(path, new, anew=is_old)
            goes_on = start == held.last + 1 and not (is_anew or is_old)
            self._erased[epoch] = last
            self._known[epoch] = _Held(held.first if goes_on else start, tip.seq, tip.hash)
            facts += sum(len(batch.facts) for batch in new)
        return facts

    def _look(self, path: Path, epoch: int) -> _Held:
        """Return what a file holds, having cut off what a stop has torn.

        A damaged one is kept beside a new one: the journal may have been put back from a copy.
        """
        if epoch not in self._known:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            content = path.read_bytes()
            batches, damaged, whole = frames(content)
            if damaged:
                aside = path.with_name(f"{path.stem}-{digest(content).hex()[:8]}.damaged")
                log.error("mirror.damaged", file=aside.name)
                path.replace(aside)
                path.touch(mode=0o600)
                batches, whole = [], 0
            with path.open("r+b") as file:
                file.truncate(whole)
            self._known[epoch] = _in_a_row(batches)
        return self._known[epoch]

    def _set_aside(self, path: Path, epoch: int, held: _Held) -> _Held:
        """Keep a file whose journal has gone on otherwise: nobody else may have what is in it."""
        aside = path.with_name(f"{path.stem}-{held.last}-{held.hash.hex()[:8]}.facts")
        log.error("mirror.of_another_journal", file=aside.name)
        path.replace(aside)
        del self._known[epoch]
        return self._look(path, epoch)

    def _path(self, identity: Identity, epoch: int) -> Path:
        return self.folder / f"{identity.agent}-{epoch}.facts"


def _in_a_row(batches: list[PushBatch]) -> _Held:
    """Return which facts are in a row up to the last one of a file."""
    first, last, tip = 1, 0, GENESIS
    for batch in batches:
        if batch.head.seq - len(batch.facts) != last:
            first = batch.head.seq - len(batch.facts) + 1
        last, tip = batch.head.seq, batch.head.hash
    return _Held(first, last, tip)


def _is_of_another(connection: Connection, epoch: int, held: _Held) -> bool:
    """Tell whether a file's last fact is not the journal's: the journal was put back from a copy.

    Of a fact that has left with the next one nothing is known; it was this journal's.
    """
    there = store.hash_at(connection, epoch, held.last)
    return there != held.hash if there else held.last > store.tip(connection, epoch).seq


def unsent(station: Station) -> Iterator[PushBatch]:
    """Yield everything that the centre has no word of, in signed batches."""
    identity = station.identity
    with reading(station.journal) as connection:
        for line in identity.lines:
            start = store.next_to_send(connection, line)
            yield from _batches(connection, identity, line, start)


def _batches(
    connection: Connection, identity: Identity, line: int, seq: int
) -> Iterator[PushBatch]:
    for _ in range(BATCHES_MAX):
        batch = batch_from(connection, identity, line, seq)
        if batch is None:
            return
        yield batch
        seq = batch.head.seq + 1


def _replace(path: Path, batches: list[PushBatch]) -> None:
    """Let a file hold these batches alone: a power cut leaves the old one or the new one."""
    beside = path.with_suffix(".new")
    _append(beside, batches, anew=True)
    keep(beside, path)


def _append(path: Path, batches: list[PushBatch], *, anew: bool) -> None:
    """Write batches behind those that are there, or in their place; on the disk when it returns."""
    with path.open("wb" if anew else "ab") as file:
        file.write(b"".join(map(frame, batches)))
        file.flush()
        os.fsync(file.fileno())
