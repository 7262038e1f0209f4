"""Receipts computed by hand, each with its arithmetic, against the shipped packs."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from shared.basket import Flag, Goods, Line
from shared.member import LotView, MemberView
from shared.money import NO_BREAK_SPACE
from shared.receipt import Receipt, Redeem
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Evaluation, PricedLine, Totals
from shared.rules.scalars import parse_amount
from tests.shared.rules.builders import ACCOUNT, LONG_AGO, MEMBER, wine

HERE = Path(__file__).parent


def _cases() -> Iterator[Any]:
    for path in sorted(HERE.glob("wine/*.yaml")):
        case = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        marks: list[pytest.MarkDecorator] = [
            pytest.mark.capability(row) for row in case.get("capabilities", ())
        ]
        marks += [pytest.mark.edge(row) for row in case.get("edges", ())]
        yield pytest.param(case, id=f"{path.parent.name}-{path.stem}", marks=marks)


@pytest.mark.parametrize("case", list(_cases()))
def test_a_receipt_comes_out_as_computed_by_hand(case: Mapping[str, Any]) -> None:
    moment = Moment(_instant(case["at"]), case["zone"])

    found = evaluate(wine(), _member(case.get("member")), _receipt(case), moment)

    expected = case["expected"]
    assert {str(line.no): _row(line) for line in found.lines} == _lines(expected["lines"])
    assert _row(found.totals) == _amounts(expected["totals"])
    assert _redemption(found) == {
        "maximum": parse_amount(expected["maximum"]),
        "programme_maximum": parse_amount(expected["programme_maximum"]),
        "limits": expected["limits"],
        "draws": {no: parse_amount(amount) for no, amount in expected["draws"].items()},
    }
    assert [(g.amount, g.activates_at, g.expires_on) for g in found.grants] == [
        (parse_amount(amount), _instant(at), date.fromisoformat(day))
        for amount, at, day in expected["grants"]
    ]
    assert [tier for tier in (found.tier, found.tier_after) if tier] == expected["tiers"]
    assert list(found.applied) == expected["applied"]
    assert [[r.rule, r.reason.code] for r in found.rejected] == expected["rejected"]
    assert [hint.ru.replace(NO_BREAK_SPACE, " ") for hint in found.hints] == expected["hints"]


def _redemption(found: Evaluation) -> dict[str, Any]:
    return {
        "maximum": found.redemption.maximum,
        "programme_maximum": found.redemption.programme_maximum,
        "limits": [limit.code for limit in found.redemption.limits],
        "draws": {str(draw.lot.int - 100): draw.amount for draw in found.redemption.draws},
    }


def _row(value: PricedLine | Totals) -> list[int]:
    return [
        value.base_minor,
        value.discount_minor,
        value.redeemed_points,
        value.redeemed_minor,
        value.payable_minor,
        value.earned_points,
        value.turnover_minor,
    ]


def _lines(rows: Mapping[str, list[str]]) -> dict[str, list[int]]:
    return {no: _amounts(row) for no, row in rows.items()}


def _amounts(texts: list[str]) -> list[int]:
    return [parse_amount(text) for text in texts]


def _receipt(case: Mapping[str, Any]) -> Receipt:
    return Receipt(
        uid=UUID(int=3),
        store="1",
        till="1",
        lines=tuple(_line(row) for row in case["lines"]),
        redeem=Redeem(case["redeem"]),
        redeem_points=parse_amount(case.get("points", "0")),
    )


def _line(row: Mapping[str, Any]) -> Line:
    goods = Goods(
        sku=f"sku-{row['no']}",
        group=row["group"],
        flags=frozenset(Flag(flag) for flag in row.get("flags", ())),
        floor_minor=parse_amount(row.get("floor", "0")),
    )
    whole, _, thousandths = row.get("quantity", "1.000").partition(".")
    return Line(int(row["no"]), goods, int(whole + thousandths), parse_amount(row["price"]))


def _member(row: Mapping[str, Any] | None) -> MemberView | None:
    if row is None:
        return None
    lots = tuple(_lot(lot) for lot in row["lots"])
    return MemberView(MEMBER, ACCOUNT, parse_amount(row["turnover"]), lots=lots)


def _lot(row: Mapping[str, str]) -> LotView:
    return LotView(
        id=UUID(int=100 + int(row["no"])),
        account=ACCOUNT,
        wallet="bonus",
        amount=parse_amount(row["amount"]),
        activates_at=_instant(row["activates_at"]) if "activates_at" in row else LONG_AGO,
        expires_on=date.fromisoformat(row["expires_on"]) if "expires_on" in row else None,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
