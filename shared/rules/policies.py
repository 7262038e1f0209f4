"""What a programme does where no rule says otherwise: each policy by its name, in words.

Some are the kernel's own and have one value; they are named so that an explanation can cite them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from shared.points import format_points
from shared.rules.model import Pack, Policies
from shared.rules.sentences import Lang, rubles, spoken
from shared.rules.wording import Wording


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of a pack with its value, both as in the file, and what it means."""

    name: str
    value: str
    words: Wording


FIXED: Final[Mapping[str, tuple[str, Wording]]] = {
    "percent_rounding": (
        "half_up_once",
        Wording(
            "проценты округляются один раз, со скидки, по сумме строки",
            "percents are rounded half up, once, on the discount, over the line's sum",
        ),
    ),
    "chain_rounding": (
        "step_by_step",
        Wording("в цепочке скидок округляется каждый шаг", "a chain rounds step by step"),
    ),
    "allocation": (
        "by_current_sums",
        Wording(
            "распределяется по текущим суммам строк, по наибольшему остатку",
            "spread by the lines' current sums, by largest remainder",
        ),
    ),
    "first_of_all": (
        "cashier_then_prices",
        Wording(
            "сначала скидка кассира и цены участников: проценты считаются от них",
            "the cashier's discount and members' prices come first and are the base of percents",
        ),
    ),
    "minimum_sums": (
        "before_discounts",
        Wording(
            "ступени и минимальные суммы смотрят на сумму до скидок",
            "steps and minimum sums look at sums before discounts",
        ),
    ),
    "redeem_base": (
        "after_discounts",
        Wording(
            "доля оплаты бонусами берётся от сумм после скидок",
            "the share that points may pay is of sums after discounts",
        ),
    ),
    "worst_ignores": (
        "what_does_not_apply",
        Wording(
            "наименьшая скидка выбирается из подходящих",
            "the smallest is chosen among those that apply",
        ),
    ),
    "small_points": (
        "stay",
        Wording(
            "бонусы меньше единицы списания остаются",
            "points that are not worth a redeeming unit stay",
        ),
    ),
    "earning_rules": (
        "add_up_round_once",
        Wording(
            "несколько начислений складываются и округляются один раз на партию",
            "several earning rules add up and round once per lot",
        ),
    ),
    "bundles": (
        "cheapest_free_spread_over_all",
        Wording(
            "в наборе бесплатны самые дешёвые, скидка делится на весь набор",
            "the cheapest pieces of a bundle are free, the discount is spread over all",
        ),
    ),
    "outweighed_code": (
        "is_not_used_up",
        Wording("уступивший промокод не израсходован", "an outweighed code is not used up"),
    ),
    "days": (
        "from_the_purchase_last_included",
        Wording(
            "дни считаются от покупки, последний включён",
            "days count from the purchase, the last one included",
        ),
    ),
    "returns": (
        "by_frozen_shares_half_up",
        Wording(
            "возврат идёт по долям, записанным при продаже, с накопленным округлением",
            "returns use the sale's own shares, rounded cumulatively half up",
        ),
    ),
    "returned_limits": (
        "stay_used",
        Wording(
            "лимиты и разовые начисления возвращённого чека остаются использованными",
            "limits and once-only grants of a returned receipt stay used",
        ),
    ),
    "debt": (
        "settled_at_the_grant",
        Wording(
            "долг гасится при начислении, до активации",
            "debt is settled at the grant, before activation",
        ),
    ),
}
"""Policies of the kernel itself."""

