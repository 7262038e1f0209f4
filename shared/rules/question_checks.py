"""What types cannot say of conditions whose operand has parts."""

from shared.rules.condition_model import Condition
from shared.rules.counters import PERIODS
from shared.rules.faults import PackError
from shared.rules.model import Pack
from shared.rules.question_terms import METRICS, Counted
from shared.rules.references import known
from shared.rules.windows import read_period


def check_question(pack: Pack, node: Condition, path: str) -> None:
    """Raise PackError for a window that ends before it begins, or a name that is not declared."""
    for window in node.day_in or ():
        first, last = window.first, window.last
        if first is not None and last is not None and last < first:
            raise PackError(
                f"{path}.day_in",
                "window",
                ru="окно кончается раньше, чем начинается",
                en="the window ends before it begins",
            )
    if node.basket_has is not None:
        known(node.basket_has.goods, pack.lists, f"{path}.basket_has.goods")
    if node.counted is not None:
        _check_counted(pack, node.counted, f"{path}.counted")


def _check_counted(pack: Pack, terms: Counted, path: str) -> None:
    if terms.of in METRICS:
        return
    known((terms.of,), pack.counters, f"{path}.of")
    check_counter_window(terms.window, f"{path}.window")


def check_counter_window(window: str, path: str) -> None:
    """Raise PackError for a period that a member's history does not tell apart."""
    if read_period(window).kind not in PERIODS:
        raise PackError(
            path,
            "not_for_counters",
            ru="счётчик знает день, неделю, месяц или всё время: calendar day, … , lifetime",
            en="a counter knows a day, a week, a month or all time: calendar day, … , lifetime",
        )
