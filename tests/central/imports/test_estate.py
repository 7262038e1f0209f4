"""Stores, goods and cashiers of files: what is wrong with a cell is told by what it should be."""

from pathlib import Path

import pytest

from central.centre import Centre
from central.imports.fields import ImportKind
from central.imports.verdicts import Outcome
from tests.central.imports.kit import csv_file, said, take

STORES = "code;name;address;region;zone;legal_name;tax_number;tills"
GOODS = "region;sku;name;price;flags;barcodes"
CASHIERS = "store;no;name;role;pin"


@pytest.mark.parametrize(
    ("kind", "heading", "row", "reason"),
    [
        (ImportKind.STORES, STORES, "1 1;А;Б;m;Europe/Moscow;О;7701234567;1", "bad_code code"),
        (ImportKind.STORES, STORES, "11;А;Б;m;Москва;О;7701234567;1", "bad_zone zone"),
        (ImportKind.STORES, STORES, "11;А;Б;m;Europe/Moscow;О;77;1", "bad_tax_number tax_number"),
        (ImportKind.STORES, STORES, '11;А;Б;m;Europe/Moscow;О;7701234567;"1;1"', "bad_list tills"),
        (ImportKind.GOODS, GOODS, "m;;А;1;;", "bad_code sku"),
        (ImportKind.GOODS, GOODS, "m;1;А;1;wine;", "bad_flag flags"),
        (ImportKind.CASHIERS, CASHIERS, "101;1;А;cashier;1234", "bad_pin pin"),
        (ImportKind.CASHIERS, CASHIERS, "101;1;А;boss;123456", "bad_role role"),
        (ImportKind.CASHIERS, CASHIERS, "999;1;А;cashier;123456", "unknown_store store"),
    ],
)
def test_a_refused_cell_is_told_what_it_should_be(
    centre: Centre, tmp_path: Path, kind: ImportKind, heading: str, row: str, reason: str
) -> None:
    done = take(centre, csv_file(tmp_path, row, heading=heading), kind)

    assert [f"{why} {field}" for _, why, field in said(centre, done.run, Outcome.REFUSED)] == [
        reason
    ]
