"""The line to the centre: what an answer means for what was sent."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from agent.link import BUSY_S_MAX, BUSY_S_MIN, CentreBusyError, HttpLink, LinkDownError
from agent.link import RefusedByCentreError as Refused
from shared.clock import SystemClock
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.errors import LoyaltyError
from shared.ids import uuid7
from shared.wire.agents import SessionRequest


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (403, Refused),
        (422, Refused),
        (500, LinkDownError),
        (502, LinkDownError),
        (503, LinkDownError),
        (507, LinkDownError),
    ],
)
def test_a_centre_that_fails_has_not_refused(status: int, meaning: type[LoyaltyError]) -> None:
    with linked(lambda _request: httpx.Response(status, text="no")) as link:
        with pytest.raises(meaning):
            link.session()

        assert link.state().up == (status < 500)


@pytest.mark.parametrize(
    ("details", "after_s"),
    [
        ({"retry_after_s": 3.5}, 3.5),
        ({"retry_after_s": 1e9}, BUSY_S_MAX),
        ({"retry_after_s": -4}, BUSY_S_MIN),
        ({"retry_after_s": "soon"}, BUSY_S_MIN),
        ({}, BUSY_S_MIN),
        (None, BUSY_S_MIN),
    ],
)
def test_a_busy_centre_is_there_and_says_when_to_come_back(details: object, after_s: float) -> None:
    body = {"code": "busy", "sentence": {"en": "Busy."}, "details": details}
    with linked(lambda _request: httpx.Response(503, json=body)) as link:
        with pytest.raises(CentreBusyError) as busy:
            link.session()

        assert busy.value.details["retry_after_s"] == after_s
        assert link.state().up


@contextmanager
def linked(answer: Callable[[httpx.Request], httpx.Response]) -> Iterator[HttpLink]:
    chance = random.Random(1)
    clock = SystemClock()
    request = SessionRequest(uuid7(clock.now(), chance), 1, "0.1.0", 0)
    keys = KeyPair.from_seed(chance.randbytes(SEED_BYTES))
    transport = httpx.MockTransport(answer)
    with httpx.Client(transport=transport, base_url="http://centre") as client:
        yield HttpLink(client, keys, request, clock, 1)
