"""Our bytes before an independent judge: emupos, a simulator of other makers' devices.

It runs from an environment of its own, `.tools/emupos`, because it needs a newer Python:
`make test` makes it. Without such a Python these tests are skipped, and say so; where `CI` is set
they fail, unless `KOPILKA_WITHOUT_JUDGE` says that this machine has to do without.
"""

import os
import queue
import random
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from hardware.drawer import DrawerState, drawer_state, kick
from hardware.printers.layout import as_text
from hardware.printers.outcome import Blocked, Paper, Printed, Proof, Ready, Reason
from hardware.printers.printer import Printer, examine, print_job, print_stream, printer_at
from hardware.printers.probe import probe, trusted
from hardware.printers.profile import Feature
from hardware.printers.strip import SAMPLE, strip
from hardware.scanners.scanner import LinkState, ScanEvent, Scanner
from shared.clock import SystemClock
from shared.slip import Row, Slip, Text

COMMAND = Path(__file__).parents[2] / ".tools/emupos/bin/emupos"
SlipMaker = Callable[..., Slip]
START_S, PATIENCE_S = 60.0, 10.0
SETTINGS = """
schema: 1
api: {{ host: 127.0.0.1, port: {api} }}
devices:
  - id: front
    type: printer
    profile: epson-tm-t20iii
    receipts_dir: ./receipts
    connections:
      - tcp: {{ port: {printer} }}
  - id: lane
    type: scanner
    mode: serial
    connections:
      - serial: {{ pty: true }}
"""
CODES = ["2912345678905", "HTTPS://KOPILKA.EXAMPLE/S/7K2M9Q4X8B1C"]
FAULTS = {
    "paper-out": Blocked(Reason.PAPER_OUT),
    "cover-open": Blocked(Reason.COVER_OPEN),
    "offline": Blocked(Reason.OFFLINE),
    "paper-near-end": Ready(Paper.NEAR_END),
}

ABSENT = (
    "emupos judges no slip: deploy/judge.sh found no Python 3.13 for it; install one, or set "
    "KOPILKA_WITHOUT_JUDGE=1 where there is none"
)


@pytest.fixture(autouse=True, scope="module")
def _present() -> None:
    """Skip without the judge; fail where tests are run for others, or nobody would notice."""
    if not COMMAND.exists():
        is_demanded = os.environ.get("CI") and not os.environ.get("KOPILKA_WITHOUT_JUDGE")
        (pytest.fail if is_demanded else pytest.skip)(ABSENT)


