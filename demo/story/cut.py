"""The line is cut: both stores go on, and neither spends what the other one may spend."""

from demo.stage.estate import Shop
from demo.stage.patience import SHORT_S
from demo.stage.till import TillRefusedError
from demo.story.notebook import Document, Kind, Moved
from demo.story.play import ONE, Basket, Person, Play, points
from demo.story.trade import check_slip

IN_LEASE = Basket({"D-05": ONE, "W-03": ONE}, points=400_00)
OVER_LEASE = Basket({"D-05": ONE}, points=600_00)
WHAT_IS_HERE = Basket({"D-02": ONE, "D-03": ONE}, points=200_00)
NOBODYS = Basket({"S-02": ONE, "T-01": ONE})
RETURNED = {"no": 2, "quantity": ONE}
ANNA = Person("Анна Петрова", "+7 926 765-43-21")
ANNA_IN_B = "Петрова А."


def cut(play: Play) -> None:
    """Cut both lines and trade on."""
    play.progress.chapter("The line is cut")
    with play.progress.step("A's line hangs, B's line is refused") as step:
        play.a.wire.turn("hang")
        play.b.wire.turn("refuse")
        for shop in (play.a, play.b):
            _offline(play, shop)
        step.proved("both agents noticed and say so in /v1/status")
    _spend_in_a(play)
    _try_in_b(play)
    _spend_in_b(play)
    with play.progress.step("B sells without a member") as step:
        sale = play.sell(play.b, NOBODYS, None)
        play.slip(play.b, sale.document.mark)
        step.proved("committed and printed")
    _register_twice(play)
    _return_in_a(play)


def _spend_in_a(play: Play) -> None:
    with play.progress.step("A earns and redeems within what it holds") as step:
        sale = play.sell(play.a, IN_LEASE, play.member(play.a, play.ivan.card), play.ivan.name)
        check_slip(step, play.slip(play.a, sale.document.mark), sale)
        moved = sale.document.moved
        step.expect(moved.redeemed == IN_LEASE.points, "A did not redeem what was asked")
        step.proved(f"redeemed {points(moved.redeemed)}, earned {points(moved.earned)}, printed")


def _try_in_b(play: Play) -> None:
    """Spend points in B that A may spend as well; what goes through stands in the notebook."""
    with play.progress.step("B tries to spend the same points") as step:
        member = play.member(play.b, play.ivan.card)
        asked = points(OVER_LEASE.points)
        try:
            play.sell(play.b, OVER_LEASE, member, play.ivan.name)
        except TillRefusedError as refused:
            step.expect(refused.refusal == "over_lease", f"refused as {refused.refusal}")
            step.proved(f"{asked} refused with the code {refused.refusal}, and a sentence:")
            step.quote(f"«{refused.sentence_ru}»")
            step.quote(f"“{refused.sentence_en}”")
        else:
            step.fail(f"{asked} points were spent, which A may spend as well")


def _spend_in_b(play: Play) -> None:
    with play.progress.step("B spends what it holds itself, as the sentence says") as step:
        member = play.member(play.b, play.ivan.card)
        sale = play.sell(play.b, WHAT_IS_HERE, member, play.ivan.name)
        check_slip(step, play.slip(play.b, sale.document.mark), sale)
        step.expect(sale.document.moved.redeemed == WHAT_IS_HERE.points, "B redeemed another sum")
        step.proved(f"redeemed {points(sale.document.moved.redeemed)}")


def _register_twice(play: Play) -> None:
    with play.progress.step("The same phone is registered in both stores") as step:
        for shop, name, goods in ((play.a, ANNA.name, "W-02"), (play.b, ANNA_IN_B, "D-01")):
            told = play.register(shop, ANNA, name)
            step.expect(told["state"] == "provisional", f"{shop.code} knew her already")
            member = play.member(shop, told["card"])
            quantity = 412 if goods == "D-01" else ONE
            sale = play.sell(shop, Basket({goods: quantity}), member, ANNA.name)
            play.slip(shop, told["card"])
            check_slip(step, play.slip(shop, sale.document.mark), sale)
        step.proved(f"“{ANNA.name}” in A and “{ANNA_IN_B}” in B: two cards, and each earns")


def _return_in_a(play: Play) -> None:
    with play.progress.step("A takes back a part of the first sale") as step:
        first = play.sales["first"]
        route = f"/v1/receipts/{first.document.uid}/returns"
        told = play.a.till.post(route, {"lines": [RETURNED]})
        moved = Moved(restored=told["restored_points"], taken=told["taken_points"])
        mark = str(first.commit_body["fiscal_number"])
        play.notebook.add(
            Document(Kind.RETURN, "A", told["uid"], mark, play.ivan.name, told["fact"], 0, moved)
        )
        play.slip(play.a, mark)
        step.proved(
            f"{points(told['money_minor'])} in money, {points(moved.restored)} points given back,"
            f" {points(moved.taken)} of those earned taken"
        )


def _offline(play: Play, shop: Shop) -> None:
    play.estate.patience.until(
        f"{shop.code} notices that its line is cut",
        lambda: not shop.till.status()["online"],
        SHORT_S,
    )
