"""The console over a chain of stores that have really sold: what support finds, tells and mends."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from agent.members.service import Registration
from agent.members.service import register as member_register
from agent.quote.lines import Item
from agent.reporting import Reporter
from central.app import create_app, full_stages
from central.leases.risk import held_by_store
from central.overview import service as overview
from central.people.roles import Role
from shared.money import format_money
from shared.points import format_points
from shared.receipt import Redeem
from tests.central.people.kit import Browser, Staff
from tests.chain.kit import Chain, Store

PHONE = "+79167778899"
SignIn = Callable[[Role], Browser]
NUMBER = "17"
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-"


@pytest.fixture
def enter(chain: Chain) -> SignIn:
    """Signs one person of a role in, in a browser of his own."""
    staff = Staff(chain.centre, chain.centre.clock)
    app = create_app(chain.centre, full_stages())

    def sign_in(role: Role) -> Browser:
        return Browser(TestClient(app), staff, staff.add(role.value, role))

    return sign_in


def sold(chain: Chain) -> tuple[str, str]:
    """Sell to Anna for points and money; return the receipt and the member."""
    anna = chain.member(1_000_00)
    store = chain.stores[0]
    cheese = Item(1, 2000, "CHEESE", price_minor=500_00)
    claim = store.sell(cheese, member=anna.member, redeem=Redeem.MAXIMUM)
    chain.sync()
    return str(claim.receipt.uid), str(anna.member)


def register(store: Store, name: str) -> None:
    """Register somebody under the one phone."""
    new = Registration(store.uid(), b"content", name, PHONE, "v1", cashier="7")
    member_register(store.station, new, store.machine.clock.now())


def test_a_stores_page_says_in_rubles_what_writing_its_leases_off_may_cost(
    chain: Chain, enter: SignIn
) -> None:
    sold(chain)
    store = chain.stores[0].code
    overview.count(chain.centre, chain.centre.clock.now())
    points = sum(one.points for one in held_by_store(chain.centre, store))

    page = enter(Role.OPERATOR).get(f"/console/stores/{store}").text

    assert points > 0  # of which each is worth a ruble
    assert f"риск {format_points(points)} бонусов, до {format_money(points)} ₽" in page


@pytest.mark.capability("FASHION-08")
def test_support_finds_a_receipt_sees_why_and_mends_it_by_an_entry(
    chain: Chain, enter: SignIn
) -> None:
    receipt, member = sold(chain)
    vera = enter(Role.SUPPORT)
    day = chain.world.time.at.date().isoformat()
    store = chain.stores[0].code

    listed = vera.get(f"/console/receipts?store={store}&day={day}").text
    assert f'href="/console/receipts/{receipt}"' in listed
    name = re.findall(rf'<a href="/console/members/{member}">([^<]+)', listed)[0]
    file = vera.get(f"/console/receipts?store={store}&day={day}&q={name}&format=csv").text
    assert len(file.splitlines()) == 2
    assert name not in file
    found = vera.get(f"/console/receipts?receipt={receipt}")
    assert found.headers["location"] == f"/console/receipts/{receipt}"

    page = vera.get(f"/console/receipts/{receipt}").text
    for told in ("Почему так", "по правилам wine 1", "Бонус", f"Чек {NUMBER}", "принят"):
        assert told in page
    trace = page.partition('<ul class="trace">')[2].partition("</ul>")[0]
    assert trace.count("<li") > 3

    fields = {"direction": "give", "points": "50,00", "wallet": "bonus", "note": "не начислили"}
    done = vera.post(f"/console/members/{member}/points", **fields)
    assert done.headers["location"].endswith("?done=corrected")
    shown = vera.get(f"/console/members/{member}").text
    assert "не начислили" in shown
    assert "начислено" in shown
    chain.sync()


def test_the_level_on_a_page_is_the_one_that_a_till_says(chain: Chain, enter: SignIn) -> None:
    """A sale of 8,000 counts as 7,760 for a starter, 7,600 with silver; gold begins at 15,000."""
    anna, store = chain.member(0), chain.stores[0]
    wine = Item(1, 1000, "CHEESE", price_minor=8_000_00)
    vera = enter(Role.SUPPORT)
    for tier, title in (("start", "Стартовый"), ("silver", "Серебряный"), ("gold", "Золотой")):
        assert f"<strong>{title}</strong>" in vera.get(f"/console/members/{anna.member}").text
        assert store.quote(store.basket(wine, member=anna.member)).evaluation.tier == tier
        store.sell(wine, member=anna.member)
        chain.sync()


def test_above_the_limit_an_operator_agrees_to_what_support_asks_for(
    chain: Chain, enter: SignIn
) -> None:
    _, member = sold(chain)
    vera, olga = enter(Role.SUPPORT), enter(Role.OPERATOR)
    fields = {"direction": "give", "points": "900", "note": "жалоба"}

    asked = vera.post(f"/console/members/{member}/points", **fields)

    assert asked.headers["location"].endswith("?done=waits")
    waiting = vera.get("/console/corrections").text
    assert "Ждёт второго" in waiting
    uid = olga.get("/console/corrections").text.partition("/console/corrections/")[2][:36]
    assert vera.post(f"/console/corrections/{uid}/agree").status_code == 403
    assert olga.post(f"/console/corrections/{uid}/agree").status_code == 303
    assert "support → operator" in vera.get(f"/console/members/{member}").text


def test_a_member_is_found_by_phone_and_edited_with_a_reason(chain: Chain, enter: SignIn) -> None:
    _, member = sold(chain)
    vera = enter(Role.SUPPORT)

    found = vera.get("/console/members?who=8 916 123-45-67")
    assert found.headers["location"] == f"/console/members/{member}"
    assert "Ничего нет" in vera.get("/console/members?who=8 916 000-00-00").text

    here = f"/console/members/{member}"
    assert vera.post(here, name="Анна Сергеева").status_code == 422
    assert vera.post(here, name="Анна Сергеева", note="паспорт").status_code == 303
    for page in ("", "/life", "/lots"):
        assert "Анна Сергеева" in vera.get(here + page).text, page


def test_a_conflict_names_its_receipts_as_they_are_printed_and_no_id(
    chain: Chain, enter: SignIn
) -> None:
    (gift,) = chain.gifts()
    for store in chain.stores:
        store.cut()
        store.sell_gift(gift)
    chain.heal()
    vera = enter(Role.SUPPORT)
    inbox = vera.get("/console/conflicts").text
    conflict = inbox.partition("/console/conflicts/")[2][:36]
    page = vera.get(f"/console/conflicts/{conflict}").text

    sold_again = rf"Чек № {NUMBER} от \d\d\.\d\d\.2026 \d\d:\d\d, магазин 102, касса 1 \(…\w{{8}}\)"
    for text in (inbox, page):
        assert re.search(rf"{sold_again}: сертификат …{gift[-4:]} продан", text)
        assert not re.search(rf"Чек {ID}", text)
    assert re.search(rf"продан раньше: чек № {NUMBER} от [^<]*, магазин 101, касса 1", page)


@pytest.mark.capability("SPIRITS-30")
def test_a_conflict_is_seen_settled_once_and_stands_in_the_trail(
    chain: Chain, enter: SignIn
) -> None:
    first, second = chain.stores
    for store in (first, second):
        store.cut()
    for store in (first, second):
        register(store, "Пётр Иванов" if store is first else "Олег Ким")
    chain.heal()
    vera, auditor = enter(Role.SUPPORT), enter(Role.AUDITOR)
    inbox = vera.get("/console/conflicts").text
    conflict = inbox.partition("/console/conflicts/")[2][:36]

    page = vera.get(f"/console/conflicts/{conflict}").text
    assert '<option value="open" selected>' in vera.get("/console/conflicts").text
    for text in (inbox, page):
        assert re.search(r"Телефон участника \S+ \S\. \(…[0-9a-f]{8}\) уже указан у", text)
    assert "Решение" in page
    assert "Решение" not in auditor.get(f"/console/conflicts/{conflict}").text
    assert vera.post(f"/console/conflicts/{conflict}/resolve").status_code == 422
    done = vera.post(f"/console/conflicts/{conflict}/resolve", note="супруги, один телефон")
    assert done.status_code == 303
    again = vera.post(f"/console/conflicts/{conflict}/resolve", note="ещё раз")
    assert again.status_code == 409

    assert f"/console/conflicts/{conflict}" not in vera.get("/console/conflicts").text
    assert conflict in vera.get("/console/conflicts?state=resolved").text
    assert "супруги, один телефон" in auditor.get("/console/trail").text


def test_what_a_revoked_store_still_holds_is_written_off_on_its_page(
    chain: Chain, enter: SignIn
) -> None:
    anna = chain.member(1_000_00)
    chain.stores[0].sell(Item(1, 1000, "WINE", price_minor=100_00), member=anna.member)
    chain.sync()
    olga, here = enter(Role.OPERATOR), f"/console/stores/{chain.stores[0].code}"

    assert olga.post(f"{here}/revoke", note="украден").status_code == 303
    overview.count(chain.centre, chain.centre.clock.now())
    page = olga.get(here).text

    held = re.search(r"За прежним ещё числится лимит: (\S+) бонусов", page)
    assert held is not None, page
    assert f"{here}/revoke" not in page
    assert f'formaction="{here}/write-off"' in page
    told = olga.post(f"{here}/write-off", note="не вернётся").text
    assert re.search(rf"Освобождено партий \d, бонусов {held[1]}\.", told)


def test_the_stores_that_a_tile_counts_are_those_that_it_leads_to(
    chain: Chain, enter: SignIn
) -> None:
    chain.sync()
    for store in chain.stores:
        Reporter(store.station).turn()
    olga = enter(Role.OPERATOR)
    here = "/console/packs/wine:1"

    tiles = re.findall(r'href="[^"]*\?readiness=(\w+)"><strong>(\d+)', olga.get(here).text)
    told = {
        state: olga.get(f"{here}?readiness={state}&format=csv").text.count("\n") - 1
        for state, _ in tiles
    }

    assert told["loaded"] == 2
    assert {state: int(count) for state, count in tiles} == told


TIERS = """\
id,from,percent:discount,percent:bonus
start,0.00,1 %,3 %
silver,50000.00,5 %,5 %
gold,150000.00,10 %,7 %
"""
WINE = Item(1, 1000, "WINE", price_minor=200_00)


def discounts(chain: Chain, member: UUID) -> list[int]:
    """Sell a bottle to a member in every store; return what was taken off."""
    chain.sync()
    chain.world.time.pass_by(60)
    sold = [store.sell(WINE, member=member) for store in chain.stores]
    chain.world.time.pass_by(60)
    return [one.evaluation.totals.discount_minor for one in sold]


@pytest.mark.capability("FASHION-18")
def test_a_list_of_changes_is_sent_looked_at_tried_approved_published_and_taken_back(
    chain: Chain, enter: SignIn
) -> None:
    """A bottle of 200.00 has 3 % off: 6.00; by the new table 1 %: 2.00."""
    anna = chain.member(0)
    assert discounts(chain, anna.member) == [6_00, 6_00]
    chain.sync()
    mark, olga = enter(Role.MARKETER), enter(Role.OPERATOR)
    first = mark.get("/console/packs").text.partition("/console/packs/")[2][:64]
    given = mark.get(f"/console/packs/{first}/tables/tiers.csv").text
    assert "start;0.00;3.00;3.00" in given

    sent = mark.post_file(f"/console/packs/{first}/tables/tiers", "t.csv", TIERS.encode())
    draft = sent.headers["location"].partition("?")[0]
    assert "было 3\u00a0%, стало 1\u00a0%" in mark.get(draft).text
    tried = olga.get(f"{draft}/preview").text
    assert "6,00 → 2,00" in tried
    assert mark.post(f"{draft}/submit").status_code == 303
    assert mark.post(f"{draft}/approve").status_code == 403
    assert olga.post(f"{draft}/approve", note="смотрела").status_code == 303
    here = chain.stores[0].code
    late = mark.post(f"{draft}/submit")
    assert "одобрен: отправить на проверку его сейчас нельзя." in late.text
    published = olga.post(f"{draft}/publish", stores=here, note="сначала один")
    second = published.headers["location"].partition("?")[0]
    for page in ("/console/packs", second):
        assert "по этапам" in mark.get(page).text

    assert discounts(chain, anna.member) == [2_00, 6_00]
    assert olga.post(f"{second}/widen", note="все").status_code == 303
    assert discounts(chain, anna.member) == [2_00, 2_00]
    assert olga.post(f"{second}/rollback", former=first, note="жалобы").status_code == 303
    assert discounts(chain, anna.member) == [6_00, 6_00]
    told = olga.get(second).text
    for reason in ("сначала один", "все", "жалобы"):
        assert reason in told
