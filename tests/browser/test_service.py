"""Beside a sale: registration, early activation, returns, copies, certificates, benefits."""

from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser, expect

from agent.printing import store as spool
from agent.printing.service import print_next
from shared.receipt import TenderKind
from shared.runtime.sqlite import reading
from shared.wire.facts import LotActivated, MemberEdited, MemberRegistered, decode_person
from shared.wire.feed import region_stream
from shared.wire.rows import GoodsRow
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided
from tests.agent.kit import facts, last_body
from tests.browser.access import assert_fit
from tests.browser.kit import (
    CERTIFICATE,
    CHEESE_CODE,
    OLGA,
    WINE_CODE,
    Counter,
    anna,
    counter_at,
    partner_shop,
)
from tests.builders import REGION, Person, PersonLot, certificate_known
from tests.fakes import NOON, FakePrinter


def test_a_member_is_registered_in_two_fields_and_then_is_the_buyer(counter: Counter) -> None:
    page = counter.page
    counter.scan(CHEESE_CODE)
    page.locator("#code").fill("+7 903 111-22-33")
    page.keyboard.press("Enter")
    counter.shows("Такого участника здесь не знают")
    counter.press("F8")

    expect(page.locator("#phone")).to_have_value("+7 903 111-22-33")
    page.locator("#name").fill("Иван Петров")
    counter.press("F9")
    counter.shows("Без согласия покупателя регистрация невозможна")
    expect(page.locator("#name")).to_have_value("Иван Петров")
    assert_fit(counter)
    counter.press("F4", "F9", "F9")
    counter.shows("Зарегистрирован, карта", "Иван П.")

    body = last_body(counter.shop)
    assert counter.kinds == ["member.registered"]
    assert isinstance(body, MemberRegistered)
    assert (body.consent, body.cashier) == ("1", "7")


def test_a_customer_found_by_name_is_picked_and_redeems_once_his_phone_is_told(
    counter: Counter,
) -> None:
    page = counter.page
    who = anna(counter.shop)
    counter.shop.member(Person(number=2))
    counter.scan(CHEESE_CODE)
    page.locator("#code").fill("петрова анна")
    page.keyboard.press("Enter")
    counter.shows("Кто из них «петрова анна»? Спросите")
    expect(page.locator(".choice button").first).to_be_focused()
    assert_fit(counter)
    page.keyboard.press("Escape")  # it is none of them: the goods stay
    expect(page.locator(".choice")).to_have_count(0)
    counter.shows("Сыр")
    page.locator("#code").fill("петрова анна")
    page.keyboard.press("Enter")
    expect(page.locator(".choice button").first).to_be_focused()

    counter.scan(WINE_CODE)
    counter.shows("Вино красное")
    page.locator(".choice button").first.tap()
    counter.shows("Серебряный", "назовёт карту или телефон")
    counter.press("F5")
    expect(page.locator("#to-pay")).to_have_text("2 900,00 ₽")
    page.locator("#code").fill(who.phone)
    page.keyboard.press("Enter")
    expect(page.get_by_text("назовёт карту")).to_have_count(0)
    counter.press("F5", "F9", "F2")
    counter.shows("Оплачено")

    assert counter.sold().receipt.member == who.id
    assert counter.sold().evaluation.totals.redeemed_minor > 0


def test_birthday_and_who_invited_are_told_at_registration_and_read_as_people_write(
    counter: Counter,
) -> None:
    page, friend = counter.page, anna(counter.shop)
    counter.press("F8")
    page.locator("#name").fill("Иван Петров")
    page.locator("#phone").fill("+7 903 111-22-33")
    page.locator("#birthday").fill("31.02.1990")
    page.locator("#referrer").fill(friend.card)
    counter.press("F4", "F9")
    counter.shows("«31.02.1990» не читается как дата")
    assert_fit(counter)
    page.locator("#birthday").fill("05031990")
    counter.press("F9")
    counter.shows("Зарегистрирован, карта")

    body = last_body(counter.shop)
    assert isinstance(body, MemberRegistered)
    assert body.referrer == friend.id
    person = decode_person(facts(counter.shop)[-1].personal)
    assert person.birthday == date(1990, 3, 5)


