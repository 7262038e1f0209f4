"""The line heals: everything arrives, and the same is true everywhere."""

from demo.stage.estate import Shop
from demo.stage.till import TillRefusedError
from demo.story.arrival import converge, outcomes
from demo.story.cut import ANNA
from demo.story.play import ONE, Basket, Play, points
from demo.story.progress import Step
from demo.story.trade import check_slip

KEPT = 30_00
"""Of what is left in the end, so that there is a balance to compare."""


def heal(play: Play) -> None:
    """Mend both lines, wait for everything, and spend the rest where it was refused."""
    play.progress.chapter("The line heals")
    with play.progress.step("Both lines are whole again: queues drain, stores catch up") as step:
        for shop in (play.a, play.b):
            shop.wire.turn("pass")
        converge(play, step)
        step.proved(f"queues are empty, cursors at the centre's ends; facts: {outcomes(play)}")
    with play.progress.step("Registered twice, she is one member with both purchases") as step:
        _one_member(play, step)
    with play.progress.step("B spends what A left, now that the centre can be asked") as step:
        _spend_rest(play, step)
    with play.progress.step("Both stores show the same, down to the last point") as step:
        converge(play, step)
        for shop in (play.a, play.b):
            _balance(play, shop, step)
        if not step.broken:
            shown = points(play.notebook.balance(play.ivan.name))
            step.proved(f"{play.ivan.name}: {shown} in both; facts: {outcomes(play)}")


def _one_member(play: Play, step: Step) -> None:
    wanted = play.notebook.pending(ANNA.name)
    found = {shop.code: shop.till.find(ANNA.phone) for shop in (play.a, play.b)}
    for code, members in found.items():
        step.expect(len(members) == 1, f"{code} finds {len(members)} members by the phone")
        seen = sum(member["pending_points"] for member in members)
        step.expect(seen == wanted, f"{code} shows {points(seen)} coming, not {points(wanted)}")
    ids = {member["ref"]["id"] for members in found.values() for member in members}
    step.expect(len(ids) == 1, f"the stores show different members: {ids}")
    step.proved(f"the same member in A and B, {points(wanted)} points on their way")


def _spend_rest(play: Play, step: Step) -> None:
    balance = max(0, play.notebook.balance(play.ivan.name))
    wanted = max(0, balance - KEPT)
    member = play.member(play.b, play.ivan.card)
    held = member["available_here_points"] if member else 0
    try:
        sale = play.sell(play.b, Basket({"D-05": 2 * ONE}, wanted), member, play.ivan.name)
    except TillRefusedError as refused:
        step.fail(str(refused))
        return
    redeemed = sale.document.moved.redeemed
    step.expect(redeemed == wanted, f"B redeemed {points(redeemed)} of {points(wanted)}")
    check_slip(step, play.slip(play.b, sale.document.mark), sale)
    step.proved(
        f"held {points(held)} of his {points(balance)}, asked the centre for more,"
        f" redeemed {points(redeemed)}"
    )


def _balance(play: Play, shop: Shop, step: Step) -> None:
    for key, identifier in ((play.ivan.name, play.ivan.card), (ANNA.name, ANNA.phone)):
        member = play.member(shop, identifier)
        seen = member["balance_points"] if member else None
        wanted = play.notebook.balance(key)
        shown = "nobody" if seen is None else points(seen)
        step.expect(
            seen == wanted, f"{shop.code} shows {shown} for {key}, it should be {points(wanted)}"
        )
