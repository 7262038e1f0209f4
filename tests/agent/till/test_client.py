"""The till's client: sells with the agent, without it, and whichever way it fails."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.receipts import look_up
from agent.till.client import Ending, HandedOver, Line, Payment, TillClient
from agent.till.client_http import AgentAwayError, AgentRefusedError
from agent.till.client_queue import Owed, QueueFullError, SaleQueue
from shared.clock import SystemClock
from shared.receipt import Benefits
from shared.wire.facts import ReceiptCommitted, body_of
from tests.agent.kit import facts, lot_seen, seen
from tests.agent.till.kit import Till, anna_of, serving
from tests.builders import CHEESE, Person, PersonLot, Shop

ROOT = Path(__file__).parents[3]
GOODS = [Line(1, CHEESE, 1000, 1_000_00)]
FULL_MINOR = 1_000_00
SHELL_S = 60


def cash(payable_minor: int) -> Sequence[Payment]:
    return [Payment("cash", payable_minor)]


class Wire(httpx.BaseTransport):
    """Carries requests to an agent, or loses them, or their answers."""

    def __init__(self, shop: Shop) -> None:
        self._till = Till(shop)
        self.fates: list[str] = []
        """Of the next exchanges: `ok`, `away` or `lost`; afterwards all is well."""
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fate = self.fates.pop(0) if self.fates else "ok"
        if fate == "away":
            raise httpx.ConnectError("nobody there", request=request)
        path = request.url.path
        self.sent.append(path)
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        answer = self._till.client.request(
            request.method, path, content=request.read(), headers=headers
        )
        if fate == "lost":
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Counterpart:
    """A till with its file, and the agent that it may or may not hear."""

    def __init__(self, shop: Shop, file: Path) -> None:
        self.shop = shop
        self.wire = Wire(shop)
        self.queue = SaleQueue(file)
        self.chance = random.Random(7)
        self.client = self.connect(self.queue)

    def connect(self, queue: SaleQueue) -> TillClient:
        return TillClient(
            "http://127.0.0.1:8200",
            queue,
            tries=1,
            clock=self.shop.clock,
            chance=self.chance,
            transport=self.wire,
        )

    def away(self, exchanges: int = 1) -> None:
        self.wire.fates += ["away"] * exchanges


@pytest.fixture
def till(shop: Shop, tmp_path: Path) -> Iterator[Counterpart]:
    made = Counterpart(shop, tmp_path / "till.db")
    yield made
    made.client.close()
    made.queue.close()


@pytest.fixture
def anna(shop: Shop) -> Person:
    return anna_of(shop)


def sales(shop: Shop) -> list[ReceiptCommitted]:
    bodies = [body_of(fact) for fact in facts(shop)]
    return [body for body in bodies if isinstance(body, ReceiptCommitted)]


def test_a_sale_is_quoted_reserved_paid_and_committed(till: Counterpart, anna: Person) -> None:
    sold = till.client.sell(GOODS, cash, card=anna.card, fiscal_number="17")

    assert sold.ending is Ending.COMMITTED
    (body,) = sales(till.shop)
    assert body.evaluation.totals.payable_minor == sold.paid_minor
    assert body.member is not None
    assert body.fiscal_number == "17"
    assert till.queue.waiting(10) == till.queue.refused() == []


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("fate", ["away", "lost"])
def test_a_sale_goes_on_without_the_agent_and_is_handed_over_when_it_is_back(
    till: Counterpart, anna: Person, step: int, fate: str
) -> None:
    """Whichever of find, quote and reserve gets no answer: the customer pays the full price."""
    till.wire.fates = [*["ok"] * step, fate]

    sold = till.client.sell(GOODS, cash, card=anna.card, fiscal_number="17")

    assert (sold.ending, sold.paid_minor) == (Ending.OWED, FULL_MINOR)
    assert sales(till.shop) == []
    till.shop.clock.move(hours=2)
    assert till.client.hand_over() == HandedOver(taken=1)
    assert till.client.hand_over() == HandedOver()
    (body,) = sales(till.shop)
    assert body.receipt.uid == sold.receipt
    assert body.receipt.benefits is Benefits.EARNING
    assert body.moment.instant.hour == 12
    assert sum(lot.amount for lot in body.granted) == 30_00
    assert lot_seen(till.shop, anna, anna.lots[0]).here == 50_000


@pytest.mark.parametrize("fate", ["away", "lost"])
def test_a_paid_sale_whose_commit_gets_no_answer_is_committed_later_as_it_was_reserved(
    till: Counterpart, anna: Person, fate: str
) -> None:
    till.wire.fates = ["ok", "ok", "ok", fate]

    sold = till.client.sell(GOODS, cash, card=anna.card)

    assert sold.ending is Ending.OWED
    assert till.client.hand_over() == HandedOver(taken=1)
    (body,) = sales(till.shop)
    assert (body.receipt.uid, body.receipt.benefits) == (sold.receipt, Benefits.ALL)
    assert body.evaluation.totals.payable_minor == sold.paid_minor


def test_without_a_card_there_is_nothing_to_hand_over(till: Counterpart) -> None:
    till.away()

    sold = till.client.sell(GOODS, cash)

    assert sold.ending is Ending.WITHOUT
    assert till.queue.waiting(10) == []


def test_a_card_that_nobody_knows_yet_waits(till: Counterpart) -> None:
    person = Person(PersonLot(100), number=7)
    till.away()
    till.client.sell(GOODS, cash, card=person.card)

    assert till.client.hand_over() == HandedOver(waiting=1)
    (owed,) = till.queue.waiting(10)
    assert owed.reason.startswith("unknown_member: ")
    till.shop.member(person)

    assert till.client.hand_over() == HandedOver(taken=1)
    assert seen(till.shop, person).turnover_minor == FULL_MINOR


def test_what_waits_does_not_hold_up_what_comes_after_it(till: Counterpart, anna: Person) -> None:
    till.away(2)
    till.client.sell(GOODS, cash, card=Person(number=7).card)
    till.client.sell(GOODS, cash, card=anna.card)

    till.client.hand_over(most=1)
    till.client.hand_over(most=1)

    assert len(sales(till.shop)) == 1


def test_what_the_agent_refuses_is_kept_with_its_reason(till: Counterpart, anna: Person) -> None:
    till.away()
    sold = till.client.sell(GOODS, cash, card=anna.card)
    till.shop.clock.move(days=31)

    assert till.client.hand_over() == HandedOver(refused=1)
    (owed,) = till.queue.refused()
    assert owed.reason.startswith("late_instant: Агент отказал: Время продажи")
    assert owed.body["receipt"] == str(sold.receipt)
    assert till.queue.waiting(10) == []
    till.queue.try_again(owed.uid)
    assert [one.uid for one in till.queue.waiting(10)] == [owed.uid]


def test_a_refusal_before_payment_is_told_and_takes_no_money(till: Counterpart) -> None:
    def nobody_pays(_payable_minor: int) -> Sequence[Payment]:
        raise AssertionError

    with pytest.raises(AgentRefusedError) as caught:
        till.client.sell([Line(1, CHEESE, 1000, 10**12)] * 2, nobody_pays)

    assert caught.value.problem == "invalid_request"
    assert "invalid_request" not in caught.value.sentence("ru")


def test_a_customer_who_does_not_pay_frees_his_points(till: Counterpart, anna: Person) -> None:
    def walks_away(_payable_minor: int) -> Sequence[Payment]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        till.client.sell(GOODS, walks_away, card=anna.card)

    assert sales(till.shop) == []
    assert till.wire.sent[-1].endswith("/cancel")


def test_a_full_queue_is_told_before_the_customer_pays(shop: Shop, tmp_path: Path) -> None:
    counterpart = Counterpart(shop, tmp_path / "till.db")
    queue = SaleQueue(tmp_path / "small.db", owed_max=1)
    client = counterpart.connect(queue)
    counterpart.away(2)
    client.sell(GOODS, cash, card="2900090000011")

    with pytest.raises(QueueFullError):
        client.sell(GOODS, cash, card="2900090000011")

    assert len(queue.waiting(10)) == 1
    queue.close()
    counterpart.queue.close()


def test_an_agent_that_is_busy_is_asked_again_and_then_counts_as_away(tmp_path: Path) -> None:
    def busy(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, json={"code": "no_pack", "detail": "Правил ещё нет."})

    queue = SaleQueue(tmp_path / "till.db")
    client = TillClient("http://agent", queue, transport=httpx.MockTransport(busy), tries=2)

    with pytest.raises(AgentAwayError, match="Правил ещё нет"):
        client.status()
    client.close()
    queue.close()


def test_a_stranger_that_answers_is_no_agent(tmp_path: Path) -> None:
    def page(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<h1>Welcome</h1>")

    queue = SaleQueue(tmp_path / "till.db")
    client = TillClient("http://agent", queue, transport=httpx.MockTransport(page), tries=1)

    with pytest.raises(AgentAwayError):
        client.find("2900000000018")
    client.close()
    queue.close()


def test_a_till_tells_the_place_that_it_heard_last_after_a_restart_too(
    till: Counterpart, anna: Person
) -> None:
    till.client.sell(GOODS, cash, card=anna.card)
    heard = till.queue.place()

    assert heard.endswith("/1/1")
    again = till.connect(till.queue)
    assert again._agent._headers() == {"Kopilka-Last-Place": heard}
    again.close()


# Laws


class Killed(BaseException):
    """The till's process ends here."""


