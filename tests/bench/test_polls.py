"""A poll that finds nothing new at the centre, beside an application that answers nothing."""

from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.meeting import catch_up
from agent.replica import service as replica
from agent.station import Station
from shared.crypto.sessions import session_mac
from shared.wire.feed import region_stream
from tests.bench import chain
from tests.bench.client import Client, serving
from tests.bench.results import compare, in_turn

ROUNDS = 2_000
MEMBERS = 100
RATIO_MIN = 0.4

pytestmark = pytest.mark.bench


def test_a_poll_without_a_change(tmp_path: Path) -> None:
    """Requests a second, one after another on one connection, both answered with 204."""
    centre, _ = chain.with_members(tmp_path / "centre", MEMBERS)
    with (
        chain.serving(centre, tmp_path / "ready.json") as url,
        serving("nothing", tmp_path) as floor_port,
        closing(Client(floor_port, "GET / HTTP/1.1")) as floor,
    ):
        port = urlsplit(url).port
        assert port is not None
        with closing(Client(port, _poll(chain.follower(centre, url, tmp_path / "agent")))) as ours:
            assert ours.ask() == floor.ask() == (204, b"")
            polls, nothings = in_turn(ours.ask, floor.ask, ROUNDS)
            assert ours.ask() == (204, b"")
    centre.engine.dispose()
    ratio = nothings.median_us / polls.median_us
    compare(
        "a poll without a change / raw ASGI no-op",
        (1e6 / polls.median_us, 1e6 / nothings.median_us, "requests/s (one connection)"),
        (f">= {RATIO_MIN}", ratio >= RATIO_MIN),
        how="a segment behind the head of a region's stream is asked for; ours checks the session "
        "and its MAC and looks into the database, the centre on SQLite; both under uvicorn in "
        "processes of their own, a plain socket, in turn",
    )


def _poll(station: Station) -> str:
    """Bring a store up to date; return the head of the request that asks for more."""
    catch_up(station)
    stream, after = next(
        (name, number)
        for name, number in replica.cursors(station).items()
        if name.startswith(region_stream(""))
    )
    target = f"/v1/segments/{stream}?after={after}&again=0"
    session, at_s = station.link.session(), int(station.clock.now().timestamp())
    chain.close(station)
    mac = session_mac(session.key, "GET", target, at_s)
    return (
        f"GET {target} HTTP/1.1\r\nKopilka-Session: {session.session}\r\n"
        f"Kopilka-At: {at_s}\r\nKopilka-Mac: {mac}"
    )