def test_a_profile_is_edited_in_the_fields_that_change(counter: Counter) -> None:
    page, who = counter.page, anna(counter.shop)
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.shows("Анна П.")
    page.get_by_role("button", name="Анкета").tap()
    counter.shows("Анкета: Анна П.")
    assert_fit(counter)
    counter.press("F9")
    counter.shows("Укажите, что изменить")
    page.locator("#name").fill("Анна Котова")
    counter.press("F9")
    counter.shows("Анкета изменена.", "Анна К.")

    body = last_body(counter.shop)
    assert isinstance(body, MemberEdited)
    assert (body.member, body.cashier) == (who.id, "7")
    assert [one.field for one in body.fields] == ["name"]


def test_pending_points_are_activated_on_request_and_can_pay_at_once(counter: Counter) -> None:
    pending = PersonLot(20_000, leased=20_000, activates_at=NOON + timedelta(days=1))
    who = anna(counter.shop, pending)
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.shows("Ожидают")

    counter.page.get_by_role("button", name="Активировать").tap()
    counter.shows("Бонусы активированы: их можно списать.")
    counter.press("F5")

    expect(counter.to_pay).to_have_text("800,00 ₽")
    body = last_body(counter.shop)
    assert isinstance(body, LotActivated)
    assert (body.lot, body.cashier) == (pending.row.id, "7")


def test_goods_come_back_by_the_slips_code_with_a_preview_that_balances(counter: Counter) -> None:
    who = anna(counter.shop)
    sell(counter, CHEESE_CODE, WINE_CODE, who.card)
    sold = counter.sold()

    counter.scan(slip_code(counter))
    counter.shows("оплачен", "Сыр выдержанный", "Вино красное")
    counter.page.get_by_label("Вернуть: Вино красное").fill("1")
    assert_fit(counter)
    counter.press("F9")
    counter.shows("Возврат: проверьте и подтвердите", "Выдать деньгами", "1 900,00 ₽", "95,00")
    assert_fit(counter)
    assert counter.kinds == ["receipt.committed"]
    counter.press("F9", "F9")
    counter.shows("Выдать покупателю 1 900,00 ₽")

    body = last_body(counter.shop)
    assert counter.kinds == ["receipt.committed", "receipt.returned"]
    assert isinstance(body, ReceiptReturned)
    assert body.sale == sold.receipt.uid
    assert [(line.no, line.money_minor) for line in body.lines] == [(2, 190_000)]
    assert "1 900,00" in counter.slip(body.uid)


def test_goods_are_exchanged_and_the_difference_is_paid(counter: Counter) -> None:
    who = anna(counter.shop)
    sell(counter, CHEESE_CODE, who.card)
    sold = counter.sold()
    counter.scan(slip_code(counter))
    counter.shows("Сыр выдержанный")
    counter.page.get_by_label("Вернуть: Сыр").fill("1")
    counter.press("F8")
    counter.shows("Обмен по чеку", "Анна П.")

    counter.scan(WINE_CODE)
    counter.shows("Возвращается", "−1 000,00", "назовёт карту или телефон")
    expect(counter.to_pay).to_have_text("900,00 ₽")
    assert_fit(counter)
    counter.press("F9")
    counter.shows("Обмен: проверьте и подтвердите", "За товары")
    assert_fit(counter)
    counter.page.locator("#cash").fill("400")
    counter.press("F5", "F5")
    counter.shows("Обмен, доплачено 900,00 ₽")

    assert counter.kinds == ["receipt.committed", "receipt.returned", "receipt.committed"]
    bought = counter.sold()
    assert bought.receipt.member == who.id
    assert bought.exchange is not None
    paid = {tender.kind: tender.amount_minor for tender in bought.tenders}
    assert paid == {TenderKind.OTHER: 100_000, TenderKind.CASH: 40_000, TenderKind.CARD: 50_000}
    assert sold.receipt.uid != bought.receipt.uid
    assert "ДОПЛАТА" in counter.slip(bought.receipt.uid)


