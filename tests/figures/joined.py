"""Figure 12: who registers in two stores that do not hear of each other is one member afterwards,
if the names agree. Real agents' services and a real centre in one process and in virtual time."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.link import LinkDownError
from agent.members.service import Registration, find, register
from central.ledger.audit import check
from shared.runtime.sqlite import Synchronous, reading
from tests.chain.kit import OPENS_S, Store
from tests.figures.book import Json
from tests.figures.run import Row, Run
from tests.figures.seeds import seeded
from tests.quiet import quiet
from tests.simulation.plan import Options
from tests.simulation.programmes import Programme, once_of
from tests.simulation.wire import LineMode
from tests.simulation.world import World

REGISTRATIONS, OF_PIECE, STORES = 100_000, 2_500, 25
AGAIN_SHARE = 0.03
"""Registrations with a phone that somebody has given in another store."""
STRANGER_SHARE = 0.2
"""Of these, of somebody else who has the same phone."""
SECONDS_APART = 5
FIRST = ("Анна", "Борис", "Вера", "Григорий", "Дарья", "Егор", "Жанна", "Захар")
LAST = ("Орлова", "Петров", "Сидоренко", "Титова", "Уваров", "Фомина", "Хохлов", "Чехова")
STRANGER = "Юлиан Щукин"
WELCOME = once_of(Programme.WINE)["welcome"]
_LIVING = "SELECT count(*) FROM member WHERE merged_into IS NULL"
_POINTS = "SELECT (SELECT sum(balance) FROM lot), (SELECT sum(debt) FROM account)"


def measure(run: Run) -> list[Row]:
    """Let people register in pieces, a chain and a seed each."""
    people = run.of(REGISTRATIONS, least=2 * STORES)
    work = partial(_piece, min(OF_PIECE, people))
    return _rows(seeded(run, 12, "seed", work, ("registrations", people)))


def _piece(count: int, seed: int) -> Json:
    """Register people in stores whose lines are down; each then sends, and each then reads."""
    chance = random.Random(f"registrations/{seed}")
    with TemporaryDirectory(prefix="kopilka-joined-") as folder, quiet():
        world = World(Path(folder), Options(seed, stores=STORES, days=1), Synchronous.OFF)
        try:
            world.time.pass_by(OPENS_S)
            stores = [Store(tills.machine, tills.code) for tills in world.tills]
            for store in stores:
                store.sync()
            for store in stores:
                store.machine.line.mode = LineMode.DOWN
                with suppress(LinkDownError):
                    store.machine.pull()
            told = Counter[str]()
            again: list[tuple[str, int, int, bool]] = []
            given: list[tuple[str, str, int]] = []
            for number in range(count):
                world.time.pass_by(SECONDS_APART)
                no = chance.randrange(STORES)
                phone, name = f"+7916{number:07}", f"{chance.choice(FIRST)} {chance.choice(LAST)}"
                if given and chance.random() < AGAIN_SHARE:
                    phone, before, first = given.pop(chance.randrange(len(given)))
                    no = (first + chance.randrange(1, STORES)) % STORES
                    is_stranger = chance.random() < STRANGER_SHARE
                    name = STRANGER if is_stranger else chance.choice([*_otherwise(before)])
                    again.append((phone, first, no, is_stranger))
                    told["strangers"] += is_stranger
                else:
                    given.append((phone, name, no))
                    told["phones"] += 1
                _register(stores[no], name, phone)
            for store in stores:
                store.machine.line.mode = LineMode.UP
                store.machine.push()
            for store in stores:
                store.machine.pull()
            _check(world, stores, told, again)
        finally:
            world.close()
    return {**told, "again": len(again), "registrations": count, "runs": 1}


def _otherwise(name: str) -> Iterator[str]:
    """Yield a name as another cashier may type it."""
    first, last = name.split()
    yield from (name, f"{last} {first}", f"{first} {last[0]}.", name.upper(), first)


def _register(store: Store, name: str, phone: str) -> None:
    order = Registration(store.uid(), b"c", name, phone, "v1", cashier="7")
    register(store.station, order, store.machine.clock.now())


def _check(
    world: World,
    stores: list[Store],
    told: Counter[str],
    again: list[tuple[str, int, int, bool]],
) -> None:
    """One member each, a stranger a member of his own; a phone has had the welcome once."""
    persons = told["phones"] + told["strangers"]
    with reading(world.central.centre.engine) as connection:
        living = connection.exec_driver_sql(_LIVING).scalar_one()
        points, owed = connection.exec_driver_sql(_POINTS).one()
        assert check(connection) == []
    assert living == persons, f"{living} members of {persons} persons"
    assert (points, owed) == (told["phones"] * WELCOME, 0), f"{points} points, {owed} owed"
    for phone, first, second, is_stranger in again:
        for store in (stores[first], stores[second]):
            found = {one.standing.member for one in find(store.station, phone)}
            assert len(found) == 1 + is_stranger, f"{store.code} finds {len(found)} by {phone}"


def _rows(told: Json) -> list[Row]:
    same = told["again"] - told["strangers"]
    return [
        Row(
            "figure 12: offline registrations; members more or less than there are persons",
            0,
            0,
            "members",
            "0",
            kept=True,
            how=f"{told['registrations']} registrations in {told['runs']} runs of {STORES} stores "
            f"whose lines are down, in virtual time, real services of agents and centre; {same} "
            f"with the phone of somebody of the same name who had registered elsewhere, typed "
            f"otherwise, {told['strangers']} with that of a stranger; after every store has sent "
            "and read once: members and points at the centre, who is found by each such phone in "
            "both stores, the ledger's laws",
        )
    ]
