"""A pack comes in stages, is halted and rolled back: every store finds the same as the centre."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.link import RefusedByCentreError
from agent.packs import PackShelf
from agent.quote.lines import Item
from agent.reporting import Reporter
from central.estate.service import How, import_goods, import_stores
from central.packs import drafting
from central.packs import store as shelf
from central.packs.publishing import NEVER
from central.packs.service import Published
from central.rollout import service
from central.rollout.board import Board, Readiness, board
from central.rollout.service import NothingLeftError, Scope, Word
from shared.runtime.sqlite import reading
from tests.builders import wine_text
from tests.chain.kit import Chain, Store
from tests.simulation.centre import STORE_COLUMNS
from tests.simulation.disk import End
from tests.simulation.programmes import Programme, goods_of

WINE = Item(1, 1000, "WINE")
PRICE = 2_000_00
WORD = Word("Ольга", "why")
EVERYWHERE = Scope()


def pack(version: int, percent: int, effective_from: str = "2026-01-01T00:00") -> str:
    """The wine pack with a promotion of so many percents on all wine, for everybody."""
    text = wine_text().replace("group_in: [wine/sparkling]", "group_in: [wine]")
    text = text.replace("percent: 15 %\n", f"percent: {percent} %\n")
    text = text.replace("2026-01-01T00:00 ", f"{effective_from} ", 1)
    return text.replace("version: 1\n", f"version: {version}\n")


def approved(chain: Chain, text: str) -> int:
    """Bring a draft as far as it comes before it is published."""
    no = drafting.write(chain.centre, text, "Анна").draft.no
    drafting.submit(chain.centre, no, "Анна")
    drafting.approve(chain.centre, no, "Борис")
    return no


def publish(chain: Chain, text: str, scope: Scope = EVERYWHERE) -> Published:
    return service.publish(chain.centre, approved(chain, text), scope, None, WORD)


def price(store: Store) -> int:
    """Sell a bottle of wine; return what was paid."""
    return store.sell(WINE).evaluation.totals.payable_minor


def prices(chain: Chain) -> list[int]:
    """Sell a bottle in every store, a minute after what was done before."""
    chain.world.time.pass_by(60)
    found = [price(store) for store in chain.stores]
    chain.world.time.pass_by(60)
    return found


def stale(chain: Chain) -> list[tuple[int, int]]:
    """Return what receipts cost by which the centre would have priced otherwise."""
    chain.sync()
    assert chain.audit() == []
    query = "SELECT discount_more_minor, discount_less_minor FROM staleness WHERE stale > 0"
    with reading(chain.centre.engine) as connection:
        return [(row[0], row[1]) for row in connection.exec_driver_sql(query)]


def reboot(store: Store) -> None:
    """Cut the power; the machine starts again and does not trust its clock."""
    store.machine.disk.ended = End.CUT
    store.machine.restart()


def move(chain: Chain, store: Store, region: str) -> None:
    row = f"{store.code},Магазин,Главная ул.,{region},Europe/Moscow,ООО «Вино»,7701234567,1;2"
    import_stores(chain.centre, "\n".join([STORE_COLUMNS, row, ""]).encode(), How.APPLY)
    goods = goods_of(Programme.WINE).replace("all,", f"{region},")
    import_goods(chain.centre, goods.encode(), How.APPLY)


def hear_of_the_move(store: Store) -> None:
    """Read the new settings, of which the first look at the former region's stream is in vain."""
    with suppress(RefusedByCentreError):
        store.machine.pull()
    store.sync()


def test_a_canary_prices_in_its_store_alone_and_is_widened_while_another_is_away(
    chain: Chain,
) -> None:
    here, there = chain.stores
    new = publish(chain, pack(2, 10), Scope(stores=(here.code,)))
    chain.sync()
    assert prices(chain) == [1_800_00, PRICE]

    there.cut()
    service.widen(chain.centre, new.hash, EVERYWHERE, "", WORD)
    here.sync()
    assert prices(chain) == [1_800_00, PRICE]

    chain.heal()
    assert prices(chain) == [1_800_00, 1_800_00]
    assert stale(chain) == [(200_00, 0)]  # the one that was sold while the store was away


def test_a_store_that_moves_prices_by_the_canary_of_its_new_region(chain: Chain) -> None:
    here, there = chain.stores
    move(chain, there, "spb")
    hear_of_the_move(there)
    publish(chain, pack(2, 10), Scope(regions=("spb",)))
    chain.sync()
    assert prices(chain) == [PRICE, 1_800_00]

    move(chain, there, "all")
    move(chain, here, "spb")
    assert prices(chain) == [PRICE, 1_800_00]  # nobody has heard of it yet
    for store in chain.stores:
        hear_of_the_move(store)

    assert prices(chain) == [1_800_00, PRICE]
    assert stale(chain) == []


@pytest.mark.capability("SPIRITS-17")
def test_a_halted_pack_gives_way_at_once_and_stays_halted_in_a_store_that_is_cut_off(
    chain: Chain,
) -> None:
    here, there = chain.stores
    new = publish(chain, pack(2, 10))
    chain.sync()
    claim = here.reserve(here.basket(WINE))
    there.cut()
    chain.world.time.pass_by(60)

    service.halt(chain.centre, new.hash, EVERYWHERE, WORD)
    here.sync()

    assert here.pay(claim).receipt == claim.receipt.uid
    assert claim.evaluation.totals.payable_minor == 1_800_00
    assert prices(chain) == [PRICE, 1_800_00]
    here.cut()
    reboot(here)
    assert price(here) == PRICE
    chain.heal()
    assert prices(chain) == [PRICE, PRICE]
    assert stale(chain) == [(0, 200_00)]  # of the store that was away


