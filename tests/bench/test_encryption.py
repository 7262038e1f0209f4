"""What encryption costs the feed: the same rows plain and encrypted, in turn."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from agent.http_link import HttpLink
from agent.meeting import catch_up
from agent.station import RowsCome, Station
from central.centre import Centre
from shared.crypto.keys import KeyPair
from shared.crypto.secrecy import decrypt, encrypt
from shared.wire.codec import encode
from shared.wire.feed import (
    SEGMENT_ROWS_MAX,
    Change,
    changes_of,
    decode_segment,
    encrypted_segment,
    write_segment,
)
from shared.wire.rows import IdentifierRow, key_of, kind_of
from tests.bench import chain
from tests.bench.results import compare, in_turn

KEY = bytes(range(32))
LIFE = UUID(int=1)
SEGMENTS = 200
MEMBERS = 5_000
ROUNDS = 3
CPU_RATIO_MAX = 1.2
PULL_RATIO_MIN = 0.9

pytestmark = pytest.mark.bench


class OfTheVersionBefore(KeyPair):
    """Keys of an agent that reads plain rows."""

    @property
    def wrapping_key(self) -> bytes:
        return b""


def test_a_segment_written() -> None:
    """Processor time of freezing 500 rows, with encryption and without."""
    changes = _changes()
    plain = lambda: encode(write_segment("global", LIFE, 1, len(changes), changes))  # noqa: E731

    def encrypted() -> bytes:
        frozen = write_segment("global", LIFE, 1, len(changes), changes)
        return encode(encrypted_segment(frozen, 1, KEY))

    _compare("a segment of 500 identifiers written, encrypted / plain", encrypted, plain)


def test_a_segment_read() -> None:
    """Processor time of reading 500 rows, with decryption and without."""
    frozen = write_segment("global", LIFE, 1, SEGMENT_ROWS_MAX, _changes())
    sent, encrypted = encode(frozen), encode(encrypted_segment(frozen, 1, KEY))
    _compare(
        "a segment of 500 identifiers read, encrypted / plain",
        lambda: changes_of(decode_segment(encrypted), KEY),
        lambda: changes_of(decode_segment(sent)),
    )


def test_the_cipher_beside_one_that_forgives_a_nonce() -> None:
    """Reading the bytes of a segment with AES-GCM as we use it and with AES-GCM-SIV."""
    body = write_segment("global", LIFE, 1, SEGMENT_ROWS_MAX, _changes()).body
    ours, other, nonce = encrypt(KEY, b"context", body), AESGCMSIV(KEY), bytes(12)
    theirs = other.encrypt(nonce, body, b"context")
    read = in_turn(
        lambda: decrypt(KEY, b"context", ours),
        lambda: AESGCMSIV(KEY).decrypt(nonce, theirs, b"context"),
        SEGMENTS,
        process_time,
    )
    compare(
        "bytes of a segment decrypted / AES-GCM-SIV",
        (read[0].median_us, read[1].median_us, "us (median)"),
        goal=("", None),
        how=f"{SEGMENTS} times {len(body)} bytes, in turn, processor time",
    )


def test_members_into_an_empty_replica(tmp_path: Path) -> None:
    """Members a second into a durable replica, encrypted and plain, from the same centre."""
    centre, _ = chain.with_members(tmp_path / "centre", MEMBERS)
    speeds: dict[RowsCome, list[float]] = {form: [] for form in RowsCome}
    with chain.serving(centre, tmp_path / "ready.json") as url:
        for turn in range(ROUNDS):
            for form in RowsCome:
                folder = tmp_path / f"{form.name}-{turn}"
                speeds[form].append(_speed(centre, url, folder, form))
    centre.engine.dispose()
    ours, peer = median(speeds[RowsCome.ENCRYPTED]), median(speeds[RowsCome.PLAIN])
    compare(
        "pull of members into an empty durable replica, encrypted / plain",
        (ours, peer, f"members/s (median of {ROUNDS})"),
        goal=(f">= {PULL_RATIO_MIN}", ours / peer >= PULL_RATIO_MIN),
        how=f"{MEMBERS} members, in turn, over HTTP from the centre's process",
    )


def _speed(centre: Centre, url: str, folder: Path, form: RowsCome) -> float:
    station = chain.follower(centre, url, folder)
    if form is RowsCome.PLAIN:
        _put_back(station)
    start = perf_counter()
    catch_up(station)
    seconds = perf_counter() - start
    assert station.rows_come is form
    chain.close(station)
    return MEMBERS / seconds


def _put_back(station: Station) -> None:
    """Let the agent be of the version before, which names no wrapping key."""
    assert isinstance(station.link, HttpLink)
    keys, who = station.identity.keys, station.identity
    station.link.become(who.epoch, OfTheVersionBefore(keys.seed, keys.public))


def _changes() -> tuple[Change, ...]:
    rows = [
        IdentifierRow(
            encrypt(KEY, b"index", no.to_bytes(4, "big"))[:16], UUID(int=no), "0017", None
        )
        for no in range(1, SEGMENT_ROWS_MAX + 1)
    ]
    return tuple(
        Change(no, kind_of(row).value, key_of(row), encode(row)) for no, row in enumerate(rows, 1)
    )


def _compare(name: str, ours: Callable[[], object], plain: Callable[[], object]) -> None:
    with_key, without = in_turn(ours, plain, SEGMENTS, process_time)
    ratio = with_key.median_us / without.median_us
    compare(
        name,
        (with_key.median_us, without.median_us, "us (median)"),
        goal=(f"<= {CPU_RATIO_MAX}", ratio <= CPU_RATIO_MAX),
        how=f"{SEGMENTS} times, in turn, processor time",
    )
