"""Members are found by what people say of them, on both databases, in whatever case they type."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import column, insert, table

from central.centre import Centre
from central.conflicts.service import Word
from central.members.profiles import Proposal
from central.members.search import FOUND_MAX, NothingToSearchError, search
from central.members.store import MemberTable, PersonTable
from central.schema import MIGRATIONS, migrate, table_of
from central.settling.people import add_phone, edit_member, merge_members
from shared.ids import derived
from shared.member import PhoneRole, ProfileField
from shared.names import folded_words
from shared.runtime.sqlite import open_engine, transaction
from tests.central.app.kit import NOON, SetClock
from tests.central.journal_builder import Journal, make_centre
from tests.databases import Databases

CARDS = ("2900000000018", "2900000000025", "2900000000032")


def _names(centre: Centre, text: str) -> list[str]:
    return [hit.name for hit in search(centre, text).found]


@pytest.fixture
def people(journal: Journal) -> Journal:
    journal.register(name="Ёлкина Анна Сергеевна", phone="+79161234567", card=CARDS[0])
    journal.register(name="Иванов-Петров Иван", phone="+79167654567", card=CARDS[1])
    journal.register(name="Anna Smith", phone="+79160000001", card=CARDS[2])
    journal.register(name="Sean O'Brien", phone="+79160000002")
    journal.push()
    return journal


FOUND: dict[str, list[str]] = {
    "ёлк": ["Ёлкина Анна Сергеевна"],
    "ЕЛКИНА": ["Ёлкина Анна Сергеевна"],
    "серг анна": ["Ёлкина Анна Сергеевна"],
    "анна ив": [],
    "петров": ["Иванов-Петров Иван"],
    "ан": ["Ёлкина Анна Сергеевна"],
    "an": ["Anna Smith"],
    "лкина": [],
    "brien": ["Sean O'Brien"],
    "o’brien": ["Sean O'Brien"],
    "se bri": ["Sean O'Brien"],
    "4567": ["Ёлкина Анна Сергеевна", "Иванов-Петров Иван"],
    "123-45-67": ["Ёлкина Анна Сергеевна"],
    "8 (916) 123-45-67": ["Ёлкина Анна Сергеевна"],
    "0018": ["Ёлкина Анна Сергеевна"],
    "2900000000025": ["Иванов-Петров Иван"],
    "9999": [],
}


def test_members_are_found_by_parts(centre: Centre, people: Journal) -> None:
    assert people.epoch == 1
    assert {text: sorted(_names(centre, text)) for text in FOUND} == FOUND
    for text in ("%", "а", "", "123"):
        with pytest.raises(NothingToSearchError):
            search(centre, text)


def test_a_new_name_an_address_and_the_former_name_find_him(
    centre: Centre, people: Journal
) -> None:
    (anna,) = search(centre, "ёлкина").found
    values = {ProfileField.NAME: "Анна Орлова", ProfileField.EMAIL: "Anna@example.ru"}
    edit_member(centre, anna.member, Proposal(values, verified=False), Word("Пётр", "сказала"))

    assert _names(centre, "орл") == _names(centre, "ёлкина") == ["Анна Орлова"]
    assert _names(centre, "anna@EXAMPLE") == ["Анна Орлова"]
    assert people.epoch == 1


def test_the_phone_of_a_relative_finds_him_by_its_end(centre: Centre, people: Journal) -> None:
    anna = search(centre, "ёлкина").found[0].member
    add_phone(centre, anna, "+79162223344", PhoneRole.RELATIVE, Word("Пётр", "муж"))

    for text in ("3344", "2223344", "222-33-44", "+7 916 222-33-44"):
        assert _names(centre, text) == ["Ёлкина Анна Сергеевна"], text
    assert _names(centre, "2223345") == []
    assert people.epoch == 1


def test_who_was_merged_is_found_as_who_he_has_become(centre: Centre, people: Journal) -> None:
    left, right = (search(centre, card).found[0].member for card in CARDS[:2])
    joined = merge_members(centre, left, right, Word("Пётр", "один человек"))

    (hit,) = search(centre, "иванов").found

    assert (hit.member, hit.phones) == (joined.survivor, ("4567",))
    assert hit.cards == ("0018", "0025")
    assert len(search(centre, "4567").found) == 1
    assert people.epoch == 1


def test_a_common_name_gives_the_first_and_says_that_there_are_more(
    centre: Centre, journal: Journal
) -> None:
    for no in range(FOUND_MAX + 1):
        journal.register(name="Анна", phone=f"+7916000{no:04}")
    journal.push()

    hits = search(centre, "анн")

    assert (len(hits.found), hits.more) == (FOUND_MAX, True)


def test_who_was_registered_before_there_was_a_search_is_found(
    tmp_path: Path, databases: Databases
) -> None:
    url = databases.bare(tmp_path / "central.db")
    engine = open_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    member = derived("anna")
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0018")
        row = {"id": member, "state": "active", "display_name": "Анна П.", "segments": ""}
        others = {"home_store": "", "person": b"", "known_at": NOON, "dates": "", "edits": 0}
        known = table_of(MemberTable).c
        then = table("member", *(column(name, known[name].type) for name in (*row, *others)))
        connection.execute(insert(then).values(**row, **others))
        person = {"name": "Анна Петрова", "phone": "", "card": "", "consent": ""}
        connection.execute(insert(table_of(PersonTable)).values(member=member, **person))
    migrate(engine)
    engine.dispose()
    centre = make_centre(url, SetClock(NOON))

    assert _names(centre, "петр") == ["Анна Петрова"]
    centre.engine.dispose()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example("a\0@b")
@given(st.text(max_size=20))
def test_any_text_is_searched_or_refused(centre: Centre, text: str) -> None:
    try:
        assert search(centre, text).found == ()
    except NothingToSearchError:
        assert len(max(folded_words(text), key=len, default="")) < 2
