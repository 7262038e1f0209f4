"""A return takes points that are spent already: each policy moves all of them once."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from agent.commit.service import Committed
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.returns.service import Returned, preview
from shared.receipt import Redeem
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.slip import Row
from shared.wire.feed import GLOBAL
from shared.wire.taken_back import ReceiptReturned
from tests.agent.kit import last_body, seen, sell, take_back
from tests.builders import CHEESE, WINE, Person, PersonLot, Shop, basket, pack_row, wine_text

POLICIES = (
    "spent_points: debt",
    "spent_points: take_from_refund",
    "spent_points: forgive",
    "claw_back: only_pending",
    "claw_back: within_balance",
    "claw_back: unlimited",
    "claw_back: unlimited\n  spent_points: take_from_refund",
)
DEAR_MINOR = 10_000_000


def with_policy(shop: Shop, policy: str) -> Shop:
    text = wine_text().replace("\nversion: 1\n", "\nversion: 2\n")
    shop.feed(GLOBAL, pack_row(f"{text}\n  {policy}\n"))
    shop.link.up = False
    return shop


@pytest.fixture(scope="module", params=POLICIES)
def open_shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Shop]]:
    made = Shop(tmp_path_factory.mktemp("spent")).open()
    yield request.param, with_policy(made, request.param)
    made.close()


def bought_and_spent(shop: Shop, who: Person, items: Sequence[Item], points: int) -> Committed:
    """Sell goods, and a day later something else for points that they had earned."""
    shop.member(who)
    sale = sell(shop, basket(shop, *items, member=who))
    shop.clock.move(hours=25)
    if points:
        dear = Item(1, 1000, CHEESE, price_minor=DEAR_MINOR)
        sell(shop, basket(shop, dear, member=who, redeem=Redeem.EXACT, points=points))
    return sale


@pytest.mark.parametrize(
    ("policy", "money", "withheld", "forgiven", "debt"),
    [
        ("spent_points: debt", 100_000, 0, 0, 2_000),
        ("spent_points: take_from_refund", 98_000, 2_000, 0, 0),
        ("spent_points: forgive", 100_000, 0, 2_000, 0),
    ],
)
def test_thirty_points_are_taken_of_which_twenty_are_spent(
    shop: Shop, policy: str, money: int, withheld: int, forgiven: int, debt: int
) -> None:
    sale = bought_and_spent(with_policy(shop, policy), Person(), [Item(1, 1000, CHEESE)], 2_000)

    told = preview(shop.station, sale.receipt, [Part(1, 1000)], shop.clock.now())
    done = take_back(shop, sale.receipt, (1, 1000))

    assert (told.money_minor, told.taken_points) == (money, 3_000)
    assert (told.clawed.withheld_minor, told.withheld_points) == (withheld, withheld)
    assert (told.forgiven_points, told.debt_points) == (forgiven, debt)
    assert numbers(done) == (money, 3_000, withheld, withheld, forgiven, debt)
    body = last_body(shop)
    assert isinstance(body, ReceiptReturned)
    assert (body.money_minor, body.withheld_minor, body.forgives) == (
        money,
        withheld,
        policy == "spent_points: forgive",
    )
    assert sum(draw.amount for draw in body.taken) == 3_000 - withheld
    assert [draw.amount for draw in body.withheld] == [withheld] * bool(withheld)


def numbers(done: Returned) -> tuple[int, ...]:
    return (
        done.money_minor,
        done.taken_points,
        done.withheld_minor,
        done.withheld_points,
        done.forgiven_points,
        done.debt_points,
    )


@pytest.mark.parametrize(
    ("policy", "rows"),
    [
        ("spent_points: debt", {"Снято бонусов": "30,00", "Долг по бонусам": "20,00"}),
        (
            "spent_points: take_from_refund",
            {"Снято бонусов": "10,00", "Удержано за них": "\u221220,00"},
        ),
        ("spent_points: forgive", {"Снято бонусов": "10,00", "Прощено бонусов": "20,00"}),
    ],
)
def test_the_slip_says_what_became_of_spent_points(
    shop: Shop, policy: str, rows: dict[str, str]
) -> None:
    sale = bought_and_spent(with_policy(shop, policy), Person(), [Item(1, 1000, CHEESE)], 2_000)

    done = take_back(shop, sale.receipt, (1, 1000))

    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, done.slip)
    assert paper is not None
    found = {block.left: block.right for block in paper[0].blocks if isinstance(block, Row)}
    told = ("Снято бонусов", "Долг по бонусам", "Удержано за них", "Прощено бонусов")
    assert {left: found[left] for left in told if left in found} == rows


def test_points_that_are_not_spent_lower_no_refund(shop: Shop) -> None:
    sale = bought_and_spent(
        with_policy(shop, "spent_points: take_from_refund"), Person(), [Item(1, 1000, CHEESE)], 0
    )

    assert numbers(take_back(shop, sale.receipt, (1, 1000))) == (100_000, 3_000, 0, 0, 0, 0)


def test_without_the_rules_of_the_sale_spent_points_are_debt(shop: Shop) -> None:
    sale = bought_and_spent(
        with_policy(shop, "spent_points: take_from_refund"),
        Person(),
        [Item(1, 1000, CHEESE)],
        2_000,
    )
    shop.drop_packs()

    assert numbers(take_back(shop, sale.receipt, (1, 1000))) == (100_000, 3_000, 0, 0, 0, 2_000)


@some.composite
def goods_and_parts(
    draw: some.DrawFn,
) -> tuple[list[tuple[int, str, int]], list[tuple[int, int]]]:
    """Lines of a sale, and the pieces, in any order, in which all of it comes back."""
    line = some.tuples(
        some.integers(1, 5_000), some.sampled_from([CHEESE, WINE]), some.integers(1, 99_999)
    )
    lines = draw(some.lists(line, min_size=1, max_size=3))
    parts = []
    for no, (quantity, _, _) in enumerate(lines, 1):
        cuts = draw(some.sets(some.integers(1, quantity), max_size=3))
        parts += [(no, high - low) for low, high in pairwise(sorted({0, quantity} | cuts))]
    return lines, draw(some.permutations(parts))


@settings(max_examples=15, deadline=None)
@given(case=goods_and_parts(), share=some.integers(0, 100), other=some.integers(0, 300))
def test_any_order_and_split_of_returns_moves_every_earned_point_once(
    open_shop: tuple[str, Shop],
    case: tuple[list[tuple[int, str, int]], list[tuple[int, int]]],
    share: int,
    other: int,
) -> None:
    """Of all that was earned some is spent, and another lot may have something."""
    policy, shop = open_shop
    lines, parts = case
    number = shop.next_number()
    who = Person(PersonLot(other, other, number=number, expires_on=None), number=number)
    items = [Item(no, qty, sku, price_minor=price) for no, (qty, sku, price) in enumerate(lines, 1)]
    shop.member(who)
    sale = sell(shop, basket(shop, *items, member=who))
    told = preview(shop.station, sale.receipt, whole(lines), shop.clock.now())
    paid_minor, earned = told.money_minor + told.clawed.withheld_minor, told.taken_points
    spent = earned * share // 100 // 100 * 100
    shop.clock.move(hours=25)
    if spent:
        dear = Item(1, 1000, CHEESE, price_minor=DEAR_MINOR)
        sell(shop, basket(shop, dear, member=who, redeem=Redeem.EXACT, points=spent))
    before = sum(lot.amount for lot in seen(shop, who).lots)

    previews, done = [], []
    for part in parts:
        previews.append(preview(shop.station, sale.receipt, [Part(*part)], shop.clock.now()))
        done.append(take_back(shop, sale.receipt, part))

    names = Returned.__struct_fields__[4:13]
    sums = {name: sum(getattr(one, name) for one in done) for name in names}
    assert sums["money_minor"] + sums["withheld_minor"] == paid_minor
    assert min(one.money_minor for one in done) >= 0
    assert sums["taken_points"] == earned
    assert sums["withheld_minor"] == sums["withheld_points"]
    for seen_before, after in zip(previews, done, strict=True):
        assert seen_before.money_minor == after.money_minor
        assert seen_before.debt_points == after.debt_points
        assert seen_before.forgiven_points == after.forgiven_points
        gone = (*seen_before.clawed.taken, *seen_before.clawed.reached)
        left = (*gone, *seen_before.clawed.kept, *seen_before.clawed.withheld)
        assert sum(draw.amount for draw in left) == after.taken_points
    not_out_of_lots = sums["withheld_points"] + sums["forgiven_points"] + sums["debt_points"]
    now = sum(max(0, lot.amount) for lot in seen(shop, who).lots)
    assert now == before - (earned - not_out_of_lots)
    assert seen(shop, who).turnover_minor == (DEAR_MINOR - spent if spent else 0)
    check(policy, sums, earned, spent)


def check(policy: str, sums: dict[str, int], earned: int, spent: int) -> None:
    """Compare what became of spent points with what the programme says of them."""
    if policy == "claw_back: only_pending":
        assert sums["forgiven_points"] == earned
    elif policy.startswith("claw_back"):
        assert sums["withheld_points"] + sums["forgiven_points"] + sums["debt_points"] <= spent
    else:
        named = ("debt_points", "withheld_points", "forgiven_points")
        assert sum(sums[name] for name in named) == spent
    if "forgive" in policy or "within" in policy or "pending" in policy:
        assert sums["debt_points"] == sums["withheld_points"] == 0
    if policy == "spent_points: debt":
        assert sums["debt_points"] == spent


def whole(lines: Sequence[tuple[int, str, int]]) -> list[Part]:
    return [Part(no, quantity) for no, (quantity, _, _) in enumerate(lines, 1)]
