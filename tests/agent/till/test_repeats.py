"""Every operation may be repeated; the same uid with other content is a conflict."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from tests.agent.till.kit import Json, Till, anna_of, cash, journal_length, refusal
from tests.builders import CHEESE, Person, PersonLot, cashier_row
from tests.fakes import NOON

Send = Callable[[Till, Json], httpx.Response]
CORE = {"as_of", "pack", "warnings", "token"}
"""What an answer may say anew when it is repeated."""


def register(till: Till) -> tuple[str, Json, Json]:
    body = {"uid": till.uid(), "name": "Анна", "phone": "+79161234567", "consent": "1"}
    return "/v1/members", body, {**body, "name": "Анна Петрова"}


def edit(till: Till) -> tuple[str, Json, Json]:
    anna = anna_of(till.shop)
    body = {"uid": till.uid(), "name": "Анна Иванова"}
    return f"/v1/members/{anna.id}/edits", body, {**body, "phone": "+79161234567"}


def reserve(till: Till) -> tuple[str, Json, Json]:
    receipt = till.receipt(member=anna_of(till.shop), redeem={"mode": "maximum"})
    body = {"uid": till.uid(), "receipt": receipt, "digest": till.quote(receipt)["digest"]}
    other = {**receipt, "till": "2"}
    return f"/v1/receipts/{receipt['uid']}/reserve", body, {**body, "receipt": other}


def commit(till: Till) -> tuple[str, Json, Json]:
    receipt = till.receipt()
    held = till.answer(till.reserve(receipt))
    body = {"uid": till.uid(), "tenders": cash(held["totals"]["payable_minor"])}
    return f"/v1/receipts/{receipt['uid']}/commit", body, {**body, "fiscal_number": "18"}


def commit_at_once(till: Till) -> tuple[str, Json, Json]:
    receipt = till.receipt()
    body = {
        "uid": till.uid(),
        "tenders": cash(100_000),
        "receipt": receipt,
        "digest": till.quote(receipt)["digest"],
    }
    return f"/v1/receipts/{receipt['uid']}/commit", body, {**body, "tenders": cash(99_999)}


def give_back(till: Till) -> tuple[str, Json, Json]:
    lines = [{"no": 1, "sku": CHEESE, "quantity": 2000}]
    receipt = till.receipt(lines=lines)
    till.sell(receipt)
    body = {"uid": till.uid(), "lines": [{"no": 1, "quantity": 500}]}
    other = {**body, "lines": [{"no": 1, "quantity": 501}]}
    return f"/v1/receipts/{receipt['uid']}/returns", body, other


def reprint(till: Till) -> tuple[str, Json, Json]:
    first, second = till.receipt(), till.receipt()
    till.sell(first)
    till.sell(second)
    body = {"uid": till.uid()}
    return f"/v1/receipts/{first['uid']}/reprint", body, {"receipt": second["uid"], **body}


def activate(till: Till) -> tuple[str, Json, Json]:
    lot = PersonLot(10_000, leased=10_000, activates_at=NOON + timedelta(days=1))
    anna = Person(lot)
    till.shop.member(anna)
    body = {"uid": till.uid(), "member": str(anna.id), "reason": "просьба"}
    return f"/v1/lots/{lot.row.id}/activate", body, {**body, "reason": "другая"}


def sign_in(till: Till) -> tuple[str, Json, Json]:
    till.shop.feed("store:101", cashier_row("7", "Мария"), cashier_row("8", "Олег"))
    body = {"uid": till.uid(), "cashier": "7", "pin": "246810"}
    return "/v1/sign-in", body, {**body, "cashier": "8"}


OPERATIONS = [
    register,
    edit,
    reserve,
    commit,
    commit_at_once,
    give_back,
    reprint,
    activate,
    sign_in,
]


@pytest.mark.edge("E76")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_repeating_gives_the_same_answer_and_changes_nothing(
    till: Till, operation: Callable[[Till], tuple[str, Json, Json]]
) -> None:
    path, body, _ = operation(till)
    first = till.answer(till.post(path, body))
    length = journal_length(till.shop)
    till.shop.clock.move(minutes=5)

    second = till.answer(till.post(path, body))

    for told in (first, second):
        for key in CORE | {"ends_at"}:
            told.pop(key, None)
    assert first == second
    assert journal_length(till.shop) == length


@pytest.mark.edge("E77")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_same_uid_with_other_content_is_a_conflict(
    till: Till, operation: Callable[[Till], tuple[str, Json, Json]]
) -> None:
    path, body, other = operation(till)
    till.answer(till.post(path, body))
    length = journal_length(till.shop)
    place = path
    if operation is reprint:
        place = f"/v1/receipts/{other.pop('receipt')}/reprint"

    assert refusal(till.post(place, other), 409) == "uid_reused"
    assert journal_length(till.shop) == length


@pytest.mark.edge("E77")
def test_the_uid_of_a_cancel_is_not_taken_for_another_receipt(till: Till) -> None:
    first, second = till.receipt(), till.receipt()
    for receipt in (first, second):
        till.answer(till.reserve(receipt))
    body = {"uid": till.uid()}
    till.answer(till.post(f"/v1/receipts/{first['uid']}/cancel", body))
    again = till.answer(till.post(f"/v1/receipts/{first['uid']}/cancel", body))

    refused = till.post(f"/v1/receipts/{second['uid']}/cancel", body)

    assert again["state"] == "cancelled"
    assert refusal(refused, 409) == "uid_reused"
    assert till.answer(till.get(f"/v1/receipts/{second['uid']}"))["state"] == "reserved"


def test_a_receipt_goes_through_its_states(till: Till) -> None:
    lines = [{"no": 1, "sku": CHEESE, "quantity": 2000}]
    receipt = till.receipt(lines=lines)
    place = f"/v1/receipts/{receipt['uid']}"
    part = {"lines": [{"no": 1, "quantity": 1000}]}

    states = []
    held = till.answer(till.reserve(receipt))
    states.append(till.answer(till.get(place))["state"])
    till.answer(till.commit(receipt, held["totals"]["payable_minor"]))
    states.append(till.answer(till.get(place))["state"])
    for _ in range(2):
        till.answer(till.post(f"{place}/returns", {"uid": till.uid(), **part}))
        states.append(till.answer(till.get(place))["state"])

    assert states == ["reserved", "committed", "partially_returned", "returned"]


def test_a_receipt_that_has_ended_is_not_opened_again(till: Till) -> None:
    sold, cancelled = till.receipt(), till.receipt()
    till.sell(sold)
    till.answer(till.reserve(cancelled))
    till.answer(till.post(f"/v1/receipts/{cancelled['uid']}/cancel", {"uid": till.uid()}))

    for receipt in (sold, cancelled):
        assert refusal(till.reserve(receipt), 409) == "receipt_ended"
        assert refusal(till.commit(receipt, 100_000), 409) == "receipt_ended"
    cancel = till.post(f"/v1/receipts/{sold['uid']}/cancel", {"uid": till.uid()})
    assert refusal(cancel, 409) == "receipt_ended"
    assert cancel.json()["detail"] == f"Чек {sold['uid']} уже оплачен."
    assert till.reserve(cancelled).json()["detail"] == f"Чек {cancelled['uid']} уже отменён."


def test_a_receipt_reserved_with_other_content_is_not_reserved_again(till: Till) -> None:
    receipt = till.receipt()
    till.answer(till.reserve(receipt))
    dearer = {**receipt, "lines": [{"no": 1, "sku": CHEESE, "quantity": 2000}]}

    assert refusal(till.reserve(dearer), 409) == "already_reserved"


def test_tenders_that_do_not_add_up_are_refused_and_the_receipt_stays_reserved(till: Till) -> None:
    receipt = till.receipt()
    till.answer(till.reserve(receipt))

    refused = till.commit(receipt, 99_999)

    assert refusal(refused, 422) == "tenders_mismatch"
    assert refused.json()["sentence"]["en"] == (
        "Tenders of 999,99\u00a0₽ are not the 1\u00a0000\u00a0₽ to pay."
    )
    assert till.commit(receipt, 100_000).is_success


def test_more_open_receipts_than_a_store_can_have_are_refused(till: Till) -> None:
    limit = till.shop.station.settings.reserves_max
    receipts = [till.receipt() for _ in range(limit + 1)]
    digest = till.quote(receipts[0])["digest"]
    told = [
        till.post(
            f"/v1/receipts/{receipt['uid']}/reserve",
            {"uid": till.uid(), "receipt": receipt, "digest": digest},
        )
        for receipt in receipts
    ]

    assert all(response.is_success for response in told[:-1])
    assert refusal(told[-1], 409) == "too_many_reserves"
