"""A file is brought to the present version, or closed."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.migration import REPLICA_VERSION, NewerFileError, migrate
from agent.replica import store
from agent.schema import ReplicaTable
from shared.runtime.sqlite import open_file, reading, transaction
from shared.wire.feed import region_stream
from tests.builders import GOODS, REGION, Shop

_ONE_OF_A_CODE = (
    "DROP TABLE barcode",
    "CREATE TABLE barcode (code VARCHAR PRIMARY KEY, sku VARCHAR NOT NULL)",
    "CREATE INDEX ix_barcode_sku ON barcode (sku)",
    "INSERT INTO barcode VALUES ('{code}', '{sku}')",
    "PRAGMA user_version = 2",
)
"""What the version before had: of goods with the same barcode the last that came."""


def test_a_file_of_a_newer_agent_is_refused_and_closed(tmp_path: Path) -> None:
    engine = open_file(tmp_path / "replica-1.db")
    migrate(engine, ReplicaTable, REPLICA_VERSION + 1)
    assert len(opened(tmp_path)) > 0

    with pytest.raises(NewerFileError):
        migrate(engine, ReplicaTable, REPLICA_VERSION)

    assert opened(tmp_path) == []


def test_barcodes_of_a_former_file_are_read_anew_from_its_goods(shop: Shop) -> None:
    (code,) = GOODS[0].barcodes
    shop.feed(region_stream(REGION), replace(GOODS[1], barcodes=(code,)))
    replica = shop.station.replica
    with transaction(replica) as connection:
        for statement in _ONE_OF_A_CODE:
            connection.exec_driver_sql(statement.format(code=code, sku=GOODS[1].sku))

    migrate(replica, ReplicaTable, REPLICA_VERSION)
    shop.remove(region_stream(REGION), GOODS[1])

    with reading(replica) as connection:
        for goods in (GOODS[0], *GOODS[2:]):
            for printed in goods.barcodes:
                assert store.goods_by_barcode(connection, printed) == goods


def opened(folder: Path) -> list[str]:
    """Return the files of a folder that this process has open."""
    there = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    return [name for name in there if name.startswith(str(folder))]
