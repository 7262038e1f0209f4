"""Every rule of every shipped pack has a receipt worked out by hand in which it does something."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.moment import Moment
from shared.rules.phases.once import grants_due
from tests.golden.test_golden import HERE, pack_of
from tests.shared.rules.builders import member, receipt

EXAMPLES = sorted(path.stem for path in HERE.parents[1].glob("shared/rules/examples/*.yaml"))
LONG_ENOUGH = 100
"""Persons among whom even a half, always the same, has somebody."""


def expected(name: str) -> list[dict[str, Any]]:
    """The expectations of a pack's receipts."""
    files = sorted((Path(HERE) / name).glob("*.yaml"))
    documents = [yaml.load(file.read_text("utf-8"), yaml.BaseLoader) for file in files]  # noqa: S506
    return [document["expected"] for document in documents]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.capability("PLUMB-42")] if name == "plumbing" else [])
        for name in EXAMPLES
    ],
)
def test_no_rule_of_a_shipped_pack_is_without_a_receipt_by_hand(name: str) -> None:
    pack = pack_of(name).source
    at_a_receipt = {one.id for one in pack.rules}
    at_a_receipt |= {one.id for one in pack.grants if one.on != "registration"}

    applied = {rule for one in expected(name) for rule in one["applied"]}

    assert at_a_receipt - applied == set()
    assert all("lines" in one and "totals" in one for one in expected(name))
    assert any("slip" in one and "trace" in one for one in expected(name))


@pytest.mark.parametrize("name", ["wine", "spirits", "fuel"])
def test_who_registers_is_welcomed_once_by_the_pack_s_own_words(name: str) -> None:
    pack = pack_of(name)
    (terms,) = [one for one in pack.source.grants if one.on == "registration"]
    moment = Moment(datetime(2026, 5, 20, 9, tzinfo=UTC), "Europe/Moscow")
    bought = receipt()
    here = Receipt(bought.uid, "1", "1", (), channel="app")

    found = [
        grants_due(pack, person(no), here, moment, "registration") for no in range(LONG_ENOUGH)
    ]
    again = [
        grants_due(pack, person(no), here, moment, "registration") for no in range(LONG_ENOUGH)
    ]

    amounts = {grant.amount for granted in found for grant in granted}
    assert amounts == {terms.points}
    assert found == again
    assert (sum(map(len, found)) == LONG_ENOUGH) is (terms.share == 10_000)


def person(number: int) -> MemberView:
    """Somebody with a phone of his own."""
    return replace(member(), person=number.to_bytes(16, "big"))
