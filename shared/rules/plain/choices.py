"""What people call the words among which a field of a pack chooses."""

from collections.abc import Mapping
from typing import Final

from shared.rules.operators import VALUES
from shared.rules.wording import Wording

_LEAP: Final = {
    "02-28": Wording("28 февраля", "28 February"),
    "03-01": Wording("1 марта", "1 March"),
}

CHOICES: Final[Mapping[str, Mapping[str, Wording]]] = {
    "Wallet.early_activation": {
        "allowed": Wording("разрешена", "allowed"),
        "forbidden": Wording("запрещена", "forbidden"),
    },
    "TierTrack.metric": {
        "turnover": Wording("сумма покупок", "the sum of purchases"),
        "points": Wording("число начисленных бонусов", "the points earned"),
        "visits": Wording("число покупок", "the number of purchases"),
    },
    "TierTrack.band": {
        "previous": Wording("за прошлый период", "of the period before"),
        "running": Wording("за идущий период", "of the running period"),
        "higher": Wording(
            "больший из прошлого и идущего", "the higher of the last and the running one"
        ),
    },
    "TierTrack.drop": {
        "at_once": Wording("сразу", "at once"),
        "window_end": Wording("в конце периода", "at the end of the period"),
    },
    "TierTrack.downgrade": {
        "full": Wording("сразу до набранного", "at once to what was reached"),
        "one_step": Wording("на одну ступень", "by one step"),
    },
    "TierTrack.applies": {
        "next_receipt": Wording("со следующего чека", "from the next receipt"),
        "same_receipt": Wording("уже в этом чеке", "on the same receipt"),
    },
    "GoodsList.flags": VALUES["flag_in"],
    "Table.by": {
        "receipt_sum": Wording("на сколько весь чек", "the sum of the receipt"),
        "eligible_sum": Wording("на сколько подходящих товаров", "the sum of eligible goods"),
        "eligible_quantity": Wording(
            "сколько подходящих товаров", "the quantity of eligible goods"
        ),
        "line_quantity": Wording("сколько товара в строке", "the quantity of a line"),
        "line_price": Wording("какова цена за единицу", "the price of a unit"),
        "turnover": Wording("на сколько куплено раньше", "what was bought before"),
        "purchases": Wording("сколько покупок было раньше", "the purchases before"),
        "counter": Wording("сколько набрано по счётчику", "a counter"),
        "tier": Wording("какой уровень", "the tier"),
        "segment": Wording("какой сегмент", "the segment"),
    },
    "Counter.of": {
        "pieces": Wording("штуки", "pieces"),
        "money": Wording("деньги", "money"),
        "receipts": Wording("чеки", "receipts"),
    },
    "Ban.closes": {
        "discounts": Wording("скидки", "discounts"),
        "payment_with_points": Wording("оплата бонусами", "payment with points"),
        "earning": Wording("начисление бонусов", "earning"),
        "turnover": Wording("учёт в сумме покупок", "counting in the turnover"),
    },
    "CodeCampaign.first_purchase": {
        "yes": Wording("только на первую покупку", "for the first purchase only"),
        "no": Wording("на любую покупку", "for any purchase"),
    },
    "CodeCampaign.personal": {
        "yes": Wording("код только для владельца", "a code is for its owner only"),
        "no": Wording("код для любого предъявителя", "a code is for whoever has it"),
    },
    "AddPercentPointsEffect.only_if_discounted": {
        "yes": Wording("только если скидка уже есть", "only where there is a discount"),
        "no": Wording("даже если скидки нет", "also where there is no discount"),
    },
    "EntitlementEffect.unless_asked": {
        "discount": Wording("скидкой", "as a discount"),
        "bonus": Wording("бонусами", "as points"),
    },
    "RedeemEffect.share_base": {
        "eligible_lines": Wording("суммы подходящих товаров", "the sum of eligible goods"),
        "whole_receipt": Wording("суммы всего чека", "the sum of the receipt"),
        "each_line": Wording("каждой строки отдельно", "each line by itself"),
    },
    "RedeemEffect.complement_by": {
        "goods": Wording(
            "по товарам, даже если скидка нулевая", "by the goods, even where it is zero"
        ),
        "discount_given": Wording("по данной скидке", "by the discount given"),
    },
    "EarnEffect.base": {
        "paid_in_money": Wording("оплаченного деньгами", "what money paid"),
        "after_discounts": Wording("суммы после скидок", "the sum after discounts"),
    },
    "EarnEffect.to": {
        "member": Wording("покупатель", "the buyer"),
        "referrer": Wording("тот, кто привёл покупателя", "who brought the buyer"),
    },
    "OnceGrantRule.on": {
        "registration": Wording("регистрация", "registration"),
        "first_purchase": Wording("первая покупка", "first purchase"),
        "birthday": Wording("день рождения", "birthday"),
        "anniversary": Wording("годовщина регистрации", "anniversary of the registration"),
        "date": Wording("дата участника", "a date of the member"),
        "goal": Wording("достигнутая цель", "a goal reached"),
    },
    "OnceGrantRule.leap_day": _LEAP,
    "OnceGrantRule.to": {
        "member": Wording("сам участник", "the member"),
        "referrer": Wording("тот, кто привёл участника", "who brought the member"),
    },
    "StackingGroup.mode": {
        "best": Wording("лучшая для покупателя", "the best for the customer"),
        "worst": Wording("наименьшая", "the smallest"),
        "first": Wording("первая подходящая", "the first that fits"),
        "all_on_base": Wording("все вместе, каждая от цены", "all together, each on the price"),
        "all_on_rest": Wording(
            "все по очереди, каждая от остатка", "all in turn, each on what is left"
        ),
    },
    "StackingGroup.scope": {
        "line": Wording("по каждой строке", "for each line"),
        "receipt": Wording("по всему чеку", "for the whole receipt"),
    },
    "StackingGroup.over_whole": {
        "clamp": Wording("уменьшаются до неё", "they are cut to it"),
        "best": Wording("действует одна лучшая", "the best alone counts"),
    },
    "kind": {
        "purchase": Wording("«за покупку»", "for a purchase"),
        "welcome": Wording("«за регистрацию»", "welcome"),
        "birthday": Wording("«ко дню рождения»", "birthday"),
        "anniversary": Wording("«к годовщине»", "anniversary"),
        "referral": Wording("«за приглашение»", "referral"),
        "goal": Wording("«за цель»", "goal"),
        "first_purchase": Wording("«за первую покупку»", "first purchase"),
    },
}
"""By `Model.field`, or by the field alone."""
