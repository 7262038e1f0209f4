"""A real browser, a store that is open, and a till's screen in it with a cashier signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.kit import Counter, chromium, counter_at, open_shop


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for the package and no longer: its driver's event loop stays in the main thread."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def counter(browser: Browser, tmp_path: Path) -> Iterator[Counter]:
    """A counter of a store with the line up: a screen at till 1, Maria signed in."""
    with counter_at(browser, open_shop(tmp_path)) as made:
        made.sign_in()
        made.shows("Мария")
        yield made
