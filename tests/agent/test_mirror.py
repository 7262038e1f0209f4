"""The mirror: what the centre may lack is on another disk, whole, and outlives this one."""

import os
from pathlib import Path

import pytest

from agent import erasing
from agent.journal import store as journal
from agent.members.service import Registration, register
from agent.mirror import KEPT_BYTES_MAX, Mirror, unsent
from agent.push import Pushed, push
from shared.crypto.keys import verify
from shared.runtime.sqlite import transaction
from shared.wire.facts import Fact, is_intact
from shared.wire.feed import GLOBAL
from shared.wire.push import PushBatch, frame, frames, head_bytes
from shared.wire.rows import ErasedRow
from tests.agent.kit import facts, sell
from tests.agent.test_lives import accept
from tests.builders import Shop, basket


def file_of(folder: Path) -> Path:
    (path,) = folder.glob("*.facts")
    return path


def mirrored(folder: Path) -> list[PushBatch]:
    batches, damaged, whole = frames(file_of(folder).read_bytes())
    assert (damaged, whole) == (0, file_of(folder).stat().st_size)
    return batches


def facts_in(batches: list[PushBatch]) -> list[Fact]:
    return [fact for batch in batches for fact in batch.facts]


def test_what_is_not_sent_is_in_the_mirror_as_it_would_be_sent(shop: Shop, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "disk")
    for _ in range(3):
        sell(shop, basket(shop))
        mirror.write(shop.station)

    batches = mirrored(tmp_path / "disk")

    assert facts_in(batches) == facts(shop)
    assert len(batches) == 3
    for batch in batches:
        assert verify(shop.station.identity.keys.public, head_bytes(batch.head), batch.signature)
        assert batch.head.hash == batch.facts[-1].hash
        assert all(map(is_intact, batch.facts))


def test_writing_again_writes_nothing_twice_also_by_a_new_process(
    shop: Shop, tmp_path: Path
) -> None:
    sell(shop, basket(shop))
    assert Mirror(tmp_path / "disk").write(shop.station) == 1

    again = Mirror(tmp_path / "disk")

    assert (again.write(shop.station), again.write(shop.station)) == (0, 0)
    sell(shop, basket(shop))
    assert again.write(shop.station) == 1
    assert facts_in(mirrored(tmp_path / "disk")) == facts(shop)


def test_what_a_stop_has_torn_is_cut_off_and_written_again(shop: Shop, tmp_path: Path) -> None:
    sell(shop, basket(shop))
    sell(shop, basket(shop))
    Mirror(tmp_path / "disk").write(shop.station)
    path = file_of(tmp_path / "disk")
    os.truncate(path, path.stat().st_size - 5)

    assert Mirror(tmp_path / "disk").write(shop.station) == 2

    assert facts_in(mirrored(tmp_path / "disk")) == facts(shop)


def test_facts_that_the_centre_has_are_not_written_again(shop: Shop, tmp_path: Path) -> None:
    shop.link.answer_push = accept
    sell(shop, basket(shop))
    while push(shop.station) is Pushed.SOME:
        pass
    sell(shop, basket(shop))

    assert Mirror(tmp_path / "disk").write(shop.station) == 1

    assert [fact.seq for fact in facts_in(mirrored(tmp_path / "disk"))] == [2]


def test_who_was_erased_is_in_no_file_of_the_mirror(shop: Shop, tmp_path: Path) -> None:
    shop.link.answer_push = accept
    order = Registration(shop.uid(), b"content", "Анна Иванова", "+79161234567", "v1", cashier="7")
    anna = register(shop.station, order, shop.clock.now())
    mirror = Mirror(tmp_path / "disk")
    mirror.write(shop.station)
    assert push(shop.station) is Pushed.SOME
    sell(shop, basket(shop))
    mirror.write(shop.station)
    named = "Анна Иванова".encode() in file_of(tmp_path / "disk").read_bytes()
    shop.feed(GLOBAL, ErasedRow(1, anna.member))

    done = [erasing.follow(shop.station) for _ in range(2)]
    again = [mirror.write(shop.station) for _ in range(2)]

    assert named
    assert (done, again) == ([1, 0], [1, 0])
    assert facts_in(mirrored(tmp_path / "disk")) == facts(shop)[-1:]
    assert "Анна Иванова".encode() not in file_of(tmp_path / "disk").read_bytes()


def test_a_file_of_facts_that_are_all_taken_is_begun_anew_once_it_is_large(
    shop: Shop, tmp_path: Path
) -> None:
    mirror = Mirror(tmp_path / "disk")
    shop.link.answer_push = accept
    sell(shop, basket(shop))
    mirror.write(shop.station)
    while push(shop.station) is Pushed.SOME:
        pass
    with file_of(tmp_path / "disk").open("ab") as file:
        file.write(bytes(KEPT_BYTES_MAX))

    sell(shop, basket(shop))
    mirror.write(shop.station)

    assert [fact.seq for fact in facts_in(mirrored(tmp_path / "disk"))] == [2]


