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
from shared.wire.push import PushBatch

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
    outcomes: Counter[str] = Counter()
    refused: list[LoyaltyError] = []
    left = list(zip(batches, runs(batches), strict=True))
    for turn in (Missing.AWAITED, missing):
        waiting = []
        for batch, run in left:
            try:
                answer = take_in(centre, batch, run, turn)
            except NOT_SIGNED as error:
                refused.append(error)
                continue
            outcomes.update(outcome.kind.value for outcome in answer.outcomes)
            if len(answer.outcomes) < len(batch.facts):
                waiting.append((batch, run))
        left = sorted(waiting, key=lambda one: (one[0].head.epoch, first_seq(one[0])))
    if refused and len(refused) == len(batches):
        raise refused[0]
    holders = dict.fromkeys(Holder(one.head.agent, one.head.epoch) for one in batches)
    return TakenIn(
        outcomes=outcomes,
        missing=sum(len(batch.facts) for batch, _ in left),
        damaged=len(refused),
        gaps=tuple(open_gaps(centre, list(holders))),
    )
