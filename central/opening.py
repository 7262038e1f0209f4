"""The centre before it serves: made once, and opened for a command or for the application."""

import random
from uuid import UUID

from sqlalchemy import Engine

from central.centre import Centre, Keys, make_keys, read_keys
from central.feed import service as feed
from central.packs import keylist
from central.schema import migrate
from central.settings import Settings
from shared.clock import Clock, SystemClock
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.runtime.retries import retried
from shared.runtime.sqlite import open_engine, reading, transaction


class NotInitialisedError(LoyaltyError):
    """A database that `init` has not been run on."""

    kind = Kind.STORAGE
    code = "not_initialised"
    ru = "База центра не подготовлена. Выполните: kopilka central init."
    en = "The centre's database is not prepared. Run: kopilka central init."


def on_this_machine() -> tuple[Clock, random.Random]:
    """Return the real clock and the real source of chance."""
    return SystemClock(), random.SystemRandom()


def initialise(settings: Settings, clock: Clock, chance: random.Random) -> Centre:
    """Make what a centre needs and is missing: folder, secrets, tables, name, list of keys.

    Repeating is safe and changes nothing.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    make_keys(settings.keys_dir, chance)
    keys = read_keys(settings.keys_dir)
    engine = open_engine(settings.database)
    migrate(engine)
    incarnation = _name(engine, keys, uuid7(clock.now(), chance))
    return Centre(engine, clock, chance, keys, settings, incarnation)


@retried
def _name(engine: Engine, keys: Keys, new: UUID) -> UUID:
    with transaction(engine) as connection:
        incarnation = feed.name_incarnation(connection, new)
        keylist.publish(connection, keys)
    return incarnation


def open_centre(settings: Settings, clock: Clock, chance: random.Random) -> Centre:
    """Open a centre that `initialise` has made, migrated to this version's tables.

    Raises NoKeysError, NotInitialisedError.
    """
    keys = read_keys(settings.keys_dir)
    engine = open_engine(settings.database)
    migrate(engine)
    with reading(engine) as connection:
        incarnation = feed.incarnation(connection)
    if incarnation is None:
        raise NotInitialisedError
    return Centre(engine, clock, chance, keys, settings, incarnation)
