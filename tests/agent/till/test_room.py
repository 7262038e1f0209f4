"""A disk that fills up: warned of, then points stop paying, then only what was reserved goes on."""

from pathlib import Path

import pytest

from agent.disk import MEGABYTE, DiskWatch, Room
from agent.settings import AgentSettings
from tests.agent.till.kit import Json, Till, anna_of, journal_length, refusal

BALANCE = 50_000


def watch(free_mb: float) -> DiskWatch:
    return DiskWatch(
        Path(), AgentSettings(data_dir=Path()), lambda _folder: int(free_mb * MEGABYTE)
    )


@pytest.mark.parametrize(
    ("free_mb", "room"),
    [
        (1024, Room.PLENTY),
        (1023.99, Room.SCARCE),
        (256, Room.SCARCE),
        (255.99, Room.ACCRUAL_ONLY),
        (64, Room.ACCRUAL_ONLY),
        (63.99, Room.NONE),
        (0, Room.NONE),
    ],
)
def test_the_room_follows_from_what_is_free(free_mb: float, room: Room) -> None:
    assert watch(free_mb).look() is room


def test_a_disk_that_cannot_be_measured_is_taken_as_it_was() -> None:
    seen = watch(100)
    seen.look()

    def gone(_folder: Path) -> int:
        raise OSError

    seen.free_bytes_of = gone

    assert seen.look() is Room.ACCRUAL_ONLY


def scarce(till: Till, free_mb: float) -> None:
    till.shop.station.disk.free_bytes_of = lambda _folder: int(free_mb * MEGABYTE)
    till.shop.station.disk.look()


def codes(told: Json) -> list[str]:
    return [warning["code"] for warning in told["warnings"]]


def test_the_cashier_is_warned_before_anything_stops(till: Till) -> None:
    scarce(till, 700)

    assert codes(till.quote(till.receipt())) == ["disk_scarce"]
    till.sell(till.receipt())


def test_points_are_earned_but_do_not_pay_when_room_runs_out(till: Till) -> None:
    anna = anna_of(till.shop)
    receipt = till.receipt(member=anna, redeem={"mode": "maximum"})
    before = till.quote(receipt)
    scarce(till, 100)

    told = till.quote(receipt)
    sold = till.sell(receipt)

    assert before["totals"]["redeemed_points"] > 0
    assert codes(told) == ["accrual_only"]
    assert told["totals"]["redeemed_points"] == 0
    assert told["totals"]["earned_points"] > 0
    assert sold["balance_points"] == BALANCE


def test_without_room_nothing_new_begins_and_what_was_reserved_is_paid_or_cancelled(
    till: Till,
) -> None:
    paid, left = till.receipt(), till.receipt()
    held = till.answer(till.reserve(paid))
    till.answer(till.reserve(left))
    sold = till.receipt()
    till.sell(sold)
    scarce(till, 3)

    new = till.receipt()
    digest = till.quote(new)["digest"]
    body = {"uid": till.uid(), "receipt": new, "digest": digest}
    person = {"uid": till.uid(), "name": "Анна", "phone": "+79161234567", "consent": "2026-01"}
    goods = {"uid": till.uid(), "lines": [{"no": 1, "quantity": 1000}]}
    length = journal_length(till.shop)

    assert refusal(till.post(f"/v1/receipts/{new['uid']}/reserve", body), 507) == "no_room"
    assert refusal(till.post("/v1/members", person), 507) == "no_room"
    assert refusal(till.post(f"/v1/receipts/{sold['uid']}/returns", goods), 507) == "no_room"
    assert journal_length(till.shop) == length
    till.answer(till.commit(paid, held["totals"]["payable_minor"]))
    till.answer(till.post(f"/v1/receipts/{left['uid']}/cancel", {"uid": till.uid()}))
    status = till.answer(till.get("/v1/status"))
    assert (status["room"], status["free_disk_mb"]) == ("none", 3)


def test_with_room_again_everything_goes_on(till: Till) -> None:
    scarce(till, 3)
    scarce(till, 5_000)

    assert codes(till.quote(till.receipt())) == []
    till.sell(till.receipt())
