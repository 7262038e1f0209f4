"""Packs from the console: one person writes, another approves, an operator publishes and halts."""

import pytest
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from central.packs.service import publish
from central.people.roles import Role
from tests.builders import wine_text
from tests.central.people.kit import Browser, Staff


@pytest.fixture
def marketer(centre: Centre, staff: Staff) -> Browser:
    login = staff.add("mark", Role.MARKETER)
    return Browser(TestClient(create_app(centre, full_stages())), staff, login)


@pytest.fixture
def operator(centre: Centre, staff: Staff) -> Browser:
    login = staff.add("olga", Role.OPERATOR)
    return Browser(TestClient(create_app(centre, full_stages())), staff, login)


def test_a_draft_is_written_approved_by_another_published_and_halted(
    centre: Centre, marketer: Browser, operator: Browser
) -> None:
    publish(centre, wine_text())
    text = wine_text().replace("version: 1\n", "version: 2\n")
    written = marketer.post("/console/new-draft", text=text, note="весна")
    here = written.headers["location"].partition("?")[0]
    assert "Что меняется" in operator.get(here).text
    assert marketer.post(f"{here}/submit").status_code == 303

    own = marketer.post(f"{here}/approve")
    assert own.status_code in (403, 409)
    assert operator.post(f"{here}/approve", note="проверено").status_code == 303
    assert marketer.post(f"{here}/publish").status_code == 403
    published = operator.post(f"{here}/publish", regions="msk", note="первый регион")
    assert published.status_code == 303, published.text
    pack = published.headers["location"].partition("?")[0]

    page = operator.get(pack).text
    assert "первый регион" in page
    assert "нет агента" in page
    assert "wine 2" in operator.get("/console/packs").text
    assert "101" in operator.get(f"{pack}?format=csv").text
    halted = operator.post(f"{pack}/halt", note="ошибка в скидке")
    assert halted.status_code == 303, halted.text
    assert "ошибка в скидке" in operator.get(pack).text


def test_a_text_that_is_no_pack_is_refused_and_kept(marketer: Browser) -> None:
    refused = marketer.post("/console/new-draft", text="name: wine\nrules: 5", note="")

    assert refused.status_code == 422
    assert "rules: 5" in refused.text
    assert marketer.get("/console/drafts/1").status_code == 404
    assert marketer.get("/console/drafts/x").status_code == 404
    assert marketer.get("/console/packs/none").status_code == 404
