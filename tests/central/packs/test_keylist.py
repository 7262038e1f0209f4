"""Keys are renewed beside the former ones and revoked after them; nothing signed is lost."""

from dataclasses import replace
from uuid import UUID

import pytest
from msgspec.structs import replace as changed

from agent.packs import PackShelf
from central.agents import streams
from central.centre import Centre, next_pair, read_keys
from central.feed import service as feed
from central.leases import recovery
from central.opening import initialise
from central.packs import keylist, store
from central.packs.keylist import SignerInUseError, TooManySignersError, UnknownSignerError
from central.packs.service import publish
from central.settling.revoking import NoAgentError, revoke_agent
from shared.crypto.keys import KeyPair, KeyUse, verify
from shared.runtime.sqlite import reading
from shared.wire.agents import keys_bytes
from shared.wire.feed import GLOBAL
from shared.wire.keylist import is_signed, keys_of_passes, signed_list, trusted_by
from shared.wire.passes import FIRST_MINUTE, MINUTE
from shared.wire.rows import KeysRow, PackRow, RevokedAgent, read_row
from tests.builders import wine_text
from tests.central.app.kit import Device, SetClock, code_of, enrolled


def reopened(centre: Centre) -> Centre:
    """The centre as the next process has it, with the keys that are on disk."""
    return replace(centre, keys=read_keys(centre.settings.keys_dir))


def lists(centre: Centre) -> list[KeysRow]:
    with reading(centre.engine) as connection:
        head = feed.heads(centre.engine)[GLOBAL]
        _, changes = feed.changes_after(connection, GLOBAL, 0)
    assert head == len(changes)
    found = [read_row(change.kind, change.row) for change in changes]
    return [row for row in found if isinstance(row, KeysRow)]


def packs(centre: Centre) -> list[PackRow]:
    with reading(centre.engine) as connection:
        _, changes = feed.changes_after(connection, GLOBAL, 0)
    found = [read_row(change.kind, change.row) for change in changes]
    return [row for row in found if isinstance(row, PackRow)]


def second_pack() -> str:
    return wine_text().replace("version: 1\n", "version: 2\n")


def test_the_list_is_the_first_row_signed_for_this_version_and_the_one_before(
    centre: Centre,
) -> None:
    (row,) = lists(centre)
    root = centre.keys.root_key

    assert row.version == 1
    assert is_signed(row, root)
    assert verify(root, keys_bytes(1, row.pack_keys), row.signature)
    with reading(centre.engine) as connection:
        assert store.newest_keys(connection) == row


def test_a_list_of_the_version_before_is_signed_whole_by_init(centre: Centre) -> None:
    with centre.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE key_list SET row = NULL")
    for _ in range(2):
        again = initialise(centre.settings, centre.clock, centre.chance)
        again.engine.dispose()

    assert [(row.version, bool(row.whole)) for row in lists(centre)] == [(1, True), (2, True)]


def test_packs_of_the_former_and_of_the_new_key_count_until_the_former_is_revoked(
    centre: Centre,
) -> None:
    publish(centre, wine_text())
    former = centre.keys.pack.public

    new = keylist.renew(centre, KeyUse.PACKS)
    later = reopened(centre)
    publish(later, second_pack())

    assert later.keys.pack.public == new
    row = lists(centre)[-1]
    assert (row.version, row.pack_keys, row.pass_keys) == (2, (new, former), ())
    assert all(PackShelf().load(pack, row) for pack in packs(centre))
    with pytest.raises(SignerInUseError):
        keylist.revoke(later, KeyUse.PACKS, new)
    assert keylist.revoke(later, KeyUse.PACKS, former) == 1
    _, _, signed_anew = packs(centre)
    row = lists(centre)[-1]
    assert (row.version, row.pack_keys) == (3, (new,))
    assert PackShelf().load(signed_anew, row)
    assert not PackShelf().load(packs(centre)[0], row)
    with pytest.raises(UnknownSignerError):
        keylist.revoke(later, KeyUse.PACKS, former)


