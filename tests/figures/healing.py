"""Figure 10: after faults everything gets on again, and one flipped row is mended by little."""

import random

from agent.app import station_of
from agent.meeting import catch_up
from agent.replica import repair
from agent.settings import AgentSettings
from shared.runtime.sqlite import transaction
from shared.wire.feed import GLOBAL
from tests.bench.chain import close
from tests.figures import bootstrap
from tests.figures.book import Json
from tests.figures.bootstrap import check_rows
from tests.figures.counter import bring_up, replica_of
from tests.figures.estate import OTHER, Estate, open_estate
from tests.figures.run import Row, Run
from tests.figures.runs import tormented
from tests.processes.plan import Kind
from tests.processes.plan import Options as Blows

CYCLES = 10_000
STALL_S_MAX = 30.0
STORES, AT_ONCE, OF_ROUND, OF_PIECE = 12, 10, 100, 1_000
HEALING: dict[Kind, int] = {
    Kind.AGENT_KILL: 4,
    Kind.AGENT_KILL_TWICE: 1,
    Kind.AGENT_STOP: 20,
    Kind.AGENT_RESTART: 2,
    Kind.CENTRE_KILL: 2,
    Kind.CENTRE_STOP: 5,
    Kind.CENTRE_RESTART: 1,
    Kind.LINE_REFUSE: 15,
    Kind.LINE_HANG: 15,
    Kind.LINE_HALF_OPEN: 15,
    Kind.LINE_SLOW: 5,
    Kind.LINE_TORN: 15,
}
"""How often each kind comes: mostly what heals by itself, in lines and processes. What kills is
figure 4's."""
SHARE_MAX = 0.01
_ONE = "SELECT key, row FROM row WHERE kind = 'account' AND key >= ? ORDER BY key LIMIT 1"
_FLIP = "UPDATE row SET row = ? WHERE kind = 'account' AND key = ?"
KEY_FROM = b"\x01\x8e"
"""Of a member who came in the middle."""


def measure(run: Run) -> list[Row]:
    """Let faults fall, then flip a bit of one row."""
    if "killed" not in run.book(6).pieces:
        bootstrap.measure(run)
    book = run.book(10)
    healed = tormented(run, 10, "faults", run.of(CYCLES, least=10), _faults, OF_PIECE)
    estate = open_estate(run.place("estate"), run.of(bootstrap.MEMBERS, least=2_000))
    try:
        mended = book.once("mended", lambda: _mend(estate))
    finally:
        estate.close()
    return _rows(healed, mended, estate.members)


def _faults(seed: int, cycles: int) -> Blows:
    return Blows(seed, STORES, cycles, tills=1, weights=HEALING, at_once=AT_ONCE, of_round=OF_ROUND)


def _mend(estate: Estate) -> Json:
    """Turn a bit of a stored row; add the rows up, and let the agent mend what differs."""
    bring_up(estate, OTHER)
    file = replica_of(estate, OTHER)
    size = file.stat().st_size
    with estate.served() as served:
        url = f"http://{served.wire.listen}"
        station = station_of(AgentSettings(data_dir=estate.data(OTHER), centre_url=url))
        try:
            station.doubt.open = False  # everything was sent
            with transaction(station.replica) as connection:
                key, row = connection.exec_driver_sql(_ONE, (KEY_FROM,)).one()
                connection.exec_driver_sql(_FLIP, (_flipped(row), key))
            station.suspects.update(repair.scrub(station))
            assert station.suspects == {GLOBAL}, station.suspects
            before = served.down_bytes()
            catch_up(station)
            sent = served.down_bytes() - before
            assert not station.suspects
        finally:
            close(station)
    check_rows(estate, OTHER)
    return {"bytes": sent, "replica_bytes": size}


def _flipped(row: bytes) -> bytes:
    changed = bytearray(row)
    changed[random.Random(10).randrange(len(changed))] ^= 1
    return bytes(changed)


def _rows(healed: Json, mended: Json, members: int) -> list[Row]:
    share = mended["bytes"] / mended["replica_bytes"]
    return [
        Row(
            "figure 10: longest recovery after faults have healed",
            healed["longest_s"],
            STALL_S_MAX,
            "s",
            f"0 stalls > {STALL_S_MAX:.0f} s",
            healed["longest_s"] <= STALL_S_MAX,
            f"{healed['blows']} faults of real processes and lines in {healed['runs']} torments; "
            f"{healed['facts']} facts, {healed['answers']} answers to tills, all laws judged",
        ),
        Row(
            "figure 10: one flipped row mended, share of the replica sent",
            share,
            SHARE_MAX,
            "of the replica",
            f"<= {SHARE_MAX}",
            share <= SHARE_MAX,
            f"{mended['bytes']} bytes down the line for a file of {mended['replica_bytes']}, "
            f"{members} members; found by adding the stored rows up; all parts compared after",
        ),
    ]
