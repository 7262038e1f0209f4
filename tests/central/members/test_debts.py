"""What is owed on the accounts of one person is paid by whatever he is granted; who is only said to
be him pays nothing, and nothing is paid for him."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, column, insert, select, table

from central.centre import Centre
from central.conflicts.service import Word
from central.ledger import service as ledger
from central.ledger.questions import OF_ANOTHER
from central.ledger.store import AccountTable
from central.members.store import Identifier, IdentifierState, IdentifierTable, MemberTable
from central.schema import MIGRATIONS, Table, migrate, table_of
from central.settling.copying import receipts_of
from central.settling.families import give_family_role, join_family, leave_family
from central.settling.people import merge_members, unmerge_member, verify_phone
from shared.crypto.blind import IdentifierKind
from shared.ids import derived
from shared.ledger.entries import Entry, EntryKind
from shared.member import NO_HISTORY, FamilyRole
from shared.runtime.sqlite import open_engine, reading, transaction
from tests.central.chain_kit import balance, books, kinds
from tests.central.journal_builder import NOON, Journal, Person
from tests.databases import Databases

WORD = Word("Ольга", "показал паспорт")
ANNA, BORIS, VERA = "+79160000001", "+79160000002", "+79160000003"
DEBT, SETTLE, CLAWBACK = EntryKind.DEBT, EntryKind.DEBT_SETTLE, EntryKind.CLAWBACK


def owed(centre: Centre, *people: Person) -> list[int]:
    found = books(centre, *(one.account for one in people))
    return [found.accounts[one.account].debt for one in people]


def entries(centre: Centre, person: Person, *kinds_: EntryKind) -> list[Entry]:
    with reading(centre.engine) as connection:
        found = ledger.entries_of(connection, person.account, 100)
    return [entry for entry in found if entry.kind in kinds_]


def spend_too_much(journal: Journal, person: Person, debt: int) -> UUID:
    """Let a person spend points that he has not got; return his lot, which is empty then."""
    (lot,) = journal.sell(person, earn=[10_00], kept=0).lots
    journal.sell(person, spend=[(lot, 10_00 + debt)])
    journal.clock.go(seconds=1)
    return lot


def earn(journal: Journal, person: Person, points: int, kept: int = 0) -> UUID:
    (lot,) = journal.sell(person, earn=[points], kept=kept).lots
    journal.clock.go(seconds=1)
    journal.push()
    return lot


def two(journal: Journal, phone: str = BORIS) -> tuple[Person, Person]:
    """Anna, and somebody who came after her; both are called the same."""
    anna, _ = journal.register(phone=ANNA)
    journal.push()
    journal.clock.go(seconds=1)
    other, _ = journal.register(phone=phone)
    journal.push()
    return anna, other


def test_what_the_survivor_is_granted_pays_what_who_joined_him_owes(
    centre: Centre, journal: Journal
) -> None:
    anna, boris = two(journal)
    spend_too_much(journal, boris, 30_00)
    journal.push()
    assert owed(centre, anna, boris) == [0, 30_00]

    merge_members(centre, anna.member, boris.member, WORD)
    lot = earn(journal, anna, 100_00)

    assert owed(centre, anna, boris) == [0, 0]
    assert balance(centre, anna.account) == 70_00
    (paid,) = entries(centre, boris, SETTLE)
    (taken,) = entries(centre, anna, CLAWBACK)
    assert (paid.amount, paid.lot, paid.document) == (-30_00, lot, taken.document)
    assert (taken.amount, taken.lot) == (-30_00, lot)
    with reading(centre.engine) as connection:
        moved = ledger.moved_by_kind(connection, NOON, NOON + timedelta(days=1))
    assert moved[OF_ANOTHER] == {SETTLE: -30_00}
    assert moved["purchase"][DEBT] == 30_00


def test_who_has_points_pays_his_own_debt_first(centre: Centre, journal: Journal) -> None:
    anna, boris = two(journal)
    spend_too_much(journal, anna, 20_00)
    spend_too_much(journal, boris, 30_00)
    journal.push()
    merge_members(centre, anna.member, boris.member, WORD)

    earn(journal, anna, 25_00)
    assert owed(centre, anna, boris) == [0, 25_00]

    earn(journal, anna, 40_00)
    assert owed(centre, anna, boris) == [0, 0]
    assert balance(centre, anna.account) == 15_00


def test_a_debt_that_comes_after_the_merge_is_paid_too(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """A store that has not heard of it tells late what somebody has spent of his former account."""
    anna, boris = two(journal)
    lot = earn(journal, boris, 10_00)
    merge_members(centre, anna.member, boris.member, WORD)
    other.sell(boris, spend=[(lot, 60_00)])
    assert kinds(other.push().outcomes) == ["adjusted"]
    (debt,) = owed(centre, boris)
    assert debt >= 50_00

    earn(journal, anna, debt - 5_00)

    assert owed(centre, anna, boris) == [0, 5_00]
    assert balance(centre, anna.account) == 0


def test_what_a_store_gives_back_pays_it_as_a_grant_does(centre: Centre, journal: Journal) -> None:
    anna, boris = two(journal)
    spend_too_much(journal, boris, 30_00)
    lot = earn(journal, anna, 40_00, kept=40_00)
    merge_members(centre, boris.member, anna.member, WORD)
    assert owed(centre, anna, boris) == [0, 30_00]

    journal.give_back(anna.account, (lot, 35_00))
    journal.push()

    assert owed(centre, anna, boris) == [0, 0]
    assert balance(centre, anna.account) == 10_00


def test_who_is_parted_owes_what_is_not_paid_and_each_side_tells_what_was(
    centre: Centre, journal: Journal
) -> None:
    anna, boris = two(journal)
    spend_too_much(journal, boris, 30_00)
    journal.push()
    merge_members(centre, anna.member, boris.member, WORD)
    lot = earn(journal, anna, 20_00)

    unmerge_member(centre, boris.member, WORD)
    earn(journal, anna, 15_00)
    assert owed(centre, anna, boris) == [0, 10_00]
    assert (balance(centre, anna.account), balance(centre, boris.account)) == (15_00, 0)

    earn(journal, boris, 15_00)
    assert owed(centre, anna, boris) == [0, 0]
    assert balance(centre, boris.account) == 5_00
    assert [entry.amount for entry in entries(centre, boris, DEBT, SETTLE)] == [
        30_00,
        -20_00,
        -10_00,
    ]
    by_anna = entries(centre, boris, SETTLE)[0]
    (taken,) = entries(centre, anna, CLAWBACK)
    assert (by_anna.lot, by_anna.document) == (taken.lot, taken.document)
    assert (taken.lot, taken.amount) == (lot, by_anna.amount)


def test_a_stranger_with_the_same_phone_pays_nothing_and_nothing_is_paid_for_him(
    centre: Centre, journal: Journal
) -> None:
    anna, stranger = two(journal, ANNA)
    spend_too_much(journal, stranger, 30_00)
    journal.push()

    earn(journal, anna, 40_00)
    assert owed(centre, anna, stranger) == [0, 30_00]
    assert balance(centre, anna.account) == 40_00

    spend_too_much(journal, anna, 50_00)
    earn(journal, stranger, 70_00)
    assert owed(centre, anna, stranger) == [50_00, 0]
    assert balance(centre, stranger.account) == 40_00


def test_who_has_shown_his_phone_owes_what_all_of_his_cards_have_left(
    centre: Centre, journal: Journal
) -> None:
    anna, again = two(journal, ANNA)
    spend_too_much(journal, again, 30_00)
    journal.push()

    verify_phone(centre, again.member, WORD)
    earn(journal, anna, 40_00)

    assert owed(centre, anna, again) == [0, 0]
    assert balance(centre, anna.account) == 10_00


@pytest.mark.parametrize("owing", [0, 1])
def test_who_has_taken_anothers_phone_pays_nothing_for_him(
    centre: Centre, journal: Journal, owing: int
) -> None:
    """He is known longer, so that the other joins him: it is he whose cards are limited."""
    both = two(journal)
    journal.edit(both[0], phone=BORIS)
    spend_too_much(journal, both[owing], 30_00)
    assert journal.push().outcomes[-3].kind == "adjusted"
    found = books(centre, both[0].account).accounts
    assert found[both[1].account].member == both[0].member

    earn(journal, both[1 - owing], 40_00)

    assert owed(centre, both[owing]) == [30_00]
    assert balance(centre, both[1 - owing].account) == 40_00


def test_who_joins_a_family_is_paid_for_and_takes_what_is_left_with_him(
    centre: Centre, journal: Journal
) -> None:
    head, relative = two(journal)
    spend_too_much(journal, relative, 30_00)
    journal.push()

    join_family(centre, relative.member, head.member, FamilyRole.REDEEMS, WORD)
    earn(journal, head, 20_00)
    leave_family(centre, relative.member, WORD)
    earn(journal, head, 20_00)

    assert owed(centre, head, relative) == [0, 10_00]
    assert balance(centre, head.account) == 20_00


@pytest.mark.parametrize("family", [True, False])
def test_whose_debt_others_have_paid_is_told_of_none_of_their_receipts(
    centre: Centre, journal: Journal, *, family: bool
) -> None:
    head, relative = two(journal)
    spend_too_much(journal, relative, 30_00)
    journal.push()
    if family:
        join_family(centre, relative.member, head.member, FamilyRole.REDEEMS, WORD)
    else:
        merge_members(centre, relative.member, head.member, WORD)
    lot = earn(journal, head, 20_00)
    if not family:
        unmerge_member(centre, relative.member, WORD)

    told = {one.member: str([*receipts_of(centre, one.member)]) for one in (head, relative)}

    assert owed(centre, relative) == [10_00]
    assert str(lot) in told[head.member]
    assert str(lot) not in told[relative.member]


def test_who_only_earns_for_his_family_owes_alone(centre: Centre, journal: Journal) -> None:
    head, relative = two(journal)
    spend_too_much(journal, relative, 30_00)
    journal.push()
    join_family(centre, relative.member, head.member, FamilyRole.EARNS, WORD)

    earn(journal, head, 20_00)
    assert owed(centre, relative) == [30_00]

    give_family_role(centre, relative.member, FamilyRole.REDEEMS, WORD)
    earn(journal, head, 20_00)
    assert owed(centre, relative) == [10_00]
    assert balance(centre, head.account) == 20_00


def put(connection: Connection, model: type[Table], row: dict[str, Any]) -> None:
    """Insert a row with the columns that a table had before."""
    known = table_of(model).c
    then = table(table_of(model).name, *(column(name, known[name].type) for name in row))
    connection.execute(insert(then).values(**row))


def test_who_joined_before_accounts_knew_of_it_stays_alone(
    tmp_path: Path, databases: Databases
) -> None:
    engine = open_engine(databases.bare(tmp_path / "central.db"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    names = ("anna", "claimed", "shown", "relative", "brought")
    people = {name: derived(name) for name in names}
    into = {"claimed": "anna", "shown": "anna", "brought": "claimed"}
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0034")
        for name, one in people.items():
            living = one if name == "relative" else people["anna"]
            put(
                connection,
                MemberTable,
                {
                    "id": one,
                    "state": "active",
                    "display_name": "",
                    "segments": "",
                    "home_store": "",
                    "person": b"",
                    "dates": "",
                    "known_at": NOON,
                    "edits": 0,
                    "family_role": "earns" if name == "relative" else "",
                    "merged_into": people.get(into.get(name, "")),
                    "relatives": 0,
                },
            )
            own = one if name == "claimed" else None
            kind, state = IdentifierKind.CARD, IdentifierState.CLAIMED
            card = Identifier(one.bytes, one, living, kind, "1", own, state)
            fields = IdentifierTable.model_fields
            put(connection, IdentifierTable, {each: getattr(card, each) for each in fields})
            account = {"account": one, "member": living, "owner": one, "opened_at": NOON}
            counted = {"debt": 0, "turnover_minor": 0, "receipts": 0, "passes_over": 0}
            put(connection, AccountTable, {**account, **counted, "history": NO_HISTORY})

    migrate(engine)

    accounts = table_of(AccountTable).c
    with reading(engine) as connection:
        limited = set(connection.scalars(select(accounts.owner).where(accounts.limited)))
    engine.dispose()
    assert limited == {people["claimed"], people["relative"], people["brought"]}
