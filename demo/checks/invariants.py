"""All invariants of `offline.md`, checked from the outside: the cause of a failure comes first."""

from demo.checks.facts import exactly_once
from demo.checks.points import balances_equal, found_in, ledger_sums, no_overspend
from demo.checks.replicas import digests_equal
from demo.checks.slips import collect, one_slip_per_fact
from demo.checks.sums import exact_sums
from demo.checks.verdicts import Verdict
from demo.stage.files import opened
from demo.stage.processes import CommandRefusedError
from demo.story.cut import ANNA
from demo.story.play import Play


def check(play: Play) -> list[Verdict]:
    """Check everything with tills' answers, slips, journals, replicas and the centre's rows."""
    play.progress.chapter("The invariants, checked from the outside")
    with play.progress.step("Answers, slips, journals, replicas and ledger are compared"):
        return _verdicts(play)


def _verdicts(play: Play) -> list[Verdict]:
    shops, notebook = [play.a, play.b], play.notebook
    printed = collect(shops)
    found = found_in(shops, {play.ivan.name: play.ivan.card, ANNA.name: ANNA.phone})
    heads = play.estate.centre.status()["streams"]
    with opened(play.estate.centre.database) as connection:
        return [
            exactly_once(connection, shops, notebook),
            no_overspend(connection, found, printed, notebook),
            ledger_sums(connection, _audit(play)),
            digests_equal(connection, heads, shops),
            one_slip_per_fact(shops, printed, notebook),
            exact_sums(notebook),
            balances_equal(connection, found, notebook),
        ]


def _audit(play: Play) -> str:
    """Let the centre check its own books; return what it says of them, empty if they are right."""
    try:
        play.estate.central("check")
    except CommandRefusedError as refused:
        return refused.sentence("en")
    return ""
