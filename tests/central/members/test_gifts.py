"""Points given by hand: to one or to a segment, once, within limits, with a reason that is kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.gifts_order import BadGiftError, extend_by_words, give_by_words, moved_by_words
from central.leases.expiry import run as burn
from central.ledger import service as ledger
from central.members import gift_store
from central.members import service as members
from central.members.gifts import (
    GiftChangedError,
    GiftLimitError,
    NobodyToGiveError,
    NoReasonError,
    Order,
    give,
)
from central.packs.service import UnknownWalletError, publish
from central.settling.people import merge_members
from shared.ids import card_number
from shared.ledger.books import Lot
from shared.ledger.entries import EntryKind
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow
from tests.builders import wine_text
from tests.central.chain_kit import balance, books, dump, rows
from tests.central.journal_builder import Journal, Person

UID = UUID(int=77)
WORD = Word("Ольга", "один человек")
CARD = card_number("29", 1, 1)
BURNS = date(2026, 6, 3)


def order(to: str = CARD, **terms: object) -> Order:
    plain = Order(UID, to, 300_00, "bonus", "burning", BURNS, "давно не были", "Ольга")
    return replace(plain, **terms)  # type: ignore[arg-type]


def lapsed(centre: Centre, *people: Person) -> None:
    """Put members into the segment of those who have not come for long."""
    with transaction(centre.engine) as connection:
        roll = members.load(connection, {one.member for one in people}, ())
        for one in people:
            kept = replace(roll.members[one.member], segments="lapsed women")
            roll.members[one.member] = kept
            roll.changed_members.add(one.member)
        members.save(connection, roll, ledger.load(connection, ()))


def burning(centre: Centre, person: Person) -> list[Lot]:
    lots = books(centre, person.account).lots_of(person.account)
    return [lot for lot in lots if lot.kind == "burning"]


@pytest.fixture
def people(centre: Centre, journal: Journal) -> list[Person]:
    """Two who have lapsed and one who has not."""
    found = [
        journal.register(name=name, phone=phone, card=card)[0]
        for name, phone, card in (
            ("Анна Петрова", "+79160000001", CARD),
            ("Борис Ким", "+79160000002", card_number("29", 1, 2)),
            ("Вера Ли", "+79160000003", card_number("29", 1, 3)),
        )
    ]
    journal.push()
    lapsed(centre, *found[:2])
    return found


@pytest.mark.capability("WINE-28")
def test_a_segment_is_given_lots_that_burn_soon_and_of_their_own_kind(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    done = give(centre, order("segment:lapsed"), journal.clock.now())

    assert (done.members, done.points) == (2, 600_00)
    assert [balance(centre, one.account) for one in people] == [300_00, 300_00, 0]
    for one in people[:2]:
        (lot,) = books(centre, one.account).lots_of(one.account)
        assert (lot.kind, lot.expires_on) == ("burning", BURNS)
    told = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert sum(lot.amount for row in told for lot in row.lots) == 600_00


@pytest.mark.capability("WINE-28")
def test_what_burns_of_them_is_told_apart(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    """Of 600.00 Anna spends 100.00; what her home store holds burns when it is given back."""
    at = journal.clock.now()
    give(centre, order("segment:lapsed"), at)
    give(centre, order(uid=UUID(int=78), kind="manual", points=50_00, expires_on=None), at)
    anna = people[0]
    (hers,) = burning(centre, anna)
    journal.ask(anna.account, 100_00)
    journal.sell(anna, spend=[(hers.id, 100_00)])
    journal.push()
    over = datetime(2026, 6, 5, tzinfo=UTC)
    burn(centre, over)
    for one in people[:2]:
        (lot,) = burning(centre, one)
        journal.give_back(one.account, (lot.id, lot.balance))
    journal.push_new()
    for _ in range(2):
        burn(centre, over + timedelta(days=1))

    told = dict(moved_by_words(centre, "2026-01-01", "2026-12-31"))

    assert moved_by_words(centre, "2026-01-01", "9999-12-31") == told
    told.pop("purchase", None)
    assert told == {
        "burning": {
            EntryKind.EXPIRE: -500_00,
            EntryKind.GRANT: 600_00,
            EntryKind.REDEEM: -100_00,
        },
        "manual": {EntryKind.GRANT: 50_00},
    }


def test_an_order_that_comes_again_gives_what_is_missing_and_nothing_twice(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    at = journal.clock.now()
    give(centre, order("segment:lapsed"), at)
    before = dump(centre)

    again = give(centre, order("segment:lapsed"), at)

    assert (again.members, again.before) == (0, 2)
    assert dump(centre) == before
    lapsed(centre, people[2])
    assert give(centre, order("segment:lapsed"), at).members == 1
    with pytest.raises(GiftChangedError):
        give(centre, order("segment:lapsed", points=400_00), at)


@pytest.mark.capability("FASHION-36")
def test_a_manager_chooses_how_many_within_limits_and_his_reason_is_kept(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    at = journal.clock.now()
    most = centre.settings.gift_points_max

    for wrong in (most + 1, 0):
        with pytest.raises(GiftLimitError):
            give(centre, order(points=wrong), at)
    for lacking in ({"reason": " "}, {"actor": ""}, {"reason": "x" * 201}):
        with pytest.raises(NoReasonError):
            give(centre, order(**lacking), at)
    with pytest.raises(NobodyToGiveError):
        give(centre, order("+79169999999"), at)
    with pytest.raises(NobodyToGiveError):
        give(centre, order("segment:nobody"), at)
    assert balance(centre, people[0].account) == 0

    give(centre, order(points=most), at)

    assert balance(centre, people[0].account) == most
    with reading(centre.engine) as connection:
        (kept,) = gift_store.gifts(connection, 10)
    assert (kept.actor, kept.reason, kept.points) == ("Ольга", "давно не были", most)


@pytest.mark.capability("FASHION-36")
def test_one_who_gives_has_a_limit_a_day_and_the_next_day_it_is_open_again(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    narrow = replace(
        centre, settings=centre.settings.model_copy(update={"gift_points_a_day_max": 700_00})
    )
    at = journal.clock.now()
    give(narrow, order("segment:lapsed"), at)

    with pytest.raises(GiftLimitError):
        give(narrow, order(uid=UUID(int=78), points=100_01), at)
    give(narrow, order(uid=UUID(int=79), points=100_00), at)
    give(narrow, order(uid=UUID(int=80), actor="Пётр"), at)
    give(narrow, order(uid=UUID(int=81)), at + timedelta(days=1))

    assert balance(narrow, people[0].account) == 300_00 + 100_00 + 300_00 + 300_00


@pytest.mark.capability("FASHION-37")
@pytest.mark.parametrize(("expires", "days"), [("1 days", 1), ("7 days", 7), ("never", None)])
def test_a_manager_chooses_how_long_the_points_live(
    centre: Centre, people: list[Person], expires: str, days: int | None
) -> None:
    words = {"uid": "", "wallet": "bonus", "kind": "manual", "reason": "жалоба", "actor": "Ольга"}

    said = list(give_by_words(centre, to=CARD, points="150.50", expires=expires, **words))

    assert said[1].en.endswith("to 1 members, 0 had them from this order")
    assert said[1].ru == "начислено бонусов 150,50, участников: 1, уже имели по нему: 0"
    (lot,) = books(centre, people[0].account).lots_of(people[0].account)
    today = centre.clock.now().date()
    assert lot.granted == 150_50
    assert lot.expires_on == (None if days is None else today + timedelta(days=days))


def test_points_are_given_into_no_wallet_that_the_rules_lack(
    centre: Centre, people: list[Person]
) -> None:
    publish(centre, wine_text())

    with pytest.raises(UnknownWalletError) as refused:
        give(centre, order(wallet="bonuses"), centre.clock.now())

    assert refused.value.sentence("ru") == "Кошелька «bonuses» нет в правилах. Есть: bonus."
    assert balance(centre, people[0].account) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": "many"},
        {"points": "0"},
        {"expires": "soon"},
        {"expires": "2020-01-01"},
        {"uid": "order 7"},
    ],
)
def test_a_word_that_cannot_be_meant_is_named(centre: Centre, wrong: dict[str, str]) -> None:
    words = {"uid": "", "to": CARD, "points": "1.00", "wallet": "bonus", "kind": "manual"}
    rest = {"expires": "never", "reason": "x", "actor": "y"}

    with pytest.raises(BadGiftError) as refused:
        list(give_by_words(centre, **(words | rest | wrong)))

    assert next(iter(wrong)) in refused.value.sentence("ru")


@pytest.mark.edge("E39")
def test_lots_of_a_kind_are_extended_at_once_with_an_entry_and_a_reason(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    """Two lots of June live to July; the manual one and what is over already do not."""
    at = journal.clock.now()
    give(centre, order("segment:lapsed"), at)
    give(centre, order(uid=UUID(int=78), kind="manual"), at)
    give(centre, order(uid=UUID(int=79), expires_on=at.date() - timedelta(days=1)), at)
    words = {"kind": "burning", "last": "2026-12-31", "reason": "сбой сайта", "actor": "Ольга"}

    said = extend_by_words(centre, first="2026-01-01", until="2026-07-15", **words)
    again = extend_by_words(centre, first="2026-01-01", until="2026-07-15", **words)

    assert said.en.endswith("2 lots of 600,00 points live longer")
    assert said.ru.endswith(": партий 2, бонусов 600,00")
    assert again.en.endswith("0 lots of 0,00 points live longer")
    found = books(centre, people[0].account).lots_of(people[0].account)
    ends = sorted((lot.kind, lot.expires_on.isoformat()) for lot in found if lot.expires_on)
    yesterday = (at.date() - timedelta(days=1)).isoformat()
    assert ends == [("burning", yesterday), ("burning", "2026-07-15"), ("manual", "2026-06-03")]
    told = [row for row in rows(centre, GLOBAL).values() if isinstance(row, AccountRow)]
    assert {lot.expires_on for row in told for lot in row.lots} >= {date(2026, 7, 15)}
    with reading(centre.engine) as connection:
        kept = [one for one in gift_store.gifts(connection, 10) if one.kind == "extension"]
        moved = ledger.moved_by_kind(connection, at - timedelta(days=99), at + timedelta(days=1))
    assert [(one.reason, one.actor) for one in kept] == [("сбой сайта", "Ольга")] * 2
    assert moved["burning"][EntryKind.ADJUST] == 0


def test_a_segment_of_somebody_merged_gives_to_who_lives_on_once(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    """Anna and Boris have lapsed and turn out to be one person."""
    anna, boris, _ = people
    merge_members(centre, anna.member, boris.member, WORD)

    done = give(centre, order("segment:lapsed"), journal.clock.now())

    assert (done.members, done.points) == (1, 300_00)
    assert balance(centre, anna.account) + balance(centre, boris.account) == 300_00


def test_who_joined_brings_his_segment_along(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    anna, _, vera = people
    merge_members(centre, vera.member, anna.member, WORD)

    done = give(centre, order("segment:lapsed"), journal.clock.now())

    assert done.members == 2


def test_an_order_repeated_after_a_merge_gives_nothing_again(
    centre: Centre, journal: Journal, people: list[Person]
) -> None:
    anna, boris, vera = people
    give(centre, order("segment:lapsed"), journal.clock.now())
    merge_members(centre, vera.member, boris.member, WORD)
    merge_members(centre, anna.member, vera.member, WORD)

    again = give(centre, order("segment:lapsed"), journal.clock.now())

    assert again.members == 0
    assert [balance(centre, one.account) for one in people] == [300_00, 300_00, 0]
