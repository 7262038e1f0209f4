"""Packs from the console: one person writes, another approves, an operator publishes and halts."""

import re

import pytest
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from central.console.forms import FILES_BYTES_MAX
from central.packs.service import publish
from central.people.roles import Role
from tests.builders import wine_text
from tests.central.people.kit import Browser, Staff

SEEN = re.compile(r'name="was_text" value="(\w+)"')


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
    assert "по этапам" in page
    listed = operator.get("/console/packs").text
    assert "wine 2" in listed
    assert "9999" not in page + listed  # how the version before is told that it is not for it
    assert "101" in operator.get(f"{pack}?format=csv").text
    halted = operator.post(f"{pack}/halt", note="ошибка в скидке")
    assert halted.status_code == 303, halted.text
    assert "ошибка в скидке" in operator.get(pack).text


def test_a_page_that_is_old_approves_nothing_and_a_pack_may_count_at_once(
    centre: Centre, marketer: Browser, operator: Browser
) -> None:
    publish(centre, wine_text())
    texts = [wine_text().replace("version: 1\n", f"version: {no}\n") for no in (2, 3)]
    written = marketer.post("/console/new-draft", text=texts[0])
    here = written.headers["location"].partition("?")[0]
    marketer.post(f"{here}/submit")
    seen = SEEN.findall(operator.get(here).text)[0]
    marketer.post(here, text=texts[1], was_text=seen)
    marketer.post(f"{here}/submit")

    late = operator.post(f"{here}/approve", was_text=seen)

    assert late.status_code == 409
    assert "текст черновика № 1 изменили" in late.text
    assert operator.post(f"{here}/approve", was_text=SEEN.findall(late.text)[0]).status_code == 303
    done = operator.post(f"{here}/publish", at_once="1", effective_from="", note="сразу")
    assert done.status_code == 303, done.text
    assert "<td>сразу</td>" in operator.get(done.headers["location"]).text


def test_a_text_that_is_no_pack_is_refused_and_kept(marketer: Browser) -> None:
    refused = marketer.post("/console/new-draft", text="name: wine\nrules: 5", note="")

    assert refused.status_code == 422
    assert "rules: 5" in refused.text
    assert marketer.get("/console/drafts/1").status_code == 404
    assert marketer.get("/console/drafts/x").status_code == 404
    assert marketer.get("/console/packs/none").status_code == 404


def test_a_pack_is_widened_a_campaign_of_it_halted_and_all_of_it_rolled_back(
    centre: Centre, operator: Browser
) -> None:
    first = publish(centre, wine_text())
    second = publish(centre, wine_text().replace("version: 1\n", "version: 2\n"))
    here = f"/console/packs/{second.hash}"

    page = operator.get(here).text
    assert "(sparkling_spring)" in page
    assert f'value="{first.hash}"' in page
    widened = operator.post(f"{here}/widen", regions="kzn", note="второй этап")
    assert widened.headers["location"] == f"{here}?done=widened"
    assert "регион kzn" in operator.get(here).text
    nowhere = operator.post(f"{here}/widen", regions="mars", note="нет такого")
    assert nowhere.status_code == 404
    assert 'value="mars"' in nowhere.text

    halted = operator.post(f"{here}/campaign", campaign="sparkling_spring", note="ошибка")
    assert halted.status_code == 303, halted.text
    third = halted.headers["location"].partition("?")[0]
    assert "остановлена кампания wine 2 → wine 3" in operator.get(third).text
    unknown = operator.post(f"{third}/campaign", campaign="nothing", note="нет")
    assert unknown.status_code == 404

    back = operator.post(f"{third}/rollback", former=first.hash, note="назад")
    assert back.status_code == 303, back.text
    assert "откат wine 3 → wine 1" in operator.get(third).text


def test_a_table_is_given_out_changed_and_sent_back_as_a_draft(
    centre: Centre, marketer: Browser
) -> None:
    pack = publish(centre, wine_text())
    here = f"/console/packs/{pack.hash}/tables/tiers"
    given = marketer.get(f"{here}.csv")
    assert given.headers["content-disposition"] == "attachment; filename=tiers.csv"
    changed = given.content.decode("utf-8-sig").replace("50000.00", "40000.00")

    sent = marketer.post_file(here, "уровни.csv", changed.encode())

    assert sent.status_code == 303, sent.text
    draft = marketer.get(sent.headers["location"].partition("?")[0]).text
    assert "40" in draft
    assert "«Уровни» правил wine:1, файл уровни.csv" in draft
    bad = marketer.post_file(here, "уровни.csv", changed.replace("40000.00", "=A1").encode())
    assert bad.status_code == 422
    assert "Строка" in bad.text
    file = {"file": ("t.csv", changed.encode(), "text/csv")}
    foreign = marketer.client.post(here, data={"form_token": "0" * 64}, files=file)
    assert foreign.status_code == 403
    assert marketer.get("/console/drafts/2").status_code == 404
    assert marketer.post(here).status_code == 422
    large = marketer.post_file(here, "уровни.csv", bytes(FILES_BYTES_MAX))
    assert (large.status_code, "до 4 МиБ" in large.text) == (413, True)
    assert marketer.get("/console/packs/none/tables/tiers.csv").status_code == 404
    assert marketer.get(f"/console/packs/{pack.hash}/tables/nothing.csv").status_code == 404
