"""The line to the centre: what an answer means for what was sent."""

import random

import httpx
import pytest

from agent.link import HttpLink, LinkDownError, RefusedByCentreError
from shared.clock import SystemClock
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.errors import LoyaltyError
from shared.ids import uuid7
from shared.wire.agents import SessionRequest


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (403, RefusedByCentreError),
        (422, RefusedByCentreError),
        (500, LinkDownError),
        (502, LinkDownError),
        (503, LinkDownError),
        (507, LinkDownError),
    ],
)
def test_a_centre_that_fails_has_not_refused(status: int, meaning: type[LoyaltyError]) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, text="no"))
    chance = random.Random(1)
    clock = SystemClock()
    request = SessionRequest(uuid7(clock.now(), chance), 1, "0.1.0", 0)
    keys = KeyPair.from_seed(chance.randbytes(SEED_BYTES))
    with httpx.Client(transport=transport, base_url="http://centre") as client:
        link = HttpLink(client, keys, request, clock, 1)

        with pytest.raises(meaning):
            link.session()
