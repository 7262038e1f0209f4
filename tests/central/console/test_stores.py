"""The board's page and a store's: what they show, and what their forms do."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from central.alerts import store as alerts
from central.alerts import thresholds
from central.alerts.store import Channel
from central.app import create_app, full_stages
from central.centre import Centre
from central.estate import service as estate
from central.people.roles import Role
from central.trail import store as trail
from shared.crypto.pins import verify_pin
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import store_stream
from shared.wire.reports import PATH, AgentReport, DeviceReport
from shared.wire.rows import CashierRow, SettingsRow
from tests.central.app.kit import NOON, Device, SetClock, enrolled
from tests.central.chain_kit import rows
from tests.central.people.kit import Browser, Staff

HERE = "/console/stores/101"
REQUISITES = {
    "name": "Винный дом на Арбате",
    "address": "Москва, Арбат, 1",
    "region": "msk",
    "zone": "Europe/Moscow",
    "legal_name": "ООО «Вино»",
    "tax_number": "7701234567",
    "tills": "1;2;3",
}


@pytest.fixture
def olga(client: TestClient, staff: Staff) -> Browser:
    """An operator who is signed in."""
    return Browser(client, staff, staff.add("olga", Role.OPERATOR))


@pytest.fixture
def device(client: TestClient, clock: SetClock) -> Device:
    return Device(client, clock)


def of_store(centre: Centre, kind: type) -> list[object]:
    found = rows(centre, store_stream("101")).values()
    return [row for row in found if isinstance(row, kind)]


def test_the_board_shows_stores_and_what_they_come_to(
    centre: Centre, device: Device, olga: Browser
) -> None:
    enrolled(centre, device)
    printer = DeviceReport("printer", "blocked", NOON, "Нет бумаги", "Out of paper")
    at = device.clock.now() + timedelta(seconds=90)
    assert device.post(PATH, AgentReport(at, "0.2", devices=(printer,))).status_code == 204

    page = olga.get("/console/fleet").text

    for told in ("1 / 2", "Нет бумаги", "+90,0 с", "на связи", "нет агента", "Винный дом 2"):
        assert told in page


def test_the_board_is_filtered_and_htmx_gets_the_table_alone(olga: Browser) -> None:
    whole = olga.get("/console/fleet?region=kzn").text
    part = olga.get("/console/fleet?region=kzn", **{"HX-Request": "true", "HX-Target": "list"}).text

    for text in (whole, part):
        assert 'href="/console/stores/102"' in text
        assert 'href="/console/stores/101"' not in text
    assert "<html" in whole
    assert "<html" not in part
    assert "/console/stores/" not in olga.get("/console/fleet?state=online").text


def test_the_board_is_a_file_too(olga: Browser) -> None:
    file = olga.get("/console/fleet?format=csv&q=kzn")

    assert [line.split(";")[0] for line in file.text.splitlines()[1:]] == ["102"]
    assert file.headers["content-disposition"] == "attachment; filename=stores.csv"


def test_requisites_that_are_edited_reach_the_store(centre: Centre, olga: Browser) -> None:
    done = olga.post(HERE, **REQUISITES)

    assert done.headers["location"] == f"{HERE}?done=saved"
    (sent,) = of_store(centre, SettingsRow)
    assert isinstance(sent, SettingsRow)
    assert (sent.name, sent.tills) == ("Винный дом на Арбате", ("1", "2", "3"))
    with reading(centre.engine) as connection:
        step = trail.search(connection, trail.Sought("olga"), 1, 0)[0]
    assert (step.deed, step.subject) == ("store_edited", "101")
    assert step.told()["tax_number"] == "7701234567"


def test_two_who_change_one_store_at_once_lose_nothing_of_each_other(
    olga: Browser, centre: Centre
) -> None:
    olga.post(HERE, **REQUISITES)
    seen = {f"was_{name}": value for name, value in REQUISITES.items()}
    olga.post(HERE, **{**REQUISITES, "name": "Погреб"}, **seen)

    other = olga.post(HERE, **{**REQUISITES, "address": "Казань, Баумана, 2"}, **seen)
    same = olga.post(HERE, **{**REQUISITES, "name": "Подвал"}, **seen)
    now = dict(re.findall(r'name="(was_\w+)" value="([^"]*)"', same.text))
    again = olga.post(HERE, **{**REQUISITES, "name": "Подвал"}, **now)

    assert other.status_code == 303
    assert same.status_code == 409
    assert "записал «Погреб» вместо «Винный дом на Арбате»" in same.text
    assert 'value="Подвал"' in same.text  # what he has typed is still there
    assert again.status_code == 303
    (store,) = [one for one in estate.stores(centre) if one.code == "101"]
    assert (store.name, store.address) == ("Подвал", "Москва, Арбат, 1")


def test_receipts_are_shown_of_the_day_that_it_is_in_the_store(
    olga: Browser, clock: SetClock
) -> None:
    olga.post(HERE, **{**REQUISITES, "zone": "Asia/Kamchatka"})
    there = clock.now() + timedelta(hours=12)

    page = olga.get("/console/receipts?store=101").text

    assert there.date() > clock.now().date()
    assert f'name="day" type="date" value="{there.date()}"' in page


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [("tax_number", "77", "ИНН"), ("zone", "Mars/North", "Часовой пояс"), ("name", "", "Название")],
)
def test_wrong_requisites_are_refused_and_kept_in_the_form(
    centre: Centre, olga: Browser, field: str, value: str, label: str
) -> None:
    refused = olga.post(HERE, **{**REQUISITES, field: value})

    assert refused.status_code == 422
    assert f"Поле «{label}»: нужно" in refused.text
    assert 'value="Москва, Арбат, 1"' in refused.text
    assert estate.stores(centre)[0].tills == ("1", "2")


def test_a_store_is_added(centre: Centre, olga: Browser) -> None:
    olga.post("/console/new-store", code="103", **REQUISITES)

    assert [one.code for one in estate.stores(centre)] == ["101", "102", "103"]
    assert "Винный дом на Арбате" in olga.get("/console/stores/103").text
    again = olga.post("/console/new-store", code="103", **{**REQUISITES, "name": "Другой"})
    assert (again.status_code, "Магазин 103 уже есть" in again.text) == (409, True)
    assert "Другой" not in olga.get("/console/stores/103").text
    assert olga.get("/console/stores/999").status_code == 404


def test_a_cashier_is_saved_keeps_the_pin_and_is_removed(centre: Centre, olga: Browser) -> None:
    new = {"no": "7", "name": "Мария", "role": "cashier", "pin": "271828"}
    olga.post(f"{HERE}/cashiers", **new)
    olga.post(f"{HERE}/cashiers", **{**new, "role": "senior", "pin": ""})

    (sent,) = of_store(centre, CashierRow)
    assert isinstance(sent, CashierRow)
    assert sent.role == "senior"
    assert verify_pin(centre.keys.pin_pepper, "271828", sent.pin_hash)
    assert "271828" not in olga.get("/console/stores/101").text

    olga.post(f"{HERE}/cashiers/7/remove")

    assert of_store(centre, CashierRow) == []
    assert estate.cashiers(centre, "101") == []


def test_a_new_cashier_needs_a_pin(centre: Centre, olga: Browser) -> None:
    refused = olga.post(f"{HERE}/cashiers", no="8", name="Пётр", role="cashier", pin="")

    assert refused.status_code == 422
    assert estate.cashiers(centre, "101") == []


def test_an_agent_is_enrolled_replaced_and_revoked_from_the_page(
    client: TestClient, device: Device, olga: Browser, clock: SetClock
) -> None:
    shown = olga.post(f"{HERE}/enrol").text
    code = shown.partition('class="code"><code>')[2].partition("</code>")[0]
    assert f"<code>kopilka-agent enrol --code {code}</code>" in shown
    assert "<code>systemctl enable --now kopilka-agent</code>" in shown
    assert device.enrol(code).status_code == 201
    assert device.open().status_code == 201

    again = olga.post(f"{HERE}/enrol").text
    other = Device(client, clock, seed=2)
    assert other.enrol(again.partition('class="code"><code>')[2].partition("</code>")[0]).is_success
    assert device.open().status_code == 403

    olga.post(f"{HERE}/revoke", note="украден")
    assert other.open().status_code == 403
    assert "нет агента" in olga.get(HERE).text
    told = olga.post(f"{HERE}/write-off", note="не вернётся")
    assert told.status_code == 200
    assert "Освобождено партий 0" in told.text
    page = client.get("/console/stores/101").text
    assert "Прежних агентов: 2" in page


def test_who_may_not_change_a_store_sees_no_forms(client: TestClient, staff: Staff) -> None:
    mark = Browser(client, staff, staff.add("mark", Role.MARKETER))

    page = mark.get(HERE).text

    assert "7701234567" in page
    assert page.count("<form") == 1  # to leave


def test_stores_come_as_a_file_are_checked_first_and_taken_in(
    centre: Centre, olga: Browser
) -> None:
    given = olga.get("/console/files/stores.csv").content.decode("utf-8-sig")
    changed = given.replace("kzn", "msk") + "103;Новый;Тверь;msk;Europe/Moscow;ООО;7701234567;1\r\n"

    tried = olga.post_file("/console/files/stores/check", "s.csv", changed.encode())
    before = {one.code: one.region for one in estate.stores(centre)}
    taken = olga.post_file("/console/files/stores", "s.csv", changed.encode())

    assert "Файл годится. Новых / изменённых / прежних: 1 / 1 / 1." in tried.text
    assert before == {"101": "msk", "102": "kzn"}
    assert "Загружено." in taken.text
    with reading(centre.engine) as connection:
        steps = trail.search(connection, trail.Sought("olga"), 2, 0)
    assert [step.deed for step in steps] == ["estate_imported", "estate_checked"]
    assert {one.code: one.region for one in estate.stores(centre)} == dict.fromkeys(
        ("101", "102", "103"), "msk"
    )
    regions = olga.get("/console/regions?format=csv").content.decode("utf-8-sig")
    assert regions.splitlines()[1].split(";")[:2] == ["msk", "3"]


def test_a_file_of_stores_that_comes_back_as_it_was_changes_nothing(olga: Browser) -> None:
    olga.post(HERE, **{**REQUISITES, "name": "=1+1", "address": "-5 этаж, Арбат", "tills": ""})
    given = olga.get("/console/files/stores.csv").content

    back = olga.post_file("/console/files/stores/check", "s.csv", given)

    assert "'=1+1;'-5 этаж" in given.decode("utf-8-sig")
    assert "Новых / изменённых / прежних: 0 / 0 / 2." in back.text


def test_a_file_with_faults_changes_nothing_and_its_rows_are_named(
    centre: Centre, olga: Browser
) -> None:
    rows = "store,no,name,role,pin\n101,7,Мария,cashier,271828\n101,8,Пётр,boss,271828\n"

    refused = olga.post_file("/console/files/cashiers", "c.csv", rows.encode())

    assert refused.status_code == 422
    assert "строка 3" in refused.text
    assert estate.every_cashier(centre) == []
    assert olga.post("/console/files/cashiers").status_code == 422
    assert olga.post_file("/console/files/nothing", "c.csv", b"").status_code == 404
    olga.post_file("/console/files/cashiers", "c.csv", rows.replace("boss", "senior").encode())
    file = olga.get("/console/cashiers?format=csv&q=петр").text
    assert "271828" not in olga.get("/console/cashiers").text
    assert file.count("\n") == 1
    page = olga.get("/console/cashiers?q=пётр").text
    assert "старший" in page
    assert "Мария" not in page


def test_alerts_are_filtered_and_name_their_thresholds(olga: Browser) -> None:
    page = olga.get("/console/alerts?state=over").text

    assert "Молчит дольше" in page
    assert "1 дн" in page
    assert "вебхук" in page
    assert olga.get("/console/alerts?format=csv").text.count("\n") == 1


def test_thresholds_are_chosen_kept_on_the_trail_and_given_back_to_the_settings(
    centre: Centre, olga: Browser
) -> None:
    done = olga.post("/console/alerts", silent_min="1 440", unsent_min="", clock_s="90")

    assert done.headers["location"] == "/console/alerts?done=thresholds"
    assert thresholds.chosen(centre) == {"silent_s": 86_400, "clock_s": 90}
    page = olga.get("/console/alerts").text
    assert "1 мин 30 с" in page
    assert 'value="1440"' in page
    with reading(centre.engine) as connection:
        step = trail.search(connection, trail.Sought("olga"), 1, 0)[0]
    assert (step.deed, step.told()["silent_min"]) == ("thresholds_changed", "1 440")

    fields = {"silent_min": "1440", "unsent_min": "", "clock_s": "60"}
    olga.post("/console/alerts", **fields, was_silent_min="", was_clock_s="90")
    assert thresholds.chosen(centre) == {"silent_s": 86_400, "clock_s": 60}
    olga.post(
        "/console/alerts", **fields | {"silent_min": "5"}, was_silent_min="1440", was_clock_s="60"
    )
    late = olga.post("/console/alerts", **fields, was_silent_min="1440", was_clock_s="60")
    assert late.headers["location"] == "/console/alerts?done=thresholds"
    assert thresholds.chosen(centre) == {"silent_s": 300, "clock_s": 60}

    olga.post("/console/alerts", silent_min="", clock_s="")

    assert thresholds.chosen(centre) == {}
    assert thresholds.in_force(centre) == thresholds.of_settings(centre.settings)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("silent_min", "0"),
        ("silent_min", "43201"),
        ("unsent_min", "1,5"),
        ("queue_facts", "-5"),
        ("queue_facts", "много"),
        ("behind_changes", "9" * 16),
        ("clock_s", "٣"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused_and_stays_in_the_form(
    centre: Centre, olga: Browser, field: str, typed: str
) -> None:
    refused = olga.post("/console/alerts", **{"clock_s": "60", field: typed})

    assert refused.status_code == 422
    assert "целое число от" in refused.text
    assert f'value="{typed}"' in refused.text
    assert thresholds.chosen(centre) == {}


def test_who_may_not_change_thresholds_sees_them_alone(client: TestClient, staff: Staff) -> None:
    vera = Browser(client, staff, staff.add("vera", Role.SUPPORT))

    page = vera.get("/console/alerts").text

    assert "Молчит дольше" in page
    assert 'name="silent_min"' not in page


def test_a_channel_that_is_not_reached_is_told_of_on_the_page(centre: Centre, staff: Staff) -> None:
    told = centre.settings.model_copy(update={"alert_webhook": "https://alerts.test/in"})
    with transaction(centre.engine) as connection:
        alerts.keep_channel(connection, Channel("webhook", NOON, NOON, 3, "ConnectError: refused"))
    app = create_app(replace(centre, settings=told), full_stages())
    vera = Browser(TestClient(app), staff, staff.add("vera", Role.SUPPORT))

    page = vera.get("/console/alerts").text

    assert "не доходит, попыток: 3" in page
    assert "ConnectError: refused" in page
