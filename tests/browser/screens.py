"""Draw the cashier's screen and the console: `make screens` writes them into docs/screens."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from agent.devices import Condition, Health
from agent.printing import service as printing
from agent.printing import store as spool
from agent.printing.service import print_next
from agent.printing.store import JobState
from shared.runtime.sqlite import transaction
from shared.wire.feed import region_stream
from shared.wire.rows import GoodsRow
from tests.browser import console_screens
from tests.browser.access import assert_fit
from tests.browser.kit import (
    CERTIFICATE,
    CHEESE_CODE,
    SMALL,
    WIDE,
    WINE_CODE,
    Counter,
    anna,
    chromium,
    counter_at,
    open_shop,
    partner_shop,
)
from tests.builders import REGION, Person, PersonLot, Shop, certificate_known
from tests.fakes import NOON, FakePrinter

COLOURS = 128
GIFT_CODE = "4600000000039"
SETTLED_MS = 700
"""Longer than a page waits to hear that it is old."""


def main(out: Path) -> None:
    """Draw all states in Russian at 1024 × 768, some at 1366 × 768 and in English; judge each of
    them in both languages on both screens."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with chromium() as browser:
        for name, size, shown in (
            ("ru", SMALL, None),
            ("ru-1366", WIDE, {"member", "payment", "preview", "exchange"}),
            ("en", SMALL, {"member", "payment", "done", "preview", "sign-in"}),
            ("en-1366", WIDE, set[str]()),
        ):
            for state, counter in _states(browser, size, name.partition("-")[0]):
                counter.page.wait_for_timeout(SETTLED_MS)
                assert_fit(counter)
                if shown is None or state in shown:
                    _write(counter.page.screenshot(), out / f"{state}-{name}.png")
        console_screens.draw(browser, lambda drawn, name: _write(drawn, out / f"{name}.png"))


def _write(drawn: bytes, file: Path) -> None:
    """Write a picture with as many colours as a screen of few colours needs."""
    Image.open(BytesIO(drawn)).convert("RGB").quantize(COLOURS).save(file, optimize=True)


def _states(browser: Browser, size: tuple[int, int], lang: str) -> Iterator[tuple[str, Counter]]:
    with tempfile.TemporaryDirectory() as folder:
        shop = open_shop(Path(folder) / "day", screen_language=lang)
        with counter_at(browser, shop, size) as counter:
            yield from _day(counter)
        shop = partner_shop(Path(folder) / "partner", screen_language=lang)
        with counter_at(browser, shop, size) as counter:
            yield from _benefit(counter)


