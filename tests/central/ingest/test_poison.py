"""Facts that cannot be posted: each gets its outcome, what it drew stays held, the rest goes on."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from central.centre import Centre
from central.conflicts.values import Role
from central.ingest import service as ingest
from central.ingest.store import FactTable
from central.schema import table_of
from shared.runtime.sqlite import reading
from shared.wire.codec import encode
from shared.wire.facts import (
    Birth,
    Envelope,
    Fact,
    FactKind,
    LeaseMove,
    MemberRegistered,
    ReceiptCommitted,
    decode_envelope,
    read_body,
    seal,
)
from shared.wire.feed import store_stream
from shared.wire.rows import OutcomeRow
from tests.central.chain_kit import balance, books, conflicts, kinds, rows
from tests.central.journal_builder import Journal, Person, Sold

Poison = Callable[[Journal, Fact], Fact]


def _body(**fields: object) -> Poison:
    def poison(_journal: Journal, fact: Fact) -> Fact:
        body = read_body(fact.kind, fact.body)
        return replace(fact, body=encode(_replaced(body, fields)))

    return poison


def _replaced(body: object, fields: dict[str, object]) -> object:
    assert isinstance(body, ReceiptCommitted)
    return replace(body, **fields)


def _envelope(change: Callable[[Envelope], Envelope]) -> Poison:
    def poison(_journal: Journal, fact: Fact) -> Fact:
        return replace(fact, envelope=encode(change(decode_envelope(fact.envelope))))

    return poison


def _move(**fields: int) -> Poison:
    return _envelope(lambda one: replace(one, moves=(replace(one.moves[0], **fields),)))


def _other_store(_journal: Journal, fact: Fact) -> Fact:
    body = read_body(fact.kind, fact.body)
    assert isinstance(body, ReceiptCommitted)
    return replace(
        fact, body=encode(replace(body, receipt=dataclasses.replace(body.receipt, store="102")))
    )


POISONS: dict[str, tuple[Poison, str]] = {
    "unknown kind": (lambda _j, fact: replace(fact, kind="coupon.burnt"), "unknown_kind"),
    "kind with a nul": (lambda _j, fact: replace(fact, kind="a\0b"), "unknown_kind"),
    "no body": (lambda _j, fact: replace(fact, body=b""), "body_unreadable"),
    "body of another kind": (
        lambda _j, fact: replace(fact, kind=str(FactKind.LEASE_ASKED)),
        "body_unreadable",
    ),
    "a deep body": (lambda _j, fact: replace(fact, body=b"\x91" * 5000), "body_unreadable"),
    "no envelope": (lambda _j, fact: replace(fact, envelope=b"?"), "envelope_unreadable"),
    "clock of year 70000": (lambda _j, fact: replace(fact, hlc=2**63 + 5), "clock_senseless"),
    "an instant of nowhere": (_body(at=datetime(2026, 3, 1)), "instant_without_zone"),  # noqa: DTZ001
    "another store's sale": (_other_store, "other_store"),
    "a draw that the body lacks": (_move(drawn=31_00, gone=31_00), "envelope_disagrees"),
    "a birth that the body lacks": (
        _envelope(lambda e: replace(e, births=(Birth(UUID(int=5), UUID(int=6), 5, 5),))),
        "envelope_disagrees",
    ),
    "more kept than born": (
        _envelope(lambda e: replace(e, births=(Birth(UUID(int=5), UUID(int=6), 5, 6),))),
        "envelope_senseless",
    ),
    "a negative draw": (_move(drawn=-30_00, gone=0), "envelope_senseless"),
    "a lot twice": (_envelope(lambda e: replace(e, moves=e.moves * 2)), "envelope_senseless"),
    "an endless number": (_move(gone=2**62), "envelope_senseless"),
    "another lot": (
        _envelope(
            lambda e: replace(
                e, moves=(LeaseMove(UUID(int=4), e.moves[0].account, 30_00, 0, 30_00),)
            )
        ),
        "envelope_disagrees",
    ),
    "points of nobody": (_body(member=None), "points_of_nobody"),
    "a member that is no member": (_body(member=5), "body_unreadable"),
}


def _earned(journal: Journal) -> tuple[Person, Sold]:
    person, _ = journal.register()
    return person, journal.sell(person, earn=[100_00])


def _poison(journal: Journal, fact: Fact, poison: Poison) -> None:
    """Let the journal's last fact say something else, whole and in its chain."""
    assert journal.facts[-1] is fact
    journal.facts[-1] = seal(poison(journal, fact))


