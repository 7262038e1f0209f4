"""Short words for packs, receipts, members and lots in tests of the kernel."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

from shared.basket import Flag, Goods, Line
from shared.member import LotView, MemberView
from shared.receipt import Receipt, Redeem
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.moment import Moment
from shared.rules.pack import canonical, pack_hash, read_pack

NOON = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
MOMENT = Moment(NOON, "Europe/Moscow")
MEMBER = UUID(int=1)
ACCOUNT = UUID(int=2)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

HEAD = """
name: test
version: 1
title: {ru: Проверка, en: Test}
effective_from: 2026-01-01T00:00
tz: 2025b
wallets:
  bonus: {title: {ru: Бонусы, en: Points}}
tiers:
  steps:
    - {id: base, title: {ru: Базовый, en: Base}, from: 0.00, percents: {discount: 5 %, bonus: 5 %}}
    - id: high
      title: {ru: Высокий, en: High}
      reach: {ru: до Высокого, en: to High}
      from: 1000.00
      percents: {discount: 10 %, bonus: 7 %}
"""
TITLE = "title: {ru: Правило, en: Rule}"
EARN = "{effect: earn, wallet: bonus, percent: 5 %, activation: after 24 h, expiry: 6 months}"


def discount_rule(rule: str, percent: str, condition: str = "") -> str:
    """Write a discount rule as a line of a pack."""
    test = f"if: {condition}, " if condition else ""
    return f"  - {{id: {rule}, {TITLE}, {test}then: [{{effect: discount, percent: {percent}}}]}}\n"


def redeem_rule(rule: str, effect: str, condition: str = "") -> str:
    """Write a rule of payment with points as a line of a pack."""
    test = f"if: {condition}, " if condition else ""
    then = f"{{effect: redeem, wallet: bonus, {effect}}}"
    return f"  - {{id: {rule}, {TITLE}, {test}then: [{then}]}}\n"


def earn_rule(rule: str, effect: str = EARN, condition: str = "") -> str:
    """Write an earning rule as a line of a pack."""
    test = f"if: {condition}, " if condition else ""
    return f"  - {{id: {rule}, {TITLE}, {test}then: [{effect}]}}\n"


def pack_text(*rules: str, tail: str = "", head: str = HEAD) -> str:
    """Write a pack of these rules."""
    listed = "rules:\n" + "".join(rules) if rules else ""
    return f"{head}{listed}{tail}"


def compiled(text: str) -> CompiledPack:
    """Read and compile a pack."""
    pack = read_pack(text)
    return compile_pack(pack, pack_hash=pack_hash(canonical(pack)))


def wine_text() -> str:
    """Return the shipped example as it stands in the package."""
    return (files("shared.rules") / "examples" / "wine.yaml").read_text(encoding="utf-8")


@cache
def wine() -> CompiledPack:
    """Return the shipped example, compiled."""
    return compiled(wine_text())


def goods(group: str = "wine/red", *, flags: Iterable[Flag] = (), floor_minor: int = 0) -> Goods:
    """Return goods of a group, the sku after it."""
    return Goods(
        sku=group.replace("/", "-"), group=group, flags=frozenset(flags), floor_minor=floor_minor
    )


def line(no: int, price_minor: int, what: Goods | None = None, quantity: int = 1000) -> Line:
    """Return a line of one piece."""
    return Line(no, what or goods(), quantity, price_minor)


def receipt(*lines: Line, redeem: Redeem = Redeem.NONE, points: int = 0) -> Receipt:
    """Return a receipt of store 1."""
    return Receipt(
        uid=UUID(int=3), store="1", till="1", lines=lines, redeem=redeem, redeem_points=points
    )


def lot(
    no: int,
    amount: int,
    *,
    expires_on: date | None = None,
    activates_at: datetime = LONG_AGO,
    wallet: str = "bonus",
) -> LotView:
    """Return a lot of hundredths of a point, active long ago."""
    return LotView(UUID(int=100 + no), ACCOUNT, wallet, amount, activates_at, expires_on)


def member(*lots: LotView, turnover_minor: int = 0, tier_floor: str | None = None) -> MemberView:
    """Return a member with these lots."""
    return MemberView(MEMBER, ACCOUNT, turnover_minor, tier_floor=tier_floor, lots=lots)
