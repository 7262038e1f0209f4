"""Rows travel under keys that those have who may read them; who is replaced reads no further."""

from msgspec.structs import replace

from central.agents import streams
from central.agents.service import AgentIdentity
from central.centre import Centre
from central.estate.service import How, import_stores
from central.feed import service as feed
from central.feed.hub import Form, framed
from central.snapshots import service as snapshots
from shared.crypto.secrecy import decrypt
from shared.runtime.sqlite import open_engine, reading
from shared.wire.agents import SessionAnswer, SessionRequest, decode_session_answer
from shared.wire.codec import unpack
from shared.wire.feed import SEGMENT_ROWS_MAX, changes_of, decode_segment
from shared.wire.keys import KEYS_TOLD_MAX, StreamKey, session_context, unwrap_keys
from shared.wire.snapshot import context_of, decode_piece, decode_stored_rows
from tests.central.app.kit import STORES_CSV, Device, SetClock, code_of, enrolled, plain_reader
from tests.central.feed.test_segments import STREAM, append_goods

OWN = {"global", STREAM, "store:101"}


def opened(device: Device) -> SessionAnswer:
    """Open a session as an agent does that reads encrypted rows."""
    assert device.me is not None
    key = device.keys.wrapping_key
    request = SessionRequest(device.me.agent, device.me.epoch, "0.2", 0, wrapping_key=key)
    answer = device.post("/v1/sessions", request)
    assert answer.status_code == 201
    device.session = decode_session_answer(answer.content)
    return device.session


def keys_of(device: Device) -> tuple[StreamKey, ...]:
    told = opened(device)
    assert device.me is not None
    who = (device.me.agent, device.me.epoch)
    return unwrap_keys(
        told.keys, device.keys, session_context(*who, told.incarnation, told.session)
    )


def newest(keys: tuple[StreamKey, ...]) -> dict[str, StreamKey]:
    return {key.stream: key for key in sorted(keys, key=lambda key: key.number)}


def numbers(keys: tuple[StreamKey, ...]) -> dict[str, int]:
    return {stream: key.number for stream, key in newest(keys).items()}


def test_an_agent_gets_the_keys_of_its_own_streams_and_no_other(
    centre: Centre, device: Device
) -> None:
    keys = keys_of(enrolled(centre, device))

    assert numbers(keys) == dict.fromkeys(OWN, 1)
    with reading(centre.engine) as connection:
        told = {streams.present_key(connection, centre, name) for name in OWN}
    assert set(keys) == told


def test_rows_come_encrypted_to_who_can_read_them_and_plain_to_the_version_before(
    centre: Centre, device: Device
) -> None:
    append_goods(centre.engine, 3)
    enrolled(centre, device)
    target = f"/v1/segments/{STREAM}?after=0"
    plain = decode_segment(device.get(target).content)

    key = newest(keys_of(device))[STREAM]
    encrypted = decode_segment(device.get(target).content)

    assert (plain.key, encrypted.key, encrypted.digest) == (0, 1, b"")
    assert changes_of(encrypted, key.key) == changes_of(plain)
    assert device.open().status_code == 201  # the version before is put back
    assert decode_segment(device.get(target).content) == plain


def test_a_sealed_segment_is_encrypted_once_and_every_process_has_the_same_bytes(
    centre: Centre, device: Device
) -> None:
    append_goods(centre.engine, SEGMENT_ROWS_MAX)
    built = _get(centre, enrolled(centre, device))

    feed.seal(centre, centre.clock.now())

    other = Centre(
        open_engine(str(centre.engine.url)),
        centre.clock,
        centre.chance,
        centre.keys,
        centre.settings,
        centre.incarnation,
    )
    assert {_get(centre, device), _get(other, device), _get(centre, device, again=1)} == {built}
    other.engine.dispose()


def test_what_was_sealed_by_the_version_before_is_encrypted_when_asked_for(
    centre: Centre, device: Device
) -> None:
    append_goods(centre.engine, SEGMENT_ROWS_MAX)
    enrolled(centre, device)
    feed.seal(centre, centre.clock.now())
    before = _get(centre, device)
    with centre.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE segment SET key = NULL, encrypted = NULL")

    assert _get(centre, device) == before


def test_damage_where_the_centre_keeps_a_segment_is_mended_by_asking_again(
    centre: Centre, device: Device
) -> None:
    append_goods(centre.engine, SEGMENT_ROWS_MAX)
    enrolled(centre, device)
    feed.seal(centre, centre.clock.now())
    whole = _get(centre, device)
    with centre.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE segment SET encrypted = body")

    assert _get(centre, device) != whole
    assert _get(centre, device, again=1) == whole
    assert _get(centre, device) == whole


