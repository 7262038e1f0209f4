"""Papers of which the cashier says what became, slips on request, and the cash drawer."""

from agent.equipment.drawer import open_drawer
from agent.operations import Said, settle_paper
from agent.printing.papers import Verdict
from agent.screen.act import Act
from agent.screen.selling import NamedOnlyError
from agent.screen.words import WORDS
from agent.statements.service import StatementOrder, print_statement
from agent.statements.shift import ShiftOrder, print_shift
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


def print_balance(act: Act) -> None:
    """Print the buyer's balance, once for each page; raises NamedOnlyError, and what
    `print_statement` does."""
    sale = act.desk.sale
    if sale.is_named:
        raise NamedOnlyError
    if sale.member is None:
        return
    order = StatementOrder(
        uid=act.uid("uid"),
        content=digest(sale.member.bytes),
        member=sale.member,
        kind="balance",
        account=sale.account,
        card_tail=sale.card_tail,
    )
    print_statement(act.station, order, act.at)
    act.desk.tell("done", WORDS["slip_spooled"])


def print_summary(act: Act) -> None:
    """Print what the till has done today, once for each page; raises what `print_shift` does."""
    till = act.desk.till
    order = ShiftOrder(act.uid("uid"), digest(till.encode()), till, act.cashier, None)
    print_shift(act.station, order, act.at)
    act.desk.tell("done", WORDS["slip_spooled"])


def open_the_drawer(act: Act) -> None:
    """Open the cash drawer, once for each page; raises what `open_drawer` does."""
    open_drawer(act.station, act.uid("uid"), act.cashier, act.at)
    act.desk.tell("done", WORDS["drawer_opened"])
