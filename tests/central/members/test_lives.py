"""A member at the centre: cards without a name and who claims them, consents, the time line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.agents.store import next_card_block
from central.centre import Centre
from central.conflicts.service import Word
from central.estate.service import UnknownStoreError
from central.imports.fields import ImportKind
from central.members.consent_store import TextChangedError, UnknownTextError
from central.members.merging import UnknownMemberError
from central.members.roll import Roll
from central.members.search import search
from central.members.store import Identifier, IdentifierState
from central.settling.consents import NeverGivenError, give, publish_text, said, withdraw
from central.settling.copying import profile_of
from central.settling.erasing import erase_member
from central.settling.lookup import living
from central.settling.nameless import (
    CARDS_MAX,
    Claimed,
    NamedCardError,
    TooManyCardsError,
    claim,
    make_cards,
)
from central.settling.people import merge_members
from central.settling.timeline import Happened, timeline
from shared.crypto.blind import IdentifierKind
from shared.ids import derived, is_card_number
from shared.runtime.sqlite import transaction
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, IdentifierRow, MemberRow
from tests.central.app.kit import NOON, SetClock
from tests.central.chain_kit import conflicts, rows
from tests.central.imports.kit import counts, csv_file, take
from tests.central.journal_builder import Journal

WORD = Word("Пётр", "позвонил")
CARD, CLAIMED = IdentifierKind.CARD, IdentifierState.CLAIMED
PHONE = "+79161234567"


def test_cards_without_a_name_are_made_and_told_to_the_stores(centre: Centre) -> None:
    first, second = make_cards(centre, 2, "101"), make_cards(centre, 1, "")

    assert len({*first, *second}) == 3
    assert all(is_card_number(card, centre.settings.card_prefix) for card in (*first, *second))
    told = rows(centre, GLOBAL).values()
    assert [row.home_store for row in told if isinstance(row, MemberRow)].count("101") == 2
    assert len([row for row in told if isinstance(row, IdentifierRow)]) == 3
    with transaction(centre.engine) as connection:
        block = next_card_block(connection)  # an agent that enrols next has numbers of its own
    assert all(int(card[2:6]) < block for card in (*first, *second))


def test_how_many_and_where_is_checked(centre: Centre) -> None:
    for count in (0, CARDS_MAX + 1):
        with pytest.raises(TooManyCardsError):
            make_cards(centre, count, "")
    with pytest.raises(UnknownStoreError):
        make_cards(centre, 1, "999")


def test_a_claimed_card_keeps_what_it_has_earned(centre: Centre, tmp_path: Path) -> None:
    take(centre, csv_file(tmp_path, "7700000001;;;150"))
    card = living(centre, "7700000001")

    done = claim(centre, card, "Анна Петрова", PHONE, WORD)

    assert done == Claimed(card)
    (hit,) = search(centre, "петрова").found
    assert (hit.member, hit.phones, hit.cards) == (card, ("4567",), ("0001",))
    (account,) = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert (account.member, sum(lot.amount for lot in account.lots)) == (card, 150_00)


def test_a_card_claimed_by_a_member_joins_him(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    take(centre, csv_file(tmp_path, "7700000001;;;150"))
    anna, _ = journal.register(name="Анна Петрова", phone=PHONE)
    journal.push()
    card = living(centre, "7700000001")

    done = claim(centre, card, "Петрова Анна", PHONE, WORD)

    assert done == Claimed(anna.member)
    assert living(centre, "7700000001") == anna.member
    accounts = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert {row.member for row in accounts} == {anna.member}
    (way,) = [
        row
        for row in rows(centre, GLOBAL).values()
        if isinstance(row, IdentifierRow) and row.tail == "0001"
    ]
    assert way.account is None  # it redeems all that is hers


def test_a_phone_of_another_name_is_a_case_and_a_named_card_is_nobodys(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    take(centre, csv_file(tmp_path, "7700000001;;;", "7700000002;;Иван;"))
    anna, _ = journal.register(name="Анна Петрова", phone=PHONE)
    journal.push()
    card = living(centre, "7700000001")

    assert claim(centre, card, "Борис Ким", PHONE, WORD) == Claimed(card, (anna.member,))

    assert [one.kind.value for one in conflicts(centre)] == ["shared_phone"]
    for taken in (card, living(centre, "7700000002"), anna.member):
        with pytest.raises(NamedCardError):
            claim(centre, taken, "Кто-то", "+79160000000", WORD)
    with pytest.raises(UnknownMemberError):
        claim(centre, derived("nobody"), "Кто-то", "+79160000000", WORD)


def test_a_consent_names_its_text_and_can_be_withdrawn(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    anna, _ = journal.register(name="Анна")
    journal.push()
    with pytest.raises(UnknownTextError):
        give(centre, anna.member, "sms", "1", WORD)
    publish_text(centre, "sms", "1", "Согласна на СМС.", WORD)
    publish_text(centre, "sms", "1", "Согласна на СМС.", WORD)
    with pytest.raises(TextChangedError):
        publish_text(centre, "sms", "1", "Согласна на всё.", WORD)

    clock.go(seconds=1)
    give(centre, anna.member, "sms", "1", WORD)
    clock.go(seconds=1)
    withdraw(centre, anna.member, "sms", WORD)

    words = said(centre, anna.member)
    assert [(one.purpose, one.given) for one in words[-2:]] == [("sms", True), ("sms", False)]
    assert words[0].purpose == "programme"
    with pytest.raises(NeverGivenError):
        withdraw(centre, anna.member, "email", WORD)


def test_consents_of_two_who_become_one_are_one_list(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    anna, _ = journal.register(name="Анна", phone=PHONE)
    olga, _ = journal.register(name="Ольга", phone="+79160000000")
    journal.push()
    publish_text(centre, "sms", "1", "Да.", WORD)
    clock.go(seconds=1)
    give(centre, olga.member, "sms", "1", WORD)

    merge_members(centre, anna.member, olga.member, WORD)

    for member in (anna.member, olga.member):
        assert [one.purpose for one in said(centre, member)].count("sms") == 1
        assert [one.purpose for one in said(centre, member)].count("programme") == 2


def test_the_time_line_tells_everything_in_order(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    anna, _ = journal.register(name="Анна", phone=PHONE)
    olga, _ = journal.register(name="Ольга", phone="+79160000000")
    journal.sell(anna, earn=[50_00])
    journal.push()
    clock.go(seconds=1)
    merge_members(centre, anna.member, olga.member, WORD)
    publish_text(centre, "sms", "1", "Да.", WORD)
    clock.go(seconds=1)
    give(centre, olga.member, "sms", "1", WORD)

    events = timeline(centre, olga.member)

    assert [one.what for one in events[:2]] == [Happened.CONSENTED, Happened.SETTLED]
    by_kind = {one.what: one for one in events}
    assert by_kind[Happened.POINTS].points == 50_00
    assert by_kind[Happened.BOUGHT].amount_minor == 100_00
    assert [one.what for one in events].count(Happened.KNOWN) == 2
    assert events == sorted(events, key=lambda one: one.at, reverse=True)
    assert timeline(centre, anna.member, 2) == events[:2]
    assert all(datetime(2026, 1, 1, tzinfo=UTC) < one.at for one in events)


def test_who_is_erased_is_searched_no_more_and_no_file_brings_him_back(
    centre: Centre, tmp_path: Path
) -> None:
    base = csv_file(tmp_path, "7700000001;89161234567;Анна Петрова;10", ";89160000001;Иван;5")
    take(centre, base)
    publish_text(centre, "sms", "1", "Да.", WORD)
    for card in ("7700000001", "+79160000001"):
        member = living(centre, card)
        give(centre, member, "sms", "1", WORD)

        erase_member(centre, member, WORD)

        assert [one.note for one in said(centre, member) if one.purpose == "sms"] == [""]
    for text in ("петрова", "4567", "0001", "7700000001"):
        assert search(centre, text).found == ()
    again = csv_file(tmp_path, "7700000001;89161234567;Анна Петрова;10", ";89160000001;Иван;7")
    assert counts(take(centre, again).run) == (0, 0, 2, 0)
    assert search(centre, "петрова").found == ()


def test_the_copy_of_a_person_tells_consents_and_receipts_of_before(
    centre: Centre, tmp_path: Path
) -> None:
    take(centre, csv_file(tmp_path, "7700000001;;Анна;10"))
    heading = "Номер чека;Карта;Дата;Магазин;Сумма"
    path = csv_file(tmp_path, "17;7700000001;31.12.2025;101;10", heading=heading)
    take(centre, path, ImportKind.RECEIPTS)
    member = living(centre, "7700000001")
    publish_text(centre, "sms", "1", "Да.", WORD)
    give(centre, member, "sms", "1", WORD)

    told = profile_of(centre, member)

    assert [one["number"] for one in told["receipts_before"]] == ["17"]
    assert [one["purpose"] for one in told["consents"]] == ["sms"]


def test_a_roll_that_forgets_a_claim_finds_nobody_by_it_and_takes_new_ones() -> None:
    roll, member = Roll(), derived("anna")
    roll.provisional(member, NOON)
    cards = [Identifier(bytes([no]), member, member, CARD, "", None, CLAIMED) for no in range(3)]
    for one in cards[:2]:
        roll.identifiers[(one.index, member)] = one
    assert len(roll.claims_of(member)) == 2

    roll.forget((cards[0].index, member))
    roll.identifiers[(cards[2].index, member)] = cards[2]

    assert roll.owners(cards[0].index, derived("nobody")) == []
    assert roll.claims_of(member) == cards[1:]
    assert [one.id for one in roll.owners(cards[2].index, derived("nobody"))] == [member]
