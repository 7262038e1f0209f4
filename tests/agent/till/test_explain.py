"""Why a price is as it is: asked later, with the cable out, in two languages."""

from shared.money import NO_BREAK_SPACE
from shared.wire.feed import GLOBAL
from tests.agent.till.kit import Till, journal_length
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


def test_what_a_rule_would_take_is_told_before_the_sale_and_nothing_is_written(till: Till) -> None:
    till.shop.feed(GLOBAL, pack_row(DEARER))
    receipt = till.receipt()
    till.shop.link.up = False

    quoted = till.quote(receipt)
    told = till.answer(till.post("/v1/quotes/trace", receipt))

    (refused,) = [rule for rule in told["rejected"] if rule["rule"] == "sparkling_spring"]
    need = {"condition": "receipt_sum_from", "needed": 150_000, "has": 100_000}
    assert refused["ways"] == [[need]]
    assert [rule["rule"] for rule in quoted["rejected"]] == [
        rule["rule"] for rule in told["rejected"]
    ]
    assert told["receipt"] == receipt["uid"]
    assert journal_length(till.shop) == 0


def test_a_sale_whose_pack_has_gone_is_explained_by_its_own_trace(till: Till) -> None:
    receipt = till.receipt()
    till.sell(receipt)
    before = till.answer(till.get(f"/v1/receipts/{receipt['uid']}/trace"))
    till.shop.remove(GLOBAL, pack_row())
    till.shop.feed(GLOBAL, pack_row(NEWER))

    told = till.answer(till.get(f"/v1/receipts/{receipt['uid']}/trace"))

    assert told["steps"] == before["steps"]
    assert [rule["reason"] for rule in told["rejected"]] == [
        rule["reason"] for rule in before["rejected"]
    ]
    assert not any(rule["ways"] for rule in told["rejected"])
