"""What every page of the cashier's screen has to be: accessible, whole, large enough to tap."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.kit import SMALL, WIDE, Counter, sentences

TOUCH_PX = 56
CUT_OFF = """() => [...document.querySelectorAll("html, header, .card, .row, button, .totals")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 200))"""
"""What is wider than its place."""


def assert_fit(counter: Counter) -> None:
    """Judge the page that is shown: no finding of axe, nothing too small to tap or cut off."""
    found = Axe().run(counter.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    assert sentences(found.response["violations"]) == []
    for target in counter.page.locator("button:visible, input:visible, summary:visible").all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= TOUCH_PX, target.evaluate("e => e.outerHTML")
    assert counter.page.evaluate(CUT_OFF) == []


def assert_fit_everywhere(counter: Counter) -> None:
    """Judge the page on both screens and in both languages, and leave it as it was."""
    for _ in range(2):
        for width, height in (WIDE, SMALL):
            counter.page.set_viewport_size({"width": width, "height": height})
            assert_fit(counter)
        before = counter.page.locator("html").get_attribute("lang")
        counter.page.locator("form[action='/screen/language'] button").tap()
        expect(counter.page.locator("html")).not_to_have_attribute("lang", before or "")
