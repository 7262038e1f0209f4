"""A code is good once, for ten minutes, for few tries, and for who holds the key."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from central.agents import store
from central.agents.enrolment import TRIES_MAX
from central.centre import Centre
from central.estate.service import UnknownStoreError, issue_enrol_code
from central.schema import table_of
from shared.runtime.sqlite import reading
from shared.wire.agents import EnrolRequest
from shared.wire.codec import encode
from tests.central.app.kit import Device, SetClock, code_of


def _wrong(code: str) -> str:
    return code[:-1] + ("A" if code[-1] != "A" else "B")


def test_an_agent_enrols_and_learns_its_chains_secrets(centre: Centre, device: Device) -> None:
    answer = device.enrol(issue_enrol_code(centre, "101"))

    assert answer.status_code == 201
    assert device.me is not None
    assert (device.me.store, device.me.epoch, device.me.card_block) == ("101", 1, 1)
    assert device.me.root_key == centre.keys.root_key
    assert device.me.index_key == centre.keys.index
    assert device.me.pin_pepper == centre.keys.pin_pepper


def test_a_code_typed_in_small_letters_without_the_dash_is_the_code(
    centre: Centre, device: Device
) -> None:
    code = issue_enrol_code(centre, "101")

    assert device.enrol(code.replace("-", " ").lower()).status_code == 201


def test_a_code_serves_one_key(centre: Centre, client: TestClient, clock: SetClock) -> None:
    code = issue_enrol_code(centre, "101")
    Device(client, clock, seed=1).enrol(code)

    second = Device(client, clock, seed=2).enrol(code)

    assert (second.status_code, code_of(second)) == (403, "wrong_code")


def test_a_lost_answer_is_given_again_to_the_same_key(centre: Centre, device: Device) -> None:
    code = issue_enrol_code(centre, "101")
    first = device.enrol(code)

    again = device.enrol(code)

    assert again.content == first.content


def test_a_code_ends_after_ten_minutes(centre: Centre, device: Device, clock: SetClock) -> None:
    code = issue_enrol_code(centre, "101")
    clock.go(minutes=10)

    assert code_of(device.enrol(code)) == "wrong_code"


def test_a_code_ends_after_few_wrong_tries(centre: Centre, device: Device) -> None:
    code = issue_enrol_code(centre, "101")
    for _ in range(TRIES_MAX):
        assert code_of(device.enrol(_wrong(code))) == "wrong_code"

    assert code_of(device.enrol(code)) == "wrong_code"


def test_wrong_tries_at_one_code_leave_another_alone(centre: Centre, device: Device) -> None:
    tried, other = issue_enrol_code(centre, "101"), issue_enrol_code(centre, "102")
    for _ in range(TRIES_MAX):
        device.enrol(_wrong(tried))

    assert device.enrol(other).status_code == 201


def test_a_new_code_of_a_store_replaces_its_earlier_one(centre: Centre, device: Device) -> None:
    old = issue_enrol_code(centre, "101")
    new = issue_enrol_code(centre, "101")

    assert code_of(device.enrol(old)) == "wrong_code"
    assert device.enrol(new).status_code == 201


def test_no_code_is_kept_in_clear(centre: Centre) -> None:
    code = issue_enrol_code(centre, "101").replace("-", "")

    with reading(centre.engine) as connection:
        row = connection.execute(select(table_of(store.EnrolCodeTable))).one()

    assert code not in str(row)
    assert row.selector == code[:3]


def test_a_code_for_a_store_that_is_not_there_is_refused(centre: Centre) -> None:
    with pytest.raises(UnknownStoreError):
        issue_enrol_code(centre, "999")


def test_another_agent_of_the_store_fences_the_former(
    centre: Centre, client: TestClient, clock: SetClock
) -> None:
    former, present = Device(client, clock, seed=1), Device(client, clock, seed=2)
    former.enrol(issue_enrol_code(centre, "101"))
    former.open()

    present.enrol(issue_enrol_code(centre, "101"))

    assert code_of(former.open()) == "agent_fenced"
    assert code_of(former.get("/v1/segments/global?after=0")) == "agent_fenced"
    assert present.open().status_code == 201
    with reading(centre.engine) as connection:
        records = store.agents(connection)
    assert [agent.fenced_at for agent in records] == [clock.now(), None]
    assert [agent.card_block for agent in records] == [1, 2]


def test_a_key_enrols_once(centre: Centre, device: Device) -> None:
    device.enrol(issue_enrol_code(centre, "101"))

    again = device.enrol(issue_enrol_code(centre, "102"))

    assert (again.status_code, code_of(again)) == (409, "key_known")


def test_who_does_not_hold_the_key_does_not_enrol(centre: Centre, device: Device) -> None:
    code = issue_enrol_code(centre, "101")
    body = encode(EnrolRequest(code, bytes(32), "0.1"))

    answer = device.client.post(
        "/v1/enrolments", content=body, headers=device.signed("/v1/enrolments", body)
    )

    assert (answer.status_code, code_of(answer)) == (401, "bad_signature")
    assert device.enrol(code).status_code == 201


def test_a_body_that_is_no_message_is_refused(device: Device) -> None:
    answer = device.client.post(
        "/v1/enrolments", content=b"?", headers=device.signed("/v1/enrolments", b"?")
    )

    assert (answer.status_code, code_of(answer)) == (422, "malformed")
