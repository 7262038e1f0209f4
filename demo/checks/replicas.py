"""Replicas: at equal cursors every store has the centre's rows, byte for byte."""

import hashlib
import sqlite3
from pathlib import Path

from demo.checks import centre
from demo.checks.verdicts import Verdict
from demo.stage.estate import Shop
from demo.stage.files import opened
from shared.crypto.vault import Vault


def digests_equal(
    at_centre: sqlite3.Connection, heads: dict[str, int], shops: list[Shop]
) -> Verdict:
    """Compare cursors with the centre's ends, then digests over all rows."""
    verdict = Verdict(
        "digests_equal",
        "After healing, digests of all agents equal the centre's at equal cursors.",
    )
    for shop in shops:
        cursors = shop.till.status()["streams"]
        for stream, number in cursors.items():
            verdict.equal(f"{shop.code}: cursor of {stream}", number, heads.get(stream))
        ours = centre.rows_of(at_centre, tuple(cursors))
        with opened(_rows_file(shop)) as connection:
            theirs = centre.replica_rows(connection, _vault(shop))
        differing = sorted(
            f"{kind} {key.hex()[:16]}"
            for kind, key in ours.keys() | theirs.keys()
            if ours.get((kind, key)) != theirs.get((kind, key))
        )
        verdict.expect(not differing, f"{shop.code}: rows differ: {differing}")
        verdict.equal(f"{shop.code}: digest", _digest(theirs), _digest(ours))
        verdict.evidence[shop.code] = {
            "cursors": cursors,
            "rows": len(theirs),
            "digest": _digest(theirs),
        }
    rows = sum(one["rows"] for one in verdict.evidence.values())
    verdict.seen = f"{rows} rows in two replicas, every stream's cursor at the centre's end"
    return verdict


def _rows_file(shop: Shop) -> Path:
    with opened(shop.data / "journal.db") as connection:
        (name,) = connection.execute("SELECT file FROM life ORDER BY no DESC").fetchone()
    return shop.data / str(name)


def _vault(shop: Shop) -> Vault:
    return Vault(bytes.fromhex((shop.data / "vault.key").read_text()))


def _digest(rows: dict[centre.Row, bytes]) -> str:
    digest = hashlib.sha256()
    for (kind, key), row in sorted(rows.items()):
        for part in (kind.encode(), key, row):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]
