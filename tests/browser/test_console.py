"""The console in a real browser: everybody can use it, by keyboard, without scripts, in two
languages, and nothing comes from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.kit import WIDE, sentences
from tests.browser.office import ANNA, MARK, NAMES, OLGA, TIERS, Office, office
from tests.quiet import quiet

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}
CUT_OFF = """() => [...document.querySelectorAll("html, header, .card, .tile, button")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 200))"""
"""What is wider than its place; tables scroll in theirs."""
OPENED = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
PHONE_PX = (390, 844)
LONG_NAMES = """() => document.querySelectorAll("h1, td:not(.number), dd")
  .forEach((one) => one.prepend("Ы".repeat(90)))"""
GOODS = ("Сыр выдержанный", "Вино красное", "Жалоба")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A chain that has sold, with its console: tests of this module change nothing that matters."""
    with quiet(), office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


def paths(made: Office) -> tuple[str, ...]:
    return (
        "/fleet",
        "/alerts",
        "/regions",
        "/cashiers",
        "/files",
        f"/stores/{made.store}",
        f"/receipts?store={made.store}&day={made.day}",
        f"/receipts/{made.receipt}",
        "/members",
        "/members?who=петр",
        f"/members/{made.member}",
        f"/members/{made.member}/life",
        f"/members/{made.member}/lots",
        "/consents/mailing/v2",
        "/conflicts",
        f"/conflicts/{made.conflict}",
        "/corrections",
        "/packs",
        f"/packs/{made.pack}",
        f"/drafts/{made.draft}",
        f"/drafts/{made.draft}/preview",
        "/figures",
        "/new-store",
        "/me",
    )


def assert_fit(page: Page) -> None:
    page.evaluate(OPENED)  # what is folded is a part of the page
    found = Axe().run(page, options=RULES)
    assert sentences(found.response["violations"]) == [], page.url
    assert page.evaluate(CUT_OFF) == [], page.url


def test_every_page_is_accessible_and_fits_and_english_pages_are_english(
    browser: Browser, made: Office
) -> None:
    with made.window(browser) as page:
        page.goto(f"{made.url}/console/sign-in")
        assert_fit(page)
        made.enter(page, OLGA)
        for path in paths(made):
            page.goto(f"{made.url}/console{path}")
            assert_fit(page)
        page.locator("#language").select_option("en")
        page.locator("form[action='/console/me'] button").click()
        for path in paths(made):
            page.goto(f"{made.url}/console{path}")
            assert page.locator("html").get_attribute("lang") == "en"
            shown = (
                page.locator("header").inner_text()
                + page.locator("h1, h2, th, dt, label").all_inner_texts().__repr__()
            )
            for name in (*NAMES.values(), *GOODS, "Магазин", "Главная ул", "Анна Петрова"):
                shown = shown.replace(name, "")
            assert re.findall("[А-Яа-яЁё]{2,}", shown) == [], path
        page.goto(f"{made.url}/console/me")
        page.locator("#language").select_option("ru")
        page.locator("form[action='/console/me'] button").click()


def test_every_page_fits_a_phone_with_the_longest_name(browser: Browser, made: Office) -> None:
    with made.window(browser, OLGA) as page:
        page.set_viewport_size({"width": PHONE_PX[0], "height": PHONE_PX[1]})
        for path in paths(made):
            page.goto(f"{made.url}/console{path}")
            page.evaluate(OPENED)
            page.evaluate(LONG_NAMES)
            assert page.evaluate(CUT_OFF) == [], path


def test_pages_of_the_staff_are_accessible(browser: Browser, made: Office) -> None:
    with made.window(browser, ANNA) as page:
        for path in ("/people", "/people/vera", "/trail"):
            page.goto(f"{made.url}/console{path}")
            assert_fit(page)
        page.goto(f"{made.url}/console/people")
        page.locator("#login").fill("igor")
        page.locator("#name").fill("Игорь")
        page.get_by_role("button", name="Добавить").click()
        expect(page.locator("svg")).to_be_visible()
        assert_fit(page)


