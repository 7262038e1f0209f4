"""Up to where two lines of a centre's lives have the same rows."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.wire.agents import LifeBegan, parted_at


def life(name: int, began_at: int) -> LifeBegan:
    return LifeBegan(UUID(int=name), began_at)


def test_a_restored_centre_parts_where_its_backup_was_made() -> None:
    assert parted_at([life(1, 0)], [life(1, 0), life(2, 50)]) == 50


def test_a_life_between_that_was_restored_further_back_counts() -> None:
    assert parted_at([life(1, 0)], [life(1, 0), life(2, 50), life(3, 90)]) == 50


def test_a_life_that_the_backup_does_not_know_parts_where_it_began() -> None:
    assert parted_at([life(1, 0), life(2, 30)], [life(1, 0), life(3, 80)]) == 30


def test_strangers_have_nothing_in_common() -> None:
    assert parted_at([], [life(1, 0)]) == 0
    assert parted_at([life(1, 0)], [life(2, 70)]) == 0


@given(st.data())
def test_the_rows_up_to_there_are_the_same_whatever_was_restored(data: st.DataObject) -> None:
    """A model: each life's rows are a list; a backup is a prefix of it, with the lives so far."""
    databases = [([life(1, 0)], list[int]())]
    for name in range(2, 2 + data.draw(st.integers(1, 6))):
        line, rows = data.draw(st.sampled_from(databases))
        backup = rows[: data.draw(st.integers(line[-1].began_at, len(rows)))]
        grown = backup + [name * 1000 + n for n in range(data.draw(st.integers(0, 5)))]
        databases.append(([*line, life(name, len(backup))], grown))
    (mine, here), (theirs, there) = data.draw(st.permutations(databases))[:2]

    parted = parted_at(mine, theirs)

    assert here[:parted] == there[:parted]
