"""What types cannot say of the part of a pack that lowers prices."""

from shared.rules.faults import PackError
from shared.rules.model import Pack
from shared.rules.price_model import REST, DiscountEffect, Table
from shared.rules.references import known, unique


def check_prices(pack: Pack) -> None:
    """Raise PackError at the first table or effect that does not hold."""
    for name, table in pack.tables.items():
        _check_table(pack, table, f"tables.{name}")
    for place, rule in enumerate(pack.rules):
        for number, effect in enumerate(rule.then):
            if isinstance(effect, DiscountEffect) and effect.table is not None:
                known((effect.table,), pack.tables, f"rules.{place}.then.{number}.table")


def _check_table(pack: Pack, table: Table, path: str) -> None:
    known((name for name in table.columns if name != REST), pack.lists, f"{path}.columns")
    width, of_amounts = max(1, len(table.columns)), bool(table.rows[0].amounts)
    for place, row in enumerate(table.rows):
        if bool(row.amounts) != of_amounts or len(row.percents or row.amounts) != width:
            raise PackError(
                f"{path}.rows.{place}",
                "row_width",
                ru=f"в строке таблицы нужно значений: {width}, все проценты или все суммы",
                en=f"a row has {width} values, all of them percents or all of them amounts",
            )
        if (row.tier is not None) != (table.by == "tier"):
            raise PackError(
                f"{path}.rows.{place}",
                "one_band",
                ru="уровень указывают в таблице по уровням, сумму — в остальных",
                en="a tier stands in a table by tier, a sum in the others",
            )
    if table.by == "tier":
        tiers = [row.tier or "" for row in table.rows]
        known(tiers, {step.id for step in pack.tiers.steps} if pack.tiers else (), path)
        unique(tiers, f"{path}.rows", "tier")
        return
    starts = [row.from_minor or 0 for row in table.rows]
    for place in range(1, len(starts)):
        if starts[place] <= starts[place - 1]:
            raise PackError(
                f"{path}.rows.{place}.from",
                "band_order",
                ru="границы должны возрастать",
                en="bands must ascend",
            )
