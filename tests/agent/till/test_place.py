"""Tills tell an agent whose disk went back that its journal is shorter than it was."""

import pytest
from fastapi.testclient import TestClient

from agent import epochs
from agent.app import create_app
from agent.till.place import LAST_PLACE, PLACE
from shared.receipt import Redeem
from tests.agent.kit import sell
from tests.agent.till.kit import ELSEWHERE, Till, anna_of, refusal
from tests.builders import Person, Shop, basket

OTHER = "00000000-0000-0000-0000-0000000000ff"


def own(shop: Shop, epoch: int, seq: int) -> str:
    return f"{shop.station.identity.agent}/{epoch}/{seq}"


def test_every_answer_tells_where_the_journal_ends(till: Till) -> None:
    before = till.get("/v1/status").headers[PLACE]
    sell(till.shop, basket(till.shop))

    assert before == own(till.shop, 1, 0)
    assert till.get("/v1/status").headers[PLACE] == own(till.shop, 1, 1)
    assert till.get("/v1/nowhere").headers[PLACE] == own(till.shop, 1, 1)


@pytest.mark.parametrize(("epoch", "seq"), [(1, 2), (2, 0), (2, 1)])
def test_a_later_place_bars_the_epoch_before_the_answer(till: Till, epoch: int, seq: int) -> None:
    anna = anna_of(till.shop)
    sell(till.shop, basket(till.shop))
    receipt = spending(till, anna)
    quoted = till.quote(receipt)
    body = {"uid": till.uid(), "receipt": receipt, "digest": quoted["digest"]}
    headers = {"Content-Type": "application/json", LAST_PLACE: own(till.shop, epoch, seq)}

    answer = till.post(f"/v1/receipts/{receipt['uid']}/reserve", body, headers)

    assert refusal(answer, 409) == "over_lease"
    assert till.shop.station.barred == epochs.BEHIND


def spending(till: Till, anna: Person) -> dict[str, object]:
    redeem = {"mode": Redeem.EXACT.value, "points": 10_000}
    return till.receipt(member=anna, redeem=redeem)


@pytest.mark.parametrize(("epoch", "seq"), [(1, 1), (1, 0), (0, 9)])
def test_a_place_that_the_journal_has_bars_nothing(till: Till, epoch: int, seq: int) -> None:
    sell(till.shop, basket(till.shop))

    till.get("/v1/status", **{LAST_PLACE: own(till.shop, epoch, seq)})

    assert not till.shop.station.barred


@pytest.mark.parametrize(
    "place",
    [
        f"{OTHER}/1/999",
        "{agent}/1/",
        "{agent}/1/-9",
        "{agent}/1/9.0",
        "{agent}/1/9/9",
        "{agent}/1/" + "9" * 19,
        "{agent}/1/9 ",
        "{agent}",
        "",
        "x" * 5_000,
    ],
)
def test_another_agents_place_and_what_is_none_are_ignored(lasting: Till, place: str) -> None:
    sent = place.format(agent=lasting.shop.station.identity.agent)

    answer = lasting.client.get("/v1/status", headers={LAST_PLACE: sent.encode()})

    assert answer.status_code == 200
    assert not lasting.shop.station.barred


def test_who_may_not_call_bars_nothing_and_hears_no_place(lasting: Till) -> None:
    app = create_app(lasting.shop.station)
    stranger = TestClient(app, base_url="http://127.0.0.1:8200", client=ELSEWHERE)

    answer = stranger.get("/v1/status", headers={LAST_PLACE: own(lasting.shop, 1, 9)})

    assert refusal(answer, 401) == "till_token"
    assert PLACE not in answer.headers
    assert not lasting.shop.station.barred


def test_the_description_tells_of_both_headers(lasting: Till) -> None:
    schema = lasting.answer(lasting.get("/openapi.json"))

    for operations in schema["paths"].values():
        for operation in operations.values():
            assert LAST_PLACE in [one["name"] for one in operation["parameters"]]
            (told,) = (told for code, told in operation["responses"].items() if code.isdigit())
            assert set(told["headers"]) == {PLACE}
