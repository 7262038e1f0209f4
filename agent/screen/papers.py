"""Papers of which the cashier says what became, and the cash drawer."""

from agent.equipment.drawer import open_drawer
from agent.operations import Said, settle_paper
from agent.printing.papers import Verdict
from agent.screen.act import Act
from agent.screen.words import WORDS
from shared.crypto.chain import digest
from shared.rules.wording import Wording
from shared.wire.codec import encode


def say(act: Act) -> None:
    """Write down what the cashier says of a paper; raises BadAmountError, PaperSettledError."""
    job, verdict = act.number("job"), act.choice("verdict", Verdict, Verdict.CANCEL)
    content = digest(encode([job, verdict.value]))
    copy_no = settle_paper(
        act.station, job, Said(act.uid("uid"), content, verdict, act.cashier), act.at
    )
    words = WORDS["copy_spooled"] if copy_no else WORDS["paper_settled"]
    act.desk.tell("done", Wording(words.ru.format(no=copy_no), words.en.format(no=copy_no)))


def open_the_drawer(act: Act) -> None:
    """Open the cash drawer, once for each page; raises what `open_drawer` does."""
    open_drawer(act.station, act.uid("uid"), act.cashier, act.at)
    act.desk.tell("done", WORDS["drawer_opened"])
