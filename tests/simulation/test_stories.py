"""Stories of stores that do not hear of each other, told step by step before the judge.

Each is told twice: as the product is, when everything must hold; and without the guard that the
story is about, when the judge must object.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agent.leases.beyond import Counted
from central.ingest.service import ForgedHeadError
from shared.ledger.books import Books, Holder
from tests.simulation import mutants
from tests.simulation.machine import KEEP_H
from tests.simulation.mutants import Faulty, patched
from tests.simulation.passes import forged
from tests.simulation.plan import Fault, Options, Step, make_plan
from tests.simulation.programmes import NO_CAPS
from tests.simulation.runner import simulate
from tests.simulation.till import Tills
from tests.simulation.told import ViolationError
from tests.simulation.wire import LineMode
from tests.simulation.world import World

HOUR_S, DAY_S = 3600, 86_400
LOAD_AT_H = 9
BASKET = [["CHEESE", 9000]]
GIFT_POINTS = 1_000
LONG_DAYS, TODAY = 300, 0
ALL, HALF, NOTHING = 1.0, 0.5, 0.0
PIECE = HALF
"""Of goods that come back it is one piece of nine."""
FREE = 0.3
"""Of the points that A holds a part of: the centre has as many free."""
VISITS = 6
A, B, C = 0, 1, 2
Told = Callable[["Story"], None]
Guards = tuple[tuple[str, Faulty], ...]


class Stage(World):
    """A world in which it is told, not drawn, at which copy of a disk something happens."""

    at_copy = False
    shows = -1
    """Which of his passes a customer shows: the newest, as long as nothing else is told."""

    def pass_shown(self, customer: int | None) -> str:
        codes = [] if customer is None or not self.options.of_pass else self.purses.codes[customer]
        return codes[self.shows] if codes else ""

    def at(self, store: int) -> Tills:
        twin = self.twins.get(store)
        return self.tills[store] if twin is None or not self.at_copy else twin


class Story:
    """A world in which steps follow each other by a second, as they are told."""

    def __init__(
        self, folder: Path, caps: tuple[int, int, int] = NO_CAPS, of_pass: int = 0
    ) -> None:
        options = Options(1, stores=3, days=1, caps=caps, of_pass=of_pass)
        self.world = Stage(folder, options)
        self.at_s, self.no = 4 * HOUR_S, 0
        self.anna = next(one.no for one in self.world.customers if one.stores == (A, B))
        self.sync(A, B, C)

    def do(self, what: str, store: int = -1, **args: object) -> None:
        self.at_s, self.no = self.at_s + 1, self.no + 1
        self.world.take(Step(self.no, self.at_s, what, store, args))

    def wait(self, seconds: int) -> None:
        self.at_s += seconds

    def push(self, store: int) -> None:
        self.do("push", store)

    def pull(self, store: int) -> None:
        self.do("pull", store, tail=False)

    def sync(self, *stores: int) -> None:
        for _ in range(2):
            for store in stores:
                self.push(store)
                self.pull(store)

    def grow_old(self, store: int) -> None:
        """Print and send everything, and let facts leave that may."""
        self.do("print", store)
        self.push(store)
        self.wait((KEEP_H + 1) * HOUR_S)
        self.pull(store)

    def line(self, mode: LineMode, *stores: int) -> None:
        """Set the line of stores, with that of their copies."""
        for tills in self.world.everywhere():
            if int(tills.code[:3]) - 101 in stores:
                tills.machine.line.mode = mode

    def down(self, *stores: int) -> None:
        """Cut the line of stores, and let them notice."""
        self.line(LineMode.DOWN, *stores)
        for store in stores:
            self.pull(store)

    def up(self, *stores: int) -> None:
        self.line(LineMode.UP, *stores)

    def register(self, store: int) -> None:
        self.do("register", store, customer=self.anna, variant=0)

    def gift(self, days: int = LONG_DAYS) -> None:
        self.do("gift", customer=self.anna, points=GIFT_POINTS + self.no, days=days)

    def ask_pass(self, *, anew: bool = False) -> None:
        self.do("pass", customer=self.anna, anew=anew)

    def reserve(self, store: int, share: float = ALL) -> str:
        """Reserve a share of what Anna could spend there; return the receipt's name."""
        name, redeem = f"receipt {self.no}", "exact" if share else "none"
        what = {"items": BASKET, "redeem": redeem, "share": share, "reserve": True}
        self.do("sell", store, receipt=name, customer=self.anna, **what)
        return name

    def spend(self, store: int, share: float = ALL) -> str:
        name = self.reserve(store, share)
        self.do("pay", store, receipt=name)
        return name

    def buy(self, store: int) -> str:
        return self.spend(store, NOTHING)

    def activate(self, store: int) -> None:
        self.do("activate", store, customer=self.anna)

    def bring_back(self, store: int, receipt: str, share: float = ALL) -> None:
        self.do("return", store, receipt=receipt, share=share)

    def spent(self, store: int) -> int:
        """Return what the receipts of a store have redeemed, in hundredths."""
        receipts = [one for one in self.world.receipts.values() if one.committed]
        return sum(
            one.claim.evaluation.redemption.redeemed
            for one in receipts
            if one.tills is self.tills(store)
        )

    def left_of_gifts(self) -> int:
        """Return what the centre's lots of the operator's gifts have left, in hundredths."""
        with self.world.central.centre.engine.connect() as central:
            query = "SELECT sum(balance) FROM lot WHERE kind = 'import'"
            return int(central.exec_driver_sql(query).scalar_one())

    def tills(self, store: int) -> Tills:
        return self.world.tills[store]

    def one_phone(self, *stores: int) -> tuple[int, int]:
        """Register Anna and another on her phone in two stores; return both, Anna first."""
        people = self.world.customers
        mine, his = self.anna, next(one.no for one in people if one.no != self.anna)
        people[his].phone, people[his].last = people[mine].phone, f"не {people[mine].last}"
        for self.anna, store in zip((mine, his), stores, strict=True):
            self.register(store)
            self.sync(store)
        self.anna = mine
        return mine, his

    def leased_member(self) -> None:
        """Register Anna at home with points, of which A and B hold leases."""
        self.register(A)
        self.sync(A)
        self.gift()
        self.sync(A, B, C)


