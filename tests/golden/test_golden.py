"""Receipts computed by hand, each with its arithmetic, against the shipped packs."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from hardware.printers.layout import as_text
from shared.basket import Flag, Goods, Line
from shared.certificate import Certificate, CertificateState
from shared.member import DayCount, History, LotView, MemberView, NamedDay, Use
from shared.money import NO_BREAK_SPACE
from shared.receipt import OfferedCertificate, PresentedCode, Receipt, Redeem, Take, TenderKind
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.paper import priced_lines
from shared.rules.result import Evaluation, PricedLine, Totals
from shared.rules.scalars import parse_amount
from shared.slip import Slip, SlipKind
from tests.shared.rules.builders import ACCOUNT, LONG_AGO, MEMBER, compiled

HERE = Path(__file__).parent
SLIP_COLUMNS = 42


@cache
def pack_of(name: str) -> CompiledPack:
    example = files("shared.rules") / "examples" / f"{name}.yaml"
    return compiled(example.read_text(encoding="utf-8"))


def _cases() -> Iterator[Any]:
    for path in sorted(HERE.glob("*/*.yaml")):
        case = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        case["pack"] = path.parent.name
        marks: list[pytest.MarkDecorator] = [
            pytest.mark.capability(row) for row in case.get("capabilities", ())
        ]
        marks += [pytest.mark.edge(row) for row in case.get("edges", ())]
        yield pytest.param(case, id=f"{path.parent.name}-{path.stem}", marks=marks)


@pytest.mark.parametrize("case", list(_cases()))
def test_a_receipt_comes_out_as_computed_by_hand(case: Mapping[str, Any]) -> None:
    moment = Moment(_instant(case["at"]), case["zone"])
    receipt = _receipt(case)

    found = evaluate(pack_of(case["pack"]), _member(case.get("member")), receipt, moment)

    expected = case["expected"]
    assert {str(line.no): _row(line) for line in found.lines} == _lines(expected["lines"])
    assert _row(found.totals) == _amounts(expected["totals"])
    if "maximum" in expected:
        assert _redemption(found) == {
            "maximum": parse_amount(expected["maximum"]),
            "programme_maximum": parse_amount(expected["programme_maximum"]),
            "limits": expected["limits"],
            "draws": {no: parse_amount(amount) for no, amount in expected["draws"].items()},
        }
    assert [(g.amount, g.activates_at, g.expires_on) for g in found.grants] == [
        (parse_amount(amount), _instant(at), date.fromisoformat(day))
        for amount, at, day in expected.get("grants", ())
    ]
    assert [tier for tier in (found.tier, found.tier_after) if tier] == expected.get("tiers", [])
    assert list(found.applied) == expected["applied"]
    assert [hint.ru.replace(NO_BREAK_SPACE, " ") for hint in found.hints] == expected["hints"]
    told = {key: tell(found, receipt) for key, tell in TOLD.items() if key in expected}
    assert told == {key: expected[key] for key in told}


def _said(found: Evaluation, _receipt: Receipt) -> list[str]:
    return [
        f"{step.phase} {step.rule or '-'} {step.line_no} {shown(step.before)} -> "
        f"{shown(step.after)} {step.reason.ru}".replace(NO_BREAK_SPACE, " ")
        for step in found.trace
    ]


def _paper(found: Evaluation, receipt: Receipt) -> str:
    slip = Slip(UUID(int=0), SlipKind.SALE, tuple(priced_lines(receipt, found, "ru")))
    return as_text(slip, SLIP_COLUMNS).replace(NO_BREAK_SPACE, " ")


def shown(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


TOLD: Mapping[str, Callable[[Evaluation, Receipt], Any]] = {
    "rejected": lambda found, _: [[r.rule, r.reason.code] for r in found.rejected],
    "effects": lambda found, _: [[e.kind, e.rule, shown(e.amount)] for e in found.effects],
    "codes": lambda found, _: [[c.code, c.kind, c.reason.code] for c in found.codes],
    "entitlements": lambda found, _: [
        [told.rule, shown(told.amount), shown(told.discount), shown(told.bonus)]
        for told in found.entitlements
    ],
    "once": lambda found, _: [
        [grant.rule, grant.wallet, shown(grant.amount), str(grant.expires_on)]
        for grant in found.once
    ],
    "certificates": lambda found, _: [
        [paid.code, shown(paid.amount), shown(paid.left), paid.state] for paid in found.certificates
    ],
    "uses": lambda found, _: [[use.rule, shown(use.points)] for use in found.uses],
    "slip": _paper,
    "trace": _said,
}
"""What a file tells beside sums, where it does."""


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
        redeem=Redeem(case.get("redeem", "none")),
        redeem_points=parse_amount(case.get("points", "0")),
        region=case.get("region", ""),
        promo_codes=tuple(case.get("promo_codes", ())),
        take=Take(case.get("take", ["unsaid"])[0]),
        take_value=parse_amount(case.get("take", ["", "0"])[1]),
        codes=tuple(PresentedCode(code, campaign) for code, campaign in case.get("codes", ())),
        channel=case.get("channel", "till"),
        marks=tuple(case.get("marks", ())),
        paid_in=TenderKind(case["paid_in"]) if "paid_in" in case else None,
        certificates=tuple(
            OfferedCertificate(_certificate(code, parse_amount(balance)))
            for code, balance in case.get("certificates", ())
        ),
    )


def _line(row: Mapping[str, Any]) -> Line:
    goods = Goods(
        sku=row.get("sku", f"sku-{row['no']}"),
        name=row.get("name", ""),
        group=row["group"],
        brand=row.get("brand", ""),
        flags=frozenset(Flag(flag) for flag in row.get("flags", ())),
        floor_minor=parse_amount(row.get("floor", "0")),
    )
    whole, _, thousandths = row.get("quantity", "1.000").partition(".")
    return Line(
        no=int(row["no"]),
        goods=goods,
        quantity=int(whole + thousandths),
        price_minor=parse_amount(row["price"]),
        cashier_discount_minor=parse_amount(row.get("cashier", "0")),
    )


def _member(row: Mapping[str, Any] | None) -> MemberView | None:
    if row is None:
        return None
    days = tuple(
        DayCount(date.fromisoformat(day), parse_amount(turnover), 0, 1)
        for day, turnover in row.get("days", {}).items()
    )
    return MemberView(
        id=MEMBER,
        account=ACCOUNT,
        turnover_minor=parse_amount(row.get("turnover", "0")),
        birthday=_day(row.get("birthday")),
        registered_on=_day(row.get("registered_on")),
        receipts=int(row.get("receipts", "1")),
        segments=frozenset(row.get("segments", ())),
        lots=tuple(_lot(lot) for lot in row.get("lots", ())),
        history=History(days=days, uses=tuple(_uses(row.get("uses", {})))),
        dates=tuple(NamedDay(name, date.fromisoformat(day)) for name, day in row.get("dates", ())),
        person=bytes.fromhex(row.get("person", "")),
        tier_floor=row.get("tier_floor"),
        referrer=UUID(int=int(row["referrer"])) if "referrer" in row else None,
    )


def _uses(row: Mapping[str, Mapping[str, str]]) -> Iterator[Use]:
    for name, days in row.items():
        for day, amount in days.items():
            yield Use(name, date.fromisoformat(day), 1, parse_amount(amount))


def _certificate(code: str, balance_minor: int) -> Certificate:
    return Certificate(code, CertificateState.ACTIVE, balance_minor, balance_minor)


def _lot(row: Mapping[str, str]) -> LotView:
    return LotView(
        id=UUID(int=100 + int(row["no"])),
        account=ACCOUNT,
        wallet=row.get("wallet", "bonus"),
        amount=parse_amount(row["amount"]),
        activates_at=_instant(row["activates_at"]) if "activates_at" in row else LONG_AGO,
        expires_on=date.fromisoformat(row["expires_on"]) if "expires_on" in row else None,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
