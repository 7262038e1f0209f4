"""Who may call: this machine, or a till with a token; never a foreign web page."""

from collections.abc import Iterator

import pytest

from agent.pairing import add_token
from shared.runtime.sqlite import transaction
from tests.agent.till.kit import ELSEWHERE, JSON, Till, journal_length, refusal
from tests.builders import Shop

TOKEN = "ab" * 24
REGISTRATION = {
    "uid": "019e4541-ca00-7222-808a-05a6c4647159",
    "name": "Анна",
    "phone": "+79161234567",
    "consent": "1",
}


@pytest.fixture(autouse=True)
def _nothing_changes(lasting: Till) -> Iterator[None]:
    yield
    assert journal_length(lasting.shop) == 0


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8200", "127.0.0.1.evil.example", "10.0.0.5", "", "[::2]:1"],
)
def test_a_host_that_is_not_this_agents_is_refused(lasting: Till, host: str) -> None:
    response = lasting.post("/v1/members", REGISTRATION, {**JSON, "Host": host})

    assert refusal(response, 403) == "foreign_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8200", "localhost:8200", "localhost", "[::1]:8200"])
def test_this_machines_own_names_are_served(lasting: Till, host: str) -> None:
    assert lasting.get("/v1/status", Host=host).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1:8200", "http://127.0.0.1:9", "null", ""]
)
def test_a_page_of_another_origin_is_refused(lasting: Till, origin: str) -> None:
    response = lasting.post("/v1/members", REGISTRATION, {**JSON, "Origin": origin})

    assert refusal(response, 403) == "foreign_origin"
    assert not any(name.startswith("access-control") for name in response.headers)


def test_a_page_of_the_agent_itself_is_served(lasting: Till) -> None:
    response = lasting.get("/v1/status", Origin="http://127.0.0.1:8200", Host="127.0.0.1:8200")

    assert response.status_code == 200
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.fixture
def far(shop: Shop) -> Till:
    """A till on another machine."""
    with transaction(shop.station.journal) as connection:
        add_token(connection, TOKEN, "till 2", shop.clock.now())
    return Till(shop, ELSEWHERE)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", TOKEN]
)
def test_another_machine_without_its_token_is_refused(far: Till, authorization: str) -> None:
    headers = {**JSON, "Authorization": authorization}

    assert refusal(far.post("/v1/members", REGISTRATION, headers), 401) == "till_token"
    assert refusal(far.get("/v1/status", Authorization=authorization), 401) == "till_token"
    assert journal_length(far.shop) == 0


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_another_machine_with_its_token_is_served(far: Till, scheme: str) -> None:
    headers = {**JSON, "Authorization": f"{scheme} {TOKEN}"}

    assert far.post("/v1/members", REGISTRATION, headers).status_code == 201


def test_of_a_tills_token_only_the_digest_is_kept(far: Till) -> None:
    with transaction(far.shop.station.journal) as connection:
        kept = connection.exec_driver_sql("SELECT * FROM till_token").all()

    assert len(kept) == 1
    assert TOKEN not in repr(kept)
    assert bytes.fromhex(TOKEN) not in kept[0]
