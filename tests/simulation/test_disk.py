"""The disk that forgets: it loses what was not synced, and nothing else."""

import gc
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from shared.runtime.sqlite import Synchronous, open_engine, reading, transaction
from tests.simulation.disk import Disk, End, StoppedError
from tests.simulation.plan import Options
from tests.simulation.world import World

ROWS_MAX = 400
OPEN_FILES = Path("/proc/self/fd")
NEXT_ROWS = "replica-9-0.db"
OPENING_WRITES = 10


class Trial:
    """A machine that writes rows until it stops, and then looks for what it had committed."""

    def __init__(self, folder: Path, seed: int, synchronous: Synchronous) -> None:
        folder.mkdir()
        self.chance = random.Random(seed)
        self.disk = Disk(folder, self.chance)
        self.synchronous = synchronous
        self.committed: set[int] = set()

    def write_until(self, how: End) -> None:
        engine = open_engine(self.disk.url("journal.db"), self.synchronous)
        with transaction(engine) as connection:
            connection.exec_driver_sql("CREATE TABLE t (no INTEGER PRIMARY KEY, text TEXT)")
        self.disk.burn(self.chance.randrange(5, 200), how)
        with pytest.raises(OperationalError):
            self._write(engine)
        engine.dispose()
        assert self.disk.ended is how
        self.disk.recover()

    def _write(self, engine: Engine) -> None:
        for no in range(ROWS_MAX):
            with transaction(engine) as connection:
                text = "x" * self.chance.randrange(3000)
                connection.exec_driver_sql("INSERT INTO t VALUES (?, ?)", (no, text))
            self.committed.add(no)

    def lost(self) -> bool:
        engine = open_engine(self.disk.url("journal.db"), self.synchronous)
        try:
            with reading(engine) as connection:
                found = set(connection.exec_driver_sql("SELECT no FROM t").scalars())
                whole = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
        except OperationalError:
            return True
        finally:
            engine.dispose()
            self.disk.forget()
        return whole != "ok" or not self.committed <= found


def trials(folder: Path, synchronous: Synchronous, how: End) -> int:
    """Return how often something that was committed is gone, of 20."""
    lost = 0
    for seed in range(20):
        trial = Trial(folder / str(seed), seed, synchronous)
        trial.write_until(how)
        lost += trial.lost()
    return lost


@pytest.mark.parametrize("how", End)
def test_what_was_synced_survives_a_kill_and_a_power_cut(tmp_path: Path, how: End) -> None:
    assert trials(tmp_path, Synchronous.FULL, how) == 0


def test_a_kill_loses_nothing_even_without_syncs(tmp_path: Path) -> None:
    assert trials(tmp_path, Synchronous.OFF, End.KILL) == 0


def test_a_power_cut_loses_what_was_never_synced(tmp_path: Path) -> None:
    assert trials(tmp_path, Synchronous.OFF, End.CUT) > 10


def test_a_full_disk_refuses_writes_until_there_is_space(tmp_path: Path) -> None:
    disk = Disk(tmp_path, random.Random(1))
    engine = open_engine(disk.url("journal.db"))
    with transaction(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (no INTEGER PRIMARY KEY)")

    disk.full_writes = 1
    with pytest.raises(OperationalError, match="full"), transaction(engine) as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    with transaction(engine) as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")

    with reading(engine) as connection:
        assert list(connection.exec_driver_sql("SELECT no FROM t").scalars()) == [2]
    engine.dispose()
    disk.forget()


def test_a_process_that_stops_while_it_opens_a_file_leaves_none_open(tmp_path: Path) -> None:
    """The next one would believe what the former one knew of a log that the power has changed.

    Options(630, 3, 2, 16, tuple(Fault)): whether it did was a matter of when garbage is collected.
    """
    world = World(tmp_path, Options(1, stores=1, days=1))
    machine = world.tills[0].machine
    gc.disable()
    try:
        for writes in range(OPENING_WRITES):
            machine.disk.burn(writes, End.CUT)
            with pytest.raises(StoppedError):
                machine.run(lambda station: station.open_replica(NEXT_ROWS))
            assert open_files(machine.disk.folder / NEXT_ROWS) == []
    finally:
        gc.enable()
        world.close()


def open_files(path: Path) -> list[str]:
    """Return the files of a database that this process has open."""
    there = [str(fd.readlink()) for fd in OPEN_FILES.iterdir() if fd.is_symlink()]
    return [name for name in there if name.startswith(str(path))]