def _day(counter: Counter) -> Iterator[tuple[str, Counter]]:
    """Go through a cashier's day, a state at a time."""
    shop = counter.shop
    _people(counter)
    _healthy(counter, Condition.OK, "Принтер готов", "The printer is ready")
    yield "sign-in", counter
    counter.sign_in(pin="000000")
    yield "sign-in-refused", counter
    counter.sign_in()
    yield "empty", counter
    counter.scan(CHEESE_CODE)
    counter.scan(WINE_CODE)
    yield "goods", counter
    counter.scan("4600000099999")
    yield "unknown-code", counter
    counter.scan("+79165550000")
    yield "no-member", counter
    counter.page.locator("#code").fill("8 916 777-88-99")
    counter.page.keyboard.press("Enter")
    yield "which-member", counter
    counter.page.locator("#code").fill("петрова анна")
    counter.page.keyboard.press("Enter")
    yield "which-name", counter
    counter.scan(ANNA.card)
    yield "member", counter
    counter.page.get_by_role("button", name=re.compile("Анкета|Profile")).click()
    yield "profile", counter
    counter.press("Escape")
    counter.press("F5")
    yield "redeem", counter
    counter.scan(CERTIFICATE)
    counter.page.locator("#promo").fill("SUMMER")
    counter.page.keyboard.press("Enter")
    yield "codes", counter
    shop.link.up = False
    _healthy(counter, Condition.BLOCKED, "Нет бумаги", "Out of paper")
    yield "offline-no-paper", counter
    shop.link.up = True
    _healthy(counter, Condition.OK, "Принтер готов", "The printer is ready")
    counter.page.evaluate("news.close(); heardAt = -SILENT_MS; watch()")
    yield "agent-silent", counter
    counter.page.reload()
    counter.press("F9")
    yield "payment", counter
    counter.scan(WINE_CODE)
    yield "payment-scanned", counter
    counter.press("F2")
    yield "done", counter
    counter.press("F10")
    yield "receipts", counter
    counter.page.locator(".left .recent button").first.click()
    yield "receipt", counter
    counter.page.locator("#part-1").fill("1")
    counter.press("F9")
    yield "preview", counter
    counter.press("F9")
    yield "returned", counter
    yield from _exchange(counter)
    counter.press("F9", "Escape", "F8")
    yield "register", counter
    counter.page.locator("#name").fill("Иван Петров")
    counter.page.locator("#phone").fill("123")
    counter.press("F4", "F9")
    yield "register-refused", counter
    counter.page.locator("#phone").fill("8 903 111-22-33")
    counter.press("F9")
    yield "registered", counter
    counter.scan(CHEESE_CODE)
    counter.press("F12")
    yield "locked", counter


def _exchange(counter: Counter) -> Iterator[tuple[str, Counter]]:
    """Exchange what was sold last, and lose the printer in the slip; then sell a certificate."""
    shop = counter.shop
    counter.press("F10")
    counter.page.locator(".left .recent button").last.click()
    counter.page.locator("#part-2").fill("1")
    counter.press("F8")
    counter.scan(WINE_CODE)
    yield "exchange-goods", counter
    counter.press("F9")
    yield "exchange", counter
    counter.press("F2")
    yield "exchanged", counter
    _doubt(shop)
    counter.press("F9")
    counter.scan(CHEESE_CODE)
    counter.press("F10")
    yield "papers", counter
    counter.press("Escape")
    counter.scan(GIFT_CODE)
    yield "certificate-sold", counter
    counter.press("Escape")


def _doubt(shop: Shop) -> None:
    """Print what is spooled but for the last slip, which nobody sees the end of."""
    while (jobs := printing.queued(shop.station).get("queued", 0)) > 1:
        with transaction(shop.station.journal) as connection:
            found = spool.next_queued(connection)
            assert found is not None
            spool.move(connection, found[0], JobState.PRINTED, "")
        assert jobs
    print_next(shop.station, FakePrinter(shop.clock, [*FakePrinter.CLEAR, None]).printer())


def _benefit(counter: Counter) -> Iterator[tuple[str, Counter]]:
    counter.sign_in()
    counter.scan(CHEESE_CODE)
    counter.scan(ANNA.card)
    counter.press("F6")
    yield "benefit", counter


ANNA = Person(number=1)


def _people(counter: Counter) -> None:
    shop = counter.shop
    soon, later = (NOON + timedelta(days=9)).date(), NOON + timedelta(days=1)
    anna(
        shop,
        PersonLot(90_000, leased=60_000),
        PersonLot(30_000, leased=30_000, number=2, expires_on=soon),
        PersonLot(17_800, number=3, activates_at=later),
    )
    for number in (5, 6):
        shop.member(Person(number=number, phone="8 916 777-88-99"))
    certificate_known(shop, CERTIFICATE, balance=70_000)
    goods = ("GIFT", "Подарочный сертификат", "gifts", "", ("certificate",), 100_000, 0)
    shop.feed(region_stream(REGION), GoodsRow(*goods, (GIFT_CODE,)))


def _healthy(counter: Counter, condition: Condition, ru: str, en: str) -> None:
    counter.shop.station.devices.report("printer", Health(condition, ru, en, NOON))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
