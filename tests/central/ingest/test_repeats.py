"""Sending again, in any pieces and any order, changes nothing and is answered the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from central.agents.service import AgentIdentity
from central.centre import Centre
from central.ingest import service as ingest
from central.ingest.service import BrokenBatchError, ForgedHeadError
from shared.crypto.keys import KeyPair
from shared.runtime.sqlite import reading
from shared.wire.codec import MalformedError, pack
from shared.wire.facts import seal
from shared.wire.push import BATCH_MAX, PushBatch, head_bytes
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, dump, kinds
from tests.central.journal_builder import NOON, Journal, Person, make_centre, make_journal
from tests.databases import Databases


def _story(journal: Journal) -> Person:
    person, _ = journal.register()
    first = journal.sell(person, earn=[100_00])
    second = journal.sell(person, earn=[50_00], spend=[(first.lots[0], 30_00)])
    journal.take_back(
        second,
        restored=[(first.lots[0], 10_00)],
        taken=[(second.lots[0], 5_00)],
        given=[(second.lots[0], 5_00)],
        turnover=10_00,
    )
    journal.give_back(person.account, (first.lots[0], 20_00))
    journal.sell(person, spend=[(first.lots[0], 40_00)])
    return person


@pytest.mark.parametrize("times", range(1, 11))
def test_a_batch_that_comes_again_changes_nothing(
    centre: Centre, journal: Journal, times: int
) -> None:
    person = _story(journal)
    first = journal.push()
    before = dump(centre)

    for _ in range(times):
        assert journal.push() == first

    assert dump(centre) == before
    assert kinds(first.outcomes) == ["accepted"] * 6
    assert balance(centre, person.account) == 100_00 + 50_00 - 30_00 + 10_00 - 5_00 - 40_00


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12))
def test_any_pieces_in_any_order_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
    pieces: list[tuple[int, int]],
) -> None:
    sums = []
    for plan in ([(1, 6)], [*pieces, (1, 2), (2, 4), (1, 6)]):
        clock = SetClock(NOON)
        centre = make_centre(
            databases.fresh(tmp_path_factory.mktemp("pieces") / "central.db"), clock
        )
        journal = make_journal(centre, clock, "101")
        person = _story(journal)
        answers: dict[int, tuple[object, ...]] = {}
        for first, last in plan:
            if first > last:
                continue
            for outcome in journal.push(first, last).outcomes:
                told = (outcome.id, outcome.kind, outcome.reason)
                assert answers.setdefault(outcome.seq, told) == told
        sums.append((balance(centre, person.account), sorted(answers)))
        with reading(centre.engine) as connection:
            assert ingest.outcomes(connection) == {"accepted": 6}
        centre.engine.dispose()
    assert sums[0] == sums[1]


def test_a_batch_that_begins_too_late_is_told_where_to_begin(journal: Journal) -> None:
    _story(journal)
    journal.push(1, 2)

    answer = journal.push(4, 6)

    assert (answer.expects, answer.outcomes) == (3, ())
    assert journal.push(3).expects == 7


def test_the_second_half_of_a_batch_is_taken_with_the_first_again(journal: Journal) -> None:
    _story(journal)
    first = journal.push(1, 3).outcomes

    outcomes = journal.push().outcomes

    assert outcomes[:3] == first
    assert kinds(outcomes) == ["accepted"] * 6


def test_an_empty_batch_asks_where_to_begin(journal: Journal) -> None:
    _story(journal)
    journal.push(1, 2)
    head = journal.batch(1, 2).head

    answer = journal.send(PushBatch(head, journal.keys.sign(head_bytes(head)), ()))

    assert (answer.expects, answer.outcomes) == (3, ())


def test_a_head_that_another_key_signed_is_refused(centre: Centre, journal: Journal) -> None:
    _story(journal)
    batch, before = journal.batch(), dump(centre)
    forged = KeyPair.from_seed(bytes(32)).sign(head_bytes(batch.head))

    with pytest.raises(ForgedHeadError):
        journal.send(PushBatch(batch.head, forged, batch.facts))

    assert dump(centre) == before


def test_a_head_of_another_agent_is_refused(journal: Journal, other: Journal) -> None:
    _story(journal)
    _story(other)
    head = journal.batch().head

    with pytest.raises(ForgedHeadError):
        other.send(PushBatch(head, other.keys.sign(head_bytes(head)), journal.batch().facts))


def test_a_batch_longer_than_its_journal_is_refused(journal: Journal) -> None:
    _story(journal)
    batch = journal.batch()
    head = replace(batch.head, seq=3)

    with pytest.raises(BrokenBatchError):
        journal.send(PushBatch(head, journal.keys.sign(head_bytes(head)), batch.facts))


def test_a_batch_with_too_many_facts_is_refused(journal: Journal) -> None:
    for _ in range(BATCH_MAX + 1):
        journal.sell(None)

    with pytest.raises(BrokenBatchError):
        journal.push()


def test_bytes_that_are_no_batch_are_refused(centre: Centre, journal: Journal) -> None:
    for body in (b"", b"?", pack("no batch")):
        with pytest.raises(MalformedError):
            ingest.push(centre, journal.signed("/v1/facts", body))


def test_a_fact_that_stands_at_a_second_place_has_one_effect(
    centre: Centre, journal: Journal
) -> None:
    """An agent that re-chains what was not acknowledged keeps the facts' ids."""
    person = _story(journal)
    first = journal.push()
    told = journal.facts[1]

    again = journal.append(told.kind, told.body)
    journal.facts[-1] = seal(replace(again, id=told.id, envelope=told.envelope))
    outcome = journal.push().outcomes[-1]

    assert (outcome.seq, outcome.id, outcome.kind) == (7, told.id, first.outcomes[1].kind)
    assert outcome.covers == first.outcomes[1].covers
    assert balance(centre, person.account) == 85_00
    assert journal.push(7).outcomes == (outcome,)


def test_where_the_next_batch_begins_is_known_to_sessions(centre: Centre, journal: Journal) -> None:
    _story(journal)
    journal.push(1, 4)

    with reading(centre.engine) as connection:
        identity = AgentIdentity(journal.agent, 1, "101")
        assert ingest.known(connection, identity).seq == 4
        assert ingest.known(connection, AgentIdentity(journal.agent, 2, "101")).seq == 0
