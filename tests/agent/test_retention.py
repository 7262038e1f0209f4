"""Facts leave the journal when they are old and a backup of the centre holds them; nothing that is
still needed does, and nothing goes on otherwise than before."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection

from agent import epochs, history
from agent import identity as identities
from agent.commit.service import Committed, commit
from agent.jobs import Jobs
from agent.journal import answers
from agent.journal import service as chain
from agent.journal import store as journal
from agent.journal.answers import UidReusedError
from agent.journal.service import NewFact
from agent.leases import beyond
from agent.leases import store as leases
from agent.members.service import Registration, register
from agent.mirror import Mirror, unsent
from agent.printing import service as printing
from agent.push import Pushed, push
from agent.receipts import look_up
from agent.reserve import service as reserving
from agent.reserve.service import ReceiptEndedError
from agent.retention import LEAVE_MAX, ROWS_MAX, Retention
from agent.returns import elsewhere
from agent.returns.service import give_back_goods
from agent.returns.sources import DepartedReceiptError, UnknownReceiptError
from agent.returns.void import VoidOrder, void
from shared.crypto.chain import GENESIS
from shared.crypto.keys import verify
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import BackedUp, EpochAnswer, LeaseAsk, SaleAnswer, ToldReturn
from shared.wire.facts import Fact, FactKind, LeaseAsked, is_intact
from shared.wire.feed import GLOBAL
from shared.wire.push import (
    Cover,
    Outcome,
    OutcomeKind,
    PushAnswer,
    PushBatch,
    PushedFacts,
    head_bytes,
)
from tests.agent.kit import claim, paid, return_order, seen, sell, take_back
from tests.builders import INCARNATION, Person, PersonLot, Shop, basket
from tests.fakes import FakeClock
from tests.simulation.paper import PaperTray

KEEP = timedelta(days=1)
OLD = timedelta(days=1, hours=1)
EVERY = 10_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path, keep_facts_days=KEEP.days).open()
    made.link.answer_push = answering(OutcomeKind.ACCEPTED, 1)
    identities.save(made.station.data_dir, made.station.identity)
    yield made
    made.close()


def answering(kind: OutcomeKind, cover: int) -> Callable[[PushBatch], PushAnswer]:
    """What a centre says that gives one word to every fact."""

    def answer(batch: PushBatch) -> PushAnswer:
        outcomes = tuple(
            Outcome(fact.seq, fact.id, kind, "", None, (Cover(GLOBAL, cover),))
            for fact in batch.facts
        )
        return PushAnswer(INCARNATION, batch.head.seq + 1, outcomes)

    return answer


def facts(shop: Shop, line: int = 1) -> list[Fact]:
    """What a line of the journal still has."""
    with reading(shop.station.journal) as connection:
        return journal.facts_from(connection, shop.station.identity.agent, line, 1, EVERY)


def numbers(shop: Shop) -> list[int]:
    return [fact.seq for fact in facts(shop)]


def count(shop: Shop, table: str) -> int:
    with reading(shop.station.journal) as connection:
        found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(found.scalar_one())


def in_journal(shop: Shop, write: Callable[[Connection], object]) -> None:
    with transaction(shop.station.journal) as connection:
        write(connection)


def push_all(shop: Shop) -> None:
    while push(shop.station) is Pushed.SOME:
        pass


def print_all(shop: Shop) -> None:
    tray = PaperTray()
    while printing.print_next(shop.station, tray.printer())[0] is printing.Step.DONE:
        pass


def settle(shop: Shop) -> None:
    """Send and print everything."""
    push_all(shop)
    print_all(shop)


def back_up(shop: Shop) -> None:
    """Let a backup of the centre hold all that is in the journal."""
    last = facts(shop)[-1]
    shop.station.backed_up = (BackedUp(1, last.seq, last.hash),)


def go(shop: Shop, time: timedelta) -> None:
    shop.clock.at += time


def leave(shop: Shop, after: timedelta = OLD) -> int:
    """Let time pass, then let everything leave that may."""
    go(shop, after)
    retention, left = Retention(shop.station), 0
    while turn := retention.turn():
        left += turn
    return left


def days_of_sales(shop: Shop, sales: int = 4) -> list[Committed]:
    """Sell, send, print, and let a backup hold it all."""
    made = [sell(shop, basket(shop)) for _ in range(sales)]
    settle(shop)
    back_up(shop)
    return made


def test_old_facts_that_a_backup_holds_leave_with_all_that_is_of_them(shop: Shop) -> None:
    days_of_sales(shop)

    assert leave(shop) == 3

    assert numbers(shop) == [4]
    assert (count(shop, "ack"), count(shop, "receipt"), count(shop, "print_job")) == (1, 1, 1)
    assert count(shop, "claim") == 4, "that they are paid is known for good"


def test_what_no_backup_holds_stays(shop: Shop) -> None:
    days_of_sales(shop)
    shop.station.backed_up = ()

    assert leave(shop) == 0
    assert numbers(shop) == [1, 2, 3, 4]


def test_what_came_after_the_backup_stays(shop: Shop) -> None:
    days_of_sales(shop, 2)
    sell(shop, basket(shop))
    settle(shop)

    assert leave(shop) == 2
    assert numbers(shop) == [3]


def test_what_is_not_old_yet_stays(shop: Shop) -> None:
    days_of_sales(shop, 2)
    go(shop, KEEP / 2)
    days_of_sales(shop, 2)

    assert leave(shop, KEEP / 2 + timedelta(minutes=1)) == 2
    assert numbers(shop) == [3, 4]


def test_a_clock_that_is_ahead_lets_nothing_leave_until_the_time_is_trusted_again(
    shop: Shop,
) -> None:
    days_of_sales(shop)
    shop.link.up = False
    shop.clock.set_wrong(days=365)

    assert leave(shop, timedelta(hours=1)) == 0
    assert numbers(shop) == [1, 2, 3, 4]
    shop.clock.set_wrong()

    assert leave(shop) == 3


@pytest.mark.parametrize("sales", [1, 2 * LEAVE_MAX])
def test_a_clock_that_was_once_ahead_keeps_no_later_fact_for_longer(shop: Shop, sales: int) -> None:
    sell(shop, basket(shop))
    shop.link.up = False
    shop.clock.set_wrong(days=365)
    for _ in range(sales):
        sell(shop, basket(shop))
    shop.clock.set_wrong()
    shop.link.up = True
    made = days_of_sales(shop)
    ahead, last = range(2, 2 + sales), 1 + sales + len(made)

    go(shop, OLD)
    retention = Retention(shop.station)
    for _ in range(6):
        retention.turn()

    assert set(numbers(shop)) - set(ahead) == {last}


def test_what_stays_before_facts_of_a_clock_that_was_ahead_keeps_no_later_one(shop: Shop) -> None:
    """A person has to look at the first one: it is old, and stays."""
    shop.link.answer_push = answering(OutcomeKind.QUARANTINED, 1)
    sell(shop, basket(shop))
    push_all(shop)
    shop.link.answer_push = answering(OutcomeKind.ACCEPTED, 1)
    shop.link.up = False
    shop.clock.set_wrong(days=365)
    for _ in range(2 * LEAVE_MAX):
        sell(shop, basket(shop))
    shop.clock.set_wrong()
    shop.link.up = True
    made = days_of_sales(shop)
    ahead, last = range(2, 2 + 2 * LEAVE_MAX), 1 + 2 * LEAVE_MAX + len(made)

    go(shop, OLD)
    retention = Retention(shop.station)
    for _ in range(6):
        retention.turn()

    assert set(numbers(shop)) - set(ahead) == {1, last}


def test_what_another_branch_of_the_epoch_has_saved_stays(shop: Shop) -> None:
    """A copy of this disk has sent more: the backup has its facts at these places."""
    days_of_sales(shop)
    shop.station.backed_up = (BackedUp(1, 4, b"of the copy"), BackedUp(1, 9, b"beyond"))

    assert leave(shop) == 0


@pytest.mark.parametrize(
    "kind", [OutcomeKind.WAITING, OutcomeKind.QUARANTINED, OutcomeKind.DAMAGED]
)
def test_what_the_centre_has_not_posted_stays_and_holds_nothing_else_up(
    shop: Shop, kind: OutcomeKind
) -> None:
    sell(shop, basket(shop))
    shop.link.answer_push = answering(kind, 1)
    settle(shop)
    shop.link.answer_push = answering(OutcomeKind.ACCEPTED, 1)
    days_of_sales(shop, 3)

    assert leave(shop) == 2
    assert numbers(shop) == [1, 4]


def test_what_the_rows_do_not_show_yet_stays(shop: Shop) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    shop.member(anna)
    behind = shop.numbers[GLOBAL] + 1
    shop.link.answer_push = answering(OutcomeKind.ACCEPTED, behind)
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    sell(shop, basket(shop))
    settle(shop)
    back_up(shop)
    shown = seen(shop, anna).lots

    assert leave(shop) == 0
    assert seen(shop, anna).lots == shown
    shop.member(anna)
    assert leave(shop) == 1


def test_a_slip_on_its_way_to_paper_keeps_its_fact(shop: Shop) -> None:
    sell(shop, basket(shop))
    push_all(shop)
    back_up(shop)
    sell(shop, basket(shop))
    push_all(shop)

    assert leave(shop) == 0
    print_all(shop)
    assert leave(shop) == 1


def test_a_sale_stays_as_long_as_a_return_of_it(shop: Shop) -> None:
    sale = sell(shop, basket(shop))
    settle(shop)
    go(shop, OLD)
    take_back(shop, sale.receipt, (1, 400))
    days_of_sales(shop, 2)

    assert leave(shop, timedelta(minutes=1)) == 0
    assert look_up(shop.station, sale.receipt).state == "partially_returned"
    assert leave(shop) == 3, "its return and a sale, then itself"
    assert numbers(shop) == [4]


def test_a_sale_that_is_counted_beyond_the_leases_stays(shop: Shop) -> None:
    sales = days_of_sales(shop, 3)
    counted, account = sales[0], Person().account
    day = shop.clock.now().date()
    in_journal(shop, lambda c: beyond.put(c, counted.receipt, account, 100, day, counted.fact))

    assert leave(shop) == 1
    assert numbers(shop) == [1, 3]


def test_an_ask_that_no_fact_has_ended_keeps_its_fact(shop: Shop) -> None:
    """Its journal says what was asked for; the ask itself leaves with it."""
    at, receipt, account = shop.clock.now(), shop.uid(), Person().account
    ask = LeaseAsk(shop.uid(), shop.station.identity.agent, 1, receipt, account, 100)
    body = LeaseAsked(ask.ask, receipt, account, 100, at)
    new = NewFact(FactKind.LEASE_ASKED, body)
    in_journal(shop, lambda c: leases.add_ask(c, ask, at))
    in_journal(shop, lambda c: chain.append(c, shop.station, new, at))
    days_of_sales(shop, 2)

    assert leave(shop) == 1
    assert numbers(shop) == [1, 3]
    in_journal(shop, lambda c: leases.end_asks(c, receipt))
    assert leave(shop) == 1
    assert count(shop, "ask") == 0


def test_what_the_disk_has_changed_stays(shop: Shop) -> None:
    days_of_sales(shop)
    in_journal(
        shop, lambda c: c.exec_driver_sql("UPDATE fact SET body = zeroblob(9) WHERE seq = 2")
    )

    assert leave(shop) == 2
    assert numbers(shop) == [2, 4]


def test_what_this_version_cannot_read_leaves_too(shop: Shop) -> None:
    body = LeaseAsked(shop.uid(), shop.uid(), Person().account, 100, shop.clock.now())
    new = NewFact(FactKind.RECEIPT_COMMITTED, body)
    in_journal(shop, lambda c: chain.append(c, shop.station, new, shop.clock.now()))
    days_of_sales(shop, 2)

    assert leave(shop) == 2


def test_more_than_one_turn_takes_at_most_so_many_each(shop: Shop) -> None:
    days_of_sales(shop, LEAVE_MAX + 10)
    go(shop, OLD)
    retention = Retention(shop.station)

    assert [retention.turn(), retention.turn(), retention.turn()] == [LEAVE_MAX, 9, 0]


class OneTurn(FakeClock):
    """A clock by which a loop takes one turn."""

    turns = 0

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.turns += 1
        return super().wait(event, timeout_s) or self.turns > 1


def test_the_agent_takes_a_turn_whenever_it_tends_to_its_files(shop: Shop) -> None:
    days_of_sales(shop)
    shop.station = replace(shop.station, clock=OneTurn(shop.clock.now() + OLD))

    Jobs(shop.station)._tend()

    assert numbers(shop) == [4]


def test_a_store_without_a_printer_keeps_nothing_for_its_slips(shop: Shop) -> None:
    for _ in range(4):
        sell(shop, basket(shop))
    push_all(shop)
    back_up(shop)
    shop.station = replace(shop.station, clock=OneTurn(shop.clock.now() + OLD))

    Jobs(shop.station)._tend()

    assert printing.queued(shop.station) == {"expired": 1}
    assert numbers(shop) == [4]


# What goes on as before


def test_the_chain_goes_on_from_its_end_also_in_a_new_process(shop: Shop) -> None:
    days_of_sales(shop)
    whole = facts(shop)
    leave(shop)
    shop.restart()

    sell(shop, basket(shop))

    last = facts(shop)[-1]
    assert (last.seq, last.prev_hash) == (5, whole[-1].hash)
    assert last.hlc > whole[-1].hlc
    with reading(shop.station.journal) as connection:
        assert journal.hash_at(connection, 1, 3) == whole[2].hash, "as the next one tells it"
        assert journal.hash_at(connection, 1, 2) == b""
        assert journal.hash_at(connection, 1, 0) == GENESIS
        assert journal.next_unsent(connection, [1]) == (1, 5)
        assert journal.queue(connection, [1]).depth == 1


def test_mirror_and_export_have_what_is_not_sent(shop: Shop, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "disk")
    days_of_sales(shop)
    leave(shop)
    assert (mirror.write(shop.station), list(unsent(shop.station))) == (0, [])

    sell(shop, basket(shop))

    assert mirror.write(shop.station) == 1
    assert [fact.seq for batch in unsent(shop.station) for fact in batch.facts] == [5]


def test_a_centre_from_an_older_backup_is_told_that_nothing_is_left(shop: Shop) -> None:
    days_of_sales(shop)
    leave(shop)
    sell(shop, basket(shop))
    expects = iter([2])

    def forgetful(batch: PushBatch) -> PushAnswer:
        older = next(expects, 0)
        if older:
            return PushAnswer(INCARNATION, older, ())
        return answering(OutcomeKind.ACCEPTED, 1)(batch)

    shop.link.answer_push = forgetful
    shop.link.pushed.clear()

    push_all(shop)

    first, second = shop.link.pushed
    assert (first.lacks_from, second.lacks_from) == (0, 1)
    assert [fact.seq for fact in second.facts] == [4, 5]
    key = shop.station.identity.keys.public
    assert verify(key, head_bytes(second.head, second.lacks_from), second.signature)


def test_a_till_that_repeats_a_sale_long_after_sells_nothing_again(shop: Shop) -> None:
    sale = paid(shop, claim(shop, basket(shop)))
    commit(shop.station, sale, shop.clock.now())
    days_of_sales(shop, 1)
    leave(shop)
    before = numbers(shop)

    with pytest.raises(ReceiptEndedError):
        commit(shop.station, sale, shop.clock.now())

    assert count(shop, "answer") == 0
    assert numbers(shop) == before


def test_a_till_that_repeats_a_return_long_after_takes_nothing_back_again(shop: Shop) -> None:
    sale = sell(shop, basket(shop))
    order = return_order(shop, sale.receipt, (1, 400))
    give_back_goods(shop.station, order, shop.clock.now())
    days_of_sales(shop, 1)
    go(shop, OLD)
    Retention(shop.station).turn()
    before = numbers(shop)

    with pytest.raises(UidReusedError):
        give_back_goods(shop.station, order, shop.clock.now())

    assert numbers(shop) == before


def test_what_an_answer_was_stays_as_long_as_the_facts(shop: Shop) -> None:
    sale = paid(shop, claim(shop, basket(shop)))
    told = commit(shop.station, sale, shop.clock.now())
    days_of_sales(shop, 1)
    leave(shop, KEEP / 2)

    assert commit(shop.station, sale, shop.clock.now()) == told


def test_answers_are_gone_through_whatever_their_number(shop: Shop) -> None:
    for _ in range(ROWS_MAX + 1):
        in_journal(shop, lambda connection: remember(connection, shop))
    go(shop, OLD)
    in_journal(shop, lambda connection: remember(connection, shop))
    retention = Retention(shop.station)

    retention.turn()
    retention.turn()

    assert count(shop, "answer") == 1


def remember(connection: Connection, shop: Shop) -> None:
    answers.remember(connection, shop.uid(), "commit", b"", b"", shop.clock.now())


def test_a_receipt_that_has_left_says_where_it_is(shop: Shop) -> None:
    sale, *_ = days_of_sales(shop)
    leave(shop)

    with pytest.raises(DepartedReceiptError):
        look_up(shop.station, sale.receipt)
    undo = VoidOrder(shop.uid(), b"c", sale.receipt, "1")
    with pytest.raises(DepartedReceiptError):
        void(shop.station, undo, shop.clock.now())


def test_of_a_cancelled_receipt_only_that_it_has_ended_is_kept(shop: Shop) -> None:
    order = claim(shop, basket(shop))
    in_journal(
        shop,
        lambda c: reserving.cancel(c, shop.station, order.receipt.uid, shop.clock.now()),
    )
    days_of_sales(shop, 2)
    assert look_up(shop.station, order.receipt.uid).state == "cancelled"
    leave(shop)

    with pytest.raises(UnknownReceiptError):
        look_up(shop.station, order.receipt.uid)
    with pytest.raises(ReceiptEndedError):
        commit(shop.station, paid(shop, order), shop.clock.now())


def tell(shop: Shop, receipt: UUID, *returns: ToldReturn) -> None:
    """Let the centre tell of a sale, as when goods of it are to come back."""
    shop.link.sales[receipt] = SaleAnswer("102", b"a sale", returns)
    assert elsewhere.ask(shop.station, receipt, shop.clock.now())


def test_what_the_centre_told_of_a_sale_is_forgotten_but_for_what_came_back(shop: Shop) -> None:
    own = sell(shop, basket(shop)).receipt
    plain, returned = shop.uid(), shop.uid()
    tell(shop, own)
    tell(shop, plain)
    tell(shop, returned, ToldReturn("receipt.returned", b"a return"))
    leave(shop)

    with reading(shop.station.journal) as connection:
        query = "SELECT uid FROM told_sale"
        kept = {UUID(bytes=row[0]) for row in connection.exec_driver_sql(query)}
    assert kept == {own, returned}, "the own sale has not left"


def test_the_number_of_a_print_job_is_not_given_again(shop: Shop) -> None:
    """The printer may still echo it."""
    sell(shop, basket(shop))
    body = LeaseAsked(shop.uid(), shop.uid(), Person().account, 100, shop.clock.now())
    new = NewFact(FactKind.LEASE_ASKED, body)
    for _ in range(2):
        in_journal(shop, lambda c: chain.append(c, shop.station, new, shop.clock.now()))
    settle(shop)
    back_up(shop)
    assert leave(shop) == 2

    sell(shop, basket(shop))

    with reading(shop.station.journal) as connection:
        query = "SELECT max(job_no) FROM print_job"
        assert connection.exec_driver_sql(query).scalar_one() == 2


# Ended epochs


class Keeper:
    """A centre that has the whole of the first epoch, with a branch or without."""

    def __init__(self, line: list[Fact]) -> None:
        self.line = line
        self.asked: list[int] = []

    def tell(self, epoch: int, after: int) -> PushedFacts:
        assert epoch == 1
        self.asked.append(after)
        page = [fact for fact in self.line if fact.seq > after]
        hashes = {0: GENESIS, **{fact.seq: fact.hash for fact in self.line}}
        words = tuple(
            Outcome(fact.seq, fact.id, OutcomeKind.ACCEPTED, "", None, ()) for fact in page
        )
        upto = page[-1].seq if page else after
        return PushedFacts(hashes.get(after, b""), upto, tuple(page), words)


def begin_next(shop: Shop, line: list[Fact]) -> Keeper:
    keeper = Keeper(line)
    shop.link.answer_epoch = lambda request: EpochAnswer(request.epoch + 1, 77)
    shop.link.has_pushed = keeper.tell
    epochs.bar(shop.station, epochs.BEHIND, shop.clock.now())
    push_all(shop)
    assert shop.station.identity.epoch == 2
    return keeper


def test_what_has_left_an_ended_epoch_is_not_fetched_again(shop: Shop) -> None:
    days_of_sales(shop)
    keeper = begin_next(shop, facts(shop))
    leave(shop)

    assert history.fetch(shop.station) == 0
    assert (set(keeper.asked), numbers(shop)) == ({4}, [4])


def test_nor_when_the_centres_word_on_it_was_forgotten(shop: Shop) -> None:
    days_of_sales(shop)
    keeper = begin_next(shop, facts(shop))
    leave(shop)
    in_journal(shop, lambda c: journal.send_again(c, 1, 1))

    assert history.fetch(shop.station) == 0
    assert (keeper.asked[0], numbers(shop)) == (3, [4])


def test_nor_while_a_branch_is_followed_back(shop: Shop) -> None:
    """Places 1 to 3 have left; the disk went back to 4 and was written on, as another copy was."""
    days_of_sales(shop)
    shared = facts(shop)
    leave(shop)
    for _ in range(2):
        sell(shop, basket(shop))
    theirs = [fact for no, fact in enumerate(facts(other_branch(shop)), 1) if no > len(shared)]
    keeper = begin_next(shop, [*shared, *theirs])

    assert history.fetch(shop.station) == len(theirs)
    assert (keeper.asked[:2], numbers(shop)) == ([6, 3], [4, 5, 6])
    assert [fact.seq for fact in facts(shop, -1)] == [fact.seq for fact in theirs]


def test_of_a_line_that_shares_nothing_more_what_is_behind_it_is_fetched(shop: Shop) -> None:
    days_of_sales(shop)
    leave(shop)
    theirs = facts(other_branch(shop))
    keeper = begin_next(shop, theirs)

    assert history.fetch(shop.station) == 3
    assert keeper.asked[:2] == [4, 3]
    assert [fact.seq for fact in facts(shop, -1)] == [4, 5, 6]


def other_branch(shop: Shop) -> Shop:
    """Another journal of the same agent, as long as this one."""
    twin = Shop(shop.station.data_dir / "twin").open()
    twin.uid()
    for _ in range(6):
        sell(twin, basket(twin))
    twin.close()
    return twin


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Shop]:
    """A store that keeps facts for long, and who registered for a week."""
    made = Shop(tmp_path / "keeper", keep_facts_days=90, keep_personal_days=7).open()
    made.link.answer_push = answering(OutcomeKind.ACCEPTED, 1)
    yield made
    made.close()


def newcomer(keeper: Shop, phone: str = "+79161234567") -> None:
    order = Registration(keeper.uid(), b"content", "Анна Иванова", phone, "v1", cashier="7")
    register(keeper.station, order, keeper.clock.now())


def test_who_registered_leaves_the_journal_days_after_a_backup_has_it(keeper: Shop) -> None:
    name = "Анна Иванова".encode()
    newcomer(keeper)
    sell(keeper, basket(keeper))
    push(keeper.station)
    first = Retention(keeper.station)

    def told() -> list[bool]:
        return [name in fact.personal for fact in facts(keeper) if fact.personal_digest]

    keeper.clock.move(hours=24 * 8)
    first.turn()
    unsaved = told()
    back_up(keeper)
    sell(keeper, basket(keeper))
    first.turn()

    assert (unsaved, told()) == ([True], [False])
    assert all(map(is_intact, facts(keeper)))


def test_who_registered_lately_stays_though_a_backup_has_it(keeper: Shop) -> None:
    newcomer(keeper)
    sell(keeper, basket(keeper))
    push(keeper.station)
    back_up(keeper)
    keeper.clock.move(hours=24 * 6)

    Retention(keeper.station).turn()

    assert [bool(fact.personal) for fact in facts(keeper) if fact.personal_digest] == [True]


def test_who_registered_by_a_clock_that_was_ahead_stays_as_long_as_others(keeper: Shop) -> None:
    keeper.link.up = False
    keeper.clock.set_wrong(days=365)
    for no in range(LEAVE_MAX):
        newcomer(keeper, f"+79161234{no:03}")
    keeper.clock.set_wrong()
    keeper.link.up = True
    sell(keeper, basket(keeper))
    sell(keeper, basket(keeper))
    push_all(keeper)
    back_up(keeper)
    retention = Retention(keeper.station)

    def told() -> list[bool]:
        for _ in range(4):
            retention.turn()
        return [bool(fact.personal) for fact in facts(keeper) if fact.personal_digest]

    lately = told()
    keeper.clock.move(hours=24 * 8)

    assert lately == [True] * LEAVE_MAX
    assert told() == [False] * LEAVE_MAX
