"""The trail: written with what it tells or not at all, and never changed without being found."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from central.centre import Centre
from central.people import service
from central.people.roles import Role
from central.trail import store
from central.trail.service import BrokenTrailError, append, on_trail, verify
from central.trail.store import Deed, Sought, Step
from shared.runtime.sqlite import reading, transaction

DEED = Deed("anna", "operator", "store_edited", "101", "новая вывеска", {"fields": "name"})


def steps(centre: Centre) -> list[Step]:
    with reading(centre.engine) as connection:
        return list(store.after(connection, 0))


def add_three(centre: Centre) -> None:
    for login in ("one.a", "two.b", "three.c"):
        with on_trail(centre, DEED):
            service.add(centre, login, login, Role.AUDITOR)


def altered(centre: Centre, statement: str) -> None:
    """Change the trail as somebody does who owns the database."""
    is_sqlite = centre.engine.dialect.name == "sqlite"
    with transaction(centre.engine) as connection:
        if is_sqlite:
            for verb in ("UPDATE", "DELETE"):
                connection.execute(text(f"DROP TRIGGER trail_kept_{verb}"))
        else:
            connection.execute(text("ALTER TABLE trail DISABLE TRIGGER USER"))
        connection.execute(text(statement))
        if not is_sqlite:
            connection.execute(text("ALTER TABLE trail ENABLE TRIGGER USER"))


def renamed(centre: Centre, old: str, new: str) -> None:
    with transaction(centre.engine) as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_a_deed_is_written_with_what_it_tells(centre: Centre) -> None:
    with on_trail(centre, DEED):
        service.add(centre, "boris", "Борис", Role.AUDITOR)

    (step,) = steps(centre)
    assert (step.who, step.deed, step.subject, step.note) == (
        "anna", "store_edited", "101", "новая вывеска"
    )  # fmt: skip
    assert step.told() == {"fields": "name"}
    assert verify(centre) == (1, step.hash)


def test_what_is_refused_leaves_no_step(centre: Centre) -> None:
    service.add(centre, "boris", "Борис", Role.AUDITOR)

    with pytest.raises(service.LoginTakenError), on_trail(centre, DEED):
        service.add(centre, "boris", "Борис", Role.AUDITOR)

    assert steps(centre) == []


def test_what_cannot_be_written_down_is_not_done(centre: Centre) -> None:
    add_three(centre)
    renamed(centre, "trail", "gone")

    with pytest.raises(DBAPIError), on_trail(centre, DEED):
        service.disable(centre, "one.a")

    renamed(centre, "gone", "trail")
    assert all(one.disabled_at is None for one in service.every(centre))


def test_one_deed_of_several_transactions_is_one_step(centre: Centre) -> None:
    with on_trail(centre, DEED):
        service.add(centre, "one.a", "A", Role.AUDITOR)
        service.add(centre, "two.b", "B", Role.AUDITOR)

    assert len(steps(centre)) == 1


def test_outside_of_a_deed_nothing_is_written(centre: Centre) -> None:
    with on_trail(centre, DEED):
        pass
    service.add(centre, "boris", "Борис", Role.AUDITOR)

    assert steps(centre) == []


@pytest.mark.parametrize("verb", ["UPDATE trail SET who = 'other'", "DELETE FROM trail"])
def test_the_database_refuses_to_change_the_trail(centre: Centre, verb: str) -> None:
    add_three(centre)

    with pytest.raises(DBAPIError, match="never changed"), transaction(centre.engine) as connection:
        connection.execute(text(verb))

    assert len(steps(centre)) == 3


REPLACING = {
    "sqlite": "INSERT OR REPLACE INTO trail SELECT * FROM trail",
    "postgresql": "INSERT INTO trail SELECT * FROM trail ON CONFLICT (no) DO UPDATE SET who = 'x'",
}


def test_no_step_is_put_in_the_place_of_another(centre: Centre) -> None:
    add_three(centre)
    verb = REPLACING[centre.engine.dialect.name]

    with pytest.raises(DBAPIError, match="never changed"), transaction(centre.engine) as connection:
        connection.execute(text(verb))

    verify(centre)


@pytest.mark.parametrize(
    ("statement", "no"),
    [
        ("UPDATE trail SET note = 'another' WHERE no = 2", 2),
        ("UPDATE trail SET who = 'another' WHERE no = 1", 1),
        ("DELETE FROM trail WHERE no = 2", 2),
        ("DELETE FROM trail WHERE no = 1", 1),
        ("UPDATE trail SET no = no + 10 WHERE no = 3", 3),
    ],
)
def test_whoever_changes_it_all_the_same_is_found(centre: Centre, statement: str, no: int) -> None:
    add_three(centre)
    altered(centre, statement)

    with pytest.raises(BrokenTrailError) as found:
        verify(centre)

    assert found.value.details == {"no": no}


def test_a_noted_end_finds_what_was_cut_off_behind(centre: Centre) -> None:
    add_three(centre)
    noted = verify(centre)
    altered(centre, "DELETE FROM trail WHERE no = 3")

    assert verify(centre)[0] == 2
    with pytest.raises(BrokenTrailError):
        verify(centre, noted)
    with transaction(centre.engine) as connection:
        append(connection, centre, DEED)
    with pytest.raises(BrokenTrailError):
        verify(centre, noted)


def test_steps_are_found_by_person_and_by_words(centre: Centre) -> None:
    add_three(centre)
    with reading(centre.engine) as connection:
        assert store.count(connection, Sought(who="anna", text="вывес")) == 3
        assert store.count(connection, Sought(text="100%")) == 0
        assert [step.no for step in store.search(connection, Sought("anna"), 2, 0)] == [3, 2]


def test_steps_are_found_by_what_people_call_a_deed_and_stand_in_the_order_asked_for(
    centre: Centre,
) -> None:
    add_three(centre)
    called = Sought(text="реквизит", deeds=("store_edited",), order="at")
    with reading(centre.engine) as connection:
        assert [step.no for step in store.search(connection, called, 2, 1)] == [2, 3]
        assert store.count(connection, Sought(text="реквизит")) == 0
        by_nothing = Sought(order="-nothing")
        assert [step.no for step in store.search(connection, by_nothing, 1, 0)] == [3]