_CHOSEN: Final[Mapping[str, Mapping[str, Wording]]] = {
    "tobacco_earning": {
        "off": Wording("за табак бонусы не начисляются", "tobacco earns nothing"),
        "on": Wording("за табак бонусы начисляются", "tobacco earns"),
    },
    "certificate_part": {
        "earns": Wording("оплаченное сертификатом приносит бонусы", "what certificates pay earns"),
        "earns_nothing": Wording(
            "оплаченное сертификатом бонусов не приносит", "what certificates pay earns nothing"
        ),
    },
    "spent_points": {
        "debt": Wording(
            "потраченные бонусы возвращённого товара становятся долгом",
            "spent points of what came back become debt",
        ),
        "take_from_refund": Wording(
            "потраченные бонусы возвращённого товара уменьшают выплату",
            "spent points of what came back lower the refund",
        ),
        "forgive": Wording(
            "потраченные бонусы возвращённого товара прощаются",
            "spent points of what came back are let go",
        ),
    },
    "claw_back": {
        "only_pending": Wording(
            "возврат забирает только ещё не действующие бонусы покупки",
            "a return takes only what is pending of the purchase's points",
        ),
        "own_lots": Wording(
            "возврат забирает бонусы самой покупки", "a return takes the purchase's own points"
        ),
        "within_balance": Wording(
            "возврат забирает и другие бонусы, пока они есть",
            "a return takes other points too, as long as there are any",
        ),
        "unlimited": Wording(
            "возврат забирает и другие бонусы, чего не хватит, считается потраченным",
            "a return takes other points too, what is missing is held for spent",
        ),
    },
    "restore_expired": {
        "grace": Wording(
            "бонусы сгоревшей партии возвращаются с отсрочкой",
            "points of an expired lot come back with grace",
        ),
        "never": Wording(
            "бонусы сгоревшей партии не возвращаются", "points of an expired lot do not come back"
        ),
    },
    "broken_threshold": {
        "keep": Wording(
            "скидка остающихся товаров не пересчитывается",
            "the discount of goods that stay is kept",
        ),
        "reevaluate": Wording(
            "остающиеся товары оцениваются заново", "goods that stay are priced again"
        ),
    },
    "broken_bundle": {
        "keep": Wording("разорванный набор сохраняет доли", "a broken bundle keeps its shares"),
        "must_come_back": Wording("набор возвращают целиком", "a bundle comes back as a whole"),
        "charge": Wording(
            "остающееся из набора оплачивается полностью",
            "what stays of a bundle is charged in full",
        ),
    },
    "offline_return": {
        "own_store": Wording(
            "без связи возврат принимает магазин продажи",
            "offline the selling store takes goods back",
        ),
        "cap": Wording(
            "без связи другой магазин возвращает до предела",
            "offline another store pays back up to a limit",
        ),
        "none": Wording("без связи возврата нет", "nothing is taken back offline"),
    },
    "offline_redemption": {
        "forbid": Wording(
            "без связи бонусы только начисляются", "offline points are earned and not redeemed"
        ),
        "lease": Wording(
            "без связи списывают то, что закреплено за магазином",
            "offline a store redeems what is leased to it",
        ),
        "limit": Wording(
            "без связи списывают и сверх закреплённого, до пределов",
            "offline a store redeems more than is leased to it, up to the caps",
        ),
        "signed_pass": Wording(
            "без связи сверх закреплённого списывают по пропуску участника",
            "offline a store redeems more than is leased to it by the member's pass",
        ),
    },
    "certificate_used_twice": {
        "debt": Wording(
            "чем сертификат переплатил, остаётся за ним долгом",
            "what a certificate has paid too much stays owed on it",
        ),
        "forgive": Wording(
            "чем сертификат переплатил, списывается сразу",
            "what a certificate has paid too much is let go at once",
        ),
    },
    "code_used_twice": {
        "stands": Wording(
            "бонусы за повторный промокод остаются, пока не решит человек",
            "points of a code used twice stay until a person decides",
        ),
        "take_points": Wording(
            "бонусы за повторный промокод снимаются",
            "points of a code used twice are taken back",
        ),
    },
    "voided_by": {
        "senior": Wording("чек аннулирует старший", "a senior voids a receipt"),
        "cashier": Wording("чек аннулирует кассир", "a cashier voids a receipt"),
        "anyone": Wording("чек аннулирует любой", "anyone voids a receipt"),
    },
    "exchange_price": {
        "today": Wording("при обмене цена сегодняшняя", "an exchange is at today's price"),
        "promised": Wording(
            "при обмене цена не выше прежней", "an exchange costs no more than it did"
        ),
    },
    "points_rounding": {
        "down": Wording("начисление округляется вниз", "what is earned is rounded down"),
        "half_up": Wording("начисление округляется", "what is earned is rounded half up"),
    },
    "multipliers": {
        "largest": Wording("из множителей действует больший", "the largest multiplier counts"),
        "product": Wording("множители перемножаются", "multipliers multiply each other"),
    },
    "redeem_over_maximum": {
        "clamp": Wording(
            "лишний запрос бонусов уменьшается до возможного",
            "a request for too many points is clamped",
        ),
        "refuse": Wording(
            "лишний запрос бонусов не списывает ничего",
            "a request for too many points takes none",
        ),
    },
    "turnover": {
        "paid_in_money": Wording(
            "в сумму покупок входит оплаченное деньгами", "turnover is what money paid"
        ),
        "after_discounts": Wording(
            "в сумму покупок входит и оплаченное бонусами", "turnover has what points paid too"
        ),
    },
    "services": {
        "no_turnover": Wording("услуги не входят в сумму покупок", "services are no turnover"),
        "turnover": Wording("услуги входят в сумму покупок", "services count in the turnover"),
    },
}
_HEADING: Final = Wording("Политики программы", "Policies of the programme")
_CAP_COUNTS: Final = {
    "counted": Wording(
        "предел выгоды считает и оплату бонусами", "the largest benefit counts points as well"
    ),
    "not_counted": Wording(
        "предел выгоды оплату бонусами не считает", "the largest benefit does not count points"
    ),
}
_AMOUNTS: Final = {
    "till_tolerance": Wording(
        "касса может разойтись на {amount}", "the till may differ by {amount}"
    ),
    "small_change": Wording(
        "наличными округляется вниз до {amount}", "cash is rounded down to {amount}"
    ),
    "line_pays_at_least": Wording(
        "за строку платят не меньше {amount}", "a line pays {amount} at least"
    ),
    "offline_return_cap": Wording(
        "без связи возвращают не больше {amount}", "at most {amount} is paid back offline"
    ),
    "receipt_pays_at_least": Wording(
        "за чек платят не меньше {amount}", "a receipt pays {amount} at least"
    ),
}