def an_answer_that_comes_before_the_rows(story: Story) -> None:
    story.leased_member()
    story.down(A)
    story.spend(A)
    story.up(A)
    story.push(A)
    story.do("judge")
    story.spend(A)
    assert story.spent(A) > 0


def rows_that_go_back(story: Story) -> None:
    story.leased_member()
    story.do("image", A)
    story.gift()
    story.sync(A)
    story.down(A)
    story.spend(A)
    story.do("rows-back", A)
    story.spend(A)
    assert story.spent(A) > 0


def rows_of_another_life_in_a_new_file(story: Story) -> None:
    """B has asked for the free rest after the backup; the restored centre does not know."""
    story.leased_member()
    story.do("backup")
    story.spend(B, FREE)
    story.down(B)
    story.do("restore")
    story.pull(A)
    assert story.tills(A).machine.station.replica.url.database != "replica-1.db"
    story.spend(A)
    story.push(A)
    assert min(story.spent(A), story.spent(B)) > 0


def a_centre_restored_twice_while_a_store_is_away(story: Story) -> None:
    """What A has sent is in neither backup; the second begins behind the number it once had."""
    story.leased_member()
    story.do("backup")
    story.buy(A)
    story.sync(A)
    story.down(A)
    story.do("restore")
    story.sync(B, C)
    story.buy(B)
    story.sync(B, C)
    story.do("backup")
    story.do("restore")
    story.up(A)
    story.sync(A)
    assert "replica-3" in str(story.tills(A).machine.station.replica.url)
    story.buy(A)
    story.push(A)


def facts_that_leave_before_the_centre_goes_back(story: Story) -> None:
    """What the backup holds has left; what it does not hold is sent again, and a sale that has left
    comes back by what the centre knows of it."""
    story.leased_member()
    old = story.spend(A, FREE)
    story.sync(A)
    story.do("backup")
    for _ in range(3):
        story.buy(A)
    story.grow_old(A)
    assert story.world.counts["facts left"] > 0
    story.do("restore")
    story.sync(A)
    story.do("judge")
    story.bring_back(A, old)
    assert story.world.counts["returns"] == 1


