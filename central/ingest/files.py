"""A file of facts taken in: a store's mirror, or what its agent has exported."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from central.agents.service import FencedAgentError, UnknownAgentError
from central.centre import Centre
from central.ingest.chain import first_seq, runs
from central.ingest.gap_store import Gap
from central.ingest.gaps import open_gaps
from central.ingest.parcel import Missing
from central.ingest.service import BrokenBatchError, ForgedHeadError, take_in
from shared.errors import LoyaltyError
from shared.ledger.books import Holder
from shared.wire.push import Outcome, PushBatch

NOT_SIGNED = (ForgedHeadError, BrokenBatchError, UnknownAgentError, FencedAgentError)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file: facts by outcome, those that wait for others before them, batches that
    are not as an agent has signed them, and what its journals still lack."""

    outcomes: Counter[str]
    missing: int
    damaged: int
    gaps: tuple[Gap, ...]


def take_in_file(centre: Centre, batches: Sequence[PushBatch], missing: Missing) -> TakenIn:
    """Post the batches of a file; repeating is safe.

    A gap is passed over when nothing in the file fills it. Damaged bytes may still be a batch: one
    that nobody has signed holds up no other. Raises what the first one raises if all are refused.
    """
    told: dict[int, tuple[Outcome, ...]] = {}
    refused: list[LoyaltyError] = []
    chains, left = runs(batches), list(range(len(batches)))
    for turn in (Missing.AWAITED, missing):
        for no in left:
            try:
                told[no] = take_in(centre, batches[no], chains[no], turn).outcomes
            except NOT_SIGNED as error:
                refused.append(error)
        waiting = [no for no, answered in told.items() if len(answered) < len(batches[no].facts)]
        left = sorted(waiting, key=lambda no: (batches[no].head.epoch, first_seq(batches[no])))
    if refused and len(refused) == len(batches):
        raise refused[0]
    holders = dict.fromkeys(Holder(one.head.agent, one.head.epoch) for one in batches)
    return TakenIn(
        outcomes=Counter(one.kind.value for answered in told.values() for one in answered),
        missing=sum(len(batches[no].facts) - len(told[no]) for no in left),
        damaged=len(refused),
        gaps=tuple(open_gaps(centre, list(holders))),
    )
