"""HAProxy as it is shipped: TLS, two processes of which either may go, and nothing else let in."""

import json
import re
from pathlib import Path

import pytest

from central.estate.service import issue_enrol_code
from tests.authority import Authority
from tests.databases import PostgresDatabases
from tests.deploy.front import HOST, Front, arrived
from tests.deploy.kit import DEPLOY, judged, tool
from tests.deploy.load import books_are_right, selling, wait_for_sales
from tests.processes.estate import found

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
        hidden = {front.ask(target).status_code for target in ("/metrics", "/v1/status", "/readyz")}
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
    finally:
        front.close()

    assert hidden == {404}
    assert shop.refused == {}
    assert arrived(centre.engine, front.shops) == {"accepted": len(shop.sold)}
    assert (nobody.status_code, nobody.json()["code"]) == (503, "no_process")
    assert nobody.headers["Retry-After"] == "2"
    assert books_are_right(centre)
    centre.engine.dispose()
    logged = {log.stem: log.read_text() for log in (tmp_path / "logs").glob("*.log")}
    texts = [ANNOUNCED.sub("", logged[name]) for name in OURS]
    events = [json.loads(line) for text in texts for line in text.split("\n") if line]
    assert {event["event"] for event in events} >= {"http.answered", "receipt.committed"}
    assert not [event for event in events if event["level"] in ("error", "critical")]
    for said in (PHONE, PHONE[2:], NAME, NAME.split()[1], shop.card):
        assert not [name for name, text in logged.items() if said in text], said