def test_a_piece_comes_encrypted_once_until_its_rows_change(centre: Centre, device: Device) -> None:
    append_goods(centre.engine, 3)
    _count(centre)
    key = newest(keys_of(enrolled(centre, device)))[STREAM]
    target = f"/v1/snapshots/{STREAM}/pieces/0?bits=0"

    first = decode_piece(device.get(target).content)
    same = decode_piece(device.get(target).content)
    append_goods(centre.engine, 1, name="Сыр")
    _count(centre)
    changed = decode_piece(device.get(target).content)

    assert first == same
    plain = decode_piece(snapshots.piece(centre, plain_reader(), STREAM, (0, 0)))
    content = decrypt(key.key, context_of(changed), changed.body)
    assert content == plain.body
    assert len(decode_stored_rows(unpack(content))) == 3
    assert decrypt(key.key, context_of(replace(changed, sum=first.sum)), changed.body) is None
    assert changed.body != first.body


def test_who_is_replaced_reads_nothing_that_comes_after(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    former = keys_of(enrolled(centre, device))
    append_goods(centre.engine, 2)
    (before,) = feed.pieces(centre, STREAM, 0, 2)

    successor = enrolled(centre, Device(device.client, clock, seed=2))
    append_goods(centre.engine, 1)
    (after,) = feed.pieces(centre, STREAM, 2, 3)
    present = keys_of(successor)

    assert numbers(present) == dict.fromkeys(OWN, 2)
    assert set(former) < set(present)  # what was encrypted before can be read all the same
    assert changes_of(decode_segment(before.encoded), newest(former)[STREAM].key)
    assert decode_segment(after.encoded).key == 2
    assert newest(present)[STREAM].key not in {key.key for key in former}
    with reading(centre.engine) as connection:
        assert streams.key_numbers(connection, ["region:kzn", "store:102"]) == {
            "region:kzn": 1,
            "store:102": 1,
        }


def test_what_is_kept_encrypted_is_encrypted_anew_under_the_present_key(
    centre: Centre, device: Device
) -> None:
    append_goods(centre.engine, SEGMENT_ROWS_MAX)
    _count(centre)
    enrolled(centre, device)
    feed.seal(centre, centre.clock.now())
    opened(device)
    target = f"/v1/snapshots/{STREAM}/pieces/0?bits=0"
    former = decode_piece(device.get(target).content)
    with centre.engine.begin() as connection:
        streams.renew_keys(connection, "101")

    key = newest(keys_of(device))[STREAM]
    segment = decode_segment(_get(centre, device) or b"")
    piece = decode_piece(device.get(target).content)

    assert (former.key, segment.key, piece.key, key.number) == (1, 2, 2, 2)
    assert len(changes_of(segment, key.key)) == SEGMENT_ROWS_MAX
    assert decrypt(key.key, context_of(piece), piece.body)


def test_a_stream_that_a_store_reads_no_more_gets_another_key(centre: Centre) -> None:
    moved = STORES_CSV.replace('Арбат, 1",msk', 'Арбат, 1",kzn')

    import_stores(centre, moved.encode(), How.APPLY)

    with reading(centre.engine) as connection:
        found = streams.key_numbers(connection, [STREAM, "region:kzn", "store:101"])
    assert found == {STREAM: 2, "region:kzn": 1, "store:101": 1}


def test_a_session_brings_a_bounded_number_of_keys(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    with centre.engine.begin() as connection:
        for _ in range(KEYS_TOLD_MAX + 5):
            streams.renew_keys(connection, "101")

    keys = keys_of(device)

    assert len(keys) == len(OWN) * KEYS_TOLD_MAX
    assert {key.number for key in keys} == set(range(7, KEYS_TOLD_MAX + 7))


def test_a_wrapping_key_that_is_none_opens_no_session(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    assert device.me is not None
    request = SessionRequest(device.me.agent, 1, "0.2", 0, wrapping_key=b"short")

    answer = device.post("/v1/sessions", request)

    assert (answer.status_code, code_of(answer)) == (422, "malformed")


def test_the_tail_frames_a_piece_for_both_versions(centre: Centre) -> None:
    append_goods(centre.engine, 1)
    (piece,) = feed.pieces(centre, STREAM, 0, 1)

    assert decode_segment(framed(piece)[4:]).key == 1
    assert decode_segment(framed(piece, Form.PLAIN)[4:]).key == 0


def _get(centre: Centre, device: Device, again: int = 0) -> bytes | None:
    opened(device)
    assert device.me is not None
    reader = AgentIdentity(device.me.agent, 1, "101", device.keys.wrapping_key)
    return feed.segment_for(centre, reader, (STREAM, 0), again=again)


def _count(centre: Centre) -> None:
    while snapshots.run(centre, centre.clock.now()):
        pass
