"""An agent asks for what it has pushed in an ended epoch: the journal, with the centre's words."""

import pytest
from fastapi.testclient import TestClient

from central.agents.service import AgentIdentity
from central.app import create_app, full_stages
from central.centre import Centre
from central.ingest.pushed import UnknownEpochError, pushed
from central.leases.epochs import begin_epoch
from shared.crypto.chain import GENESIS
from shared.crypto.keys import KeyPair
from shared.crypto.sessions import session_mac
from shared.wire.agents import EpochRequest, SessionAnswer, SessionRequest, decode_session_answer
from shared.wire.codec import encode, unpack
from shared.wire.push import BATCH_BYTES_MAX, BATCH_MAX, PushedFacts, decode_pushed
from tests.central.journal_builder import Journal

NEXT_KEYS = KeyPair.from_seed(b"n" * 32)


def ask(centre: Centre, journal: Journal, after: int = 0, epoch: int = 1) -> PushedFacts:
    sender = AgentIdentity(journal.agent, journal.epoch + 1, journal.store)
    return pushed(centre, sender, epoch, after)


def headers(journal: Journal, session: SessionAnswer, target: str) -> dict[str, str]:
    at_s = int(journal.clock.now().timestamp())
    return {
        "Kopilka-Session": str(session.session),
        "Kopilka-At": str(at_s),
        "Kopilka-Mac": session_mac(session.key, "GET", target, at_s),
    }


def story(journal: Journal, sales: int) -> None:
    person, _ = journal.register()
    for _ in range(sales):
        journal.sell(person, earn=[1_00])


def test_the_journal_comes_back_byte_for_byte_with_the_same_words(
    centre: Centre, journal: Journal
) -> None:
    story(journal, sales=3)
    answer = journal.push()

    page = ask(centre, journal)

    assert page.facts == tuple(journal.facts)
    assert page.outcomes == answer.outcomes
    assert (page.hash, page.upto) == (GENESIS, 4)


def test_pages_follow_each_other_until_one_is_empty(centre: Centre, journal: Journal) -> None:
    story(journal, sales=BATCH_MAX + 5)
    journal.push(1, 100)
    journal.push(101, 200)
    journal.push(201)

    pages = [ask(centre, journal, after) for after in (0, BATCH_MAX, BATCH_MAX + 6)]

    assert [len(page.facts) for page in pages] == [BATCH_MAX, 6, 0]
    assert [page.upto for page in pages] == [BATCH_MAX, BATCH_MAX + 6, BATCH_MAX + 6]
    assert [page.hash for page in pages[1:]] == [
        journal.facts[BATCH_MAX - 1].hash,
        journal.facts[-1].hash,
    ]


def test_a_page_is_bounded_in_bytes_and_never_empty(centre: Centre, journal: Journal) -> None:
    for _ in range(3):
        journal.append("of the future", bytes(BATCH_BYTES_MAX * 2 // 3))
        journal.push(len(journal.facts))

    assert [fact.seq for fact in ask(centre, journal).facts] == [1]
    assert [fact.seq for fact in ask(centre, journal, after=2).facts] == [3]


def test_a_branch_is_left_out_and_behind_its_place_there_is_another_hash(
    centre: Centre, journal: Journal
) -> None:
    story(journal, sales=1)
    journal.push()
    copy = journal.twin()
    journal.sell(None)
    journal.push()
    copy.sell(None)
    copy.push()

    assert ask(centre, journal, after=2).facts == (journal.facts[2],)
    assert ask(centre, journal, after=3).hash == journal.facts[2].hash != copy.facts[2].hash


def test_behind_the_end_there_is_no_hash(centre: Centre, journal: Journal) -> None:
    story(journal, sales=1)
    journal.push()

    assert ask(centre, journal, after=9) == PushedFacts(b"", 9, (), ())


def test_what_came_damaged_is_left_out_and_the_page_goes_on(
    centre: Centre, journal: Journal
) -> None:
    story(journal, sales=2)
    journal.rewrite(2, body=b"\x00")
    journal.push()

    page = ask(centre, journal)

    assert [fact.seq for fact in page.facts] == [1, 3]
    assert [word.seq for word in page.outcomes] == [1, 3]
    assert page.upto == 3


@pytest.mark.parametrize("epoch", [0, 2, 3])
def test_only_an_ended_epoch_is_told(centre: Centre, journal: Journal, epoch: int) -> None:
    with pytest.raises(UnknownEpochError):
        ask(centre, journal, epoch=epoch)


def test_over_http_it_takes_a_session_of_the_next_epoch(centre: Centre, journal: Journal) -> None:
    story(journal, sales=1)
    journal.push()
    request = EpochRequest(journal.agent, 1, NEXT_KEYS.public, "behind")
    begin_epoch(centre, journal.signed("/v1/epochs", encode(request)))
    journal.keys, journal.epoch = NEXT_KEYS, 2
    target = "/v1/facts?epoch=1&after=1"
    with TestClient(create_app(centre, full_stages())) as client:
        opened = journal.signed("/v1/sessions", encode(SessionRequest(journal.agent, 2, "0.1", 0)))
        answer = client.post("/v1/sessions", content=opened.body, headers=dict(opened.headers))
        session = decode_session_answer(answer.content)
        told = client.get(target, headers=headers(journal, session, target))
        refused = client.get(target)

    assert [fact.seq for fact in decode_pushed(unpack(told.content)).facts] == [2]
    assert (refused.status_code, refused.json()["code"]) == (401, "session_expired")
