"""Receipts are evaluated a second time: honest ones agree, and a stale view costs what it costs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from central.auditor import examining, findings, gathering, telling
from central.auditor import service as auditor
from central.auditor.bench import Bench
from central.auditor.judging import Rechecked
from central.auditor.store import DIVERGENT, Sums, Verdict
from central.centre import Centre
from central.conflicts.values import ConflictKind, Role
from central.ingest import store as ingest_store
from central.leases import recovery
from central.packs.library import Catalogue, Library
from central.packs.service import publish
from shared.clock import tick
from shared.member import DayCount, History, Use
from shared.money import format_money as money
from shared.points import format_points as points
from shared.rules.canonical import result_hash
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Trust
from shared.rules.tiers import tier_of
from shared.runtime.sqlite import reading
from shared.wire.facts import Fact, ReceiptCommitted, read_body
from shared.wire.feed import GLOBAL
from shared.wire.push import OutcomeKind
from shared.wire.rows import MemberRow
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.auditor.kit import (
    THOUSAND,
    WINE,
    Shop,
    audit,
    compiled,
    promised,
    rows,
    shop,
    sums,
)
from tests.central.chain_kit import balance, conflicts
from tests.central.chain_kit import rows as feed_rows
from tests.central.journal_builder import Journal, Person, Sold

HOUR = timedelta(hours=1)
"""Tomorrow of it in Moscow is no date."""
ONCE_A_DAY = """
  - id: daily
    title: {ru: Раз в день, en: Once a day}
    if: {member: known}
    then: [{effect: earn, wallet: bonus, points: 100.00, activation: at once, expiry: never}]
    limits: [{uses: 1, per: member, window: day}]
