"""What tills send wrongly gets one clear sentence, and nothing changes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agent.till.kit import JSON, Till, cash, journal_length, refusal
from tests.builders import CHEESE

UID = "019e4541-ca00-7222-808a-05a6c4647159"
LINE = {"no": 1, "sku": CHEESE, "quantity": 1000}
LATE_LINE = LINE | {"price_minor": 10_000}
RECEIPT = {"uid": UID, "lines": [LINE]}
RECEIPT_PATH = f"/v1/receipts/{UID}"
POSTS = [
    "/v1/scans",
    "/v1/members/find",
    "/v1/members",
    f"/v1/members/{UID}/edits",
    "/v1/quotes",
    f"{RECEIPT_PATH}/reserve",
    f"{RECEIPT_PATH}/commit",
    f"{RECEIPT_PATH}/cancel",
    f"{RECEIPT_PATH}/returns/preview",
    f"{RECEIPT_PATH}/returns",
    f"{RECEIPT_PATH}/void",
    "/v1/exchanges/preview",
    "/v1/exchanges",
    f"{RECEIPT_PATH}/reprint",
    f"/v1/lots/{UID}/activate",
    "/v1/sign-in",
]
GETS = ["/v1/status", RECEIPT_PATH, f"{RECEIPT_PATH}/trace", "/v1/events", "/openapi.json"]
TEN_MB = 10 * 1024 * 1024


@pytest.fixture(autouse=True)
def _nothing_changes(lasting: Till) -> Iterator[None]:
    yield
    assert journal_length(lasting.shop) == 0


def line(**changed: Any) -> dict[str, Any]:
    return {"uid": UID, "lines": [LINE | changed]}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(RECEIPT | {"colour": "red"}, id="unknown field"),
        pytest.param(line(colour="red"), id="unknown field of a line"),
        pytest.param(line(quantity=1.5), id="float"),
        pytest.param(line(quantity=1000.0), id="whole float"),
        pytest.param(line(quantity=True), id="bool"),
        pytest.param(line(quantity="1000"), id="numeric string"),
        pytest.param(line(quantity=None), id="null"),
        pytest.param(line(quantity=0), id="zero"),
        pytest.param(line(quantity=-1000), id="negative quantity"),
        pytest.param(line(quantity=10**30), id="huge quantity"),
        pytest.param(line(price_minor=-1), id="negative price"),
        pytest.param(line(price_minor=10**30), id="huge price"),
        pytest.param(line(price_minor=10**12, quantity=10**9), id="more than all money"),
        pytest.param(line(quantity=float("nan")), id="NaN"),
        pytest.param(line(quantity=float("inf")), id="infinity"),
        pytest.param(line(no=0), id="line number 0"),
        pytest.param(line(no=501), id="line number 501"),
        pytest.param(line(sku=""), id="neither sku nor barcode"),
        pytest.param(line(sku="a\u0000b"), id="NUL"),
        pytest.param(line(sku="a\nb"), id="line feed"),
        pytest.param(line(sku="\ud800"), id="lone surrogate"),
        pytest.param(RECEIPT | {"\ud800": 1}, id="lone surrogate as a name"),
        pytest.param(line(sku="x" * 65), id="long sku"),
        pytest.param(RECEIPT | {"lines": [LINE, LINE]}, id="line numbers repeat"),
        pytest.param(RECEIPT | {"lines": []}, id="no lines"),
        pytest.param(
            RECEIPT | {"lines": [LINE | {"no": no} for no in range(1, 502)]}, id="501 lines"
        ),
        pytest.param(RECEIPT | {"uid": "17"}, id="bad uid"),
        pytest.param(RECEIPT | {"uid": 17}, id="uid a number"),
        pytest.param(RECEIPT | {"redeem": {"mode": "most"}}, id="unknown mode"),
        pytest.param(RECEIPT | {"redeem": {"mode": "exact", "points": -1}}, id="negative points"),
        pytest.param(RECEIPT | {"promo_codes": ["x"] * 21}, id="too many codes"),
        pytest.param(line(attributes={"flags": ["radioactive"]}), id="unknown flag"),
        pytest.param([RECEIPT], id="a list"),
        pytest.param("receipt", id="a string"),
        pytest.param(None, id="null body"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_receipt_that_is_not_one_is_refused(lasting: Till, body: object) -> None:
    assert refusal(lasting.post("/v1/quotes", body), 422) == "invalid_request"
    wrapped = {"uid": UID, "receipt": body, "digest": "x"}
    assert refusal(lasting.post(f"{RECEIPT_PATH}/reserve", wrapped), 422) == "invalid_request"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut"),
        pytest.param(b"{'uid': 1}", id="other quotes"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b'{"uid": "\xc3\x28"}', id="bad UTF-8 in a string"),
        pytest.param(b"[" * 100_000, id="deep lists"),
        pytest.param(b'{"a":' * 40_000, id="deep objects"),
        pytest.param(b'{"uid": 1' + b"0" * 5_000 + b"}", id="an endless number"),
    ],
)
def test_broken_json_is_refused_everywhere(lasting: Till, path: str, body: bytes) -> None:
    assert refusal(lasting.raw(path, body), 400) == "broken_json"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"uid": NaN}', b'{"uid": "019e4541"}']
)
def test_a_body_without_its_fields_is_refused_everywhere(
    lasting: Till, path: str, body: bytes
) -> None:
    assert refusal(lasting.raw(path, body), 422) == "invalid_request"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_that_is_not_labelled_as_json_is_refused(
    lasting: Till, path: str, content: str
) -> None:
    response = lasting.raw(path, b"{}", {"Content-Type": content} if content else {})

    assert refusal(response, 415) == "json_required"


@pytest.mark.parametrize("path", POSTS)
def test_a_body_of_ten_megabytes_is_refused_by_its_declared_length(
    lasting: Till, path: str
) -> None:
    assert refusal(lasting.raw(path, b" " * TEN_MB), 413) == "body_too_large"


@pytest.mark.parametrize("path", POSTS)
def test_a_body_of_ten_megabytes_in_chunks_is_refused_as_it_comes(lasting: Till, path: str) -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for _ in range(TEN_MB // 65_536):
            taken.append(65_536)
            yield b" " * 65_536

    response = lasting.client.post(path, content=chunks(), headers=JSON)

    assert refusal(response, 413) == "body_too_large"


@pytest.mark.parametrize("path", [*POSTS, "/v1/status"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(lasting: Till, path: str, method: str) -> None:
    response = lasting.client.request(method, path, headers=JSON)

    assert refusal(response, 405) == "no_such_route"
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize("path", POSTS)
def test_reading_what_can_only_be_done_is_refused(lasting: Till, path: str) -> None:
    assert refusal(lasting.get(path), 405) == "no_such_route"


@pytest.mark.parametrize(
    "path", ["/v1", "/v2/status", "/v1/status/", "/docs", "/redoc", "/v1/%ff%00", "/v1/../x"]
)
def test_other_addresses_are_not_there(lasting: Till, path: str) -> None:
    assert refusal(lasting.client.get(path, follow_redirects=False), 404) == "no_such_route"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_refused(lasting: Till, day: str) -> None:
    assert refusal(lasting.post("/v1/shifts/slips", {"uid": UID, "day": day}), 422)


@pytest.mark.parametrize("sold_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_at_the_end_of_the_calendar_is_refused(lasting: Till, sold_at: str) -> None:
    sale = {"uid": UID, "receipt": UID, "card": "2900010000012", "sold_at": sold_at}

    refused = lasting.post("/v1/late-sales", sale | {"lines": [LATE_LINE], "tenders": []})

    assert refusal(refused, 422) == "invalid_request"


@pytest.mark.parametrize("uid", ["17", "%ff", "019e4541-ca00-7222-808a-05a6c464715", "null"])
@pytest.mark.parametrize("tail", ["", "/trace"])
def test_a_bad_uid_in_the_address_is_refused(lasting: Till, uid: str, tail: str) -> None:
    assert refusal(lasting.get(f"/v1/receipts/{uid}{tail}"), 422) == "invalid_request"


def test_a_bad_uid_in_the_address_of_a_commit_is_refused(lasting: Till) -> None:
    body = {"uid": UID, "tenders": cash(100_000)}

    assert refusal(lasting.post("/v1/receipts/17/commit", body), 422) == "invalid_request"


def test_of_a_receipt_that_is_looked_at_nothing_is_said_of_the_centre(lasting: Till) -> None:
    """It was not asked: another store's receipt is there."""
    told = lasting.get(RECEIPT_PATH).json()

    assert "центр" not in told["sentence"]["ru"]
    assert "centre" not in told["sentence"]["en"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (RECEIPT_PATH, None, 404, "unknown_receipt"),
        (f"{RECEIPT_PATH}/trace", None, 404, "unknown_receipt"),
        (f"{RECEIPT_PATH}/commit", {"uid": UID, "tenders": []}, 409, "content_needed"),
        (f"{RECEIPT_PATH}/cancel", {"uid": UID}, 404, "not_reserved"),
        (f"{RECEIPT_PATH}/reprint", {"uid": UID}, 404, "unknown_slip"),
        (
            f"{RECEIPT_PATH}/returns/preview",
            {"lines": [{"no": 1, "quantity": 1}]},
            404,
            "unknown_receipt",
        ),
        (
            f"{RECEIPT_PATH}/returns",
            {"uid": UID, "lines": [{"no": 1, "quantity": 1}]},
            404,
            "unknown_receipt",
        ),
        (
            f"{RECEIPT_PATH}/reserve",
            {"uid": UID, "receipt": RECEIPT, "digest": "stale"},
            409,
            "quote_changed",
        ),
        (
            f"{RECEIPT_PATH}/reserve",
            {"uid": UID, "receipt": RECEIPT | {"uid": UID.replace("9", "8")}, "digest": ""},
            422,
            "other_receipt",
        ),
        ("/v1/quotes", RECEIPT | {"member": {"id": UID}}, 404, "unknown_member"),
        ("/v1/quotes", line(sku="", barcode="0"), 404, "unknown_barcode"),
        ("/v1/quotes", line(sku="MOON"), 422, "no_price"),
        (
            "/v1/members",
            {"uid": UID, "name": "17", "phone": "+7 916 123-45-67", "consent": "1"},
            422,
            "bad_name",
        ),
        (
            "/v1/members",
            {"uid": UID, "name": "Анна", "phone": "1", "consent": "1"},
            422,
            "bad_phone",
        ),
        ("/v1/sign-in", {"uid": UID, "cashier": "7", "pin": "000000"}, 401, "wrong_pin"),
        (
            f"/v1/lots/{UID}/activate",
            {"uid": UID, "member": UID, "reason": "просьба"},
            404,
            "unknown_member",
        ),
    ],
)
def test_what_cannot_be_done_says_why(
    lasting: Till, path: str, body: object, status: int, code: str
) -> None:
    response = lasting.get(path) if body is None else lasting.post(path, body)

    assert refusal(response, status) == code


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{RECEIPT_PATH}/commit", {"uid": UID, "tenders": []}),
        (f"{RECEIPT_PATH}/returns", {"uid": UID, "lines": [{"no": 1, "quantity": 1}]}),
        ("/v1/members", {"uid": UID, "name": "Анна", "phone": "+79161234567", "consent": "1"}),
        (f"/v1/lots/{UID}/activate", {"uid": UID, "member": UID, "reason": "просьба"}),
    ],
)
def test_a_cashiers_token_that_has_run_out_stops_what_he_would_sign(
    lasting: Till, path: str, body: object
) -> None:
    response = lasting.post(path, body, {**JSON, "Kopilka-Cashier": "0" * 48})

    assert refusal(response, 401) == "no_cashier_session"


