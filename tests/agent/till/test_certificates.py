"""Certificates over the till API: found, paid with, sold; PINs with few tries."""

import asyncio
import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import event

from agent.bearers.service import GUESSES_MAX
from shared.tokens import CERTIFICATE_CHARS, SECRET_BYTES, grouped, plain_token, token
from shared.wire.feed import region_stream
from shared.wire.rows import GoodsRow
from tests.agent.till.kit import Json, Till, refusal
from tests.builders import REGION, certificate_known

NOMINAL = 1_000_00
PIN = "246810"
CODE = grouped(token(b"c" * SECRET_BYTES, CERTIFICATE_CHARS))
OTHER = grouped(token(b"d" * SECRET_BYTES, CERTIFICATE_CHARS))
GIFT = GoodsRow("GIFT", "Подарочный сертификат", "gifts", "", ("certificate",), NOMINAL, 0, ())


def find(till: Till, code: str, pin: str = "") -> httpx.Response:
    return till.post("/v1/certificates/find", {"code": code, "pin": pin})


def pay(till: Till, receipt: Json, *tenders: tuple[str, int]) -> httpx.Response:
    body = {
        "uid": till.uid(),
        "tenders": [{"kind": kind, "amount_minor": amount} for kind, amount in tenders],
    }
    return till.post(f"/v1/receipts/{receipt['uid']}/commit", body)


def test_a_certificate_is_found_by_its_code_however_it_is_typed(till: Till) -> None:
    certificate_known(till.shop, CODE, balance=700_00)

    for typed in (CODE, CODE.lower(), CODE.replace("-", " ")):
        told = till.answer(find(till, typed))
        assert (told["tail"], told["state"]) == (CODE[-4:], "partly_used")
        assert (told["balance_minor"], told["available_here_minor"]) == (700_00, 700_00)
        assert (told["last_day"], told["held_by"]) == (None, ["101"])


def test_a_certificate_pays_a_part_of_the_receipt(till: Till) -> None:
    certificate_known(till.shop, CODE)
    receipt = till.receipt(certificates=[{"code": CODE, "amount_minor": 400_00}])

    held = till.answer(till.reserve(receipt))
    totals = held["totals"]
    assert (totals["payable_minor"], totals["certificate_minor"]) == (NOMINAL, 400_00)
    assert totals["money_minor"] == 600_00
    (told,) = held["certificates"]
    assert (told["tail"], told["amount_minor"], told["left_minor"]) == (CODE[-4:], 400_00, 600_00)
    till.answer(pay(till, receipt, ("cash", 600_00), ("certificate", 400_00)))

    assert till.answer(find(till, CODE))["balance_minor"] == 600_00
    slip = till.answer(till.get(f"/v1/receipts/{receipt['uid']}"))["slip_text"]
    assert re.search(rf"Сертификат \S+ {CODE[-4:]} +-400,00", slip)
    assert "осталось на нём" in slip
    assert plain_token(CODE) not in slip.replace("-", "")


@pytest.mark.parametrize(
    "tenders",
    [
        (("cash", NOMINAL),),
        (("certificate", NOMINAL),),
        (("cash", 500_00), ("certificate", 500_00)),
    ],
)
def test_tenders_that_are_not_what_certificates_pay_are_refused(
    till: Till, tenders: tuple[tuple[str, int], ...]
) -> None:
    certificate_known(till.shop, CODE)
    receipt = till.receipt(certificates=[{"code": CODE, "amount_minor": 400_00}])
    till.answer(till.reserve(receipt))

    assert refusal(pay(till, receipt, *tenders), 422) == "certificate_tender"
    till.answer(pay(till, receipt, ("card", 600_00), ("certificate", 400_00)))


def test_a_payment_by_an_unnamed_certificate_is_refused(till: Till) -> None:
    receipt = till.receipt()
    till.answer(till.reserve(receipt))

    assert refusal(pay(till, receipt, ("certificate", NOMINAL)), 422) == "certificate_tender"


