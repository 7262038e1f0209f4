"""A till's client of the agent: typed, with time limits, and a queue for when nobody answers.

For programs of tills: nothing here imports it but their example (docs/till_example.py) and tests.

Every operation has a uid that the client mints, so that each may be repeated: the agent does it
once. What is not answered after payment is kept on the till's disk and handed over later.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

import httpx

from agent.till.client_http import (
    LATER,
    TIMEOUT_S,
    TRIES,
    Agent,
    AgentAwayError,
    AgentRefusedError,
    Limits,
)
from agent.till.client_queue import Owed, SaleQueue
from shared.basket import QUANTITY_ONE
from shared.clock import Clock, SystemClock
from shared.ids import uuid7
from shared.money import round_half_up

HAND_OVER_MAX: Final = 100
LATE_SALES: Final = "/v1/late-sales"


@dataclass(frozen=True, slots=True)
class Line:
    """Goods: thousandths, kopecks that a unit costs without the programme."""

    no: int
    sku: str
    quantity: int
    price_minor: int

    @property
    def sum_minor(self) -> int:
        """What the line costs without the programme."""
        return round_half_up(self.price_minor * self.quantity, QUANTITY_ONE)


@dataclass(frozen=True, slots=True)
class Payment:
    """Kopecks in one means of payment: `cash`, `card`, `certificate`, `other`."""

    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Member:
    """Who a card belongs to; `ref` is passed on as it is. Hundredths of a point."""

    ref: Mapping[str, Any]
    name: str
    balance_points: int
    available_here_points: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a receipt costs now: kopecks and hundredths of a point; `told` is the whole answer."""

    digest: str
    payable_minor: int
    earned_points: int
    redeemed_points: int
    told: Mapping[str, Any]


