"""Why a price is as it is: asked later, with the cable out, in two languages."""

from shared.money import NO_BREAK_SPACE
from shared.wire.feed import GLOBAL
from tests.agent.till.kit import Till
from tests.builders import pack_row, wine_text

NEWER = wine_text().replace("version: 1", "version: 2").replace("15 %", "20 %")
DEARER = NEWER.replace("if: {group_in: [wine/sparkling]}", "if: {receipt_sum_from: 1500.00}")


def test_a_trace_says_what_a_rule_would_take_as_data_and_in_words(till: Till) -> None:
    till.shop.feed(GLOBAL, pack_row(DEARER))
    receipt = till.receipt()
    till.sell(receipt)
    till.shop.link.up = False

    told = till.answer(till.get(f"/v1/receipts/{receipt['uid']}/trace"))

    (refused,) = [rule for rule in told["rejected"] if rule["rule"] == "sparkling_spring"]
    need = {"condition": "receipt_sum_from", "needed": 150_000, "has": 100_000}
    assert refused["ways"] == [[need]]
    words = "\n".join(told["explanation"]["ru"]).replace(NO_BREAK_SPACE, " ")
    assert "Игристая весна (sparkling_spring)" in words
    assert "нужно: ещё 500 ₽ в чеке" in words
    assert any(
        "500" in line and "more on the receipt" in line for line in told["explanation"]["en"]
    )


def test_a_reserved_receipt_names_the_pack_that_priced_it(till: Till) -> None:
    receipt = till.receipt()
    held = till.answer(till.reserve(receipt))
    till.shop.feed(GLOBAL, pack_row(NEWER))

    again = till.answer(till.reserve(receipt))
    till.answer(till.commit(receipt, 100_000))
    trace = till.answer(till.get(f"/v1/receipts/{receipt['uid']}/trace"))

    assert held["pack"]["version"] == again["pack"]["version"] == trace["pack"]["version"] == "1"
    assert till.quote(till.receipt())["pack"]["version"] == "2"