def test_a_line_sells_a_certificate(till: Till) -> None:
    till.shop.feed(region_stream(REGION), GIFT)
    certificate_known(till.shop, CODE, state="for_sale")
    line = {"no": 1, "sku": "GIFT", "quantity": 1000, "certificate": CODE}

    sold = till.sell(till.receipt(lines=[line]))

    told = till.answer(find(till, CODE))
    assert (told["state"], told["balance_minor"], told["available_here_minor"]) == (
        "active",
        NOMINAL,
        0,
    )
    slip = till.answer(till.get(f"/v1/receipts/{sold['receipt']}"))["slip_text"]
    assert re.search(rf"Продан сертификат \S+ {CODE[-4:]} +1 000,00", slip)
    again = till.receipt(lines=[line])
    assert refusal(till.post("/v1/quotes", again), 409) == "certificate_not_for_sale"


@pytest.mark.capability("FASHION-44")
def test_a_pin_is_asked_for_before_anything_is_told_or_taken(till: Till) -> None:
    certificate_known(till.shop, CODE, pin=PIN)

    assert refusal(find(till, CODE), 403) == "certificate_pin"
    without = till.receipt(certificates=[{"code": CODE}])
    assert refusal(till.post("/v1/quotes", without), 403) == "certificate_pin"
    body = {"uid": till.uid(), "receipt": without, "digest": "x"}
    reserve = f"/v1/receipts/{without['uid']}/reserve"
    assert refusal(till.post(reserve, body), 403) == "certificate_pin"
    commit = {"uid": till.uid(), "tenders": [], "receipt": without, "digest": "x"}
    assert refusal(till.post(reserve.replace("reserve", "commit"), commit), 403) == (
        "certificate_pin"
    )

    assert till.answer(find(till, CODE, PIN))["balance_minor"] == NOMINAL
    named = till.receipt(certificates=[{"code": CODE, "pin": PIN}])
    assert till.quote(named)["totals"]["certificate_minor"] == NOMINAL


def test_a_certificate_pays_in_an_exchange_and_the_refund_pays_the_rest(till: Till) -> None:
    certificate_known(till.shop, CODE, balance=300_00, pin=PIN)
    sold = till.sell(till.receipt(lines=[{"no": 1, "sku": "CHEESE", "quantity": 1000}]))
    lines = [{"no": 1, "sku": "WINE", "quantity": 1000}]
    wish = {"receipt": sold["receipt"], "lines": [{"no": 1, "quantity": 1000}]}

    without = {**wish, "sale": till.receipt(lines=lines, certificates=[{"code": CODE}])}
    assert refusal(till.post("/v1/exchanges/preview", without), 403) == "certificate_pin"
    order = {**without, "uid": till.uid(), "return_uid": till.uid(), "digest": "x"}
    assert refusal(till.post("/v1/exchanges", order), 403) == "certificate_pin"
    paid = till.receipt(lines=lines, certificates=[{"code": CODE, "pin": PIN}])
    wish["sale"] = paid
    told = till.answer(till.post("/v1/exchanges/preview", wish))
    money = told["sale"]["totals"]["payable_minor"] - 300_00
    assert told["credit_minor"] == min(money, told["returned"]["money_minor"])
    assert told["difference_minor"] == money - told["returned"]["money_minor"]
    tenders = [
        {"kind": "certificate", "amount_minor": 300_00},
        {"kind": "cash", "amount_minor": told["difference_minor"]},
    ]
    digest = told["sale"]["digest"]
    order.update(wish, digest=digest, tenders=tenders)

    done = till.answer(till.post("/v1/exchanges", order))

    assert done["difference_minor"] == told["difference_minor"]
    assert till.answer(find(till, CODE, PIN))["balance_minor"] == 0