def test_an_exchange_for_less_pays_out_and_can_be_given_up_before(counter: Counter) -> None:
    sell(counter, WINE_CODE)
    counter.scan(slip_code(counter))
    counter.page.get_by_label("Вернуть: Вино").fill("1")
    counter.press("F8")
    counter.scan(CHEESE_CODE)
    counter.page.get_by_role("button", name="Без обмена").tap()
    expect(counter.to_pay).to_have_text("1 000,00 ₽")
    counter.scan(slip_code(counter))
    counter.page.get_by_label("Вернуть: Вино").fill("1")
    counter.press("F8", "F9")
    counter.shows("Выдать деньгами", "Подтвердить обмен")

    counter.press("F2")
    counter.shows("Обмен, выдать 1 000,00 ₽")

    assert counter.kinds[1:] == ["receipt.returned", "receipt.committed"]


def test_more_than_was_sold_cannot_come_back(counter: Counter) -> None:
    sell(counter, CHEESE_CODE)
    counter.scan(slip_code(counter))

    counter.page.get_by_label("Вернуть: Сыр").fill("2")
    counter.press("F9")

    counter.shows("можно вернуть не больше 1")
    expect(counter.page.get_by_label("Вернуть: Сыр")).to_have_value("2")
    assert counter.kinds == ["receipt.committed"]


def test_only_the_senior_cashier_voids_a_receipt(counter: Counter) -> None:
    sell(counter, CHEESE_CODE)
    counter.press("F10")
    counter.page.get_by_role("button", name="Найти 1 000,00").tap()
    counter.press("F7")
    counter.shows("Это действие вам не разрешено")
    assert counter.kinds == ["receipt.committed"]

    counter.press("F12")
    expect(counter.page.locator("#pin")).to_be_visible()
    counter.sign_in(OLGA)
    counter.press("F7")
    counter.shows("Чек аннулирован, выдать 1 000,00 ₽")

    body = last_body(counter.shop)
    assert isinstance(body, ReceiptVoided)
    assert body.cashier == OLGA


def test_two_taps_on_copy_print_one_copy_that_says_so(counter: Counter) -> None:
    sell(counter, CHEESE_CODE)

    button = counter.page.get_by_role("button", name="Копия слипа")
    button.dblclick()
    counter.shows("Копия 1 отправлена на печать.")

    with reading(counter.shop.station.journal) as connection:
        assert spool.counts(connection) == {"queued": 2}


def test_a_slip_in_doubt_stays_in_sight_until_somebody_says_what_is(counter: Counter) -> None:
    shop = counter.shop
    sell(counter, CHEESE_CODE)
    print_next(shop.station, FakePrinter(shop.clock, [*FakePrinter.CLEAR, None]).printer())
    counter.press("F9")
    counter.scan(WINE_CODE)
    counter.shows("Проверьте слипы: 1", "Вино красное")

    counter.page.get_by_role("button", name="Проверьте слипы: 1").tap()
    counter.shows("Что с бумагой?", "Неясно, напечатан ли слип")
    counter.page.locator("summary").tap()
    assert_fit(counter)
    counter.page.get_by_role("button", name="Нет, печатать копию").dblclick()
    counter.shows("Копия 1 отправлена на печать.", "КОПИЯ 1", "Слип ждёт принтера")
    expect(counter.page.get_by_text("Проверьте слипы")).to_have_count(0)

    with reading(shop.station.journal) as connection:
        assert spool.counts(connection) == {"cancelled": 1, "queued": 1}
    counter.press("Escape")
    counter.shows("Вино красное")


