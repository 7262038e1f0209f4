"""The door: who gets in, from where forms are taken, and what every answer tells the browser."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from central.console.ask import Answer, Ask, Way
from central.console.routes import Console
from central.people import service
from central.people.roles import Role
from central.trail import store as trail
from shared.runtime.sqlite import reading
from tests.central.app.kit import SetClock
from tests.central.people.kit import PASSWORD, Browser, Staff, form_token

SECURE = "https://centre.example"


@pytest.fixture
def anna(client: TestClient, staff: Staff) -> Browser:
    """An administrator who is signed in."""
    return Browser(client, staff, staff.add("anna", Role.ADMINISTRATOR))


def deeds(centre: Centre) -> list[tuple[str, str, str]]:
    with reading(centre.engine) as connection:
        return [(step.who, step.deed, step.subject) for step in trail.after(connection, 0)]


def test_who_is_not_signed_in_is_led_to_the_door_and_then_where_he_wanted(
    client: TestClient, staff: Staff
) -> None:
    staff.add("anna", Role.ADMINISTRATOR)
    wanted = "/console/trail?who=anna&sort=-no"
    led = client.get(wanted, follow_redirects=False)
    assert led.status_code == 303
    door = client.get(led.headers["location"]).text
    assert 'name="next" value="/console/trail?who=anna&amp;sort=-no"' in door

    form = {"login": "anna", "password": PASSWORD, "code": staff.code("anna"), "next": wanted}
    done = client.post("/console/sign-in", data=form, follow_redirects=False)

    assert (done.status_code, done.headers["location"]) == (303, wanted)
    assert client.get("/console/trail").status_code == 200


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/console//evil", ""])
def test_nobody_is_led_elsewhere(client: TestClient, staff: Staff, next_: str) -> None:
    staff.add("anna", Role.ADMINISTRATOR)
    form = {"login": "anna", "password": PASSWORD, "code": staff.code("anna"), "next": next_}

    done = client.post("/console/sign-in", data=form, follow_redirects=False)

    assert done.headers["location"] == "/console/"


def test_an_address_that_leads_nowhere_is_a_page_in_words(anna: Browser) -> None:
    lost = anna.get("/console/no/such/page")

    assert lost.status_code == 404
    assert "Здесь ничего нет: no/such/page." in lost.text
    assert "<nav" in lost.text


def test_a_mistake_of_ours_is_a_page_for_people_and_goes_on_to_the_log(centre: Centre) -> None:
    def fails(_ask: Ask) -> Answer:
        raise ZeroDivisionError

    app = FastAPI()
    Console(centre).serve(app, [Way("GET", "/fails", None, fails)])

    told = TestClient(app, raise_server_exceptions=False).get("/console/fails")

    assert (told.status_code, "ошибки программы" in told.text) == (500, True)
    assert "ZeroDivision" not in told.text
    assert "Content-Security-Policy" in told.headers
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/console/fails")


def test_what_is_wrong_keeps_the_login_and_no_secret(client: TestClient, staff: Staff) -> None:
    staff.add("anna", Role.ADMINISTRATOR)
    form = {"login": "anna", "password": "not the one", "code": "123456"}

    refused = client.post("/console/sign-in", data=form)

    assert refused.status_code == 401
    assert 'value="anna"' in refused.text
    assert "not the one" not in refused.text
    assert "set-cookie" not in refused.headers


def test_the_cookie_is_of_this_host_and_no_script_reads_it(
    client: TestClient, staff: Staff, clock: SetClock
) -> None:
    staff.add("anna", Role.ADMINISTRATOR)
    form = {"login": "anna", "password": PASSWORD, "code": staff.code("anna")}
    plain = client.post("/console/sign-in", data=form, follow_redirects=False)
    clock.go(seconds=60)
    form["code"] = staff.code("anna")

    secure = client.post(f"{SECURE}/console/sign-in", data=form, follow_redirects=False)

    cookie = secure.headers["set-cookie"]
    assert cookie.startswith("__Host-kopilka=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert secure.headers["strict-transport-security"].startswith("max-age=")
    assert plain.headers["set-cookie"].startswith("kopilka-console=")
    assert "Secure" not in plain.headers["set-cookie"]


def test_every_answer_forbids_what_is_not_from_here(anna: Browser) -> None:
    for path in ("/console/sign-in", "/console/people", "/console/people/nobody"):
        told = anna.get(path).headers
        policy = told["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert told["cache-control"] == "no-store"
        assert told["x-content-type-options"] == "nosniff"


def test_a_form_without_the_sessions_token_does_nothing(centre: Centre, anna: Browser) -> None:
    fields = {"login": "boris", "name": "Борис", "role": "operator"}

    for brought in ("", "0" * 64):
        refused = anna.post("/console/people", **fields, form_token=brought)
        assert refused.status_code == 403

    assert [one.login for one in service.every(centre)] == ["anna"]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_a_form_from_another_site_does_nothing(
    client: TestClient, anna: Browser, headers: dict[str, str]
) -> None:
    form = {"form_token": anna.form_token}

    refused = client.post("/console/sign-out", data=form, headers=headers)

    assert refused.status_code == 403
    assert client.get("/console/me").status_code == 200


def test_a_form_of_a_former_session_does_nothing(
    client: TestClient, staff: Staff, anna: Browser, clock: SetClock
) -> None:
    former = anna.form_token
    clock.go(seconds=60)

    again = Browser(client, staff, "anna")

    assert again.form_token != former
    assert again.post("/console/sign-out", form_token=former).status_code == 403


def test_signing_out_ends_the_session_at_the_centre(client: TestClient, anna: Browser) -> None:
    token = client.cookies["kopilka-console"]

    anna.post("/console/sign-out")

    client.cookies.set("kopilka-console", token)
    assert client.get("/console/me", follow_redirects=False).status_code == 303


def test_a_first_password_leads_to_choosing_ones_own(
    client: TestClient, centre: Centre, staff: Staff
) -> None:
    ticket = service.add(centre, "boris", "Борис", Role.OPERATOR)
    form = {"login": "boris", "password": ticket.password, "code": staff.code("boris")}
    client.post("/console/sign-in", data=form)
    led = client.get("/console/fleet", follow_redirects=False)
    assert led.headers["location"] == "/console/me"

    fields = {"old": ticket.password, "new": PASSWORD}
    token = form_token(client.get("/console/me").text)
    done = client.post(
        "/console/me/password", data={**fields, "form_token": token}, follow_redirects=False
    )

    assert done.headers["location"] == "/console/sign-in?done=password"
    assert client.get("/console/me", follow_redirects=False).status_code == 303


def test_a_refused_form_is_shown_again_with_what_was_typed(anna: Browser, centre: Centre) -> None:
    fields = {"login": "Борис", "name": "Борис Б.", "role": "auditor"}

    refused = anna.post("/console/people", **fields)

    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert 'value="Борис Б."' in refused.text
    assert ("anna", "staff_added", "") not in deeds(centre)


def test_no_administrator_shuts_himself_out(anna: Browser, staff: Staff, centre: Centre) -> None:
    staff.add("boris", Role.ADMINISTRATOR)
    here = "/console/people/anna"

    answers = anna.post(f"{here}/disable"), anna.post(f"{here}/role", role="auditor")

    assert [one.status_code for one in answers] == [403, 403]
    assert "делает другой администратор" in answers[0].text
    assert f'action="{here}/role"' not in anna.get(here).text
    assert 'action="/console/people/boris/role"' in anna.get("/console/people/boris").text
    assert {deed for _, deed, _ in deeds(centre)} == {"signed_in"}


def test_what_is_done_stands_in_the_trail_without_secrets(anna: Browser, centre: Centre) -> None:
    shown = anna.post("/console/people", login="boris", name="Борис", role="auditor")
    anna.post("/console/people/boris/role", role="operator")
    anna.post("/console/people/boris/disable")

    assert shown.status_code == 200
    assert deeds(centre)[1:] == [
        ("anna", "staff_added", ""),
        ("anna", "role_changed", "boris"),
        ("anna", "staff_disabled", "boris"),
    ]
    with reading(centre.engine) as connection:
        added = next(iter(trail.after(connection, 1)))
    assert added.told() == {"login": "boris", "role": "auditor", "fields": "name"}
    page = anna.get("/console/trail").text
    assert "новый сотрудник" in page
    assert "Борис" not in page


def test_the_trail_tells_what_was_kept_of_a_form_in_words(anna: Browser) -> None:
    anna.post("/console/people", login="mark", name="Марк", role="auditor")
    anna.post("/console/me", language="ru", zone="Europe/Moscow")

    page = anna.get("/console/trail").text

    assert "логин: mark; роль: аудитор; другие поля: название или имя" in page
    assert "язык: русский; часовой пояс: Europe/Moscow" in page


def test_pages_speak_the_language_of_who_asks(anna: Browser) -> None:
    assert '<html lang="ru">' in anna.get("/console/me").text

    anna.post("/console/me", language="en", zone="Asia/Vladivostok")

    page = anna.get("/console/me").text
    assert '<html lang="en">' in page
    assert "Asia/Vladivostok" in page
    assert anna.post("/console/me", language="de", zone="Asia/Vladivostok").status_code == 422


def test_the_trail_is_exported_for_spreadsheets(anna: Browser) -> None:
    file = anna.get("/console/trail?format=csv")

    assert file.headers["content-type"].startswith("text/csv")
    assert file.content.startswith("\ufeff№;Время;Кто".encode())
    assert "вход" in file.text


def test_the_script_is_served_from_here(client: TestClient) -> None:
    script = client.get("/console/static/htmx.js")

    assert script.status_code == 200
    assert "htmx" in script.text[:20]
    assert client.get("/console/static/console.css").status_code == 200


def test_somebody_sees_his_sessions_and_ends_the_others(
    centre: Centre, client: TestClient, clock: SetClock, staff: Staff
) -> None:
    app = create_app(centre, full_stages())
    staff.add("boris", Role.AUDITOR)
    staff.add("anna", Role.ADMINISTRATOR)
    left_open = Browser(TestClient(app), staff, "anna")
    stranger = Browser(TestClient(app), staff, "boris")
    clock.go(minutes=1)
    here = Browser(client, staff, "anna")
    assert here.get("/console/me").text.count("<tr><td>") == 2

    done = here.post("/console/me/sessions")

    assert done.headers["location"] == "/console/me?done=others_ended"
    page = here.get("/console/me").text
    assert page.count("<tr><td>") == 1
    assert "Завершить остальные" not in page
    assert left_open.get("/console/me").status_code == 303
    assert stranger.get("/console/me").status_code == 200
    assert ("anna", "sessions_ended", "") in deeds(centre)