def test_a_pin_is_never_checked_on_the_event_loop(till: Till) -> None:
    """Each check takes long on purpose. The try that is counted before it says where it runs."""
    certificate_known(till.shop, CODE, pin=PIN)
    on_loop: list[bool] = []

    def counted(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "tries" in statement:
            on_loop.append(_is_on_loop())

    event.listen(till.shop.station.journal, "before_cursor_execute", counted)
    receipt = till.receipt(certificates=[{"code": CODE, "pin": PIN}])
    asked: list[Callable[[], httpx.Response]] = [
        lambda: till.post("/v1/quotes", receipt),
        lambda: till.post("/v1/quotes/trace", receipt),
        lambda: find(till, CODE, PIN),
        lambda: till.reserve(receipt),
    ]

    for ask in asked:
        on_loop.clear()
        till.answer(ask())
        assert set(on_loop) == {False}


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def test_after_some_wrong_pins_a_certificate_pauses_even_for_the_right_one(till: Till) -> None:
    certificate_known(till.shop, CODE, pin=PIN)
    certificate_known(till.shop, OTHER, pin=PIN)
    most = till.shop.station.settings.pin_failures_max
    for _ in range(most):
        assert refusal(find(till, CODE, "111111"), 403) == "certificate_pin"

    assert refusal(find(till, CODE, PIN), 403) == "certificate_locked"
    assert till.answer(find(till, OTHER, PIN))["state"] == "active"
    till.shop.clock.move(seconds=till.shop.station.settings.pin_lock_s + 1)
    assert till.answer(find(till, CODE, PIN))["state"] == "active"


def test_guessing_codes_pauses(till: Till) -> None:
    certificate_known(till.shop, CODE)
    for number in range(GUESSES_MAX):
        guess = token(bytes([number]) * SECRET_BYTES, CERTIFICATE_CHARS)
        assert refusal(find(till, guess), 404) == "no_such_certificate"

    assert refusal(find(till, CODE), 403) == "certificates_paused"


def test_a_code_is_in_no_fact_and_no_claim(till: Till) -> None:
    certificate_known(till.shop, CODE, pin=PIN)
    receipt = till.receipt(certificates=[{"code": CODE, "pin": PIN}])
    till.answer(till.reserve(receipt))
    till.answer(pay(till, receipt, ("certificate", NOMINAL)))

    with till.shop.station.journal.connect() as connection:
        raw = connection.connection.driver_connection
        dump = "\n".join(raw.iterdump()).lower()  # type: ignore[union-attr]

    for secret in (plain_token(CODE), CODE, PIN):
        assert secret.lower() not in dump
        assert secret.encode().hex() not in dump


@pytest.mark.parametrize("code", [CODE, OTHER, CODE.lower(), plain_token(CODE)])
def test_a_certificate_is_recognised_when_it_is_scanned(till: Till, code: str) -> None:
    certificate_known(till.shop, CODE)

    assert till.answer(till.post("/v1/scans", {"code": code}))["kind"] == "certificate"


def test_a_wrong_code_is_no_certificate(till: Till) -> None:
    wrong = plain_token(CODE)[:-1] + ("3" if CODE[-1] != "3" else "4")

    assert till.answer(till.post("/v1/scans", {"code": wrong}))["kind"] == "unknown"


def test_a_sale_without_a_reserve_pays_by_certificate_once(till: Till) -> None:
    certificate_known(till.shop, CODE, pin=PIN)
    receipt = till.receipt(certificates=[{"code": CODE, "pin": PIN}])
    body = {
        "uid": till.uid(),
        "receipt": receipt,
        "digest": till.quote(receipt)["digest"],
        "tenders": [{"kind": "certificate", "amount_minor": NOMINAL}],
    }

    first = till.answer(till.post(f"/v1/receipts/{receipt['uid']}/commit", body))
    again = till.answer(till.post(f"/v1/receipts/{receipt['uid']}/commit", body))

    assert again == first
    assert till.answer(find(till, CODE, PIN))["balance_minor"] == 0
