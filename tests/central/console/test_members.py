"""Members at the console: found by what people say, shown with their life, consents and lots."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from central.conflicts.service import Word
from central.packs.service import publish
from central.people.roles import Role
from central.settling import consents
from central.settling.erasing import erase_member
from central.trail import store as trail
from central.trail.service import verify
from shared.runtime.sqlite import reading
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.chain_kit import centre, clock, journal
from tests.central.imports.kit import csv_file, take
from tests.central.journal_builder import Journal, Person
from tests.central.people.kit import Browser, Staff

__all__ = ["centre", "clock", "journal"]
PHONE = "+79161234567"


@pytest.fixture
def anna(journal: Journal) -> Person:
    """Two who sound alike, of whom one has bought."""
    found, _ = journal.register(
        name="Ёлкина Анна", phone=PHONE, welcome=300_00, birthday=date(1990, 5, 17)
    )
    journal.register(name="Ёлкин Пётр", phone="+79167654567")
    journal.sell(found, earn=[50_00], turnover=1_000_00)
    journal.push_new()
    return found


@pytest.fixture
def vera(centre: Centre, staff: Staff) -> Browser:
    """Somebody of support who is signed in."""
    app = TestClient(create_app(centre, full_stages()))
    return Browser(app, staff, staff.add("vera", Role.SUPPORT))


def test_members_are_found_by_what_people_say(anna: Person, vera: Browser) -> None:
    for text in ("ёлк", "4567"):
        page = vera.get(f"/console/members?who={text}").text
        assert "Ёлкина Анна" in page
        assert "Ёлкин Пётр" in page
        assert "…4567" in page
        assert PHONE[-10:] not in page
    turned = vera.get("/console/members?who=ёлк&sort=-person").text
    assert turned.index("Ёлкина Анна") < turned.index("Ёлкин Пётр")
    only = vera.get("/console/members?who=анна елк")
    assert only.headers["location"] == f"/console/members/{anna.member}"
    assert "Ничего нет" in vera.get("/console/members?who=никто").text
    assert vera.get("/console/members?who=я").status_code == 422
    file = vera.get("/console/members?who=ёлк&format=csv").content.decode("utf-8-sig")
    assert file.splitlines()[0] == "Имя;Телефон;Карта;Магазин;Состояние"
    assert len(file.splitlines()) == 3


def test_a_page_tells_turnover_and_lots_and_a_life_of_their_own_pages(
    anna: Person, vera: Browser
) -> None:
    here = f"/console/members/{anna.member}"

    page, life, lots = (vera.get(f"{here}{more}").text for more in ("", "/life", "/lots"))

    assert "мар 2026" in page
    assert "Все партии: 2" in page
    assert "17.05.1990" in page
    assert 'value="1990-05-17"' in page
    for told in ("появился", "чек", "бонусы", "начислено", "1 000,00"):
        assert told in life.replace("\u00a0", " ")
    assert "300,00" in lots
    only = vera.get(f"{here}/life?what=receipt.counted&format=csv").content.decode("utf-8-sig")
    assert [line.split(";")[1:] for line in only.splitlines()[1:]] == [["чек", "", "", "1000,00"]]
    assert vera.get(f"/console/members/{anna.account}/life").status_code == 404


def test_what_is_looked_at_leaves_no_step_and_what_is_taken_as_a_file_does(
    centre: Centre, anna: Person, vera: Browser
) -> None:
    here = f"/console/members/{anna.member}"
    for page in ("/console/members?who=ёлк", here, f"{here}/life", f"{here}/lots"):
        vera.get(page)
    for page in ("/console/members?who=ёлк", f"{here}/life?", f"{here}/lots?"):
        vera.get(f"{page}&format=csv")

    with reading(centre.engine) as connection:
        steps = [(one.who, one.deed, one.subject) for one in trail.after(connection, 0)]

    assert [one for one in steps if "exported" in one[1]] == [
        ("vera", "members_exported", ""),
        ("vera", "life_exported", str(anna.member)),
        ("vera", "lots_exported", str(anna.member)),
    ]
    verify(centre)


def test_consents_are_shown_with_their_versions_noted_and_withdrawn(
    centre: Centre, anna: Person, vera: Browser, clock: SetClock
) -> None:
    here = f"/console/members/{anna.member}"
    consents.publish_text(centre, "mailing", "v2", "Согласен на рассылку.", Word("anna", "новый"))

    assert 'value="mailing v2"' in vera.get(here).text
    assert "Согласен на рассылку." in vera.get("/console/consents/mailing/v2").text
    assert vera.get("/console/consents/mailing/v9").status_code == 404
    given = vera.post(f"{here}/consents", text="mailing v2", note="по телефону")
    assert given.headers["location"] == f"{here}?done=consented"
    assert "/console/consents/mailing/v2" in vera.get(here).text
    unknown = vera.post(f"{here}/consents", text="mailing v9", note="по телефону")
    assert unknown.status_code == 404
    without = vera.post(f"{here}/consents/withdraw", purpose="mailing", note="")
    assert without.status_code == 422
    clock.go(minutes=1)
    vera.post(f"{here}/consents/withdraw", purpose="mailing", note="письмо")
    said = consents.said(centre, anna.member)
    assert [one.given for one in said if one.purpose == "mailing"] == [True, False]
    assert "согласие отозвано" in vera.get(f"{here}/life").text


def test_two_are_merged_and_parted_with_a_reason(anna: Person, vera: Browser) -> None:
    first = f"/console/members/{anna.member}"

    merged = vera.post(f"{first}/merge", other="+79167654567", note="одна семья")

    here, _, done = merged.headers["location"].partition("?done=")
    assert done == "merged"
    page = vera.get(here).text
    assert "Отделить: " in page
    other = page.partition("/unmerge")[0].rpartition("/")[2]
    assert vera.post(f"/console/members/{other}/unmerge", note="").status_code == 422
    assert vera.post(f"/console/members/{other}/unmerge", note="ошибка").status_code == 303
    assert "Отделить: " not in vera.get(here).text


def test_a_relative_joins_a_family_gets_a_role_and_leaves(
    anna: Person, journal: Journal, vera: Browser
) -> None:
    son, _ = journal.register(name="Ёлкин Глеб", phone="+79167650011")
    journal.push_new()
    here = f"/console/members/{son.member}"

    assert "Ни в чьей семье." in vera.get(here).text
    assert vera.post(f"{here}/family", head=PHONE, role="king", note="сын").status_code == 422
    assert vera.post(f"{here}/family", head=PHONE, role="earns", note="").status_code == 422
    joined = vera.post(f"{here}/family", head=PHONE, role="earns", note="сын")
    assert joined.headers["location"] == f"{here}?done=family_joined"
    page = vera.get(here).text
    assert f'href="/console/members/{anna.member}"' in page
    assert "только копит" in page
    assert "Ёлкин Г" in vera.get(f"/console/members/{anna.member}").text
    vera.post(f"{here}/family/role", role="redeems", note="вырос")
    assert "копит и тратит ·" in vera.get(here).text
    vera.post(f"{here}/family/leave", note="женился")
    assert "Ни в чьей семье." in vera.get(here).text
    assert "вышел из семьи" in vera.get(here).text


def test_a_phone_is_verified_by_a_code_that_was_sent(
    centre: Centre, staff: Staff, anna: Person, vera: Browser, tmp_path: Path
) -> None:
    here = f"/console/members/{anna.member}"
    nobody = vera.post(f"{here}/codes", contact="phone", note="звонок")
    assert nobody.status_code == 409
    sending = centre.settings.model_copy(update={"code_outbox": tmp_path / "out"})
    app = TestClient(create_app(replace(centre, settings=sending), full_stages()))
    lena = Browser(app, staff, staff.add("lena", Role.SUPPORT))

    assert lena.post(f"{here}/codes", contact="phone", note="звонок").status_code == 303
    (letter,) = [json.loads(one.read_text()) for one in (tmp_path / "out").iterdir()]
    wrong = lena.post(f"{here}/codes/confirm", contact="phone", code="000", note="звонок")
    assert wrong.status_code == 403
    taken = lena.post(f"{here}/codes/confirm", contact="phone", code=letter["code"], note="звонок")
    assert taken.headers["location"] == f"{here}?done=verified"
    assert '<span class="good">подтверждён</span>' in lena.get(here).text
    assert letter["code"] not in lena.get(f"{here}/life").text


def test_who_may_not_edit_sees_the_ends_of_a_phone(
    centre: Centre, staff: Staff, anna: Person, vera: Browser
) -> None:
    here = f"/console/members/{anna.member}"
    app = TestClient(create_app(centre, full_stages()))
    auditor = Browser(app, staff, staff.add("ivan", Role.AUDITOR))

    assert PHONE in vera.get(here).text
    seen = auditor.get(here).text
    assert PHONE not in seen
    assert f"…{PHONE[-4:]}" in seen
    assert "Отправить код" not in seen


def test_who_was_erased_still_has_a_page(centre: Centre, anna: Person, vera: Browser) -> None:
    erase_member(centre, anna.member, Word("anna", "просьба"))

    for more in ("", "/life", "/lots"):
        page = vera.get(f"/console/members/{anna.member}{more}")
        assert page.status_code == 200
        assert "Ёлкина" not in page.text
    assert "данные стёрты" in vera.get(f"/console/members/{anna.member}").text


def test_only_who_may_agree_to_a_correction_is_asked_to(
    centre: Centre, staff: Staff, clock: SetClock, anna: Person, vera: Browser
) -> None:
    """Support corrects 500 points alone: 600 wait, and are listed for auditors too."""
    asked = vera.post(
        f"/console/members/{anna.member}/points", direction="give", points="600", note="жалоба 118"
    )
    assert asked.headers["location"].endswith("done=waits")

    for login, role, sees in (
        ("olga", Role.OPERATOR, True),
        ("aud", Role.AUDITOR, False),
        ("nina", Role.SUPPORT, False),
    ):
        staff.add(login, role)
        clock.go(minutes=1)
        here = Browser(TestClient(create_app(centre, full_stages())), staff, login)
        page = here.get("/console/corrections?q=118").text
        assert "жалоба 118" in page
        assert "Ёлкина А." in page
        assert ("/agree" in page) == sees, login
        file = here.get("/console/corrections?format=csv&state=waiting").text
        assert file.count("\n") == 2
    assert "Ничего нет" in vera.get("/console/corrections?state=done").text


def test_who_was_imported_is_shown_with_what_he_had_and_leads_nowhere_in_vain(
    centre: Centre, vera: Browser, tmp_path: Path
) -> None:
    heading = "№ карты;ФИО;E-mail;День рождения;Бонусы;Оборот;Чеков"
    row = "7700000001;Петрова Ирина;irina@example.ru;04.12.1952;221,11;94783,10;12"
    take(centre, csv_file(tmp_path, row, heading=heading))

    here = vera.get("/console/members?who=7700000001").headers["location"]
    page, life = (vera.get(f"{here}{more}").text for more in ("", "/life"))

    assert "04.12.1952" in page
    assert re.search(r"раньше</td>\s*<td[^>]*>94.783,10</td>\s*<td[^>]*>12</td>", page)
    assert "оборот из прежней базы" in life
    assert "Почта, заявлен: прежняя база" in life
    assert "2000" not in life
    for link in re.findall(r'href="(/console/[^"?]+)"', page + life):
        assert vera.get(link).status_code == 200, link


def test_a_page_tells_the_level_and_what_is_missing_to_the_next(
    centre: Centre, vera: Browser, tmp_path: Path
) -> None:
    """60,000 are silver, 90,000 short of gold; a card of gold counts though nothing was bought."""
    publish(centre, wine_text())
    heading = "№ карты;ФИО;Оборот;Тип карты;Уровень до"
    rows = ("7700000001;Петрова Ирина;60000,00;;", "7700000002;Кац Лев;0;gold;31.12.2031")
    take(centre, csv_file(tmp_path, *rows, heading=heading))

    irina, lev = (
        vera.get(vera.get(f"/console/members?who=770000000{no}").headers["location"]).text
        for no in (1, 2)
    )

    assert "<strong>Серебряный</strong>уровень<br>" in irina
    assert "До Золотого 90 000 ₽" in irina.replace("\u00a0", " ")
    assert "<strong>Золотой</strong>уровень, назначен до 31.12.2031</div>" in lev


def test_points_are_given_once_by_a_form_that_is_sent_twice(
    anna: Person, vera: Browser, centre: Centre
) -> None:
    here = f"/console/members/{anna.member}"
    (once,) = re.findall(r'name="once" value="([^"]+)"', vera.get(here).text)
    form = {"direction": "give", "points": "7", "note": "жалоба 118", "once": once}

    answers = [vera.post(f"{here}/points", **form) for _ in range(2)]

    assert [one.headers["location"] for one in answers] == [f"{here}?done=corrected"] * 2
    assert vera.get(here).text.count("жалоба 118") == 1
    with reading(centre.engine) as connection:
        deeds = [step.deed for step in trail.after(connection, 0)]
    assert deeds == ["signed_in", "points_corrected"]


def test_what_another_person_has_changed_meanwhile_stays_as_he_wrote_it(
    anna: Person, vera: Browser
) -> None:
    here = f"/console/members/{anna.member}"
    seen = {"was_name": "Ёлкина Анна", "was_email": "", "was_birthday": ""}
    mine = {"name": "Ёлкина Анна", "phone": "", "birthday": "", "note": "по телефону"}
    assert (
        vera.post(here, **{**mine, "name": "Ёлкина Анна Сергеевна", "email": ""}).status_code == 303
    )

    other = vera.post(here, **mine, **seen, email="a@example.com")
    same = vera.post(here, **{**mine, "name": "Ёлкина Аня"}, **seen, email="")
    nothing = vera.post(here, **mine, **seen, email="")

    assert other.status_code == 303, other.text
    page = vera.get(here).text
    assert 'name="was_name" value="Ёлкина Анна Сергеевна"' in page
    assert "a@example.com" in page
    assert same.status_code == 409
    assert "записал «Ёлкина Анна Сергеевна» вместо «Ёлкина Анна»" in same.text
    assert nothing.status_code == 422