class DyingQueue(SaleQueue):
    """A queue whose process is killed before or after one of its writes."""

    def __init__(self, file: Path, dies_at: int, when: str) -> None:
        super().__init__(file)
        self._left, self._when = dies_at, when
        self.kept: set[UUID] = set()

    def put(self, uid: UUID, path: str, body: Any) -> Owed:
        found: Owed = self._dying(lambda: self._kept(uid, path, body))
        return found

    def _kept(self, uid: UUID, path: str, body: Any) -> Owed:
        found = super().put(uid, path, body)
        named = body.get("receipt") or path.split("/")[3]
        self.kept.add(UUID(named))
        return found

    def _write(self, statement: str, *values: object) -> None:
        write = super()._write
        self._dying(lambda: write(statement, *values))

    def _dying(self, write: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0 and self._when == "before":
            raise Killed
        done = write()
        if self._left == 0 and self._when == "after":
            raise Killed
        return done


@given(
    st.lists(st.sampled_from(["ok", "ok", "away", "lost"]), max_size=16),
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["before", "after"])), max_size=4),
)
@settings(max_examples=8)
def test_whenever_a_till_dies_no_kept_sale_is_lost_or_counts_twice(
    fates: list[str], deaths: list[tuple[int, str]]
) -> None:
    """Three sales over a line that fails; the till is killed around any of its writes."""
    with TemporaryDirectory() as folder:
        shop = Shop(Path(folder) / "store").open()
        anna = anna_of(shop)
        counterpart = Counterpart(shop, Path(folder) / "till.db")
        counterpart.wire.fates = list(fates)
        kept, sold = set[UUID](), set[UUID]()
        for no in range(3):
            dies_at, when = deaths[no] if no < len(deaths) else (0, "never")
            queue = DyingQueue(Path(folder) / "till.db", dies_at, when)
            client = counterpart.connect(queue)
            try:
                sold.add(client.sell(GOODS, cash, card=anna.card).receipt)
                client.hand_over()
            except Killed:
                pass
            kept |= queue.kept
            client.close()
            queue.close()
            shop.clock.move(minutes=7)

        counterpart.wire.fates = []
        handed = counterpart.client.hand_over()

        found = Counter(body.receipt.uid for body in sales(shop))
        assert handed.waiting == handed.refused == 0
        assert counterpart.queue.waiting(10) == counterpart.queue.refused() == []
        assert set(found) == kept >= sold
        assert set(found.values()) <= {1}
        assert seen(shop, anna).receipts == len(kept)
        counterpart.client.close()
        counterpart.queue.close()
        shop.close()


def test_the_example_of_the_docs_sells_with_the_agent_and_hands_over_without_it(
    shop: Shop, tmp_path: Path
) -> None:
    example = ROOT / "docs" / "till_example.py"
    shop.clock.move(seconds=(SystemClock().now() - shop.clock.now()).total_seconds())
    anna, file = anna_of(shop), str(tmp_path / "till.db")
    assert len(example.read_text("utf-8").splitlines()) <= 30

    def run(address: str) -> list[str]:
        done = subprocess.run(  # noqa: S603
            [sys.executable, str(example), address, file, anna.card],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=SHELL_S,
            check=True,
        )
        return done.stdout.splitlines()

    without = run("http://127.0.0.1:9")
    with serving(shop.station) as address:
        with_agent = run(address)

    assert without == [
        "owed 200000 None",
        "HandedOver(taken=0, waiting=1, refused=0)",
    ]
    assert with_agent[0].startswith("committed 200000 ")
    assert with_agent[1] == "HandedOver(taken=1, waiting=0, refused=0)"
    assert len(sales(shop)) == 2
    assert look_up(shop.station, sales(shop)[0].receipt.uid).state == "committed"
