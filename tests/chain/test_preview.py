"""A draft is tried on receipts that stores have really sold, and changes nothing by that."""

from datetime import timedelta

from fastapi.testclient import TestClient

from agent.quote.lines import Item
from central.app import create_app, full_stages
from central.packs import drafting
from central.people.roles import Role
from central.rollout.preview import preview
from central.rollout.requests import request
from shared.packs.table_kinds import TableKind
from shared.runtime.sqlite import reading
from tests.builders import wine_text
from tests.central.people.kit import Browser, Staff
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
    assert found.differing == 2
    assert {one.store for one in found.compared} == {here.code, there.code}
    one = found.compared[0]
    assert (one.was.discount_minor, one.now.discount_minor) == (60_00, 20_00)
    assert (one.was.points, one.now.points) == (58_00, 59_00)
    assert one.more_minor == -40_00 + 1_00
    told = found.beside("ru").replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")
    assert told == (  # two receipts of a member, 39 less on each
        "По прежним правилам на них: скидки 120 ₽, бонусы на 116 ₽; новые — -78 ₽"
    )
    assert any("60" in line for line in one.gone["ru"])
    assert any("20" in line for line in one.new["ru"])
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


def test_the_console_tells_which_receipts_a_table_would_change(chain: Chain) -> None:
    here = chain.stores[0]
    staff = Staff(chain.centre, chain.centre.clock)
    app = TestClient(create_app(chain.centre, full_stages()))
    mark = Browser(app, staff, staff.add("mark", Role.MARKETER))
    sent = mark.post_file("/console/packs/wine:1/tables/tiers", "t.csv", TIERS.encode())
    draft = sent.headers["location"].partition("?")[0]
    none = mark.get(f"{draft}/preview")
    assert none.status_code == 409
    assert "ещё нет чеков" in none.text

    here.sell(WINE, member=chain.member(0).member)
    chain.sync()
    page = mark.get(f"{draft}/preview?receipts=1000").text
    file = mark.get(f"{draft}/preview?format=csv").content.decode("utf-8-sig").splitlines()

    assert "60,00 → 20,00" in page
    assert '<li class="gone">' in page
    assert '<li class="new">' in page
    assert '<option value="1000" selected>' in page
    assert "/console/receipts/" not in page  # a marketer sees no members
    assert file[1].split(";")[1:] == [here.code, "60,00", "20,00", "58,00", "59,00", "-39,00"]