@pytest.mark.parametrize("is_new_process", [False, True], ids=["same process", "new process"])
def test_what_a_restored_centre_lacks_is_written_though_the_file_had_let_it_go(
    shop: Shop, tmp_path: Path, *, is_new_process: bool
) -> None:
    mirror = Mirror(tmp_path / "disk")
    shop.link.answer_push = accept
    for _ in range(3):
        sell(shop, basket(shop))
        while push(shop.station) is Pushed.SOME:
            pass
    sell(shop, basket(shop))
    mirror.write(shop.station)
    had = [fact.seq for fact in facts_in(mirrored(tmp_path / "disk"))]
    with transaction(shop.station.journal) as connection:
        journal.send_again(connection, 1, 2)

    mirror = Mirror(tmp_path / "disk") if is_new_process else mirror
    written = [mirror.write(shop.station) for _ in range(2)]

    assert had == [4]
    assert written == [3, 0]
    assert [fact.seq for fact in facts_in(mirrored(tmp_path / "disk"))] == [2, 3, 4]


def test_a_file_that_the_disk_has_damaged_is_begun_anew(shop: Shop, tmp_path: Path) -> None:
    for _ in range(2):
        sell(shop, basket(shop))
        Mirror(tmp_path / "disk").write(shop.station)
    content = bytearray(file_of(tmp_path / "disk").read_bytes())
    content[4:8] = bytes(4)
    file_of(tmp_path / "disk").write_bytes(content)

    assert Mirror(tmp_path / "disk").write(shop.station) == 2

    assert facts_in(mirrored(tmp_path / "disk")) == facts(shop)


@pytest.mark.parametrize("at", [4, 0], ids=["content", "length"])
def test_a_damaged_file_of_a_journal_that_was_put_back_is_kept_too(
    shop: Shop, tmp_path: Path, at: int
) -> None:
    """Nobody else has what is whole of it."""
    mirror = Mirror(tmp_path / "disk")
    for _ in range(3):
        sell(shop, basket(shop))
        mirror.write(shop.station)
    lost, path = facts(shop), file_of(tmp_path / "disk")
    second = len(frame(mirrored(tmp_path / "disk")[0]))
    content = bytearray(path.read_bytes())
    content[second + at : second + at + 4] = b"\xff" * 4
    path.write_bytes(content)
    put_back = Shop(tmp_path / "copy").open()
    put_back.clock.move(hours=1)
    sell(put_back, basket(put_back))

    written = [Mirror(tmp_path / "disk").write(put_back.station) for _ in range(2)]

    (aside,) = (tmp_path / "disk").glob("*.damaged")
    batches, damaged, whole = frames(aside.read_bytes())
    assert (facts_in(batches), damaged, whole) == ([lost[0], lost[2]], 1, len(content))
    assert written == [1, 0]
    assert facts_in(mirrored(tmp_path / "disk")) == facts(put_back)
    put_back.close()


@pytest.mark.parametrize("sales", [1, 4], ids=["shorter", "longer"])
@pytest.mark.parametrize("is_new_process", [False, True], ids=["same process", "new process"])
def test_a_file_of_a_journal_that_was_put_back_is_kept_beside_the_new_one(
    shop: Shop, tmp_path: Path, sales: int, *, is_new_process: bool
) -> None:
    mirror = Mirror(tmp_path / "disk")
    for _ in range(3):
        sell(shop, basket(shop))
    mirror.write(shop.station)
    lost, name = facts(shop), file_of(tmp_path / "disk").name
    put_back = Shop(tmp_path / "copy").open()
    put_back.clock.move(hours=1)
    for _ in range(sales):
        sell(put_back, basket(put_back))

    mirror = Mirror(tmp_path / "disk") if is_new_process else mirror
    written = [mirror.write(put_back.station) for _ in range(2)]

    (aside,) = [path for path in (tmp_path / "disk").glob("*.facts") if path.name != name]
    assert facts_in(frames(aside.read_bytes())[0]) == lost
    assert written == [sales, 0]
    now = frames((tmp_path / "disk" / name).read_bytes())[0]
    assert facts_in(now) == facts(put_back) != lost
    put_back.close()


def test_a_folder_that_is_away_holds_nothing_up_and_is_filled_when_it_is_back(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "disk").write_text("no folder")
    mirror = Mirror(tmp_path / "disk" / "below")
    sell(shop, basket(shop))

    assert (mirror.write(shop.station), mirror.is_away) == (0, True)

    (tmp_path / "disk").unlink()
    assert (mirror.write(shop.station), mirror.is_away) == (1, False)
    assert facts_in(mirrored(tmp_path / "disk" / "below")) == facts(shop)


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 20])
def test_a_torn_end_is_no_batch_and_no_error(shop: Shop, cut: int) -> None:
    sell(shop, basket(shop))
    (batch,) = list(unsent(shop.station))
    whole = frame(batch)

    assert frames(whole + whole[:cut]) == ([batch], 0, len(whole))
