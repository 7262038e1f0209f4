"""Who may use the screen, and that everybody can: PIN, lock, contrast, sizes, keyboard."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.access import assert_fit_everywhere
from tests.browser.kit import CHEESE_CODE, OLGA, Counter, anna
from tests.builders import PIN, PersonLot
from tests.fakes import NOON


def test_every_state_of_a_sale_is_accessible_and_large_enough_to_tap(counter: Counter) -> None:
    soon, later = (NOON + timedelta(days=9)).date(), NOON + timedelta(days=1)
    who = anna(
        counter.shop,
        PersonLot(120_000, leased=90_000),
        PersonLot(30_000, leased=30_000, number=2, expires_on=soon),
        PersonLot(17_800, number=3, activates_at=later),
    )
    assert_fit_everywhere(counter)

    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.press("F5")
    counter.shows("Бонусами можно оплатить не больше 50 %")
    assert_fit_everywhere(counter)

    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")
    assert_fit_everywhere(counter)

    counter.press("F2")
    counter.shows("Оплачено")
    assert_fit_everywhere(counter)

    counter.press("F10")
    counter.shows("Последние документы")
    assert_fit_everywhere(counter)
    counter.page.get_by_role("button", name=re.compile("Найти .*,")).tap()
    counter.page.get_by_label("Вернуть: Сыр").fill("1")
    assert_fit_everywhere(counter)
    counter.page.get_by_label("Вернуть: Сыр").fill("1")
    counter.press("F9")
    counter.shows("Возврат: проверьте и подтвердите")
    assert_fit_everywhere(counter)

    counter.press("F12")
    expect(counter.page.get_by_label("PIN, 6 цифр")).to_be_visible()
    assert_fit_everywhere(counter)


def test_a_wrong_pin_is_refused_and_five_of_them_lock_the_cashier_out(counter: Counter) -> None:
    counter.press("F12")
    for number in range(5):
        counter.sign_in(pin=f"00000{number}")
        counter.shows("Номер кассира или PIN неверны.")
        expect(counter.page.get_by_label("PIN, 6 цифр")).to_have_value("")

    counter.sign_in()

    counter.shows("Слишком много неверных PIN.")
    expect(counter.page.get_by_label("PIN, 6 цифр")).to_be_visible()


def test_an_idle_screen_locks_itself_and_keeps_the_receipt(counter: Counter) -> None:
    counter.scan(CHEESE_CODE)
    counter.shows("Сыр выдержанный")

    counter.shop.clock.move(seconds=counter.shop.station.settings.screen_lock_s)

    counter.shows("Экран закрыт. Чек сохранён.")
    counter.scan(CHEESE_CODE)
    counter.shows("Войдите снова.")
    counter.sign_in(OLGA)
    counter.shows("Ольга", "старший кассир", "Сыр выдержанный")
    expect(counter.page.get_by_label("Количество, строка 1")).to_have_value("1")


def test_the_pin_can_be_tapped(counter: Counter) -> None:
    counter.press("F12")
    counter.page.get_by_label("Номер кассира").fill(OLGA)
    expect(counter.page.get_by_label("PIN, 6 цифр")).to_be_visible()
    for digit in PIN:
        counter.page.get_by_role("button", name=digit, exact=True).tap()
    counter.page.get_by_role("button", name="Войти").last.tap()

    counter.shows("Ольга")


def test_in_english_no_word_is_left_in_russian(counter: Counter) -> None:
    who = anna(counter.shop)
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.press("F5")
    counter.page.get_by_role("button", name="English").tap()
    counter.shows("Redeem points", "Clear the receipt")
    assert counter.page.locator("html").get_attribute("lang") == "en"
    assert_english(counter)

    counter.press("F10")
    counter.shows("Receipts, returns")
    assert_english(counter)
    counter.press("Escape", "F9")
    counter.shows("The sum and the points are held.")
    assert_english(counter)
    counter.press("F12")
    counter.shows("Cashier's sign-in")
    assert_english(counter)


def assert_english(counter: Counter) -> None:
    """Judge a page: what is Russian on it is the name of goods, of people, or of the language."""
    shown = counter.page.locator("#screen").inner_text()
    for name in ("Сыр выдержанный", "Анна П.", "Мария", "Русский"):
        shown = shown.replace(name, "")
    assert re.findall("[А-Яа-яЁё]+", shown) == []
