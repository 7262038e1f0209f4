"""What a disk had lost comes back as history: found, returned, explained, and not sent again."""

import dataclasses
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent import counted, epochs, history
from agent import identity as identities
from agent.commit.service import Committed, commit
from agent.journal import store as journal
from agent.journal import uses
from agent.link import LinkDownError
from agent.members.service import Registration, find, register
from agent.operations import reprint_receipt
from agent.push import Pushed, push
from agent.quote.lines import Item
from agent.receipts import explained, look_up
from agent.reporting import compose
from agent.reserve.service import ReceiptEndedError
from agent.returns.by_slip import SlipUsedError
from agent.returns.shares import NotReturnableError, ReceiptVoidedError
from agent.returns.sources import UnknownReceiptError
from agent.returns.void import VoidOrder, void
from agent.till.metrics import gather
from shared.crypto.chain import GENESIS
from shared.receipt import Redeem
from shared.runtime.sqlite import reading
from shared.wire.agents import EpochAnswer
from shared.wire.facts import Fact
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.push import Cover, Outcome, OutcomeKind, PushAnswer, PushBatch, PushedFacts
from tests.agent.kit import claim, facts, lot_seen, paid, sell, take_back
from tests.agent.test_elsewhere import CAP, agent_row, bring, code_of, policy
from tests.builders import CHEESE, INCARNATION, STORE, Person, PersonLot, Shop, basket, cashier_row

LEASED, SPENT = 50_000, 20_000
BIRTHDAY = date(1990, 5, 20)
PAGE = 3
PIECE = 1000
COVER = 1_000


@dataclass
class Centre:
    """What a centre has of the first epoch: the line that it follows, and its word on each fact."""

    line: list[Fact] = field(default_factory=list)
    kind: OutcomeKind = OutcomeKind.ACCEPTED
    damaged: frozenset[int] = frozenset()
    asked: list[int] = field(default_factory=list)

    def accept(self, batch: PushBatch) -> PushAnswer:
        return PushAnswer(INCARNATION, batch.head.seq + 1, tuple(map(self.word, batch.facts)))

    def word(self, fact: Fact) -> Outcome:
        return Outcome(fact.seq, fact.id, self.kind, "", None, (Cover(GLOBAL, COVER),))

    def tell(self, epoch: int, after: int) -> PushedFacts:
        assert epoch == 1
        self.asked.append(after)
        page = [fact for fact in self.line if after < fact.seq <= after + PAGE]
        whole = tuple(fact for fact in page if fact.seq not in self.damaged)
        hashes = {0: GENESIS, **{fact.seq: fact.hash for fact in self.line}}
        upto = page[-1].seq if page else after
        return PushedFacts(hashes.get(after, b""), upto, whole, tuple(map(self.word, whole)))


@dataclass
class Loss:
    """A store whose disk has forgotten a sale that paid with points and of which half came back, a
    sale, one that was voided, and a registration."""

    shop: Shop
    centre: Centre
    sale: Committed
    other: Committed
    voided: Committed
    card: str

    def begin_next(self) -> None:
        epochs.bar(self.shop.station, epochs.BEHIND, self.shop.clock.now())
        push_all(self.shop)
        assert self.shop.station.identity.epoch == 2

    def fetch(self) -> int:
        return history.fetch(self.shop.station)


@pytest.fixture
def lot() -> PersonLot:
    return PersonLot(LEASED, leased=LEASED)


@pytest.fixture
def anna(shop: Shop, lot: PersonLot) -> Person:
    person = Person(lot)
    shop.member(person)
    return person


@pytest.fixture
def centre(shop: Shop) -> Centre:
    made = Centre()
    identities.save(shop.station.data_dir, shop.station.identity)
    shop.link.answer_push = made.accept
    shop.link.answer_epoch = lambda request: EpochAnswer(request.epoch + 1, 77)
    shop.link.has_pushed = made.tell
    return made


