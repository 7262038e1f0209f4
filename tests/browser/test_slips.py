"""Slips that no sale prints: a member's balance, the summary of the shift."""

from agent.printing.papers import open_papers
from tests.browser.access import assert_fit
from tests.browser.kit import CHEESE_CODE, Counter, anna


def test_the_balance_of_who_showed_a_card_and_the_shifts_summary_are_printed_once(
    counter: Counter,
) -> None:
    who = anna(counter.shop)
    counter.scan(CHEESE_CODE)
    counter.scan(who.card)
    counter.page.get_by_role("button", name="Анкета").tap()
    counter.shows("Напечатать баланс")
    assert_fit(counter)
    counter.page.get_by_role("button", name="Напечатать баланс").dblclick()
    counter.shows("Слип отправлен на печать.")
    counter.press("Escape", "F10", "F4")
    counter.shows("Слип отправлен на печать.", "Слип ждёт принтера")
    assert_fit(counter)

    shift, balance = open_papers(counter.shop.station)
    assert "1 200,00" in balance.text
    assert "Касса 1" in shift.text