def test_a_wrong_pin_is_not_repeated_in_the_answer(lasting: Till) -> None:
    body = {"uid": UID, "cashier": "7", "pin": "98765432"}

    response = lasting.post("/v1/sign-in", body)

    assert refusal(response, 422) == "invalid_request"
    assert "98765432" not in response.text


@pytest.mark.parametrize("code", ["4111111111111111", "4111 1111 1111 1111"])
def test_the_number_of_a_payment_card_never_comes_back(lasting: Till, code: str) -> None:
    scanned = lasting.post("/v1/scans", {"code": code})
    found = lasting.post("/v1/members/find", {"identifier": code})

    assert lasting.answer(scanned)["kind"] == "payment_card"
    assert lasting.answer(found)["members"] == []
    assert "1111" not in scanned.text + found.text


def test_the_russian_sentence_is_russian(lasting: Till) -> None:
    told = lasting.post("/v1/quotes", line(quantity=1.5)).json()

    assert told["sentence"]["ru"] == (
        "Запрос составлен неверно. Проверьте поля: body.lines.0.quantity."
    )
    assert "valid integer" in told["sentence"]["en"]


def test_a_problem_can_be_read_by_any_json_parser(lasting: Till) -> None:
    response = lasting.raw("/v1/quotes", b'{"\\ud800": 1}')

    assert json.loads(response.content.decode("utf-8"))["code"] == "invalid_request"
