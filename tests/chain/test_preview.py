"""A draft is tried on receipts that stores have really sold, and changes nothing by that."""

from datetime import timedelta

from agent.quote.lines import Item
from central.packs import drafting
from central.rollout.preview import preview
from central.rollout.requests import request
from shared.packs.table_kinds import TableKind
from shared.runtime.sqlite import reading
from tests.builders import wine_text
from tests.chain.kit import Chain

WINE = Item(1, 1000, "WINE")
TIERS = """\
id,from,percent:discount,percent:bonus
start,0.00,1 %,3 %
silver,5000.00,5 %,5 %
gold,15000.00,10 %,7 %
"""


def tables(chain: Chain) -> dict[str, int]:
    """Count the rows of everything at the centre but the drafts."""
    with reading(chain.centre.engine) as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        counted = {}
        for (name,) in names.all():
            query = f"SELECT count(*) FROM {name}"  # noqa: S608
            counted[name] = connection.exec_driver_sql(query).scalar_one()
    return {name: count for name, count in counted.items() if not name.startswith("pack_d")}


def test_a_request_is_tried_on_what_was_sold(chain: Chain) -> None:
    """A bottle of 2 000.00 had the first level's 3 % off and would have 1 %: 60.00 and 20.00."""
    here, there = chain.stores
    member = chain.member(0)
    for store in (here, there):
        store.sell(WINE, member=member.member)
    here.sell(WINE)
    chain.sync()
    before = tables(chain)

    no = request(
        chain.centre, "wine:1", TableKind.TIERS, ("t.csv", TIERS.encode()), "Анна"
    ).draft.no
    found = preview(chain.centre, no)

    assert found.before is not None
    assert (found.before.receipts, found.before.discount_minor) == (3, 120_00)
    assert (found.after.receipts, found.after.discount_minor) == (3, 40_00)
    assert found.before.differing == 0
    assert [(one.was_minor, one.is_minor) for one in found.after.differences] == [
        (60_00, 20_00)
    ] * 2
    assert found.last == here.quote(here.basket(WINE)).moment.day
    assert tables(chain) == before


def test_what_begins_later_is_tried_as_if_it_were_then(chain: Chain) -> None:
    here = chain.stores[0]
    here.sell(WINE)
    chain.sync()
    text = wine_text().replace("group_in: [wine/sparkling]", "group_in: [wine]")
    text = text.replace("2026-03-01, to: 2026-05-31", "2026-12-01, to: 2026-12-31")
    no = drafting.write(chain.centre, text.replace("version: 1\n", "version: 2\n"), "Анна").draft.no
    december = here.quote(here.basket(WINE)).moment.day + timedelta(days=200)

    now, then = preview(chain.centre, no), preview(chain.centre, no, on=december)

    assert (now.after.discount_minor, then.after.discount_minor) == (0, 300_00)


def test_no_more_receipts_are_read_than_are_wanted(chain: Chain) -> None:
    here = chain.stores[0]
    for _ in range(3):
        here.sell(WINE)
    chain.sync()
    no = drafting.write(chain.centre, wine_text(), "Анна").draft.no

    assert preview(chain.centre, no, receipts=2).after.receipts == 2
