"""A profile edited in two stores that do not hear of each other, through the push to the words."""

from datetime import date
from uuid import UUID

from agent.members.edit import Edited, ProfileEdit, edit
from agent.members.service import find
from central.conflicts.values import ConflictKind
from central.settling.explaining import explain
from tests.central.chain_kit import conflicts
from tests.chain.kit import Chain, Store

NEW_PHONE, OTHER_PHONE = "+79160000002", "+79160000003"


def edited(store: Store, member: UUID, **values: str | date) -> Edited:
    made = ProfileEdit(store.uid(), b"content", member, cashier="7", **values)  # type: ignore[arg-type]
    return edit(store.station, made, store.machine.clock.now())


def names(store: Store, identifier: str) -> list[str]:
    return [one.standing.display_name for one in find(store.station, identifier)]


def test_every_store_shows_the_later_of_two_edits_and_finds_by_its_phone(chain: Chain) -> None:
    anna = chain.member(100_00)
    here, there = chain.stores
    here.cut()
    there.cut()
    edited(here, anna.member, name="Анна Иванова", phone=NEW_PHONE)
    chain.world.time.pass_by(60)
    edited(there, anna.member, name="Анна Сидорова", phone=OTHER_PHONE)
    assert (names(here, NEW_PHONE), names(there, OTHER_PHONE)) == (["Анна И."], ["Анна С."])

    chain.heal()

    for store in chain.stores:
        assert names(store, OTHER_PHONE) == names(store, anna.card) == ["Анна С."]
        assert names(store, NEW_PHONE) == names(store, "+79161234567") == []
    found = conflicts(chain.centre)
    assert [one.kind for one in found] == [ConflictKind.EDITED_TWICE] * 2
    told = {value.en for one in found for value in explain(chain.centre, one.id).values}
    assert any("Анна Иванова" in value for value in told)


def test_an_edit_that_has_seen_the_other_replaces_it(chain: Chain) -> None:
    anna = chain.member(100_00)
    here, there = chain.stores
    edited(here, anna.member, birthday=date(1990, 5, 17))
    chain.sync()

    edited(there, anna.member, birthday=date(1990, 5, 18))
    chain.sync()

    (found,) = find(here.station, anna.card)
    assert found.standing.birthday == date(1990, 5, 18)
    assert conflicts(chain.centre) == []
