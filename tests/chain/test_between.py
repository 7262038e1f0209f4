"""Somebody between a store and its centre who answers for it: what he has swallowed arrives."""

from typing import Any

from agent.link import Link
from shared.runtime.sqlite import reading
from shared.wire.push import Outcome, OutcomeKind, PushAnswer, PushBatch
from tests.chain.kit import Chain


class Liar:
    """A line on which every push is kept and said to be accepted."""

    def __init__(self, line: Link) -> None:
        self.line = line
        self.kept = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)

    def push(self, batch: PushBatch) -> PushAnswer:
        self.kept += len(batch.facts)
        words = tuple(
            Outcome(fact.seq, fact.id, OutcomeKind.ACCEPTED, "", None, ()) for fact in batch.facts
        )
        return PushAnswer(self.line.session().incarnation, batch.facts[-1].seq + 1, words)


def accepted(chain: Chain) -> int:
    query = "SELECT count(*) FROM inbox WHERE outcome = 'accepted'"
    with reading(chain.centre.engine) as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def test_facts_that_somebody_else_has_accepted_reach_the_centre_with_the_next_one(
    chain: Chain,
) -> None:
    store, before = chain.stores[0], accepted(chain)
    liar = Liar(store.station.link)
    store.station.link = liar
    for _ in range(3):
        store.sell()
    store.sync()
    assert (liar.kept, accepted(chain)) == (3, before)

    store.station.link = liar.line
    store.sell()
    store.sync()

    assert accepted(chain) == before + 4
    assert chain.conflicts() == []