@pytest.mark.parametrize(("poison", "reason"), POISONS.values(), ids=POISONS)
def test_a_poisoned_fact_is_quarantined_and_stops_nothing(
    centre: Centre, journal: Journal, poison: Poison, reason: str
) -> None:
    person, sold = _earned(journal)
    spent = journal.sell(person, spend=[(sold.lots[0], 30_00)])
    _poison(journal, spent.fact, poison)
    journal.sell(None)
    after = journal.register(name="Иван Сидоров", phone="+79160000000")[0]

    answer = journal.push()

    assert kinds(answer.outcomes) == ["accepted", "accepted", "quarantined", "accepted", "accepted"]
    assert answer.outcomes[2].reason == reason
    assert answer.expects == 6
    assert journal.push() == answer
    assert books(centre, after.account).accounts[after.account].member == after.member
    assert balance(centre, person.account) == 100_00


def test_what_a_quarantined_fact_drew_is_not_spent_again(centre: Centre, journal: Journal) -> None:
    """Rule 2: an overlay that vanishes with the quarantine lets the store spend again."""
    person, sold = _earned(journal)
    spent = journal.sell(person, spend=[(sold.lots[0], 30_00)])
    _poison(journal, spent.fact, lambda _j, fact: replace(fact, kind="receipt.swapped"))
    journal.push()

    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (100_00, 30_00)

    journal.sell(person, spend=[(sold.lots[0], 70_00)])
    assert kinds(journal.push().outcomes)[-1] == "accepted"
    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held, lot.free) == (30_00, 30_00, 0)


def test_what_draws_a_lot_of_a_quarantined_fact_waits_for_it_and_nothing_else_does(
    centre: Centre, journal: Journal
) -> None:
    person, old = _earned(journal)
    new = journal.sell(person, earn=[50_00])
    _poison(journal, new.fact, lambda _j, fact: replace(fact, kind="receipt.swapped"))
    journal.sell(person, spend=[(new.lots[0], 20_00), (old.lots[0], 30_00)], earn=[5_00])
    journal.sell(person, spend=[(old.lots[0], 10_00)])

    outcomes = journal.push().outcomes

    assert kinds(outcomes)[2:] == ["quarantined", "waiting", "accepted"]
    assert outcomes[3].waits_for == new.fact.id
    lot = books(centre, person.account).lot(old.lots[0])
    assert (lot.balance, lot.held) == (90_00, 30_00)


