"""A family in stores: each is himself, all buy on one account, with the line out too."""

from datetime import date
from pathlib import Path
from typing import Any

from agent.members.service import Registered, find
from agent.quote.lines import Item
from agent.quote.service import Quote
from agent.reserve.store import Claim
from central.centre import Centre
from central.conflicts.service import Word
from central.ledger import service as ledger
from central.settling.families import give_family_role, join_family, leave_family
from central.settling.lookup import living
from shared.member import FamilyRole
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from tests.central.imports.kit import csv_file, take
from tests.chain.kit import Chain, Store
from tests.chain.test_edits import edited

WORD = Word("Ольга", "просили оба")
OTHER_PHONE = "+79161234568"


def family(chain: Chain, role: FamilyRole = FamilyRole.REDEEMS) -> tuple[Registered, Registered]:
    """A head with 100 points and a relative with 50 of his own; all stores know of it."""
    head, relative = chain.member(100_00), chain.member(50_00, OTHER_PHONE)
    join_family(chain.centre, relative.member, head.member, role, WORD)
    chain.sync()
    return head, relative


def asked(store: Store, who: Registered) -> Quote:
    """Ask by card, as a till does, for as many points as there may be."""
    (found,) = find(store.station, who.card)
    person, limit = found.standing.member, found.account
    return store.quote(store.basket(member=person, account=limit, redeem=Redeem.MAXIMUM))


def buy(store: Store, who: Registered, redeem: Redeem = Redeem.NONE, points: int = 0) -> int:
    """Buy by card; return the points (hundredths) that it paid."""
    (found,) = find(store.station, who.card)
    person, limit = found.standing.member, found.account
    claim = store.sell(member=person, account=limit, redeem=redeem, redeem_points=points)
    return claim.evaluation.totals.redeemed_points


def balances(centre: Centre, *members: Registered) -> list[int]:
    accounts = [one.account for one in members if one.account is not None]
    with transaction(centre.engine) as connection:
        books = ledger.load(connection, accounts)
    return [sum(lot.balance for lot in books.lots_of(one)) for one in accounts]


def later(chain: Chain, store: Store, *items: Item, **more: Any) -> Claim:
    """Sell when a minute has passed, and let everybody know of it."""
    chain.world.time.pass_by(60)
    claim = store.sell(*items, **more)
    chain.sync()
    return claim


def shown(store: Store, who: Registered) -> tuple[str, int]:
    (found,) = find(store.station, who.card)
    return found.standing.display_name, sum(lot.amount for lot in found.standing.lots)


def test_a_family_spends_one_account_in_two_stores_that_do_not_hear_each_other(
    chain: Chain,
) -> None:
    head, relative = family(chain)
    here, there = chain.stores
    buy(there, relative)
    chain.sync()
    points = shown(here, head)[1]
    assert shown(there, relative)[1] == points == sum(balances(chain.centre, head, relative))
    here.cut()
    there.cut()

    paid = [buy(here, head, Redeem.MAXIMUM), buy(there, relative, Redeem.MAXIMUM)]

    chain.heal()
    assert min(paid) > 0
    assert shown(here, head)[1] == shown(there, relative)[1]
    assert shown(here, head)[1] == sum(balances(chain.centre, head, relative))
    assert (chain.debts(), chain.conflicts()) == ([], [])


def test_who_only_earns_for_his_family_spends_what_he_has_brought(chain: Chain) -> None:
    head, relative = family(chain, FamilyRole.EARNS)
    here, there = chain.stores
    own = balances(chain.centre, relative)[0]
    (found,) = find(here.station, relative.card)
    assert found.account == relative.account
    here.cut()

    quoted = asked(here, relative)

    assert 0 < quoted.evaluation.totals.redeemed_points <= own
    assert {one.account for one in quoted.evaluation.redemption.draws} == {relative.account}
    chain.heal()
    before = balances(chain.centre, head)[0]
    buy(here, relative)
    chain.sync()
    assert balances(chain.centre, head)[0] > before
    give_family_role(chain.centre, relative.member, FamilyRole.REDEEMS, WORD)
    chain.sync()
    (found,) = find(there.station, relative.card)
    assert found.account is None