_POINTS: Final = {
    "offline_receipt_points": Wording(
        "без связи сверх закреплённого списывают за чек не больше {points}",
        "offline a receipt redeems at most {points} beyond the lease",
    ),
    "offline_member_points": Wording(
        "участник в магазине за день — не больше {points}",
        "a member at a store and day at most {points}",
    ),
    "offline_store_points": Wording(
        "магазин до встречи с центром — не больше {points}",
        "a store until the centre has heard of it at most {points}",
    ),
    "offline_pass_points": Wording(
        "по пропуску в каждом магазине один раз не больше {points}",
        "a pass redeems at most {points} at each store, once",
    ),
}

_WORDED: Final = frozenset(
    {
        *_CHOSEN,
        *_AMOUNTS,
        *_POINTS,
        "expiry_hint_days",
        "offline_pass_days",
        "restore_grace_days",
    }
)
"""Those that are told in words of their own; another one is told by its name."""


def policies_of(pack: Pack) -> Iterator[Policy]:
    """Yield the policies of a pack, its own first, then those of the kernel."""
    policies = pack.policies
    for name, values in _CHOSEN.items():
        value = str(getattr(policies, name))
        yield Policy(name, value, values[value])
    yield Policy("caps.points", pack.caps.points, _CAP_COUNTS[pack.caps.points])
    for name, form in _AMOUNTS.items():
        amount = rubles(getattr(policies, f"{name}_minor"))
        yield Policy(name, amount, Wording(*(t.format(amount=amount) for t in (form.ru, form.en))))
    for name, form in _POINTS.items():
        points = format_points(getattr(policies, name))
        yield Policy(name, points, Wording(*(t.format(points=points) for t in (form.ru, form.en))))
    days = str(policies.expiry_hint_days)
    grace = str(policies.restore_grace_days)
    words = Wording(f"отсрочка возвращённых бонусов {grace} дн.", f"{grace} days of grace")
    yield Policy("restore_grace_days", grace, words)
    words = Wording(f"о сгорании говорят за {days} дн.", f"expiry is told {days} days before")
    yield Policy("expiry_hint_days", days, words)
    days = str(policies.offline_pass_days)
    words = Wording(f"пропуск действует {days} дн.", f"a pass is good for {days} days")
    yield Policy("offline_pass_days", days, words)
    for name in Policies.model_fields:
        if name.removesuffix("_minor") not in _WORDED:
            value = str(getattr(policies, name))
            yield Policy(name, value, Wording(f"{name}: {value}", f"{name} is {value}"))
    for name, (value, words) in FIXED.items():
        yield Policy(name, value, words)


def policy_lines(pack: Pack, lang: Lang) -> list[str]:
    """Return the policies as the last part of an explanation, under a heading of their own."""
    lines = [
        f"  {spoken(policy.words, lang)} ({policy.name}: {policy.value})"
        for policy in policies_of(pack)
    ]
    return [spoken(_HEADING, lang), *lines]
