"""What people call the papers of records: numbers, days and stores in the place of ids."""

from central.centre import Centre
from central.conflicts.values import ConflictKind
from central.settling import naming
from central.settling.explaining import Explained, explain
from shared.runtime.sqlite import reading
from tests.central.chain_kit import conflicts
from tests.central.journal_builder import Journal


def shown_of(centre: Centre, kind: ConflictKind) -> Explained:
    """Return the one record of a kind, explained."""
    (record,) = (one for one in conflicts(centre) if one.kind is kind)
    return explain(centre, record.id)


def told_of(shown: Explained) -> tuple[str, list[str]]:
    """Return the sentence of a record, and what else is said of it, with names."""
    named = naming.in_locale(shown.names, "en")
    return (
        naming.told(shown.conflict.sentence.en, named),
        [naming.told(one.en, named) for one in shown.values],
    )


def test_two_receipts_of_one_uid_are_told_apart(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    """The fixture's stores are in Moscow: 12:00 UTC is 15:00 there."""
    sold = journal.sell(None)
    again = other.sell(None, uid=sold.uid)
    journal.push()
    other.push()

    shown = shown_of(centre, ConflictKind.OTHER_BYTES)
    sentence, values = told_of(shown)

    here, there = naming.tail(again.fact.id), naming.tail(sold.fact.id)
    assert sentence == (
        f"Fact 1 of 2026-03-01 15:00 (…{here}) of store 102 (sale) is not posted: there is other "
        "content under the same id."
    )
    assert values == [f"under this id fact 1 of 2026-03-01 15:00 (…{there}) of store 101 is posted"]
    assert shown.names[sold.uid].en.endswith("store 101, till 1")


def test_a_receipt_is_called_by_its_number_day_store_and_till(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=80_00)
    journal.push()

    with reading(centre.engine) as connection:
        named = naming.papers(connection, [f"Receipt {sold.uid}."])
        people = naming.people(connection, [person.member])

    assert named[sold.uid].en == "no. 1 of 2026-03-01 15:00, store 101, till 1"
    assert named[sold.uid].ru == "№ 1 от 01.03.2026 15:00, магазин 101, касса 1"
    assert naming.told(f"Receipt {sold.uid}.", naming.in_locale(named, "en")) == (
        f"Receipt no. 1 of 2026-03-01 15:00, store 101, till 1 (…{naming.tail(sold.uid)})."
    )
    assert people[person.member]


def test_what_is_not_here_keeps_its_id(centre: Centre, journal: Journal) -> None:
    sold = journal.sell(None)

    with reading(centre.engine) as connection:
        named = naming.papers(connection, [f"Receipt {sold.uid}."])

    text = f"Receipt {sold.uid}, {sold.uid.hex}, 12345678-1234."
    assert naming.told(text, naming.in_locale(named, "ru")) == text
