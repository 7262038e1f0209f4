"""What people call the fields of a pack's parts: words with a place for the value.

`Model.field` goes before `field`; a field that is not here is told by functions of its own.
"""

from collections.abc import Mapping
from typing import Final

from shared.rules.wording import Wording

LABELS: Final[Mapping[str, Wording]] = {
    # the programme
    "Pack.name": Wording("имя пакета {}", "name of the pack {}"),
    "Pack.version": Wording("версия {}", "version {}"),
    "Pack.effective_from": Wording("действует с {}", "in force from {}"),
    "Pack.zone": Wording(
        "часовой пояс, по которому считаются накопления и уровни, {}",
        "time zone of turnover and tiers {}",
    ),
    "Pack.tz": Wording("издание справочника часовых поясов {}", "edition of the time zones {}"),
    "Wallet.point_value_minor": Wording("один бонус стоит {}", "a point is worth {}"),
    "Wallet.earning_unit": Wording("начисляется кратно {}", "earned in units of {}"),
    "Wallet.redeeming_unit": Wording("списывается кратно {}", "redeemed in units of {}"),
    "Wallet.early_activation": Wording("досрочная активация {}", "early activation {}"),
    "Wallet.early_activation_by": Wording(
        "досрочно активируют роли: {}", "early activation by roles: {}"
    ),
    "Wallet.early_activation_max": Wording(
        "досрочно активируют из партии не больше {}", "activated early of a lot at most {}"
    ),
    "Wallet.early_activation_a_day": Wording(
        "досрочных активаций участника в магазине за день не больше {}",
        "early activations of a member in a store a day at most {}",
    ),
    # tiers
    "TierTrack.metric": Wording("считается {}", "what counts is {}"),
    "TierTrack.window": Wording("период счёта {}", "the count is {}"),
    "TierTrack.band": Wording("уровень периода: {}", "the level of a period: {}"),
    "TierTrack.drop": Wording("недобранный уровень теряется {}", "a level not reached is lost {}"),
    "TierTrack.downgrade": Wording("уровень падает {}", "a level falls {}"),
    "TierTrack.grace_days": Wording("отсрочка падения {}", "grace before a level falls {}"),
    "TierTrack.applies": Wording("новый уровень действует {}", "a new level counts {}"),
    "TierStep.from_minor": Wording("порог {}", "threshold {}"),
    "TierStep.privileges": Wording("привилегии: {}", "privileges: {}"),
    # goods
    "GoodsList.skus": Wording("товары: {}", "goods: {}"),
    "GoodsList.groups": Wording("группы товаров: {}", "groups of goods: {}"),
    "GoodsList.brands": Wording("марки: {}", "brands: {}"),
    "GoodsList.flags": Wording("признаки товаров: {}", "marks of goods: {}"),
    "Table.by": Wording("ступени по тому, {}", "bands by {}"),
    "Table.window": Wording("накоплено {}", "the count is {}"),
    "Table.counter": Wording("счётчик {}", "counter {}"),
    "Table.columns": Wording("столбцы: {}", "columns: {}"),
    "Counter.of": Wording("считает {}", "counts {}"),
    "Floor.price_minor": Wording("цена {}", "price {}"),
    "Ban.closes": Wording("не положено: {}", "barred: {}"),
    "Ban.time_in": Wording("в часы {}", "in the hours {}"),
    "Caps.line": Wording("в строке не больше {}", "of a line at most {}"),
    "Caps.line_amount": Wording("в строке не больше {} деньгами", "of a line at most {} in money"),
    "Caps.receipt": Wording("в чеке не больше {}", "of a receipt at most {}"),
    "Caps.receipt_amount": Wording(
        "в чеке не больше {} деньгами", "of a receipt at most {} in money"
    ),
    # promo codes
    "CodeCampaign.words": Wording("слова: {}", "words: {}"),
    "CodeCampaign.channel": Wording("раздают через {}", "given out by {}"),
    "CodeCampaign.stores": Wording("магазины: {}", "stores: {}"),
    "CodeCampaign.regions": Wording("регионы: {}", "regions: {}"),
    "CodeCampaign.segments": Wording("сегменты: {}", "segments: {}"),
    "CodeCampaign.tiers": Wording("уровни: {}", "tiers: {}"),
    "CodeCampaign.receipt_sum_from": Wording("чек от {}", "receipt from {}"),
    "CodeCampaign.first_purchase": Wording("{}", "{}"),
    "CodeCampaign.personal": Wording("{}", "{}"),
    "CodeCampaign.per_code_max": Wording("один код можно применить {}", "a code may be used {}"),
    "CodeCampaign.per_member_max": Wording(
        "один участник может применить {}", "a member may use it {}"
    ),
    # what rules do
    "DiscountEffect.percent": Wording("скидка {}", "discount {}"),
    "DiscountEffect.tier_percent": Wording("скидка {}", "discount {}"),
    "DiscountEffect.table": Wording("скидка {}", "discount {}"),
    "DiscountEffect.price_minor": Wording("цена за единицу {}", "price of a unit {}"),
    "DiscountEffect.pieces_max": Wording(
        "скидка не больше чем на {} шт. в чеке", "discount of at most {} pcs. on a receipt"
    ),
    "AddPercentPointsEffect.percent": Wording(
        "прибавляет к скидке процентных пунктов: {}", "adds percentage points to a discount: {}"
    ),
    "AddPercentPointsEffect.tier_percent": Wording(
        "прибавляет к скидке процентные пункты {}", "adds percentage points to a discount {}"
    ),
    "AddPercentPointsEffect.only_if_discounted": Wording("{}", "{}"),
    "PriceEffect.list": Wording("цены из прайс-листа {}", "prices of the price list {}"),
    "BundleEffect.parts": Wording("набор: {}", "bundle: {}"),
    "BundleEffect.cheapest": Wording(
        "скидка на самые дешёвые из набора: {}", "off the cheapest pieces of the bundle: {}"
    ),
    "BundleEffect.gift": Wording("подарок к набору: {}", "gift with the bundle: {}"),
    "BundleEffect.price_minor": Wording("цена набора {}", "price of the bundle {}"),
    "BundleEffect.percent": Wording(
        "размер скидки на дешёвые или на подарок {}", "off the cheapest or the gift {}"
    ),
    "BundleEffect.times_max": Wording("наборов в чеке не больше {}", "bundles at most {}"),
    "EntitlementEffect.percent": Wording(
        "выгода на выбор, скидкой или бонусами: {}", "benefit, as a discount or as points: {}"
    ),
    "EntitlementEffect.tier_percent": Wording(
        "выгода на выбор, скидкой или бонусами: {}", "benefit, as a discount or as points: {}"
    ),
    "EntitlementEffect.table": Wording(
        "выгода на выбор, скидкой или бонусами: {}", "benefit, as a discount or as points: {}"
    ),
    "EntitlementEffect.unless_asked": Wording("если не спросили, {}", "unless asked, {}"),
    "CouponEffect.campaign": Wording(
        "код на следующую покупку по акции {}", "code for the next purchase, of {}"
    ),
    "RedeemEffect.percent": Wording("бонусами можно оплатить до {}", "points may pay up to {}"),
    "RedeemEffect.tier_percent": Wording("бонусами можно оплатить {}", "points may pay {}"),
    "RedeemEffect.table": Wording("бонусами можно оплатить {}", "points may pay {}"),
    "RedeemEffect.share_base": Wording("доля считается от {}", "the share is of {}"),
    "RedeemEffect.at_most": Wording("не больше {} за чек", "at most {} a receipt"),
    "RedeemEffect.at_least": Wording("не меньше {} за чек", "at least {} a receipt"),
    "RedeemEffect.complement_of": Wording(
        "только за то, чего не касается скидка {}", "only for what the discount {} leaves"
    ),
    "RedeemEffect.complement_by": Wording(
        "чего она не касается, видно {}", "what it leaves is told {}"
    ),
    "EarnEffect.percent": Wording("начисляет {} бонусами", "earns {} in points"),
    "EarnEffect.tier_percent": Wording("начисляет бонусами {}", "earns in points {}"),
    "EarnEffect.table": Wording("начисляет бонусами {}", "earns in points {}"),
    "EarnEffect.points_each": Wording("начисляет {} за каждую единицу", "earns {} for each unit"),
    "EarnEffect.at_most": Wording("не больше {} за чек", "at most {} a receipt"),
    "EarnEffect.base": Wording("считается от {}", "counted on {}"),
    "EarnEffect.to": Wording("получает {}", "given to {}"),
    "EarnTimesEffect.times": Wording("умножает бонусы на {}", "multiplies points by {}"),
    # grants
    "OnceGrantRule.on": Wording("повод: {}", "occasion: {}"),
    "OnceGrantRule.of": Wording("дата {}", "the date {}"),
    "OnceGrantRule.before_days": Wording("начинается {}", "begins {}"),
    "OnceGrantRule.after_days": Wording("кончается {}", "ends {}"),
    "OnceGrantRule.goal": Wording("цель: {}", "goal: {}"),
    "OnceGrantRule.leap_day": Wording(
        "родившихся 29 февраля в обычный год поздравляют {}",
        "who was born on 29 February has it in other years on {}",
    ),
    "OnceGrantRule.to": Wording("получает {}", "given to {}"),
    "OnceGrantRule.share": Wording(
        "доля участников, которым положено, {}", "share of members who get it {}"
    ),
    "OnceGrantRule.points": Wording("даёт {}", "gives {}"),
    "OnceGrantRule.certificate": Wording("даёт сертификат на {}", "gives a certificate of {}"),
    "OnceGrantRule.coupon": Wording("даёт код акции {}", "gives a code of {}"),
    # what several have
    "wallet": Wording("кошелёк {}", "wallet {}"),
    "kind": Wording("вид партии {}", "kind of lot {}"),
    "activation": Wording("начало действия: {}", "active {}"),
    "expiry": Wording("срок действия: {}", "valid {}"),
    "when": Wording("идёт {}", "runs {}"),
    # discounts together
    "StackingGroup.mode": Wording("из скидок действует {}", "of the discounts counts {}"),
    "StackingGroup.scope": Wording("считается {}", "counted {}"),
    "StackingGroup.cap_bp": Wording("предел скидки {}", "the discount is at most {}"),
    "StackingGroup.children": Wording("состав: {}", "members: {}"),
    "StackingGroup.modifiers": Wording("прибавки к скидке: {}", "additions to the discount: {}"),
    "StackingGroup.over_whole": Wording(
        "если вместе больше всей суммы, {}", "where they exceed the whole, {}"
    ),
}

UNLESS_SAID: Final[Mapping[str, Wording]] = {
    "Pack.zone": Wording("свой у каждого магазина", "that of each store"),
    "Wallet.early_activation_by": Wording("любая", "any"),
    "Wallet.early_activation_max": Wording("всей партии", "the whole lot"),
    "TierTrack.drop": Wording("как принято для периода", "as is usual for the period"),
}
"""What holds where a field is left out, for fields of which this is no matter of course."""
