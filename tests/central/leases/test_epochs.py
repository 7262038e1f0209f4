"""A new epoch begins once, without leases, under a key that nobody else has."""

from dataclasses import replace
from uuid import UUID

import pytest
from msgspec.structs import replace as changed

from central.agents.service import (
    FencedAgentError,
    SessionClaim,
    SessionExpiredError,
    UnknownAgentError,
    authenticate_session,
)
from central.agents.sessions import Standing, open_session
from central.centre import Centre
from central.ingest.service import ForgedHeadError
from central.leases.epochs import BadKeyError, begin_epoch
from shared.crypto.keys import KeyPair
from shared.crypto.sessions import session_mac
from shared.wire.agents import EpochAnswer, EpochRequest, SessionRequest
from shared.wire.codec import encode
from shared.wire.push import head_bytes
from tests.central.chain_kit import balance, books, kinds
from tests.central.journal_builder import Journal

NEXT = KeyPair.from_seed(b"n" * 32)
COPY = KeyPair.from_seed(b"c" * 32)
SEGMENT = "/v1/segments/global?after=0"


def begin(journal: Journal, key: bytes = NEXT.public, epoch: int = 1) -> EpochAnswer:
    request = EpochRequest(journal.agent, epoch, key, "restored")
    return begin_epoch(journal.centre, journal.signed("/v1/epochs", encode(request)))


def successor(journal: Journal, keys: KeyPair = NEXT) -> Journal:
    """The journal of the next epoch, still empty."""
    return replace(journal.twin(), keys=keys, epoch=journal.epoch + 1, facts=[], gone={})


def test_an_epoch_begins_once_however_often_it_is_asked_for(journal: Journal) -> None:
    first = begin(journal)

    assert first.epoch == 2
    assert begin(journal) == first
    assert begin(journal) == first


def test_a_copy_of_the_disk_comes_too_late(journal: Journal) -> None:
    begin(journal)

    with pytest.raises(FencedAgentError):
        begin(journal, COPY.public)


def test_a_repetition_of_an_epoch_before_the_last_is_refused(journal: Journal) -> None:
    begin(journal)
    begin(successor(journal), COPY.public, epoch=2)

    with pytest.raises(FencedAgentError):
        begin(journal)


def test_an_epoch_that_a_copy_has_begun_in_a_former_life_is_taken_in_as_a_branch(
    centre: Centre, journal: Journal
) -> None:
    """The copy that goes on in this life has another key under that number, and its own facts."""
    person, _ = journal.register()
    journal.push()
    lost, present = replace(successor(journal), keys=journal.keys), successor(journal)
    begin(journal)
    lost.sell(person, earn=[30_00], kept=0)
    lost.sell(person, earn=[20_00], kept=0)

    first = lost.push(1, 1)
    present.sell(person, earn=[10_00], kept=0)

    assert [(one.kind, one.reason) for one in first.outcomes] == [("adjusted", "forked")]
    assert kinds(present.push().outcomes) == ["accepted"]
    assert [one.reason for one in lost.push(2).outcomes] == ["forked"]
    assert balance(centre, person.account) == 60_00


def test_a_head_is_signed_by_its_epochs_key_or_by_the_one_before(journal: Journal) -> None:
    third = KeyPair.from_seed(b"t" * 32)
    begin(journal)
    begin(successor(journal), third.public, epoch=2)
    present = replace(successor(successor(journal), third), keys=journal.keys)
    present.sell(None)

    with pytest.raises(ForgedHeadError):
        present.push()


def test_an_agent_ends_its_present_epoch_only(journal: Journal) -> None:
    with pytest.raises(FencedAgentError):
        begin(journal, epoch=2)


def test_an_agent_ends_no_epoch_of_another(journal: Journal, other: Journal) -> None:
    request = EpochRequest(other.agent, 1, NEXT.public, "restored")

    with pytest.raises(UnknownAgentError):
        begin_epoch(journal.centre, journal.signed("/v1/epochs", encode(request)))


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33])
def test_a_key_that_is_none_is_refused(journal: Journal, key: bytes) -> None:
    with pytest.raises(BadKeyError):
        begin(journal, key)


def test_a_key_that_somebody_has_or_had_is_refused(journal: Journal, other: Journal) -> None:
    with pytest.raises(BadKeyError):
        begin(journal, journal.keys.public)
    with pytest.raises(BadKeyError):
        begin(journal, other.keys.public)
    begin(other)
    with pytest.raises(BadKeyError):
        begin(journal, other.keys.public)


def test_each_epoch_has_a_block_of_card_numbers_of_its_own(
    journal: Journal, other: Journal
) -> None:
    blocks = {begin(journal).card_block, begin(other, COPY.public).card_block}

    assert len(blocks) == 2


def test_sessions_of_the_ended_epoch_are_over(centre: Centre, journal: Journal) -> None:
    request = encode(SessionRequest(journal.agent, 1, "0.1", 0))
    opened = open_session(
        centre,
        journal.signed("/v1/sessions", request),
        lambda _connection, _who: Standing(1, b"", (), "", ()),
    )
    at_s = int(centre.clock.now().timestamp())
    mac = session_mac(opened.key, "GET", SEGMENT, at_s)
    claim = SessionClaim(str(opened.session), str(at_s), mac, "GET", SEGMENT)
    authenticate_session(centre, claim)

    begin(journal)

    with pytest.raises(SessionExpiredError):
        authenticate_session(centre, claim)


def test_the_next_epoch_holds_nothing_and_asks_for_its_own(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    lot = journal.sell(person, earn=[100_00], kept=80_00).lots[0]
    journal.push()
    begin(journal)
    new = successor(journal)

    _, answer = new.ask(person.account, 30_00)

    held = {one.epoch: one.left for one in books(centre, person.account).leases_of(lot)}
    assert held == {1: 80_00, 2: 20_00}
    assert [(one.granted, answer.missing) for one in answer.raised] == [(20_00, 10_00)]


def test_facts_of_the_ended_epoch_are_taken_with_its_key_and_draw_its_leases(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    lot = journal.sell(person, earn=[100_00]).lots[0]
    journal.push()
    journal.sell(person, spend=[(lot, 60_00)])
    begin(journal)

    answer = journal.push()

    assert kinds(answer.outcomes)[-1] == "accepted"
    assert balance(centre, person.account) == 40_00
    assert books(centre, person.account).accounts[person.account].debt == 0


def test_facts_of_an_epoch_are_refused_with_the_key_of_another(journal: Journal) -> None:
    journal.sell(None)
    begin(journal)
    batch = journal.batch()
    new = successor(journal)

    assert kinds(new.send(batch).outcomes) == ["accepted"]
    with pytest.raises(ForgedHeadError):
        new.send(changed(batch, signature=NEXT.sign(head_bytes(batch.head))))


def test_an_epoch_that_never_was_has_no_facts(journal: Journal) -> None:
    future = replace(journal.twin(), epoch=2)
    future.sell(None)

    with pytest.raises(FencedAgentError):
        future.push()


def test_a_key_that_nobody_enrolled_begins_nothing(journal: Journal) -> None:
    with pytest.raises(UnknownAgentError):
        begin(replace(journal.twin(), keys=COPY, agent=UUID(int=5)))
