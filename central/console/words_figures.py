"""Words of the figures."""

from typing import Final

from central.console.wording import pairs

FIGURES: Final = pairs(
    ("nav_figures", "Графики", "Figures"),
    ("figure_hours", "Продажи и списания по часам", "Sales and redemptions by the hour"),
    ("figure_queues", "Очередь и отставание магазинов", "Queue and lag of the stores"),
    ("figure_liability", "Обязательства по сроку сгорания", "Liability by expiry"),
    ("figure_tiers", "Участники по уровням", "Members by tier"),
    ("figure_alt", "{title}: те же числа в таблице ниже", "{title}: the table below has the same"),
    ("no_plots", "Графики не установлены: ниже таблицы.", "Plots are not installed: see tables."),
    ("as_table", "Таблица", "Table"),
    ("nothing_hours", "Ничего не продано.", "Nothing was sold."),
    ("nothing_queues", "Всё дошло, никто не отстаёт.", "All has come, nobody is behind."),
    ("not_counted", "Ещё не посчитано: будет через минуту.", "Not counted yet: in a minute."),
    ("counted_at", "на {at}", "as of {at}"),
    ("of_day", "За день", "Of the day"),
    ("in_store", "В магазине", "In the store"),
    ("last_day", "Пусто — последние сутки", "Empty: the last day"),
    ("nothing_liability", "Бонусов нет ни у кого.", "Nobody has points."),
    (
        "nothing_tiers",
        "Уровни считаются здесь только по обороту за всё время.",
        "Tiers are counted here by turnover of all time only.",
    ),
    ("never", "бессрочно", "never"),
    ("axis_hour", "час", "hour"),
    ("axis_sum", "рубли и бонусы", "rubles and points"),
    ("axis_store", "магазин", "store"),
    ("axis_n", "фактов, изменений", "facts, changes"),
    ("axis_month", "месяц", "month"),
    ("axis_points", "бонусов", "points"),
    ("axis_tier", "уровень", "tier"),
    ("axis_members", "участников", "members"),
    ("col_hour", "Час", "Hour"),
    ("col_sold", "Продано, ₽", "Sold, ₽"),
    ("col_turnover", "Оплачено, ₽", "Paid, ₽"),
    ("col_granted", "Начислено бонусов", "Points granted"),
    ("col_month", "Сгорают в", "Expire in"),
    ("col_tier", "Уровень", "Tier"),
    ("col_reach", "От оборота, ₽", "From a turnover of, ₽"),
    ("col_members", "Участников", "Members"),
)
