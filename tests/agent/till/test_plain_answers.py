"""What is encoded without the models that describe it is just what they describe."""

from pydantic import BaseModel

from agent.till.answers import Answer
from agent.till.receipt_answers import QuoteAnswer, ReservedAnswer
from tests.agent.till.kit import Json, Till, anna_of
from tests.builders import WINE


def full(till: Till) -> Json:
    """A receipt that a quote has much to say of: points, unknown goods, a code that is none."""
    anna = anna_of(till.shop, 300_000, leased=100_000)
    lines = [
        {"no": 1, "sku": "CHEESE", "quantity": 3000},
        {"no": 2, "sku": WINE, "quantity": 1000},
        {"no": 3, "sku": "nobody knows it", "quantity": 1000, "price_minor": 50_000},
    ]
    wanted = {"redeem": {"mode": "exact", "points": 200_000}, "promo_codes": ["NOTHING"]}
    return till.receipt(member=anna, **{"lines": lines, **wanted})


def as_described(told: Json, answer: type[BaseModel]) -> Json:
    return answer.model_validate(told).model_dump(mode="json")


def test_a_quote_is_as_it_is_described(till: Till) -> None:
    receipt = full(till)
    till.shop.link.up = False

    told = till.quote(receipt)

    assert told == as_described(told, QuoteAnswer)
    filled = {name for name, content in told.items() if content}
    assert filled >= {"lines", "effects", "redemption", "earned", "codes", "rejected", "hints"}
    assert {said["code"] for said in told["warnings"]} == {"offline", "over_lease", "unknown_goods"}


def test_a_reserve_is_as_it_is_described(till: Till) -> None:
    receipt = {**full(till), "redeem": {"mode": "none"}}

    told = till.answer(till.reserve(receipt))

    assert told == as_described(told, ReservedAnswer)
    assert set(told) > set(Answer.model_fields)
