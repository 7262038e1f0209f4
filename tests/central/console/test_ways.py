"""Who may go where: every address of the centre's application, and every role."""

import re
from itertools import product

import pytest
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount, Route

from central.app import create_app, full_stages
from central.centre import Centre
from central.console.routes import REASONED
from central.console.ways import WAYS
from central.people.roles import Role
from tests.central.people.kit import Browser, Staff

MARKETER, SUPPORT, OPERATOR, AUDITOR, ADMINISTRATOR = Role
EVERYBODY = set(Role)
ESTATE = {OPERATOR, ADMINISTRATOR}
SUPPORTS = {SUPPORT, OPERATOR}
SEES = {*SUPPORTS, AUDITOR}
OPEN = {("GET", "/console/sign-in"), ("POST", "/console/sign-in")}
MATRIX = {
    ("GET", "/console/"): EVERYBODY,
    ("POST", "/console/sign-out"): EVERYBODY,
    ("GET", "/console/me"): EVERYBODY,
    ("POST", "/console/me"): EVERYBODY,
    ("POST", "/console/me/password"): EVERYBODY,
    ("POST", "/console/me/sessions"): EVERYBODY,
    ("GET", "/console/fleet"): EVERYBODY,
    ("GET", "/console/stores/{store}"): EVERYBODY,
    ("GET", "/console/alerts"): EVERYBODY,
    ("POST", "/console/alerts"): ESTATE,
    ("GET", "/console/cashiers"): EVERYBODY,
    ("GET", "/console/regions"): EVERYBODY,
    ("GET", "/console/files"): ESTATE,
    ("GET", "/console/files/stores.csv"): ESTATE,
    ("POST", "/console/files/{what}"): ESTATE,
    ("POST", "/console/files/{what}/check"): ESTATE,
    ("GET", "/console/new-store"): ESTATE,
    ("POST", "/console/new-store"): ESTATE,
    ("POST", "/console/stores/{store}"): ESTATE,
    ("POST", "/console/stores/{store}/cashiers"): ESTATE,
    ("POST", "/console/stores/{store}/cashiers/{no}/remove"): ESTATE,
    ("POST", "/console/stores/{store}/enrol"): ESTATE,
    ("POST", "/console/stores/{store}/keys"): ESTATE,
    ("POST", "/console/stores/{store}/fence"): ESTATE,
    ("POST", "/console/stores/{store}/revoke"): ESTATE,
    ("POST", "/console/stores/{store}/write-off"): ESTATE,
    ("GET", "/console/members"): SEES,
    ("GET", "/console/members/{member}"): SEES,
    ("GET", "/console/members/{member}/life"): SEES,
    ("GET", "/console/members/{member}/lots"): SEES,
    ("GET", "/console/consents/{purpose}/{version}"): SEES,
    ("POST", "/console/members/{member}/consents"): SUPPORTS,
    ("POST", "/console/members/{member}/consents/withdraw"): SUPPORTS,
    ("POST", "/console/members/{member}"): SUPPORTS,
    ("POST", "/console/members/{member}/verify"): SUPPORTS,
    ("POST", "/console/members/{member}/merge"): SUPPORTS,
    ("POST", "/console/members/{member}/unmerge"): SUPPORTS,
    ("POST", "/console/members/{member}/family"): SUPPORTS,
    ("POST", "/console/members/{member}/family/leave"): SUPPORTS,
    ("POST", "/console/members/{member}/family/role"): SUPPORTS,
    ("POST", "/console/members/{member}/codes"): SUPPORTS,
    ("POST", "/console/members/{member}/codes/confirm"): SUPPORTS,
    ("POST", "/console/members/{member}/points"): SUPPORTS,
    ("GET", "/console/corrections"): SEES,
    ("POST", "/console/corrections/{uid}/agree"): {OPERATOR},
    ("POST", "/console/corrections/{uid}/refuse"): {OPERATOR},
    ("GET", "/console/receipts"): SEES,
    ("GET", "/console/receipts/{receipt}"): SEES,
    ("GET", "/console/conflicts"): SEES,
    ("GET", "/console/conflicts/{conflict}"): SEES,
    ("POST", "/console/conflicts/{conflict}/resolve"): SUPPORTS,
    ("POST", "/console/conflicts/{conflict}/undo"): SUPPORTS,
    ("POST", "/console/conflicts/{conflict}/correct"): SUPPORTS,
    ("GET", "/console/packs"): EVERYBODY,
    ("GET", "/console/packs/{pack}"): EVERYBODY,
    ("POST", "/console/packs/{pack}/halt"): {OPERATOR},
    ("POST", "/console/packs/{pack}/widen"): {OPERATOR},
    ("POST", "/console/packs/{pack}/rollback"): {OPERATOR},
    ("POST", "/console/packs/{pack}/campaign"): {OPERATOR},
    ("GET", "/console/packs/{pack}/tables/{kind}.csv"): EVERYBODY,
    ("POST", "/console/packs/{pack}/tables/{kind}"): {MARKETER},
    ("GET", "/console/new-draft"): {MARKETER},
    ("POST", "/console/new-draft"): {MARKETER},
    ("GET", "/console/drafts/{draft}"): EVERYBODY,
    ("GET", "/console/drafts/{draft}/preview"): EVERYBODY,
    ("POST", "/console/drafts/{draft}"): {MARKETER},
    ("POST", "/console/drafts/{draft}/submit"): {MARKETER},
    ("POST", "/console/drafts/{draft}/approve"): {MARKETER, OPERATOR},
    ("POST", "/console/drafts/{draft}/reject"): {MARKETER, OPERATOR},
    ("POST", "/console/drafts/{draft}/publish"): {OPERATOR},
    ("GET", "/console/figures"): EVERYBODY,
    ("GET", "/console/figures/{figure}.svg"): EVERYBODY,
    ("GET", "/console/figures/{figure}.csv"): EVERYBODY,
    ("GET", "/console/people"): {ADMINISTRATOR},
    ("POST", "/console/people"): {ADMINISTRATOR},
    ("GET", "/console/people/{login}"): {ADMINISTRATOR},
    ("POST", "/console/people/{login}/role"): {ADMINISTRATOR},
    ("POST", "/console/people/{login}/reset"): {ADMINISTRATOR},
    ("POST", "/console/people/{login}/disable"): {ADMINISTRATOR},
    ("GET", "/console/trail"): {AUDITOR, ADMINISTRATOR},
    ("GET", "/console/{page:path}"): EVERYBODY,
}
"""Who may, written by hand: an address that is not here fails a test."""
NOBODY = "01890000-0000-7000-8000-000000000000"
OF_AGENTS = ("/v1/", "/metrics", "/healthz", "/readyz", "/docs", "/redoc", "/openapi.json")
"""What agents sign, and what tells no more than that the process lives."""


