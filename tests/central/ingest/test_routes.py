"""Facts and asks over HTTP, as agents send them."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from central.app import create_app, full_stages
from central.centre import Centre
from shared.wire.agents import LeaseAsk, SaleAsk, decode_lease_answer, decode_sale_answer
from shared.wire.codec import encode, pack
from shared.wire.push import decode_answer
from tests.central.journal_builder import Journal

STAGES = full_stages()


@pytest.fixture
def client(centre: Centre) -> Iterator[TestClient]:
    with TestClient(create_app(centre, STAGES)) as client:
        yield client


def test_facts_are_pushed_and_points_asked_for(client: TestClient, journal: Journal) -> None:
    person, _ = journal.register()
    journal.sell(person, earn=[100_00], kept=0)
    signed = journal.signed("/v1/facts", pack(journal.batch()))

    answer = client.post("/v1/facts", content=signed.body, headers=dict(signed.headers))

    assert answer.status_code == 200
    assert decode_answer(answer.content).expects == 3
    request = LeaseAsk(journal.new_id(), journal.agent, 1, journal.new_id(), person.account, 10_00)
    signed = journal.signed("/v1/leases/asks", encode(request))
    answer = client.post("/v1/leases/asks", content=signed.body, headers=dict(signed.headers))
    assert decode_lease_answer(answer.content).missing == 0
    assert client.get("/v1/status").json()["outcomes"] == {"accepted": 2}


def test_a_sale_is_asked_for(client: TestClient, journal: Journal) -> None:
    sold = journal.sell(None)
    journal.push()
    signed = journal.signed("/v1/receipts/asks", encode(SaleAsk(journal.agent, 1, sold.uid)))

    answer = client.post("/v1/receipts/asks", content=signed.body, headers=dict(signed.headers))

    assert decode_sale_answer(answer.content).sale == encode(sold.body)


def test_a_body_that_was_changed_on_its_way_is_refused(
    client: TestClient, journal: Journal
) -> None:
    journal.register()
    signed = journal.signed("/v1/facts", pack(journal.batch()))

    answer = client.post("/v1/facts", content=signed.body + b"!", headers=dict(signed.headers))

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