def test_packs_that_are_signed_anew_come_before_the_list_that_needs_it(centre: Centre) -> None:
    publish(centre, wine_text())
    former = centre.keys.pack.public
    keylist.renew(centre, KeyUse.PACKS)

    keylist.revoke(reopened(centre), KeyUse.PACKS, former)

    with reading(centre.engine) as connection:
        _, changes = feed.changes_after(connection, GLOBAL, 0)
    assert [change.kind for change in changes][-3:] == ["pack", "publication", "keys"]


def test_a_renewal_that_was_interrupted_takes_up_the_same_key(centre: Centre) -> None:
    drawn = next_pair(centre.settings.keys_dir, "pack", centre.chance).public

    assert keylist.renew(centre, KeyUse.PACKS) == drawn
    assert keylist.renew(centre, KeyUse.PACKS) != drawn


def test_passes_have_a_key_of_their_own_once_it_was_made(centre: Centre) -> None:
    former = centre.keys.passes.public

    new = keylist.renew(centre, KeyUse.PASSES)
    later = reopened(centre)

    assert (later.keys.passes.public, later.keys.pack) == (new, centre.keys.pack)
    assert keys_of_passes(lists(centre)[-1]) == (new, former)
    keylist.revoke(later, KeyUse.PASSES, former)
    assert keys_of_passes(lists(centre)[-1]) == (new,)
    assert lists(centre)[-1].pack_keys == (former,)


def test_a_list_holds_a_bounded_number_of_keys(centre: Centre) -> None:
    for _ in range(keylist.LISTED_MAX - 1):
        keylist.renew(centre, KeyUse.PACKS)

    with pytest.raises(TooManySignersError):
        keylist.renew(centre, KeyUse.PACKS)


def test_a_restored_centre_sends_a_list_above_all_that_its_former_life_has_sent(
    centre: Centre, clock: SetClock
) -> None:
    keylist.renew(centre, KeyUse.PACKS)
    with centre.engine.begin() as connection:  # the backup is older
        connection.exec_driver_sql("DELETE FROM key_list WHERE version > 1")
    centre = reopened(centre)
    clock.go(minutes=1)

    recovery.begin(centre)

    row = lists(centre)[-1]
    assert row.version == (clock.now() - FIRST_MINUTE) // MINUTE
    assert centre.keys.pack.public in row.pack_keys
    clock.go(minutes=1)
    recovery.begin(centre)
    assert lists(centre)[-1].version == row.version + 1


def test_a_list_is_what_its_root_has_signed_whole() -> None:
    root, key = KeyPair.from_seed(b"r" * 32), b"k" * 32
    agent = RevokedAgent(UUID(int=1), 1, 7)
    row = signed_list(3, trusted_by(KeysRow(3, (key,), b"", (key,), (agent,))), root)
    assert is_signed(row, root.public)
    for other in (
        changed(row, version=4),
        changed(row, pack_keys=()),
        changed(row, pass_keys=()),
        changed(row, revoked=()),
        changed(row, whole=b""),
        changed(row, revoked=(), pass_keys=(key, key), whole=b""),
    ):
        assert not is_signed(other, root.public)
    assert is_signed(changed(row, pass_keys=(), revoked=(), whole=b""), root.public)


def test_a_revoked_agent_is_heard_no_more(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    assert device.me is not None

    done = revoke_agent(centre, "101")

    assert (done.agent, done.epoch, done.last_seq) == (device.me.agent, 1, 0)
    assert code_of(device.get("/v1/segments/global?after=0")) == "agent_fenced"
    assert code_of(device.open()) == "agent_fenced"
    row = lists(centre)[-1]
    assert row.revoked == (RevokedAgent(device.me.agent, 1, 0),)
    with reading(centre.engine) as connection:
        assert streams.key_numbers(connection, [GLOBAL]) == {GLOBAL: 2}
    with pytest.raises(NoAgentError):
        revoke_agent(centre, "101")