"""
Bend = Callable[[ReceiptCommitted], dict[str, Any]]


def registered(journal: Journal) -> Person:
    person, _ = journal.register()
    journal.push_new()
    return person


def test_an_honest_receipt_leaves_nothing_but_a_number(centre: Centre, journal: Journal) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    here.sell(anna, 10)
    here.sell(None, 5, WINE)
    journal.push_new()

    seen = audit(centre)

    assert seen == 3
    assert rows(centre) == {}
    assert sums(centre) == Sums(receipts=2)
    assert audit(centre) == 0


def test_a_receipt_by_an_older_tier_gets_the_missing_points_once_and_no_discount(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    here.sell(anna, 60)
    journal.push_new()
    audit(centre)
    clock.at += HOUR

    stale = there.sell(anna, 10, WINE)
    other.push_new()
    audit(centre)
    audit(centre)

    [lot] = promised(centre, anna)
    assert (lot.granted, lot.balance, lot.wallet) == (184_00, 184_00, "bonus")
    assert balance(centre, anna.account) == 1800_00 + 291_00 + 184_00
    row = rows(centre)[stale.id]
    assert (row.verdict, row.points, row.discount_minor) == (Verdict.SAME, 184_00, 200_00)
    assert sums(centre) == Sums(
        receipts=2, stale=1, discount_more_minor=200_00, points_more=184_00, granted=184_00
    )


def test_points_that_a_store_gave_too_many_are_not_taken(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    clock.at += HOUR

    here.sell(anna, 10, believed_minor=60 * THOUSAND)
    journal.push_new()
    audit(centre)

    assert promised(centre, anna) == []
    assert balance(centre, anna.account) == 500_00
    assert sums(centre) == Sums(receipts=1, stale=1, points_less=200_00)


@pytest.mark.edge("E60")
def test_a_late_receipt_that_crosses_a_threshold_in_the_past_mends_what_was_printed_after_it_once(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    here.sell(anna, 60)
    clock.at += HOUR
    printed = there.sell(anna, 10)
    other.push_new()
    audit(centre)
    assert (rows(centre), promised(centre, anna)) == ({}, [])

    journal.push_new()
    for _ in range(3):
        audit(centre)

    [lot] = promised(centre, anna)
    assert lot.granted == 200_00
    assert rows(centre)[printed.id].granted == 200_00
    assert balance(centre, anna.account) == 1800_00 + 300_00 + 200_00
    assert sums(centre) == Sums(receipts=2, stale=1, points_more=200_00, granted=200_00)


@pytest.mark.edge("E61")
def test_two_offline_stores_lift_the_tier_together_and_nothing_is_given_for_what_was_before(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    clock.at += HOUR
    here.sell(anna, 30, WINE)
    clock.at += HOUR
    there.sell(anna, 30, WINE)
    clock.at += HOUR

    journal.push_new()
    other.push_new()
    for _ in range(3):
        audit(centre)

    assert promised(centre, anna) == []
    assert sums(centre) == Sums(receipts=2)
    row = feed_rows(centre, GLOBAL)[b"member" + anna.member.bytes]
    assert isinstance(row, MemberRow)
    paid_minor = 2 * 29_100_00
    assert row.turnover_minor == paid_minor
    believed = here.journal.view(anna)
    tier = tier_of(here.pack, replace(believed, turnover_minor=paid_minor), clock.at.date())
    assert tier is not None
    assert tier.id == "silver"


def test_what_was_granted_grows_with_each_late_receipt_and_never_again(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    first = here.sell(anna, 60)
    clock.at += HOUR
    here.sell(anna, 100, believed_minor=60 * THOUSAND)
    clock.at += HOUR
    there.sell(anna, 10)
    other.push_new()
    audit(centre)
    journal.push(1, first.seq)
    audit(centre)

    journal.push_new()
    for _ in range(3):
        audit(centre)

    gold_less_start = 700_00 - 300_00
    assert sorted(lot.granted for lot in promised(centre, anna)) == [200_00, 200_00]
    assert sums(centre).granted == gold_less_start


def test_a_receipt_whose_goods_came_back_is_due_nothing_for_them(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    here.sell(anna, 60)
    journal.push_new()
    clock.at += HOUR
    fact = there.sell(anna, 10)
    sale = sale_of(fact)
    other.take_back(Sold(fact, sale.receipt.uid, (), sale), turnover=5 * THOUSAND, quantity=500)
    other.push_new()

    audit(centre)

    [lot] = promised(centre, anna)
    assert lot.granted == 100_00


def test_what_a_limit_had_given_until_a_later_void_was_given_then(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    """Once a day: the second receipt of the day got nothing, rightly; then the first is voided."""
    here = shop(centre, journal, wine_text().replace("\nrules:\n", f"\nrules:{ONCE_A_DAY}", 1))
    anna = registered(journal)
    first = here.sell(anna, 10)
    sale = sale_of(first)
    clock.at += HOUR
    used = tuple(Use(one.rule, sale.day, 1, one.points) for one in sale.evaluation.uses)
    then = DayCount(sale.day, 10 * THOUSAND, sale.evaluation.totals.earned_points, 1)
    seen = History(days=(then,), uses=used)
    here.sell(anna, 10, believed_minor=10 * THOUSAND, receipts=1, history=seen)
    clock.at += HOUR
    lots = tuple(lot.lot for lot in sale.granted)
    journal.void(Sold(first, sale.receipt.uid, lots, sale))
    assert [one.kind for one in journal.push_new()] == ["accepted"] * 4

    audit(centre)

    assert promised(centre, anna) == []
    assert sums(centre) == Sums(receipts=2)


def test_a_pack_that_had_come_into_force_counts_where_the_store_had_not_heard_of_it(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    newer = wine_text().replace("version: 1\n", "version: 2\n").replace("bonus: 3 %", "bonus: 4 %")
    publish(centre, newer.replace("2026-01-01T00:00", "2026-02-01T00:00"))
    clock.at += HOUR

    here.sell(anna, 10)
    journal.push_new()
    audit(centre)

    assert [lot.granted for lot in promised(centre, anna)] == [100_00]


def test_a_pack_that_was_published_later_or_was_not_in_force_yet_costs_nothing(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    here.sell(anna, 10)
    clock.at += HOUR
    newer = wine_text().replace("version: 1\n", "version: 2\n").replace("bonus: 3 %", "bonus: 4 %")
    publish(centre, newer)
    future = newer.replace("version: 2\n", "version: 3\n")
    publish(centre, future.replace("2026-01-01T00:00", "2026-12-01T00:00"))

    journal.push_new()
    audit(centre)

    assert sums(centre) == Sums(receipts=1)


def test_a_store_that_calculates_otherwise_is_found_and_its_receipt_stands(
    centre: Centre, journal: Journal
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    bent = compiled(wine_text().replace("bonus: 3 %", "bonus: 4 %"))
    fact = Shop(journal, replace(bent, pack_hash=here.pack.pack_hash)).sell(anna, 10)
    journal.push_new()

    audit(centre)
    audit(centre)

    assert rows(centre)[fact.id].verdict is Verdict.RESULT
    assert balance(centre, anna.account) == 400_00
    (told,) = conflicts(centre)
    assert (told.kind, told.subject) == (ConflictKind.DIVERGENCE_FOUND, fact.id)
    assert (told.named(Role.STORE), told.ids(Role.ACCOUNT)) == (("101",), (anna.account,))
    assert sums(centre) == Sums(receipts=1, divergent=1)


@pytest.mark.parametrize(
    ("verdict", "bend"),
    [
        (Verdict.RESULT, lambda _: {"result_hash": "00" * 32}),
        (Verdict.STATED, lambda sale: {"evaluation": replace(sale.evaluation, effects=())}),
        (Verdict.GRANTS, lambda sale: {"granted": (changed(sale.granted[0], amount=1),)}),
    ],
)
def test_a_fact_that_contradicts_itself_is_found(
    centre: Centre, journal: Journal, verdict: Verdict, bend: Bend
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    sale = sale_of(here.sell(anna, 10))
    journal.facts.pop()
    fact = here.write(changed(sale, **bend(sale)))
    journal.push_new()

    audit(centre)

    assert rows(centre)[fact.id].verdict is verdict


class TornLibrary(Library):
    """Gives a pack that no kernel can evaluate."""

    def pack(self, *_args: object) -> Any:
        return object()


def test_a_kernel_that_fails_is_a_verdict_and_ends_no_audit(
    centre: Centre, journal: Journal
) -> None:
    here = shop(centre, journal)
    sale = sale_of(here.sell(registered(journal), 10))
    journal.push_new()

    with reading(centre.engine) as connection:
        shelves = examining.Shelves(TornLibrary(), Catalogue((), ()))
        (fact,) = ingest_store.facts(connection, [here.journal.facts[-1].id])
        found = examining.compare(connection, shelves, fact, sale, Bench())

    assert found == examining.Compared(Rechecked(Verdict.FAILED, ""))


class CutOffLibrary(Library):
    """Loses the database at any pack but one."""

    def __init__(self, known: str) -> None:
        super().__init__()
        self.known = known

    def pack(self, connection: Connection, pack_hash: str) -> CompiledPack | None:
        if pack_hash != self.known:
            raise OperationalError("select", {}, Exception("gone"))
        return super().pack(connection, pack_hash)


def test_a_database_that_fails_amid_a_step_is_no_verdict_on_a_receipt(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    newer = wine_text().replace("version: 1\n", "version: 2\n")
    publish(centre, newer.replace("2026-01-01T00:00", "2026-02-01T00:00"))
    clock.at += HOUR
    here.sell(anna, 10)
    journal.push_new()

    with pytest.raises(OperationalError):
        auditor.run(centre, clock.at, CutOffLibrary(here.pack.pack_hash))

    assert conflicts(centre) == []
    audit(centre)
    assert sums(centre) == Sums(receipts=1)


def test_a_receipt_whose_pack_is_not_published_here_is_seen_again_when_it_is(
    centre: Centre, journal: Journal
) -> None:
    anna = registered(journal)
    fact = Shop(journal, compiled()).sell(anna, 10)
    journal.push_new()
    audit(centre)
    assert rows(centre)[fact.id].verdict is Verdict.UNKNOWN_PACK
    assert audit(centre) == 0

    publish(centre, wine_text())
    audit(centre)

    assert rows(centre)[fact.id].verdict is Verdict.SAME
    assert sums(centre) == Sums(receipts=1)
    assert audit(centre) == 0


@pytest.mark.parametrize("way", ["untrusted", "ahead", "set back"])
def test_receipts_of_a_clock_that_was_not_right_are_counted_apart(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock, way: str
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    here.sell(anna, 60)
    journal.push_new()
    clock.at += HOUR
    if way == "set back":
        other.hlc = tick(0, clock.at + HOUR)
    fact = there.sell(anna, 10, at=clock.at + (HOUR if way == "ahead" else timedelta()))
    if way == "untrusted":
        sale = sale_of(fact)
        other.facts.pop()
        sale = changed(sale, moment=replace(sale.moment, trusted=Trust.UNTRUSTED))
        there.write(again(there.pack, sale))
    other.push_new()

    audit(centre)

    assert promised(centre, anna) == []
    assert sums(centre) == Sums(receipts=2, untimed=1)


def test_a_receipt_that_was_damaged_is_seen_when_it_is_posted(
    centre: Centre, journal: Journal
) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    fact = here.sell(anna, 10)
    journal.rewrite(fact.seq, body=fact.body + b"x")
    journal.push_new()
    assert audit(centre) == 1
    assert sums(centre) == Sums()
    with reading(centre.engine) as connection:
        assert telling.standing(connection).gaps == 1

    journal.facts[fact.seq - 1] = fact
    assert journal.push_new()[-1].kind is OutcomeKind.ACCEPTED
    audit(centre)
    audit(centre)

    assert sums(centre) == Sums(receipts=1)
    with reading(centre.engine) as connection:
        assert telling.standing(connection).gaps == 0


def test_what_was_sold_on_a_branch_is_seen_once(centre: Centre, journal: Journal) -> None:
    here = shop(centre, journal)
    anna = registered(journal)
    twin = journal.twin()
    here.sell(anna, 10)
    journal.push_new()
    audit(centre)
    Shop(twin, here.pack).sell(anna, 20, believed_minor=10 * THOUSAND)
    twin.push_new()

    audit(centre)
    audit(centre)

    assert sums(centre) == Sums(receipts=2)


def test_a_step_that_another_process_has_taken_writes_nothing(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    here.sell(anna, 60)
    journal.push_new()
    clock.at += HOUR
    there.sell(anna, 10)
    other.push_new()
    found = auditor.look(centre, Library())
    assert found is not None

    seen = audit(centre)
    is_written = auditor.write(centre, found, clock.at)

    assert (seen, is_written) == (3, False)
    assert [lot.granted for lot in promised(centre, anna)] == [200_00]
    assert sums(centre).receipts == 2


def test_a_centre_that_waits_for_reports_goes_on_looking(centre: Centre, journal: Journal) -> None:
    here = shop(centre, journal)
    here.sell(registered(journal), 10)
    journal.push_new()
    recovery.begin(centre)

    audit(centre)

    assert sums(centre) == Sums(receipts=1)


def test_both_results_are_shown_line_by_line(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    anna = registered(journal)
    here.sell(anna, 60)
    journal.push_new()
    clock.at += HOUR
    sale = sale_of(there.sell(anna, 10, WINE))
    other.push_new()

    shown = telling.show(centre, sale.receipt.uid)

    lines = {line.name: (line.printed, line.again, line.ours) for line in shown.lines}
    assert lines["line 1 to pay"] == (money(970_000), money(970_000), money(950_000))
    assert lines["line 1 earned"] == (points(291_00), points(291_00), points(475_00))
    assert lines["tier"] == ("start -> start", "start -> start", "silver -> silver")
    assert not any(line.differs for line in shown.lines)
    with pytest.raises(telling.NoSuchReceiptError):
        telling.show(centre, anna.member)


def test_another_journal_with_less_to_see_is_not_held_up_by_a_long_one(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    here, there = shop(centre, journal), Shop(other, compiled())
    for _ in range(gathering.STEP_FACTS_MAX + 1):
        here.sell(None, 1)
    for first in range(1, len(journal.facts) + 1, 200):
        journal.push(first, first + 199)
    there.sell(None, 1)
    other.push_new()

    auditor.step(centre, Library(), centre.clock.now())

    with reading(centre.engine) as connection:
        behind = gathering.lag(connection)
    assert [holder.agent for holder in behind] == [journal.agent]


def sale_of(fact: Fact) -> ReceiptCommitted:
    sale = read_body(fact.kind, fact.body)
    assert isinstance(sale, ReceiptCommitted)
    return sale


def again(pack: CompiledPack, sale: ReceiptCommitted) -> ReceiptCommitted:
    """What a store would say of another moment."""
    found = evaluate(pack, sale.member, sale.receipt, sale.moment)
    return changed(sale, evaluation=found, result_hash=result_hash(found))


def test_every_divergence_has_words() -> None:
    assert findings.VERDICTS.keys() == set(DIVERGENT)


@pytest.mark.parametrize(
    ("points", "discount_minor", "told"),
    [
        (3_00, -90_30, "there would be 3,00 points more, the discount would be 90,30 less"),
        (-3_00, 0, "there would be 3,00 points fewer"),
        (0, 1, "the discount would be 0,01 more"),
        (0, 0, "points and discount would be the same"),
    ],
)
def test_the_centres_view_is_told_by_how_much_more_or_less(
    points: int, discount_minor: int, told: str
) -> None:
    assert findings.view_in_words(points, discount_minor).en == told
