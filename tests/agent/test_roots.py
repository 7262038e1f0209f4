"""A store follows its root key to the next one, and to nobody else."""

from collections.abc import Iterator
from dataclasses import replace as changed
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from agent import counted, identity, keylist, roots
from agent.cli import app
from agent.replica import service as replica
from agent.replica import sums
from agent.reporting import compose
from agent.roots import NotTheRootError
from agent.scan import read_slip
from agent.till import metrics
from agent.till.status import status
from shared.crypto.keys import KeyPair
from shared.runtime.sqlite import reading
from shared.wire.agents import agent_bytes
from shared.wire.feed import GLOBAL
from shared.wire.keylist import Trusted, signed_list
from shared.wire.roots import HandOver, hand_over
from shared.wire.rows import KEYS_KEY, AgentRow, KeysRow, RowKind
from tests.agent.kit import sell
from tests.agent.test_elsewhere import CAP, code_of, policy
from tests.builders import PACKER, ROOT, Shop, basket
from tests.vaults import VAULT

ROOTS = [ROOT, *(KeyPair.from_seed(bytes([40 + no]) * 32) for no in range(3))]
CHAIN = [hand_over(no, *pair) for no, pair in enumerate(pairwise(ROOTS), start=1)]
OTHER = KeyPair.from_seed(b"q" * 32)
TOLD = Trusted((PACKER.public,))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path).open()
    identity.save(tmp_path, made.station.identity)
    yield made
    made.close()


def listed(version: int, root: int, handed_over: list[HandOver] | None = None) -> KeysRow:
    """A list that the root after so many hand-overs has signed, with those or some of them."""
    chain = CHAIN[:root] if handed_over is None else handed_over
    return signed_list(version, TOLD, ROOTS[root], chain)


def in_use(shop: Shop) -> int:
    row = replica.premises(shop.station).keys
    assert row is not None
    return row.version


def test_a_store_that_was_away_follows_several_hand_overs_at_once(shop: Shop) -> None:
    shop.feed(GLOBAL, listed(5, 3))

    assert in_use(shop) == 5
    assert keylist.root(shop.station) == ROOTS[3].public
    shop.restart()
    assert keylist.root(shop.station) == ROOTS[3].public


def test_a_store_follows_one_hand_over_after_the_other(shop: Shop) -> None:
    for root in (1, 2, 3):
        shop.feed(GLOBAL, listed(4 + root, root, CHAIN[:root]))

        assert keylist.root(shop.station) == ROOTS[root].public


@pytest.mark.parametrize(
    "row",
    [
        signed_list(9, TOLD, ROOT),
        signed_list(9, TOLD, ROOT, CHAIN[:2]),
        listed(4, 2),
        signed_list(9, TOLD, OTHER, [*CHAIN[:2], replace(CHAIN[2], root=OTHER.public)]),
        signed_list(9, TOLD, OTHER, [*CHAIN[:2], hand_over(3, ROOT, OTHER)]),
        listed(9, 3, CHAIN[:2]),
        listed(9, 3, CHAIN[2:]),
    ],
    ids=[
        "a former root",
        "a former root with its hand-over",
        "an older list",
        "a hand-over that nobody has signed",
        "a former root hands over once more",
        "a root without its hand-over",
        "a root without those before",
    ],
)
def test_after_a_hand_over_no_former_root_and_no_stranger_counts(shop: Shop, row: KeysRow) -> None:
    shop.feed(GLOBAL, listed(5, 2))

    shop.feed(GLOBAL, row)

    assert in_use(shop) == 5
    assert keylist.root(shop.station) == ROOTS[2].public


def test_slips_count_by_a_key_that_root_or_pack_key_vouches_for(shop: Shop) -> None:
    policy((shop,), CAP)
    code = code_of(shop, sell(shop, basket(shop)))
    who = shop.station.identity

    def vouched_by(signer: KeyPair) -> bool:
        said = agent_bytes(who.agent, who.epoch, who.store, who.keys.public)
        row = AgentRow(who.agent, who.epoch, who.store, who.keys.public, signer.sign(said))
        shop.feed(GLOBAL, row)
        return read_slip(shop.station, code) is not None

    assert [vouched_by(one) for one in (ROOT, PACKER, OTHER)] == [True, True, False]
    shop.feed(GLOBAL, listed(5, 1))
    assert [vouched_by(one) for one in (ROOT, ROOTS[1], PACKER)] == [False, True, True]


