"""A restored centre is another one: its rows are read anew, and it hears what it lacks."""

from uuid import UUID

import pytest

from agent import epochs, lives
from agent.journal import store as journal
from agent.leases import store as holds
from agent.link import LinkDownError
from agent.meeting import meet
from agent.push import Pushed, push
from agent.replica import store as rows
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LeaseRaise, LifeBegan
from shared.wire.codec import encode
from shared.wire.facts import FactKind, HeldLease, LeasesReported, body_of
from shared.wire.feed import (
    GLOBAL,
    Change,
    Segment,
    changes_of,
    region_stream,
    store_stream,
    write_segment,
)
from shared.wire.push import Cover, Outcome, OutcomeKind, PushAnswer, PushBatch
from shared.wire.rows import AccountRow, Row, key_of, kind_of
from tests.agent.kit import facts, kinds, lot_seen, sell
from tests.builders import (
    GOODS,
    INCARNATION,
    REGION,
    STORE,
    Person,
    PersonLot,
    Shop,
    basket,
    identifier_rows,
    keys_row,
    lease_row,
    member_row,
    pack_row,
    settings_row,
)

LATER = UUID(int=99)
LEASED = 50_000


@pytest.fixture
def lot() -> PersonLot:
    return PersonLot(LEASED, leased=LEASED)


@pytest.fixture
def anna(shop: Shop, lot: PersonLot) -> Person:
    person = Person(lot)
    shop.member(person)
    meet(shop.station)
    return person


def accept(batch: PushBatch) -> PushAnswer:
    return covered_at(batch, 1_000)


def covered_at(batch: PushBatch, number: int) -> PushAnswer:
    covers = (Cover(GLOBAL, number),)
    outcomes = tuple(
        Outcome(fact.seq, fact.id, OutcomeKind.ACCEPTED, "", None, covers) for fact in batch.facts
    )
    return PushAnswer(batch.incarnation or INCARNATION, batch.head.seq + 1, outcomes)


def push_all(shop: Shop) -> None:
    shop.link.answer_push = accept
    while push(shop.station) is Pushed.SOME:
        pass


def piece(stream: str, *rows: Row) -> list[Segment]:
    changes = [
        Change(number, kind_of(row).value, key_of(row), encode(row))
        for number, row in enumerate(rows, 1)
    ]
    return [write_segment(stream, LATER, 1, len(rows), changes)]


def restore_centre(shop: Shop, who: Person, lot: PersonLot, granted: int, expects: int) -> None:
    """Let the centre live again with the rows of a backup that has facts below `expects`."""
    account = AccountRow(who.account, who.id, 0, (lot.row,))
    member: tuple[Row, ...] = (member_row(who), *identifier_rows(who), account)
    shop.link.segments = {
        GLOBAL: piece(GLOBAL, keys_row(), pack_row(), *member),
        store_stream(STORE): piece(
            store_stream(STORE), settings_row(), lease_row(shop, who, lot, granted)
        ),
        region_stream(REGION): piece(region_stream(REGION), *GOODS),
    }
    shop.link.incarnation = LATER
    shop.link.lives = (*shop.link.lives, LifeBegan(LATER, 0))
    shop.link.expects = expects


def files(shop: Shop) -> set[str]:
    return {path.name for path in shop.station.data_dir.glob("replica-*.db")}


def reports(shop: Shop) -> list[LeasesReported]:
    bodies = [body_of(fact) for fact in facts(shop) if fact.kind == FactKind.LEASES_REPORTED]
    return [body for body in bodies if isinstance(body, LeasesReported)]


def test_the_first_life_is_noted_and_met_again_changes_nothing(shop: Shop) -> None:
    before = shop.station.replica
    for _ in range(2):
        meet(shop.station)

    with reading(shop.station.journal) as connection:
        assert lives.last(connection) == lives.Life(1, INCARNATION, lives.FIRST_FILE)
    assert shop.station.replica is before
    assert kinds(shop) == []


