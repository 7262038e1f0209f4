"""The main job: from a scanned card to a slip in the customer's hand, and to the other store."""

from typing import Any

from demo.stage import paper
from demo.stage.control import Paper
from demo.stage.patience import SHORT_S
from demo.story.arrival import converge
from demo.story.play import ONE, Basket, Play, Sale, points
from demo.story.progress import Step

Json = dict[str, Any]
BASKET = Basket({"W-01": ONE, "D-02": 2 * ONE}, points=300_00)
VISIT = Basket({"W-02": ONE, "T-01": ONE})


def trade(play: Play) -> None:
    """Sell to Ivan in A with points, show it in B, and sell to him there."""
    play.progress.chapter("A sale, from the scanner to the slip and to the other store")
    with play.progress.step("His card is scanned in store A") as step:
        member = _scan(play, step)
    with play.progress.step("Basket quoted, reserved, paid and committed") as step:
        sale = play.sell(play.a, BASKET, member, play.ivan.name)
        play.sales["first"] = sale
        totals = sale.reserved["totals"]
        step.proved(
            f"{rubles(totals['base_minor'])} − card {rubles(totals['discount_minor'])}"
            f" − points {rubles(totals['redeemed_minor'])} = {rubles(totals['payable_minor'])},"
            f" earned {points(totals['earned_points'])}; fact {sale.document.seq} is on disk"
        )
    with play.progress.step("The slip is at the printer, with the balance") as step:
        check_slip(step, play.slip(play.a, sale.document.mark), sale)
        step.proved(f"earned, redeemed and balance {points(sale.committed['balance_points'])}")
    with play.progress.step("Store B shows the new balance, and sells to him too") as step:
        seen = play.shown(play.b, play.notebook.balance(play.ivan.name))
        visit = play.sell(play.b, VISIT, seen, play.ivan.name)
        play.slip(play.b, visit.document.mark)
        held = _shares(play, step)
        step.proved(
            f"{points(seen['balance_points'])} points in B; so that he can spend offline where he"
            f" shops, A may now spend {points(held[0])} of them, B {points(held[1])}"
        )


def check_slip(step: Step, slip: Paper, sale: Sale) -> None:
    """Compare a slip with what the till was told."""
    said = paper.amounts(slip)
    moved = sale.document.moved
    step.expect(said.get(paper.EARNED) == moved.earned, "the slip earns something else")
    step.expect(said.get(paper.REDEEMED) == moved.redeemed, "the slip redeems something else")
    balance = sale.committed["balance_points"]
    step.expect(said.get(paper.BALANCE) == balance, "the slip shows another balance")
    is_marked = any(paper.NOT_FISCAL in line for line in slip.lines())
    step.expect(is_marked, f"the slip does not say «{paper.NOT_FISCAL}»")


def rubles(amount_minor: int) -> str:
    """Write money for people."""
    return points(amount_minor)


def _scan(play: Play, step: Step) -> Json:
    """Scan the card on the serial line and hear of it as a cashier's screen does."""
    clock = play.estate.patience.clock
    deadline = clock.monotonic() + SHORT_S
    with play.a.till.events() as events:
        play.a.counter.scan(play.ivan.card)
        heard: Json = {}
        for heard in events:
            if heard.get("name") == "scan" or clock.monotonic() > deadline:
                break
    step.expect(heard.get("name") == "scan", "the scan was not heard on /v1/events")
    details = heard.get("details", {})
    step.expect(details.get("code") == play.ivan.card, "another code was heard")
    answer = play.a.till.ask("/v1/scans", {"code": play.ivan.card})
    step.expect(answer["kind"] == "card", "the code was not taken for a card")
    member: Json = answer["members"][0]
    step.proved(
        f"heard on /v1/events as a {details.get('kind')}: {member['name']},"
        f" tier “{member['tier_title']['en']}”, {points(member['balance_points'])} points"
    )
    return member


def _shares(play: Play, step: Step) -> tuple[int, int]:
    """Wait until the stores have heard what they hold, and return it for A and B."""
    converge(play, step)
    seen = [play.member(shop, play.ivan.card) for shop in (play.a, play.b)]
    a, b = (member["available_here_points"] if member else 0 for member in seen)
    step.expect(a and b, "a store where he buys holds nothing for him")
    balance = play.notebook.balance(play.ivan.name)
    step.expect(a + b <= balance, f"A and B hold {points(a + b)} of his {points(balance)} points")
    return a, b
