"""What types cannot say of earning and of paying with points."""

from typing import Final

from shared.rules.faults import PackError
from shared.rules.model import Effect, Pack
from shared.rules.points_terms import EarnEffect, EarnTimesEffect, RedeemEffect
from shared.rules.references import known

POINTS_EFFECTS: Final = (EarnEffect, EarnTimesEffect, RedeemEffect)


def check_points(pack: Pack) -> None:
    """Raise PackError at the first wallet, table or number of points that does not hold."""
    values: dict[str, int] = {}
    for place, rule in enumerate(pack.rules):
        for number, effect in enumerate(rule.then):
            path = f"rules.{place}.then.{number}"
            _check_effect(pack, effect, path)
            if isinstance(effect, RedeemEffect):
                values[path] = pack.wallets[effect.wallet].point_value_minor
    if len(set(values.values())) > 1:
        raise PackError(
            f"{max(values)}.wallet",
            "several_values",
            ru="у кошельков, которыми платят вместе, бонус должен стоить одинаково",
            en="wallets that pay together have points of one value",
        )


def _check_effect(pack: Pack, effect: Effect, path: str) -> None:
    if not isinstance(effect, POINTS_EFFECTS):
        return
    known((effect.wallet,), pack.wallets, f"{path}.wallet")
    if isinstance(effect, EarnTimesEffect) or effect.table is None:
        return
    known((effect.table,), pack.tables, f"{path}.table")
    if isinstance(effect, RedeemEffect) and pack.tables[effect.table].rows[0].amounts:
        raise PackError(
            f"{path}.table",
            "amounts",
            ru="доля задаётся процентами",
            en="a share is of percents",
        )