def a_journal_of_which_all_could_leave(story: Story) -> None:
    story.leased_member()
    story.buy(A)
    story.sync(A)
    story.push(A)
    story.do("backup")
    story.grow_old(A)
    assert story.world.counts["facts left"] > 0
    story.buy(A)
    story.sync(A)


def a_raise_that_crosses_a_give_back(story: Story) -> None:
    story.leased_member()
    story.buy(A)
    story.push(A)
    story.down(A)
    story.do("cancel", B, receipt=story.reserve(B))
    story.push(B)
    story.up(A)
    story.pull(A)
    backs = "SELECT count(*) FROM fact WHERE kind = 'lease.given_back'"
    with story.tills(A).machine.station.journal.connect() as journal:
        assert journal.exec_driver_sql(backs).scalar_one() == 1
    story.reserve(A)
    story.push(A)
    story.spend(B, FREE)
    assert story.spent(B) > 0


def a_draw_that_is_quarantined(story: Story) -> None:
    story.leased_member()
    story.do("poison", A, customer=story.anna)
    story.push(A)
    story.spend(B, FREE)
    assert story.spent(B) > 0


def a_disk_that_is_copied_while_the_line_is_out(story: Story) -> None:
    """The copy has an open receipt with points when it comes back, so that its epoch must wait."""
    story.leased_member()
    story.down(A)
    story.do("clone", A)
    story.down(A)
    story.spend(A)
    story.world.at_copy = True
    story.spend(A, HALF)
    held = story.reserve(A)
    story.up(A)
    story.world.at_copy = False
    story.sync(A)
    story.world.at_copy = True
    story.push(A)
    story.do("judge")
    story.gift()
    story.do("judge")
    story.do("pay", A, receipt=held)
    story.sync(A)
    story.spend(A)
    assert story.spent(A) > 0


def points_that_are_born_on_a_copy(story: Story) -> None:
    """The copy holds some of them for an open receipt, so that its epoch must wait."""
    story.register(A)
    story.sync(A)
    story.down(A)
    story.do("clone", A)
    story.down(A)
    story.world.at_copy = True
    story.buy(A)
    story.activate(A)
    held = story.reserve(A)
    story.up(A)
    story.world.at_copy = False
    story.buy(A)
    story.push(A)
    story.world.at_copy = True
    story.push(A)
    story.world.at_copy = False
    story.pull(A)
    story.spend(A, HALF)
    story.world.at_copy = True
    story.do("pay", A, receipt=held)


def a_fenced_copy_and_a_restored_centre(story: Story) -> None:
    """What the fenced machine has sent is not in the backup, and it opens no session any more."""
    story.leased_member()
    story.do("clone", A)
    for at_copy in (False, True, False):
        story.world.at_copy = at_copy
        story.buy(A)
        story.push(A)
    assert story.world.twins[A].machine.station.identity.epoch == 2
    assert story.tills(A).machine.station.is_fenced
    story.do("backup")
    story.buy(A)
    story.push(A)
    story.do("restore")
    story.pull(A)
    story.push(A)


def an_epoch_that_both_copies_have_begun_in_two_lives(story: Story) -> None:
    """The copy's epoch must wait for its open receipt, and the backup is of then."""
    story.leased_member()
    story.do("clone", A)
    story.world.at_copy = True
    held = story.reserve(A)
    story.world.at_copy = False
    story.buy(A)
    story.push(A)
    story.world.at_copy = True
    story.buy(A)
    story.push(A)
    story.do("backup")
    story.do("pay", A, receipt=held)
    story.push(A)
    story.buy(A)
    story.push(A)
    assert story.world.twins[A].machine.station.identity.epoch == 2
    story.do("restore")
    story.world.at_copy = False
    story.sync(A)
    story.buy(A)
    story.push(A)
    assert story.tills(A).machine.station.identity.epoch == 2
    story.world.at_copy = True
    story.sync(A)
    assert story.world.twins[A].machine.station.is_fenced


def a_bit_that_turns_in_a_fact(story: Story) -> None:
    story.leased_member()
    story.down(A)
    story.spend(A)
    story.do("flip", A)
    story.up(A)
    story.sync(A)
    story.spend(B, FREE)


def a_disk_that_goes_back_while_the_line_is_out(story: Story) -> None:
    story.leased_member()
    story.do("image", A)
    story.down(A)
    story.spend(A)
    story.up(A)
    story.push(A)
    story.down(A)
    story.do("put-back", A)
    story.up(A)
    story.pull(A)
    story.reserve(A)


