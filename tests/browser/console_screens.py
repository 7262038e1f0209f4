"""Pictures of the console: `make screens` draws them beside those of the cashier's screen."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.office import ANNA, OLGA, VERA, Office, office
from tests.quiet import quiet

Shot = tuple[str, Page]


def draw(browser: Browser, write: Callable[[bytes, str], None]) -> None:
    """Draw every page of the console at 1366 × 768, some in English."""
    with tempfile.TemporaryDirectory() as folder, quiet(), office(Path(folder)) as made:
        for name, page in _pages(browser, made):
            write(page.screenshot(), f"console-{name}")


def _pages(browser: Browser, made: Office) -> Iterator[Shot]:
    with made.window(browser) as page:
        page.goto(f"{made.url}/console/sign-in")
        yield "sign-in-ru", page
    with made.window(browser, OLGA) as page:
        yield "fleet-ru", page
        for name, path in (
            ("store", f"/stores/{made.store}"),
            ("receipts", f"/receipts?store={made.store}&day={made.day}"),
            ("receipt", f"/receipts/{made.receipt}"),
            ("member", f"/members/{made.member}"),
            ("conflicts", "/conflicts"),
            ("conflict", f"/conflicts/{made.conflict}"),
            ("corrections", "/corrections"),
            ("figures", "/figures"),
            ("packs", "/packs"),
            ("pack", f"/packs/{made.pack}"),
            ("draft", f"/drafts/{made.draft}"),
            ("preview", f"/drafts/{made.draft}/preview"),
            ("life", f"/members/{made.member}/life"),
            ("lots", f"/members/{made.member}/lots"),
            ("found", "/members?who=петр"),
            ("alerts", "/alerts"),
            ("cashiers", "/cashiers"),
            ("files", "/files"),
        ):
            page.goto(f"{made.url}/console{path}")
            yield f"{name}-ru", page
        page.goto(f"{made.url}/console/me")
        page.locator("#language").select_option("en")
        page.get_by_role("button", name="Сохранить").last.click()
        page.goto(f"{made.url}/console/fleet")
        yield "fleet-en", page
        page.goto(f"{made.url}/console/receipts/{made.receipt}")
        yield "receipt-en", page
        page.goto(f"{made.url}/console/drafts/{made.draft}/preview")
        yield "preview-en", page
    with made.window(browser, VERA) as page:
        page.goto(f"{made.url}/console/members")
        yield "search-ru", page
    with made.window(browser, ANNA) as page:
        page.goto(f"{made.url}/console/people")
        yield "people-ru", page
        page.goto(f"{made.url}/console/trail")
        yield "trail-ru", page