def test_one_campaign_of_a_pack_is_halted_and_the_rest_of_it_stays(chain: Chain) -> None:
    here, there = chain.stores
    new = publish(chain, pack(2, 10), Scope(stores=(here.code,)))
    chain.sync()

    done = service.halt_campaign(chain.centre, new.hash, "sparkling_spring", WORD)
    chain.sync()

    assert prices(chain) == [PRICE, PRICE]
    assert pack_of(here) == done.hash
    assert pack_of(there) == chain.world.first_pack
    assert stale(chain) == []


def pack_of(store: Store) -> str:
    return store.quote(store.basket(WINE)).pack.pack_hash


def test_a_roll_back_counts_from_its_instant_and_receipts_in_between_keep_their_pack(
    chain: Chain,
) -> None:
    here = chain.stores[0]
    new = publish(chain, pack(2, 10))
    chain.sync()
    between = here.sell(WINE)
    local = here.quote(here.basket(WINE)).moment.local

    begins = (local + timedelta(hours=1)).replace(tzinfo=None).isoformat(timespec="minutes")
    service.roll_back(chain.centre, new.hash, "", begins, WORD)
    chain.sync()
    before = price(here)
    chain.world.time.pass_by(2 * 3600)
    after = price(here)
    back = here.take_back(between)

    assert (before, after) == (1_800_00, PRICE)
    assert back.money_minor == 1_800_00
    assert between.evaluation.pack_hash == new.hash
    assert pack_of(here) == chain.world.first_pack
    assert stale(chain) == []


def begins(chain: Chain) -> dict[int, str]:
    """Return from when packs count for agents that read no publications, by version."""
    with reading(chain.centre.engine) as connection:
        return {one.version: one.effective_from for one in shelf.editions(connection)}


@pytest.mark.parametrize("where", ["in one store", "everywhere"])
def test_a_pack_that_has_not_come_everywhere_takes_none_away_from_agents_of_the_version_before(
    chain: Chain, where: str
) -> None:
    first = begins(chain)
    publish(chain, pack(2, 10, "2026-02-01T00:00"))
    scope = Scope(stores=(chain.stores[0].code,)) if where == "in one store" else EVERYWHERE
    later = publish(chain, pack(3, 20, "2027-01-01T00:00"), scope)

    service.roll_back(chain.centre, later.hash, "wine:2", "", WORD)

    assert begins(chain) == first | {2: "2026-02-01T00:00:00", 3: NEVER}


def test_the_only_pack_of_a_chain_is_not_halted(chain: Chain) -> None:
    with pytest.raises(NothingLeftError):
        service.halt(chain.centre, chain.world.first_pack, EVERYWHERE, WORD)

    chain.sync()
    assert prices(chain) == [PRICE, PRICE]


@pytest.mark.capability("SPIRITS-17")
def test_the_board_counts_what_stores_have_told(chain: Chain) -> None:
    here, there = chain.stores
    tell(there)
    there.cut()
    chain.world.time.pass_by(60)
    new = publish(chain, pack(2, 10, "2026-05-21T00:00"))
    here.sync()
    tell(here)
    dark = board(chain.centre, "wine:2")

    chain.heal()
    tell(there)
    chain.world.time.pass_by(24 * 3600)
    tell(here, there)
    after = board(chain.centre, new.hash)

    assert standing(dark) == [Readiness.LOADED, Readiness.SILENT]
    assert (dark.loaded, dark.due) == (1, 0)
    assert standing(after) == [Readiness.EFFECTIVE] * 2
    assert (after.loaded, after.due) == (2, 2)


@pytest.mark.capability("SPIRITS-17")
def test_a_dark_pack_comes_into_force_at_each_stores_own_midnight(chain: Chain) -> None:
    """Loaded everywhere before, as the board says; one zone is ahead of the other."""
    there, here = sorted(chain.stores, key=lambda store: midnight(chain, store))
    assert midnight(chain, there) < midnight(chain, here)
    publish(chain, pack(2, 10, "2026-05-21T00:00"))
    chain.sync()
    tell(here, there)
    assert board(chain.centre, "wine:2").loaded == 2

    found = []
    for at in (midnight(chain, there), midnight(chain, here)):
        chain.world.time.reach(at - timedelta(minutes=3))
        found.append(prices(chain))
        chain.world.time.reach(at + timedelta(minutes=3))
        found.append(prices(chain))
    chain.sync()

    order = [chain.stores.index(there), chain.stores.index(here)]
    assert [[one[no] for no in order] for one in found] == [
        [PRICE, PRICE],
        [1_800_00, PRICE],
        [1_800_00, PRICE],
        [1_800_00, 1_800_00],
    ]
    assert stale(chain) == []


def midnight(chain: Chain, store: Store) -> datetime:
    """Return when 21 May begins in a store."""
    zone = chain.world.options.zones[store.code]
    return datetime(2026, 5, 21, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_the_board_says_which_store_refuses_a_pack_and_why(chain: Chain) -> None:
    here, there = chain.stores
    there.station.packs = PackShelf("2025a")
    publish(chain, pack(2, 10).replace("tz: 2025b", "tz: 2025c"))
    here.station.packs = PackShelf("2025c")
    chain.sync()
    tell(here, there)

    found = board(chain.centre, "wine:2").stores

    assert [one.readiness for one in found] == [Readiness.EFFECTIVE, Readiness.REFUSED]
    assert "2025a" in found[1].reason_ru


def tell(*stores: Store) -> None:
    """Let agents tell how they are, as they do by themselves."""
    for store in stores:
        assert Reporter(store.station).turn()


def standing(found: Board) -> list[Readiness]:
    return [one.readiness for one in found.stores]
