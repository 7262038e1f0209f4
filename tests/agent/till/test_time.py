"""Tills are told when the time is not trusted, and tell what the fiscal clock shows."""

import pytest

from agent.till.fiscal import FISCAL_TIME
from tests.agent.test_time import cut, is_trusted, reboot
from tests.agent.till.kit import Till

RIGHT = "2026-05-20T15:03:00+03:00"
"""Three minutes ahead of the shop's clock."""


def codes(answer: dict[str, object]) -> list[str]:
    return [one["code"] for one in answer["warnings"]]  # type: ignore[attr-defined]


def untrusted(till: Till) -> Till:
    reboot(till.shop)
    return Till(till.shop)


def test_every_answer_to_a_sale_says_that_the_time_is_not_trusted(till: Till) -> None:
    till = untrusted(till)
    receipt = till.receipt()
    quoted = till.quote(receipt)
    body = {"uid": till.uid(), "receipt": receipt, "digest": quoted["digest"]}
    reserved = till.answer(till.post(f"/v1/receipts/{receipt['uid']}/reserve", body))

    assert "time_untrusted" in codes(quoted)
    assert "time_untrusted" in codes(reserved)
    assert "time_untrusted" in codes(till.answer(till.get("/v1/status")))


def test_on_trusted_time_nothing_is_said_of_it(till: Till) -> None:
    cut(till.shop)

    assert "time_untrusted" not in codes(till.quote(till.receipt()))


def test_the_status_tells_who_told_the_time_and_when(till: Till) -> None:
    told = till.answer(till.get("/v1/status"))["time"]
    till = untrusted(till)
    untold = till.answer(till.get("/v1/status"))["time"]

    noon = "2026-05-20T12:00:00Z"
    known = {"at": noon, "trusted_at": noon}
    assert told == {**known, "trust": "trusted", "source": "centre", "told_at": noon}
    assert untold == {**known, "trust": "untrusted", "source": "nobody", "told_at": None}


def test_a_fiscal_clock_in_a_header_confirms_the_time_before_the_answer(till: Till) -> None:
    till = untrusted(till)

    answer = till.answer(till.get("/v1/status", **{FISCAL_TIME: RIGHT}))

    assert (answer["time"]["trust"], answer["time"]["source"]) == ("trusted", "fiscal")
    assert "time_untrusted" not in codes(answer)


@pytest.mark.parametrize(
    "shown",
    [
        "2026-05-20T15:03:00",
        "2026-05-20T15:06:00+03:00",
        "15:00",
        "",
        "2026-13-01T00:00:00Z",
        "9" * 60,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_instant_or_differs_is_ignored(till: Till, shown: str) -> None:
    till = untrusted(till)

    answer = till.get("/v1/status", **{FISCAL_TIME: shown})

    assert answer.status_code == 200
    assert not is_trusted(till.shop)


def test_the_metrics_tell_whether_the_time_is_trusted(till: Till) -> None:
    before = till.get("/metrics").text
    till = untrusted(till)

    assert 'kopilka_agent_time_trusted{source="centre"} 1' in before
    assert 'kopilka_agent_time_trusted{source="nobody"} 0' in till.get("/metrics").text


def test_the_header_is_described(till: Till) -> None:
    schema = till.answer(till.get("/openapi.json"))

    named = [one["name"] for one in schema["paths"]["/v1/quotes"]["post"]["parameters"]]
    assert FISCAL_TIME in named
