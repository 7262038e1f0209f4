"""A printer's answers are told apart, whole or torn, and noise does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.outcome import Paper, Reason
from hardware.printers.status import (
    TEXT_MAX,
    AutoStatus,
    BuffersCleared,
    Echo,
    Flow,
    Frame,
    PaperSensor,
    RealTime,
    StatusReader,
    Words,
    auto_trouble,
    roll_of,
    sensor_paper,
    trouble,
)
from hardware.simulator.sensors import Cover, Roll, Sensors, automatic, paper_sensor, real_time

MIXED: list[tuple[bytes, Frame]] = [
    (b"\x12", RealTime(0x12)),
    (b"\x10\x00\x00\x0f", AutoStatus(b"\x10\x00\x00\x0f")),
    (b"\x37\x22A001\x00", Echo(b"A001")),
    (b"\x00", PaperSensor(0)),
    (b"\x37\x25\x00", BuffersCleared()),
    (b"\x5fTM-T20III\x00", Words(b"TM-T20III")),
    (b"\x13", Flow(0x13)),
    (b"\x16", RealTime(0x16)),
    (b"\x3c\x00\x0c\x0f", AutoStatus(b"\x3c\x00\x0c\x0f")),
    (b"\x0f", PaperSensor(0x0F)),
]


@pytest.mark.fault(20)
@given(some.lists(some.sampled_from(MIXED), max_size=30), some.integers(1, 9))
def test_an_interleaved_stream_is_sorted_however_it_is_torn(
    answers: list[tuple[bytes, Frame]], step: int
) -> None:
    stream = b"".join(raw for raw, _ in answers)
    reader = StatusReader()

    frames = [
        frame for at in range(0, len(stream), step) for frame in reader.feed(stream[at : at + step])
    ]

    assert frames == [frame for _, frame in answers]
    assert reader.garbage_bytes == 0


@given(some.lists(some.binary(max_size=200), max_size=20))
def test_any_bytes_are_welcome_and_memory_stays_small(chunks: list[bytes]) -> None:
    reader = StatusReader()

    for chunk in chunks:
        reader.feed(chunk)

    assert len(reader._partial) <= TEXT_MAX


def test_an_answer_is_understood_after_a_torn_one() -> None:
    reader = StatusReader()

    frames = reader.feed(b"\x10\x00" + b"\x37\x22A001\x00" + b"\x5fTM" + b"\x12")

    assert frames == [Echo(b"A001"), RealTime(0x12)]
    assert reader.garbage_bytes == 5


@pytest.mark.parametrize(
    ("sensors", "reasons", "by_itself"),
    [
        (Sensors(), {None}, None),
        (Sensors(roll=Roll.LOW), {None}, None),
        (Sensors(roll=Roll.OUT), {None, Reason.PAPER_OUT, Reason.OFFLINE}, Reason.PAPER_OUT),
        (Sensors(cover=Cover.OPEN), {None, Reason.COVER_OPEN, Reason.OFFLINE}, Reason.COVER_OPEN),
    ],
)
def test_each_trouble_has_its_reason(
    sensors: Sensors, reasons: set[Reason | None], by_itself: Reason | None
) -> None:
    told = {trouble(question, real_time(question, sensors)[0]) for question in (1, 2, 3, 4)}

    assert told == reasons
    assert auto_trouble(automatic(sensors)) is by_itself


def test_paper_near_its_end_is_a_warning_in_both_answers() -> None:
    low = Sensors(roll=Roll.LOW)

    assert roll_of(real_time(4, low)[0]) is Paper.NEAR_END
    assert sensor_paper(paper_sensor(low)) is Paper.NEAR_END


def test_the_cutter_is_named_and_every_reason_speaks_russian() -> None:
    assert trouble(3, 0x1A) is Reason.CUTTER_JAM
    assert auto_trouble(b"\x18\x08\x00\x0f") is Reason.CUTTER_JAM
    assert [reason.sentence("ru") for reason in (Reason.PAPER_OUT, Reason.COVER_OPEN)] == [
        "Нет бумаги",
        "Открыта крышка",
    ]
    assert Reason.SILENT.sentence("ru") == "Принтер не отвечает"
