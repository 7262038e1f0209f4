"""Signed passes in people's hands: issued by the centre, shown at tills, some old or not theirs."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from central.centre import Centre
from central.passes.service import Issued, PassOrder, Renewal, fullest, issue
from shared.crypto.keys import KeyPair
from shared.wire.passes import Pass, opened, write

DAY_S = 86_400
FORGER = KeyPair.from_seed(b"f" * 32)
A_DAY = 0.7
"""Of a customer."""
ANEW = 0.3
NEWEST, OLDER, ANOTHERS, BROKEN, FORGED = 0.55, 0.8, 0.85, 0.9, 0.97
"""What is shown, by chance: the rest shows nothing."""


def plan(seed: int, customers: int, days: int) -> Iterator[tuple[int, str, dict[str, object]]]:
    """Yield when which customer asks for a pass; drawn apart, so that other plans stay."""
    chance = random.Random(f"passes/{seed}")
    for day in range(days):
        for customer in range(customers):
            if chance.random() < A_DAY:
                at_s = day * DAY_S + chance.randrange(10, DAY_S)
                yield at_s, "pass", {"customer": customer, "anew": chance.random() < ANEW}


@dataclass(slots=True)
class Purses:
    """The codes that customers have, the newest last."""

    codes: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def shown(self, customer: int, chance: random.Random) -> str:
        """Return the code that a customer shows: most often his newest, sometimes a bad one."""
        kind, own = chance.random(), self.codes[customer]
        every = [code for codes in self.codes.values() for code in codes]
        if not own or not every:
            return ""
        if kind < NEWEST:
            return own[-1]
        if kind < OLDER:
            return chance.choice(own)
        if kind < ANOTHERS:
            return chance.choice(every)
        if kind < BROKEN:
            return own[-1][: chance.randrange(5, len(own[-1]))]
        return forged(own[-1]) if kind < FORGED else ""


def forged(code: str) -> str:
    """Return a pass for ten times as much and as the next one, signed by nobody of the chain."""
    found = opened(code)
    assert found is not None, "the centre has issued it"
    more = replace(found.said, points=10 * found.said.points, counter=found.said.counter + 1)
    return write(more, FORGER.sign)


def ask(centre: Centre, accounts: list[UUID], renewal: Renewal) -> Issued:
    """Let the centre issue a pass to the fullest of somebody's accounts."""
    at = centre.clock.now()
    account = fullest(centre, accounts, at)
    assert account is not None, "a member has an account"
    return issue(centre, PassOrder(account, "operator", renewal=renewal), at)


def told(granted: Pass) -> tuple[str, int, int, float]:
    """Return a pass as the judge is told it: account, counter, points, when it is over."""
    return granted.account.hex, granted.counter, granted.points, granted.ends_at.timestamp()
