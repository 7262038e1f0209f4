"""Loops that fail begin again, and one that hangs makes the agent start anew, sales or none."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from agent import identity as identities
from agent.jobs import Jobs
from agent.mirror import Mirror
from agent.pulses import Pulses
from agent.settings import AgentSettings
from agent.station import Station
from shared.clock import SystemClock
from shared.wire.agents import SessionAnswer
from shared.wire.push import PushAnswer, PushBatch, frames
from tests.agent.kit import sell
from tests.agent.test_lives import accept
from tests.builders import Shop, basket
from tests.vaults import lay_key

PATIENCE_S = 20
HANGS_ONCE = """
import sys, threading
from pathlib import Path
import agent.jobs
from shared.runtime.command import main

mark, right = Path(sys.argv.pop(1)), agent.jobs.push
def push(station):
    if mark.exists():
        return right(station)
    mark.touch()
    threading.Event().wait()
agent.jobs.push = push
main()
"""


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    sell(shop, basket(shop))
    shop.station = replace(shop.station, clock=SystemClock())
    return shop


def wait_for(event: threading.Event) -> None:
    assert event.wait(PATIENCE_S)


def test_a_loop_that_fails_unexpectedly_begins_again(open_shop: Shop) -> None:
    taken, tries = threading.Event(), []

    def fail_first(batch: PushBatch) -> PushAnswer:
        tries.append(batch)
        if len(tries) == 1:
            raise ZeroDivisionError
        taken.set()
        return accept(batch)

    open_shop.link.answer_push = fail_first
    jobs = Jobs(open_shop.station)
    jobs.start()
    wait_for(taken)
    jobs.stop()

    assert open_shop.station.pulses.restarts == {"push": 1}
    assert not open_shop.station.pulses.stalled


class BrokenMirror(Mirror):
    """A disk of which nobody anticipated what is wrong with it."""

    def write(self, station: Station) -> int:  # noqa: ARG002
        raise ZeroDivisionError


def test_a_mirror_that_fails_holds_up_nothing_that_is_sent(open_shop: Shop, tmp_path: Path) -> None:
    taken = threading.Event()

    def take(batch: PushBatch) -> PushAnswer:
        taken.set()
        return accept(batch)

    open_shop.link.answer_push = take
    jobs = Jobs(open_shop.station, mirror=BrokenMirror(tmp_path / "disk"))
    jobs.start()
    wait_for(taken)
    jobs.stop()


class CountedMirror(Mirror):
    """A folder in the test's hand that tells how often it was tried."""

    tries = 0

    def write(self, station: Station) -> int:
        type(self).tries += 1
        return super().write(station)


def test_a_mirror_that_is_away_is_not_tried_again_and_again(
    open_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.MIRROR_S", 0.01)  # fifty tries, if it did not rest
    (tmp_path / "disk").write_text("no folder")
    mirror = CountedMirror(tmp_path / "disk" / "below")
    jobs = Jobs(open_shop.station, mirror=mirror)
    jobs.start()
    threading.Event().wait(0.5)
    tried = mirror.tries
    jobs.stop()

    assert mirror.is_away
    assert tried == 1


def test_a_sale_is_in_the_mirror_while_the_line_hangs(open_shop: Shop, tmp_path: Path) -> None:
    sent, hang = threading.Event(), threading.Event()

    def never(batch: PushBatch) -> PushAnswer:
        sent.set()
        hang.wait(PATIENCE_S)
        return accept(batch)

    open_shop.link.answer_push = never
    jobs = Jobs(open_shop.station, mirror=Mirror(tmp_path / "disk"))
    jobs.start()
    wait_for(sent)
    sell(open_shop, basket(open_shop))
    ends_s = time.monotonic() + PATIENCE_S / 2
    while len(in_mirror(tmp_path / "disk")) < 2 and time.monotonic() < ends_s:
        hang.wait(0.05)
    found = in_mirror(tmp_path / "disk")
    hang.set()
    jobs.stop()

    assert found == [1, 2]


def test_what_is_sold_last_before_a_stop_is_in_the_mirror(
    open_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.MIRROR_S", PATIENCE_S)  # the stop comes before a look
    open_shop.link.up = False
    jobs = Jobs(open_shop.station, mirror=Mirror(tmp_path / "disk"))
    jobs.start()
    sell(open_shop, basket(open_shop))
    jobs.stop()

    assert in_mirror(tmp_path / "disk") == [1, 2]


def in_mirror(folder: Path) -> list[int]:
    """The numbers of the facts that a mirror has."""
    files = folder.glob("*.facts")
    batches = [batch for file in files for batch in frames(file.read_bytes())[0]]
    return [fact.seq for batch in batches for fact in batch.facts]


def test_a_loop_that_hangs_is_named_and_ends_the_serving(open_shop: Shop) -> None:
    hang = threading.Event()
    settings = AgentSettings(data_dir=open_shop.station.data_dir, loop_silence_max_s=1.5)
    open_shop.station.settings = settings

    def never() -> SessionAnswer:
        hang.wait()
        raise AssertionError

    open_shop.link.session = never  # type: ignore[method-assign]
    open_shop.link.answer_push = accept
    jobs = Jobs(open_shop.station)
    jobs.start()
    wait_for(open_shop.station.pulses.wants_restart)
    hang.set()
    jobs.stop()

    assert open_shop.station.pulses.stalled == "pull"


def test_loops_of_a_process_that_was_held_up_have_time_again() -> None:
    pulses = Pulses()
    pulses.beat("push", 0)
    assert [name for name, _ in pulses.silent(100, 60)] == ["push"]

    pulses.renew(100)

    assert pulses.silent(110, 60) == []


@pytest.mark.journey
def test_an_agent_with_a_loop_that_hangs_becomes_a_new_process_of_the_same_number(
    tmp_path: Path, shop: Shop
) -> None:
    data, ready = tmp_path / "data", tmp_path / "ready.json"
    data.mkdir()
    identities.save(data, shop.station.identity)
    lay_key(data)
    arguments = ["agent", "--data-dir", str(data), "run", "--port", "0", "--ready-file", str(ready)]
    environment = {**os.environ, "KOPILKA_AGENT_LOOP_SILENCE_MAX_S": "1.5"}
    environment["KOPILKA_AGENT_CENTRE_URL"] = "http://127.0.0.1:9"
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", HANGS_ONCE, str(tmp_path / "hung"), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        first = told(ready, "")
        second = told(ready, str(first["url"]))
        measured = httpx.get(f"{second['url']}/metrics", trust_env=False).text.splitlines()
    finally:
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate(timeout=PATIENCE_S)

    assert second["pid"] == first["pid"] == process.pid
    assert process.returncode in (0, -signal.SIGTERM)
    assert b"loop.stalled" in log
    assert "kopilka_agent_stalls_total 1.0" in measured


def told(ready: Path, before: str) -> dict[str, object]:
    """Return what a process says when it serves at another address than before."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if ready.exists() and (text := ready.read_text()):
            found: dict[str, object] = json.loads(text)
            if found["url"] != before:
                return found
        threading.Event().wait(0.1)
    raise AssertionError(f"nothing new in {ready} after {PATIENCE_S} s")
