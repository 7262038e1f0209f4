"""Signed requests are taken once, sessions for a quarter of an hour, and clocks must agree."""

from uuid import UUID

from sqlalchemy import func, select

from central.agents import service, store
from central.centre import Centre
from central.schema import table_of
from shared.crypto.requests import SignedRequest
from shared.runtime.sqlite import reading
from shared.wire.agents import SessionRequest, StreamHead
from shared.wire.codec import encode
from tests.central.app.kit import Device, SetClock, code_of, enrolled

SEGMENTS = "/v1/segments/global?after=0"
NOBODY = UUID(int=1)


def _session_request(device: Device) -> bytes:
    assert device.me is not None
    return encode(SessionRequest(device.me.agent, device.me.epoch, "0.2", 5))


def test_a_session_tells_the_centres_time_and_where_the_streams_end(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)

    assert device.session is not None
    assert device.session.now == clock.now()
    assert device.session.incarnation == centre.incarnation
    assert device.session.expects == 1
    assert device.session.streams == (
        StreamHead("global", 1),
        StreamHead("region:msk", 0),
        StreamHead("store:101", 1),
    )


def test_a_replayed_request_is_refused(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    body = _session_request(device)
    headers = device.signed("/v1/sessions", body)
    first = device.client.post("/v1/sessions", content=body, headers=headers)

    again = device.client.post("/v1/sessions", content=body, headers=headers)

    assert first.status_code == 201
    assert (again.status_code, code_of(again)) == (401, "replayed")


def test_a_changed_body_is_refused(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    body = _session_request(device)
    headers = device.signed("/v1/sessions", body)

    answer = device.client.post("/v1/sessions", content=body + b" ", headers=headers)

    assert (answer.status_code, code_of(answer)) == (401, "bad_signature")


def test_a_signature_for_another_path_is_refused(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    body = _session_request(device)
    headers = device.signed("/v1/facts", body)

    answer = device.client.post("/v1/sessions", content=body, headers=headers)

    assert code_of(answer) == "bad_signature"


def test_a_signature_counts_whatever_address_the_proxy_has(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    body = _session_request(device)
    headers = device.signed("/v1/sessions", body) | {"Host": "proxy.example:9"}

    answer = device.client.post("/v1/sessions", content=body, headers=headers)

    assert answer.status_code == 201


def test_a_forged_request_leaves_the_owners_nonce_alone(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    body = _session_request(device)
    headers = device.signed("/v1/sessions", body)
    device.client.post("/v1/sessions", content=b"forged", headers=headers)

    answer = device.client.post("/v1/sessions", content=body, headers=headers)

    assert answer.status_code == 201


def test_a_clock_that_is_off_learns_the_centres_time(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    body = _session_request(device)
    headers = device.signed("/v1/sessions", body)
    clock.go(minutes=6)

    answer = device.client.post("/v1/sessions", content=body, headers=headers)

    assert (answer.status_code, code_of(answer)) == (401, "clock_skew")
    assert answer.json()["details"]["now_s"] == int(clock.now().timestamp())


def test_a_key_that_nobody_enrolled_is_forbidden(device: Device) -> None:
    answer = device.post("/v1/sessions", SessionRequest(NOBODY, 1, "0.1", 0))

    assert (answer.status_code, code_of(answer)) == (403, "agent_unknown")


def test_an_agent_opens_no_session_for_another(centre: Centre, device: Device) -> None:
    enrolled(centre, device)

    answer = device.post("/v1/sessions", SessionRequest(NOBODY, 1, "0.1", 0))

    assert (answer.status_code, code_of(answer)) == (403, "agent_unknown")


def test_an_epoch_that_is_not_the_agents_is_fenced(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    assert device.me is not None

    answer = device.post("/v1/sessions", SessionRequest(device.me.agent, 2, "0.1", 0))

    assert (answer.status_code, code_of(answer)) == (403, "agent_fenced")


def test_a_session_ends_after_a_quarter_of_an_hour(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    clock.go(minutes=14)
    assert device.get(SEGMENTS).status_code == 200

    clock.go(minutes=1)

    answer = device.get(SEGMENTS)
    assert (answer.status_code, code_of(answer)) == (401, "session_expired")


def test_a_mac_is_good_for_its_target_only(centre: Centre, device: Device) -> None:
    enrolled(centre, device)

    answer = device.get(SEGMENTS, device.headers("/v1/segments/global?after=1"))

    assert (answer.status_code, code_of(answer)) == (401, "bad_mac")


def test_a_request_without_a_session_is_refused(device: Device) -> None:
    answer = device.client.get(SEGMENTS)

    assert (answer.status_code, code_of(answer)) == (401, "session_expired")


def test_an_old_mac_is_refused_with_the_centres_time(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    headers = device.headers(SEGMENTS)
    clock.go(minutes=6)

    answer = device.get(SEGMENTS, headers)

    assert (answer.status_code, code_of(answer)) == (401, "clock_skew")
    assert answer.json()["details"]["now_s"] == int(clock.now().timestamp())


def test_the_centre_knows_when_an_agent_was_seen(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    clock.go(minutes=2)
    device.get(SEGMENTS)

    with reading(centre.engine) as connection:
        (agent,) = store.agents(connection)
    assert agent.seen_at == clock.now()


def test_sessions_and_nonces_that_are_over_are_forgotten(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    clock.go(minutes=20)

    service.tidy(centre, clock.now())

    with reading(centre.engine) as connection:
        for table in (store.SessionTable, store.NonceTable):
            assert connection.scalar(select(func.count()).select_from(table_of(table))) == 0


def test_other_stages_learn_who_signed(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    headers = {name.lower(): value for name, value in device.signed("/v1/facts", b"x").items()}

    identity = service.authenticate(centre, SignedRequest("POST", "/v1/facts", headers, b"x"))

    assert device.me is not None
    assert identity == service.AgentIdentity(device.me.agent, 1, "101")
