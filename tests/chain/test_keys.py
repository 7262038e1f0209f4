"""Keys of streams in a whole chain: stores that were away for days read on, the replaced do not."""

from pathlib import Path
from typing import Any

import pytest

from agent.keyring import UnknownKeyError
from agent.link import RefusedByCentreError
from agent.members.service import Registration, register
from agent.replica import service as replica
from agent.station import RowsCome
from central.agents import streams
from central.feed import service as feed
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import GLOBAL, decode_segment
from tests.chain.kit import Chain, Store
from tests.simulation.machine import Machine
from tests.simulation.wire import LineMode

DAY_S = 86_400


def renew(chain: Chain, times: int = 1) -> None:
    """Let what the first store reads travel under other keys, as when its agent is replaced."""
    for _ in range(times):
        with transaction(chain.centre.engine) as connection:
            streams.renew_keys(connection, chain.stores[0].code)


def replaced(chain: Chain, store: Store, folder: Path) -> Machine:
    """Enrol another machine in a store; the one before is fenced."""
    made = chain.world.central.enrol(store.code)
    return Machine(folder, made, chain.world.network, store.machine.clock)


def member_of(store: Store, phone: str = "+79160000001") -> None:
    """Register somebody in a store; the centre hears of it."""
    new = Registration(store.uid(), b"content", "Борис", phone, "v1", cashier="7")
    register(store.station, new, store.machine.clock.now())
    store.sync()


def global_number(store: Store) -> int:
    return replica.cursors(store.station)[GLOBAL]


def test_rows_of_a_chain_travel_encrypted(chain: Chain) -> None:
    chain.member(50_00)

    assert {store.station.rows_come for store in chain.stores} == {RowsCome.ENCRYPTED}


def test_a_store_that_was_away_while_keys_were_renewed_lacks_nothing(chain: Chain) -> None:
    away, here = chain.stores[1], chain.stores[0]
    away.cut()
    for times in (1, 3):
        renew(chain, times)
        member_of(here, f"+7916000000{times}")
        chain.world.time.pass_by(2 * DAY_S)

    away.machine.line.mode = LineMode.UP
    away.sync()
    here.sync()

    assert global_number(away) == global_number(here) == _head(chain)
    assert _rows(away) == _rows(here)


def test_a_key_that_is_renewed_while_a_store_listens_comes_with_its_next_session(
    chain: Chain,
) -> None:
    store, other = chain.stores
    store.sync()
    renew(chain)
    member_of(other)

    with pytest.raises(UnknownKeyError):
        store.machine.pull(by_tail=True)
    store.machine.pull(by_tail=True)

    assert global_number(store) == _head(chain)


def test_a_replaced_machine_reads_nothing_that_a_cache_has_of_later_rows(
    chain: Chain, tmp_path: Path
) -> None:
    former = chain.stores[0]
    former.sync()
    before = global_number(former)
    successor = replaced(chain, former, tmp_path / "successor")
    member_of(chain.stores[1])
    cached = feed.pieces(chain.centre, GLOBAL, before, _head(chain))

    with pytest.raises(UnknownKeyError):
        replica.apply(former.station, decode_segment(cached[0].encoded))
    with pytest.raises(RefusedByCentreError):
        former.machine.pull()
    successor.push()
    successor.pull()

    assert replica.cursors(successor.station)[GLOBAL] == _head(chain)
    successor.close()


def _head(chain: Chain) -> int:
    return feed.heads(chain.centre.engine)[GLOBAL]


def _rows(store: Store) -> list[Any]:
    with reading(store.station.replica) as connection:
        query = "SELECT kind, key, row FROM row WHERE kind <> 'lease' AND kind <> 'settings'"
        found = connection.exec_driver_sql(query + " AND kind <> 'cashier' AND kind <> 'outcome'")
        return sorted(found.all())