def test_the_drawer_is_opened_once_by_a_key(counter: Counter) -> None:
    device = FakePrinter(counter.shop.clock, [b"\x12"], [b"\x12"])
    counter.shop.station.printer = device.printer()
    sell(counter, CHEESE_CODE)

    counter.press("F5", "F5")
    counter.shows("Команда ящику отправлена.")

    assert [heard.count(b"\x1bp") for heard in device.heard] == [1]


def test_a_certificate_pays_and_its_tender_is_counted(counter: Counter) -> None:
    certificate_known(counter.shop, CERTIFICATE, balance=70_000, pin="4321")
    page = counter.page
    counter.scan(CHEESE_CODE)
    page.locator("#promo").fill(CERTIFICATE)
    page.keyboard.press("Enter")
    counter.shows("PIN не указан или неверен")
    expect(page.locator("#promo")).to_have_value(CERTIFICATE)
    page.get_by_label("PIN сертификата").fill("4321")
    page.keyboard.press("Enter")
    expect(counter.to_pay).to_have_text("300,00 ₽")
    counter.press("F9")
    counter.page.locator("#cash").fill("100")
    counter.press("F5")
    counter.shows("Оплачено 300,00 ₽")

    paid = {tender.kind: tender.amount_minor for tender in counter.sold().tenders}
    assert paid == {
        TenderKind.CERTIFICATE: 70_000,
        TenderKind.CASH: 10_000,
        TenderKind.CARD: 20_000,
    }


def test_a_certificate_is_sold_by_its_code_and_not_without_it(counter: Counter) -> None:
    goods = ("GIFT", "Подарочный сертификат", "gifts", "", ("certificate",), 100_000, 0)
    counter.shop.feed(region_stream(REGION), GoodsRow(*goods, ("4600000000039",)))
    certificate_known(counter.shop, CERTIFICATE, state="for_sale")
    counter.scan("4600000000039")
    counter.shows("Подарочный сертификат")
    counter.press("F9")
    counter.shows("Строка 1: отсканируйте код сертификата")

    counter.scan(CERTIFICATE.replace("-", ""))
    expect(counter.page.get_by_label("Код продаваемого")).not_to_have_value("")
    assert_fit(counter)
    counter.press("F9", "F2")
    counter.shows("Оплачено 1 000,00 ₽")

    (issued,) = counter.sold().issued
    assert issued.tail == CERTIFICATE[-4:]


def test_a_partner_splits_his_benefit(browser: Browser, tmp_path: Path) -> None:
    with counter_at(browser, partner_shop(tmp_path)) as counter:
        counter.sign_in()
        counter.scan(CHEESE_CODE)
        counter.scan(Person(number=1).card)
        counter.shows("Выгода 10,00: как получить?")
        assert_fit(counter)
        counter.page.locator("#benefit").fill("4")
        counter.page.keyboard.press("Enter")
        counter.shows("скидка 4,00, бонусы 6,00")
        counter.page.locator("#benefit").fill("25")
        counter.page.get_by_role("button", name="столько процентов").tap()
        counter.shows("скидка 2,50, бонусы 7,50")
        counter.page.locator("#benefit").fill("4")
        counter.page.keyboard.press("Enter")
        counter.shows("скидка 4,00, бонусы 6,00")
        counter.press("F9", "F2")
        counter.shows("Оплачено 996,00 ₽")

        (benefit,) = counter.sold().evaluation.entitlements
        assert (benefit.discount, benefit.bonus) == (400, 600)
        assert counter.sold().evaluation.totals.earned_points == 600


def sell(counter: Counter, *codes: str) -> None:
    """Sell what is scanned for cash."""
    for code in codes:
        counter.scan(code)
    counter.press("F9", "F2")
    counter.shows("Оплачено")


def slip_code(counter: Counter) -> str:
    """Return the code on the slip of the last sale, as a scanner reads it."""
    slip = counter.slip(counter.sales()[-1].receipt.uid)
    return "".join(slip.partition("QR ")[2].split())
