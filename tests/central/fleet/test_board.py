"""The board: what an agent tells of its store with a session, and how the centre shows it."""

from datetime import timedelta

import pytest
from msgspec import structs

from central.agents.store import agents
from central.agents.streams import key_numbers
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.values import ConflictKind, Finding, Role, parties
from central.estate.service import issue_enrol_code
from central.feed.service import heads_for
from central.fleet.service import Board, board
from central.packs.service import publish
from central.settling.revoking import NoAgentError, fence_agent, renew_keys
from shared.ids import derived
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import StreamHead
from shared.wire.reports import PATH, AgentReport, DeviceReport
from tests.builders import wine_text
from tests.central.app.kit import NOON, Device, SetClock, enrolled

PRINTER = DeviceReport("printer", "blocked", NOON, "Нет бумаги", "Out of paper")
SCANNER = DeviceReport("scanner", "ok", NOON, "Готов", "Ready")


def tell(device: Device, **told: object) -> None:
    """Tell how the store is, by a clock that is 1.5 s slow."""
    report = AgentReport(device.clock.now() - timedelta(seconds=1.5), "0.2")
    answer = device.post(PATH, structs.replace(report, **told))
    assert answer.status_code == 204, answer.text


def first(centre: Centre) -> Board:
    return board(centre)[0]


def test_a_store_without_an_agent_is_on_the_board(centre: Centre, clock: SetClock) -> None:
    shown = board(centre)

    assert [one.store.code for one in shown] == ["101", "102"]
    assert shown[0].agent is None
    assert not shown[0].is_online(clock.at)


def test_what_an_agent_tells_is_shown(centre: Centre, clock: SetClock, device: Device) -> None:
    pack = publish(centre, wine_text())
    enrolled(centre, device)
    oldest = clock.at - timedelta(hours=2)

    tell(device, queue=7, oldest_unsent_at=oldest, pack=pack.hash, devices=(PRINTER, SCANNER))

    one = first(centre)
    assert one.heard is not None
    assert one.heard.heard_at == clock.at
    assert one.heard.ahead_s == -1.5
    assert (one.pack, one.is_pack_known) == ("wine 1", True)
    assert one.broken_devices == 1
    assert one.lag == 7
    assert one.unsent_for(clock.at) == timedelta(hours=2)
    assert one.is_online(clock.at)
    assert not one.is_online(clock.at + timedelta(minutes=2))


def test_rows_are_behind_by_what_the_cursors_lack(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    tell(device)
    with reading(centre.engine) as connection:
        heads = heads_for(connection, "101")

    assert first(centre).behind == sum(heads.values()) > 0
    tell(device, cursors=tuple(StreamHead(*one) for one in heads.items()))
    assert first(centre).behind == 0


def test_an_agent_that_tells_nothing_is_shown_as_it_opened_its_session(
    centre: Centre, device: Device
) -> None:
    enrolled(centre, device)

    one = first(centre)

    assert one.heard is None
    assert (one.lag, one.behind, one.broken_devices, one.pack) == (0, 0, 0, "")


def test_a_pack_that_the_centre_does_not_know_is_told_so(centre: Centre, device: Device) -> None:
    enrolled(centre, device)

    tell(device, pack="f" * 64)

    assert (first(centre).pack, first(centre).is_pack_known) == ("ffffffff", False)


def test_open_conflicts_stand_by_the_stores_that_they_name(centre: Centre, clock: SetClock) -> None:
    found = Finding(
        ConflictKind.DIVERGENCE_FOUND,
        {"document": "d", "store": "101", "verdict_ru": "не то", "verdict_en": "other"},
        parties(Role.STORE, ["101"]),
    )
    with transaction(centre.engine) as connection:
        record = conflicts.conflict_of(found, derived("test"), (), clock.at)
        conflicts.record(connection, [record])

    one, other = board(centre)

    assert one.conflicts == {ConflictKind.DIVERGENCE_FOUND: 1}
    assert (one.divergences, other.divergences) == (1, 0)


def test_a_fenced_agent_works_no_more_and_another_may_come(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)

    fence_agent(centre, "101")

    assert device.open().status_code == 403
    assert (first(centre).agent, len(first(centre).former)) == (None, 1)
    with pytest.raises(NoAgentError):
        fence_agent(centre, "101")
    other = Device(device.client, clock, seed=2)
    assert other.enrol(issue_enrol_code(centre, "101")).status_code == 201
    assert first(centre).agent is not None


def test_renewed_keys_reach_the_agent_with_its_next_session(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    streams = ["global", "store:101"]
    with reading(centre.engine) as connection:
        before = key_numbers(connection, streams)

    renew_keys(centre, "101")

    with reading(centre.engine) as connection:
        assert key_numbers(connection, streams) == {name: no + 1 for name, no in before.items()}
        assert len(agents(connection)) == 1
    with pytest.raises(NoAgentError):
        renew_keys(centre, "102")