def test_a_table_is_filtered_and_sorted_without_a_reload_and_the_address_follows(
    browser: Browser, made: Office
) -> None:
    with made.window(browser, OLGA) as page:
        page.evaluate("window.stays = 1")
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(3)

        page.locator("#q").fill("102")
        expect(rows).to_have_count(1)
        expect(page.locator("#told")).to_have_text("1–1 из 1")
        page.locator("#q").fill("")
        expect(rows).to_have_count(3)
        page.get_by_role("link", name="Магазин", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
        expect(page.get_by_role("link", name="Магазин", exact=True)).to_be_focused()
        expect(rows.first).to_contain_text("103")

        assert page.evaluate("window.stays") == 1
        assert "sort=-store" in page.url
        page.go_back()
        expect(rows.first).to_contain_text("101")


def test_the_file_is_of_what_is_shown_and_a_filter_begins_at_the_first_page(
    browser: Browser, made: Office
) -> None:
    with made.window(browser, OLGA) as page:
        page.goto(f"{made.url}/console/cashiers?page=9")
        page.get_by_role("link", name="№", exact=True).click()
        page.wait_for_url(re.compile("sort=no"))
        for text in ("о", "ор", "орл"):
            page.locator("#q").fill(text)
            page.wait_for_url(f"**/cashiers?q={quote(text)}&sort=no")
        expect(page.locator("tbody tr")).to_have_count(1)

        with page.expect_download() as kept:
            page.get_by_role("link", name="Выгрузить CSV").click()

        lines = Path(kept.value.path()).read_text("utf-8-sig").splitlines()
        assert lines[1:] == [f"{made.store};7;Мария Орлова;старший"]


def test_all_of_it_works_by_keyboard_alone(browser: Browser, made: Office) -> None:
    with made.window(browser, OLGA) as page:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()

        page.goto(f"{made.url}/console/members")
        expect(page.locator("#who")).to_be_focused()
        page.keyboard.type("8 916 123-45-67")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Анна Петрова")

        page.locator("#points").focus()
        page.keyboard.type("15")
        page.keyboard.press("Tab")
        for _ in range(12):
            if page.evaluate("document.activeElement.id") == "note-points":
                break
            page.keyboard.press("Tab")
        page.keyboard.type("извинение")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("Проведено.")


def test_a_table_is_sent_as_a_file_and_tried_on_what_was_sold(
    browser: Browser, made: Office
) -> None:
    with made.window(browser, MARK) as page:
        page.goto(f"{made.url}/console/packs/{made.pack}")
        assert_fit(page)
        file: FilePayload = {
            "name": "tiers.csv",
            "mimeType": "text/csv",
            "buffer": TIERS.encode(),
        }
        page.locator("#file-tiers").set_input_files([file])
        page.locator("form:has(#file-tiers) button").click()
        expect(page.get_by_role("status").first).to_contain_text("Черновик сделан из таблицы.")
        page.get_by_role("link", name="Проверить на чеках").click()
        expect(page.locator(".change .new").first).to_be_visible()
        page.locator("#receipts").select_option("1000")
        page.get_by_role("button", name="Показать").click()
        expect(page.locator("#receipts")).to_have_value("1000")
        expect(page.locator("tbody tr").first).to_be_visible()
        assert_fit(page)


def test_without_scripts_nothing_is_missing(browser: Browser, made: Office) -> None:
    context = browser.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]}, java_script_enabled=False
    )
    page = context.new_page()
    made.enter(page, OLGA)
    page.locator("#q").fill("102")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="102", exact=True).click()
    expect(page.locator("h1")).to_contain_text("102")
    page.get_by_role("button", name="Выйти").click()
    expect(page.locator("#login")).to_be_visible()
    context.close()
