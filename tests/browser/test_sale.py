"""A sale at the screen: what the page shows, what the journal holds, what the slip says."""

from playwright.sync_api import Browser, Route, expect

from shared.receipt import Tender, TenderKind
from tests.agent.kit import lot_seen
from tests.agent.till.kit import serving
from tests.browser.kit import CHEESE_CODE, WINE_CODE, Counter, anna, window
from tests.builders import PersonLot


def test_a_member_buys_with_points_by_keyboard_alone(counter: Counter) -> None:
    who = anna(counter.shop)

    counter.scan(CHEESE_CODE)
    counter.scan(WINE_CODE)
    counter.scan(who.card)
    counter.shows("Анна П.", "Серебряный", "1 200,00")
    counter.press("F5")
    counter.shows("Бонусами можно оплатить не больше 50 %")
    expect(counter.to_pay).to_have_text("2 400,00 ₽")
    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")
    counter.press("F2")
    counter.shows("Оплачено 2 400,00 ₽")

    sold = counter.sold()
    assert counter.kinds == ["receipt.committed"]
    assert (sold.receipt.member, sold.cashier) == (who.id, "7")
    assert sold.evaluation.totals.redeemed_points == 50_000
    assert sold.tenders == (Tender(TenderKind.CASH, 240_000),)
    slip = counter.slip(sold.receipt.uid)
    assert "2 400,00" in slip
    assert "Сыр выдержанный" in slip
    assert counter.page.locator("#slip").inner_text().strip() == slip.strip()


def test_offline_a_sale_goes_on_within_the_stores_own_leases(counter: Counter) -> None:
    who = anna(counter.shop, PersonLot(120_000, leased=20_000))
    counter.shop.link.up = False

    counter.shows("Только магазин · данные на 15:00")
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.shows("здесь 200,00")
    counter.press("F5")
    expect(counter.to_pay).to_have_text("800,00 ₽")
    counter.shows("Здесь сейчас можно списать 200,00 из 500,00 бонусов.")
    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")
    counter.press("F3")
    counter.shows("Оплачено 800,00 ₽")

    sold = counter.sold()
    assert counter.shop.link.asked == []
    assert sold.tenders == (Tender(TenderKind.CARD, 80_000),)
    assert [draw.amount for draw in sold.evaluation.redemption.draws] == [20_000]
    assert "данные" in counter.slip(sold.receipt.uid).lower()


def test_goods_and_phone_can_be_typed_and_lines_changed_by_touch(counter: Counter) -> None:
    anna(counter.shop)
    page, entry = counter.page, counter.page.get_by_label("Код, карта, телефон, имя или артикул")

    entry.fill("CHEESE")
    page.get_by_role("button", name="Ввести").tap()
    page.get_by_role("button", name="Больше: Сыр").tap()
    page.get_by_role("button", name="Больше: Сыр").tap()
    expect(counter.to_pay).to_have_text("3 000,00 ₽")
    page.get_by_label("Количество, строка 1").fill("0,35")
    page.keyboard.press("Enter")
    expect(counter.to_pay).to_have_text("350,00 ₽")
    entry.fill("8 (916) 123-45-67")
    page.get_by_role("button", name="Ввести").tap()
    counter.shows("Анна П.")
    page.get_by_role("button", name="К оплате").tap()
    page.get_by_role("button", name="Наличные", exact=True).tap()
    counter.shows("Оплачено 350,00 ₽")

    (line,) = counter.sold().receipt.lines
    assert (line.goods.sku, line.quantity) == ("CHEESE", 350)


def test_two_taps_on_pay_are_one_sale(counter: Counter) -> None:
    counter.scan(CHEESE_CODE)
    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")

    counter.press("F2", "F2", "F3")
    counter.shows("Оплачено 1 000,00 ₽")

    assert counter.kinds == ["receipt.committed"]
    assert counter.sold().tenders == (Tender(TenderKind.CASH, 100_000),)


def test_a_scan_right_after_a_tap_is_not_lost_and_waits_for_it(counter: Counter) -> None:
    who = anna(counter.shop)
    counter.scan(CHEESE_CODE)
    expect(counter.to_pay).to_have_text("1 000,00 ₽")
    page, asked = counter.page, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    held: list[Route] = []
    page.route("**/screen/line", lambda route: held.append(route))  # noqa: PLW0108

    page.get_by_role("button", name="Больше: Сыр").tap()
    counter.scan(WINE_CODE)
    counter.scan(who.card)

    assert f"{counter.url}/screen/code" not in asked
    held[0].continue_()
    counter.shows("Вино красное", "Анна П.")
    expect(page.get_by_label("Количество, строка 1")).to_have_value("2")


def test_what_is_scanned_after_the_total_is_the_next_customers(counter: Counter) -> None:
    counter.scan(CHEESE_CODE)
    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")

    counter.scan(WINE_CODE)
    counter.shows(f"попадёт в следующий чек или в этот, если вернуться: {WINE_CODE}")
    counter.press("F2")
    counter.shows("Оплачено 1 000,00 ₽")
    counter.press("F9")

    expect(counter.to_pay).to_have_text("2 000,00 ₽")
    assert [line.goods.sku for line in counter.sold().receipt.lines] == ["CHEESE"]


def test_going_back_cancels_the_reserve_and_keeps_the_goods(counter: Counter) -> None:
    who = anna(counter.shop)
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.press("F5")
    counter.shows("Списать бонусы")
    expect(counter.to_pay).to_have_text("500,00 ₽")
    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")

    counter.press("Escape")

    counter.shows("Очистить чек")
    expect(counter.to_pay).to_have_text("500,00 ₽")
    assert counter.kinds == []
    assert lot_seen(counter.shop, who, who.lots[0]).here == 120_000


def test_a_reserved_receipt_is_shown_again_after_the_agent_was_killed(
    browser: Browser, counter: Counter
) -> None:
    counter.scan(CHEESE_CODE)
    counter.press("F9")
    counter.shows("Сумма и бонусы закреплены.")

    counter.shop.restart()
    with serving(counter.shop.station) as url, window(browser, url) as page:
        again = Counter(counter.shop, url, page)
        again.sign_in()
        again.shows("Сумма и бонусы закреплены.", "Сыр выдержанный")
        again.press("F2")
        again.shows("Оплачено 1 000,00 ₽")

    assert counter.kinds == ["receipt.committed"]


def test_a_refused_amount_is_explained_and_stays_in_its_field(counter: Counter) -> None:
    who = anna(counter.shop)
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.shows("Анна П.")

    counter.page.locator("#redeem").fill("сто")
    counter.page.keyboard.press("Enter")

    counter.shows("«сто» не читается как число.")
    expect(counter.page.locator("#redeem")).to_have_value("сто")


def test_a_scan_in_which_the_page_turns_leaves_no_letters_in_its_field(counter: Counter) -> None:
    page = counter.page
    page.locator("#promo").focus()

    def turn() -> None:
        page.evaluate("promo.remove(), document.getElementById('code').focus()")
        page.wait_for_timeout(100)

    counter.scan(CHEESE_CODE, between=turn)

    counter.shows("Сыр выдержанный")
    expect(page.locator("#code")).to_have_value("")
