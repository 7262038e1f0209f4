"""Profiles that people have changed at tills: some of them often, in stores that do not hear of
each other."""

import random
from datetime import date, timedelta
from typing import Any

from agent.leases.standing import Standing, standing
from agent.members import edit as editing
from agent.members.edit import Edited, ProfileEdit
from agent.members.service import Found
from agent.station import Station
from shared.errors import LoyaltyError
from shared.runtime.sqlite import reading
from tests.simulation.people import Customer
from tests.simulation.profiles import Told
from tests.simulation.till import CONTENT, Tills

A_DAY = 3
"""Edits of one store and day."""
OFTEN = 4
"""Customers whose profiles change again and again."""
FIELDS = (("name",), ("name", "birthday"), ("birthday",), ("phone",), ("name", "phone"))
OF_ANOTHER = 0.15
"""How often a new phone is somebody else's."""
SOON_S = 3 * 3600
BORN, DAYS_MAX = date(1905, 1, 1), 30_000

Draft = tuple[int, str, int, dict[str, Any]]


def plan(seed: int, stores: int, days: int, opens: list[int], customers: int) -> list[Draft]:
    """Draw who has what changed, when and where; twice within hours in two stores, sometimes."""
    chance = random.Random(f"edits/{seed}")
    movers = chance.sample(range(customers), min(OFTEN, customers))
    found: list[Draft] = []
    for day in range(days):
        for store in range(stores):
            for _ in range(A_DAY):
                at_s = day * 86_400 + opens[store] + chance.randrange(10 * 3600)
                taken = chance.randrange(customers) if chance.random() < OF_ANOTHER else -1
                args = {
                    "customer": chance.choice(movers),
                    "fields": list(chance.choice(FIELDS)),
                    "phone_of": taken,
                }
                found.append((max(20, at_s), "edit", store, args))
                if chance.random() < 0.5:
                    later_s = at_s + chance.randrange(SOON_S)
                    found.append(
                        (max(20, later_s), "edit", (store + 1) % stores, {**args, "phone_of": -1})
                    )
    return found


def change(tills: Tills, found: Found, customer: Customer, args: dict[str, Any], no: int) -> Told:
    """Edit a profile as a cashier does, and return what the till has seen and heard.

    Every value is there once, so that the judge knows an edit by what is shown.
    """
    values: dict[str, str] = {}
    if "name" in args["fields"]:
        values["name"] = f"{customer.first}-{no} {customer.last}"
    if "birthday" in args["fields"]:
        values["birthday"] = (BORN + timedelta(days=no % DAYS_MAX)).isoformat()
    if "phone" in args["fields"]:
        values["phone"] = args.get("phone") or f"+7917{no:07d}"
    order = ProfileEdit(
        uid=tills.uid(),
        content=CONTENT,
        member=found.standing.member,
        name=values.get("name", ""),
        phone=values.get("phone", ""),
        birthday=date.fromisoformat(values["birthday"]) if "birthday" in values else None,
        cashier="7",
    )

    def edit(station: Station) -> Edited:
        return editing.edit(station, order, station.time.now())

    read, before = tills.read_up_to(), _shown(_seen(tills, found))
    edited = tills.repeat(edit)
    went_back = tills.read_up_to() != read
    try:
        after = _shown(_seen(tills, found))
    except LoyaltyError:
        after = {}
    tills.ask_again(order.uid, edit, edited)
    return Told(
        store=tills.code,
        uid=order.uid.hex,
        values=values,
        before={} if went_back else before,
        after=after,
    )


def shown(tills: Tills, card: str) -> tuple[str, dict[str, str]] | None:
    """Return whom a card means in a store, and what is shown of him."""
    found = tills.member(card)
    return None if found is None else (found.standing.member.hex, _shown(found.standing))


def _seen(tills: Tills, found: Found) -> Standing:
    def looked(station: Station) -> Standing:
        with reading(station.journal) as connection:
            return standing(station, connection, found.standing.member)

    return tills.repeat(looked)


def _shown(who: Standing) -> dict[str, str]:
    birthday = who.birthday.isoformat() if who.birthday else ""
    return {"name": who.display_name, "birthday": birthday}