def sales_that_a_disk_has_lost(story: Story) -> None:
    """One was returned in part before the disk went back, and what is left of it afterwards."""
    story.leased_member()
    story.do("image", A)
    whole, part = story.buy(A), story.spend(A)
    story.bring_back(A, part, PIECE)
    begun = story.world.receipts[part]
    story.push(A)
    story.do("put-back", A)
    story.buy(A)
    story.down(A)
    story.bring_back(A, whole)
    assert story.world.counts["refused slip_needed"] == 1
    story.up(A)
    story.sync(A)
    story.bring_back(A, whole)
    if story.world.counts["returns of what a disk had lost"] != 1:
        raise ViolationError("history", "a sale of this store cannot be returned in it")
    story.world.receipts[part] = begun
    story.bring_back(A, part)
    assert story.world.counts["refused not_returnable"] == 1
    story.bring_back(A, part, PIECE)
    assert story.world.counts["returns of what a disk had lost"] == 2


def a_chain_born_in_a_silent_store(story: Story) -> None:
    """Registered, earned, activated, spent and returned before the centre hears of anything."""
    story.down(A, B)
    for store in (A, B):
        story.register(store)
        receipt = story.buy(store)
        story.activate(store)
        story.spend(store)
        story.bring_back(store, receipt)
        story.buy(store)
    assert min(story.spent(A), story.spent(B)) > 0
    story.up(A, B)
    story.sync(A, B)
    story.wait(2 * DAY_S)
    story.do("expire")


def a_merge_over_a_silent_stores_lease(story: Story) -> None:
    story.down(C)
    story.leased_member()
    story.down(A)
    story.world.customers[story.anna].cards, mine = [], story.world.customers[story.anna].cards
    story.register(C)
    story.world.customers[story.anna].cards = mine
    story.up(C)
    story.sync(C, B)
    for _ in range(VISITS):
        story.spend(B, FREE)
    story.spend(A)
    assert min(story.spent(A), story.spent(B)) > 0


def an_expiry_over_a_silent_stores_lease(story: Story) -> None:
    story.register(A)
    story.sync(A)
    story.gift(days=TODAY)
    story.sync(A, B)
    story.down(A)
    story.spend(A)
    story.wait(3 * DAY_S)
    story.do("expire")
    story.push(B)
    assert story.spent(A) > 0


def an_expiry_under_open_receipts(story: Story) -> None:
    """What receipts hold outlives the day; what is released burns on the next."""
    story.register(A)
    story.sync(A)
    story.gift(days=TODAY)
    story.sync(A)
    story.down(A)
    paid, released = story.reserve(A, HALF), story.reserve(A)
    story.up(A)
    for _ in range(3):
        story.wait(DAY_S)
        story.do("expire")
        story.sync(A)
    if not story.left_of_gifts():
        raise ViolationError("expiry", "what open receipts hold has burnt")
    story.do("cancel", A, receipt=released)
    story.do("pay", A, receipt=paid)
    story.sync(A)
    assert story.left_of_gifts() > 0
    story.wait(DAY_S)
    story.do("expire")
    assert story.left_of_gifts() == 0


def a_claw_back_over_a_silent_stores_lease(story: Story) -> None:
    """What a purchase has earned is leased to B, which is silent and spends it."""
    story.register(A)
    story.sync(A)
    receipt = story.buy(A)
    story.activate(A)
    story.sync(A, B)
    story.buy(B)
    story.sync(B, A)
    story.down(B)
    story.spend(B)
    story.bring_back(A, receipt)
    story.push(A)
    assert story.spent(B) > 0


def what_two_members_of_one_phone_get_in_turn(story: Story) -> None:
    """The birthday of Anna's first purchase is leased to A and given back with its void; then the
    other has it, and A spends it while it is silent."""
    _, his = story.one_phone(A, A)
    receipt = story.buy(A)
    story.sync(A)
    story.do("void", A, receipt=receipt)
    story.sync(A)
    story.anna = his
    story.buy(A)
    story.sync(A)
    story.down(A)
    story.spend(A, HALF)
    story.spend(A)
    assert story.spent(A) > 0


