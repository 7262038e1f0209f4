"""What types cannot say of the part of a pack that lowers prices."""

from shared.points import POINT
from shared.rules.code_model import folded
from shared.rules.faults import PackError
from shared.rules.model import Effect, Pack
from shared.rules.price_model import (
    REST,
    BundleEffect,
    CouponEffect,
    DiscountEffect,
    EntitlementEffect,
    PriceEffect,
    Table,
)
from shared.rules.question_checks import check_counter_window
from shared.rules.references import known, unique


def check_prices(pack: Pack) -> None:
    """Raise PackError at the first table or effect that does not hold."""
    for name, table in pack.tables.items():
        _check_table(pack, table, f"tables.{name}")
    for place, rule in enumerate(pack.rules):
        for number, effect in enumerate(rule.then):
            _check_effect(pack, effect, f"rules.{place}.then.{number}")
    _check_codes(pack)
    for place, floor in enumerate(pack.floors):
        known(floor.goods, pack.lists, f"floors.{place}.goods")
    for place, ban in enumerate(pack.bans):
        known(ban.goods, pack.lists, f"bans.{place}.goods")


def _check_codes(pack: Pack) -> None:
    tiers = {step.id for step in pack.tiers.steps} if pack.tiers is not None else set()
    owner: dict[str, str] = {}
    for name, campaign in pack.codes.items():
        known(campaign.tiers or (), tiers, f"codes.{name}.tiers")
        for word in campaign.words:
            if owner.setdefault(folded(word), name) != name:
                raise PackError(
                    f"codes.{name}.words",
                    "repeated",
                    ru=f"промокод «{word}» уже есть в «{owner[folded(word)]}»",
                    en=f"promo code '{word}' is one of '{owner[folded(word)]}' already",
                )


def _check_effect(pack: Pack, effect: Effect, path: str) -> None:
    if isinstance(effect, PriceEffect):
        known((effect.list,), pack.price_lists, f"{path}.list")
    if isinstance(effect, DiscountEffect | EntitlementEffect) and effect.table is not None:
        known((effect.table,), pack.tables, f"{path}.table")
    if isinstance(effect, BundleEffect):
        for part in (*effect.parts, *([effect.gift] if effect.gift is not None else [])):
            known(part.goods or (), pack.lists, f"{path}.parts")
    if isinstance(effect, CouponEffect):
        known((effect.campaign,), pack.codes, f"{path}.campaign")
    if isinstance(effect, EntitlementEffect):
        _check_entitlement(pack, effect, path)


def _check_entitlement(pack: Pack, effect: EntitlementEffect, path: str) -> None:
    known((effect.wallet,), pack.wallets, f"{path}.wallet")
    wallet = pack.wallets[effect.wallet]
    if POINT % (wallet.earning_unit * wallet.point_value_minor):
        raise PackError(
            f"{path}.wallet",
            "coarse_unit",
            ru="единица начисления кошелька должна делить копейку без остатка",
            en="the wallet's earning unit must be worth a whole fraction of a kopeck",
        )
    if effect.table is not None and pack.tables[effect.table].rows[0].amounts:
        raise PackError(
            f"{path}.table",
            "amounts",
            ru="выгода к выбору задаётся процентами",
            en="a benefit to choose is of percents",
        )


def _check_table(pack: Pack, table: Table, path: str) -> None:
    known((name for name in table.columns if name != REST), pack.lists, f"{path}.columns")
    if table.counter is not None:
        known((table.counter,), pack.counters, f"{path}.counter")
        check_counter_window(table.window, f"{path}.window")
    width, of_amounts = max(1, len(table.columns)), bool(table.rows[0].amounts)
    for place, row in enumerate(table.rows):
        if bool(row.amounts) != of_amounts or len(row.percents or row.amounts) != width:
            raise PackError(
                f"{path}.rows.{place}",
                "row_width",
                ru=f"в строке таблицы нужно значений: {width}, все проценты или все суммы",
                en=f"a row has {width} values, all of them percents or all of them amounts",
            )
        band = getattr(row, table.by) if table.by in ("tier", "segment") else row.from_minor
        if band is None:
            raise PackError(
                f"{path}.rows.{place}",
                "one_band",
                ru="в таблице по уровням и сегментам указывают их, в остальных — сумму",
                en="tiers and segments stand in tables by them, sums in the others",
            )
    if table.by in ("tier", "segment"):
        _check_words(pack, table, path)
    else:
        _check_order(table, path)


def _check_words(pack: Pack, table: Table, path: str) -> None:
    """Hold that the rows of a table by tier or segment name each once."""
    words = [str(getattr(row, table.by)) for row in table.rows]
    unique(words, f"{path}.rows", table.by)
    if table.by == "tier":
        known(words, {step.id for step in pack.tiers.steps} if pack.tiers else (), path)


def _check_order(table: Table, path: str) -> None:
    starts = [row.from_minor or 0 for row in table.rows]
    for place in range(1, len(starts)):
        if starts[place] <= starts[place - 1]:
            raise PackError(
                f"{path}.rows.{place}.from",
                "band_order",
                ru="границы должны возрастать",
                en="bands must ascend",
            )
