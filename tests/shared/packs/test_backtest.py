"""Receipts of the past under proposed thresholds: tiers, moves and costs, worked out by hand."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.money import NO_BREAK_SPACE
from shared.packs.backtest import changes, replay
from shared.packs.sales_file import SalesFileError, read_members, read_sales
from tests.shared.packs.test_command_line import WINE, pack, said
from tests.shared.rules.builders import compiled, wine, wine_text

ZONE = "Europe/Moscow"
SALES = """receipt,at,member,sku,group,price,quantity,discount
1,2026-01-10T12:00,anna,A,wine/red,40000.00,1,1200.00
2,2026-01-11T12:00,boris,A,wine/red,49000.00,1,2450.00
3,2026-02-10T12:00,anna,A,wine/red,20000.00,1,600.00
4,2026-03-10T12:00,anna,A,wine/red,5000.00,2,500.00
5,2026-03-11T12:00,,A,wine/red,1000.00,1,0.00
"""
MEMBERS = "member,turnover,segments\nboris,60000.00,\nvera,10000.00,\n"


def proposed(*changes_: tuple[str, str]) -> str:
    text = wine_text()
    for was, now in changes_:
        assert was in text
        text = text.replace(was, now)
    return text


@pytest.mark.capability("WINE-16")
def test_a_replay_tells_members_per_tier_costs_and_moves() -> None:
    """Anna begins at 3 %: 40 000.00 less 1 200.00 = 38 800.00; 20 000.00 less 600.00 = 19 400.00.

    Then she has 58 200.00 and is silver: 5 % of 10 000.00 = 500.00. Boris was silver with
    60 000.00: 5 % of 49 000.00 = 2 450.00. The nameless receipt gives nothing. Points: 3 % of
    38 800.00 and 19 400.00 = 1 164 and 582, 5 % of 9 500.00 = 475 and of 46 550.00 = 2 327.50.
    """
    found = replay(wine(), read_sales(SALES, ZONE), read_members(MEMBERS))

    assert (found.receipts, found.base_minor) == (5, 120_000_00)
    assert found.discount_minor == (1200 + 600 + 500 + 2450) * 100
    assert found.points == (1164 + 582 + 475 + 2327) * 100
    assert found.points_minor == found.points
    assert found.tiers() == {"silver": 2, "start": 1}
    assert found.moves == {("start", "silver"): 1}
    of_start = found.by_tier["start"]
    assert (of_start.receipts, of_start.discount_minor) == (2, 1800_00)
    assert (found.compared, found.differing) == (5, 0)


@pytest.mark.capability("WINE-16")
def test_proposed_thresholds_beside_the_present_ones_tell_who_would_move() -> None:
    """At 100 000.00 Anna (67 700.00) stays below, Boris (106 550.00) would still be silver."""
    harder = compiled(proposed(("from: 50000.00", "from: 100000.00")))
    members = read_members(MEMBERS)

    now = replay(wine(), read_sales(SALES, ZONE), members)
    then = replay(harder, read_sales(SALES, ZONE), members)

    assert then.tiers() == {"silver": 1, "start": 2}
    assert changes(now, then) == {
        ("silver", "silver"): 1,
        ("silver", "start"): 1,
        ("start", "start"): 1,
    }
    assert [(one.receipt, one.was_minor, one.is_minor) for one in then.differences] == [
        ("2", 2450_00, 1470_00),
        ("4", 500_00, 300_00),
    ]


@pytest.mark.capability("WINE-16")
def test_the_command_prints_both_and_refuses_where_known_discounts_differ(tmp_path: Path) -> None:
    sales, members, harder = (tmp_path / name for name in ("s.csv", "m.csv", "p.yaml"))
    sales.write_text(SALES)
    members.write_text(MEMBERS)
    harder.write_text(proposed(("from: 50000.00", "from: 100000.00")))

    lines = said(pack("backtest", WINE, sales, "--members", members))
    refused = pack("backtest", harder, sales, "--members", members, "--against", WINE)

    assert lines[0] == (
        "Чеков 5 на 120 000 ₽; скидки 4 750 ₽ (3,96 %), начислено 4 548 бонусов на 4 548 ₽"
    )
    assert "Серебряный: участников 2" in lines[2]
    assert "  Стартовый → Серебряный: 1" in lines
    assert lines[-1] == "Сверено строк 5, расходятся 0"
    words = refused.output.replace(NO_BREAK_SPACE, " ")
    assert refused.exit_code == 1
    assert "Было и стало бы:\n  Серебряный → Серебряный: 1" in words
    assert "  чек 4, строка 1: было 500 ₽, стало бы 300 ₽" in words


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("receipt,at,sku\n", 1),
        ("receipt,at,sku,price,colour\n", 1),
        ("receipt,at,sku,price\n1,2026-01-01T00:00,A,much\n", 2),
        ("receipt,at,sku,price\n1,soon,A,1.00\n", 2),
        ("receipt,at,sku,price\n1,2026-01-01T00:00,A\n", 2),
        ("receipt,at,sku,price\n1,2026-01-01T00:00,A,1.00,x\n", 2),
        ('receipt,at,sku,price\n1,2026-01-01T00:00,"A\n', 2),
        ("receipt,at,sku,price,flags\n1,2026-01-01T00:00,A,1.00,gold\n", 2),
        (
            "receipt,at,sku,price\n2,2026-01-02T00:00,A,1.00\n1,2026-01-01T00:00,A,1.00\n",
            0,
        ),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_row(text: str, row: int) -> None:
    with pytest.raises(SalesFileError) as refused:
        list(read_sales(text, ZONE))

    assert refused.value.details["row"] == row


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9_000_000)), max_size=12))
@settings(max_examples=50)
def test_a_replay_adds_up_whatever_the_receipts(bought: list[tuple[str, int]]) -> None:
    rows = [
        f"{no},2026-01-{no:02d}T12:00,{who},S,wine/red,{minor // 100}.{minor % 100:02d}"
        for no, (who, minor) in enumerate(bought, start=1)
    ]
    text = "\n".join(["receipt,at,member,sku,group,price", *rows]) + "\n"

    found = replay(wine(), read_sales(text, ZONE), {})

    assert found.receipts == len(bought)
    assert sum(one.receipts for one in found.by_tier.values()) == len(bought)
    assert sum(one.base_minor for one in found.by_tier.values()) == found.base_minor
    assert sum(found.tiers().values()) == len({who for who, _ in bought})
    assert sum(one.turnover_minor for one in found.members.values()) == found.turnover_minor
    assert found.turnover_minor == found.base_minor - found.discount_minor


PRIORITY = """receipt,at,member,sku,group,price,quantity
1,2026-04-07T12:00,anna,OWN,wine/own_import/red,600.00,1
1,2026-04-07T12:00,anna,OTHER,wine/red,1000.00,1
2,2026-04-08T12:00,boris,VODKA,spirits/vodka,400.00,1
"""


@pytest.mark.capability("SPIRITS-07")
def test_priority_goods_earn_threefold_and_their_share_is_told(tmp_path: Path) -> None:
    """Guests: 2 % of 600.00 three times = 36, of 1 000.00 = 20, 1 % of 400.00 = 4; 600 of 2 000."""
    spirits = WINE.with_name("spirits.yaml")
    sales = tmp_path / "sales.csv"
    sales.write_text(PRIORITY)

    found = replay(compiled(spirits.read_text("utf-8")), read_sales(PRIORITY, ZONE), {})
    lines = said(pack("backtest", spirits, sales, "--lang", "en"))

    assert found.points == (36 + 20 + 4) * 100
    assert found.by_list == {"priority": 600_00, "wine": 1600_00, "strong": 400_00}
    assert "List priority: 600 ₽ paid, a share of 30 %" in lines