def a_restored_centre_hears_of_the_other_member_first(story: Story) -> None:
    """Anna's birthday is leased to A, which spends of it, and C has given it to the other too; both
    are not in the backup, and C tells of it first."""
    mine, his = story.one_phone(A, C)
    story.do("backup")
    story.buy(A)
    story.sync(A)
    story.anna = his
    story.buy(C)
    story.sync(C)
    story.anna = mine
    story.spend(A, HALF)
    story.push(A)
    story.do("restore")
    story.sync(C)
    story.sync(C)
    story.sync(A, B)
    assert story.spent(A) > 0


def as_of_the_journal(_original: Any) -> Any:
    """What is born on a copy of a disk is leased under the epoch that both copies have."""
    return property(lambda reading: Holder(reading.fact.agent, reading.fact.epoch))


def reclaiming(of: Callable[..., Any]) -> Faulty:
    """Let what stores hold be taken back without asking them, before something is done."""

    def faulty(original: Any) -> Any:
        def done(books_or_desk: Any, *rest: Any, **named: Any) -> Any:
            books: Books = getattr(books_or_desk, "books", books_or_desk)
            for lot in of(books, *rest):
                mutants.reclaim(books, lot)
            return original(books_or_desk, *rest, **named)

        return done

    return faulty


def by_its_own_key(original: Any) -> Any:
    """What another copy than the present one has signed is refused."""

    def check(connection: Any, sender: Any, batch: Any) -> int:
        signed_in = int(original(connection, sender, batch))
        if signed_in != batch.head.epoch:
            raise ForgedHeadError
        return signed_in

    return check


def shared_by_accounts(_original: Any) -> Any:
    """One lot of what a person gets once, whichever of his accounts has it."""
    return lambda once, _account: once


ALL_LOTS = reclaiming(lambda books, *_: list(books.lots.values()))
THE_LOT = reclaiming(lambda _books, lot, *_: [lot])

STORIES: tuple[tuple[Told, Guards], ...] = (
    (
        an_answer_that_comes_before_the_rows,
        (("agent.journal.store:_show", mutants.uncover),),
    ),
    (rows_that_go_back, (("shared.ledger.leases:spendable", mutants.forget_gone),)),
    (
        rows_of_another_life_in_a_new_file,
        (("central.leases.store:is_recovering", mutants.always(False)),),
    ),
    (
        a_centre_restored_twice_while_a_store_is_away,
        (("agent.lives:parted_at", mutants.of_the_last_life),),
    ),
    (
        facts_that_leave_before_the_centre_goes_back,
        (("central.backups.service:backed_up", mutants.backed_up_at_once),),
    ),
    (
        a_journal_of_which_all_could_leave,
        (("agent.journal.leaving:last_backed_up", mutants.the_end_too),),
    ),
    (
        a_raise_that_crosses_a_give_back,
        (("shared.ledger.postings:give_back", mutants.give_back_rest),),
    ),
    (a_draw_that_is_quarantined, (("central.ingest.envelopes:set_aside", mutants.always(None)),)),
    (
        a_disk_that_is_copied_while_the_line_is_out,
        (("central.leases.store:bars", mutants.always({})),),
    ),
    (sales_that_a_disk_has_lost, (("agent.history:fetch", mutants.always(0)),)),
    (
        points_that_are_born_on_a_copy,
        (("central.ingest.reading:Reading.holder", as_of_the_journal),),
    ),
    (
        a_fenced_copy_and_a_restored_centre,
        (("agent.epochs:send_last_again", mutants.always(None)),),
    ),
    (
        an_epoch_that_both_copies_have_begun_in_two_lives,
        (("central.ingest.service:_check", by_its_own_key),),
    ),
    (a_bit_that_turns_in_a_fact, (("shared.wire.facts:is_intact", mutants.always(True)),)),
    (
        a_disk_that_goes_back_while_the_line_is_out,
        (("agent.leases.lots:_open_here", mutants.spend_barred),),
    ),
    (
        a_chain_born_in_a_silent_store,
        (("central.ingest.receipts:_grant", mutants.once_each_time),),
    ),
    (
        a_merge_over_a_silent_stores_lease,
        (("central.ingest.registrations:_report", ALL_LOTS),),
    ),
    (
        an_expiry_over_a_silent_stores_lease,
        (("shared.ledger.postings:expire", mutants.expire_leases),),
    ),
    (
        an_expiry_under_open_receipts,
        (("shared.ledger.leases:to_give_back", mutants.give_back_held),),
    ),
    (a_claw_back_over_a_silent_stores_lease, (("shared.ledger.postings:take", THE_LOT),)),
    (
        what_two_members_of_one_phone_get_in_turn,
        (("agent.journal.once:account_lot", shared_by_accounts),),
    ),
    (
        a_restored_centre_hears_of_the_other_member_first,
        (("central.ingest.recovering:_move", mutants.always([])),),
    ),
)


