"""What a cashier does at the screen in a real browser, and what the store then has."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from agent.receipts import slip_text
from shared.clock import SystemClock
from shared.wire.facts import ReceiptCommitted, body_of
from shared.wire.feed import GLOBAL, store_stream
from tests.agent.kit import facts, kinds, last_body
from tests.agent.till.kit import serving
from tests.builders import PIN, STORE, Person, PersonLot, Shop, cashier_row, member_row, pack_row

SMALL, WIDE = (1024, 768), (1366, 768)
CHEESE_CODE, WINE_CODE = "4600000000015", "4600000000022"
CERTIFICATE = "A8N6-T74N-6JWN-N225"
MARIA, OLGA = "7", "9"
PHONE = "+7 916 123-45-67"
WAIT_MS = 10_000
SCANNED_S = 0.002
SLOW = 6
"""How many times slower the CPU of a till may be."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
"""Between two characters of a wedge."""


@dataclass(slots=True)
class Counter:
    """A till with its screen, in a store under the test's hand."""

    shop: Shop
    url: str
    page: Page

    def sign_in(self, cashier: str = MARIA, pin: str = PIN) -> None:
        """Sign in as people do."""
        self.page.locator("#cashier").fill(cashier)
        self.page.locator("#pin").fill(pin)
        self.page.keyboard.press("F9")

    def scan(
        self, code: str, gap_s: float = SCANNED_S, between: Callable[[], None] = lambda: None
    ) -> None:
        """Let the wedge type a code, wherever the focus is, as fast as wedges type.

        `between` is what the page does meanwhile, after the fifth letter.
        """
        wedge = self.page.context.new_cdp_session(self.page)
        began_s = SystemClock().now().timestamp() - gap_s * len(code)
        for place, key in enumerate([*code, "\r"]):
            if place == 5:
                between()
            wedge.send("Input.dispatchKeyEvent", _key(key, began_s + gap_s * place))
        wedge.detach()

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

    def sales(self) -> list[ReceiptCommitted]:
        """Return all sales of the journal."""
        bodies = map(body_of, facts(self.shop))
        return [body for body in bodies if isinstance(body, ReceiptCommitted)]

    def slip(self, uid: UUID) -> str:
        """Return the text of a document's slip as it is spooled."""
        return slip_text(self.shop.station, uid)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the journal's facts."""
        return kinds(self.shop)


def _key(char: str, at_s: float) -> dict[str, Any]:
    """Return a key's stroke as the browser hears it, at its own instant."""
    code = "Enter" if char == "\r" else f"Digit{char}" if char.isdigit() else f"Key{char.upper()}"
    key = "Enter" if char == "\r" else char
    told = {"type": "keyDown", "key": key, "code": code, "text": char, "timestamp": at_s}
    return {**told, "windowsVirtualKeyCode": 13} if char == "\r" else told


@contextmanager
def counter_at(
    browser: Browser, shop: Shop, size: tuple[int, int] = SMALL, *, loops: bool = False
) -> Iterator[Counter]:
    """Serve an open store, show its screen in a window of its own, and close both."""
    try:
        with serving(shop.station, loops=loops) as url, window(browser, url, size) as page:
            yield Counter(shop, url, page)
    finally:
        shop.close()


def partner_shop(folder: Path, **settings: Any) -> Shop:
    """Return a store of the plumbing programme, where Anna is a partner with a benefit to take."""
    shop = open_shop(folder, **settings)
    shop.drop_packs()
    text = files("shared.rules").joinpath("examples/plumbing.yaml").read_text("utf-8")
    shop.feed(GLOBAL, pack_row(text))
    who = anna(shop)
    shop.feed(GLOBAL, structs.replace(member_row(who), segments=("partner",)))
    return shop


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


def scan_slowly(counter: Counter, scans: int) -> list[float]:
    """Scan one code again and again with the CPU throttled; return how long each scan took.

    From the scanner's Enter until the frame with the next page is drawn, in milliseconds.
    """
    for code in (CHEESE_CODE, WINE_CODE):
        counter.scan(code)
    counter.shows("Вино красное")
    slow = counter.page.context.new_cdp_session(counter.page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    return [counter.page.evaluate(SCAN, CHEESE_CODE) for _ in range(scans)]


SCAN = """(code) => new Promise((done) => {
  new MutationObserver((_, watch) => {
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - scannedAt)));
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  for (const key of code) dispatchEvent(new KeyboardEvent("keydown", { key, code: "Digit" + key }));
  const scannedAt = performance.now();
  dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", cancelable: true }));
})"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's chromium without a window; where tests are run for others it has to be there."""
    path = shutil.which("chromium")
    if path is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed: deploy/packages.sh chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path or "chromium", args=FLAGS)
        yield opened
        opened.close()


def anna(shop: Shop, *lots: PersonLot, turnover_minor: int = 6_000_000) -> Person:
    """Make Anna known: silver by her turnover, by card and phone, with points."""
    who = Person(*(lots or (PersonLot(120_000, leased=120_000),)), phone=PHONE)
    who.turnover_minor = turnover_minor
    shop.member(who)
    return who


def sentences(found: Sequence[Any]) -> list[str]:
    """Return what axe has found, short enough to read."""
    return [f"{one['id']}: {one['help']} {[n['target'] for n in one['nodes']]}" for one in found]
