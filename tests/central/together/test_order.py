"""Two ingest transactions whose numbers and commits could come in reverse order lose nothing."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import Connection, func, select

from central.centre import Centre
from central.feed import store as feed
from central.schema import table_of
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from tests.central.chain_kit import kinds
from tests.central.journal_builder import Journal
from tests.central.together.kit import Pause, Reader, beside, blocked_or_done, started


def _interleaved(centre: Centre, first: Journal, second: Journal) -> tuple[list[bytes], bool]:
    """Commit the second journal's batch before the first one's, if that is possible.

    Return what a reader got that looked after each commit, and whether the second had to wait.
    """
    first.register(name="Анна Петрова", phone="+79160000001")
    second.register(name="Иван Сидоров", phone="+79160000002")
    reader = Reader(centre, GLOBAL)
    with beside(centre) as one, beside(centre) as two:
        pause = Pause(one.engine)
        earlier = started(replace(first, centre=one).push)
        pause.reached()
        later = started(replace(second, centre=two).push)
        waited = blocked_or_done(centre, later)
        reader.read()
        pause.go()
        earlier.join()
        later.join()
        reader.read()
    return reader.keys, waited


def _all(centre: Centre) -> list[bytes]:
    with reading(centre.engine) as connection:
        return [change.key for change in feed.changes(connection, GLOBAL, 0, 10**6)]


def test_numbers_are_taken_in_the_order_of_commits(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    seen, waited = _interleaved(centre, journal, other)

    assert waited
    assert seen == _all(centre)
    assert kinds(journal.push().outcomes) == kinds(other.push().outcomes) == ["accepted"]


def test_numbers_taken_early_without_the_lock_would_lose_a_change(
    centre: Centre, journal: Journal, other: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: this is what it sees of a sequence instead of a lock."""
    taken: dict[str, int] = {}

    def early(_connection: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
        before = {name: taken.get(name, 0) for name in wanted}
        taken.update((name, before[name] + count) for name, count in wanted.items())
        return before

    def heads(connection: Connection, _names: object = None) -> dict[str, int]:
        change = table_of(feed.ChangeTable)
        query = select(change.c.stream, func.max(change.c.number)).group_by(change.c.stream)
        return {row[0]: row[1] for row in connection.execute(query)}

    # the fault is what is tried: no setting of the product makes it
    monkeypatch.setattr(feed, "take_numbers", early)
    monkeypatch.setattr(feed, "heads", heads)

    seen, waited = _interleaved(centre, journal, other)

    assert not waited
    assert len(set(seen)) < len(set(_all(centre)))