def test_who_leaves_has_his_own_again_and_what_a_store_sold_meanwhile_stays_the_family_s(
    chain: Chain,
) -> None:
    head, relative = family(chain)
    here, there = chain.stores
    own = balances(chain.centre, relative)[0]
    there.cut()
    leave_family(chain.centre, relative.member, WORD)
    buy(there, relative)
    chain.heal()

    assert balances(chain.centre, relative) == [own]
    assert shown(here, relative)[1] == shown(there, relative)[1] == own
    assert shown(here, head)[1] == shown(there, head)[1] == balances(chain.centre, head)[0]
    buy(there, relative)
    chain.sync()
    assert balances(chain.centre, relative)[0] > own
    assert (chain.debts(), chain.conflicts()) == ([], [])


def test_goods_that_a_relative_bought_come_back_while_he_is_there_and_after(chain: Chain) -> None:
    """What they had earned is taken from where it went. After he has left, his store gives back
    what of that it has leased only when it is asked to: a debt stands until then, and is paid."""
    head, relative = family(chain)
    here, _ = chain.stores
    before = balances(chain.centre, head, relative)
    claims = []
    for _ in range(2):
        (found,) = find(here.station, relative.card)
        claims.append(here.sell(member=found.standing.member))
    chain.sync()

    here.take_back(claims[0])
    chain.sync()
    assert chain.conflicts() == []
    leave_family(chain.centre, relative.member, WORD)
    chain.sync()
    here.take_back(claims[1])
    chain.sync()

    assert balances(chain.centre, head, relative) == before
    assert chain.debts() == []


def test_what_a_store_edits_of_the_head_is_not_shown_of_his_relative(chain: Chain) -> None:
    head, relative = family(chain)
    here, _ = chain.stores
    here.cut()

    edited(here, head.member, name="Мария Иванова", birthday=date(1990, 5, 17))

    assert (shown(here, head)[0], shown(here, relative)[0]) == ("Мария И.", "Анна П.")
    edited(here, relative.member, name="Пётр Иванов")
    assert (shown(here, head)[0], shown(here, relative)[0]) == ("Мария И.", "Пётр И.")
    chain.heal()
    for store in chain.stores:
        assert (shown(store, head)[0], shown(store, relative)[0]) == ("Мария И.", "Пётр И.")
    assert chain.conflicts() == []


def test_the_level_of_a_family_counts_for_all_and_the_centre_sees_it_so_too(
    chain: Chain, tmp_path: Path
) -> None:
    """The second evaluation knows since when they are a family, and who of them is who: the level
    that an old card gives its owner is not the others'."""
    chain.publish(lambda text: text.replace("version: 1\n", "version: 2\n"))
    head, relative = chain.member(100_00), chain.member(50_00, OTHER_PHONE)
    take(chain.centre, csv_file(tmp_path, "OLD-1;Борис;gold", heading="Номер карты;ФИО;Уровень"))
    chain.sync()
    golden = living(chain.centre, "OLD-1")
    here, there = chain.stores
    half = Item(1, 1000, "CHEESE", price_minor=30_000_00)
    bought = ((here, head), (here, head), (there, relative))
    before = [later(chain, store, half, member=one.member) for store, one in bought]
    chain.world.time.pass_by(60)
    for one in (relative.member, golden):
        join_family(chain.centre, one, head.member, FamilyRole.REDEEMS, WORD)
    chain.sync()

    again = ((there, relative), (here, head))
    claims = [later(chain, store, half, member=one.member) for store, one in again]
    gold = later(chain, here, half, member=golden)

    earned = [one.evaluation.totals.earned_points for one in (*before, *claims, gold)]
    assert earned[0] == earned[1] == earned[2] < earned[3] == earned[4] < earned[5]
    assert chain.audit() == []
    with reading(chain.centre.engine) as connection:
        counted = "SELECT SUM(receipts), SUM(stale) FROM staleness"
        assert connection.exec_driver_sql(counted).one() == (6, 0)
