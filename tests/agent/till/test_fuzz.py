"""Whatever a till sends, the agent answers with a success or a clear problem, never a 500."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from agent.till.openapi import examples
from shared.runtime.web import PROBLEM_TYPE
from tests.agent.kit import facts
from tests.agent.till.examples import EVENTS
from tests.agent.till.kit import Till
from tests.builders import CHEESE, WINE

SENT = [exchange for exchange in examples() if exchange["request"] is not None]
READ = sorted(
    {one["path"] for one in examples() if one["request"] is None and one["path"] != EVENTS}
)
STRANGE: list[Any] = [
    None,
    True,
    0,
    -1,
    1.0,
    0.5,
    10**18,
    2**63,
    10**30,
    float("nan"),
    float("-inf"),
    "",
    "\x00",
    "\ud800",
    "ё" * 300,
    "{}",
    [],
    {},
    [[]],
    {"": 0},
]
LEAVES = some.one_of(
    some.sampled_from(STRANGE),
    some.integers(),
    some.floats(),
    some.text(max_size=20),
    some.uuids().map(str),
)
TREES = some.recursive(
    LEAVES,
    lambda inner: some.one_of(
        some.lists(inner, max_size=4), some.dictionaries(some.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@some.composite
def bent(draw: some.DrawFn) -> tuple[str, Any]:
    """An example's request with something of it changed, dropped or added."""
    exchange = draw(some.sampled_from(SENT))
    body = json.loads(json.dumps(exchange["request"]))
    for _ in range(draw(some.integers(1, 3))):
        bend(draw, body)
    return exchange["path"], body


def bend(draw: some.DrawFn, body: Any) -> None:
    places = list(containers(body))
    place = draw(some.sampled_from(places))
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    ways: list[Callable[[], None]] = [lambda: grow(draw, place)]
    if keys:
        key = draw(some.sampled_from(keys))
        ways.append(lambda: place.__setitem__(key, fresh(draw)))
        ways.append(lambda: place.__delitem__(key))
    draw(some.sampled_from(ways))()


def fresh(draw: some.DrawFn) -> Any:
    """A value of its own: what is bent further must not leak into the next case."""
    return deepcopy(draw(TREES))


def grow(draw: some.DrawFn, place: Any) -> None:
    if isinstance(place, dict):
        place[draw(some.text(max_size=8))] = fresh(draw)
    else:
        place.append(fresh(draw))


def containers(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in containers(value))]
    if isinstance(node, list):
        return [node, *(found for value in node for found in containers(value))]
    return []


def check(response: Any) -> None:
    assert response.status_code < 500 or response.status_code == 503, response.text
    if not response.is_success:
        told = response.json()
        assert response.headers["content-type"] == PROBLEM_TYPE
        assert told["code"]
        assert told["sentence"]["ru"]
        assert told["sentence"]["en"]


@settings(max_examples=80, deadline=None)
@given(case=bent())
def test_a_bent_request_is_answered_or_refused_clearly(
    lasting: Till, case: tuple[str, Any]
) -> None:
    path, body = case

    response = lasting.raw(path, json.dumps(body).encode())

    check(response)


@settings(max_examples=50, deadline=None)
@given(path=some.sampled_from(sorted({one["path"] for one in SENT})), body=TREES)
def test_any_json_is_answered_or_refused_clearly(lasting: Till, path: str, body: Any) -> None:
    check(lasting.raw(path, json.dumps(body).encode()))


@settings(max_examples=40, deadline=None)
@given(path=some.sampled_from(sorted({one["path"] for one in SENT})), body=some.binary(max_size=64))
def test_any_bytes_are_answered_or_refused_clearly(lasting: Till, path: str, body: bytes) -> None:
    check(lasting.raw(path, body))


@settings(max_examples=40, deadline=None)
@given(path=some.sampled_from(READ), text=some.text("abcdef-0123456789%ё/", max_size=40))
def test_any_address_is_answered_or_refused_clearly(lasting: Till, path: str, text: str) -> None:
    check(lasting.get(f"{path.rsplit('/', 1)[0]}/{text}"))


AMOUNTS = some.one_of(some.integers(0, 10**12), some.sampled_from([0, 1, 10**12]))
SALES = some.fixed_dictionaries(
    {
        "lines": some.lists(
            some.fixed_dictionaries(
                {
                    "sku": some.sampled_from([CHEESE, WINE, "MOON"]),
                    "quantity": some.one_of(some.integers(1, 10**9), some.just(10**9)),
                    "price_minor": some.one_of(some.none(), AMOUNTS),
                }
            ),
            min_size=1,
            max_size=20,
        ),
        "redeem": some.fixed_dictionaries(
            {"mode": some.sampled_from(["none", "exact", "maximum"]), "points": AMOUNTS}
        ),
    }
)


@settings(max_examples=40, deadline=None)
@given(sale=SALES)
def test_a_sale_of_any_size_is_committed_exactly_or_refused_clearly(
    lasting: Till, sale: dict[str, Any]
) -> None:
    lines = [{"no": no, **line} for no, line in enumerate(sale["lines"], 1)]
    receipt = {"uid": lasting.uid(), "lines": lines, "redeem": sale["redeem"]}
    quoted = lasting.post("/v1/quotes", receipt)
    check(quoted)
    before = len(facts(lasting.shop))
    if quoted.is_success:
        held = lasting.answer(lasting.reserve(receipt))
        payable = held["totals"]["payable_minor"]
        done = lasting.commit(receipt, payable) if payable <= 10**12 else None

        assert sum(line["payable_minor"] for line in held["lines"]) == payable
        assert done is None or done.is_success, done.text
        assert len(facts(lasting.shop)) == before + (done is not None)