def tell(folder: Path, told: Told) -> None:
    story = Story(folder)
    try:
        told(story)
        story.world.heal()
    finally:
        story.world.close()


EDGES = {
    sales_that_a_disk_has_lost: pytest.mark.edge("E79"),
    a_fenced_copy_and_a_restored_centre: pytest.mark.edge("E81"),
    an_expiry_under_open_receipts: pytest.mark.edge("E31"),
}


def by_name(told: Told) -> Any:
    marks = [EDGES[told]] if told in EDGES else []
    return pytest.param(told, id=told.__name__, marks=marks)


@pytest.mark.parametrize("told", [by_name(told) for told, _ in STORIES])
def test_everything_holds(tmp_path: Path, told: Told) -> None:
    tell(tmp_path, told)


@pytest.mark.parametrize(("told", "guards"), STORIES, ids=[told.__name__ for told, _ in STORIES])
def test_the_judge_objects_without_the_guard(tmp_path: Path, told: Told, guards: Guards) -> None:
    with ExitStack() as stack:
        for target, faulty in guards:
            stack.enter_context(patched(target, faulty))
        with pytest.raises(ViolationError):
            tell(tmp_path, told)


def three_silent_stores(folder: Path) -> int:
    """Let Anna spend in three stores that do not hear of each other, under a limit; return what
    the centre counts as debt when two of them have told (hundredths)."""
    story = Story(folder, mutants.CAPS)
    try:
        story.leased_member()
        story.down(A, B, C)
        for _ in range(VISITS):
            story.spend(C)
        story.spend(A)
        story.spend(B)
        story.up(A, C)
        story.sync(A, C)
        with story.world.central.centre.engine.connect() as central:
            debt = int(central.exec_driver_sql("SELECT sum(debt) FROM account").scalar_one())
        story.do("judge")
        story.up(B)
        story.world.heal()
    finally:
        story.world.close()
    return debt


def test_what_silent_stores_overspend_is_debt_within_the_bound(tmp_path: Path) -> None:
    _, of_member, _ = mutants.CAPS

    assert 0 < three_silent_stores(tmp_path) <= 2 * of_member


def test_the_judge_objects_when_the_limit_is_not_counted(tmp_path: Path) -> None:
    faulty = mutants.always(Counted())
    with patched("agent.leases.beyond:counted", faulty), pytest.raises(ViolationError) as found:
        three_silent_stores(tmp_path)

    assert found.value.invariant == "limit"


def one_pass_in_silent_stores(story: Story) -> None:
    """Anna shows one pass in three stores that do not hear of each other, twice in one."""
    story.leased_member()
    story.ask_pass()
    story.down(A, B, C)
    for store in (A, B, C, C):
        story.spend(store)
    assert story.world.counts["drawn by passes"] == 3
    story.up(A, B, C)
    story.sync(A, B, C)


def an_older_pass_in_a_silent_store(story: Story) -> None:
    """The newer one is drawn by first; then the older one is shown."""
    story.leased_member()
    story.ask_pass()
    story.ask_pass(anew=True)
    story.down(C)
    for shows in (-1, 0):
        story.world.shows = shows
        story.spend(C)
    assert story.world.counts["drawn by passes"] == 1


def a_pass_after_its_end(story: Story) -> None:
    story.leased_member()
    story.ask_pass()
    story.down(C)
    story.wait(DAY_S)
    story.spend(C)
    assert story.world.counts["pass_expired"] == 1


def a_forged_pass(story: Story) -> None:
    story.leased_member()
    story.ask_pass()
    codes = story.world.purses.codes[story.anna]
    codes.append(forged(codes[-1]))
    story.down(C)
    story.spend(C)
    assert story.world.counts["pass_foreign"] == 1


