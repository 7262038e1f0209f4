"""Which streams a store's agent may read, and the keys under which their rows travel.

A key follows from the centre's secret, the stream, the life of the database and a number; so any
process of the centre has it, and no table. The number grows when an agent is replaced or revoked:
what comes after that its machine cannot read.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from central.agents import store
from central.centre import Centre
from shared.errors import Kind, LoyaltyError
from shared.wire.feed import GLOBAL
from shared.wire.keys import KEYS_TOLD_MAX, StreamKey, stream_key

FIRST_KEY = 1


class ForbiddenStreamError(LoyaltyError):
    """An agent asks for rows that are not its own."""

    kind = Kind.FORBIDDEN
    code = "forbidden_stream"
    ru = "Поток {stream} не для магазина {store}."
    en = "Stream {stream} is not for store {store}."


def admit(connection: Connection, store_code: str, streams: Collection[str]) -> None:
    """Let a store's agent read these streams, beside `global`, and no others.

    What it may read no more travels under new keys from now on.
    """
    lost = store.readable(connection, store_code) - set(streams)
    store.replace_readable(connection, store_code, streams)
    if lost:
        store.count_stream_keys(connection, lost)


def readable(connection: Connection, store_code: str) -> set[str]:
    """Return the streams that a store's agent may read."""
    return {GLOBAL, *store.readable(connection, store_code)}


def check_readable(connection: Connection, store_code: str, streams: Iterable[str]) -> None:
    """Raise ForbiddenStreamError for a stream that is not for a store."""
    allowed = readable(connection, store_code)
    for stream in streams:
        if stream not in allowed:
            raise ForbiddenStreamError(stream=stream[:80], store=store_code)


def key_numbers(connection: Connection, streams: Collection[str]) -> dict[str, int]:
    """Return the number of the present key of each of some streams."""
    renewed = store.stream_keys(connection, streams)
    return {name: FIRST_KEY + renewed.get(name, 0) for name in sorted(streams)}


def present_key(connection: Connection, centre: Centre, stream: str) -> StreamKey:
    """Return the key under which a stream's rows travel now."""
    number = key_numbers(connection, [stream])[stream]
    return stream_key(centre.keys.streams, stream, centre.incarnation, number)


def keys_of_store(connection: Connection, centre: Centre, store_code: str) -> list[StreamKey]:
    """Return the last keys of every stream that a store's agent may read, and of no other."""
    return [
        stream_key(centre.keys.streams, name, centre.incarnation, number)
        for name, last in key_numbers(connection, readable(connection, store_code)).items()
        for number in range(max(FIRST_KEY, last + 1 - KEYS_TOLD_MAX), last + 1)
    ]


def renew_keys(connection: Connection, store_code: str) -> None:
    """Let what a store's agent could read travel under new keys from now on: it is fenced."""
    store.count_stream_keys(connection, readable(connection, store_code))