class Ending(StrEnum):
    """How a sale has ended."""

    COMMITTED = "committed"
    OWED = "owed"
    """Paid, and kept on the till until the agent answers."""
    REFUSED = "refused"
    """Paid, and kept on the till with the agent's reason, for a person to read."""
    WITHOUT = "without"
    """Paid while nobody answered, and no card was shown: there is nothing to hand over."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale that is paid; balances only where the agent has answered."""

    receipt: UUID
    ending: Ending
    paid_minor: int
    balance_points: int | None = None
    slip: UUID | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of what was owed."""

    taken: int = 0
    waiting: int = 0
    refused: int = 0


Pay = Callable[[int], Sequence[Payment]]
"""Takes so many kopecks of the customer and says how he paid."""


class TillClient:
    """Sells with one agent for one till; use it as a context, or close it. Not for several threads.

    Each call takes at most `timeout_s` × `tries`, and what it waits for a busy agent.
    """

    def __init__(
        self,
        address: str,
        queue: SaleQueue,
        *,
        till: str = "1",
        token: str = "",
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._agent = Agent(
            address,
            queue,
            token=token,
            limits=Limits(timeout_s, tries),
            clock=self._clock,
            transport=transport,
        )
        self.queue = queue
        self._till = till
        self._chance = chance or random.SystemRandom()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the queue is the caller's."""
        self._agent.close()

    def uid(self) -> UUID:
        """Mint an id of an operation."""
        return uuid7(self._clock.now(), self._chance)

    def find(self, identifier: str) -> list[Member]:
        """Return the members of a card or phone; raises AgentAwayError, AgentRefusedError."""
        told = self._agent.ask("POST", "/v1/members/find", {"identifier": identifier})
        return [_member(one) for one in told["members"]]

    def status(self) -> Mapping[str, Any]:
        """Return how the agent is; raises AgentAwayError, AgentRefusedError."""
        return self._agent.ask("GET", "/v1/status", None)

    def quote(self, receipt: Mapping[str, Any]) -> Quoted:
        """Price a receipt, as `receipt` makes it; raises AgentAwayError, AgentRefusedError."""
        return _quoted(self._agent.ask("POST", "/v1/quotes", receipt))

    def receipt(
        self, lines: Sequence[Line], member: Member | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the body of a receipt under a new uid; `more` are fields of the till API."""
        ref = {} if member is None else {"member": dict(member.ref)}
        told = [asdict(line) for line in lines]
        return {"uid": str(self.uid()), "till": self._till, "lines": told, **ref, **more}

    def reserve(self, receipt: Mapping[str, Any], quoted: Quoted) -> Quoted:
        """Claim a receipt before payment; raises AgentAwayError, AgentRefusedError."""
        body = {"uid": str(self.uid()), "receipt": receipt, "digest": quoted.digest}
        return _quoted(self._agent.ask("POST", f"/v1/receipts/{receipt['uid']}/reserve", body))

    def cancel(self, receipt: UUID) -> None:
        """Give a reserved receipt up; raises AgentAwayError, AgentRefusedError."""
        self._agent.ask("POST", f"/v1/receipts/{receipt}/cancel", {"uid": str(self.uid())})

    def sell(
        self, lines: Sequence[Line], pay: Pay, *, card: str = "", fiscal_number: str = ""
    ) -> Sold:
        """Sell: quote, reserve, take the money, commit; without the agent at full prices.

        Once `pay` has returned nothing is lost: what the agent has not answered is durable in the
        queue before this returns. Raises AgentRefusedError before payment, what `pay` raises (a
        reserve is given up then, if the agent answers), QueueFullError.
        """
        receipt = self.receipt(lines)
        try:
            found = self.find(card) if card else []
            receipt |= {"member": dict(found[0].ref)} if len(found) == 1 else {}
            reserved = self.reserve(receipt, self.quote(receipt))
        except AgentAwayError:
            return self._sell_without(receipt, lines, pay, card, fiscal_number)
        receipt_uid = UUID(receipt["uid"])
        try:
            payments = pay(reserved.payable_minor)
        except BaseException:
            self._give_up(receipt_uid)
            raise
        body = {"uid": str(self.uid()), "fiscal_number": fiscal_number, **_tenders(payments)}
        path = f"/v1/receipts/{receipt_uid}/commit"
        return self._send(self.queue.put(UUID(body["uid"]), path, body), receipt_uid, payments)

    def hand_over(self, most: int = HAND_OVER_MAX) -> HandedOver:
        """Send what is owed, each under its first uid; stop where nobody answers.

        Repeating is safe, also after a crash at any point: the agent does each once.
        """
        found: Counter[Ending] = Counter()
        for owed in self.queue.waiting(most):
            ending, _, is_away = self._settle(owed)
            found[ending] += 1
            if is_away:
                break
        return HandedOver(*(found[one] for one in (Ending.COMMITTED, Ending.OWED, Ending.REFUSED)))

    def _sell_without(
        self,
        receipt: Mapping[str, Any],
        lines: Sequence[Line],
        pay: Pay,
        card: str,
        fiscal_number: str,
    ) -> Sold:
        """Sell at full prices; with a card, keep the sale for later. Its reserve, if any, ends."""
        receipt_uid = UUID(receipt["uid"])
        if card:
            self.queue.check_room()
        payments = pay(sum(line.sum_minor for line in lines))
        paid_minor = sum(one.amount_minor for one in payments)
        if not card:
            return Sold(receipt_uid, Ending.WITHOUT, paid_minor)
        body = {
            "uid": str(self.uid()),
            "receipt": str(receipt_uid),
            "till": self._till,
            "card": card,
            "lines": [asdict(line) for line in lines],
            "sold_at": self._clock.now().isoformat(),
            "fiscal_number": fiscal_number,
            **_tenders(payments),
        }
        self.queue.put(UUID(body["uid"]), LATE_SALES, body)
        return Sold(receipt_uid, Ending.OWED, paid_minor)

    def _send(self, owed: Owed, receipt: UUID, payments: Sequence[Payment]) -> Sold:
        ending, told, _ = self._settle(owed)
        slip = told.get("slip")
        return Sold(
            receipt=receipt,
            ending=ending,
            paid_minor=sum(one.amount_minor for one in payments),
            balance_points=told.get("balance_points"),
            slip=None if slip is None else UUID(slip),
        )

    def _settle(self, owed: Owed) -> tuple[Ending, Mapping[str, Any], bool]:
        """Send what is owed and note what became of it; also tell whether nobody answered."""
        try:
            told = self._agent.ask("POST", owed.path, owed.body)
        except AgentAwayError as away:
            self.queue.tried(owed, away.sentence("ru"))
            return Ending.OWED, {}, True
        except AgentRefusedError as error:
            return self._refused(owed, error), {}, False
        self.queue.done(owed)
        return Ending.COMMITTED, told, False

    def _refused(self, owed: Owed, error: AgentRefusedError) -> Ending:
        more = error.details["more"]
        was_sold = isinstance(more, Mapping) and more.get("state") == "committed"
        if error.problem == "receipt_ended" and was_sold:
            self.queue.done(owed)
            return Ending.COMMITTED
        if error.problem in LATER:
            self.queue.tried(owed, f"{error.problem}: {error.sentence('ru')}")
            return Ending.OWED
        self.queue.refuse(owed, f"{error.problem}: {error.sentence('ru')}")
        return Ending.REFUSED

    def _give_up(self, receipt: UUID) -> None:
        """Cancel a reserve that came to nothing; if nobody answers, a person ends it."""
        with suppress(AgentAwayError, AgentRefusedError):
            self.cancel(receipt)


def _tenders(payments: Sequence[Payment]) -> dict[str, Any]:
    return {"tenders": [asdict(one) for one in payments]}


def _member(told: Mapping[str, Any]) -> Member:
    here = told["available_here_points"]
    return Member(told["ref"], told["name"], told["balance_points"], here)


def _quoted(told: Mapping[str, Any]) -> Quoted:
    totals = told["totals"]
    return Quoted(
        digest=told["digest"],
        payable_minor=totals["payable_minor"],
        earned_points=totals["earned_points"],
        redeemed_points=totals["redeemed_points"],
        told=told,
    )
