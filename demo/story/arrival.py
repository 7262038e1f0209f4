"""Arrival: whether everything that was said anywhere is known everywhere."""

from demo.stage.patience import LONG_S, TookTooLongError
from demo.story.play import Play
from demo.story.progress import Step

BOUND_S = LONG_S
"""A stall longer than that after the line is back is a defect."""
SETTLED = {"accepted", "adjusted"}


def converge(play: Play, step: Step) -> None:
    """Wait until nothing is on its way any more; when time is up the story goes on and fails."""
    try:
        play.estate.patience.until(
            "everything has arrived everywhere",
            lambda: not _on_the_way(play),
            BOUND_S,
            last=lambda: "; ".join(_on_the_way(play)),
        )
    except TookTooLongError as error:
        step.fail(error.sentence("en"))


def outcomes(play: Play) -> str:
    """Count the facts at the centre by outcome, for people."""
    counts = play.estate.centre.status()["outcomes"]
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


def _on_the_way(play: Play) -> list[str]:
    """Name what has not arrived yet."""
    heads = play.estate.centre.status()["streams"]
    missing = []
    for shop in (play.a, play.b):
        status = shop.till.status()
        cursors = status["streams"]
        behind = [name for name, number in cursors.items() if number != heads.get(name)]
        missing += [f"{shop.code}: {name} is behind" for name in behind]
        if not status["online"]:
            missing.append(f"{shop.code} is offline ({status['offline_reason']})")
        if status["queue_depth"]:
            missing.append(f"{shop.code} has {status['queue_depth']} facts to send")
        unsettled = {name: n for name, n in status["outcomes"].items() if name not in SETTLED}
        if unsettled:
            missing.append(f"{shop.code} has facts that are {unsettled}")
    return missing