@pytest.fixture
def loss(shop: Shop, anna: Person, centre: Centre, tmp_path: Path) -> Loss:
    sell(shop, basket(shop))
    push_all(shop)
    shop.close()
    image = tmp_path / "image"
    image.mkdir()
    copy_journal(shop.station.data_dir, image)
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=SPENT))
    other = sell(shop, basket(shop))
    take_back(shop, sale.receipt, (1, PIECE // 2))
    shop.feed(store_stream(STORE), cashier_row("9", "Ольга", role="senior"))
    voided = sell(shop, basket(shop, member=anna))
    undo = VoidOrder(shop.uid(), b"c", voided.receipt, "1", cashier="9")
    void(shop.station, undo, shop.clock.now())
    order = Registration(shop.uid(), b"c", "Ольга Белова", "+79160000077", "v1", birthday=BIRTHDAY)
    card = register(shop.station, order, shop.clock.now()).card
    push_all(shop)
    centre.line = facts(shop)
    shop.close()
    copy_journal(image, shop.station.data_dir)
    return Loss(shop, centre, sale, other, voided, card)


def copy_journal(source: Path, target: Path) -> None:
    for path in target.glob("journal.db*"):
        path.unlink()
    for path in source.glob("journal.db*"):
        shutil.copy(path, target / path.name)


def push_all(shop: Shop) -> None:
    while push(shop.station) is Pushed.SOME:
        pass


def lines(shop: Shop) -> dict[int, int]:
    """Count the facts in each line of the journal."""
    with reading(shop.station.journal) as connection:
        query = "SELECT epoch, count(*) FROM fact GROUP BY epoch"
        return {row[0]: row[1] for row in connection.exec_driver_sql(query)}


def test_before_the_next_epoch_nothing_is_fetched(loss: Loss) -> None:
    assert loss.fetch() == 0

    assert loss.centre.asked == []


def test_facts_that_go_on_from_what_the_disk_has_take_their_places(loss: Loss) -> None:
    loss.begin_next()

    found = loss.fetch()

    assert found == len(loss.centre.line) - 1
    assert facts(loss.shop) == loss.centre.line
    assert loss.centre.asked == [1, 4, 7]


def test_facts_beside_a_branch_of_the_disk_stand_apart(loss: Loss) -> None:
    for _ in range(2):
        sell(loss.shop, basket(loss.shop))
    loss.begin_next()
    own = facts(loss.shop)

    loss.fetch()

    assert facts(loss.shop) == own
    assert lines(loss.shop) == {1: len(own), -1: len(loss.centre.line) - 1}
    assert look_up(loss.shop.station, loss.other.receipt).state == "committed"


def test_nothing_is_sent_again_and_no_lease_is_counted(loss: Loss) -> None:
    loss.begin_next()
    loss.shop.link.pushed.clear()

    loss.fetch()
    push_all(loss.shop)

    assert loss.shop.link.pushed == []
    with reading(loss.shop.station.journal) as connection:
        assert uses.every(connection, 1) == {}
        assert journal.queue(connection, loss.shop.station.identity.lines).depth == 0


def test_what_was_fetched_is_not_fetched_again(loss: Loss) -> None:
    loss.begin_next()
    loss.fetch()
    loss.shop.restart()
    loss.centre.asked.clear()

    assert loss.fetch() == 0
    assert loss.centre.asked == [7], "what a copy of the disk has pushed since is asked for"


def test_a_page_that_does_not_come_leaves_those_before_it(loss: Loss) -> None:
    loss.begin_next()

    def cut(epoch: int, after: int) -> PushedFacts:
        if after > 1:
            raise LinkDownError(reason="cut")
        return loss.centre.tell(epoch, after)

    loss.shop.link.has_pushed = cut
    with pytest.raises(LinkDownError):
        loss.fetch()
    loss.shop.link.has_pushed = loss.centre.tell

    assert loss.fetch() == len(loss.centre.line) - 1 - PAGE
    assert facts(loss.shop) == loss.centre.line


def test_a_lost_sale_is_found_explained_and_copied(loss: Loss) -> None:
    loss.begin_next()
    with pytest.raises(UnknownReceiptError):
        look_up(loss.shop.station, loss.sale.receipt)

    loss.fetch()

    found = look_up(loss.shop.station, loss.sale.receipt)
    assert (found.state, found.sync) == ("partially_returned", "accepted")
    assert found.print_state == "printed"
    assert "Списано бонусов" in found.slip_text
    assert "Баланс" not in found.slip_text
    assert explained(loss.shop.station, found).words["en"]
    copy = (loss.sale.receipt, loss.shop.uid(), b"", loss.shop.clock.now())
    assert reprint_receipt(loss.shop.station, *copy) == 1


def test_what_came_back_before_the_disk_forgot_does_not_come_back_twice(loss: Loss) -> None:
    loss.begin_next()
    loss.fetch()

    with pytest.raises(NotReturnableError):
        take_back(loss.shop, loss.sale.receipt, (1, PIECE))

    assert take_back(loss.shop, loss.sale.receipt, (1, PIECE // 2)).restored_points == SPENT // 2


def test_what_was_voided_before_the_disk_forgot_stays_undone(loss: Loss) -> None:
    loss.begin_next()
    loss.fetch()

    assert look_up(loss.shop.station, loss.voided.receipt).state == "voided"
    with pytest.raises(ReceiptVoidedError):
        take_back(loss.shop, loss.voided.receipt, (1, PIECE))


def test_goods_that_came_back_by_their_slip_do_not_come_back_by_it_twice(
    shop: Shop, centre: Centre, tmp_path: Path
) -> None:
    seller = Shop(tmp_path / "seller", store="102", seed=2).open()
    policy((seller, shop), CAP)
    shop.feed(GLOBAL, agent_row(seller))
    sale = sell(seller, basket(seller, Item(1, 2 * PIECE, CHEESE)))
    code = code_of(seller, sale)
    seller.close()
    shop.close()
    image = tmp_path / "image"
    image.mkdir()
    copy_journal(shop.station.data_dir, image)
    shop.link.up = False
    bring(shop, sale.receipt, (1, PIECE), slip=code)
    shop.link.up = True
    push_all(shop)
    loss = Loss(shop, centre, sale, sale, sale, "")
    centre.line = facts(shop)
    shop.close()
    copy_journal(image, shop.station.data_dir)
    sell(shop, basket(shop))
    loss.begin_next()
    loss.fetch()
    shop.link.up = False

    with pytest.raises(SlipUsedError):
        bring(shop, sale.receipt, (1, PIECE), slip=code)


def test_a_till_that_commits_a_lost_receipt_again_is_told_that_it_is_paid(loss: Loss) -> None:
    loss.begin_next()
    loss.fetch()
    sale = paid(loss.shop, claim(loss.shop, basket(loss.shop)))
    again = dataclasses.replace(sale, receipt=loss.other.receipt)

    with pytest.raises(ReceiptEndedError):
        commit(loss.shop.station, again, loss.shop.clock.now())


def test_who_was_registered_is_found_by_his_card(loss: Loss) -> None:
    loss.begin_next()
    assert find(loss.shop.station, loss.card) == []

    loss.fetch()

    (found,) = find(loss.shop.station, loss.card)
    assert (found.standing.display_name, found.standing.birthday) == ("Ольга Б.", BIRTHDAY)


def test_what_facts_changed_shows_until_the_rows_cover_it(
    loss: Loss, anna: Person, lot: PersonLot
) -> None:
    loss.begin_next()
    assert lot_seen(loss.shop, anna, lot).amount == LEASED

    loss.fetch()

    assert lot_seen(loss.shop, anna, lot).amount == LEASED - SPENT // 2


def test_damaged_and_forged_facts_are_left_out(loss: Loss) -> None:
    loss.centre.damaged = frozenset({2})
    loss.centre.line[2] = replace(loss.centre.line[2], body=b"another sale")
    loss.begin_next()

    found = loss.fetch()

    assert found == len(loss.centre.line) - 3
    assert lines(loss.shop) == {1: 1, -1: found}


def test_a_journal_that_is_written_anew_from_its_start_is_searched_back_to_it(loss: Loss) -> None:
    other = Shop(loss.shop.station.data_dir / "other").open()
    other.uid()
    for _ in range(2):
        sell(other, basket(other))
    own = facts(loss.shop)
    loss.centre.line = facts(other)
    other.close()
    loss.begin_next()

    assert loss.fetch() == 2

    assert (loss.centre.asked[0], loss.centre.asked[1]) == (1, 0)
    assert facts(loss.shop) == own


def test_what_a_restored_centre_is_sent_again_counts_as_unsent_wherever_it_is_told(
    loss: Loss,
) -> None:
    sell(loss.shop, basket(loss.shop))
    loss.begin_next()
    loss.fetch()
    station = loss.shop.station
    with station.journal.begin() as connection:
        for line in station.identity.lines:
            journal.send_again(connection, line, 1)

    told = gather(station, station.time.now())[counted.QUEUE]

    assert told == {(): sum(lines(loss.shop).values())}
    assert told == {(): compose(station).queue}


def test_a_restored_centre_is_sent_what_was_fetched(loss: Loss) -> None:
    sell(loss.shop, basket(loss.shop))
    loss.begin_next()
    loss.fetch()
    loss.shop.link.pushed.clear()

    with loss.shop.station.journal.begin() as connection:
        for line in loss.shop.station.identity.lines:
            journal.send_again(connection, line, 1)
    push_all(loss.shop)

    sent = {fact.id for batch in loss.shop.link.pushed for fact in batch.facts}
    assert {fact.id for fact in loss.centre.line} <= sent
    assert [batch.head.epoch for batch in loss.shop.link.pushed] == [1, 1]
