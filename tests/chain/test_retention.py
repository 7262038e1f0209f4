"""Facts that have left a store because a backup of the centre holds them: their goods come back as
those of another store, and a centre that goes back further than the backup goes on all the same."""

import shutil
from contextlib import suppress
from dataclasses import dataclass

import pytest

from agent.link import RefusedByCentreError
from agent.reserve.store import Claim
from agent.returns.by_slip import SlipUsedError
from agent.returns.shares import NotReturnableError
from agent.returns.sources import SlipNeededError, SoldElsewhereError
from central.backups import service as backups
from central.conflicts import service as conflicts
from central.conflicts.store import Wanted
from central.conflicts.values import ConflictKind
from shared.runtime.sqlite import reading
from tests.chain.kit import Chain, Store, with_slips
from tests.simulation.machine import KEEP_H

HOUR_S = 3600
CHEESE_MINOR = 1_000_00


def back_up(chain: Chain) -> None:
    """Make a backup and confirm it."""
    number = backups.begin(chain.centre, chain.centre.clock.now())
    chain.world.central.back_up()
    backups.confirm(chain.centre, number, chain.centre.clock.now())


def restore(chain: Chain) -> None:
    """Put the backup back; all stores hear of it, whose sessions have ended with the old life."""
    assert chain.world.central.restore()
    for store in chain.stores:
        with suppress(RefusedByCentreError):
            store.machine.pull()
    chain.sync()


def grow_old(chain: Chain, store: Store) -> None:
    """Print and send everything, and let facts leave that may."""
    store.machine.print_all()
    store.machine.push()
    chain.world.time.pass_by((KEEP_H + 1) * HOUR_S)
    store.machine.pull()


def seqs(store: Store) -> list[int]:
    with reading(store.station.journal) as connection:
        query = "SELECT seq FROM fact ORDER BY epoch, seq"
        return list(connection.exec_driver_sql(query).scalars())


@dataclass
class Old:
    """A sale whose fact has left its store, with the code of its slip."""

    store: Store
    claim: Claim
    slip: str


def old_sale(chain: Chain, back: int = 0) -> Old:
    """Sell two cheeses, take so much of the first back, and let all of it leave."""
    here = chain.stores[0]
    claim = here.sell()
    slip = here.code_of_slip(claim)
    if back:
        here.take_back(claim, quantity=back)
    here.sell()
    here.sync()
    back_up(chain)
    grow_old(chain, here)
    here.sell()
    grow_old(chain, here)
    kept = seqs(here)
    assert kept[0] > 1, "the sale has left"
    return Old(here, claim, slip)


def test_goods_of_an_old_sale_come_back_by_what_the_centre_tells(chain: Chain) -> None:
    old = old_sale(chain)

    back = old.store.take_back(old.claim)

    assert (back.money_minor, back.is_provisional) == (CHEESE_MINOR, False)
    chain.sync()
    assert chain.conflicts() == []
    with pytest.raises(NotReturnableError):
        old.store.take_back(old.claim)


def test_without_the_line_they_come_back_by_the_slip_where_the_programme_allows(
    chain: Chain,
) -> None:
    chain.publish(with_slips)
    old = old_sale(chain)
    old.store.cut()
    with pytest.raises(SlipNeededError):
        old.store.take_back(old.claim)

    back = old.store.take_back(old.claim, slip=old.slip)

    assert (back.money_minor, back.is_provisional) == (CHEESE_MINOR, True)
    with pytest.raises(SlipUsedError):
        old.store.take_back(old.claim, slip=old.slip)
    chain.heal()
    assert chain.conflicts() == []


def test_without_the_line_nothing_comes_back_where_the_programme_does_not_allow_it(
    chain: Chain,
) -> None:
    chain.publish(
        lambda text: (
            with_slips(text)
            .replace("offline_return: cap", "offline_return: own_store")
            .replace("  offline_return_cap: 5000.00\n", "")
        )
    )
    old = old_sale(chain)
    old.store.cut()

    with pytest.raises(SoldElsewhereError):
        old.store.take_back(old.claim, slip=old.slip)


@pytest.mark.parametrize("by_slip", [False, True])
def test_what_came_back_before_the_facts_left_does_not_come_back_again(
    chain: Chain, *, by_slip: bool
) -> None:
    chain.publish(with_slips)
    old = old_sale(chain, back=400)
    slip = old.slip if by_slip else ""
    if by_slip:
        old.store.cut()

    with pytest.raises(NotReturnableError):
        old.store.take_back(old.claim, quantity=700, slip=slip)

    back = old.store.take_back(old.claim, quantity=600, slip=slip)
    assert back.money_minor == CHEESE_MINOR * 6 // 10
    chain.heal()
    assert chain.conflicts() == []


def test_a_centre_that_goes_back_to_the_backup_knows_what_has_left(chain: Chain) -> None:
    old = old_sale(chain)

    restore(chain)

    assert chain.conflicts() == ["centre_restored"]
    assert old.store.machine.queue() == 0
    assert old.store.take_back(old.claim).money_minor == CHEESE_MINOR
    chain.sync()
    assert old.store.machine.queue() == 0


def test_a_centre_that_goes_back_further_goes_on_behind_the_gap(chain: Chain) -> None:
    """The older backup has nothing of the sales; two of them are left nowhere."""
    central, here = chain.world.central, chain.stores[0]
    backup = central.disk.folder.with_name("backup")
    before = here.machine.station.identity
    back_up(chain)
    older = backup.rename(backup.with_name("older backup"))
    here.sell()
    here.sell()
    last = here.sell()
    here.sync()
    back_up(chain)
    grow_old(chain, here)
    (kept,) = seqs(here)
    shutil.rmtree(backup)
    older.rename(backup)
    restore(chain)

    here.sell()
    here.sync()

    assert here.machine.queue() == 0
    assert here.station.identity.epoch == before.epoch
    with reading(chain.centre.engine) as connection:
        (told,) = conflicts.look(connection, Wanted(ConflictKind.JOURNAL_GAP)).conflicts
        known = connection.exec_driver_sql("SELECT seq FROM watermark WHERE epoch = 1").scalars()
        assert max(known) == seqs(here)[-1]
    assert told.sentence.en.startswith(f"Facts {kept - 2} to {kept - 1} of epoch 1 of store 101")
    assert here.take_back(last).money_minor == CHEESE_MINOR
    chain.sync()
    assert here.machine.queue() == 0
