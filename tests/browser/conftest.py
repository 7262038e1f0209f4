"""A real browser, a store that is open, and a till's screen in it with a cashier signed in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.kit import Counter, counter_at, open_shop

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's chromium; one of the package, for a driver's event loop stays in the main thread."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is needed: deploy/packages.sh chromium")
        pytest.skip("chromium is not installed")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def counter(browser: Browser, tmp_path: Path) -> Iterator[Counter]:
    """A counter of a store with the line up: a screen at till 1, Maria signed in."""
    with counter_at(browser, open_shop(tmp_path)) as made:
        made.sign_in()
        made.shows("Мария")
        yield made
