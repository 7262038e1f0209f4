"""What a cashier does at the screen in a real browser, and what the store then has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Locator, Page, expect

from agent.receipts import slip_text
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import store_stream
from tests.agent.kit import kinds, last_body
from tests.agent.till.kit import serving
from tests.builders import PIN, STORE, Person, PersonLot, Shop, cashier_row

SMALL, WIDE = (1024, 768), (1366, 768)
CHEESE_CODE, WINE_CODE = "4600000000015", "4600000000022"
MARIA, OLGA = "7", "9"
PHONE = "+7 916 123-45-67"
WAIT_MS = 10_000
SCANNED_MS = 2
"""Between two characters of a wedge."""


@dataclass(slots=True)
class Counter:
    """A till with its screen, in a store under the test's hand."""

    shop: Shop
    url: str
    page: Page

    def sign_in(self, cashier: str = MARIA, pin: str = PIN) -> None:
        """Sign in as people do."""
        self.page.get_by_label("Номер кассира").fill(cashier)
        self.page.get_by_label("PIN, 6 цифр").fill(pin)
        self.page.keyboard.press("F9")

    def scan(self, code: str) -> None:
        """Let the wedge type a code, wherever the focus is."""
        self.page.keyboard.type(code, delay=SCANNED_MS)
        self.page.keyboard.press("Enter")

    def press(self, *keys: str) -> None:
        """Press function keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def shows(self, *texts: str) -> None:
        """Wait until the page says all of these."""
        for text in texts:
            expect(self.page.locator("#screen")).to_contain_text(text)

    @property
    def to_pay(self) -> Locator:
        """The sum to pay."""
        return self.page.locator("#to-pay")

    def sold(self) -> ReceiptCommitted:
        """Return the sale that the journal ends with."""
        body = last_body(self.shop)
        assert isinstance(body, ReceiptCommitted)
        return body

    def slip(self, uid: UUID) -> str:
        """Return the text of a document's slip as it is spooled."""
        return slip_text(self.shop.station, uid)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the journal's facts."""
        return kinds(self.shop)


@contextmanager
def counter_at(
    browser: Browser,
    folder: Path,
    size: tuple[int, int] = SMALL,
    shop: Shop | None = None,
    **settings: Any,
) -> Iterator[Counter]:
    """Open a store, serve it, and show its screen in a window of its own."""
    made = shop or open_shop(folder, **settings)
    try:
        with serving(made.station) as url, window(browser, url, size) as page:
            yield Counter(made, url, page)
    finally:
        made.close()


def open_shop(folder: Path, **settings: Any) -> Shop:
    """Return an open store with two cashiers, Maria and the senior Olga."""
    shop = Shop(folder, **settings).open()
    rows = (cashier_row(MARIA, "Мария"), cashier_row(OLGA, "Ольга", role="senior"))
    shop.feed(store_stream(STORE), *rows)
    return shop


@contextmanager
def window(
    browser: Browser, url: str, size: tuple[int, int] = SMALL, till: str = "1"
) -> Iterator[Page]:
    """Open a window that is a till's; nothing of another origin is let through."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="ru-RU", has_touch=True
    )
    foreign: list[str] = []

    def only_own(route: Any) -> None:
        foreign.append(route.request.url)
        route.abort()

    context.route(lambda asked: not asked.startswith(url), only_own)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{url}/?till={till}")
    try:
        yield page
    finally:
        context.close()
    assert (foreign, broken) == ([], [])


def anna(shop: Shop, *lots: PersonLot, turnover_minor: int = 6_000_000) -> Person:
    """Make Anna known: silver by her turnover, by card and phone, with points."""
    who = Person(*(lots or (PersonLot(120_000, leased=120_000),)), phone=PHONE)
    who.turnover_minor = turnover_minor
    shop.member(who)
    return who


def sentences(found: Sequence[Any]) -> list[str]:
    """Return what axe has found, short enough to read."""
    return [f"{one['id']}: {one['help']} {[n['target'] for n in one['nodes']]}" for one in found]