def test_another_lifes_rows_are_read_into_a_new_file(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    current = lives.current_file(shop.station.journal)
    assert current != lives.FIRST_FILE
    assert str(shop.station.replica.url.database).endswith(current)
    assert files(shop) == {lives.FIRST_FILE, current}
    shop.restart()
    assert files(shop) == {current}
    assert lot_seen(shop, anna, lot).amount == LEASED


def test_a_life_that_was_left_for_another_one_is_met_again(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    """A restored copy answered for a while, then the database that it was made of goes on."""
    meet(shop.station)
    former = shop.link.lives
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    meet(shop.station)
    shop.link.segments = {
        name: [write_segment(name, INCARNATION, one.first, one.last, changes_of(one))]
        for name, (one,) in shop.link.segments.items()
    }
    shop.link.incarnation, shop.link.lives = INCARNATION, former

    meet(shop.station)
    shop.restart()

    with reading(shop.station.journal) as connection:
        met = lives.last(connection)
    assert met is not None
    assert (met.no, met.incarnation) == (3, INCARNATION)
    assert [report.incarnation for report in reports(shop)] == [LATER, INCARNATION]
    assert lot_seen(shop, anna, lot).amount == LEASED


def test_selling_goes_on_from_the_old_rows_until_the_new_are_whole(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    fetch = shop.link.segment

    def sell_meanwhile(stream: str, after: int, again: int = 0) -> Segment | None:
        sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=100))
        return fetch(stream, after, again)

    shop.link.segment = sell_meanwhile  # type: ignore[method-assign]
    meet(shop.station)
    spent = 100 * (len(kinds(shop)) - 1)

    assert spent
    assert lot_seen(shop, anna, lot).amount == LEASED - spent
    assert lot_seen(shop, anna, lot).here == LEASED - spent


def test_what_is_shown_stays_though_the_centre_has_forgotten_it(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    push_all(shop)
    before = lot_seen(shop, anna, lot).amount
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    assert (before, lot_seen(shop, anna, lot).amount) == (LEASED - 20_000, LEASED - 20_000)
    assert lot_seen(shop, anna, lot).here == LEASED - 20_000


def test_what_the_backup_lacks_is_shown_though_others_have_sent_much_since(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    """The number that covered the sale in the life before is behind this one's by now."""
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    shop.link.answer_push = lambda batch: covered_at(batch, 2)
    push(shop.station)
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    shop.link.lives = (*shop.link.lives[:-1], LifeBegan(LATER, 1))

    meet(shop.station)

    assert lot_seen(shop, anna, lot).amount == LEASED - 20_000


def test_what_was_lost_with_a_life_that_this_store_never_met_is_shown(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    """The first backup lacked the sale; the second, of the life between, begins behind its number.

    The numbers up to there are of other facts.
    """
    meet(shop.station)
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    shop.link.answer_push = lambda batch: covered_at(batch, 2)
    push(shop.station)
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    first = shop.link.lives[0]
    shop.link.lives = (first, LifeBegan(UUID(int=7), 1), LifeBegan(LATER, 3))

    meet(shop.station)

    assert lot_seen(shop, anna, lot).amount == LEASED - 20_000


def test_a_sale_that_the_backup_has_is_shown_again_when_rows_go_back(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    restore_centre(shop, anna, lot, granted=LEASED, expects=2)
    meet(shop.station)
    assert lot_seen(shop, anna, lot).amount == LEASED

    with transaction(shop.station.replica) as connection:
        rows.put_cursor(connection, GLOBAL, 1, LATER)

    assert lot_seen(shop, anna, lot).amount == LEASED - 20_000


def test_a_sale_that_the_backup_has_is_shown_once_though_the_store_was_written_off(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000))
    epochs.bar(shop.station, "written_off", shop.station.clock.now())
    restore_centre(shop, anna, lot, granted=LEASED, expects=2)
    shop.link.knows_hash = facts(shop)[0].hash

    meet(shop.station)

    assert lot_seen(shop, anna, lot).amount == LEASED


def test_what_the_backup_lacks_is_sent_again_with_the_report_behind_it(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    for _ in range(3):
        sell(shop, basket(shop))
    push_all(shop)
    shop.link.pushed.clear()
    restore_centre(shop, anna, lot, granted=LEASED, expects=2)

    meet(shop.station)
    push_all(shop)

    (batch,) = shop.link.pushed
    assert batch.incarnation == LATER
    assert [fact.seq for fact in batch.facts] == [2, 3, 4]
    assert batch.facts[-1].kind == FactKind.LEASES_REPORTED


def test_what_another_copy_of_the_disk_has_sent_is_not_taken_for_ones_own(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    for _ in range(3):
        sell(shop, basket(shop))
    push_all(shop)
    shop.link.pushed.clear()
    restore_centre(shop, anna, lot, granted=LEASED, expects=3)
    shop.link.knows_hash = b"of another's second fact"

    meet(shop.station)
    push_all(shop)

    (batch,) = shop.link.pushed
    assert [fact.seq for fact in batch.facts] == [1, 2, 3, 4]


def test_the_report_names_the_highest_number_that_was_told_of_each_lease(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    shop.lease(anna, lot, LEASED + 5_000)
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    (report,) = reports(shop)
    held = (HeldLease(lot.row.id, anna.account, LEASED + 5_000),)
    assert (report.incarnation, report.leases, report.parts_left) == (LATER, held, 0)


@pytest.mark.parametrize(("answered", "told"), [(60_000, 60_000), (40_000, LEASED)])
def test_the_report_knows_of_answers_to_asks_too(
    shop: Shop, anna: Person, lot: PersonLot, answered: int, told: int
) -> None:
    with transaction(shop.station.journal) as connection:
        holds.put_answer(connection, 1, LeaseRaise(lot.row.id, anna.account, answered, 1_000))
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    (report,) = reports(shop)
    assert [held.granted for held in report.leases] == [told]


def test_a_lease_that_is_used_up_and_one_of_an_ended_epoch_are_not_reported(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=LEASED))
    other = PersonLot(10_000, number=2)
    shop.feed(store_stream(STORE), lease_row(shop, anna, other, 10_000, epoch=7))
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    (report,) = reports(shop)
    assert report.leases == ()


def test_a_report_of_several_parts_is_whole(
    shop: Shop, anna: Person, lot: PersonLot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives, "REPORT_LEASES_MAX", 2)  # else it takes thousands of leases
    more = [PersonLot(1_000, number=number) for number in range(2, 6)]
    for one in more:
        shop.lease(anna, one, 1_000)
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    told = reports(shop)
    assert [report.parts_left for report in told] == [2, 1, 0]
    assert [len(report.leases) for report in told] == [2, 2, 1]
    lots = {held.lot for report in told for held in report.leases}
    assert lots == {lot.row.id, *(one.row.id for one in more)}


def test_a_file_that_is_half_read_is_kept_at_start_and_read_on(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    fetch = shop.link.segment
    asked = []

    def cut_in_the_middle(stream: str, after: int, again: int = 0) -> Segment | None:
        asked.append((stream, after))
        if stream == region_stream(REGION) and len(asked) < 6:
            raise LinkDownError(reason="cut")
        return fetch(stream, after, again)

    shop.link.segment = cut_in_the_middle  # type: ignore[method-assign]
    with pytest.raises(LinkDownError):
        meet(shop.station)
    half = files(shop)
    shop.restart()
    swept = files(shop)

    meet(shop.station)

    assert len(half) == 2
    assert swept == half
    assert asked.count((GLOBAL, 0)) == 1
    assert {lives.current_file(shop.station.journal)} == half - {lives.FIRST_FILE}
    assert len(reports(shop)) == 1


def test_a_file_that_was_begun_for_a_life_that_is_over_too_is_not_used(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    (shop.station.data_dir / "replica-2-00000098.db").write_bytes(b"rows of another life")
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)

    meet(shop.station)

    assert files(shop) == {lives.FIRST_FILE, lives.current_file(shop.station.journal)}


def test_a_process_that_dies_before_it_has_noted_the_life_begins_again(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    """The rows are whole; the facts, the report and the note are one transaction."""
    sell(shop, basket(shop))
    push_all(shop)
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    shop.station.journal.dispose()
    with shop.station.journal.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER dies BEFORE INSERT ON life BEGIN SELECT RAISE(ABORT, 'dies'); END"
        )
    with pytest.raises(Exception, match="dies"):
        meet(shop.station)
    with reading(shop.station.journal) as connection:
        unsent = journal.next_to_send(connection, 1)
    after = (unsent, kinds(shop), lives.current_file(shop.station.journal))
    with shop.station.journal.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER dies")

    shop.restart()
    meet(shop.station)

    assert after == (2, ["receipt.committed"], lives.FIRST_FILE)
    assert len(reports(shop)) == 1


def test_a_process_that_dies_after_it_has_noted_the_life_works_with_its_file(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    meet(shop.station)

    shop.restart()
    meet(shop.station)

    assert len(reports(shop)) == 1
    assert files(shop) == {lives.current_file(shop.station.journal)}