def test_a_list_of_an_unknown_root_waits_and_is_told_of_while_the_former_one_counts(
    shop: Shop,
) -> None:
    shop.feed(GLOBAL, listed(5, 1, []))

    assert in_use(shop) == 1
    assert compose(shop.station).root_unknown
    at = shop.clock.now()
    assert metrics.gather(shop.station, at)[counted.ROOT_UNKNOWN] == {(): 1}
    told = status(shop.station, at).refused_keys
    assert told is not None
    assert told.code == "root_unknown"
    assert "kopilka agent trust" in told.ru
    assert "kopilka agent trust" in told.en


def test_a_list_that_is_only_older_asks_nobody_to_trust_a_root(shop: Shop) -> None:
    shop.feed(GLOBAL, listed(5, 1))
    shop.feed(GLOBAL, listed(4, 2))

    assert roots.unknown(shop.station) is None
    assert not compose(shop.station).root_unknown


@pytest.mark.parametrize("version", [7, 1, 0])
def test_a_root_that_a_person_names_is_trusted_with_the_list_that_waits(
    shop: Shop, version: int
) -> None:
    """Whatever its version: a chain that has begun anew counts anew."""
    shop.feed(GLOBAL, listed(5, 1))
    shop.feed(GLOBAL, signed_list(version, TOLD, OTHER))
    assert roots.unknown(shop.station) is not None

    for _ in range(2):
        assert roots.trust(shop.station, OTHER.public) == version

    shop.restart()
    shop.station.doubt.open = False
    assert in_use(shop) == version
    assert shop.station.identity.root_key == keylist.root(shop.station) == OTHER.public
    assert roots.unknown(shop.station) is None
    shop.feed(GLOBAL, listed(9, 1))
    assert in_use(shop) == version
    shop.feed(GLOBAL, signed_list(version + 1, TOLD, OTHER))
    assert in_use(shop) == version + 1


def test_a_root_that_has_not_signed_what_waits_is_not_trusted(shop: Shop) -> None:
    shop.feed(GLOBAL, listed(5, 1, []))

    with pytest.raises(NotTheRootError):
        roots.trust(shop.station, OTHER.public)

    assert shop.station.identity.root_key == ROOT.public
    assert identity.load(shop.station.data_dir, VAULT).root_key == ROOT.public
    assert in_use(shop) == 1


def test_a_list_that_was_put_aside_is_used_once_it_may_be(shop: Shop) -> None:
    """As after an update from a version that knew no hand-overs; the rows stay the centre's."""
    who = shop.station.identity
    shop.station.identity = changed(who, root_key=OTHER.public)
    shop.feed(GLOBAL, listed(5, 1))
    shop.station.identity = who
    assert in_use(shop) == 1

    roots.take_up(shop.station)

    assert in_use(shop) == 5
    with reading(shop.station.replica) as connection:
        told = sums.held(connection, GLOBAL)
        assert told is not None
        assert sums.whole(sums.part_sums(connection, GLOBAL)) == told.sum
        assert sums.aside(connection, GLOBAL, RowKind.KEYS.value, KEYS_KEY) is None


def test_a_person_names_the_root_at_the_command_line(shop: Shop) -> None:
    shop.feed(GLOBAL, listed(5, 1, []))
    folder = str(shop.station.data_dir)

    def typed(key: str) -> Result:
        return CliRunner().invoke(app, ["--data-dir", folder, "trust", key])

    assert [typed(key).exit_code for key in ("no key", OTHER.public.hex())] == [2, 1]
    done = typed(ROOTS[1].public.hex())

    assert done.exit_code == 0, done.output
    assert "version 5 is in use" in done.output
    assert identity.load(shop.station.data_dir, VAULT).root_key == ROOTS[1].public
    shop.restart()
    assert in_use(shop) == 5