def routes(within: list[BaseRoute]) -> set[tuple[str, str]]:
    found = set()
    for route in within:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found |= routes(inner.routes)
        elif isinstance(route, Mount):
            found.add(("GET", f"{route.path}/"))
        else:
            assert isinstance(route, Route), route
            found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return found


def test_every_address_is_in_the_matrix_or_of_agents(centre: Centre) -> None:
    there = routes(create_app(centre, full_stages()).routes)
    unknown = {
        one
        for one in there
        if one not in {*MATRIX, *OPEN} and not one[1].startswith((*OF_AGENTS, "/console/static"))
    }

    assert unknown == set()
    assert {*MATRIX, *OPEN} < there
    assert {(way.method, f"/console{way.path}") for way in WAYS} == {*MATRIX, *OPEN}


def test_who_is_not_signed_in_gets_nowhere(client: TestClient) -> None:
    for method, path in MATRIX:
        answer = client.request(method, _filled(path), follow_redirects=False)
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/console/sign-in")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_where_it_may_and_nowhere_else(
    client: TestClient, staff: Staff, role: Role
) -> None:
    """Forms are sent without their token: who may send them is told so, others are told his role
    may not, and nothing is done."""
    here = Browser(client, staff, staff.add(role.value, role))

    for (method, path), roles in MATRIX.items():
        answer = client.request(method, _filled(path), follow_redirects=False)
        is_let_in = answer.status_code != 403 or "Форма устарела" in answer.text
        assert is_let_in == (role in roles), (role, method, path, answer.status_code)
        assert answer.status_code < 500
        is_told = "Вашей роли сюда нельзя" in answer.text
        assert is_told == (role not in roles)
    assert here.get("/console/me").status_code == 200


def test_what_writes_stands_in_the_trail() -> None:
    silent = {way.path for way in WAYS if way.method == "POST" and not way.deed}

    assert silent == {"/sign-in"}  # writes its own step


def test_what_cannot_be_taken_back_asks_why(client: TestClient, staff: Staff) -> None:
    olga = Browser(client, staff, staff.add("olga", Role.OPERATOR))
    asked = {way.path for way in WAYS if way.deed in REASONED}

    assert len(asked) == len(REASONED)
    for path in asked:
        refused = olga.post(f"/console{_filled(path)}", note=" ")
        assert (refused.status_code, "Напишите причину" in refused.text) == (422, True), path


def test_the_matrix_has_every_role_somewhere() -> None:
    assert {role for role, roles in product(Role, MATRIX.values()) if role in roles} == set(Role)


def _filled(path: str) -> str:
    filled = {"login": "marketer", "store": "101", "no": "7", "figure": "queues"}
    return re.sub(r"\{(\w+)\}", lambda found: filled.get(found[1], NOBODY), path)
