"""Ids that are born in the order of time tell their instant."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from shared.ids import minted_at, uuid7


@given(some.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)), some.randoms())  # noqa: DTZ001
def test_a_time_ordered_id_tells_when_it_was_minted(at: datetime, chance: random.Random) -> None:
    instant = at.replace(tzinfo=UTC)

    told = minted_at(uuid7(instant, chance))

    assert timedelta() <= instant - told < timedelta(milliseconds=1)
