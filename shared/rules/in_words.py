"""A receipt explained in words: why each rule and line, why not, and what it would take."""

from dataclasses import dataclass

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.account import accounts
from shared.rules.compile import CompiledPack
from shared.rules.explain import findings, with_ways
from shared.rules.finding import Answered
from shared.rules.moment import Moment
from shared.rules.phases.normalise import normalise
from shared.rules.policies import policy_lines
from shared.rules.result import Evaluation, Rejected
from shared.rules.retell import retell
from shared.rules.sentences import Lang
from shared.rules.told import from_trace

LANGUAGES: tuple[Lang, ...] = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a receipt was priced so: refused rules with what they would take, and all in words."""

    rejected: tuple[Rejected, ...]
    words: dict[Lang, list[str]]


def explained(
    pack: CompiledPack | None,
    receipt: Receipt,
    member: MemberView | None,
    moment: Moment,
    evaluation: Evaluation,
) -> Explained:
    """Explain a priced receipt by the pack that priced it.

    Without that pack only what the receipt's own trace tells.
    """
    lines = receipt.lines
    rejected, source = evaluation.rejected, None
    if pack is None:
        found = from_trace(evaluation)
    else:
        source = pack.source
        facts = normalise(pack, member, receipt, moment).facts
        rejected = with_ways(source, facts, rejected)
        found = findings(Answered(pack, member, receipt, moment, evaluation))
    words = {
        lang: [
            *accounts(source, lines, evaluation, lang),
            *retell(source, lines, found, lang),
            *(() if source is None else policy_lines(source, lang)),
        ]
        for lang in LANGUAGES
    }
    return Explained(rejected, words)
