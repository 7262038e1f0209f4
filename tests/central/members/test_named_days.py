"""Dates of a member's life, kept at the centre, reach the stores."""

from dataclasses import replace
from datetime import date

from central.centre import Centre
from central.feed import service as feed
from central.ledger import service as ledger
from central.members import service as members
from shared.member import NamedDay
from shared.runtime.sqlite import transaction
from shared.wire.feed import GLOBAL
from shared.wire.rows import MemberRow
from tests.central.chain_kit import rows
from tests.central.journal_builder import Journal


def test_named_days_of_a_member_come_down(centre: Centre, journal: Journal) -> None:
    anna, _ = journal.register()
    journal.push()

    with transaction(centre.engine) as connection:
        roll = members.load(connection, {anna.member}, ())
        books = ledger.load(connection, [anna.account])
        kept = roll.members[anna.member]
        roll.members[anna.member] = replace(kept, dates="wedding:2015-04-11 child:2022-01-02")
        roll.changed_members.add(anna.member)
        feed.append(connection, members.save(connection, roll, books))

    (row,) = [one for one in rows(centre, GLOBAL).values() if isinstance(one, MemberRow)]
    assert row.dates == (
        NamedDay("wedding", date(2015, 4, 11)),
        NamedDay("child", date(2022, 1, 2)),
    )
