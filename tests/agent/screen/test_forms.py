"""The screen without a script: plain forms, their guard, what is bounded, what survives."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from agent.app import create_app
from agent.disk import MEGABYTE
from agent.pairing import add_token
from agent.settings import AgentSettings
from shared.runtime.sqlite import transaction
from tests.agent.kit import kinds
from tests.agent.till.kit import ELSEWHERE, LOOPBACK
from tests.browser.kit import CHEESE_CODE, MARIA, anna, open_shop
from tests.builders import PIN, Shop

TOKEN = "ab" * 24
BASE = "http://127.0.0.1:8200"


class Form:
    """A browser without scripts at one till."""

    def __init__(self, shop: Shop, client: tuple[str, int] = LOOPBACK) -> None:
        self.client = TestClient(create_app(shop.station), base_url=BASE, client=client)

    def get(self, path: str = "/") -> httpx.Response:
        answer: httpx.Response = self.client.get(path)
        return answer

    def post(self, verb: str, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        answer: httpx.Response = self.client.post(f"/screen/{verb}", data=form, headers=headers)
        return answer

    def sign_in(self) -> "Form":
        assert "Мария" in self.post("sign-in", cashier=MARIA, pin=PIN).text
        return self


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = open_shop(tmp_path)
    yield made
    made.close()


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_a_sale_needs_no_script(shop: Shop) -> None:
    form = Form(shop).sign_in()

    page = form.post("code", code=CHEESE_CODE).text
    page = form.post("reserve", digest=field(page, "digest")).text
    page = form.post("pay", receipt=field(page, "receipt"), tender="cash").text

    assert "Оплачено" in page
    assert kinds(shop) == ["receipt.committed"]


def test_a_page_has_no_script_in_it_and_lets_nothing_foreign_in(shop: Shop) -> None:
    answer = Form(shop).sign_in().get()

    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", answer.text)
    assert set(re.findall(r'(?:src|href)="(?!/)', answer.text)) == set()


@pytest.mark.parametrize("verb", ["code", "reserve", "pay", "register", "take-back", "void"])
def test_nothing_is_done_for_who_is_not_signed_in(shop: Shop, verb: str) -> None:
    form = Form(shop).sign_in()
    form.client.cookies.clear()

    answer = form.post(verb, code=CHEESE_CODE)

    assert "Войдите снова." in answer.text
    assert "Сыр" not in answer.text


def test_a_form_of_another_origin_is_refused(shop: Shop) -> None:
    form = Form(shop).sign_in()

    answer = form.post("code", {"Origin": "http://evil.example"}, code=CHEESE_CODE)

    assert answer.status_code == 403
    assert "Сыр" not in form.get().text


def test_a_session_cookie_is_for_this_site_alone_and_no_script(shop: Shop) -> None:
    client = Form(shop).client
    answer = client.post(
        "/screen/sign-in", data={"cashier": MARIA, "pin": PIN}, follow_redirects=False
    )

    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert PIN not in answer.text


def test_a_digest_that_the_customer_was_not_shown_reserves_nothing(shop: Shop) -> None:
    form = Form(shop).sign_in()
    form.post("code", code=CHEESE_CODE)

    page = form.post("reserve", digest="0" * 64).text

    assert "пересчитайте чек" in page
    assert "Сыр" in page


def test_without_room_on_the_disk_nothing_new_is_begun_and_the_goods_stay(shop: Shop) -> None:
    form = Form(shop).sign_in()
    page = form.post("code", code=CHEESE_CODE).text
    shop.station.disk.free_bytes_of = lambda _: MEGABYTE
    shop.station.disk.look()

    page = form.post("reserve", digest=field(page, "digest")).text

    assert "новые операции не начинаются" in page
    assert "Сыр" in page


@pytest.mark.parametrize("verb", ["back", "pay"])
def test_a_receipt_that_another_program_has_paid_does_not_stay_on_the_screen(
    shop: Shop, verb: str
) -> None:
    form = Form(shop).sign_in()
    page = form.post("code", code=CHEESE_CODE).text
    page = form.post("reserve", digest=field(page, "digest")).text
    receipt = field(page, "receipt")
    tenders = [{"kind": "cash", "amount_minor": 100_000}]
    path, body = f"/v1/receipts/{receipt}/commit", {"uid": str(shop.uid()), "tenders": tenders}
    assert form.client.post(path, json=body).is_success

    page = form.post(verb, receipt=receipt).text

    assert "уже оплачен" in page
    assert "Отсканируйте товар" in page
    assert kinds(shop) == ["receipt.committed"]


def test_tills_are_bounded(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, screens_max=1)
    form = Form(shop)
    form.get()

    assert form.get("/?till=2").status_code == 503
    shop.close()


def test_what_is_no_number_changes_no_line(shop: Shop) -> None:
    form = Form(shop).sign_in()
    form.post("code", code=CHEESE_CODE)

    assert form.post("line", no="x", quantity="2").status_code == 200
    assert 'value="1"' in form.post("line", no="1", step="much").text


def test_a_screen_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, screen=False)

    assert Form(shop).get().status_code == 404
    shop.close()


def test_another_machine_is_a_till_by_its_token_alone(shop: Shop) -> None:
    with transaction(shop.station.journal) as connection:
        add_token(connection, TOKEN, "5", shop.clock.now())
    far = Form(shop, ELSEWHERE)

    assert "Токен кассы" in far.get().text
    assert far.post("sign-in", cashier=MARIA, pin=PIN).status_code == 401
    assert far.get("/screen/news").status_code == 401
    assert "till-token" in far.post("pair", token="cd" * 24).text
    assert far.post("sign-in", cashier=MARIA, pin=PIN).status_code == 401

    page = far.post("pair", token=TOKEN).text
    assert "Касса 5" in page
    assert "Вход кассира" in page
    far.sign_in()


def test_the_settings_name_a_language_that_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="screen_language"):
        AgentSettings(data_dir=tmp_path, screen_language="de")


def test_who_was_found_by_name_redeems_nothing_even_by_a_forged_form(shop: Shop) -> None:
    who = anna(shop)
    form = Form(shop).sign_in()
    form.post("code", code=CHEESE_CODE)
    form.post("code", code="анна")
    form.post("pick", member=str(who.id))

    refused = form.post("redeem", mode="maximum").text
    told = form.post("code", code=who.card).text

    assert "назовёт свою карту или телефон" in refused
    assert "назовёт карту" not in told
    assert "бонусами" in form.post("redeem", mode="maximum").text


def test_an_agent_that_died_before_its_answer_shows_what_was_paid_and_copies_it(
    shop: Shop,
) -> None:
    form = Form(shop).sign_in()
    page = form.post("code", code=CHEESE_CODE).text
    page = form.post("reserve", digest=field(page, "digest")).text
    form.post("pay", receipt=field(page, "receipt"), tender="cash")

    again = Form(shop)
    page = again.sign_in().get().text
    copied = again.post("reprint", document=field(page, "document"), uid=field(page, "uid")).text

    assert re.search(r"Оплачено 1\s000,00", page)
    assert "Копия 1 отправлена на печать." in copied
    listed = again.post("receipts").text
    assert re.search(r"15:00 Продажа</span> <strong>1\s000,00", listed)


def test_what_was_paid_long_before_a_restart_is_listed_and_not_shown(shop: Shop) -> None:
    form = Form(shop).sign_in()
    page = form.post("code", code=CHEESE_CODE).text
    page = form.post("reserve", digest=field(page, "digest")).text
    form.post("pay", receipt=field(page, "receipt"), tender="cash")
    shop.clock.move(minutes=10)

    again = Form(shop).sign_in()

    assert "Оплачено" not in again.get().text
    assert "Продажа" in again.post("receipts").text
    other = Form(shop)
    other.client.cookies.set("kopilka-till-" + shop.station.identity.agent.hex[-8:], "2")
    assert "Продажа" not in other.sign_in().post("receipts").text