def test_a_quarantined_fact_that_is_reconsidered_frees_all_that_waited(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, old = _earned(journal)
    elsewhere = other.sell(person, earn=[50_00], kept=0)
    early = journal.sell(person, spend=[(elsewhere.lots[0], 20_00)], earn=[7_00])
    waits = journal.sell(person, spend=[(early.lots[0], 7_00), (old.lots[0], 30_00)], earn=[3_00])
    last = journal.sell(person, spend=[(waits.lots[0], 3_00)])
    assert kinds(journal.push().outcomes)[2:] == ["quarantined", "waiting", "waiting"]
    assert books(centre, person.account).lot(old.lots[0]).held == 30_00
    other.push()

    told = ingest.reconsider(centre, [early.fact.id], journal.clock.now())

    assert {told[fact.id].value for fact in journal.facts[2:]} == {"accepted"}
    assert kinds(journal.push().outcomes) == ["accepted"] * 5
    assert balance(centre, person.account) == 100_00 + 50_00 - 20_00 - 30_00
    assert books(centre, person.account).held == {}
    words = [
        row for row in rows(centre, store_stream("101")).values() if isinstance(row, OutcomeRow)
    ]
    assert {row.fact for row in words} == {early.fact.id, waits.fact.id, last.fact.id}
    assert all(row.covers for row in words)
    assert ingest.reconsider(centre, [early.fact.id], journal.clock.now()) == {}


def test_a_lot_that_nobody_brings_quarantines_its_draw(journal: Journal) -> None:
    person, _ = _earned(journal)
    journal.sell(person, spend=[(UUID(int=99), 1_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "unknown_lot")


def test_a_lot_of_another_account_is_not_drawn(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    victim, sold = _earned(journal)
    journal.push()
    thief, _ = other.register(name="Иван Сидоров", phone="+79160000000")
    other.sell(thief, spend=[(sold.lots[0], 50_00)])

    outcome = other.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "unknown_lot")
    assert balance(centre, victim.account) == 100_00


def test_a_lot_is_drawn_for_its_own_account_only(centre: Centre, journal: Journal) -> None:
    victim, sold = _earned(journal)
    thief, _ = journal.register(name="Иван Сидоров", phone="+79160000000")
    journal.sell(thief, spend=[(sold.lots[0], 50_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "lot_of_another")
    lot = books(centre, victim.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (100_00, 0)


@pytest.mark.parametrize("step", [-10_00, 10_00])
def test_a_count_that_does_not_go_on_is_quarantined_and_what_is_missing_is_held(
    centre: Centre, journal: Journal, step: int
) -> None:
    person, sold = _earned(journal)
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.gone[sold.lots[0]] += step
    journal.sell(person, spend=[(sold.lots[0], 20_00)])

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", "broken_count")
    lot = books(centre, person.account).lot(sold.lots[0])
    assert (lot.balance, lot.held) == (80_00, 20_00 + max(0, step))


def test_a_gap_in_the_count_stops_one_fact_and_not_the_next(journal: Journal) -> None:
    person, sold = _earned(journal)
    journal.gone[sold.lots[0]] = 10_00
    journal.sell(person, spend=[(sold.lots[0], 20_00)])
    journal.sell(person, spend=[(sold.lots[0], 20_00)])

    assert kinds(journal.push().outcomes)[2:] == ["quarantined", "accepted"]


def test_two_facts_of_one_receipt_are_one_sale_and_one_question(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, sold = _earned(journal)
    other.sell(person, earn=[100_00], uid=sold.uid)
    journal.push()

    outcome = other.push().outcomes[0]

    assert (outcome.kind, outcome.reason) == ("quarantined", "document_known")
    assert balance(centre, person.account) == 100_00


def test_the_same_id_with_other_bytes_never_wins(centre: Centre, journal: Journal) -> None:
    person, sold = _earned(journal)
    journal.push()
    again = journal.sell(person, earn=[999_00])
    journal.facts[-1] = seal(replace(again.fact, id=sold.fact.id))

    outcome = journal.push().outcomes[-1]

    assert (outcome.id, outcome.kind) == (sold.fact.id, "quarantined")
    assert outcome.reason == "same_id_other_bytes"
    assert journal.push().outcomes[-1] == outcome
    assert balance(centre, person.account) == 100_00


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"card_index": bytes(16)}, "card_disagrees"),
        ({"phone_index": bytes(16)}, "phone_disagrees"),
        ({"phone_index": b""}, "phone_disagrees"),
        ({"card_index": b"short"}, "registration_senseless"),
        ({"card_tail": "\0"}, "registration_senseless"),
    ],
)
def test_identifiers_that_are_not_the_persons_are_quarantined(
    journal: Journal, fields: dict[str, bytes], reason: str
) -> None:
    _, fact = journal.register()
    body = read_body(fact.kind, fact.body)
    assert isinstance(body, MemberRegistered)
    journal.facts[-1] = seal(replace(fact, body=encode(replace(body, **fields))))

    outcome = journal.push().outcomes[-1]

    assert (outcome.kind, outcome.reason) == ("quarantined", reason)


def test_a_phone_in_another_form_is_quarantined(journal: Journal) -> None:
    journal.register(phone="8 916 123-45-67")

    assert journal.push().outcomes[-1].reason == "phone_disagrees"


def test_every_quarantined_fact_leaves_a_record_that_a_person_can_read(
    centre: Centre, journal: Journal
) -> None:
    journal.append("coupon.burnt", b"")
    journal.push()

    with reading(centre.engine) as connection:
        kept = connection.execute(select(table_of(FactTable))).one()
    (record,) = conflicts(centre)
    assert (record.kind, record.named(Role.STORE)) == ("quarantined", ("101",))
    assert record.ids(Role.FACT) == (kept.id,)
    assert "its kind is not known here" in record.sentence.en
