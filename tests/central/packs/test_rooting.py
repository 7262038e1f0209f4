"""The root key in a safe: the centre works without it, and it gives its place to another one."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from central.centre import Centre, make_keys, read_keys
from central.feed import service as feed
from central.leases import recovery
from central.measures.service import measure, metrics
from central.opening import initialise, open_centre
from central.packs import keylist, keyring, rooting
from central.packs.service import publish
from central.roots import (
    LISTED_MAX,
    FormerRootError,
    RootFileError,
    RootNeededError,
    Roots,
    WrongRootError,
    forget_secret,
    read_root,
    read_roots,
    write_root,
    write_roots,
)
from central.settling.revoking import revoke_agent
from shared.crypto.keys import KeyPair, KeyUse, verify
from shared.runtime.sqlite import reading
from shared.wire.agents import agent_bytes
from shared.wire.feed import GLOBAL
from shared.wire.keylist import is_signed
from shared.wire.roots import present_root
from shared.wire.rows import AgentRow, KeysRow, RevokedAgent, Row, read_row
from tests.builders import wine_text
from tests.central.app.kit import Device, SetClock, code_of, enrolled
from tests.databases import SqliteFiles

SECOND, THIRD = (KeyPair.from_seed(seed * 32) for seed in (b"2", b"3"))
TYPED = "twelve letters"


@pytest.fixture
def databases(sqlite_databases: SqliteFiles) -> SqliteFiles:
    """One kind of database is enough: what is at stake lies in the folder of keys."""
    return sqlite_databases


def reopened(centre: Centre) -> Centre:
    """The centre as the next process has it, with what the folder of keys has."""
    return replace(centre, keys=read_keys(centre.settings.keys_dir))


def without_root(centre: Centre) -> Centre:
    """The centre after its root key was taken away, as the next process has it."""
    forget_secret(centre.settings.keys_dir)
    return reopened(centre)


def told(centre: Centre) -> list[Row]:
    with reading(centre.engine) as connection:
        _, changes = feed.changes_after(connection, GLOBAL, 0)
    return [read_row(change.kind, change.row) for change in changes]


def lists(centre: Centre) -> list[KeysRow]:
    return [row for row in told(centre) if isinstance(row, KeysRow)]


def agents(centre: Centre) -> list[AgentRow]:
    return [row for row in told(centre) if isinstance(row, AgentRow)]


def signed_by(row: AgentRow, key: bytes) -> bool:
    said = agent_bytes(row.agent, row.epoch, row.store, row.public_key)
    return verify(key, said, row.signature)


def is_due(centre: Centre) -> bool:
    with reading(centre.engine) as connection:
        return keylist.is_due(connection, centre.keys)


def test_a_centre_without_its_root_key_starts_enrols_and_publishes(
    centre: Centre, device: Device
) -> None:
    root = centre.keys.root_key
    centre = without_root(centre)
    for opening in (initialise, open_centre):
        again = opening(centre.settings, centre.clock, Random(3))
        again.engine.dispose()
        assert (again.keys.root, again.keys.root_key) == (None, root)

    enrolled(centre, device)
    keyring.publish(centre, centre.clock.now())
    publish(centre, wine_text())

    assert device.me is not None
    assert device.me.root_key == root
    (row,) = agents(centre)
    assert signed_by(row, centre.keys.pack.public)
    assert len(lists(centre)) == 1
    assert not is_due(centre)


def test_while_the_root_is_at_the_centre_it_vouches_for_agents(
    centre: Centre, device: Device
) -> None:
    """So that agents of the version before, which believe nobody else, read their slips."""
    enrolled(centre, device)

    keyring.publish(centre, centre.clock.now())

    (row,) = agents(centre)
    assert signed_by(row, centre.keys.root_key)


@pytest.mark.parametrize(
    "work",
    [
        keylist.sign,
        lambda centre: keylist.renew(centre, KeyUse.PACKS),
        lambda centre: keylist.revoke(centre, KeyUse.PASSES, b"k"),
    ],
    ids=["sign", "renew", "revoke"],
)
def test_what_the_root_has_to_sign_is_refused_without_it_and_leaves_nothing(
    centre: Centre, work: Callable[[Centre], object]
) -> None:
    away = without_root(centre)

    with pytest.raises(RootNeededError):
        work(away)

    assert len(lists(centre)) == 1
    assert not list(centre.settings.keys_dir.glob("*.next"))


def test_only_the_chains_own_root_is_taken_from_a_file(centre: Centre) -> None:
    root = centre.keys.demand_root()
    away = without_root(centre)

    with pytest.raises(WrongRootError):
        rooting.with_root(away, SECOND)
    keylist.renew(rooting.with_root(away, root), KeyUse.PACKS)

    assert lists(centre)[-1].version == 2
    assert reopened(centre).keys.root is None


def test_a_root_key_lies_in_a_file_of_its_own_that_nobody_writes_over(tmp_path: Path) -> None:
    file = tmp_path / "root.locked"

    write_root(file, SECOND, TYPED, Random(1))

    assert read_root(file, lambda: TYPED) == SECOND
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RootFileError, match="is there already"):
        write_root(file, THIRD, TYPED, Random(1))
    with pytest.raises(RootFileError, match="no such file"):
        read_root(tmp_path / "nowhere", lambda: TYPED)
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    with pytest.raises(RootFileError) as refused:
        read_root(tmp_path / "bytes", lambda: TYPED)
    assert refused.value.sentence("ru").endswith("не годится: в нём нет корневого ключа.")
    (tmp_path / "plain").write_text(SECOND.seed.hex())
    assert read_root(tmp_path / "plain", lambda: pytest.fail("it was asked")) == SECOND


def test_a_folder_of_the_version_before_tells_who_the_root_is(tmp_path: Path) -> None:
    make_keys(tmp_path, Random(1))
    before = read_keys(tmp_path)
    (tmp_path / "root.pub").unlink()

    assert read_keys(tmp_path) == before
    make_keys(tmp_path, Random(2))
    assert read_roots(tmp_path) == Roots(before.root_key)


def test_stores_of_any_root_before_accept_the_list_of_the_newest(centre: Centre) -> None:
    roots = [centre.keys.demand_root(), SECOND, THIRD]

    versions = [rooting.renew(reopened(centre), former, new) for former, new in pairwise(roots)]

    assert versions == [2, 3]
    row = lists(centre)[-1]
    assert all(is_signed(row, root.public) for root in roots)
    assert [one.number for one in row.handed_over] == [1, 2]
    later = reopened(centre)
    assert (later.keys.root, later.keys.root_key) == (None, THIRD.public)
    assert not is_due(later)
    assert rooting.renew(later, SECOND, THIRD) == 3
    assert len(lists(centre)) == 3


def test_what_the_former_root_has_signed_is_signed_anew_before_the_list(
    centre: Centre, device: Device
) -> None:
    enrolled(centre, device)
    keyring.publish(centre, centre.clock.now())

    rooting.renew(centre, centre.keys.demand_root(), SECOND)

    *_, vouched, listed = told(centre)
    assert isinstance(vouched, AgentRow)
    assert isinstance(listed, KeysRow)
    assert signed_by(vouched, centre.keys.pack.public)


def test_a_renewal_that_was_interrupted_is_taken_up_again(centre: Centre) -> None:
    former = centre.keys.demand_root()
    write_roots(centre.settings.keys_dir, centre.keys.roots.followed_by(former, SECOND))
    between = reopened(centre)
    assert (between.keys.root, is_due(between)) == (None, True)

    assert rooting.renew(between, former, SECOND) == 2

    assert is_signed(lists(centre)[-1], former.public)
    assert not (centre.settings.keys_dir / "root.key").exists()


def test_a_former_root_does_not_come_back_and_a_stranger_does_not_renew(centre: Centre) -> None:
    first = centre.keys.demand_root()
    rooting.renew(centre, first, SECOND)
    later = reopened(centre)

    with pytest.raises(FormerRootError):
        rooting.renew(later, SECOND, first)
    with pytest.raises(WrongRootError):
        rooting.renew(later, first, THIRD)

    assert reopened(centre).keys.root_key == SECOND.public


def test_a_list_names_a_bounded_number_of_hand_overs(centre: Centre) -> None:
    pairs = [centre.keys.demand_root()]
    pairs += [KeyPair.from_seed(bytes([no]) * 32) for no in range(1, LISTED_MAX + 3)]
    roots = Roots(pairs[0].public)
    for former, new in pairwise(pairs):
        roots = roots.followed_by(former, new)

    assert len(roots.listed) == LISTED_MAX
    assert present_root(pairs[2].public, roots.listed) == pairs[-1].public
    assert present_root(pairs[1].public, roots.listed) == pairs[1].public


def test_a_machine_is_revoked_at_once_and_stores_hear_of_it_when_the_root_has_signed(
    centre: Centre, device: Device
) -> None:
    root = centre.keys.demand_root()
    enrolled(centre, device)
    assert device.me is not None
    away = without_root(centre)

    done = revoke_agent(away, "101")

    assert (done.list_version, len(lists(centre)), is_due(away)) == (None, 1, True)
    measure(away, away.clock.now())
    assert b"kopilka_central_keys_due 1" in metrics(away, away.clock.now())
    assert code_of(device.open()) == "agent_fenced"
    assert keylist.sign(rooting.with_root(away, root)) == 2
    assert lists(centre)[-1].revoked == (RevokedAgent(device.me.agent, 1, 0),)
    assert not is_due(away)


def test_a_restored_centre_without_its_root_key_begins_and_is_signed_for_later(
    centre: Centre, clock: SetClock
) -> None:
    """Hand-overs since the backup are in the folder of keys, which is in no backup."""
    former = centre.keys.demand_root()
    write_roots(centre.settings.keys_dir, centre.keys.roots.followed_by(former, SECOND))
    restored = without_root(centre)
    clock.go(minutes=1)

    recovery.begin(restored)

    assert (len(lists(centre)), is_due(restored)) == (1, True)
    clock.go(days=1)
    version = keylist.sign(rooting.with_root(restored, SECOND))
    row = lists(centre)[-1]
    assert version == row.version > 1_000_000
    assert is_signed(row, former.public)
    assert not is_due(restored)


def test_a_lost_root_is_replaced_by_one_that_no_store_accepts_by_itself(centre: Centre) -> None:
    lost = centre.keys.root_key
    away = without_root(centre)

    assert [rooting.replace_lost(reopened(away), SECOND) for _ in range(2)] == [2, 2]

    row = lists(centre)[-1]
    assert is_signed(row, SECOND.public)
    assert not is_signed(row, lost)
    assert reopened(centre).keys.root_key == SECOND.public


def test_agents_signed_by_a_revoked_pack_key_are_signed_anew(
    centre: Centre, device: Device
) -> None:
    root, former = centre.keys.demand_root(), centre.keys.pack.public
    enrolled(centre, device)
    away = without_root(centre)
    keyring.publish(away, away.clock.now())
    keylist.renew(rooting.with_root(away, root), KeyUse.PACKS)
    later = rooting.with_root(reopened(centre), root)

    keylist.revoke(later, KeyUse.PACKS, former)

    row = agents(centre)[-1]
    assert signed_by(row, root.public) or signed_by(row, later.keys.pack.public)