class Judge:
    """A running emupos: its printer and scanner, and its word on what they got."""

    def __init__(self, folder: Path, api: int, printer: int) -> None:
        self.scanner_url = f"serial://{folder}/emupos/lane"
        self.printer = printer_at(f"tcp://127.0.0.1:{printer}?profile=emupos")
        self._api = httpx.Client(
            base_url=f"http://127.0.0.1:{api}/api/v1", timeout=PATIENCE_S, trust_env=False
        )

    def close(self) -> None:
        self._api.close()

    def is_up(self) -> bool:
        try:
            return self._api.get("/health").is_success
        except httpx.HTTPError:
            return False

    def receipts(self) -> list[str]:
        return [one["id"] for one in self._api.get("/devices/front/receipts").json()]

    def text(self, receipt: str) -> str:
        return self._api.get(f"/devices/front/receipts/{receipt}/text").text

    def picture(self, receipt: str) -> Image.Image:
        image = self._api.get(f"/devices/front/receipts/{receipt}/image")
        return Image.open(BytesIO(image.content)).convert("L")

    def scan(self, code: str) -> None:
        asked = {"data": code, "countdown_seconds": 0}
        self._api.post("/devices/lane/scans", json=asked).raise_for_status()

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        self._api.put(f"/devices/front/faults/{name}").raise_for_status()
        yield
        self._api.delete(f"/devices/front/faults/{name}").raise_for_status()

    def state(self) -> dict[str, Any]:
        return dict(self._api.get("/devices/front").json()["state"])

    def close_drawer(self) -> None:
        self._api.post("/devices/front/drawer/close").raise_for_status()

    def printed_since(self, before: list[str]) -> list[str]:
        return [one for one in reversed(self.receipts()) if one not in before]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    folder = tmp_path_factory.mktemp("judge")
    api, printer = free_port(), free_port()
    (folder / "emupos.yaml").write_text(SETTINGS.format(api=api, printer=printer))
    clock = SystemClock()
    until_s = clock.monotonic() + START_S
    environment = os.environ | {"TMPDIR": str(folder), "NO_COLOR": "1"}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(  # noqa: S603
            [COMMAND, "run"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    judge = Judge(folder, api, printer)
    try:
        while not judge.is_up():
            assert running.poll() is None, (folder / "log").read_text()
            assert clock.monotonic() < until_s, (folder / "log").read_text()
        yield judge
    finally:
        judge.close()
        running.terminate()
        running.wait(START_S)


@pytest.fixture
def device(judge: Judge) -> Printer:
    return judge.printer


def test_a_slip_reads_on_its_paper_as_it_was_laid_out_and_its_codes_scan(
    judge: Judge, device: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    before = judge.receipts()
    slips = [make_slip(), make_slip(Text("Ещё раз: «Ёж» — 5 ₽")), make_slip(copy_no=1)]

    outcomes = [print_job(device, slip, job_no=no, clock=clock) for no, slip in enumerate(slips)]

    papers = judge.printed_since(before)
    assert outcomes == [Printed(Proof.FENCE, Paper.PLENTY)] * 3
    assert len(papers) == 3
    for paper, slip in zip(papers, slips, strict=True):
        assert words(judge.text(paper)) == words(as_text(slip, device.profile.columns))
    picture = judge.picture(papers[0])
    assert sorted(result.text for result in zxingcpp.read_barcodes(picture)) == CODES
    assert sorted(result.data.decode() for result in pyzbar.decode(picture)) == CODES


def words(text: str) -> list[str]:
    """What is read on a paper, line by line, without what stands for its codes."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not any(code in line for code in CODES)]


@pytest.mark.parametrize("fault", list(FAULTS))
def test_what_troubles_the_printer_is_told_as_it_is(
    judge: Judge, device: Printer, clock: SystemClock, make_slip: SlipMaker, fault: str
) -> None:
    before = judge.receipts()

    with judge.fault(fault):
        health = examine(device, clock=clock)
        outcome = print_job(device, make_slip(Text(fault)), job_no=1, clock=clock)
    mended = examine(device, clock=clock)

    assert health == FAULTS[fault]
    assert mended == Ready(Paper.PLENTY)
    prints = isinstance(FAULTS[fault], Ready)
    assert isinstance(outcome, Printed) is prints
    assert len(judge.printed_since(before)) == prints


def test_among_a_hundred_slips_with_random_troubles_none_is_lost_and_none_comes_twice(
    judge: Judge, device: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    chance = random.Random(20260314)
    before = judge.receipts()
    wanted = [f"Слип {number}" for number in range(100)]

    for number, word in enumerate(wanted):
        slip = make_slip(Row(word, "1,00"))
        if chance.random() < 0.3:
            with judge.fault(chance.choice(["paper-out", "cover-open", "offline"])):
                refused = print_job(device, slip, job_no=number, clock=clock)
            assert isinstance(refused, Blocked)
        assert isinstance(print_job(device, slip, job_no=number, clock=clock), Printed)

    papers = [judge.text(paper) for paper in judge.printed_since(before)]
    assert [next(word for word in wanted if f"{word} " in paper) for paper in papers] == wanted


@pytest.mark.fault(24)
def test_a_printer_that_calls_itself_epson_and_has_no_echo_is_seen_through(
    judge: Judge, device: Printer, clock: SystemClock
) -> None:
    before = judge.receipts()

    findings = probe(device, clock=clock)

    assert (findings.maker, findings.model) == ("EPSON", "TM-T20III")
    assert findings.features == {Feature.STATUS_BACK}
    assert findings.answers_fence
    assert not trusted(device, findings).profile.has(Feature.ECHO)
    assert judge.printed_since(before) == []


def test_the_strip_finds_the_table(judge: Judge, device: Printer, clock: SystemClock) -> None:
    before = judge.receipts()

    outcome = print_stream(device, strip(device.profile), job_no=1, clock=clock)

    assert isinstance(outcome, Printed)
    (paper,) = judge.printed_since(before)
    right = [line for line in words(judge.text(paper)) if SAMPLE in line]
    assert right == [f"page=17 {SAMPLE}"]


def test_the_drawer_opens_on_command_alone(
    judge: Judge, device: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    print_job(device, make_slip(), job_no=1, clock=clock)
    shut = drawer_state(device, clock=clock)

    kick(device, clock=clock)
    opened = drawer_state(device, clock=clock)
    judge.close_drawer()

    assert (shut, opened) == (DrawerState.LOW, DrawerState.HIGH)
    assert drawer_state(device, clock=clock) is DrawerState.LOW


def test_scans_arrive_whole_and_in_order(judge: Judge, clock: SystemClock) -> None:
    heard: queue.SimpleQueue[ScanEvent] = queue.SimpleQueue()
    scanner = Scanner(judge.scanner_url, clock, heard.put)
    scanner.start()
    assert scanner.wait_until(lambda health: health.state is LinkState.OK, PATIENCE_S)

    told = []
    for code in ("2900000000018", "HTTPS://K.RU/1", "4600000000015"):
        judge.scan(code)
        told.append(heard.get(timeout=PATIENCE_S).text)
    scanner.stop()

    assert told == ["2900000000018", "HTTPS://K.RU/1", "4600000000015"]
