"""`kopilka devices`: what is there, how it is, a strip, the drawer, the display."""

import os
import pty
import tty
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hardware.cli import app
from hardware.doctor import Diagnosis, configured, found, line_diagnosis
from hardware.printers.outcome import (
    Blocked,
    Doubt,
    Evidence,
    Held,
    Outcome,
    Paper,
    Printed,
    Proof,
    Reason,
    Uncertain,
    Unreachable,
)
from hardware.printers.profile import BUILT_IN
from hardware.printers.strip import SAMPLE
from hardware.printers.words import of_outcome
from hardware.simulator.counter import Counter
from hardware.simulator.sensors import Roll
from hardware.transport.url import parse_device_url

SETTINGS = """
data_dir = "/tmp/nowhere"
printer = "{printer}"
scanner = "{scanner}"
more_scanners = ["hidraw:///dev/absent"]
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_what_could_be_configured_is_named_by_what_stays(tmp_path: Path) -> None:
    names = (
        "serial/by-id/usb-Maker_Scanner_S1-if00",
        "usb/lp0",
        "input/by-id/usb-Maker_Wedge-event-kbd",
        "input/by-id/usb-Maker_Mouse-event-mouse",
        "hidraw0",
        "ttyUSB0",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    urls = [one.url for one in found(tmp_path)]

    assert [url.partition(":")[0] for url in urls] == ["serial", "usblp", "evdev", "hidraw"]
    assert all(str(parse_device_url(url)) == url for url in urls)
    assert not any("mouse" in url or "ttyUSB0" in url for url in urls)


def test_the_list_names_every_profile_and_why_its_claims_are_believed() -> None:
    told = run("list")

    assert told.exit_code == 0
    assert all(f"profile={profile.name} " in told.stdout for profile in BUILT_IN)
    assert "echo (unverified)" in told.stdout


def test_the_doctor_asks_every_configured_device_and_says_what_to_do(
    counter: Counter, tmp_path: Path
) -> None:
    settings = tmp_path / "agent.toml"
    addresses = counter.addresses
    settings.write_text(SETTINGS.format(printer=addresses.printer, scanner=addresses.scanner))
    counter.printer.set_roll(Roll.OUT)

    told = run("doctor", "--config", str(settings))

    assert told.exit_code == 1
    assert f"✗ {addresses.printer}\n  Нет бумаги: вставьте новый рулон\n" in told.stdout
    assert f"✓ {addresses.scanner}\n" in told.stdout
    assert "✗ hidraw:///dev/absent\n" in told.stdout


def test_all_well_is_exit_code_0(counter: Counter, tmp_path: Path) -> None:
    settings = tmp_path / "agent.toml"
    settings.write_text(f'printer = "{counter.addresses.printer}"')

    told = run("doctor", "--config", str(settings))

    assert (told.exit_code, "готов" in told.stdout) == (0, True)
    assert configured(settings) == {"printer": [counter.addresses.printer]}


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor", "--config", "/nowhere/agent.toml"],
        ["probe", "tcp://a?profile=nothing"],
        ["test-strip", "ttyUSB0"],
        ["drawer", "usb://1", "open"],
        ["show", "serial:///dev/absent", "a"],
    ],
)
def test_what_cannot_be_done_is_said_in_both_languages(arguments: list[str]) -> None:
    told = run(*arguments)

    assert told.exit_code == 1
    assert len(told.stderr.strip().splitlines()) == 2


def test_probe_strip_and_drawer_speak_with_a_printer(counter: Counter) -> None:
    url = counter.addresses.printer

    probed = run("probe", url).stdout.splitlines()
    strip = run("test-strip", url)
    states = [run("drawer", url, ask).stdout.strip() for ask in ("state", "open")]

    assert probed[0] == "готов / ready"
    assert "KOPILKA SIMULATOR" in probed[1]
    assert probed[2:] == [
        "эхо напечатанного слипа: да / an echo of the slip that it has printed: yes",
        "сам сообщает о бумаге и крышке: да / tells of paper and cover by itself: yes",
        probed[4],
    ]
    assert strip.exit_code == 0
    assert strip.stdout.startswith("напечатано: принтер ")
    assert " / printed: the printer has " in strip.stdout
    assert SAMPLE in counter.outbox.slips()[0].text.read_text()
    assert states == ["low", "low"]
    counter.printer.set_roll(Roll.OUT)
    (refused, asked) = run("test-strip", url), run("probe", url)
    assert (refused.exit_code, asked.exit_code) == (1, 1)
    assert refused.stdout == (
        "не напечатано. Нет бумаги: вставьте новый рулон / "
        "not printed. Out of paper: put in a new roll\n"
    )
    assert asked.stdout == ("Нет бумаги: вставьте новый рулон / Out of paper: put in a new roll\n")


def test_every_end_of_a_job_has_a_sentence_in_two_languages() -> None:
    evidence = Evidence(Doubt.DEADLINE, 100, 900, None)
    ends: list[Outcome] = [
        *(Printed(proof, paper) for proof in Proof for paper in Paper),
        *(kind(reason) for kind in (Blocked, Unreachable) for reason in Reason),
        *(Held(reason, evidence) for reason in Reason),
        Uncertain(evidence),
    ]

    told = [of_outcome(one) for one in ends]

    assert len({str(one) for one in told}) == len(ends) - len(Reason)  # blocked as unreachable
    assert all("(" not in str(one) for one in told)
    assert "100 байт из 900" in told[-1].ru


def test_the_drawer_of_a_printer_that_is_gone_says_why(counter: Counter) -> None:
    counter.printer.stop()

    told = run("drawer", counter.addresses.printer, "state")

    assert (told.exit_code, told.stderr.splitlines()[0]) == (1, "Нет связи с принтером")


def test_a_display_shows_what_it_is_told() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)

    told = run("show", f"serial://{os.ttyname(slave)}", "Ваши бонусы", "1 085,50")

    assert told.exit_code == 0
    assert "Ваши бонусы".encode("cp866") in os.read(master, 100)
    os.close(slave)
    os.close(master)


def test_a_line_that_an_agent_holds_is_not_well(counter: Counter) -> None:
    from hardware.transport.dial import dial

    link = dial(parse_device_url(counter.addresses.scanner), 1.0)

    held = line_diagnosis(counter.addresses.scanner)
    link.close()

    assert not held.is_well
    assert line_diagnosis(counter.addresses.scanner) == Diagnosis(
        counter.addresses.scanner, True, "открывается", "can be opened"
    )