def a_pass_on_a_disk_that_went_back(story: Story) -> None:
    """What the disk had pushed of the use comes back with its next epoch, and the pass is over."""
    story.leased_member()
    story.do("image", C)
    story.ask_pass()
    story.down(C)
    story.spend(C)
    story.up(C)
    story.push(C)
    story.do("put-back", C)
    story.sync(C)
    story.sync(C)
    story.down(C)
    with story.tills(C).machine.station.journal.connect() as journal:
        known = journal.exec_driver_sql("SELECT count(*) FROM signed_pass").scalar_one()
    if known != 1:
        raise ViolationError("history", "the store has forgotten that a pass was used in it")
    story.spend(C)
    assert story.world.counts["pass_replaced"] == 1


MUCH = 600_00
"""Of a pass: three stores have more than Anna."""
PASSES: tuple[tuple[Told, Guards], ...] = (
    (one_pass_in_silent_stores, (("agent.leases.passes:check_unused", mutants.always(None)),)),
    (one_pass_in_silent_stores, (("agent.quote.offline:by_pass", mutants.ten_times),)),
    (
        one_pass_in_silent_stores,
        (("central.ingest.findings:_passed_again", mutants.always(None)),),
    ),
    (one_pass_in_silent_stores, (("central.ingest.envelopes:note_pass", mutants.always(None)),)),
    (
        an_older_pass_in_a_silent_store,
        (("agent.leases.passes:check_newest", mutants.always(None)),),
    ),
    (a_pass_after_its_end, (("agent.leases.passes:check_over", mutants.always(None)),)),
    (a_forged_pass, (("shared.wire.passes:Sealed.signed_by", mutants.always(True)),)),
    (a_pass_on_a_disk_that_went_back, (("agent.commit.recall:recall_pass", mutants.always(None)),)),
)


def with_passes(folder: Path, told: Told, of_pass: int = mutants.OF_PASS) -> tuple[int, list[str]]:
    """Tell a story of passes; return what is owed at its end (hundredths), and the conflicts."""
    story = Story(folder, of_pass=of_pass)
    try:
        told(story)
        story.do("judge")
        with story.world.central.centre.engine.connect() as central:
            debt = int(central.exec_driver_sql("SELECT sum(debt) FROM account").scalar_one())
            kinds = central.exec_driver_sql("SELECT kind FROM conflict ORDER BY kind").scalars()
            found = debt, list(kinds)
        story.world.heal()
    finally:
        story.world.close()
    return found


@pytest.mark.parametrize("told", dict.fromkeys(told for told, _ in PASSES))
def test_a_story_of_passes_holds(tmp_path: Path, told: Told) -> None:
    with_passes(tmp_path, told)


@pytest.mark.parametrize(("told", "guards"), PASSES)
def test_the_judge_objects_without_a_guard_of_passes(
    tmp_path: Path, told: Told, guards: Guards
) -> None:
    with ExitStack() as stack:
        for target, faulty in guards:
            stack.enter_context(patched(target, faulty))
        with pytest.raises(ViolationError):
            with_passes(tmp_path, told)


def test_what_one_pass_overspends_in_silent_stores_is_debt_within_the_bound(
    tmp_path: Path,
) -> None:
    debt, conflicts = with_passes(tmp_path, one_pass_in_silent_stores, MUCH)

    assert 0 < debt <= 3 * MUCH
    assert [kind for kind in conflicts if kind != "stale"] == 2 * ["pass_used_twice"]


def an_hour_back(options: Options) -> list[Step]:
    """Return a day of sales after which the centre goes on from a backup that is an hour old."""
    backup = Step(100_000, LOAD_AT_H * HOUR_S, "backup")
    restore = Step(100_001, (LOAD_AT_H + 1) * HOUR_S, "restore")
    steps = [*make_plan(options), backup, restore]
    return sorted(steps, key=lambda step: (step.at_s, step.no))


UNDER_LOAD = Options(1, stores=4, days=1, visits=30, faults=(Fault.NOISE,))


def test_a_centre_that_goes_back_an_hour_under_load_loses_nothing() -> None:
    result = simulate(UNDER_LOAD, an_hour_back(UNDER_LOAD))

    assert result.violation is None
    assert result.counts["centre restored"] == 1
