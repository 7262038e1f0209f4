"""The centre's console in a real browser, over a chain of stores that has sold."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import uvicorn
from msgspec import structs
from playwright.sync_api import Browser, Page

from agent.members.service import Registration, register
from agent.quote.lines import Item
from agent.reporting import compose
from central.agents import reports
from central.agents.service import AgentIdentity
from central.app import create_app, full_stages
from central.conflicts import service as conflicts
from central.conflicts.service import Word
from central.conflicts.store import Wanted
from central.corrections.service import Wish, wish
from central.estate.service import save_cashier
from central.overview import service as overview
from central.packs import store as packs
from central.people import store
from central.people.roles import Role
from central.rollout.requests import request
from central.settling.consents import give, publish_text
from shared.packs.table_kinds import TableKind
from shared.receipt import Redeem
from shared.runtime.serve import listen
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import encode
from shared.wire.reports import DeviceReport
from tests.browser.kit import WIDE, window
from tests.central.people.kit import PASSWORD, Staff
from tests.chain.kit import Chain, Store

STOP_S = 5.0
PHONE, SHARED_PHONE = "+79161234567", "+79167778899"
ANNA, VERA, OLGA, MARK = "anna", "vera", "olga", "mark"
ROLES = {
    ANNA: Role.ADMINISTRATOR,
    VERA: Role.SUPPORT,
    OLGA: Role.OPERATOR,
    MARK: Role.MARKETER,
}
NAMES = {ANNA: "Анна Белова", VERA: "Вера Климова", OLGA: "Ольга Седова", MARK: "Марк Лисин"}
TIERS = """\
id,from,percent:discount,percent:bonus
start,0.00,4 %,3 %
silver,5000.00,6 %,5 %
gold,150000.00,10 %,7 %
"""


@dataclass(slots=True)
class Office:
    """A chain with its console; what happened in it, by name."""

    chain: Chain
    staff: Staff
    url: str
    receipt: str
    member: str
    conflict: str
    store: str
    day: str
    pack: str
    draft: int

    def enter(self, page: Page, login: str) -> None:
        """Sign somebody in, as people do."""
        self.chain.world.time.pass_by(60)
        page.goto(f"{self.url}/console/sign-in")
        page.locator("#login").fill(login)
        page.locator("#password").fill(PASSWORD)
        page.locator("#code").fill(self.staff.code(login))
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.url}/console/fleet")

    @contextmanager
    def window(self, browser: Browser, login: str = "") -> Iterator[Page]:
        """Open a window at the console, of somebody who is signed in if one is named."""
        with window(browser, self.url, WIDE) as page:
            if login:
                self.enter(page, login)
            yield page


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """Let a chain work for some hours, serve its console, and close both."""
    chain = Chain(folder, stores=3)
    staff = Staff(chain.centre, chain.centre.clock)
    for login, role in ROLES.items():
        staff.add(login, role)
    _named(staff)
    receipt, member = _day(chain)
    with reading(chain.centre.engine) as connection:
        found = conflicts.look(connection, Wanted()).conflicts[0]
    asked = Wish(member, 2_500_00, "bonus", None, "Жалоба 118", VERA, 0, 0)
    wish(chain.centre, asked)
    with _serving(chain) as url:
        code, day = chain.stores[0].code, chain.world.time.at.date().isoformat()
        pack, draft = _rules(chain)
        ids = (receipt, str(member), str(found.id))
        yield Office(chain, staff, url, *ids, code, day, pack, draft)
    chain.close()


def _named(staff: Staff) -> None:
    with transaction(staff.centre.engine) as connection:
        for login, name in NAMES.items():
            store.change(connection, login, name=name)


def _day(chain: Chain) -> tuple[str, UUID]:
    """Sell for some hours; return a receipt that is worth a look, and its buyer."""
    first, second, third = chain.stores
    buyer = chain.member(1_200_00, PHONE)
    for hour in range(4):
        for place, one in enumerate(chain.stores):
            price = 450_00 + 130_00 * hour + 75_00 * place
            one.sell(Item(1, 1000, "CHEESE", price_minor=price))
            one.sell(Item(1, 1000, "WINE", price_minor=price), member=buyer.member)
        chain.world.time.pass_by(3600)
        chain.sync()
    goods = (Item(1, 2000, "CHEESE", price_minor=640_00), Item(2, 1000, "WINE", price_minor=900_00))
    claim = first.sell(*goods, member=buyer.member, redeem=Redeem.MAXIMUM)
    for one, name in ((first, "Пётр Иванов"), (second, "Олег Ким")):
        one.cut()
        new = Registration(one.uid(), b"content", name, SHARED_PHONE, "v1", cashier="7")
        register(one.station, new, one.machine.clock.now())
    chain.heal()
    chain.audit()
    for no, name, role in (("7", "Мария Орлова", "senior"), ("8", "Игорь Лапин", "cashier")):
        cells = {"no": no, "name": name, "role": role, "pin": "271828", "store": first.code}
        save_cashier(chain.centre, cells)
    third.cut()
    third.sell(Item(1, 1000, "CHEESE", price_minor=700_00))
    chain.world.time.pass_by(2 * 3600)
    for one in (first, second):
        one.sync()
        _report(chain, one)
    terms = "Согласен получать сообщения об акциях."
    publish_text(chain.centre, "mailing", "v2", terms, Word(ANNA, "редакция мая"))
    give(chain.centre, buyer.member, "mailing", "v2", Word(VERA, "по телефону"))
    overview.count(chain.centre, chain.centre.clock.now())
    return str(claim.receipt.uid), buyer.member


def _rules(chain: Chain) -> tuple[str, int]:
    """Return the pack in force, and a draft of its next version that a table has made."""
    file = ("уровни.csv", TIERS.encode())
    made = request(chain.centre, "wine:1", TableKind.TIERS, file, MARK, "новые пороги с июня")
    with reading(chain.centre.engine) as connection:
        (edition,) = packs.editions(connection)
    return edition.hash, made.draft.no


def _report(chain: Chain, one: Store) -> None:
    """Let the centre hear how an agent is, with a printer that has no paper."""
    at, who = one.machine.clock.now(), one.station.identity
    devices = (
        DeviceReport("printer", "blocked", at, "Нет бумаги", "Out of paper"),
        DeviceReport("scanner", "ok", at, "Сканер готов", "The scanner is ready"),
    )
    report = structs.replace(compose(one.station), devices=devices)
    reports.take(chain.centre, AgentIdentity(who.agent, who.epoch, one.code), encode(report))


@contextmanager
def _serving(chain: Chain) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    app = create_app(chain.centre, full_stages())
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        listening.close()
