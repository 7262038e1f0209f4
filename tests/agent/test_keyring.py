"""Rows under keys: read with what sessions bring; damage is asked for again, a lacking key too."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from agent import keyring
from agent.keyring import NotEncryptedError, UnknownKeyError
from agent.meeting import catch_up, meet
from agent.replica import following
from agent.replica import service as replica
from shared.wire.codec import MalformedError, encode
from shared.wire.feed import (
    AGAIN_MAX,
    GLOBAL,
    BrokenSegmentError,
    Change,
    Segment,
    decode_segment,
    encrypted_segment,
    write_segment,
)
from shared.wire.keys import (
    KeysUnreadableError,
    StreamKey,
    session_context,
    stream_key,
    wrap_keys,
)
from shared.wire.rows import GoodsRow, key_of, kind_of
from tests.agent.test_replica import HERE, cheese, price_of
from tests.builders import INCARNATION, Shop

SECRET = b"s" * 32
DEAR = 3_000_00


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path).open()
    bring(made, key(1))
    meet(made.station)
    yield made
    made.close()


def key(number: int) -> StreamKey:
    return stream_key(SECRET, HERE, INCARNATION, number)


def bring(shop: Shop, *keys: StreamKey) -> None:
    """Let the next sessions bring these keys."""
    who, session = shop.station.identity, shop.link.session()
    context = session_context(who.agent, who.epoch, INCARNATION, session.session)
    shop.link.keys = wrap_keys(keys, who.keys.wrapping_key, context, once=b"o" * 32)


def offer(shop: Shop, under: StreamKey | None, price_minor: int = DEAR) -> Segment:
    """Let the centre have a dearer cheese, under a key (and in its life) or plain."""
    row: GoodsRow = cheese(price_minor)
    number = shop.numbers[HERE] + 1
    change = Change(number, kind_of(row).value, key_of(row), encode(row))
    life = INCARNATION if under is None else under.incarnation
    segment = write_segment(HERE, life, number, number, [change])
    if under is not None:
        segment = encrypted_segment(segment, under.number, under.key)
    shop.link.segments[HERE] = [segment]
    return segment


def flipped(segment: Segment) -> Segment:
    encoded = bytearray(encode(segment))
    encoded[-20] ^= 1
    return decode_segment(bytes(encoded))


def test_encrypted_rows_are_read_with_the_keys_of_the_session(shop: Shop) -> None:
    offer(shop, key(1))

    following.catch_up(shop.station, HERE)

    assert price_of(shop) == DEAR


def test_a_key_is_still_there_after_a_restart(shop: Shop) -> None:
    shop.station.stream_keys = {}

    replica.apply(shop.station, offer(shop, key(1)))

    assert price_of(shop) == DEAR


def test_rows_under_a_key_that_is_not_here_wait_for_the_next_session(shop: Shop) -> None:
    offer(shop, key(2))
    before = price_of(shop)

    with pytest.raises(UnknownKeyError) as found:
        following.catch_up(shop.station, HERE)

    assert (price_of(shop), shop.link.forgotten) == (before, 1)
    assert "key 2" in found.value.sentence("en")
    bring(shop, key(1), key(2))
    catch_up(shop.station)
    assert price_of(shop) == DEAR


def behind_a_cache(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, whole: Segment, kept: Segment
) -> list[int]:
    """Let a cache on the line have something else than the centre; return what is asked for."""
    asked: list[int] = []

    def of_a_cache(_stream: str, after: int, again: int = 0) -> Segment | None:
        asked.append(again)
        if after >= whole.last:
            return None
        return whole if again else kept

    # what stands on the line between store and centre, for this one kind of answer
    monkeypatch.setattr(shop.link, "segment", of_a_cache)
    return asked


def test_what_comes_damaged_is_asked_for_again_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = offer(shop, key(1))
    asked = behind_a_cache(shop, monkeypatch, whole, flipped(whole))

    following.catch_up(shop.station, HERE)

    assert (price_of(shop), asked) == (DEAR, [0, 1, 0])


@pytest.mark.parametrize("kept", ["older", "of another stream", "newer"])
def test_another_piece_than_was_asked_for_is_asked_for_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    """As a cache may have it under this address; the centre is not asked in vain for ever."""
    shop.link.keys = b""
    meet(shop.station)
    whole = offer(shop, None)
    others = {
        "older": write_segment(HERE, INCARNATION, 1, 1, []),
        "of another stream": write_segment(GLOBAL, INCARNATION, whole.first, whole.last, []),
        "newer": write_segment(HERE, INCARNATION, whole.last + 1, whole.last + 1, []),
    }
    asked = behind_a_cache(shop, monkeypatch, whole, others[kept])

    following.catch_up(shop.station, HERE)

    assert (price_of(shop), asked) == (DEAR, [0, 1, 0])


@pytest.mark.parametrize("former", [key(3), stream_key(SECRET, HERE, UUID(int=9), 200)])
def test_what_a_cache_has_under_a_key_that_is_told_no_more_is_asked_for_past_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, former: StreamKey
) -> None:
    """From many renewals ago, or of the centre's life before: no session brings such a key."""
    bring(shop, key(100))
    meet(shop.station)
    old, now = offer(shop, former), offer(shop, key(100))
    asked = behind_a_cache(shop, monkeypatch, now, old)

    following.catch_up(shop.station, HERE)

    assert (price_of(shop), asked) == (DEAR, [0, 1, 0])


def test_what_stays_damaged_is_given_up_after_a_bound_and_changes_nothing(shop: Shop) -> None:
    shop.link.segments[HERE] = [flipped(offer(shop, key(1)))]
    before, at = price_of(shop), replica.cursors(shop.station)[HERE]
    shop.link.agains.clear()

    with pytest.raises((BrokenSegmentError, MalformedError)):
        following.catch_up(shop.station, HERE)

    assert shop.link.agains == list(range(AGAIN_MAX + 1))
    assert (price_of(shop), replica.cursors(shop.station)[HERE]) == (before, at)


def test_plain_rows_are_not_taken_from_a_centre_that_encrypts(shop: Shop) -> None:
    plain = offer(shop, None)
    before = price_of(shop)

    with pytest.raises(NotEncryptedError):
        replica.apply(shop.station, plain)

    assert (price_of(shop), shop.link.forgotten) == (before, 1)
    shop.link.keys = b""  # the centre of the version before was put back
    catch_up(shop.station)
    assert price_of(shop) == DEAR


def test_plain_rows_are_read_of_a_centre_of_the_version_before(shop: Shop) -> None:
    shop.link.keys = b""
    offer(shop, None)

    catch_up(shop.station)

    assert price_of(shop) == DEAR


def test_keys_that_are_for_another_agent_are_asked_for_again(shop: Shop) -> None:
    who, session = shop.station.identity, shop.link.session()
    context = session_context(who.agent, who.epoch + 1, INCARNATION, session.session)
    wrapping = who.keys.wrapping_key
    shop.link.keys = wrap_keys([key(1)], wrapping, context, once=b"o" * 32)

    with pytest.raises(KeysUnreadableError):
        meet(shop.station)

    assert shop.link.forgotten == 1


def test_keys_that_a_session_tells_no_more_are_forgotten(shop: Shop) -> None:
    bring(shop, key(2))
    meet(shop.station)

    with pytest.raises(UnknownKeyError):
        keyring.changes(shop.station, offer(shop, key(1)))
