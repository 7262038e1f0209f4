"""What the kernel says, by code: Russian and English with the places of what is told."""

from typing import Final

SENTENCES: Final = {
    "untrusted_clock": (
        "Часы магазина не подтверждены: время может быть неточным",
        "The store's clock is not confirmed: the time may be wrong",
    ),
    "line_out": ("Строка без количества в расчёт не входит", "A line of nothing is left out"),
    "ban_tobacco": (
        "Табак: ни скидок, ни оплаты бонусами",
        "Tobacco: no discount and no payment with points",
    ),
    "ban_certificate": (
        "Сертификат: ни скидок, ни бонусов",
        "Certificate: no discount and no points",
    ),
    "ban_service": ("Услуга: ни скидок, ни бонусов", "Service: no discount and no points"),
    "ban_tobacco_earning": (
        "Табак: бонусы не начисляются",
        "Tobacco: it earns no points",
    ),
    "goods_unknown": (
        "Товар неизвестен: бонусами не оплачивается",
        "Unknown goods: points cannot pay for it",
    ),
    "not_yet": ("Начнётся {day}", "Begins on {day}"),
    "ended": ("Закончилось {day}", "Ended on {day}"),
    "condition": ("Условие «{operator}» не выполнено", "Condition '{operator}' does not hold"),
    "no_goods": ("В чеке нет подходящих товаров", "No goods of the receipt qualify"),
    "no_open_goods": (
        "Подходящим товарам эта выгода закрыта",
        "The goods that qualify are closed to this benefit",
    ),
    "empty_receipt": ("В чеке ничего нет", "There is nothing on the receipt"),
    "at_registration": (
        "Даётся при регистрации, а не в чеке",
        "Is given at the registration, not on a receipt",
    ),
    "covered": (
        "Бонусы платят только за то, на что не действует «{title}»",
        "Points pay only for what {title} does not cover",
    ),
    "points_may_pay": (
        "Подходит: сама строка позволяет оплатить бонусами до {amount}",
        "Qualifies: the line itself lets points pay up to {amount}",
    ),
    "at_least_price": (
        "Цена уже наименьшая: бонусами не оплачивается",
        "The price is the least already: points cannot pay",
    ),
    "nothing_paid": (
        "Деньгами за строку не платят: начислять не на что",
        "No money is paid for the line: there is nothing to earn on",
    ),
    "not_asked": ("Оплата бонусами не запрошена", "No payment with points is asked for"),
    "asked_is_paid": (
        "Запрошенное уже оплачено другими бонусами",
        "Other points have paid what was asked for",
    ),
    "kept": (
        "После ограничений из {given} осталось {kept}",
        "After the caps {kept} are left of {given}",
    ),
    "earned_benefit": ("{title}: бонусами", "{title}: as points"),
    "earned_other": (
        "{title}: получит тот, кто пригласил",
        "{title}: for who brought the member",
    ),
    "enough": ("Этого достаточно", "That is enough"),
    "nobody": ("Покупатель не назван", "No member is named"),
    "not_this_line": ("Не для этого товара", "Not for these goods"),
    "no_effect": ("Ничего не даёт этому чеку", "Gives this receipt nothing"),
    "no_effect_line": ("Ничего не даёт этой строке", "Gives this line nothing"),
    "outweighed": ("Уступило другой скидке", "Gave way to another discount"),
    "outweighed_price": (
        "Уступило другой скидке; само дало бы такую цену",
        "Gave way to another discount; alone it would give this price",
    ),
    "outweighed_benefit": (
        "Уступило большей выгоде: само дало бы {amount}",
        "Gave way to a larger benefit: alone it would give {amount}",
    ),
    "not_discounted": (
        "Прибавляет проценты только к скидке, а скидки здесь нет",
        "Adds to a discount only, and there is none here",
    ),
    "cashier": ("Скидка кассира {allowed}", "The cashier's discount of {allowed}"),
    "cashier_limited": (
        "Скидка кассира {asked} принята на {allowed}: ниже нельзя",
        "The cashier's discount of {asked} is taken as {allowed}: it may not go lower",
    ),
    "no_lower_price": (
        "Цена уже не выше, чем в списке",
        "The price is not above that of the list already",
    ),
    "chosen": (
        "{title}: скидкой {discount}, бонусами {bonus}",
        "{title}: {discount} as a discount, {bonus} as points",
    ),
    "choice_at_floor": (
        "Ниже минимальной цены нельзя: остальное бонусами",
        "The minimum price is reached: the rest becomes points",
    ),
    "capped": (
        "Больше {limit} выгоды нельзя: возвращено в цену {back}",
        "At most {limit} of benefit: {back} went back into the price",
    ),
    "least_paid": (
        "За чек платят не меньше {limit}: возвращено в цену {back}",
        "At least {limit} is paid for a receipt: {back} went back into the price",
    ),
    "capped_away": (
        "Всё отняло ограничение выгоды",
        "The largest benefit left nothing of it",
    ),
    "code_taken": ("Принят: {title}", "Taken: {title}"),
    "code_applied": ("{title}", "{title}"),
    "code_unknown": ("Такого промокода нет", "There is no such promo code"),
    "code_again": ("Такой промокод в чеке уже есть", "The receipt has such a promo code already"),
    "code_blocked": ("Промокод отозван", "The promo code was revoked"),
    "code_held": (
        "Промокод сейчас занят другим чеком",
        "The promo code is held by another receipt now",
    ),
    "code_elsewhere": (
        "Промокод сейчас закреплён: {places}. Здесь его примут, когда появится связь",
        "The promo code is held by {places} now: it is taken here when the line is back",
    ),
    "code_used_up": ("Промокод уже использован", "The promo code is used up"),
    "code_used_by_you": (
        "Этот покупатель уже использовал промокод",
        "This member has used the promo code already",
    ),
    "code_expired": ("Срок промокода истёк", "The promo code has expired"),
    "code_not_yours": ("Промокод выдан другому", "The promo code belongs to somebody else"),
    "code_needs_member": (
        "Промокод только для участников: назовите карту или телефон",
        "The promo code is for members: name the card or the phone",
    ),
    "code_wrong_store": ("Здесь промокод не действует", "The promo code is not for this store"),
    "code_wrong_segment": (
        "Промокод не для этого покупателя",
        "The promo code is not for this buyer",
    ),
    "code_first_purchase": (
        "Промокод только на первую покупку",
        "The promo code is for the first purchase",
    ),
    "code_below_minimum": (
        "Промокод действует от {least}: не хватает {missing}",
        "The promo code needs {least}: {missing} are missing",
    ),
    "certificate_pays": ("Сертификат оплачивает {amount}", "The certificate pays {amount}"),
    "certificate_again": ("Этот сертификат уже в чеке", "The receipt has this certificate already"),
    "certificate_expired": ("Срок сертификата истёк", "The certificate has expired"),
    "certificate_used": ("Сертификат уже использован", "The certificate is used up"),
    "certificate_blocked": ("Сертификат заблокирован", "The certificate is blocked"),
    "certificate_not_active": ("Сертификат не активирован", "The certificate is not active"),
    "certificate_unknown": ("Такого сертификата нет", "There is no such certificate"),
    "certificate_elsewhere": (
        "Сертификат сейчас закреплён: {places}. Здесь его примут, когда появится связь",
        "The certificate is held by {places} now: it is taken here when the line is back",
    ),
    "certificate_not_needed": ("Платить больше нечего", "There is nothing left to pay"),
    "small_change": ("Без мелочи: {amount}", "Small change is let off: {amount}"),
    "till_differs": (
        "Касса посчитала строку иначе: берётся цена на количество",
        "The till has found another sum: price times quantity is taken",
    ),
    "at_floor": ("Ниже минимальной цены нельзя", "The minimum price is reached"),
    "applied": ("{title}", "{title}"),
    "no_member": (
        "Покупатель не назван: бонусами платить нечем",
        "No member: there are no points to pay with",
    ),
    "redeem_closed": (
        "Программа сейчас не принимает оплату бонусами",
        "The programme takes no points now",
    ),
    "clamped": (
        "Запрошено {requested}, спишется {redeemed}",
        "{requested} asked for, {redeemed} will be taken",
    ),
    "refused": (
        "Запрошено {requested}, можно не больше {most}: не списано ничего",
        "{requested} asked for, at most {most} may pay: none are taken",
    ),
    "share_cap": (
        "Бонусами можно оплатить не больше {percent} от {base}, то есть {amount}",
        "Points may pay at most {percent} of {base}, that is {amount}",
    ),
    "eligible_lines": (
        "Бонусами оплачиваются не все товары: строк {count}, на {amount}",
        "Points pay for some goods only: {count} lines, {amount}",
    ),
    "floor": (
        "Ниже минимальной цены оплатить бонусами нельзя: остаётся {amount}",
        "Points may not go below the minimum price: {amount} remain",
    ),
    "points_capped": (
        "Выгода вместе с бонусами ограничена: бонусами можно оплатить {amount}",
        "Benefit and points together are limited: points may pay {amount}",
    ),
    "points_least": (
        "За чек платят не меньше {least}: бонусами можно оплатить {amount}",
        "At least {least} is paid for a receipt: points may pay {amount}",
    ),
    "other_redeem_rule": (
        "Бонусы этого кошелька идут по правилу «{title}»",
        "The points of this wallet go by the rule {title}",
    ),
    "balance": ("Доступно {points}", "Available: {points}"),
    "redeeming_unit": (
        "Бонусы списываются только кратно {unit}",
        "Points are taken in whole units of {unit} only",
    ),
    "nothing_spendable": (
        "Доступных для оплаты бонусов нет",
        "There are no points that may be spent",
    ),
    "pending": (
        "Ещё не действует: {points}",
        "Not active yet: {points}",
    ),
    "dead_lot": ("Бонусы сгорели бы до начисления", "The points would expire before they exist"),
    "line_share": (
        "Каждую строку бонусами можно оплатить лишь отчасти, вместе {amount}",
        "Points may pay a part of each line only, {amount} together",
    ),
    "redeem_limit": (
        "Предел за чек — {points}",
        "At most {points} of a receipt",
    ),
    "redeem_least": (
        "Наименьшая оплата за чек — {points}",
        "At least {points} of a receipt",
    ),
    "ban_pack": (
        "Товар исключён из программы: {what}",
        "The programme leaves these goods out: {what}",
    ),
    "hint": ("{words}", "{words}"),
    "ban_exclude_turnover": (
        "Товар не входит в сумму покупок",
        "These goods do not count in the turnover",
    ),
    "budget_spent": ("Бюджет акции исчерпан", "The promotion's budget is spent"),
    "store_spent": ("Лимит магазина исчерпан {window}", "Used up in this store {window}"),
    "till_spent": ("Лимит кассы исчерпан {window}", "Used up at this till {window}"),
    "budget_short": (
        "Бюджет акции заканчивается: скидка уменьшена на {back}",
        "The promotion's budget runs short: {back} less discount",
    ),
    "store_short": (
        "Лимит магазина заканчивается: скидка уменьшена на {back}",
        "The store's limit runs short: {back} less discount",
    ),
    "till_short": (
        "Лимит кассы заканчивается: скидка уменьшена на {back}",
        "The till's limit runs short: {back} less discount",
    ),
    "limit_short": (
        "Лимит покупателя заканчивается: скидка уменьшена на {back}",
        "The member's limit runs short: {back} less discount",
    ),
    "used_up": ("Лимит покупателя исчерпан {window}", "Used up by the member {window}"),
    "earned": ("{title}", "{title}"),
    "earn_left": (
        "По лимиту правила покупателю осталось {points}",
        "Left to the member of the rule's limit: {points}",
    ),
    "earn_budget": (
        "В бюджете акции осталось {points}",
        "Left in the promotion's budget: {points}",
    ),
    "earn_store": (
        "По лимиту магазина осталось {points}",
        "Left in the store's limit: {points}",
    ),
    "earn_till": (
        "По лимиту кассы осталось {points}",
        "Left in the till's limit: {points}",
    ),
    "earn_limit": ("Предел за чек — {points}", "At most {points} a receipt"),
    "outweighed_times": (
        "Уступил более высокому множителю",
        "Gave way to a larger multiplier",
    ),
    "goal_left": ("До цели {amount}", "{amount} to the goal"),
    "had_once": ("Уже получено", "Granted before"),
    "not_first": ("Не первая покупка", "Not the first purchase"),
    "not_chosen": ("Не для этого покупателя", "Not for this customer"),
    "no_day": ("Дата не указана", "The date is not known"),
    "not_these_days": ("Не в эти дни", "Not on these days"),
    "no_referrer": ("Никто не пригласил участника", "Nobody brought the member"),
    "turnover": ("Накопленная сумма покупок", "Total of purchases"),
    "to_next_tier": ("{reach} {amount}", "{amount} {reach}"),
    "tier_reached": (
        "Этой покупкой достигнут уровень «{tier}»",
        "This purchase reaches the tier {tier}",
    ),
    "expiring": ("{points} {day}", "{points} {day}"),
}
