"""The worst moments: an answer is lost on its way, and a process dies between commit and push."""

from demo.stage.files import opened
from demo.stage.patience import LONG_S, SHORT_S
from demo.story.play import ONE, Basket, Play, Sale, points
from demo.story.trade import check_slip

LAST_OF_LEASE = Basket({"D-04": ONE}, points=20_00)
SAME = ("receipt", "fact", "seq", "slip", "digest", "balance_points", "pending_points")


def crash(play: Play) -> None:
    """Lose an answer, then kill an agent; both leave facts that will be sent again."""
    play.progress.chapter("An answer is lost, an agent is killed")
    _lose_answer(play)
    sale = _kill(play)
    _repeat(play, sale)


def _lose_answer(play: Play) -> None:
    """Let A's push reach the centre and keep the answer from coming back."""
    with play.progress.step("A's facts reach the centre, the answer is lost") as step:
        waiting = play.a.till.status()["queue_depth"]
        expected = _facts_at_centre(play) + waiting
        play.a.wire.turn("half_open")
        play.estate.patience.until(
            "A's facts are at the centre",
            lambda: _facts_at_centre(play) >= expected,
            LONG_S,
            last=lambda: f"{_facts_at_centre(play)} are there, {expected} should be.",
        )
        play.a.wire.turn("hang")
        queue = play.a.till.status()["queue_depth"]
        step.expect(queue == waiting, f"A believes that only {queue} of {waiting} are not sent")
        step.proved(f"the centre has all {waiting}, A does not know it and will send them again")


def _kill(play: Play) -> Sale:
    """Kill A between a commit and its push; its printer is off, so that the slip waits too."""
    with play.progress.step("A sells on, and is killed (-9) between commit and push") as step:
        play.a.counter.turn_printer("off")
        member = play.member(play.a, play.ivan.card)
        sale = play.sell(play.a, LAST_OF_LEASE, member, play.ivan.name)
        play.estate.patience.until("the slip waits for its printer", lambda: _waits(play), SHORT_S)
        pid = play.estate.kill_agent("A")
        step.proved(
            f"till heard yes for fact {sale.document.seq} ({points(sale.document.moved.redeemed)}"
            f" points), then process {pid} was gone; its printer was off too"
        )
    return sale


def _repeat(play: Play, sale: Sale) -> None:
    with play.progress.step("A starts again, the till repeats the commit") as step:
        play.estate.restart_agent("A")
        queue = play.a.till.status()["queue_depth"]
        route = f"/v1/receipts/{sale.document.uid}/commit"
        again = play.a.till.post(route, sale.commit_body, sale.commit_uid)
        differing = [name for name in SAME if again[name] != sale.committed[name]]
        step.expect(not differing, f"the answer differs in {', '.join(differing)}")
        after = play.a.till.status()["queue_depth"]
        step.expect(after == queue, "the repeated commit made another fact")
        play.a.counter.turn_printer("on")
        state = _printed(play, sale)
        step.proved(f"the same answer, no second fact; the slip that waited: {state}")
        if state == "printed":
            check_slip(step, play.slip(play.a, sale.document.mark), sale)


def _waits(play: Play) -> bool:
    """Tell whether A has tried to print its last slip and put it back: killed while it tries, it
    could not know how far the paper got, and would leave the slip to a person."""
    with opened(play.a.data / "journal.db") as journal:
        state, attempts = journal.execute(
            "SELECT state, attempts FROM print_job ORDER BY job_no DESC LIMIT 1"
        ).fetchone()
    return bool(state == "queued" and attempts > 0)


def _printed(play: Play, sale: Sale) -> str:
    """Wait until the slip's fate is known: it is uncertain if the kill hit the very printing."""

    def look() -> str | None:
        state = str(play.a.till.receipt(sale.document.uid)["print_state"])
        return state if state in {"printed", "uncertain"} else None

    return play.estate.patience.until("the slip that waited is printed", look, SHORT_S)


def _facts_at_centre(play: Play) -> int:
    return sum(play.estate.centre.status()["outcomes"].values())
