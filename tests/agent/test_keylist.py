"""The latest list of keys counts at a store, whatever rows it reads anew, whoever sends older."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from agent import keylist
from agent.leases.passes import PassForeignError, signed
from agent.packs import PackShelf
from agent.quote.service import quote
from agent.replica import service as replica
from shared.crypto.keys import KeyPair
from shared.wire import passes
from shared.wire.feed import GLOBAL, region_stream, store_stream
from shared.wire.keylist import Trusted, signed_list
from shared.wire.passes import Pass
from shared.wire.rows import KeysRow, RevokedAgent
from tests.builders import (
    GOODS,
    PACKER,
    REGION,
    ROOT,
    STORE,
    Shop,
    basket,
    keys_row,
    pack_row,
    settings_row,
)
from tests.fakes import NOON

OTHER = KeyPair.from_seed(b"q" * 32)
SIGNER = KeyPair.from_seed(b"z" * 32)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path).open()
    yield made
    made.close()


def listed(version: int, **told: object) -> KeysRow:
    return signed_list(version, replace(Trusted((PACKER.public,)), **told), ROOT)


def counts(shop: Shop) -> KeysRow | None:
    return replica.premises(shop.station).keys


def read_anew(shop: Shop, *keys: KeysRow) -> None:
    """Go on from an empty file of rows, into which these lists come."""
    shop.station.replica = shop.station.open_replica("replica-2.db")
    shop.station.premises.forget()
    shop.numbers.clear()
    shop.feed(GLOBAL, *keys, pack_row())


def test_the_latest_list_counts_though_rows_that_are_read_anew_have_an_older_one(
    shop: Shop,
) -> None:
    latest = listed(5)
    shop.feed(GLOBAL, latest)

    read_anew(shop, keys_row(1))

    assert counts(shop) == keylist.held(shop.station) == latest


def test_a_store_prices_on_by_the_list_that_it_has_when_rows_bring_none(shop: Shop) -> None:
    shop.feed(GLOBAL, listed(5, pack_keys=(PACKER.public, OTHER.public)))
    read_anew(shop, keys_row(1))
    shop.feed(store_stream(STORE), settings_row())
    shop.feed(region_stream(REGION), *GOODS)
    shop.station.packs = PackShelf()
    shop.feed(GLOBAL, pack_row(signer=OTHER))

    assert quote(shop.station, basket(shop), shop.clock.now()).digest


@pytest.mark.parametrize(
    "row",
    [
        listed(4),
        listed(5, pass_keys=(OTHER.public,)),
        replace(listed(6), pass_keys=(OTHER.public,)),
        replace(listed(6, revoked=(RevokedAgent(UUID(int=1), 1, 0),)), revoked=()),
        replace(listed(6, pass_keys=(SIGNER.public,)), whole=b""),
    ],
    ids=["older", "the same number", "more than signed", "less than signed", "signed in part"],
)
def test_another_list_does_not_take_its_place(shop: Shop, row: KeysRow) -> None:
    latest = listed(5)
    shop.feed(GLOBAL, latest)

    shop.feed(GLOBAL, row)

    assert counts(shop) == latest


def test_passes_count_by_the_keys_that_the_list_names_for_them(shop: Shop) -> None:
    told = Pass(UUID(int=7), 1, 100_00, NOON)
    by_pack, by_own = (passes.write(told, pair.sign) for pair in (PACKER, SIGNER))

    assert signed(shop.station, by_pack) == told
    with pytest.raises(PassForeignError):
        signed(shop.station, by_own)
    shop.feed(GLOBAL, listed(5, pass_keys=(SIGNER.public,)))
    assert signed(shop.station, by_own) == told
    with pytest.raises(PassForeignError):
        signed(shop.station, by_pack)
