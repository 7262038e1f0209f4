"""HAProxy as it is shipped: TLS, two processes of which either may go, and nothing else let in."""

import json
import re
from pathlib import Path

import pytest

from central.centre import Centre
from central.estate.service import issue_enrol_code
from central.people.roles import Role
from tests.authority import Authority
from tests.central.people.kit import PASSWORD, Staff
from tests.databases import PostgresDatabases
from tests.deploy.front import HOST, Front, arrived
from tests.deploy.kit import DEPLOY, judged, tool
from tests.deploy.load import books_are_right, selling, wait_for_sales
from tests.processes.estate import found

ALLOW = DEPLOY / "haproxy/console.allow"
POSTGRES = DEPLOY / "haproxy/postgres.cfg"
MORE = 5
NAME, PHONE = "Аполлинария Загоруйко", "+79160000001"
OURS = ("central-0", "central-1", "agent-101")
"""Logs of our processes."""
ANNOUNCED = re.compile(r"^Kopilka [\w ]+: http://[\d.:]+$", re.MULTILINE)
"""On standard output, once at each start."""


def test_haproxy_accepts_its_configuration(tmp_path: Path) -> None:
    certificate = Authority(tmp_path).issue(HOST)
    variables = [
        f"KOPILKA_BIND={HOST}:8443",
        f"KOPILKA_CERTIFICATE={certificate}",
        f"KOPILKA_CONSOLE_BIND={HOST}:9443",
        f"KOPILKA_CONSOLE_ALLOW={ALLOW}",
        f"KOPILKA_CENTRAL_1={HOST}:8101",
        f"KOPILKA_CENTRAL_2={HOST}:8102",
    ]
    config = str(DEPLOY / "haproxy/haproxy.cfg")

    done = judged(["env", *variables, tool("haproxy"), "-c", "-f", config])

    assert (done.returncode, done.stderr) == (0, "")


def test_haproxy_accepts_the_way_to_the_primary() -> None:
    variables = [f"POSTGRES_BIND={HOST}:5432"]
    variables += [f"POSTGRES_{no}={HOST}:{5440 + no}" for no in (1, 2, 3)]
    variables += [f"PATRONI_{no}={8010 + no}" for no in (1, 2, 3)]

    done = judged(["env", *variables, tool("haproxy"), "-c", "-f", str(POSTGRES)])

    assert (done.returncode, done.stderr) == (0, "")


def assert_people_get_in(front: Front, centre: Centre) -> None:
    """Sign somebody in through the proxy: to the console alone, with a cookie of this host."""
    staff = Staff(centre, front.clock)
    login = staff.add("olga", Role.OPERATOR)
    with front.people() as browser:
        assert browser.get("/").headers["location"] == "/console/"
        assert {browser.get(target).status_code for target in ("/v1/nothing", "/metrics")} == {404}
        door = browser.get("/console/sign-in", headers={"X-Forwarded-Proto": "http"})
        form = {"login": login, "password": PASSWORD, "code": staff.code(login)}
        signed_in = browser.post("/console/sign-in", data=form)
        page = browser.get("/console/fleet")
        assert browser.get("/console/members", params={"who": PHONE}).status_code == 200
    assert door.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "frame-ancestors 'none'" in door.headers["Content-Security-Policy"]
    cookie = signed_in.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kopilka=")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Olga" in page.text


@pytest.mark.journey
def test_a_store_behind_tls_sells_on_while_either_process_of_the_centre_is_killed(
    tmp_path: Path, postgres_databases: PostgresDatabases
) -> None:
    """What all of them log meanwhile, in full, is JSON and names nobody."""
    centre = found(tmp_path / "centre", postgres_databases.fresh(tmp_path), ["101"])
    front = Front(tmp_path, tmp_path / "centre", centre.settings.database_url, "DEBUG")
    try:
        front.start(0, 1)
        front.open_proxy()
        inner = ("/metrics", "/v1/status", "/readyz", "/console/sign-in")
        hidden = {front.ask(target).status_code for target in inner}
        assert_people_get_in(front, centre)
        shop = front.open_shop("101", issue_enrol_code(centre, "101"))
        shop.register(NAME, PHONE)
        shop.till.find(PHONE)
        with selling(front):
            front.kill(0)
            wait_for_sales(front, MORE)
            front.drain()
            front.start(0)
            front.end(1)
            wait_for_sales(front, MORE)
        front.drain()
        front.kill(0)
        front.patience.until("the proxy notices", lambda: not front.passes_on())
        nobody = front.ask("/v1/nothing")
        with front.people() as browser:
            no_page = browser.get("/console/fleet")
    finally:
        front.close()

    assert hidden == {404}
    assert shop.refused == {}
    assert arrived(centre.engine, front.shops) == {"accepted": len(shop.sold)}
    assert (nobody.status_code, nobody.json()["code"]) == (503, "no_process")
    assert nobody.headers["Retry-After"] == "2"
    assert (no_page.status_code, "Центр не отвечает" in no_page.text) == (503, True)
    assert books_are_right(centre)
    centre.engine.dispose()
    logged = {log.stem: log.read_text() for log in (tmp_path / "logs").glob("*.log")}
    texts = [ANNOUNCED.sub("", logged[name]) for name in OURS]
    events = [json.loads(line) for text in texts for line in text.split("\n") if line]
    assert {event["event"] for event in events} >= {"http.answered", "receipt.committed"}
    assert not [event for event in events if event["level"] in ("error", "critical")]
    for said in (PHONE, PHONE[2:], NAME, NAME.split()[1], shop.card):
        assert not [name for name, text in logged.items() if said in text], said
