"""Two persons, one phone: whoever's it is, the till asks who is meant, in every store."""

from uuid import UUID

import pytest

from agent.members.service import Registered, Registration, find, register
from central.conflicts.service import Word
from central.settling.service import undo
from shared.member import PhoneRole
from tests.central.chain_kit import conflicts
from tests.chain.kit import Chain, Store

PHONE = "+7 916 123-45-67"


def registered(store: Store, name: str, role: PhoneRole) -> Registered:
    order = Registration(store.uid(), b"content", name, PHONE, "v1", phone_role=role)
    return register(store.station, order, store.machine.clock.now())


def who(store: Store) -> list[UUID]:
    return sorted(one.standing.member for one in find(store.station, PHONE))


@pytest.mark.capability("FASHION-25")
@pytest.mark.edge("E68")
@pytest.mark.parametrize("role", [PhoneRole.RELATIVE, PhoneRole.SHARED])
def test_spouses_with_one_phone_stay_two_and_the_till_asks(chain: Chain, role: PhoneRole) -> None:
    """Of one name even, registered in two stores that do not hear of each other."""
    here, there = chain.stores
    here.cut()
    there.cut()
    one = registered(here, "Саша Петров", PhoneRole.OWN)
    other = registered(there, "Саша Петров", role)
    third = registered(there, "Саша Иванов", role)

    chain.heal()

    everyone = sorted((one.member, other.member, third.member))
    assert who(here) == who(there) == everyone
    assert conflicts(chain.centre) == []


def test_two_names_on_one_own_phone_are_a_case_that_people_settle(chain: Chain) -> None:
    here, there = chain.stores
    here.cut()
    there.cut()
    one = registered(here, "Анна Петрова", PhoneRole.OWN)
    other = registered(there, "Борис Петров", PhoneRole.OWN)
    chain.heal()
    assert who(here) == who(there) == sorted((one.member, other.member))
    (case,) = conflicts(chain.centre)
    assert case.kind.value == "shared_phone"

    undo(chain.centre, case.id, Word("Ольга", "это один человек"))
    chain.sync()

    assert len(who(here)) == len(who(there)) == 1
